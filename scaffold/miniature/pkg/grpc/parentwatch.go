package grpc

import (
	"log"
	"os"
	"strings"
	"time"
)

const (
	EnvBackendParentWatch         = "LOCALAI_BACKEND_PARENT_WATCH"
	EnvBackendParentWatchInterval = "LOCALAI_BACKEND_PARENT_WATCH_INTERVAL"
)

// startParentDeathWatcher ends the process when the one that started it is gone:
// the kernel then hands it to another parent.
func startParentDeathWatcher() {
	switch strings.ToLower(strings.TrimSpace(os.Getenv(EnvBackendParentWatch))) {
	case "false", "0", "no", "off":
		return
	}
	parent := os.Getppid()
	if parent <= 1 {
		return
	}
	interval, err := time.ParseDuration(os.Getenv(EnvBackendParentWatchInterval))
	if err != nil || interval <= 0 {
		interval = 2 * time.Second
	}
	go func() {
		for os.Getppid() == parent {
			time.Sleep(interval)
		}
		log.Printf("parent process %d is gone, stopping", parent)
		os.Exit(1)
	}()
}
