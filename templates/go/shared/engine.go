package main

import (
[% if served == 'rerank' %]
	"cmp"
[% endif %]
	"fmt"
[% if served in ['embeddings', 'image', 'video'] %]
	"hash/fnv"
[% endif %]
[% if served in ['image', 'video', 'detection'] %]
	"image"
[% endif %]
[% if served in ['image', 'video'] %]
	"image/color"
[% endif %]
[% if served in ['embeddings', 'tts', 'vad'] %]
	"math"
[% endif %]
[% if served == 'embeddings' %]
	"math/rand/v2"
[% endif %]
	"runtime"
	"strings"
[% if served == 'asr' %]
	"time"
[% endif %]

	pb "[[ go_module ]]/pkg/grpc/proto"
)

// TODO: put the model here. This engine is a placeholder that answers without one: keep
// the method set, which backend.go calls, and replace the bodies; replace checkModel by a
// check of the real artefact (magic bytes, a GGUF key, the class in config.json), so that
// foreign models are still refused. A request has more than is used here: voices, languages,
// seeds; see backend.proto.
[% if kind == 'purego' %]
// Name the engine's library in the Makefile (ENGINE_LIBRARY), and the functions that are called below.
[% endif %]
[% if unserved %]
// Then answer [[ unserved ]] in backend.go: LocalAI calls it for this kind of model.
[% endif %]
type engine struct{}
[% if kind == 'purego' %]

// functions are those of the engine's library, for example {"tiny_load", &tiny.load}.
var functions []function
[% endif %]

func newEngine(request *pb.ModelOptions, parsed settings) (*engine, error) {
	if err := checkModel(request.GetModelFile()); err != nil {
		return nil, err
	}
	if parsed.threads > 0 {
		runtime.GOMAXPROCS(min(parsed.threads, runtime.NumCPU()))
	}
	return &engine{}, nil
}

func (e *engine) close() {}

const modelLine = "scaffold-model " + backendName

func checkModel(modelFile string) error {
	refuse := func(reason string) error {
		return fmt.Errorf("%s: model file %q %s; expected a file with the first line %q", backendName, modelFile, reason, modelLine)
	}
	start, err := readStart(modelFile, len(modelLine)+1)
	if err != nil {
		return refuse("cannot be read (" + err.Error() + ")")
	}
	if line, _, _ := strings.Cut(start, "\n"); line != modelLine {
		return refuse("is of another kind")
	}
	return nil
}
[% if served == 'llm' %]

// generate hands out the answer piece by piece.
func (e *engine) generate(request *pb.PredictOptions, emit func(piece string)) error {
	for _, piece := range strings.SplitAfter(request.GetPrompt(), " ") {
		emit(piece)
	}
	return nil
}

func (e *engine) tokenize(text string) ([]int32, error) {
	tokens := make([]int32, len(text))
	for i := range tokens {
		tokens[i] = int32(text[i])
	}
	return tokens, nil
}
[% elif served == 'embeddings' %]

const dimensions = 64

// embed returns a vector of length 1.
func (e *engine) embed(text string) ([]float32, error) {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(text))
	random := rand.New(rand.NewPCG(hash.Sum64(), dimensions))

	vector := make([]float32, dimensions)
	squares := 0.0
	for i := range vector {
		value := random.NormFloat64()
		vector[i] = float32(value)
		squares += value * value
	}
	for i := range vector {
		vector[i] /= float32(math.Sqrt(squares))
	}
	return vector, nil
}
[% elif served == 'rerank' %]

// score says how relevant a document is to a query: the share of the query's words in it.
func (e *engine) score(query, document string) (float32, error) {
	words := strings.Fields(strings.ToLower(document))
	present := make(map[string]bool, len(words))
	for _, word := range words {
		present[word] = true
	}
	asked := strings.Fields(strings.ToLower(query))
	shared := 0
	for _, word := range asked {
		if present[word] {
			shared++
		}
	}
	return float32(shared) / float32(cmp.Or(len(asked), 1)), nil
}
[% elif served == 'tts' %]

// sampleRate is that of the samples, in Hz.
const sampleRate = 24000

const (
	tone        = 220.0 // Hz
	mostLetters = 600
)

// synthesize hands out samples between -1 and 1 at sampleRate, piece by piece.
func (e *engine) synthesize(request *pb.TTSRequest, emit func(samples []float32)) error {
	beep := make([]float32, sampleRate/20) // 50 ms
	for i := range beep {
		beep[i] = float32(0.3 * math.Sin(2*math.Pi*tone*float64(i)/sampleRate))
	}
	for range min(len(request.GetText()), mostLetters) {
		emit(beep)
	}
	return nil
}
[% elif served == 'asr' %]

// segment is a part of a recording; put together, the texts are the whole transcript.
type segment struct {
	start, end time.Duration
	text       string
}

// transcribe hands out what it hears, segment by segment.
func (e *engine) transcribe(request *pb.TranscriptRequest, samples []float32, rate int, emit func(segment)) error {
	end := time.Duration(len(samples)) * time.Second / time.Duration(rate)
	emit(segment{start: 0, end: end / 2, text: "a recording"})
	emit(segment{start: end / 2, end: end, text: fmt.Sprintf(" of %.2f seconds", end.Seconds())})
	return nil
}
[% elif served == 'vad' %]

const (
	sampleRate = 16000
	frameSize  = sampleRate / 50 // 20 ms
	threshold  = 0.01
)

// span is a stretch of speech, in seconds.
type span struct{ start, end float32 }

func (e *engine) speech(samples []float32) ([]span, error) {
	var found []span
	voiced := false
	for start := 0; start < len(samples); start += frameSize {
		frame := samples[start:min(start+frameSize, len(samples))]
		if rms(frame) < threshold {
			voiced = false
			continue
		}
		if !voiced {
			found = append(found, span{start: float32(start) / sampleRate})
			voiced = true
		}
		found[len(found)-1].end = float32(start+len(frame)) / sampleRate
	}
	return found, nil
}

func rms(frame []float32) float64 {
	squares := 0.0
	for _, sample := range frame {
		squares += float64(sample) * float64(sample)
	}
	return math.Sqrt(squares / float64(len(frame)))
}
[% elif served == 'image' %]

func (e *engine) paint(request *pb.GenerateImageRequest, width, height int) (image.Image, error) {
	return gradient(request.GetPositivePrompt(), width, height, 0), nil
}
[% elif served == 'video' %]

// film hands out the pictures of a video, one after the other.
func (e *engine) film(request *pb.GenerateVideoRequest, width, height, frames int, emit func(image.Image)) error {
	for frame := range frames {
		emit(gradient(request.GetPrompt(), width, height, frame))
	}
	return nil
}
[% elif served == 'detection' %]

// detection is a box in pixels, from the upper left corner.
type detection struct {
	x, y, width, height float32
	confidence          float32
	label               string
}

func (e *engine) detect(request *pb.DetectOptions, picture image.Image) ([]detection, error) {
	size := picture.Bounds().Size()
	return []detection{{
		width:      float32(size.X),
		height:     float32(size.Y),
		confidence: 1,
		label:      "picture",
	}}, nil
}
[% endif %]
[% if served in ['image', 'video'] %]

func gradient(prompt string, width, height, frame int) image.Image {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(prompt))
	blue := uint8(int(hash.Sum32()) + 16*frame)

	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			picture.SetRGBA(x, y, color.RGBA{R: uint8(255 * x / width), G: uint8(255 * y / height), B: blue, A: 255})
		}
	}
	return picture
}
[% endif %]
