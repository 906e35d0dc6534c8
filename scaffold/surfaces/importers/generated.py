"""The Go source of a generated importer and of its test."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scaffold.syntax.golang import quote

if TYPE_CHECKING:
    from scaffold.backend.answers import Backend


def type_name(backend: Backend) -> str:
    """`MyBackendImporter`."""
    return "".join(word[:1].upper() + word[1:] for word in backend.name.split("-")) + "Importer"


def files(backend: Backend, folder: str, yaml_package: str) -> list[tuple[str, str]]:
    """Path and text of the importer and its test.

    The file is named without dashes, since Go reads `_test`, `_linux` and their like off a name.
    """
    stem = re.sub(r"[^a-z0-9]", "", backend.name)
    if stem.endswith("test"):
        stem += "backend"
    return [
        (f"{folder}/{stem}.go", _importer(backend, yaml_package)),
        (f"{folder}/{stem}_test.go", _test(backend)),
    ]


def _usecases(backend: Backend) -> str:
    return ", ".join(quote(usecase) for usecase in backend.use.usecases[:1])


def _importer(backend: Backend, yaml_package: str) -> str:
    kind = type_name(backend)
    name = quote(backend.name)
    return f"""package importers

import (
	"encoding/json"
	"path/filepath"
	"strings"

	"github.com/mudler/LocalAI/core/config"
	"github.com/mudler/LocalAI/core/gallery"
	"github.com/mudler/LocalAI/core/schema"
	"{yaml_package}"
)

var _ Importer = &{kind}{{}}

// {kind} recognises models of the {backend.name} backend: an explicit
// preference, or a repository or file whose name starts with {name}.
// It stands before the importers that claim every file of a format.
type {kind} struct{{}}

func (i *{kind}) Name() string      {{ return {name} }}
func (i *{kind}) Modality() string  {{ return {quote(backend.use.import_key)} }}
func (i *{kind}) AutoDetects() bool {{ return true }}

func (i *{kind}) preferences(details Details) map[string]any {{
	preferences := map[string]any{{}}
	if raw, err := details.Preferences.MarshalJSON(); err == nil {{
		_ = json.Unmarshal(raw, &preferences)
	}}
	return preferences
}}

func (i *{kind}) named(name string) bool {{
	name = strings.ToLower(name)
	return name == {name} || strings.HasPrefix(name, {quote(backend.name + "-")}) || strings.HasPrefix(name, {quote(backend.name + ".")})
}}

func (i *{kind}) Match(details Details) bool {{
	if backend, ok := i.preferences(details)["backend"].(string); ok && backend != "" {{
		return backend == {name}
	}}
	if i.named(filepath.Base(details.URI)) {{
		return true
	}}
	if details.HuggingFace == nil {{
		return false
	}}
	for _, file := range details.HuggingFace.Files {{
		if i.named(filepath.Base(file.Path)) {{
			return true
		}}
	}}
	return false
}}

func (i *{kind}) Import(details Details) (gallery.ModelConfig, error) {{
	preferences := i.preferences(details)
	base := filepath.Base(details.URI)
	name, ok := preferences["name"].(string)
	if !ok {{
		name = strings.TrimSuffix(base, filepath.Ext(base))
	}}
	description, ok := preferences["description"].(string)
	if !ok {{
		description = {quote(backend.summary)}
	}}

	out, err := yaml.Marshal(config.ModelConfig{{
		Name:                name,
		Description:         description,
		KnownUsecaseStrings: []string{{{_usecases(backend)}}},
		Backend:             {name},
		PredictionOptions: schema.PredictionOptions{{
			BasicModelRequest: schema.BasicModelRequest{{Model: base}},
		}},
	}})
	if err != nil {{
		return gallery.ModelConfig{{}}, err
	}}
	return gallery.ModelConfig{{
		Name:        name,
		Description: description,
		ConfigFile:  string(out),
		Files:       []gallery.File{{{{Filename: base, URI: details.URI}}}},
	}}, nil
}}
"""


def _test(backend: Backend) -> str:
    kind = type_name(backend)
    name = backend.name
    preference = quote('{"backend": "' + name + '"}')
    return f"""package importers_test

import (
	"encoding/json"

	. "github.com/mudler/LocalAI/core/gallery/importers"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("{kind}", func() {{
	importer := &{kind}{{}}

	It("matches an explicit preference", func() {{
		details := Details{{URI: "https://example.com/model.bin", Preferences: json.RawMessage({preference})}}
		Expect(importer.Match(details)).To(BeTrue())
	}})

	It("leaves a model to the backend that the user asked for", func() {{
		details := Details{{URI: "https://example.com/{name}-small.bin", Preferences: json.RawMessage(`{{"backend": "another"}}`)}}
		Expect(importer.Match(details)).To(BeFalse())
	}})

	It("matches a file that carries its name", func() {{
		Expect(importer.Match(Details{{URI: "https://example.com/{name}-small.bin"}})).To(BeTrue())
	}})

	It("matches nothing else", func() {{
		Expect(importer.Match(Details{{URI: "https://example.com/Another-7B.gguf"}})).To(BeFalse())
	}})

	It("is tried before the importers that claim a whole format", func() {{
		position := map[string]int{{}}
		for index, registered := range Registry() {{
			position[registered.Name()] = index
		}}
		Expect(position).To(HaveKey("{name}"))
		if generic, ok := position["llama-cpp"]; ok {{
			Expect(position["{name}"]).To(BeNumerically("<", generic))
		}}
	}})

	It("emits a model of this backend", func() {{
		imported, err := importer.Import(Details{{URI: "https://example.com/{name}-small.bin"}})
		Expect(err).NotTo(HaveOccurred())
		Expect(imported.Name).To(Equal("{name}-small"))
		Expect(imported.ConfigFile).To(ContainSubstring("backend: {name}"))
		Expect(imported.Files).To(HaveLen(1))
	}})
}})
"""
