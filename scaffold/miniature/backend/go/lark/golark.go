package main

import (
	"context"
	"fmt"
	"os"

	"github.com/mudler/LocalAI/pkg/grpc/base"
	"github.com/mudler/LocalAI/pkg/grpc/grpcerrors"
	pb "github.com/mudler/LocalAI/pkg/grpc/proto"
)

// The functions of liblark, bound in main.go.
var (
	cABIVersion func() int32
	cLoad       func(path string) uintptr
	cFree       func(model uintptr)
	cTranscribe func(model uintptr, wav string, seconds *float64) string
)

// Lark recognises speech.
type Lark struct {
	base.SingleThread
	model uintptr
}

func (l *Lark) Load(opts *pb.ModelOptions) error {
	if info, err := os.Stat(opts.ModelFile); err != nil || !info.Mode().IsRegular() {
		return fmt.Errorf("lark: %q is not a file", opts.ModelFile)
	}
	model := cLoad(opts.ModelFile)
	if model == 0 {
		return fmt.Errorf("lark: %s is not a lark model", opts.ModelFile)
	}
	l.model = model
	return nil
}

func (l *Lark) AudioTranscription(_ context.Context, in *pb.TranscriptRequest) (pb.TranscriptResult, error) {
	if l.model == 0 {
		return pb.TranscriptResult{}, grpcerrors.ModelNotLoaded("lark")
	}
	var seconds float64
	text := cTranscribe(l.model, in.Dst, &seconds)
	return pb.TranscriptResult{
		Text:     text,
		Duration: float32(seconds),
		Segments: []*pb.TranscriptSegment{{Text: text, End: int64(seconds * 1e9)}},
	}, nil
}

func (l *Lark) Free() error {
	if l.model != 0 {
		cFree(l.model)
		l.model = 0
	}
	return nil
}
