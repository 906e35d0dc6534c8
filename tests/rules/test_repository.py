"""Rules about a backend as a whole, about changes and suppressions; and that every rule has a test."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from scaffold.operations import check
from scaffold.rules import registration_rules
from scaffold.rules.base import Finding
from tests.rules import test_files as files
from tests.rules import trees
from tests.rules.test_gallery import HARDWARE
from tests.rules.trees import (
    BASE,
    BUMP,
    CAPABILITIES,
    DEPENDABOT,
    FILTER,
    GALLERY,
    MATRIX,
    MINIATURE,
    Altered,
    Case,
    assert_fine,
    assert_found,
    entry,
    findings,
    item,
    line_of,
    told,
)

SUPPRESSIONS = ".scaffold.toml"
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
        also=("bump-missing-entry",), says="no entry",
    ),
    "no list of pins": Case(
        "registration-file-missing", "", "core/gallery/importers/importers.go", (),
        MINIATURE.edit("core/gallery/importers/importers.go", ("var defaultImporters =", "var importers =")),
        also=None, says="no importer",
    ),
    "a name with a hardware word in it": Case(
        "backend-name-hardware", "chipmunk", "backend/go/chipmunk/run.sh", (),
        MINIATURE.write("pkg/system/capabilities.go", HARDWARE).write("backend/go/chipmunk/run.sh", "exec ./chipmunk\n"),
        also=("matrix-missing-entry",), says="'hip'",
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
    "a hardware word on its own": (
        MINIATURE.write("pkg/system/capabilities.go", HARDWARE).write("backend/go/metal-owl/run.sh", "exec ./owl\n"),
        "backend-name-hardware",
    ),
    "a checkout that reads no hardware from names": (
        MINIATURE.write("backend/go/chipmunk/run.sh", "exec ./chipmunk\n"),
        "backend-name-hardware",
    ),
    "one key in two items": (MINIATURE.copy(item("cpu-kestrel"), ('"cpu-kestrel"', '"cpu-kestrel-2"')), "duplicate-key"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])


# --- a change ------------------------------------------------------------------------------------

PLOVER = MINIATURE.write("backend/go/plover/run.sh", "exec ./plover\n")


def changed(to: Altered, since: Altered = MINIATURE) -> list[Finding]:
    """What collateral-edit says of a change."""
    result = check.run(to.tree(), check.Scope(select=("collateral-edit",)), since.tree())
    return list(result.findings)


def test_a_new_backend_that_costs_another_its_entries() -> None:
    after = PLOVER.drop(entry("-cpu-lark", "arm64"), item("cpu-lark-development"))
    (finding,) = changed(after)
    (told_of,) = told([finding])
    line = line_of(after.tree(), MATRIX, "'-cpu-lark'", "^- build-type")
    assert told_of == ("collateral-edit", "lark", MATRIX, line)
    assert "adds plover" in finding.message
    assert "1 x gallery item, 1 x matrix entry" in finding.message


def test_a_new_backend_that_alters_another() -> None:
    after = PLOVER.edit("Makefile", ("BACKEND_LARK = lark|golang", "BACKEND_LARK = lark|python"))
    assert [(f.backend, f.subject) for f in changed(after)] == [("lark", "Makefile definition")]


@pytest.mark.parametrize(
    "after",
    [
        PLOVER,
        PLOVER.copy(entry("-cpu-lark", "arm64"), ("'-cpu-lark'", "'-cpu-lark-2'")),
        MINIATURE.drop(entry("-cpu-lark", "arm64")),
        PLOVER.above(entry("-cpu-lark", "arm64"), "# a comment"),
        PLOVER.write("backend/go/dunlin/run.sh", "exec ./dunlin\n").drop(entry("-cpu-lark", "arm64")),
    ],
    ids=["only adds", "adds to another", "adds no backend", "moves", "adds two"],
)
def test_a_change_without_collateral(after: Altered) -> None:
    assert changed(after) == []


def test_a_base_that_lost_them_too_is_no_change() -> None:
    lost = (entry("-cpu-lark", "arm64"),)
    assert changed(PLOVER.drop(*lost), since=MINIATURE.drop(*lost)) == []


# --- suppressions --------------------------------------------------------------------------------

SUPPRESS = '[[suppress]]\nrule = "{}"\nbackend = "{}"\nreason = "because"\n'
UNEXPLAINED = MINIATURE.edit(MATRIX, ("meadow-lark: Linux only, it follows", "meadow-lark follows"))


def test_a_suppression_that_suppresses_nothing() -> None:
    text = "# one\n" + SUPPRESS.format("matrix-darwin-missing", "lark")
    result = check.run(MINIATURE.write(SUPPRESSIONS, text).tree(), check.Scope())
    assert told(list(result.findings)) == [("suppression-unused", "lark", SUPPRESSIONS, 2)]


def test_a_suppression_that_suppresses_something() -> None:
    text = SUPPRESS.format("matrix-darwin-missing", "meadow-lark")
    result = check.run(UNEXPLAINED.write(SUPPRESSIONS, text).tree(), check.Scope())
    assert result.findings == ()
    assert told(list(result.suppressed))[0][:2] == ("matrix-darwin-missing", "meadow-lark")


@pytest.mark.parametrize("scope", [check.Scope(select=("gallery",)), check.Scope(backends=("lark",))])
def test_a_partial_check_does_not_judge_suppressions(scope: check.Scope) -> None:
    text = SUPPRESS.format("matrix-darwin-missing", "lark")
    assert check.run(MINIATURE.write(SUPPRESSIONS, text).tree(), scope).findings == ()


def test_a_suppression_of_another_message() -> None:
    text = SUPPRESS.format("matrix-darwin-missing", "meadow-lark")
    for match, rules in (("Linux only", []), ("no macOS", ["matrix-darwin-missing", "suppression-unused"])):
        altered = UNEXPLAINED.write(SUPPRESSIONS, f'{text}match = "{match}"\n')
        found = check.run(altered.tree(), check.Scope()).findings
        assert sorted(f.rule for f in found) == rules


# --- the catalogue -------------------------------------------------------------------------------

MODULES = [
    importlib.import_module(f"tests.rules.{file.stem}")
    for file in sorted(Path(trees.__file__).parent.glob("test_*.py"))
]


def test_the_miniature_has_no_finding_at_all() -> None:
    assert told(list(check.run(BASE, check.Scope()).findings)) == []


RUN_SH = "#!/bin/bash\nexec $(dirname $0)/start $@\n"
OWN_FILES = {
    "matrix-no-requirements": (f"{files.FINCH}/requirements-intel.txt", None),
    "makefile-test-target": (f"{files.FINCH}/Makefile", "install:\n"),
    "build-target-missing": (f"{files.LARK}/Makefile", "test:\n\ttrue\n"),
    "darwin-run-script": (f"{files.LARK}/run.sh", files.LINUX_RUN),
    "darwin-packaging": (f"{files.LARK}/package.sh", files.LINUX_PACKAGE),
    "build-type-unhandled": (f"{files.WREN}/Makefile", "BUILD_TYPE?=\nifeq ($(BUILD_TYPE),cublas)\nendif\n"),
    "build-flag-obsolete": (f"{files.WREN}/Makefile", "BUILD_TYPE?=\nCMAKE_ARGS+=-DGGML_HIPBLAS=ON\n"),
    "rust-stub-missing": (f"{files.KESTREL}/build.rs", "// no stubs\n"),
    "bump-pin-elsewhere": (f"{files.FINCH}/install.sh", "git clone -b v1.2.3 https://github.com/a/b\n"),
    "python-run-quoting": (f"{files.FINCH}/run.sh", RUN_SH),
    "native-run-quoting": (f"{files.LARK}/run.sh", RUN_SH),
    "signal-shutdown": (f"{files.HERON}/grpc-server.cpp", files.SERVERS["function"]),
}
"""Rule about a backend's own files -> a file that breaks it; `test_files` goes into the details."""


@pytest.mark.parametrize("slug", OWN_FILES)
def test_a_file_of_a_backend_that_is_wrong(slug: str) -> None:
    path, text = OWN_FILES[slug]
    found = findings(MINIATURE.write(path, text).tree(), slug)
    assert {f.backend for f in found} == {path.split("/")[2]}


def test_every_rule_has_a_failing_case() -> None:
    tables = [getattr(module, "CASES", {}) for module in MODULES]
    broken = {case.rule for table in tables for case in table.values()}
    assert broken | OWN_FILES.keys() | {"collateral-edit", "suppression-unused"} == {
        r.slug for r in registration_rules()
    }
