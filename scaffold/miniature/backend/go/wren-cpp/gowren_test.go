package main

import (
	"os"
	"path/filepath"
	"testing"

	pb "github.com/mudler/LocalAI/pkg/grpc/proto"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestWren(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "wren-cpp suite")
}

var _ = Describe("Wren", func() {
	var path string

	BeforeEach(func() {
		path = filepath.Join(GinkgoT().TempDir(), "model.gguf")
		cLoad = func(string, int32) uintptr { return 1 }
		cDimensions = func(uintptr) int32 { return 3 }
		cEmbed = func(_ uintptr, text string, out *float32) int32 { *out = float32(len(text)); return 0 }
	})

	It("refuses what is not a GGUF file", func() {
		Expect((&Wren{}).Load(&pb.ModelOptions{ModelFile: path})).NotTo(Succeed())
		Expect(os.WriteFile(path, []byte("PK\x03\x04"), 0o600)).To(Succeed())
		Expect((&Wren{}).Load(&pb.ModelOptions{ModelFile: path})).To(MatchError(ContainSubstring("not a GGUF file")))
	})

	It("embeds after loading, not before", func() {
		Expect(os.WriteFile(path, []byte("GGUF"), 0o600)).To(Succeed())
		wren := &Wren{}
		_, err := wren.Embeddings(&pb.PredictOptions{Embeddings: "wren"})
		Expect(err).To(MatchError(ContainSubstring("model not loaded")))

		Expect(wren.Load(&pb.ModelOptions{ModelFile: path})).To(Succeed())
		vector, err := wren.Embeddings(&pb.PredictOptions{Embeddings: "wren"})
		Expect(err).NotTo(HaveOccurred())
		Expect(vector).To(Equal([]float32{4, 0, 0}))
	})
})
