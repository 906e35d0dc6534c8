package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"unsafe"

	pb "github.com/mudler/LocalAI/pkg/grpc/proto"

	"github.com/ebitengine/purego"
)

// sampleRate is that of espeak-ng, in Hz.
const sampleRate = 22050

const (
	outputSynchronous = 2
	doNotExit         = 0x8000
	textIsUTF8        = 1
	byCharacter       = 1
)

var espeak struct {
	initialize  func(output, bufferLength int32, path string, options int32) int32
	setCallback func(callback uintptr)
	setVoice    func(name string) int32
	synth       func(text string, size uint64, start uint32, kind int32, end, flags uint32, id, data unsafe.Pointer) int32
}

// functions are those of the engine's library.
var functions = []function{
	{"espeak_Initialize", &espeak.initialize},
	{"espeak_SetSynthCallback", &espeak.setCallback},
	{"espeak_SetVoiceByName", &espeak.setVoice},
	{"espeak_Synth", &espeak.synth},
}

// hear takes what the library says of the text that is spoken.
var hear func(samples []float32)

// prepare tells the library once where its data is: it keeps one state for the process.
var prepare = sync.OnceValue(func() error {
	if rate := espeak.initialize(outputSynchronous, 0, dataFolder, doNotExit); rate != sampleRate {
		return fmt.Errorf("espeak-ng says %d where a sample rate of %d is expected", rate, sampleRate)
	}
	espeak.setCallback(purego.NewCallback(func(samples *int16, count int32, _ unsafe.Pointer) uintptr {
		piece := make([]float32, count)
		for i, sample := range unsafe.Slice(samples, count) {
			piece[i] = float32(sample) / 32768
		}
		hear(piece)
		return 0
	}))
	return nil
})

var dataFolder string

// engine speaks with one voice of espeak-ng.
type engine struct{}

func newEngine(request *pb.ModelOptions, _ settings) (*engine, error) {
	name, data, err := checkModel(request.GetModelFile())
	if err != nil {
		return nil, err
	}
	dataFolder = data
	if err := prepare(); err != nil {
		return nil, err
	}
	if status := espeak.setVoice(name); status != 0 {
		return nil, fmt.Errorf("espeak-ng has no voice %q (status %d)", name, status)
	}
	return &engine{}, nil
}

func (e *engine) close() {}

// checkModel reads a voice of espeak-ng, lines of a key and a value: its name, and the folder that
// has the data of espeak-ng.
func checkModel(modelFile string) (name, data string, err error) {
	start, err := readStart(modelFile, 4096)
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", backendName, err)
	}
	voice := map[string]string{}
	for line := range strings.Lines(start) {
		if key, value, _ := strings.Cut(strings.TrimSpace(line), " "); voice[key] == "" {
			voice[key] = value
		}
	}
	if voice["name"] == "" || voice["language"] == "" {
		return "", "", fmt.Errorf("%s: %q is no voice of espeak-ng: it has no name and language", backendName, modelFile)
	}
	for data = filepath.Dir(modelFile); data != filepath.Dir(data); data = filepath.Dir(data) {
		if _, err := os.Stat(filepath.Join(data, "phontab")); err == nil {
			return voice["name"], filepath.Dir(data), nil
		}
	}
	return "", "", fmt.Errorf("%s: %q does not lie in the data of espeak-ng", backendName, modelFile)
}

// synthesize hands out samples between -1 and 1 at sampleRate, piece by piece.
func (e *engine) synthesize(request *pb.TTSRequest, emit func(samples []float32)) error {
	hear = emit
	text := request.GetText()
	if status := espeak.synth(text, uint64(len(text)+1), 0, byCharacter, 0, textIsUTF8, nil, nil); status != 0 {
		return fmt.Errorf("espeak-ng cannot speak (status %d)", status)
	}
	return nil
}
