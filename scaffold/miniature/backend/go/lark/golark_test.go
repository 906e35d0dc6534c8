package main

import (
	"context"
	"path/filepath"
	"testing"

	pb "github.com/mudler/LocalAI/pkg/grpc/proto"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestLark(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "lark suite")
}

var _ = Describe("Lark", func() {
	It("refuses a missing file", func() {
		path := filepath.Join(GinkgoT().TempDir(), "model.gguf")
		Expect((&Lark{}).Load(&pb.ModelOptions{ModelFile: path})).NotTo(Succeed())
	})

	It("gives times in nanoseconds", func() {
		cTranscribe = func(_ uintptr, _ string, seconds *float64) string { *seconds = 1.5; return "stop" }
		result, err := (&Lark{model: 1}).AudioTranscription(context.Background(), &pb.TranscriptRequest{})
		Expect(err).NotTo(HaveOccurred())
		Expect(result.Segments[0].End).To(Equal(int64(1_500_000_000)))
	})
})
