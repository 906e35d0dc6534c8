package importers

import (
	"encoding/json"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/mudler/LocalAI/core/config"
	"github.com/mudler/LocalAI/core/gallery"
	hfapi "github.com/mudler/LocalAI/pkg/huggingface-api"
)

// HasFile reports whether a file has this base name.
func HasFile(files []hfapi.ModelFile, name string) bool {
	for _, f := range files {
		if filepath.Base(f.Path) == name {
			return true
		}
	}
	return false
}

// HasExtension reports whether a file's name ends in ext, in any case.
func HasExtension(files []hfapi.ModelFile, ext string) bool {
	for _, f := range files {
		if strings.HasSuffix(strings.ToLower(f.Path), strings.ToLower(ext)) {
			return true
		}
	}
	return false
}

func preferences(details Details) map[string]any {
	values := make(map[string]any)
	_ = json.Unmarshal(details.Preferences, &values) // none given: the empty map
	return values
}

func prefers(details Details, backend string) bool {
	return preferences(details)["backend"] == backend
}

// hasNamedGGUF reports whether the URI or the repository has a GGUF file whose
// name contains token.
func hasNamedGGUF(details Details, token string) bool {
	paths := []string{details.URI}
	if details.HuggingFace != nil {
		for _, f := range details.HuggingFace.Files {
			paths = append(paths, f.Path)
		}
	}
	for _, path := range paths {
		name := strings.ToLower(filepath.Base(path))
		if strings.HasSuffix(name, ".gguf") && strings.Contains(name, token) {
			return true
		}
	}
	return false
}

// imported fills in what every importer takes from the details: the name, the
// description and the model file.
func imported(details Details, model config.ModelConfig) (gallery.ModelConfig, error) {
	values := preferences(details)
	var ok bool
	if model.Name, ok = values["name"].(string); !ok {
		model.Name = filepath.Base(details.URI)
	}
	if model.Description, ok = values["description"].(string); !ok {
		model.Description = "Imported from " + details.URI
	}
	model.Model = filepath.Base(details.URI)
	out, err := yaml.Marshal(model)
	if err != nil {
		return gallery.ModelConfig{}, err
	}
	return gallery.ModelConfig{
		Name:        model.Name,
		Description: model.Description,
		ConfigFile:  string(out),
	}, nil
}
