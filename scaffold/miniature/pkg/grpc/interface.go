package grpc

import (
	"context"

	pb "github.com/mudler/LocalAI/pkg/grpc/proto"
)

// AIModel is what a Go backend implements; base.Base has a default for each method.
type AIModel interface {
	Busy() bool
	Lock()
	Unlock()
	Locking() bool

	Load(*pb.ModelOptions) error
	Free() error
	Status() (pb.StatusResponse, error)
	ModelMetadata(*pb.ModelOptions) (*pb.ModelMetadataResponse, error)

	Predict(*pb.PredictOptions) (string, error)
	PredictStream(*pb.PredictOptions, chan string) error
	Embeddings(*pb.PredictOptions) ([]float32, error)
	TokenizeString(*pb.PredictOptions) (pb.TokenizationResponse, error)

	GenerateImage(*pb.GenerateImageRequest) error
	GenerateVideo(*pb.GenerateVideoRequest) error
	Detect(*pb.DetectOptions) (pb.DetectResponse, error)

	AudioTranscription(context.Context, *pb.TranscriptRequest) (pb.TranscriptResult, error)
	AudioTranscriptionStream(context.Context, *pb.TranscriptRequest, chan *pb.TranscriptStreamResponse) error
	TTS(*pb.TTSRequest) error
	TTSStream(*pb.TTSRequest, chan []byte) error
	VAD(*pb.VADRequest) (pb.VADResponse, error)

	StoresSet(*pb.StoresSetOptions) error
	StoresDelete(*pb.StoresDeleteOptions) error
	StoresGet(*pb.StoresGetOptions) (pb.StoresGetResult, error)
	StoresFind(*pb.StoresFindOptions) (pb.StoresFindResult, error)
}
