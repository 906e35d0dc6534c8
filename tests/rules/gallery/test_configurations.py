"""Configurations of models: each with a defect that is found and a likeness that is let pass."""

from __future__ import annotations

import pytest

from scaffold.rules.base import Severity
from tests.rules.gallery.test_models import MODELS, listed, wren
from tests.rules.trees import Altered, Case, assert_fine, assert_found

SLUG = "gallery-model-configuration"
CODE = """\
package config

// ModelConfig is what a model says.
type ModelConfig struct {
	Name     string   `yaml:"name"`
	Backend  string   `yaml:"backend"`
	Context  *int     `yaml:"context_size"`
	UseCases []string `yaml:"known_usecases"`

	Parameters map[string]any `yaml:"parameters"`
}

// GetAllModelConfigUsecases has the names.
func GetAllModelConfigUsecases() map[string]ModelConfigUsecase {
	return map[string]ModelConfigUsecase{
		"FLAG_CHAT":  FLAG_CHAT,
		"FLAG_IMAGE": FLAG_IMAGE,
		"FLAG_3D":    FLAG_3D,
	}
}
"""


def configured(*lines: str, code: str = CODE) -> Altered:
    """A model with lines of its own below `overrides`."""
    text = "".join(f"    {line}\n" for line in lines)
    return _known(listed(wren().replace("    backend:", f"{text}    backend:")), code)


def based(*lines: str, code: str = CODE) -> Altered:
    """A model that is based on a file with some lines below `config_file`."""
    text = "".join(f"    {line}\n" for line in lines)
    tree = listed(wren(base="owl").replace("acme/", "mudler/"))
    return _known(tree.write("gallery/owl.yaml", f"name: owl\nconfig_file: |\n{text}"), code)


def _known(tree: Altered, code: str) -> Altered:
    return tree.write("core/config/model_config.go", code)


CASES = {
    "a word that is a list": Case(
        SLUG, "", MODELS, ("known_usecases: chat",), configured("known_usecases: chat"),
        says="LocalAI cannot install a model: known_usecases is the text 'chat', not a list",
    ),
    "a word that is a number": Case(
        SLUG, "", MODELS, ("context_size:",), configured("context_size: big"), says="make it a whole number",
    ),
    "a configuration in the list": Case(
        SLUG, "", MODELS, ("context_size:",),
        _known(
            listed("- name: a\n  config_file:\n    context_size: big\n"), CODE
        ),
        also=("registration-file-missing",),
    ),
    "one in brackets": Case(
        SLUG, "", MODELS, ("  overrides:",),
        _known(listed("- name: a\n  url: x\n  overrides: {backend: [rookery]}\n"), CODE),
    ),
    "the configuration of a base": Case(
        SLUG, "", "gallery/owl.yaml", ("parameters:",), based("backend: rookery", "parameters: [a]"),
        says="the models that are based on it",
    ),
    "one in quotes": Case(
        SLUG, "", "gallery/owl.yaml", ("config_file:",),
        based().write("gallery/owl.yaml", 'name: owl\nconfig_file: "backend: rookery\\ncontext_size: big"\n'),
    ),
    "one that is no YAML": Case(
        SLUG, "", "gallery/owl.yaml", ("context_size:",), based("backend: rookery", "context_size: [1"),
    ),
    "one that is a word": Case(SLUG, "", "gallery/owl.yaml", ("rookery",), based("rookery")),
    "a use case that is misspelt": Case(
        SLUG, "", MODELS, ("- imgae",), configured("known_usecases:", "  - chat", "  - imgae # so"), says="write image",
    ),
    "a use case that is called otherwise": Case(
        SLUG, "", MODELS, ("image_generation",), configured("known_usecases: [chat, 'image_generation']"),
        says="write image",
    ),
    "a use case of a base": Case(
        SLUG, "", "gallery/owl.yaml", ("- caht",), based("known_usecases:", "- caht", "backend: rookery"),
        says="write chat",
    ),
    "what no use case is a part of": Case(
        SLUG, "", MODELS, ("- multimodal",), configured("known_usecases:", "# of all", "- multimodal"),
        severity=Severity.warning,
    ),
}  # fmt: skip

FINE = {
    "as it is meant": configured("context_size: 8192", "known_usecases:", "  - chat", "  - 3D", "  - FLAG_IMAGE"),
    "a configuration that is not read": _known(
        listed(wren() + "  config_file:\n    context_size: big\n"), CODE
    ),
    "a base as it is meant": based("backend: rookery", "known_usecases: [image]", "context_size: 1"),
    "a name that is replaced": based("name: [a]", "backend: rookery"),
    "a use case that is nothing": configured("known_usecases: [chat, null]"),
    "words about it": _known(
        listed(wren().replace("  overrides:", "  description: |\n    known_usecases: [x]\n  overrides:")), CODE
    ),
    "what the checkout does not say": configured("context_size: big", "known_usecases: [x]", code="package config\n"),
    "a struct that is no Go": configured("context_size: big", code=CODE.replace("*int ", "*in*t ")),
    "a list that is empty": configured("known_usecases:"),
    "an alias": _known(
        listed(wren() + "- name: b\n  <<: *wren\n  overrides:\n    context_size: *wren\n"), CODE
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(FINE[name], SLUG)
