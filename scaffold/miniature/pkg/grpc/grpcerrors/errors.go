// Package grpcerrors holds the errors that backends and LocalAI tell apart by
// their gRPC status, since Go error types do not cross the wire.
package grpcerrors

import (
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// ModelMismatchSentinel marks a model identity mismatch in every language.
const ModelMismatchSentinel = "model identity mismatch"

// ModelNotLoaded is the answer to a request that comes before LoadModel.
func ModelNotLoaded(backend string) error {
	return status.Errorf(codes.FailedPrecondition, "%s: model not loaded", backend)
}

// IsModelNotLoaded reports whether err says that no model is loaded.
func IsModelNotLoaded(err error) bool {
	return status.Code(err) == codes.FailedPrecondition
}

// ModelMismatch is the answer to a request that means another model.
func ModelMismatch(backend, loaded, requested string) error {
	return status.Errorf(codes.NotFound, "%s: %s: loaded %q, requested %q",
		backend, ModelMismatchSentinel, loaded, requested)
}

// IsModelMismatch reports whether err says that another model is loaded. The
// status alone is not enough: backends use NotFound for other things too.
func IsModelMismatch(err error) bool {
	return status.Code(err) == codes.NotFound && strings.Contains(err.Error(), ModelMismatchSentinel)
}
