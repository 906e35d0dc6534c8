"""What a removal does to the Go code of importers that stay: it must still be Go, without the backend."""

from __future__ import annotations

from pathlib import Path

import pytest

from scaffold.checkout.tree import WorkTree
from scaffold.operations import remove
from scaffold.registry import Registry
from scaffold.surfaces.importers.reading import FOLDER
from tests import consumers, lifecycle
from tests.rules.trees import BASE

NAMES = Registry(BASE).names

LOCAL = """package importers

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/mudler/LocalAI/core/config"
)

// ConfigureFolder chooses the backend of a folder of model files.
func ConfigureFolder(folder string) (config.ModelConfig, bool) {
	// Voices have a card beside them.
	card := filepath.Join(folder, "card.json")
	if _, err := os.Stat(card); err == nil {
		return config.ModelConfig{
			Backend: "finch-tts",
		}, true
	}

	// Birds are told by name.
	base := filepath.Base(folder)
	lower := strings.ToLower(base)
	switch {
	case strings.HasPrefix(lower, "lark"):
		return config.ModelConfig{
			Backend: "lark",
		}, true
	case larkish(folder):
		return config.ModelConfig{
			Backend: "nest-store",
		}, true
	}

	backend := ""
	if strings.HasSuffix(folder, ".x") {
		backend = "night-heron"
		if strings.HasPrefix(folder, "x") {
			backend = "night-heron"
		}
	} else if strings.HasSuffix(folder, ".y") {
		backend = "night-heron"
	}
	if strings.HasSuffix(folder, ".a") {
		backend = "rookery"
	} else if strings.HasSuffix(folder, ".b") {
		backend = "kestrel"
	} else if strings.HasSuffix(folder, ".c") {
		backend = "heron"
	}
	return config.ModelConfig{Backend: backend}, backend != ""
}
"""

HELPER = """
// suffixes end the names of larkish folders.
var suffixes = []string{"-lk"}

// larkish says whether a folder looks like a lark's, whatever its name.
func larkish(folder string) bool {
	for _, suffix := range suffixes {
		if strings.HasSuffix(folder, suffix) {
			return true
		}
	}
	return false
}
"""


@pytest.fixture
def tree(miniature: Path) -> Path:
    """The miniature with importers that give more than one backend, and share a function."""
    (miniature / FOLDER / "folder.go").write_text(LOCAL)
    lark = miniature / FOLDER / "lark.go"
    lark.write_text(lark.read_text().replace("import (\n", 'import (\n\t"strings"\n\n') + HELPER)
    return miniature


@pytest.mark.parametrize(
    "name",
    [
        "finch-tts",
        "heron",
        "kestrel",
        "lark",
        "llama-cpp",
        "meadow-lark",
        "nest-store",
        "night-heron",
        "rookery",
    ],
)
def test_no_importer_gives_a_removed_backend(tree: Path, name: str) -> None:
    known = lifecycle.findings(WorkTree(tree))
    given = set(Registry(WorkTree(tree)).importers.emitted)
    plan = remove.plan(WorkTree(tree), name)
    plan.changes.commit(tree)
    lifecycle.assert_forgotten(known, WorkTree(tree), name, plan)
    assert set(Registry(WorkTree(tree)).importers.emitted) == given - {name}
    consumers.run("go", "vet", "./core/gallery/importers/", cwd=tree)
    assert consumers.run("gofmt", "-l", FOLDER, cwd=tree).stdout == ""


def test_what_other_importers_need_stays(tree: Path) -> None:
    remove.plan(WorkTree(tree), "lark").changes.commit(tree)
    left = (tree / FOLDER / "lark.go").read_text()
    assert left == f'package importers\n\nimport (\n\t"strings"\n)\n{HELPER}'
    assert "LarkImporter{}" not in (tree / FOLDER / "importers.go").read_text()


def test_models_pass_to_a_backend_that_stays(tree: Path) -> None:
    plan = remove.plan(WorkTree(tree), "llama-cpp")
    asked = [manual.what for manual in plan.manual if manual.path == f"{FOLDER}/llama-cpp.go"]
    assert asked == ["its models get meadow-lark now, not llama-cpp: is that right?"]
    plan.changes.commit(tree)
    importers = Registry(WorkTree(tree)).importers
    assert "meadow-lark" in {importer.name for importer in importers.importers}


def test_a_use_that_is_no_code_of_the_package_is_left_to_a_person(tree: Path) -> None:
    test = tree / FOLDER / "all_test.go"
    test.write_text("package importers_test\n\nvar _ = importers.LarkImporter{}\n")
    plan = remove.plan(WorkTree(tree), "lark")
    assert (f"{FOLDER}/all_test.go", "it uses LarkImporter, which is gone") in {
        (m.path, m.what) for m in plan.manual
    }


def test_an_importer_without_a_name_is_that_of_what_it_gives(tree: Path) -> None:
    """Before importers had names, the backend that an importer gave was all that told whose it was."""
    lark = tree / FOLDER / "lark.go"
    lark.write_text("".join(line for line in lark.open() if "Name() string" not in line))
    remove.plan(WorkTree(tree), "lark").changes.commit(tree)
    assert "LarkImporter" not in lark.read_text()
    assert "LarkImporter{}" not in (tree / FOLDER / "importers.go").read_text()
