"""Rules about registrations as such: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import pytest

from tests.rules.trees import (
    BUMP,
    CAPABILITIES,
    DEPENDABOT,
    FILTER,
    GALLERY,
    MATRIX,
    MINIATURE,
    Case,
    assert_fine,
    assert_found,
    entry,
    item,
)

HERON = '  if (item.dockerfile.endsWith("heron")) {\n'
BRANCH = '  if (item.backend === "gone") {\n    return `backend/go/gone/`;\n  }\n'
WATCHED = '  - package-ecosystem: "pip"\n    directory: "/backend/python/gone"\n    schedule:\n      interval: "weekly"\n'
OWL = '\t"owl": {\n\t\tGRPCMethods: []GRPCMethod{MethodTTS},\n\t},\n'
ENTRIES = "\t// --- TTS backends ---\n"
GONE = '- &gone\n  name: "gone"\n  alias: "gone"\n  license: mit\n  icon: x\n  description: x\n  urls:\n    - x\n  tags:\n    - x\n  capabilities:\n    default: "cpu-kestrel"\n'

CASES = {
    "a capability entry of nobody": Case(
        "registration-stale", "owl", CAPABILITIES, ('"owl": {',),
        MINIATURE.edit(CAPABILITIES, (ENTRIES, ENTRIES + OWL)),
        fix=True, restores=True,
    ),
    "a branch for nobody": Case(
        "registration-stale", "gone", FILTER, ('=== "gone"',),
        MINIATURE.edit(FILTER, (HERON, BRANCH + HERON)),
        fix=True, restores=True,
    ),
    "a folder that is watched for nothing": Case(
        "registration-stale", "gone", DEPENDABOT, ("/backend/python/gone", "^- package"),
        MINIATURE.rewrite(DEPENDABOT, lambda text: text.rstrip("\n") + f"\n{WATCHED}"),
        fix=True,
    ),
    "a meta of nobody": Case(
        "registration-stale", "gone", GALLERY, ("- &gone",),
        MINIATURE.edit(GALLERY, ("- &kestrel\n", f"{GONE}- &kestrel\n")),
        also=("gallery-capability-target",),
    ),
    "an empty list of pins": Case(
        "registration-file-missing", "", BUMP, (),
        MINIATURE.write(BUMP, "name: bump\n"),
        also=("bump-missing-entry",), says="no bump entry",
    ),
    "no list of pins": Case(
        "registration-file-missing", "", "core/gallery/importers/importers.go", ("var importers =",),
        MINIATURE.edit("core/gallery/importers/importers.go", ("var defaultImporters =", "var importers =")),
        also=None, says="no importer",
    ),
    "a key twice in an entry": Case(
        "duplicate-key", "heron", MATRIX, ("'-cpu-heron'", "runs-on", "runs-on"),
        MINIATURE.edit_in(entry("-cpu-heron", "amd64"), ("    runs-on: 'ubuntu-latest'\n", "    runs-on: 'ubuntu-latest'\n    runs-on: 'ubuntu-latest'\n")),
        says="'runs-on'",
    ),
    "a key twice in an item": Case(
        "duplicate-key", "kestrel", GALLERY, ('name: "cpu-kestrel"', 'name: "cpu-kestrel"'),
        MINIATURE.edit_in(item("cpu-kestrel"), ('  name: "cpu-kestrel"\n', '  name: "cpu-kestrel"\n  name: "cpu-kestrel"\n')),
    ),
    "a key twice in a pin's entry": Case(
        "duplicate-key", "heron", BUMP, ("HERON_VERSION", "branch", "branch"),
        MINIATURE.rewrite(BUMP, lambda text: text.replace('            branch: "main"\n', '            branch: "main"\n' * 2, 1)),
        says="'branch'",
    ),
    "a folder that is a list": Case(
        "dependabot-unreadable", "", DEPENDABOT, ('["/backend/rust/kestrel"]',),
        MINIATURE.edit(DEPENDABOT, ('"/backend/rust/kestrel"', '["/backend/rust/kestrel"]')),
        says="directory is a list, not a text",
    ),
    "a schedule that is a word": Case(
        "dependabot-unreadable", "", DEPENDABOT, ("schedule: weekly",),
        MINIATURE.rewrite(DEPENDABOT, lambda text: text.replace('schedule:\n      interval: "weekly"', "schedule: weekly", 1)),
    ),
    "a folder that is not said": Case(
        "dependabot-unreadable", "", DEPENDABOT, ('"cargo"',),
        MINIATURE.edit(DEPENDABOT, ('"/backend/rust/kestrel"', "~")),
        says="has no `directory`",
    ),
    "a key twice of dependabot's": Case(
        "dependabot-unreadable", "", DEPENDABOT, ("version: 2", "version: 2"),
        MINIATURE.edit(DEPENDABOT, ("version: 2\n", "version: 2\nversion: 2\n")),
    ),
    "an entry that is a word": Case(
        "dependabot-unreadable", "", DEPENDABOT, ("- word",),
        MINIATURE.edit(DEPENDABOT, ("updates:\n", "updates:\n  - word\n")),
    ),
    "a capability twice": Case(
        "duplicate-key", "lark", GALLERY, ('name: "lark"', "metal:", "metal:"),
        MINIATURE.edit_in(item("lark"), ('    metal: "metal-lark"\n', '    metal: "metal-lark"\n    metal: "metal-lark"\n')),
    ),
}  # fmt: skip

FINE = {
    "an entry of an alias of LocalAI": (
        MINIATURE.edit(CAPABILITIES, (ENTRIES, ENTRIES + OWL.replace('"owl"', '"embedded-store"'))),
        "registration-stale",
    ),
    "a folder of no backend": (
        MINIATURE.rewrite(DEPENDABOT, lambda text: text.replace('directory: "/"', 'directory: "/docs"')),
        None,
    ),
    "the schedule of a group": (
        MINIATURE.rewrite(
            DEPENDABOT,
            lambda text: text.replace('schedule:\n      interval: "weekly"', 'multi-ecosystem-group: "all"', 1),
        ),
        None,
    ),
    "several folders in one entry": (
        MINIATURE.edit(DEPENDABOT, ('directory: "/backend/rust/kestrel"', 'directories: ["/backend/rust/kestrel", "/"]')),
        None,
    ),
    "one key in two items": (MINIATURE.copy(item("cpu-kestrel"), ('"cpu-kestrel"', '"cpu-kestrel-2"')), "duplicate-key"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])
