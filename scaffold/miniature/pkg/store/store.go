// Package store has what vector store backends share with their callers.
package store

import pb "github.com/mudler/LocalAI/pkg/grpc/proto"

// NamespacePrefix starts the model name of a store's LoadModel request. A store
// has no model file to check, so it refuses every name without the prefix.
const NamespacePrefix = "store://"

// WrapKeys turns vectors into messages.
func WrapKeys(in [][]float32) []*pb.StoresKey {
	out := make([]*pb.StoresKey, len(in))
	for i, floats := range in {
		out[i] = &pb.StoresKey{Floats: floats}
	}
	return out
}

// WrapValues turns values into messages.
func WrapValues(in [][]byte) []*pb.StoresValue {
	out := make([]*pb.StoresValue, len(in))
	for i, bytes := range in {
		out[i] = &pb.StoresValue{Bytes: bytes}
	}
	return out
}

// UnwrapKeys is the inverse of WrapKeys.
func UnwrapKeys(in []*pb.StoresKey) [][]float32 {
	out := make([][]float32, len(in))
	for i, key := range in {
		out[i] = key.Floats
	}
	return out
}

// UnwrapValues is the inverse of WrapValues.
func UnwrapValues(in []*pb.StoresValue) [][]byte {
	out := make([][]byte, len(in))
	for i, value := range in {
		out[i] = value.Bytes
	}
	return out
}
