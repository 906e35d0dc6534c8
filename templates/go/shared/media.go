package main

[% if served == 'tts' %]
import (
	"encoding/binary"
	"os"
	"syscall"
)

// unknownSize stands in the header of a WAV that is streamed.
const unknownSize = 0xFFFFFFFF

// writeWAV writes a 16-bit mono file.
func writeWAV(path string, samples []float32) error {
	data := pcm16(samples)
	return create(path, func(file *os.File) error {
		_, err := file.Write(append(wavHeader(uint32(len(data))), data...))
		return err
	})
}

// wavHeader is the 44 bytes before dataSize bytes of samples.
func wavHeader(dataSize uint32) []byte {
	riffSize := uint32(unknownSize)
	if dataSize != unknownSize {
		riffSize = 36 + dataSize
	}
	order := binary.LittleEndian
	header := append(make([]byte, 0, 44), "RIFF"...)
	header = order.AppendUint32(header, riffSize)
	header = append(header, "WAVEfmt "...)
	header = order.AppendUint32(header, 16)
	header = order.AppendUint16(header, 1) // PCM
	header = order.AppendUint16(header, 1) // channels
	header = order.AppendUint32(header, sampleRate)
	header = order.AppendUint32(header, 2*sampleRate)
	header = order.AppendUint16(header, 2)  // bytes per frame
	header = order.AppendUint16(header, 16) // bits per sample
	header = append(header, "data"...)
	return order.AppendUint32(header, dataSize)
}

func pcm16(samples []float32) []byte {
	data := make([]byte, 0, 2*len(samples))
	for _, sample := range samples {
		data = binary.LittleEndian.AppendUint16(data, uint16(int16(32767*min(1, max(-1, sample)))))
	}
	return data
}
[% elif served == 'asr' %]
import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

var errNotWAV = errors.New("not a 16-bit PCM WAV file")

// readWAV returns the samples of a 16-bit PCM file, mixed down to mono, and their rate.
func readWAV(path string) ([]float32, int, error) {
	file, err := openRegular(path)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(file)
	if err != nil {
		return nil, 0, err
	}
	samples, rate, err := parseWAV(content)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", path, err)
	}
	return samples, rate, nil
}

func parseWAV(content []byte) ([]float32, int, error) {
	order := binary.LittleEndian
	if len(content) < 12 || !bytes.HasPrefix(content, []byte("RIFF")) || string(content[8:12]) != "WAVE" {
		return nil, 0, errNotWAV
	}
	channels, rate := 0, 0
	for rest := content[12:]; len(rest) >= 8; {
		id, size := string(rest[:4]), int(order.Uint32(rest[4:]))
		// a streamed file does not know its size and says the largest one
		chunk := rest[8 : 8+min(size, len(rest)-8)]
		switch id {
		case "fmt ":
			if len(chunk) < 16 || order.Uint16(chunk[14:]) != 16 {
				return nil, 0, errNotWAV
			}
			channels, rate = int(order.Uint16(chunk[2:])), int(order.Uint32(chunk[4:]))
		case "data":
			if channels == 0 || rate == 0 {
				return nil, 0, errNotWAV
			}
			return mono(chunk, channels), rate, nil
		}
		rest = rest[min(8+size+size%2, len(rest)):]
	}
	return nil, 0, errNotWAV
}

func mono(data []byte, channels int) []float32 {
	samples := make([]float32, len(data)/(2*channels))
	for i := range samples {
		sum := 0
		for channel := range channels {
			sum += int(int16(binary.LittleEndian.Uint16(data[2*(i*channels+channel):])))
		}
		samples[i] = float32(sum) / float32(channels) / 32768
	}
	return samples
}
[% else %]
import (
	"cmp"
	"fmt"
	"image"
[% if served == 'video' %]
	"image/color/palette"
	"image/draw"
	"image/gif"
[% else %]
	"image/png"
[% endif %]
	"os"
	"syscall"
)

const (
	defaultSide = 512
	largestSide = 8192
[% if served == 'video' %]

	defaultFrames = 8
	mostFrames    = 256
	defaultFPS    = 8
	highestFPS    = 100
[% endif %]
)

// within is a size that a request gives; LocalAI sends 0 for one that it was not given.
func within(limit, requested, otherwise int32) (int, error) {
	if requested < 0 || requested > limit {
		return 0, fmt.Errorf("%d is not between 1 and %d", requested, limit)
	}
	return int(cmp.Or(requested, otherwise)), nil
}
[% if served == 'image' %]

func writePNG(path string, picture image.Image) error {
	return create(path, func(file *os.File) error { return png.Encode(file, picture) })
}
[% else %]

// animation is an animated GIF, the one video format of the standard library.
type animation struct {
	frames gif.GIF
	delay  int // 1/100 s
}

func (a *animation) add(frame image.Image) {
	paletted := image.NewPaletted(frame.Bounds(), palette.WebSafe)
	draw.Draw(paletted, paletted.Bounds(), frame, frame.Bounds().Min, draw.Src)
	a.frames.Image = append(a.frames.Image, paletted)
	a.frames.Delay = append(a.frames.Delay, a.delay)
}

func (a *animation) write(path string) error {
	return create(path, func(file *os.File) error { return gif.EncodeAll(file, &a.frames) })
}
[% endif %]
[% endif %]
[% if served != 'asr' %]

// create writes the file that a request names; a pipe, which may never open, is an error.
func create(path string, write func(file *os.File) error) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|syscall.O_NONBLOCK, 0o644)
	if err != nil {
		return err
	}
	if err := write(file); err != nil {
		_ = file.Close()
		return err
	}
	return file.Close()
}
[% endif %]
