package main

import (
	pb "github.com/mudler/LocalAI/pkg/grpc/proto"
	"github.com/mudler/LocalAI/pkg/store"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Store", func() {
	It("refuses what is not a namespace", func() {
		Expect(NewStore().Load(&pb.ModelOptions{Model: "qwen.gguf"})).NotTo(Succeed())
		Expect(NewStore().Load(&pb.ModelOptions{Model: store.NamespacePrefix + "faces"})).To(Succeed())
	})

	It("finds the nearest key", func() {
		s := NewStore()
		Expect(s.StoresSet(&pb.StoresSetOptions{
			Keys:   store.WrapKeys([][]float32{{1, 0}, {0, 1}}),
			Values: store.WrapValues([][]byte{[]byte("east"), []byte("north")}),
		})).To(Succeed())

		result, err := s.StoresFind(&pb.StoresFindOptions{Key: &pb.StoresKey{Floats: []float32{3, 1}}, TopK: 1})
		Expect(err).NotTo(HaveOccurred())
		Expect(store.UnwrapValues(result.Values)).To(Equal([][]byte{[]byte("east")}))
	})
})
