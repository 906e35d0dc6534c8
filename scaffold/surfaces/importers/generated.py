"""The Go source of a generated importer and of its test."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from scaffold.syntax.golang import quote

if TYPE_CHECKING:
    from scaffold.backend.answers import Backend


def type_name(backend: Backend) -> str:
    """`MyBackendImporter`."""
    return "".join(word[:1].upper() + word[1:] for word in backend.name.split("-")) + "Importer"


def files(backend: Backend, folder: str, yaml_package: str) -> list[tuple[str, str]]:
    """Path and text of the importer and its test."""
    return [
        (f"{folder}/{backend.name}.go", _importer(backend, yaml_package)),
        (f"{folder}/{backend.name}_test.go", _test(backend)),
    ]


class _Patterns(NamedTuple):
    """What an importer recognises: globs in lower case, and pipeline tags."""

    files: list[str]
    repositories: list[str]
    tags: list[str]

    @classmethod
    def of(cls, backend: Backend) -> _Patterns:
        """Those that the answers give; else files and repositories that are named like the backend."""
        tags = [p.removeprefix("tag:") for p in backend.match if p.startswith("tag:")]
        globs = [p.lower() for p in backend.match if not p.startswith("tag:")]
        if not backend.match:
            globs = [backend.known_as, f"{backend.known_as}-*", f"{backend.known_as}.*"]
        return cls([g for g in globs if "/" not in g], [g for g in globs if "/" in g], tags)


def _listed(words: list[str]) -> str:
    return ", ".join(map(quote, words))


def _recognised(patterns: _Patterns) -> str:
    said = [f"a file like {', '.join(patterns.files)}"] if patterns.files else []
    said += [f"a repository like {', '.join(patterns.repositories)}"] if patterns.repositories else []
    said += [f"the pipeline tag {', '.join(patterns.tags)}"] if patterns.tags else []
    return "; ".join(said)


def _usecases(backend: Backend) -> str:
    return ", ".join(quote(usecase) for usecase in backend.use.usecases[:1])


def _importer(backend: Backend, yaml_package: str) -> str:
    kind = type_name(backend)
    name = quote(backend.known_as)
    patterns = _Patterns.of(backend)
    matched = ""
    if patterns.files:
        matched += """
	if i.takes(i.files(), filepath.Base(details.URI)) {
		return true
	}"""
    matched += """
	if details.HuggingFace == nil {
		return false
	}"""
    if patterns.tags:
        tags = " || ".join(f"details.HuggingFace.PipelineTag == {quote(tag)}" for tag in patterns.tags)
        matched += f"""
	if {tags} {{
		return true
	}}"""
    if patterns.repositories:
        matched += f"""
	if i.takes([]string{{{_listed(patterns.repositories)}}}, details.HuggingFace.ModelID) {{
		return true
	}}"""
    if patterns.files:
        matched += """
	for _, file := range details.HuggingFace.Files {
		if i.takes(i.files(), filepath.Base(file.Path)) {
			return true
		}
	}"""
    files = f"""
func (i *{kind}) files() []string {{
	return []string{{{_listed(patterns.files)}}}
}}
"""
    some = f"""
func (i *{kind}) takes(patterns []string, name string) bool {{
	for _, pattern := range patterns {{
		if ok, err := path.Match(pattern, strings.ToLower(name)); err == nil && ok {{
			return true
		}}
	}}
	return false
}}
"""
    helpers = (files if patterns.files else "") + (some if patterns.files or patterns.repositories else "")
    needs_path = '\n\t"path"' if patterns.files or patterns.repositories else ""
    return f"""package importers

import (
	"encoding/json"{needs_path}
	"path/filepath"
	"strings"

	"github.com/mudler/LocalAI/core/config"
	"github.com/mudler/LocalAI/core/gallery"
	"github.com/mudler/LocalAI/core/schema"
	"{yaml_package}"
)

var _ Importer = &{kind}{{}}

// {kind} recognises models of the {backend.name} backend: an explicit
// preference, or {_recognised(patterns)}.
// It stands before the importers that claim every file of a format.
type {kind} struct{{}}

func (i *{kind}) Name() string      {{ return {name} }}
func (i *{kind}) Modality() string  {{ return {quote(backend.use.import_key)} }}
func (i *{kind}) AutoDetects() bool {{ return true }}

func (i *{kind}) preferences(details Details) (map[string]any, error) {{
	preferences := map[string]any{{}}
	raw, err := details.Preferences.MarshalJSON()
	if err == nil {{
		err = json.Unmarshal(raw, &preferences)
	}}
	return preferences, err
}}

{helpers.removeprefix(chr(10))}{chr(10) if helpers else ""}func (i *{kind}) Match(details Details) bool {{
	preferences, err := i.preferences(details)
	if err != nil {{
		return false
	}}
	if backend, ok := preferences["backend"].(string); ok && backend != "" {{
		return backend == {name}
	}}
{matched.removeprefix(chr(10))}
	return false
}}

func (i *{kind}) Import(details Details) (gallery.ModelConfig, error) {{
	preferences, err := i.preferences(details)
	if err != nil {{
		return gallery.ModelConfig{{}}, err
	}}
	base := filepath.Base(details.URI)
	name, ok := preferences["name"].(string)
	if !ok {{
		name = strings.TrimSuffix(base, filepath.Ext(base))
	}}
	description, ok := preferences["description"].(string)
	if !ok {{
		description = {quote(backend.sentence)}
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
    name = backend.known_as
    patterns = _Patterns.of(backend)
    file = next((p.replace("*", "small") for p in patterns.files if "*" in p), None)
    file = file or next(iter(patterns.files), "small.bin")
    address = quote(f"https://example.com/{file}")
    matches = [("a file of its own", f"Details{{URI: {address}}}")]
    if not patterns.files:
        matches = []
    for tag in patterns.tags:
        details = f"&hfapi.ModelDetails{{PipelineTag: {quote(tag)}}}"
        matches.append((f"the pipeline tag {tag}", f"Details{{HuggingFace: {details}}}"))
    for repository in patterns.repositories:
        details = f"&hfapi.ModelDetails{{ModelID: {quote(repository.replace('*', 'Small'))}}}"
        matches.append((f"the repositories {repository}", f"Details{{HuggingFace: {details}}}"))
    its = "".join(
        f"""	It({quote(f"matches {what}")}, func() {{
		Expect(importer.Match({details})).To(BeTrue())
	}})

"""
        for what, details in matches
    )
    more = (
        ""
        if len(matches) == bool(patterns.files)
        else '''
	hfapi "github.com/mudler/LocalAI/pkg/huggingface-api"'''
    )
    preference = quote('{"backend": "' + name + '"}')
    return f"""package importers_test

import (
	"encoding/json"

	. "github.com/mudler/LocalAI/core/gallery/importers"{more}
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
		details := Details{{URI: {address}, Preferences: json.RawMessage(`{{"backend": "another"}}`)}}
		Expect(importer.Match(details)).To(BeFalse())
	}})

{its}	It("matches nothing else", func() {{
		Expect(importer.Match(Details{{URI: "https://example.com/another-7b.unknown"}})).To(BeFalse())
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

	It("refuses preferences that cannot be read", func() {{
		details := Details{{URI: {address}, Preferences: json.RawMessage(`{{`)}}
		Expect(importer.Match(details)).To(BeFalse())
		_, err := importer.Import(details)
		Expect(err).To(HaveOccurred())
	}})
}})
"""
