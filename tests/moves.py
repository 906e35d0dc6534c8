"""Moves: a file that LocalAI puts elsewhere, a name that it changes. No reader knows the new one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from scaffold.checkout.tree import Overlay, Tree
from scaffold.errors import ShapeError
from scaffold.operations import check
from scaffold.registry import Registry
from scaffold.report.view import View, praise
from scaffold.rules import all_rules
from scaffold.rules.base import PipelineRule, Severity
from scaffold.rules.repository.parts import parts
from tests.rules.trees import (
    BUMP,
    CAPABILITIES,
    DARWIN,
    DEPENDABOT,
    DOCS,
    FILTER,
    GALLERY,
    IMPORTERS,
    MATRIX,
    PREF_ONLY,
    TEST_EXTRA,
)

FOLDER = "core/gallery/importers"
FEATURES = "docs/content/features/backends.md"
PROTO = "backend/backend.proto"
PUSH, PULL_REQUEST = ".github/workflows/backend.yml", ".github/workflows/backend_pr.yml"
HARDWARE = "pkg/system/capabilities.go"
MODELS = "gallery/index.yaml"
MAKEFILE = "Makefile"


class Move(NamedTuple):
    """One of them."""

    path: str
    """The file, or a folder all of whose files are meant."""
    pattern: str = ""
    """What gets another name in it; "" where the file itself does."""
    new: str = ""

    def __str__(self) -> str:
        return f"{self.path} {self.pattern or 'moved'}"

    def made(self, tree: Tree) -> Tree | None:
        """A tree after the move; None where it has no such thing."""
        paths = [path for path in tree.files("") if path == self.path or path.startswith(f"{self.path}/")]
        before = {path: tree.content(path) or b"" for path in paths}
        after: dict[str, bytes | None]
        if self.pattern:
            after = {p: re.sub(self.pattern.encode(), self.new.encode(), data) for p, data in before.items()}
        else:
            after = dict.fromkeys(paths) | {f"moved/{path}": data for path, data in before.items()}
        return Overlay(tree, after) if after != before else None


def key(path: str, *names: str) -> list[Move]:
    """Moves of the keys of a YAML file."""
    return [Move(path, rf"(?m)^(\s*(?:- )?){name}:", rf"\1other-{name}:") for name in names]


def word(path: str, *names: str) -> list[Move]:
    """Moves of the names in a file of code."""
    return [Move(path, rf"\b{name}\b", f"X{name[1:]}") for name in names]


NAMES = [
    *key(MATRIX, "include", "includeDarwin", "backend", "base-image", "build-type", "context", "dockerfile"),
    *key(MATRIX, "cuda-major-version", "cuda-minor-version", "platforms", "runs-on", "skip-drivers"),
    *key(MATRIX, "tag-latest", "tag-suffix"),
    *key(
        GALLERY, "name", "alias", "capabilities", "description", "icon", "license", "mirrors", "tags", "uri"
    ),
    *key(GALLERY, "urls"),
    *(
        Move(MAKEFILE, rf"(?m)^{name}", "other")
        for name in (r"docker-build-backends:", r"\.NOTPARALLEL:", "test-extra:", "prepare-test-extra:")
    ),
    Move(MAKEFILE, r"\bBACKEND_(?=[A-Z])", "ENGINE_"),
    *word(MAKEFILE, "generate-docker-build-target"),
    *word(FILTER, "inferBackendPath", "inferBackendPathDarwin", "DARWIN_BESPOKE_BUILDERS"),
    *word(FILTER, "SHARED_BUILD_INPUTS"),
    Move(FILTER, r"\bfilterMatrix\(", "sift("),
    *word("scripts/changed-backends.js", "SINGLEARCH_SHARDS"),
    *key(BUMP, "repository", "variable", "branch", "file", "jobs"),
    *word(TEST_EXTRA, "detect-changes"),
    *key(TEST_EXTRA, "outputs", "jobs"),
    *word(DARWIN, r"inputs\.backend"),
    Move(DARWIN, "build-darwin-", "build-mac-"),
    *word(CAPABILITIES, "BackendCapabilities", "UsecaseInfoMap", "GRPCMethods", "PossibleUsecases"),
    *word(CAPABILITIES, "DefaultUsecases"),
    Move(CAPABILITIES, r"\bUsecase(?=[A-Z])", "UseFor"),
    Move(CAPABILITIES, r"\bMethod(?=[A-Z])", "Call"),
    *word(IMPORTERS, "defaultImporters"),
    *word(PREF_ONLY, "knownPrefOnlyBackends", "Name", "Modality"),
    *word("core/http/endpoints/localai/backend_test.go", "expectPrefOnly"),
    *word(FOLDER, "AutoDetects", "AdditionalBackends", "Backend"),
    Move(FOLDER, r"\bName\(\)", "Title()"),
    Move(FOLDER, r"Importer struct", "Finder struct"),
    *word("pkg/model/initializers.go", "Aliases"),
    Move(HARDWARE, "backendToken", "token"),
    Move(DOCS, r"\bBackend\b", "Engine"),
    Move(FEATURES, r"\(e\.g\.", "(as"),
    Move("README.md", r"(?m)^\| *Backend", "| Engine"),
    Move(PROTO, r"(?m)^service Backend\b", "service Engine"),
    Move(PROTO, r"\brpc ", "call "),
    Move("go.mod", r"(?m)^module ", "mod "),
    Move("go.mod", r"(?m)^go ", "golang "),
    *key(DEPENDABOT, "updates", "directory"),
    Move(MODELS, r"\bbackend:", "engine:"),
    *key(".github/workflows/base-images.yml", "tag", "include"),
    *(
        Move(path, rf"{called}\.yml", "elsewhere.yml")
        for path in (PUSH, PULL_REQUEST)
        for called in ("backend_build", "backend_build_darwin", "backend_merge")
    ),
    Move("backend/cpp/run-unit-tests.sh", "-not -path", "! -path"),
]


def files(tree: Tree) -> list[Move]:
    """Moves of everything that a reader finds something in."""
    return [Move(path) for path in dict.fromkeys(part.path for part in parts(Registry(tree)) if part.size)]


def silent(tree: Tree, moves: list[Move]) -> tuple[list[str], int]:
    """The moves of which a check does not say what it misses where, or which it thanks for; how many it saw."""
    wrong = []
    seen = 0
    for move in moves:
        moved = move.made(tree)
        if moved is not None:
            seen += 1
            wrong += [f"{move}: {why}" for why in _silence(tree, moved, move)]
    return wrong, seen


def _silence(before: Tree, after: Tree, move: Move) -> Iterator[str]:
    try:
        result = check.run(after, check.Scope(), before, "main")
    except ShapeError as error:
        if not error.problem:
            yield "no expectation is named"
        return
    view = View(result, after, ".")
    if praise(view):
        yield "it is thanked for"
    pipeline = {rule.slug for rule in all_rules() if isinstance(rule, PipelineRule)}
    spoilt = any(f.rule == "registration-file-missing" for f in view.new())
    told = [f for f in view.new() if (spoilt and f.path == move.path) or f.rule not in pipeline]
    if len(told) > 1:
        yield f"it is told more than once: {[f'{f.severity} {f.rule} {f.path}' for f in told[:5]]}"
    errors = [finding for finding in view.new() if finding.severity is Severity.error]
    if not any(move.path in f"{f.path} {f.message} {f.help}" for f in errors):
        yield f"no error names it: {sorted({f'{f.severity} {f.rule} {f.path}' for f in view.new()})[:5]}"
