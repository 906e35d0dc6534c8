// Package base has the parts that Go backends embed.
package base

import (
	"context"
	"errors"
	"runtime"

	pb "github.com/mudler/LocalAI/pkg/grpc/proto"
)

var errUnimplemented = errors.New("unimplemented")

// Base answers every call with "unimplemented". Embed it in a backend that may
// be called concurrently, SingleThread in any other.
type Base struct{}

func (llm *Base) Locking() bool { return false }

func (llm *Base) Lock() { panic("not implemented") }

func (llm *Base) Unlock() { panic("not implemented") }

func (llm *Base) Busy() bool { return false }

func (llm *Base) Load(opts *pb.ModelOptions) error { return errUnimplemented }

func (llm *Base) Free() error { return nil }

func (llm *Base) Status() (pb.StatusResponse, error) {
	return pb.StatusResponse{Memory: memoryUsage()}, nil
}

func (llm *Base) ModelMetadata(opts *pb.ModelOptions) (*pb.ModelMetadataResponse, error) {
	return nil, errUnimplemented
}

func (llm *Base) Predict(opts *pb.PredictOptions) (string, error) { return "", errUnimplemented }

func (llm *Base) PredictStream(opts *pb.PredictOptions, results chan string) error {
	close(results)
	return errUnimplemented
}

func (llm *Base) Embeddings(opts *pb.PredictOptions) ([]float32, error) {
	return nil, errUnimplemented
}

func (llm *Base) TokenizeString(opts *pb.PredictOptions) (pb.TokenizationResponse, error) {
	return pb.TokenizationResponse{}, errUnimplemented
}

func (llm *Base) GenerateImage(*pb.GenerateImageRequest) error { return errUnimplemented }

func (llm *Base) GenerateVideo(*pb.GenerateVideoRequest) error { return errUnimplemented }

func (llm *Base) Detect(*pb.DetectOptions) (pb.DetectResponse, error) {
	return pb.DetectResponse{}, errUnimplemented
}

func (llm *Base) AudioTranscription(context.Context, *pb.TranscriptRequest) (pb.TranscriptResult, error) {
	return pb.TranscriptResult{}, errUnimplemented
}

func (llm *Base) AudioTranscriptionStream(_ context.Context, _ *pb.TranscriptRequest, results chan *pb.TranscriptStreamResponse) error {
	close(results)
	return errUnimplemented
}

func (llm *Base) TTS(*pb.TTSRequest) error { return errUnimplemented }

func (llm *Base) TTSStream(_ *pb.TTSRequest, results chan []byte) error {
	close(results)
	return errUnimplemented
}

func (llm *Base) VAD(*pb.VADRequest) (pb.VADResponse, error) {
	return pb.VADResponse{}, errUnimplemented
}

func (llm *Base) StoresSet(*pb.StoresSetOptions) error { return errUnimplemented }

func (llm *Base) StoresDelete(*pb.StoresDeleteOptions) error { return errUnimplemented }

func (llm *Base) StoresGet(*pb.StoresGetOptions) (pb.StoresGetResult, error) {
	return pb.StoresGetResult{}, errUnimplemented
}

func (llm *Base) StoresFind(*pb.StoresFindOptions) (pb.StoresFindResult, error) {
	return pb.StoresFindResult{}, errUnimplemented
}

func memoryUsage() *pb.MemoryUsageData {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return &pb.MemoryUsageData{
		Total:     stats.Sys,
		Breakdown: map[string]uint64{"heap": stats.HeapAlloc},
	}
}
