package main

[% set own_check = kind == 'pure' or not shim %]
[% set opens = own_check or served == 'asr' %]
import (
[% if opens %]
	"errors"
[% endif %]
	"fmt"
[% if own_check %]
	"io"
[% endif %]
[% if opens %]
	"os"
[% endif %]
	"strconv"
	"strings"
[% if opens %]
	"syscall"
[% endif %]

	pb "[[ go_module ]]/pkg/grpc/proto"
)

// settings is what a model config can say about the engine.
type settings struct {
	threads int               // 0: the engine decides
	options map[string]string // others, to be checked by the engine
}

// parseSettings reads `options:` of a model config, entries of the form key:value.
// Keys that the engine does not know are to be skipped: LocalAI adds llama.cpp's to every model.
func parseSettings(opts *pb.ModelOptions) (settings, error) {
	parsed := settings{threads: int(opts.GetThreads()), options: map[string]string{}}
	for _, option := range opts.GetOptions() {
		key, value, _ := strings.Cut(option, ":")
		switch key {
		case "threads":
			threads, err := strconv.Atoi(value)
			if err != nil || threads < 0 {
				return settings{}, fmt.Errorf("option threads:%s: expected a number of threads", value)
			}
			parsed.threads = threads
		default:
			parsed.options[key] = value
		}
	}
	return parsed, nil
}
[% if opens %]

// openRegular opens a regular file alone: to read from a pipe or a device may never end.
func openRegular(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}
[% endif %]
[% if own_check %]

// readStart returns the first bytes of a regular file.
func readStart(path string, size int) (string, error) {
	file, err := openRegular(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	start, err := io.ReadAll(io.LimitReader(file, int64(size)))
	return string(start), err
}
[% endif %]
