package importers

import (
	"github.com/mudler/LocalAI/core/config"
	"github.com/mudler/LocalAI/core/gallery"
)

var _ Importer = &LarkImporter{}

// LarkImporter takes GGUF files with "lark-" in their name.
type LarkImporter struct{}

func (i *LarkImporter) Name() string      { return "lark" }
func (i *LarkImporter) Modality() string  { return "asr" }
func (i *LarkImporter) AutoDetects() bool { return true }

func (i *LarkImporter) Match(details Details) bool {
	return prefers(details, "lark") || hasNamedGGUF(details, "lark-")
}

func (i *LarkImporter) Import(details Details) (gallery.ModelConfig, error) {
	return imported(details, config.ModelConfig{
		Backend:             "lark",
		KnownUsecaseStrings: []string{config.UsecaseTranscript},
	})
}
