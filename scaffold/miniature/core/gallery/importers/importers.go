// Package importers turns a URI into the configuration of a model, choosing the
// backend by what lies there.
package importers

import (
	"encoding/json"
	"fmt"

	"github.com/mudler/LocalAI/core/gallery"
	hfapi "github.com/mudler/LocalAI/pkg/huggingface-api"
)

// The first importer that matches wins: specific ones come before generic ones.
var defaultImporters = []Importer{
	// Embeddings
	// WrenImporter matches only wren GGUFs; it must precede LlamaCPPImporter,
	// which takes every .gguf.
	&WrenImporter{},
	// ASR
	// LarkImporter likewise: lark models are GGUFs too.
	&LarkImporter{},
	// Text LLM
	&LlamaCPPImporter{},
}

// Details is what is known about the thing to import.
type Details struct {
	HuggingFace *hfapi.ModelDetails
	URI         string
	Preferences json.RawMessage
}

// Importer recognises and configures the models of one backend.
type Importer interface {
	Match(details Details) bool
	Import(details Details) (gallery.ModelConfig, error)
	// Name is the backend's name in the gallery.
	Name() string
	// Modality groups the backends in the import form: "text", "asr", "tts",
	// "image", "video", "embeddings", "reranker", "detection" or "vad".
	Modality() string
	// AutoDetects is true when Match can succeed without preferences.backend.
	AutoDetects() bool
}

// KnownBackendEntry is a backend that another backend's importer can configure.
type KnownBackendEntry struct {
	Name        string
	Modality    string
	Description string
}

// AdditionalBackendsProvider is an importer with drop-in replacements, which
// preferences.backend selects.
type AdditionalBackendsProvider interface {
	AdditionalBackends() []KnownBackendEntry
}

// Registry returns the importers in the order in which they are asked.
func Registry() []Importer {
	return defaultImporters
}

// DiscoverModelConfig imports uri with the first importer that matches.
func DiscoverModelConfig(uri string, preferences json.RawMessage) (gallery.ModelConfig, error) {
	details := Details{URI: uri, Preferences: preferences}
	for _, importer := range defaultImporters {
		if importer.Match(details) {
			return importer.Import(details)
		}
	}
	return gallery.ModelConfig{}, fmt.Errorf("no importer matched for %s", uri)
}
