"""What a change that adds a backend must not leave out."""

from __future__ import annotations

import re

import pytest

from scaffold.checkout.tree import Overlay, Tree
from scaffold.operations import check, new, remove, rename
from scaffold.rules.base import Finding, Severity
from tests.operations.test_new import answers
from tests.rules.trees import BASE, text_of

SLUG = "addition-incomplete"
TEST_EXTRA = ".github/workflows/test-extra.yml"
KINDS = {"cpp": "grpc", "go": "purego", "python": "plain", "rust": "tonic"}


def added(lang: str) -> Tree:
    return new.plan(BASE, answers(lang, KINDS[lang])).changes.overlay()


def said(after: Tree, before: Tree = BASE) -> list[Finding]:
    return list(check.run(after, check.Scope(select=(SLUG,)), before).findings)


@pytest.mark.parametrize("lang", KINDS)
def test_what_new_backend_writes_is_complete(lang: str) -> None:
    assert said(added(lang)) == []


@pytest.mark.parametrize("lang", KINDS)
def test_each_line_that_is_left_out_is_missed(lang: str) -> None:
    after = added(lang)
    missed = []
    for path in (
        ".dockerignore",
        ".gitignore",
        "backend/cpp/run-unit-tests.sh",
        "core/http/endpoints/localai/backend_test.go",
    ):
        known = set(text_of(BASE, path).splitlines())
        lines = text_of(after, path).splitlines(keepends=True)
        for number, line in enumerate(lines):
            if line.strip() and line.rstrip("\n") not in known:
                without = "".join(lines[:number] + lines[number + 1 :]).encode()
                (finding,) = said(Overlay(after, {path: without}))
                assert (finding.subject, finding.severity) == (path, Severity.warning)
                assert line.strip(" \\\n\t").partition("(")[0] in f"{finding.message} {finding.help}"
                missed.append(path)
    assert bool({*missed}) is (lang == "cpp")


@pytest.mark.parametrize("start", ["", "$(CURDIR)", "$(CURDIR)/"])
def test_an_engine_is_built_where_a_variable_says(start: str) -> None:
    after = added("cpp")
    path = "backend/cpp/ibex-x2/Makefile"
    makefile = text_of(after, path).replace("SOURCE := ibex.cpp", f"SOURCE := {start}ibex.cpp")
    files = {".dockerignore": text_of(BASE, ".dockerignore").encode(), path: makefile.encode()}
    assert ".dockerignore" in {f.subject for f in said(Overlay(after, files))}


@pytest.mark.parametrize("lang", KINDS)
def test_a_job_that_is_left_out_is_missed(lang: str) -> None:
    after = added(lang)
    without = Overlay(after, {TEST_EXTRA: text_of(BASE, TEST_EXTRA).encode()})
    (finding,) = said(without)
    assert (finding.path, finding.severity) == (TEST_EXTRA, Severity.info)
    assert f"backend/{lang}/{finding.backend}" in finding.help
    assert said(without, without) == [], "it is no new backend"
    explained = text_of(BASE, TEST_EXTRA) + f"# {finding.backend} needs a GPU\n"
    assert said(Overlay(after, {TEST_EXTRA: explained.encode()})) == []


@pytest.mark.parametrize("path", ["README.md", "docs/content/features/backends.md"])
def test_a_list_that_is_left_out_is_missed(path: str) -> None:
    types = "- **Text-to-Speech Backends**: sing (e.g., Lark)\n- **LLM Backends**: write (e.g., Heron)\n"
    page = "docs/content/features/backends.md"
    before = Overlay(BASE, {page: (text_of(BASE, page) + types).encode()})
    wanted = answers("cpp", "grpc", upstream="aviary-example/ibex")
    after = new.plan(before, wanted).changes.overlay()
    assert said(after, before) == []
    (finding,) = said(Overlay(after, {path: before.read(path)}), before)
    assert (finding.subject, finding.severity) == (path, Severity.info)


def test_a_renamed_backend_is_not_new() -> None:
    bare = Overlay(
        BASE,
        {".dockerignore": re.sub(r"(?m)^backend/cpp/heron.*\n", "", text_of(BASE, ".dockerignore")).encode()},
    )
    assert said(rename.plan(bare, "heron", "egret").changes.overlay(), bare) == []


def test_a_pref_only_line_that_no_test_expects() -> None:
    path = "core/http/endpoints/localai/backend_test.go"
    before = Overlay(BASE, {path: (text_of(BASE, path) + '\texpectPrefOnly("lark", "tts")\n').encode()})
    after = new.plan(
        before, answers("python", "plain", imports="pref-only", modality="tts")
    ).changes.overlay()
    assert said(after, before) == []
    (finding,) = said(Overlay(after, {path: text_of(before, path).encode()}), before)
    assert (finding.subject, finding.severity) == (path, Severity.info)
    assert "backend.go" in finding.path
    other_form = text_of(before, path) + f'\tExpect(byName["{finding.backend}"].Modality).To(Equal("tts"))\n'
    assert said(Overlay(after, {path: other_form.encode()}), before) == []


# --- what a change takes away ----------------------------------------------------------------------

DROPPED = "registration-dropped"
PREF_ONLY_TEST = "core/http/endpoints/localai/backend_test.go"
LINES = [
    (".dockerignore", "backend/cpp/heron/build\n", "heron", Severity.warning),
    (".dockerignore", "backend/cpp/meadow-lark-*-build\n", "meadow-lark", Severity.warning),
    (".gitignore", "/nest-store\n", "nest-store", Severity.warning),
    ("backend/cpp/run-unit-tests.sh", "    -not -path '*/night-heron/night-heron/*' \\\n", "night-heron", Severity.warning),
    ("README.md", "| [heron](https://github.com/aviary-example/heron) | Voice activity detection in C++ |\n", "heron", Severity.info),
]  # fmt: skip


def dropped(after: Tree, before: Tree = BASE) -> list[tuple[str, str, Severity]]:
    found = check.run(after, check.Scope(select=(DROPPED,)), before).findings
    return [(f.path, f.backend, f.severity) for f in found if f.rule == DROPPED]


@pytest.mark.parametrize(("path", "line", "backend", "severity"), LINES)
def test_a_line_that_goes_while_its_backend_stays(
    path: str, line: str, backend: str, severity: Severity
) -> None:
    text = text_of(BASE, path)
    assert text.count(line) == 1
    after = Overlay(BASE, {path: text.replace(line, "").encode()})
    assert dropped(after) == [(path, backend, severity)]
    assert dropped(BASE, after) == []


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (".dockerignore", "backend/cpp/heron/build\n", "/backend/cpp/heron/build\n"),
        (".dockerignore", "backend/cpp/heron/build\n", "backend/cpp/*/build\n"),
        (".gitignore", "/nest-store\n", "/*-store\n"),
        ("backend/cpp/run-unit-tests.sh", "-not -path '*/night-heron/", "! -path '*/night-heron/"),
        (
            "README.md",
            "| [heron](https://github.com/aviary-example/heron)",
            "| [heron.cpp](https://example.org/a)",
        ),
    ],
)
def test_a_line_that_another_one_stands_for(path: str, old: str, new: str) -> None:
    text = text_of(BASE, path)
    assert text.count(old) == 1
    assert dropped(Overlay(BASE, {path: text.replace(old, new).encode()})) == []


def test_an_engine_whose_folder_has_another_name() -> None:
    paths = (".dockerignore", "backend/cpp/run-unit-tests.sh", "backend/cpp/night-heron/Makefile")
    renamed = {
        path: re.sub(r"(?<![\w/-])night-heron(?=/night-heron)", "@", text_of(BASE, path)) for path in paths
    }
    after = {
        path: re.sub(r"(?<=/)night-heron\b(?!/|-|\.)|\bnight-heron(?=/\*)", "owl", text)
        for path, text in renamed.items()
    }
    makefile = text_of(BASE, paths[2]).replace("night-heron", "owl")
    tree = Overlay(
        BASE,
        {path: text.replace("@", "night-heron").encode() for path, text in after.items()}
        | {paths[2]: makefile.encode()},
    )
    assert "owl" in text_of(tree, paths[0])
    assert dropped(tree) == []


def test_the_test_of_a_pref_only_line_goes_with_it() -> None:
    kept = text_of(BASE, PREF_ONLY_TEST) + '\t\texpectPrefOnly("night-heron", "reranker")\n'
    tested = f'{kept}\t\texpectPrefOnly("heron", "vad")\n'
    before, after = (Overlay(BASE, {PREF_ONLY_TEST: text.encode()}) for text in (tested, kept))
    assert dropped(after, before) == [(PREF_ONLY_TEST, "heron", Severity.info)]
    offers = "core/http/endpoints/localai/backend.go"
    (offer,) = (one for one in text_of(BASE, offers).splitlines() if 'Name: "heron"' in one)
    gone = text_of(BASE, offers).replace(f"{offer}\n", "").encode()
    assert dropped(Overlay(after, {offers: gone}), before) == []


def test_a_backend_that_is_removed_or_renamed_drops_nothing() -> None:
    for plan in (remove.plan(BASE, "heron"), rename.plan(BASE, "heron", "ibex")):
        assert dropped(plan.changes.overlay()) == []
