package importers

import (
	"github.com/mudler/LocalAI/core/config"
	"github.com/mudler/LocalAI/core/gallery"
)

var (
	_ Importer                   = &LlamaCPPImporter{}
	_ AdditionalBackendsProvider = &LlamaCPPImporter{}
)

// LlamaCPPImporter takes every GGUF file.
type LlamaCPPImporter struct{}

func (i *LlamaCPPImporter) Name() string      { return "llama-cpp" }
func (i *LlamaCPPImporter) Modality() string  { return "text" }
func (i *LlamaCPPImporter) AutoDetects() bool { return true }

// AdditionalBackends lists the forks that read the same models.
func (i *LlamaCPPImporter) AdditionalBackends() []KnownBackendEntry {
	return []KnownBackendEntry{
		{Name: "meadow-lark", Modality: "text", Description: "GGUF drop-in replacement for llama-cpp with two more weight formats"},
	}
}

func (i *LlamaCPPImporter) Match(details Details) bool {
	for _, extra := range i.AdditionalBackends() {
		if prefers(details, extra.Name) {
			return true
		}
	}
	return prefers(details, "llama-cpp") || hasNamedGGUF(details, "")
}

func (i *LlamaCPPImporter) Import(details Details) (gallery.ModelConfig, error) {
	backend := "llama-cpp"
	if b, ok := preferences(details)["backend"].(string); ok {
		switch b {
		case "meadow-lark":
			backend = b
		}
	}
	return imported(details, config.ModelConfig{
		Backend:             backend,
		KnownUsecaseStrings: []string{config.UsecaseChat},
	})
}
