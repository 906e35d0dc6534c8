package main

import (
	"context"
	"crypto/subtle"
	"log"
	"net"
	"os"
	"strings"
	"time"

[% if model_identity and 'grpcerrors' in go_packages %]
	"[[ go_module ]]/pkg/grpc/grpcerrors"
[% endif %]
	pb "[[ go_module ]]/pkg/grpc/proto"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const (
	messageLimit = 50 << 20

	tokenVariable         = "LOCALAI_GRPC_AUTH_TOKEN"
	parentWatchVariable   = "LOCALAI_BACKEND_PARENT_WATCH"
	watchIntervalVariable = "LOCALAI_BACKEND_PARENT_WATCH_INTERVAL"
)

// server stands in for LocalAI's server for Go backends, which does not route Rerank and
// takes no further methods. Bearer token, message limits and the watch on the parent are
// as there.
type server struct {
	pb.UnimplementedBackendServer
	backend *backend
[% if model_identity %]
	loaded  string // Model of the last successful LoadModel
[% endif %]
}

func serve(address string, b *backend) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	options := []grpc.ServerOption{grpc.MaxRecvMsgSize(messageLimit), grpc.MaxSendMsgSize(messageLimit)}
	if token := os.Getenv(tokenVariable); token != "" {
		options = append(options, requireToken(token)...)
	}
	s := grpc.NewServer(options...)
	pb.RegisterBackendServer(s, &server{backend: b})
	go exitWithParent()
	log.Printf("gRPC server listening on %s", listener.Addr())
	return s.Serve(listener)
}

func (s *server) Health(context.Context, *pb.HealthMessage) (*pb.Reply, error) {
	return &pb.Reply{Message: []byte("OK")}, nil
}

func (s *server) Status(context.Context, *pb.HealthMessage) (*pb.StatusResponse, error) {
	response, err := s.backend.Status()
	return &response, err
}

func (s *server) LoadModel(_ context.Context, opts *pb.ModelOptions) (*pb.Result, error) {
	s.backend.Lock()
	defer s.backend.Unlock()
	if err := s.backend.Load(opts); err != nil {
		return nil, err
	}
[% if model_identity %]
	s.loaded = opts.GetModel()
[% endif %]
	return &pb.Result{Message: "model loaded", Success: true}, nil
}
[% if 'Free' in answered %]

func (s *server) Free(context.Context, *pb.HealthMessage) (*pb.Result, error) {
	if err := s.backend.Free(); err != nil {
		return nil, err
	}
	return &pb.Result{Success: true}, nil
}
[% endif %]

func (s *server) Rerank(_ context.Context, req *pb.RerankRequest) (*pb.RerankResult, error) {
	s.backend.Lock()
	defer s.backend.Unlock()
[% if model_identity %]
	// An empty identity on either side comes from a LocalAI that does not send it.
	if asked := req.GetModelIdentity(); asked != "" && s.loaded != "" && asked != s.loaded {
[% if 'grpcerrors' in go_packages %]
		return nil, grpcerrors.ModelMismatch(backendName, s.loaded, asked)
[% else %]
		return nil, status.Errorf(codes.NotFound, "%s: model identity mismatch: loaded %q, requested %q", backendName, s.loaded, asked)
[% endif %]
	}
[% endif %]
	return s.backend.Rerank(req)
}

func requireToken(token string) []grpc.ServerOption {
	expected := []byte("Bearer " + token)
	check := func(ctx context.Context) error {
		given := strings.Join(metadata.ValueFromIncomingContext(ctx, "authorization"), ",")
		if subtle.ConstantTimeCompare([]byte(given), expected) != 1 {
			return status.Error(codes.Unauthenticated, "missing or wrong bearer token")
		}
		return nil
	}
	return []grpc.ServerOption{
		grpc.UnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			if err := check(ctx); err != nil {
				return nil, err
			}
			return handler(ctx, req)
		}),
		grpc.StreamInterceptor(func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			if err := check(stream.Context()); err != nil {
				return err
			}
			return handler(srv, stream)
		}),
	}
}

// exitWithParent ends the process once the LocalAI that started it is gone: an orphan
// gets another parent.
func exitWithParent() {
	switch strings.ToLower(os.Getenv(parentWatchVariable)) {
	case "false", "0", "no", "off":
		return
	}
	interval, err := time.ParseDuration(os.Getenv(watchIntervalVariable))
	if err != nil || interval <= 0 {
		interval = 2 * time.Second
	}
	parent := os.Getppid()
	if parent <= 1 {
		return // started by init itself
	}
	for os.Getppid() == parent {
		time.Sleep(interval)
	}
	log.Fatal("the process that started this backend is gone")
}
