package main

import (
	"fmt"
	"math"
	"sort"
	"strings"

	"github.com/mudler/LocalAI/pkg/grpc/base"
	pb "github.com/mudler/LocalAI/pkg/grpc/proto"
	"github.com/mudler/LocalAI/pkg/store"
)

type entry struct {
	key   []float32
	value []byte
}

// Store keeps vectors and their values in memory.
type Store struct {
	base.SingleThread
	entries map[string]entry
}

func NewStore() *Store {
	return &Store{entries: make(map[string]entry)}
}

// Load opens a namespace. There is no file to check, so the name decides: LocalAI
// offers models without a backend to every backend in turn.
func (s *Store) Load(opts *pb.ModelOptions) error {
	if !strings.HasPrefix(opts.Model, store.NamespacePrefix) {
		return fmt.Errorf("nest-store: %q is not a namespace: it has to start with %s", opts.Model, store.NamespacePrefix)
	}
	return nil
}

func id(key []float32) string { return fmt.Sprint(key) }

func (s *Store) StoresSet(opts *pb.StoresSetOptions) error {
	keys, values := store.UnwrapKeys(opts.Keys), store.UnwrapValues(opts.Values)
	if len(keys) != len(values) {
		return fmt.Errorf("nest-store: %d keys and %d values", len(keys), len(values))
	}
	for i, key := range keys {
		s.entries[id(key)] = entry{key, values[i]}
	}
	return nil
}

func (s *Store) StoresDelete(opts *pb.StoresDeleteOptions) error {
	for _, key := range store.UnwrapKeys(opts.Keys) {
		delete(s.entries, id(key))
	}
	return nil
}

func (s *Store) StoresGet(opts *pb.StoresGetOptions) (pb.StoresGetResult, error) {
	var keys [][]float32
	var values [][]byte
	for _, key := range store.UnwrapKeys(opts.Keys) {
		if found, ok := s.entries[id(key)]; ok {
			keys = append(keys, found.key)
			values = append(values, found.value)
		}
	}
	return pb.StoresGetResult{Keys: store.WrapKeys(keys), Values: store.WrapValues(values)}, nil
}

func (s *Store) StoresFind(opts *pb.StoresFindOptions) (pb.StoresFindResult, error) {
	if opts.TopK < 1 || opts.Key == nil {
		return pb.StoresFindResult{}, fmt.Errorf("nest-store: find needs a key and a positive TopK")
	}
	found := make([]entry, 0, len(s.entries))
	for _, e := range s.entries {
		found = append(found, e)
	}
	sort.Slice(found, func(i, j int) bool {
		return cosine(opts.Key.Floats, found[i].key) > cosine(opts.Key.Floats, found[j].key)
	})
	found = found[:min(len(found), int(opts.TopK))]

	var keys [][]float32
	var values [][]byte
	var similarities []float32
	for _, e := range found {
		keys = append(keys, e.key)
		values = append(values, e.value)
		similarities = append(similarities, cosine(opts.Key.Floats, e.key))
	}
	return pb.StoresFindResult{
		Keys:         store.WrapKeys(keys),
		Values:       store.WrapValues(values),
		Similarities: similarities,
	}, nil
}

func cosine(a, b []float32) float32 {
	var dot, aa, bb float64
	for i := range min(len(a), len(b)) {
		dot += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return float32(dot / math.Sqrt(aa*bb))
}
