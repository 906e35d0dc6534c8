package main

import (
[% if served == 'detection' %]
	"bytes"
[% endif %]
	"context"
[% if served == 'detection' %]
	"encoding/base64"
	"image"
	"image/png"
[% elif served == 'image' %]
	"image/png"
[% elif served == 'video' %]
	"image/gif"
[% elif served in ['llm', 'tts'] %]
	"io"
[% endif %]
[% if served == 'asr' and 'AudioTranscriptionStream' in answered %]
	"io"
[% endif %]
[% if served in ['tts', 'image', 'video'] %]
	"os"
[% endif %]
	"path/filepath"
[% if served == 'asr' %]
	"time"
[% endif %]

	pb "[[ go_module ]]/pkg/grpc/proto"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
[% if served != 'none' %]
	"google.golang.org/grpc/codes"
[% if served == 'rerank' %]
	"google.golang.org/grpc/metadata"
[% endif %]
	"google.golang.org/grpc/status"
[% endif %]
)

[% set call = {
	'llm': 'Predict(ctx, &pb.PredictOptions{Prompt: "hello world"',
	'embeddings': 'Embedding(ctx, &pb.PredictOptions{Embeddings: "hello world"',
	'rerank': 'Rerank(ctx, &pb.RerankRequest{Query: "quick fox", Documents: documents',
	'tts': 'TTS(ctx, &pb.TTSRequest{Text: "hello world", Dst: dst',
	'asr': 'AudioTranscription(ctx, &pb.TranscriptRequest{Dst: recording()',
	'vad': 'VAD(ctx, &pb.VADRequest{Audio: speech()',
	'image': 'GenerateImage(ctx, &pb.GenerateImageRequest{PositivePrompt: "a cat", Width: 48, Height: 32, Dst: dst',
	'video': 'GenerateVideo(ctx, &pb.GenerateVideoRequest{Prompt: "a cat", Width: 48, Height: 32, NumFrames: 3, Fps: 8, Dst: dst',
	'detection': 'Detect(ctx, &pb.DetectOptions{Src: picture()',
	'none': '',
}[served] %]
[% set with_dst = served in ['tts', 'image', 'video'] %]
var _ = Describe("the backend", func() {
	ctx := context.Background()
	var client pb.BackendClient
[% if with_dst %]
	var dst string
[% endif %]

	BeforeEach(func() {
		client = start()
[% if with_dst %]
		dst = filepath.Join(GinkgoT().TempDir(), "out put")
[% endif %]
	})

	It("is healthy", func() {
		reply, err := client.Health(ctx, &pb.HealthMessage{})
		Expect(err).NotTo(HaveOccurred())
		Expect(string(reply.GetMessage())).To(Equal("OK"))
	})

	It("refuses what it cannot serve", func() {
		folder := GinkgoT().TempDir()
		Expect(load(client, "")).NotTo(Succeed())
		Expect(load(client, folder)).NotTo(Succeed())
		Expect(load(client, filepath.Join(folder, "absent"))).NotTo(Succeed())
		Expect(load(client, file("GGUF\x03\x00\x00\x00"))).NotTo(Succeed())
		Expect(load(client, own(), "threads:many")).To(MatchError(ContainSubstring("threads:many")))
	})

	It("loads its own model and skips unknown options", func() {
		Expect(load(client, own(), "threads:2", "cache_reuse:256", "flag", "url:http://a:1/b")).To(Succeed())
	})
[% if served != 'none' %]

	It("asks for a model first[% if 'Free' in answered %], and again after Free[% endif %]", func() {
		_, err := client.[[ call ]]})
		Expect(status.Code(err)).To(Equal(codes.FailedPrecondition))
[% if 'Free' in answered %]
		Expect(load(client, own())).To(Succeed())
		_, err = client.Free(ctx, &pb.HealthMessage{})
		Expect(err).NotTo(HaveOccurred())
		_, err = client.[[ call ]]})
		Expect(status.Code(err)).To(Equal(codes.FailedPrecondition))
[% endif %]
	})
[% if model_identity %]

	It("notices a request for another model", func() {
		Expect(load(client, own())).To(Succeed())
		_, err := client.[[ call ]], ModelIdentity: "other"})
		Expect(status.Code(err)).To(Equal(codes.NotFound))
		Expect(err).To(MatchError(ContainSubstring("model identity mismatch")))
		_, err = client.[[ call ]], ModelIdentity: "own"})
		Expect(err).NotTo(HaveOccurred())
	})
[% endif %]
[% endif %]
[% if served == 'llm' %]

	It("predicts", func() {
		Expect(load(client, own())).To(Succeed())
		reply, err := client.Predict(ctx, &pb.PredictOptions{Prompt: "hello wörld"})
		Expect(err).NotTo(HaveOccurred())
		Expect(reply.GetMessage()).NotTo(BeEmpty())
	})

	It("streams a prediction", func() {
		Expect(load(client, own())).To(Succeed())
		stream, err := client.PredictStream(ctx, &pb.PredictOptions{Prompt: "hello wörld"})
		Expect(err).NotTo(HaveOccurred())
		text := ""
		for {
			reply, err := stream.Recv()
			if err == io.EOF {
				break
			}
			Expect(err).NotTo(HaveOccurred())
			text += string(reply.GetMessage())
		}
		whole, err := client.Predict(ctx, &pb.PredictOptions{Prompt: "hello wörld"})
		Expect(err).NotTo(HaveOccurred())
		Expect(text).To(Equal(string(whole.GetMessage())))
		Expect(text).NotTo(BeEmpty())
	})
[% if 'TokenizeString' in answered %]

	It("tokenizes", func() {
		Expect(load(client, own())).To(Succeed())
		tokens, err := client.TokenizeString(ctx, &pb.PredictOptions{Prompt: "abc"})
		Expect(err).NotTo(HaveOccurred())
		Expect(tokens.GetTokens()).NotTo(BeEmpty())
		Expect(tokens.GetLength()).To(BeEquivalentTo(len(tokens.GetTokens())))
	})
[% endif %]
[% elif served == 'embeddings' %]

	It("embeds", func() {
		Expect(load(client, own())).To(Succeed())
		embed := func(text string) []float32 {
			result, err := client.Embedding(ctx, &pb.PredictOptions{Embeddings: text})
			Expect(err).NotTo(HaveOccurred())
			return result.GetEmbeddings()
		}
		vector := embed("hello")
		Expect(vector).To(ContainElement(Not(BeZero())))
		Expect(embed("hello")).To(Equal(vector))
		Expect(embed("world")).To(And(HaveLen(len(vector)), Not(Equal(vector))))
	})
[% elif served == 'rerank' %]

	It("ranks documents", func() {
		Expect(load(client, own())).To(Succeed())
		rank := func(top int32) []*pb.DocumentResult {
			result, err := client.[[ call ]], TopN: top})
			Expect(err).NotTo(HaveOccurred())
			return result.GetResults()
		}
		ranked := rank(0)
		Expect(ranked).To(HaveLen(3))
		Expect(ranked[0].GetIndex()).To(BeEquivalentTo(1))
		for i, document := range ranked {
			Expect(document.GetText()).To(Equal(documents[document.GetIndex()]))
			Expect(document.GetRelevanceScore()).To(BeNumerically("<=", ranked[max(i-1, 0)].GetRelevanceScore()))
		}
		Expect(rank(2)).To(HaveLen(2))
		Expect(rank(9)).To(HaveLen(3))
	})

	It("asks for the bearer token", func() {
		guarded := start(tokenVariable + "=s3cret")
		_, err := guarded.Health(ctx, &pb.HealthMessage{})
		Expect(status.Code(err)).To(Equal(codes.Unauthenticated))
		_, err = guarded.Health(metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer s3cret"), &pb.HealthMessage{})
		Expect(err).NotTo(HaveOccurred())
	})
[% elif served == 'tts' %]

	It("speaks into a WAV file", func() {
		Expect(load(client, own())).To(Succeed())
		speak := func(text string) int {
			result, err := client.TTS(ctx, &pb.TTSRequest{Text: text, Dst: dst})
			Expect(err).NotTo(HaveOccurred())
			Expect(result.GetSuccess()).To(BeTrue())
			content, err := os.ReadFile(dst)
			Expect(err).NotTo(HaveOccurred())
			Expect(content[:44]).To(Equal(wavHeader(uint32(len(content) - 44))))
			return len(content)
		}
		Expect(speak("hello")).To(BeNumerically("<", speak("hello world")))
	})
[% if 'TTSStream' in answered %]

	It("streams a WAV", func() {
		Expect(load(client, own())).To(Succeed())
		stream, err := client.TTSStream(ctx, &pb.TTSRequest{Text: "hello world"})
		Expect(err).NotTo(HaveOccurred())
		var chunks [][]byte
		for {
			reply, err := stream.Recv()
			if err == io.EOF {
				break
			}
			Expect(err).NotTo(HaveOccurred())
			chunks = append(chunks, reply.GetAudio())
		}
		Expect(len(chunks)).To(BeNumerically(">", 1))
		Expect(chunks[0]).To(Equal(wavHeader(unknownSize)))
	})
[% endif %]
[% elif served == 'asr' %]

	It("transcribes", func() {
		Expect(load(client, own())).To(Succeed())
		result, err := client.AudioTranscription(ctx, &pb.TranscriptRequest{Dst: recording()})
		Expect(err).NotTo(HaveOccurred())
		text := ""
		for _, segment := range result.GetSegments() {
			text += segment.GetText()
			length := time.Duration(segment.GetEnd() - segment.GetStart())
			Expect(length).To(And(BeNumerically(">", time.Millisecond), BeNumerically("<=", 1500*time.Millisecond)))
		}
		Expect(result.GetText()).To(Equal(text))
		if given == "" {
			Expect(text).NotTo(BeEmpty())
		}
	})
[% if 'AudioTranscriptionStream' in answered %]

	It("streams a transcription", func() {
		Expect(load(client, own())).To(Succeed())
		stream, err := client.AudioTranscriptionStream(ctx, &pb.TranscriptRequest{Dst: recording()})
		Expect(err).NotTo(HaveOccurred())
		text := ""
		var final *pb.TranscriptResult
		for {
			response, err := stream.Recv()
			if err == io.EOF {
				break
			}
			Expect(err).NotTo(HaveOccurred())
			text += response.GetDelta()
			final = response.GetFinalResult()
		}
		Expect(final.GetText()).To(Equal(text))
		if given == "" {
			Expect(text).NotTo(BeEmpty())
		}
	})
[% endif %]

	It("refuses what is not a WAV file", func() {
		Expect(load(client, own())).To(Succeed())
		_, err := client.AudioTranscription(ctx, &pb.TranscriptRequest{Dst: file("OggS")})
		Expect(err).To(MatchError(ContainSubstring("WAV")))
	})
[% elif served == 'vad' %]

	It("finds speech", func() {
		Expect(load(client, own())).To(Succeed())
		result, err := client.VAD(ctx, &pb.VADRequest{Audio: speech()})
		Expect(err).NotTo(HaveOccurred())
		end := float32(0)
		for _, segment := range result.GetSegments() {
			Expect(segment.GetStart()).To(BeNumerically(">=", end))
			Expect(segment.GetEnd()).To(BeNumerically(">", segment.GetStart()))
			end = segment.GetEnd()
		}
		Expect(end).To(BeNumerically("<=", 1.5))
		if given == "" { // an engine may take it for noise
			Expect(end).To(BeNumerically("~", 1, 0.05))
		}
	})

	It("finds none in silence", func() {
		Expect(load(client, own())).To(Succeed())
		result, err := client.VAD(ctx, &pb.VADRequest{Audio: make([]float32, 16000)})
		Expect(err).NotTo(HaveOccurred())
		Expect(result.GetSegments()).To(BeEmpty())
	})
[% elif served == 'image' %]

	It("paints a PNG", func() {
		Expect(load(client, own())).To(Succeed())
		_, err := client.[[ call ]]})
		Expect(err).NotTo(HaveOccurred())
		output, err := os.Open(dst)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(output.Close)
		picture, err := png.Decode(output)
		Expect(err).NotTo(HaveOccurred())
		Expect(picture.Bounds().Dx()).To(Equal(48))
		Expect(picture.Bounds().Dy()).To(Equal(32))
	})
[% elif served == 'video' %]

	It("films an animation", func() {
		Expect(load(client, own())).To(Succeed())
		_, err := client.[[ call ]]})
		Expect(err).NotTo(HaveOccurred())
		output, err := os.Open(dst)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(output.Close)
		video, err := gif.DecodeAll(output)
		Expect(err).NotTo(HaveOccurred())
		Expect(video.Image).To(HaveLen(3))
		Expect(video.Config.Width).To(Equal(48))
		Expect(video.Config.Height).To(Equal(32))
	})
[% elif served == 'detection' %]

	It("detects", func() {
		Expect(load(client, own())).To(Succeed())
		result, err := client.Detect(ctx, &pb.DetectOptions{Src: picture()})
		Expect(err).NotTo(HaveOccurred())
		for _, box := range result.GetDetections() {
			Expect(box.GetClassName()).NotTo(BeEmpty())
			Expect(box.GetConfidence()).To(And(BeNumerically(">", 0), BeNumerically("<=", 1)))
			Expect(min(box.GetX(), box.GetY(), 40-box.GetX()-box.GetWidth(), 30-box.GetY()-box.GetHeight())).To(BeNumerically(">=", 0))
		}
		if given == "" { // an engine may find nothing in it
			Expect(result.GetDetections()).To(HaveLen(1))
		}
	})

	It("refuses what is not a picture", func() {
		Expect(load(client, own())).To(Succeed())
		_, err := client.Detect(ctx, &pb.DetectOptions{Src: "/some/path.png"})
		Expect(status.Code(err)).To(Equal(codes.InvalidArgument))
	})
[% endif %]
})
[% if served == 'rerank' %]

var documents = []string{"a dog", "the quick fox", "quick"}
[% elif served == 'asr' %]

// recording is a file of 1.5 s of silence.
func recording() string {
	header := "RIFF\xa4\xbb\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e\x00\x00\x00\x7d\x00\x00\x02\x00\x10\x00data\x80\xbb\x00\x00"
	return file(header + string(make([]byte, 48000)))
}
[% elif served == 'vad' %]

// speech is half a second of silence, of sound, and of silence.
func speech() []float32 {
	samples := make([]float32, 24000)
	for i := 8000; i < 16000; i++ {
		samples[i] = float32(i%2) - 0.5
	}
	return samples
}
[% elif served == 'detection' %]

// picture is 40 by 30 pixels.
func picture() string {
	var content bytes.Buffer
	Expect(png.Encode(&content, image.NewGray(image.Rect(0, 0, 40, 30)))).To(Succeed())
	return base64.StdEncoding.EncodeToString(content.Bytes())
}
[% endif %]
