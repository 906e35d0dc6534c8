// Package localai has the handlers of LocalAI's own endpoints.
package localai

import (
	"encoding/json"
	"net/http"
	"sort"

	"github.com/mudler/LocalAI/core/gallery/importers"
	"github.com/mudler/LocalAI/core/schema"
)

// knownPrefOnlyBackends lists the backends that no importer configures: the
// import form offers them, and the user has to pick one.
var knownPrefOnlyBackends = []schema.KnownBackend{
	// Text LLM
	{Name: "rookery", Modality: "text", AutoDetect: false, Description: "Rookery runtime (preference-only)"},
	// TTS
	{Name: "finch-tts", Modality: "tts", AutoDetect: false, Description: "Finch text-to-speech (preference-only)"},
	// kestrel reads the models of finch-tts, so there is nothing to tell the two
	// apart by.
	{Name: "kestrel", Modality: "tts", AutoDetect: false, Description: "Kestrel text-to-speech in Rust (preference-only)"},
	// Rerankers
	{Name: "night-heron", Modality: "reranker", AutoDetect: false, Description: "Night-heron document reranking (preference-only)"},
	// VAD
	{Name: "heron", Modality: "vad", AutoDetect: false, Description: "Heron voice activity detection (preference-only)"},
}

func knownBackends() []schema.KnownBackend {
	byName := make(map[string]schema.KnownBackend)
	add := func(b schema.KnownBackend) {
		if _, exists := byName[b.Name]; !exists {
			byName[b.Name] = b
		}
	}
	for _, imp := range importers.Registry() {
		add(schema.KnownBackend{Name: imp.Name(), Modality: imp.Modality(), AutoDetect: imp.AutoDetects()})
		if host, ok := imp.(importers.AdditionalBackendsProvider); ok {
			for _, extra := range host.AdditionalBackends() {
				add(schema.KnownBackend{Name: extra.Name, Modality: extra.Modality, Description: extra.Description})
			}
		}
	}
	for _, pref := range knownPrefOnlyBackends {
		add(pref)
	}

	out := make([]schema.KnownBackend, 0, len(byName))
	for _, b := range byName {
		out = append(out, b)
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Modality != out[j].Modality {
			return out[i].Modality < out[j].Modality
		}
		return out[i].Name < out[j].Name
	})
	return out
}

// ListKnownBackendsEndpoint answers GET /backends/known.
func ListKnownBackendsEndpoint() http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(knownBackends())
	}
}
