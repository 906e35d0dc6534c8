// Package grpc serves an AIModel over the Backend service.
package grpc

import (
	"context"
	"crypto/subtle"
	"fmt"
	"log"
	"net"
	"os"
	"sync"

	"github.com/mudler/LocalAI/pkg/grpc/grpcerrors"
	pb "github.com/mudler/LocalAI/pkg/grpc/proto"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const maxMessageSize = 50 * 1024 * 1024

type server struct {
	pb.UnimplementedBackendServer
	llm AIModel

	identityMu     sync.RWMutex
	loadedIdentity string
}

type identifiedRequest interface {
	GetModelIdentity() string
}

// checkModelIdentity refuses a request that means another model. An empty name
// on either side cannot be judged and passes.
func (s *server) checkModelIdentity(in identifiedRequest) error {
	s.identityMu.RLock()
	defer s.identityMu.RUnlock()
	requested := in.GetModelIdentity()
	if requested == "" || s.loadedIdentity == "" || requested == s.loadedIdentity {
		return nil
	}
	return grpcerrors.ModelMismatch("grpc-server", s.loadedIdentity, requested)
}

// lock serialises calls into models that ask for it and returns the unlock.
func (s *server) lock() func() {
	if !s.llm.Locking() {
		return func() {}
	}
	s.llm.Lock()
	return s.llm.Unlock
}

// action runs a call that answers with success or an error only.
func (s *server) action(done, doing string, call func() error) (*pb.Result, error) {
	defer s.lock()()
	if err := call(); err != nil {
		return &pb.Result{Message: fmt.Sprintf("Error %s: %s", doing, err), Success: false}, err
	}
	return &pb.Result{Message: done, Success: true}, nil
}

// forward sends what call puts on its channel; call closes the channel.
func forward[T any](call func(chan T) error, send func(T) error) error {
	items := make(chan T)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for item := range items {
			_ = send(item) // the client may be gone; keep draining
		}
	}()
	err := call(items)
	<-drained
	return err
}

func (s *server) Health(context.Context, *pb.HealthMessage) (*pb.Reply, error) {
	return &pb.Reply{Message: []byte("OK")}, nil
}

func (s *server) Status(context.Context, *pb.HealthMessage) (*pb.StatusResponse, error) {
	res, err := s.llm.Status()
	if err != nil {
		return nil, err
	}
	return &res, nil
}

func (s *server) Free(context.Context, *pb.HealthMessage) (*pb.Result, error) {
	if err := s.llm.Free(); err != nil {
		return &pb.Result{Message: err.Error(), Success: false}, err
	}
	return &pb.Result{Success: true}, nil
}

func (s *server) LoadModel(_ context.Context, in *pb.ModelOptions) (*pb.Result, error) {
	res, err := s.action("Loading succeeded", "loading model", func() error { return s.llm.Load(in) })
	if err == nil {
		s.identityMu.Lock()
		s.loadedIdentity = in.Model
		s.identityMu.Unlock()
	}
	return res, err
}

func (s *server) ModelMetadata(_ context.Context, in *pb.ModelOptions) (*pb.ModelMetadataResponse, error) {
	defer s.lock()()
	return s.llm.ModelMetadata(in)
}

func (s *server) Predict(_ context.Context, in *pb.PredictOptions) (*pb.Reply, error) {
	if err := s.checkModelIdentity(in); err != nil {
		return nil, err
	}
	defer s.lock()()
	text, err := s.llm.Predict(in)
	return &pb.Reply{Message: []byte(text)}, err
}

func (s *server) PredictStream(in *pb.PredictOptions, stream pb.Backend_PredictStreamServer) error {
	if err := s.checkModelIdentity(in); err != nil {
		return err
	}
	defer s.lock()()
	return forward(
		func(texts chan string) error { return s.llm.PredictStream(in, texts) },
		func(text string) error { return stream.Send(&pb.Reply{Message: []byte(text)}) },
	)
}

func (s *server) Embedding(_ context.Context, in *pb.PredictOptions) (*pb.EmbeddingResult, error) {
	if err := s.checkModelIdentity(in); err != nil {
		return nil, err
	}
	defer s.lock()()
	embeddings, err := s.llm.Embeddings(in)
	if err != nil {
		return nil, err
	}
	return &pb.EmbeddingResult{
		Embeddings: embeddings,
		Layout:     pb.EmbeddingLayout_EMBEDDING_LAYOUT_FINAL,
	}, nil
}

func (s *server) TokenizeString(_ context.Context, in *pb.PredictOptions) (*pb.TokenizationResponse, error) {
	if err := s.checkModelIdentity(in); err != nil {
		return nil, err
	}
	defer s.lock()()
	res, err := s.llm.TokenizeString(in)
	if err != nil {
		return nil, err
	}
	return &res, nil
}

func (s *server) GenerateImage(_ context.Context, in *pb.GenerateImageRequest) (*pb.Result, error) {
	if err := s.checkModelIdentity(in); err != nil {
		return nil, err
	}
	return s.action("Image generated", "generating image", func() error { return s.llm.GenerateImage(in) })
}

func (s *server) GenerateVideo(_ context.Context, in *pb.GenerateVideoRequest) (*pb.Result, error) {
	if err := s.checkModelIdentity(in); err != nil {
		return nil, err
	}
	return s.action("Video generated", "generating video", func() error { return s.llm.GenerateVideo(in) })
}

func (s *server) Detect(_ context.Context, in *pb.DetectOptions) (*pb.DetectResponse, error) {
	if err := s.checkModelIdentity(in); err != nil {
		return nil, err
	}
	defer s.lock()()
	res, err := s.llm.Detect(in)
	if err != nil {
		return nil, err
	}
	return &res, nil
}

func (s *server) AudioTranscription(ctx context.Context, in *pb.TranscriptRequest) (*pb.TranscriptResult, error) {
	if err := s.checkModelIdentity(in); err != nil {
		return nil, err
	}
	defer s.lock()()
	res, err := s.llm.AudioTranscription(ctx, in)
	if err != nil {
		return nil, err
	}
	return &res, nil
}

func (s *server) AudioTranscriptionStream(in *pb.TranscriptRequest, stream pb.Backend_AudioTranscriptionStreamServer) error {
	if err := s.checkModelIdentity(in); err != nil {
		return err
	}
	defer s.lock()()
	return forward(
		func(parts chan *pb.TranscriptStreamResponse) error {
			return s.llm.AudioTranscriptionStream(stream.Context(), in, parts)
		},
		stream.Send,
	)
}

func (s *server) TTS(_ context.Context, in *pb.TTSRequest) (*pb.Result, error) {
	if err := s.checkModelIdentity(in); err != nil {
		return nil, err
	}
	return s.action("TTS audio generated", "generating audio", func() error { return s.llm.TTS(in) })
}

func (s *server) TTSStream(in *pb.TTSRequest, stream pb.Backend_TTSStreamServer) error {
	if err := s.checkModelIdentity(in); err != nil {
		return err
	}
	defer s.lock()()
	return forward(
		func(chunks chan []byte) error { return s.llm.TTSStream(in, chunks) },
		func(chunk []byte) error { return stream.Send(&pb.Reply{Audio: chunk}) },
	)
}

func (s *server) VAD(_ context.Context, in *pb.VADRequest) (*pb.VADResponse, error) {
	if err := s.checkModelIdentity(in); err != nil {
		return nil, err
	}
	defer s.lock()()
	res, err := s.llm.VAD(in)
	if err != nil {
		return nil, err
	}
	return &res, nil
}

func (s *server) StoresSet(_ context.Context, in *pb.StoresSetOptions) (*pb.Result, error) {
	return s.action("Set key", "setting entry", func() error { return s.llm.StoresSet(in) })
}

func (s *server) StoresDelete(_ context.Context, in *pb.StoresDeleteOptions) (*pb.Result, error) {
	return s.action("Deleted key", "deleting entry", func() error { return s.llm.StoresDelete(in) })
}

func (s *server) StoresGet(_ context.Context, in *pb.StoresGetOptions) (*pb.StoresGetResult, error) {
	defer s.lock()()
	res, err := s.llm.StoresGet(in)
	if err != nil {
		return nil, err
	}
	return &res, nil
}

func (s *server) StoresFind(_ context.Context, in *pb.StoresFindOptions) (*pb.StoresFindResult, error) {
	defer s.lock()()
	res, err := s.llm.StoresFind(in)
	if err != nil {
		return nil, err
	}
	return &res, nil
}

func validateToken(ctx context.Context, token string) error {
	md, _ := metadata.FromIncomingContext(ctx)
	for _, value := range md.Get("authorization") {
		if subtle.ConstantTimeCompare([]byte(value), []byte("Bearer "+token)) == 1 {
			return nil
		}
	}
	return status.Error(codes.Unauthenticated, "invalid token")
}

func serverOpts() []grpc.ServerOption {
	opts := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(maxMessageSize),
		grpc.MaxSendMsgSize(maxMessageSize),
	}
	token := os.Getenv("LOCALAI_GRPC_AUTH_TOKEN")
	if token == "" {
		return opts
	}
	return append(opts,
		grpc.UnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			if err := validateToken(ctx, token); err != nil {
				return nil, err
			}
			return handler(ctx, req)
		}),
		grpc.StreamInterceptor(func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			if err := validateToken(stream.Context(), token); err != nil {
				return err
			}
			return handler(srv, stream)
		}),
	)
}

// NewBackendServer wraps model as a gRPC service, for tests without a socket.
func NewBackendServer(model AIModel) pb.BackendServer {
	return &server{llm: model}
}

// StartServer serves model on address ("host:port") until the process ends.
func StartServer(address string, model AIModel) error {
	lis, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	s := grpc.NewServer(serverOpts()...)
	pb.RegisterBackendServer(s, NewBackendServer(model))
	log.Printf("gRPC Server listening at %v", lis.Addr())
	startParentDeathWatcher()
	return s.Serve(lis)
}
