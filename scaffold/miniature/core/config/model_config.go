// Package config has the configuration of models.
package config

import "github.com/mudler/LocalAI/core/schema"

// ModelConfigUsecase is a set of usecases.
type ModelConfigUsecase int

const (
	FLAG_ANY ModelConfigUsecase = 0
)

const (
	FLAG_CHAT ModelConfigUsecase = 1 << iota
	FLAG_COMPLETION
	FLAG_EDIT
	FLAG_VISION
	FLAG_EMBEDDINGS
	FLAG_TOKENIZE
	FLAG_IMAGE
	FLAG_VIDEO
	FLAG_TRANSCRIPT
	FLAG_TTS
	FLAG_RERANK
	FLAG_DETECTION
	FLAG_VAD
)

// ModelConfig is what LocalAI knows about an installed model.
type ModelConfig struct {
	Name                string   `yaml:"name"`
	Description         string   `yaml:"description"`
	Backend             string   `yaml:"backend"`
	KnownUsecaseStrings []string `yaml:"known_usecases"`

	schema.PredictionOptions `yaml:"parameters,omitempty"`
}
