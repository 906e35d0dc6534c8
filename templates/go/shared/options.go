package main

import (
	"fmt"
	"strconv"
	"strings"

	pb "[[ go_module ]]/pkg/grpc/proto"
)

// settings is what a model config can say about the engine.
type settings struct {
	threads int // 0: the engine decides
}

// parseSettings reads `options:` of a model config, entries of the form key:value.
// Keys that are not ours are skipped: LocalAI adds llama.cpp's to every model.
func parseSettings(opts *pb.ModelOptions) (settings, error) {
	parsed := settings{threads: int(opts.GetThreads())}
	for _, option := range opts.GetOptions() {
		key, value, _ := strings.Cut(option, ":")
		switch key {
		case "threads":
			threads, err := strconv.Atoi(value)
			if err != nil || threads < 0 {
				return settings{}, fmt.Errorf("option threads:%s: expected a number of threads", value)
			}
			parsed.threads = threads
		}
	}
	return parsed, nil
}
