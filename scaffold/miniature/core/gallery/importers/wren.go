package importers

import (
	"github.com/mudler/LocalAI/core/config"
	"github.com/mudler/LocalAI/core/gallery"
)

var _ Importer = &WrenImporter{}

// WrenImporter takes GGUF files with "wren-" in their name.
type WrenImporter struct{}

func (i *WrenImporter) Name() string      { return "wren" }
func (i *WrenImporter) Modality() string  { return "embeddings" }
func (i *WrenImporter) AutoDetects() bool { return true }

func (i *WrenImporter) Match(details Details) bool {
	return prefers(details, "wren") || hasNamedGGUF(details, "wren-")
}

func (i *WrenImporter) Import(details Details) (gallery.ModelConfig, error) {
	return imported(details, config.ModelConfig{
		Backend:             "wren",
		KnownUsecaseStrings: []string{config.UsecaseEmbeddings},
	})
}
