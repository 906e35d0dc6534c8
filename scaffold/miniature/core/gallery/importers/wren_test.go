package importers_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/mudler/LocalAI/core/gallery/importers"
	hfapi "github.com/mudler/LocalAI/pkg/huggingface-api"
)

func TestDiscoverModelConfig(t *testing.T) {
	for _, c := range []struct{ uri, preferences, backend string }{
		{"https://example.org/wren-small-q8_0.gguf", `{}`, "wren"},
		{"https://example.org/lark-tiny-f16.gguf", `{}`, "lark"},
		{"https://example.org/qwen-0.6b-q4_k.gguf", `{}`, "llama-cpp"},
		{"https://example.org/qwen-0.6b-q4_k.gguf", `{"backend": "meadow-lark"}`, "meadow-lark"},
	} {
		model, err := importers.DiscoverModelConfig(c.uri, json.RawMessage(c.preferences))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(model.ConfigFile, "backend: "+c.backend+"\n") {
			t.Errorf("%s %s: want %s, got\n%s", c.uri, c.preferences, c.backend, model.ConfigFile)
		}
	}
	if _, err := importers.DiscoverModelConfig("https://example.org/readme.md", nil); err == nil {
		t.Error("a file of no known kind was imported")
	}
}

func TestWrenImporterReadsTheRepository(t *testing.T) {
	details := importers.Details{
		URI: "huggingface://aviary-example/gguf",
		HuggingFace: &hfapi.ModelDetails{
			Files: []hfapi.ModelFile{{Path: "models/wren-small-q8_0.gguf"}},
		},
	}
	if !(&importers.WrenImporter{}).Match(details) {
		t.Error("no match by the files of the repository")
	}
}
