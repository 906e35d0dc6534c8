package main

import (
	"fmt"
	"os"

	"github.com/mudler/LocalAI/pkg/grpc/base"
	"github.com/mudler/LocalAI/pkg/grpc/grpcerrors"
	pb "github.com/mudler/LocalAI/pkg/grpc/proto"
)

// The functions of libwren, bound in main.go.
var (
	cABIVersion func() int32
	cLoad       func(path string, threads int32) uintptr
	cFree       func(model uintptr)
	cDimensions func(model uintptr) int32
	cEmbed      func(model uintptr, text string, out *float32) int32
)

// Wren computes the embeddings of texts.
type Wren struct {
	base.SingleThread
	model uintptr
}

// checkModel refuses everything but GGUF files, before the library sees it.
func checkModel(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("wren-cpp: %w", err)
	}
	defer func() { _ = file.Close() }()
	magic := make([]byte, 4)
	if _, err := file.Read(magic); err != nil || string(magic) != "GGUF" {
		return fmt.Errorf("wren-cpp: %s is not a GGUF file", path)
	}
	return nil
}

func (w *Wren) Load(opts *pb.ModelOptions) error {
	if err := checkModel(opts.ModelFile); err != nil {
		return err
	}
	// The library reads general.architecture and refuses those that it cannot run.
	model := cLoad(opts.ModelFile, opts.Threads)
	if model == 0 {
		return fmt.Errorf("wren-cpp: %s is not a wren model", opts.ModelFile)
	}
	w.model = model
	return nil
}

func (w *Wren) Embeddings(opts *pb.PredictOptions) ([]float32, error) {
	if w.model == 0 {
		return nil, grpcerrors.ModelNotLoaded("wren-cpp")
	}
	vector := make([]float32, cDimensions(w.model))
	if code := cEmbed(w.model, opts.Embeddings, &vector[0]); code != 0 {
		return nil, fmt.Errorf("wren-cpp: embedding failed with code %d", code)
	}
	return vector, nil
}

func (w *Wren) Free() error {
	if w.model != 0 {
		cFree(w.model)
		w.model = 0
	}
	return nil
}
