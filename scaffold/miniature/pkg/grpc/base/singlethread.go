package base

import (
	"sync"

	pb "github.com/mudler/LocalAI/pkg/grpc/proto"
)

// SingleThread is for backends whose engine takes one call at a time: the server
// then holds the lock around every call.
type SingleThread struct {
	Base
	backendBusy sync.Mutex
}

func (llm *SingleThread) Locking() bool { return true }

func (llm *SingleThread) Lock() { llm.backendBusy.Lock() }

func (llm *SingleThread) Unlock() { llm.backendBusy.Unlock() }

// Busy has LocalAI's meaning: whether the lock could be taken just now.
func (llm *SingleThread) Busy() bool {
	taken := llm.backendBusy.TryLock()
	if taken {
		llm.backendBusy.Unlock()
	}
	return taken
}

func (llm *SingleThread) Status() (pb.StatusResponse, error) {
	state := pb.StatusResponse_READY
	if llm.Busy() {
		state = pb.StatusResponse_BUSY
	}
	return pb.StatusResponse{State: state, Memory: memoryUsage()}, nil
}
