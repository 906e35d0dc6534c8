package main

[% set stream_asr = served == 'asr' and 'AudioTranscriptionStream' in answered %]
[% set stream_tts = served == 'tts' and 'TTSStream' in answered %]
import (
[% if served == 'detection' %]
	"bytes"
[% endif %]
[% if served == 'asr' and transcription_context %]
	"context"
[% endif %]
[% if served == 'detection' %]
	"encoding/base64"
	"image"
	_ "image/jpeg"
	_ "image/png"
[% endif %]
[% if served == 'rerank' %]
	"cmp"
	"slices"
[% endif %]
[% if served in ['tts', 'image', 'video'] %]
	"errors"
[% endif %]
[% if served in ['llm', 'tts'] %]
	"strings"
[% endif %]
	"sync"

	"[[ go_module ]]/pkg/grpc/base"
[% if 'grpcerrors' in go_packages and served != 'none' %]
	"[[ go_module ]]/pkg/grpc/grpcerrors"
[% endif %]
	pb "[[ go_module ]]/pkg/grpc/proto"
[% if served != 'none' %]

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
[% endif %]
)

const backendName = "[[ name ]]"

// backend answers LocalAI's calls with one engine, one call at a time.
type backend struct {
	base.Base
	mutex  sync.Mutex
	engine *engine
}

// The server locks for every call but Health, Status and Free.
func (b *backend) Locking() bool { return true }
func (b *backend) Lock()         { b.mutex.Lock() }
func (b *backend) Unlock()       { b.mutex.Unlock() }
[% if 'Status' in answered %]

// Status tells of the lock what it finds: the Busy of base.SingleThread says the opposite.
func (b *backend) Status() (pb.StatusResponse, error) {
	response, err := b.Base.Status()
	return pb.StatusResponse{State: b.state(), Memory: response.GetMemory()}, err
}

func (b *backend) state() pb.StatusResponse_State {
	if !b.mutex.TryLock() {
		return pb.StatusResponse_BUSY
	}
	defer b.mutex.Unlock()
	if b.engine == nil {
		return pb.StatusResponse_UNINITIALIZED
	}
	return pb.StatusResponse_READY
}
[% endif %]

// Load fails unless the engine can serve the model: a model config without `backend:`
// is offered to every installed backend until one accepts it.
func (b *backend) Load(opts *pb.ModelOptions) error {
	parsed, err := parseSettings(opts)
	if err != nil {
		return err
	}
	loaded, err := newEngine(opts, parsed)
	if err != nil {
		return err
	}
	// Only now: a model that is refused leaves the loaded one as it is.
	b.unload()
	b.engine = loaded
	return nil
}

[% if 'Free' in answered %]
// Free takes the lock itself: the server holds it in every other call.
func (b *backend) Free() error {
	b.Lock()
	defer b.Unlock()
	b.unload()
	return nil
}

[% endif %]
func (b *backend) unload() {
	if b.engine != nil {
		b.engine.close()
		b.engine = nil
	}
}
[% if served != 'none' %]

// notLoaded makes LocalAI load the model again.
func notLoaded() error {
[% if 'grpcerrors' in go_packages %]
	return grpcerrors.ModelNotLoaded(backendName)
[% else %]
	return status.Errorf(codes.FailedPrecondition, "%s: model not loaded", backendName)
[% endif %]
}
[% endif %]
[% if served != 'none' %]

// failed is the answer when the engine fails: INTERNAL, unless the error has a code.
func failed(err error) error {
	if _, coded := status.FromError(err); coded {
		return err
	}
	return status.Errorf(codes.Internal, "%s: %v", backendName, err)
}
[% endif %]
[% if served in ['tts', 'asr', 'image', 'video'] %]

// cannot is the answer to a request that names something impossible.
func cannot(err error) error {
	if err == nil {
		return nil
	}
	return status.Errorf(codes.InvalidArgument, "%s: %v", backendName, err)
}
[% endif %]
[% if served == 'llm' %]

func (b *backend) Predict(opts *pb.PredictOptions) (string, error) {
	if b.engine == nil {
		return "", notLoaded()
	}
	var answer strings.Builder
	err := b.engine.generate(opts, func(piece string) { answer.WriteString(piece) })
	return answer.String(), failed(err)
}

// PredictStream closes results: the server waits for that.
func (b *backend) PredictStream(opts *pb.PredictOptions, results chan string) error {
	defer close(results)
	if b.engine == nil {
		return notLoaded()
	}
	return failed(b.engine.generate(opts, func(piece string) { results <- piece }))
}
[% if 'TokenizeString' in answered %]

func (b *backend) TokenizeString(opts *pb.PredictOptions) (pb.TokenizationResponse, error) {
	if b.engine == nil {
		return pb.TokenizationResponse{}, notLoaded()
	}
	tokens, err := b.engine.tokenize(opts.GetPrompt())
	return pb.TokenizationResponse{Length: int32(len(tokens)), Tokens: tokens}, failed(err)
}
[% endif %]
[% elif served == 'embeddings' %]

func (b *backend) Embeddings(opts *pb.PredictOptions) ([]float32, error) {
	if b.engine == nil {
		return nil, notLoaded()
	}
	vector, err := b.engine.embed(opts.GetEmbeddings())
	return vector, failed(err)
}
[% elif served == 'rerank' %]

func (b *backend) Rerank(req *pb.RerankRequest) (*pb.RerankResult, error) {
	if b.engine == nil {
		return nil, notLoaded()
	}
	if req.GetTopN() < 0 {
		return nil, status.Errorf(codes.InvalidArgument, "%s: top_n is %d", backendName, req.GetTopN())
	}
	results := make([]*pb.DocumentResult, 0, len(req.GetDocuments()))
	for i, document := range req.GetDocuments() {
		score, err := b.engine.score(req.GetQuery(), document)
		if err != nil {
			return nil, failed(err)
		}
		results = append(results, &pb.DocumentResult{
			Index:          int32(i),
			Text:           document,
			RelevanceScore: score,
		})
	}
	slices.SortStableFunc(results, func(x, y *pb.DocumentResult) int {
		return cmp.Compare(y.RelevanceScore, x.RelevanceScore)
	})
	if top := int(req.GetTopN()); top > 0 && top < len(results) {
		results = results[:top]
	}
	return &pb.RerankResult{Results: results}, nil
}
[% elif served == 'tts' %]

func (b *backend) TTS(req *pb.TTSRequest) error {
	var samples []float32
	err := b.speak(req, func(piece []float32) { samples = append(samples, piece...) })
	if err != nil {
		return err
	}
	return cannot(writeWAV(req.GetDst(), samples))
}

func (b *backend) speak(req *pb.TTSRequest, emit func(piece []float32)) error {
	if b.engine == nil {
		return notLoaded()
	}
	if strings.TrimSpace(req.GetText()) == "" {
		return cannot(errors.New("text is empty"))
	}
	return failed(b.engine.synthesize(req, emit))
}
[% if stream_tts %]

// TTSStream sends the WAV header first, and closes results: the server waits for that.
func (b *backend) TTSStream(req *pb.TTSRequest, results chan []byte) error {
	defer close(results)
	begin := sync.OnceFunc(func() { results <- wavHeader(unknownSize) })
	return b.speak(req, func(piece []float32) {
		begin()
		results <- pcm16(piece)
	})
}
[% endif %]
[% elif served == 'asr' %]

func (b *backend) AudioTranscription([% if transcription_context %]_ context.Context, [% endif %]req *pb.TranscriptRequest) (pb.TranscriptResult, error) {
	if b.engine == nil {
		return pb.TranscriptResult{}, notLoaded()
	}
	result, err := b.transcribe(req, func(string) {})
	if err != nil {
		return pb.TranscriptResult{}, err
	}
	return pb.TranscriptResult{
		Text:     result.GetText(),
		Segments: result.GetSegments(),
[% if stream_asr %]
		Duration: result.GetDuration(),
[% endif %]
	}, nil
}
[% if stream_asr %]

// AudioTranscriptionStream closes results: the server waits for that.
func (b *backend) AudioTranscriptionStream(_ context.Context, req *pb.TranscriptRequest, results chan *pb.TranscriptStreamResponse) error {
	defer close(results)
	if b.engine == nil {
		return notLoaded()
	}
	result, err := b.transcribe(req, func(text string) {
		results <- &pb.TranscriptStreamResponse{Delta: text}
	})
	if err != nil {
		return err
	}
	results <- &pb.TranscriptStreamResponse{FinalResult: result}
	return nil
}
[% endif %]

func (b *backend) transcribe(req *pb.TranscriptRequest, emit func(text string)) (*pb.TranscriptResult, error) {
	samples, rate, err := readWAV(req.GetDst())
	if err != nil {
		return nil, cannot(err)
	}
	result := &pb.TranscriptResult{[% if stream_asr %]Duration: float32(len(samples)) / float32(rate)[% endif %]}
	err = b.engine.transcribe(req, samples, rate, func(s segment) {
		result.Text += s.text
		result.Segments = append(result.Segments, &pb.TranscriptSegment{
			Id:    int32(len(result.Segments)),
			Text:  s.text,
			Start: s.start.Nanoseconds(), // LocalAI reads them as nanoseconds
			End:   s.end.Nanoseconds(),
		})
		emit(s.text)
	})
	return result, failed(err)
}
[% elif served == 'vad' %]

// VAD gets 16 kHz mono samples and answers in seconds.
func (b *backend) VAD(req *pb.VADRequest) (pb.VADResponse, error) {
	if b.engine == nil {
		return pb.VADResponse{}, notLoaded()
	}
	spans, err := b.engine.speech(req.GetAudio())
	if err != nil {
		return pb.VADResponse{}, failed(err)
	}
	segments := make([]*pb.VADSegment, len(spans))
	for i, s := range spans {
		segments[i] = &pb.VADSegment{Start: s.start, End: s.end}
	}
	return pb.VADResponse{Segments: segments}, nil
}
[% elif served == 'image' %]

func (b *backend) GenerateImage(req *pb.GenerateImageRequest) error {
	if b.engine == nil {
		return notLoaded()
	}
	width, errWidth := within(largestSide, req.GetWidth(), defaultSide)
	height, errHeight := within(largestSide, req.GetHeight(), defaultSide)
	if err := errors.Join(errWidth, errHeight); err != nil {
		return cannot(err)
	}
	picture, err := b.engine.paint(req, width, height)
	if err != nil {
		return failed(err)
	}
	return cannot(writePNG(req.GetDst(), picture))
}
[% elif served == 'video' %]

func (b *backend) GenerateVideo(req *pb.GenerateVideoRequest) error {
	if b.engine == nil {
		return notLoaded()
	}
	width, errWidth := within(largestSide, req.GetWidth(), defaultSide)
	height, errHeight := within(largestSide, req.GetHeight(), defaultSide)
	frames, errFrames := within(mostFrames, req.GetNumFrames(), defaultFrames)
	fps, errFPS := within(highestFPS, req.GetFps(), defaultFPS)
	if err := errors.Join(errWidth, errHeight, errFrames, errFPS); err != nil {
		return cannot(err)
	}
	video := animation{delay: 100 / fps}
	if err := b.engine.film(req, width, height, frames, video.add); err != nil {
		return failed(err)
	}
	return cannot(video.write(req.GetDst()))
}
[% elif served == 'detection' %]

// Detect gets the picture itself in base64, not a path.
func (b *backend) Detect(opts *pb.DetectOptions) (pb.DetectResponse, error) {
	if b.engine == nil {
		return pb.DetectResponse{}, notLoaded()
	}
	content, err := base64.StdEncoding.DecodeString(opts.GetSrc())
	if err != nil {
		return pb.DetectResponse{}, status.Errorf(codes.InvalidArgument, "src is not base64: %v", err)
	}
	picture, _, err := image.Decode(bytes.NewReader(content))
	if err != nil {
		return pb.DetectResponse{}, status.Errorf(codes.InvalidArgument, "src is not a PNG or JPEG: %v", err)
	}
	found, err := b.engine.detect(opts, picture)
	if err != nil {
		return pb.DetectResponse{}, failed(err)
	}
	detections := make([]*pb.Detection, len(found))
	for i, d := range found {
		detections[i] = &pb.Detection{
			X:          d.x,
			Y:          d.y,
			Width:      d.width,
			Height:     d.height,
			Confidence: d.confidence,
			ClassName:  d.label,
		}
	}
	return pb.DetectResponse{Detections: detections}, nil
}
[% endif %]
