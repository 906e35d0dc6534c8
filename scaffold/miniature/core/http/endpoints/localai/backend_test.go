package localai

import (
	"encoding/json"
	"net/http/httptest"
	"testing"

	"github.com/mudler/LocalAI/core/schema"
)

func TestListKnownBackendsEndpoint(t *testing.T) {
	recorder := httptest.NewRecorder()
	ListKnownBackendsEndpoint()(recorder, httptest.NewRequest("GET", "/backends/known", nil))

	var known []schema.KnownBackend
	if err := json.Unmarshal(recorder.Body.Bytes(), &known); err != nil {
		t.Fatal(err)
	}
	byName := make(map[string]schema.KnownBackend)
	for _, b := range known {
		byName[b.Name] = b
	}

	for _, name := range []string{
		"rookery",
		"finch-tts",
		"kestrel",
		"night-heron",
		"heron",
	} {
		if entry, ok := byName[name]; !ok || entry.AutoDetect {
			t.Errorf("%s: want a preference-only entry, got %+v", name, entry)
		}
	}
	if !byName["wren"].AutoDetect {
		t.Error("wren has an importer and is not marked as detected")
	}
}
