"""One edit of a change is one report, where it is worst; two edits are two."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest

from evidence.mutants import mutations
from evidence.mutation import mutated
from scaffold.checkout.tree import Overlay, Tree
from scaffold.errors import ShapeError
from scaffold.operations import check, fix
from scaffold.operations.consequences import PLACED
from scaffold.registry import Registry
from scaffold.rules.base import Finding
from tests.rules.trees import (
    BASE,
    BUMP,
    CAPABILITIES,
    GALLERY,
    IMPORTERS,
    MATRIX,
    MINIATURE,
    RULES,
    TEST_EXTRA,
    Altered,
    entry,
    item,
)

LOOKS = check.Looks({})
FINCH = entry("-gpu-nvidia-cuda-12-finch-tts")
WREN = "backend/go/wren-cpp"
ENTRIES = re.compile(r"(?ms)^  - .*?(?=^  - |^\S|\Z)")


def new(tree: Tree, base: Tree = BASE) -> list[Finding]:
    result = check.run(tree, check.Scope(), base, "main", LOOKS)
    LOOKS.forget(tree)
    return [finding for at, finding in enumerate(result.findings) if result.is_new(at)]


def first(path: str, pattern: str, text: str) -> Tree:
    """The miniature with another text where a pattern matches first."""
    return MINIATURE.rewrite(path, lambda before: re.sub(f"(?m){pattern}", text, before, count=1)).tree()


def cut(path: str, part: float) -> Tree:
    def change(text: str) -> str:
        lines = text.splitlines(keepends=True)
        return "".join(lines[: int(len(lines) * part)])

    return MINIATURE.rewrite(path, change).tree()


def singles() -> Iterator[tuple[str, Tree]]:
    """Single edits of the miniature, each with what it is."""
    for name in Registry(BASE).backends:
        folder = Registry(BASE).directory(name)
        for file in ("run.sh", "Makefile", "package.sh", "main.go", "install.sh", "backend.py"):
            if BASE.read(f"{folder}/{file}") is not None and (name, file) != ("kestrel", "package.sh"):
                yield f"{folder}/{file} is gone", Overlay(BASE, {f"{folder}/{file}": None})
    for part in (0.2, 0.45, 0.7, 0.9):
        for path in (GALLERY, MATRIX, BUMP, TEST_EXTRA, CAPABILITIES, IMPORTERS):
            yield f"{path} is cut at {part}", cut(path, part)
    for what, pattern, text in (
        ("an anchor that nobody has", r"<<: \*([\w-]+)$", r"<<: *\1x"),
        ("an anchor is gone", r"^- &[\w-]+", "-"),
        ("another anchor", r"^- &([\w-]+)", r"- &\1x"),
        ("a text merged", r"<<: \*[\w-]+$", "<<: word"),
        ("no mapping", r"^- !!merge <<: .*$", "- word"),
        ("a list for a text", r"^  alias: (.*)$", r"  alias: [\1]"),
        ("a list for a name", r"^  name: (.*)$", r"  name: [\1]"),
        ("a list for an address", r"^  uri: (.*)$", r"  uri: [\1]"),
        ("no name", r"^  name: .*$", "  name: "),
        ("another key", r"^  name: ", "  nam: "),
    ):
        yield f"{GALLERY}: {what}", first(GALLERY, pattern, text)
    yield "a name of the capability table", first(CAPABILITIES, r'^\t"lark":', '\t"lrak":')
    yield "a variable of the pins", first(BUMP, 'variable: "WREN', 'variable: "WERN')
    for number, mutation in enumerate(mutations(Registry(BASE))):
        if not number % 40:
            yield f"{mutation.surface}: {mutation.backend} {mutation.what}", mutated(BASE, mutation)


def test_one_edit_is_at_most_one_report() -> None:
    several, found = {}, 0
    for what, tree in singles():
        try:
            told = new(tree)
        except ShapeError:
            continue
        found += len(told) == 1
        if len(told) > 1:
            several[what] = [(f.rule, f.backend, f.path, f.line) for f in told]
    assert several == {}
    assert found > 80


TWO: dict[str, tuple[Altered, set[str]]] = {
    "two entries of one backend": (
        MINIATURE.edit_in(FINCH, ("'cublas'", "'hipblas'")).edit_in(
            entry("-gpu-intel-finch-tts"), ("'intel'", "'hipblas'")
        ),
        {"matrix-tag-suffix"},
    ),
    "two lines of one entry": (
        MINIATURE.edit_in(FINCH, ("'linux/amd64'", "'linux/amd46'"), ("Dockerfile.python", "Dockerfile.pyton")),
        {"matrix-arch-mismatch", "matrix-missing-dockerfile"},
    ),
    "a name that is changed, and another one that is looked for": (
        MINIATURE.edit_in(item("cpu-rookery"), ('name: "cpu-rookery"', 'name: "cpu-rokery"')).edit_in(
            item("rookery"), ('metal: "metal-rookery"', 'metal: "metal-rokery"')
        ),
        {"gallery-capability-target", "gallery-misspelt"},
    ),
    "a file that is gone and another one that is cut": (
        MINIATURE.write(f"{WREN}/run.sh", None).rewrite(f"{WREN}/gowren.go", lambda text: text[: len(text) // 2]),
        {"files-missing", "source-unreadable"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TWO)
def test_two_edits_of_one_backend_are_two_reports(name: str) -> None:
    altered, rules = TWO[name]
    told = new(altered.tree())
    assert len(told) == 2
    assert {finding.rule for finding in told} == rules
    assert len({finding.backend for finding in told}) == 1


def test_two_lines_of_one_entry_that_are_wrong_are_two_reports() -> None:
    """Of the backend that the entry then builds, and of the one that it built."""
    text = (BASE.read(MATRIX) or b"").decode()
    whole = next(one for one in ENTRIES.findall(text) if "-cpu-rookery'" in one)
    wrong = whole.replace("-cpu-rookery'", "-cpu-rokery'").replace('"rookery"', '"rokery"')
    told = new(Overlay(BASE, {MATRIX: text.replace(whole, wrong).encode()}))
    assert {finding.backend for finding in told} == {"rookery", "rokery"}


def test_entries_of_two_backends_that_go_together_are_two_reports() -> None:
    text = (BASE.read(MATRIX) or b"").decode()
    names = re.compile(r'backend: "([\w-]+)"')
    pair = next(
        one + other
        for one, other in itertools.pairwise(ENTRIES.findall(text))
        if one + other in text and names.findall(one) != names.findall(other)
    )
    told = new(Overlay(BASE, {MATRIX: text.replace(pair, "").encode()}))
    assert {*names.findall(pair)} <= {finding.backend for finding in told}


def test_what_is_added_may_be_wrong_in_two_ways() -> None:
    wrong = ("-12-finch-tts'", "-12-finch-two'"), ("Dockerfile.python", "Dockerfile.pyton")
    told = new(MINIATURE.copy(FINCH, *wrong).tree())
    assert len(told) > 1


def test_what_a_backend_leaves_behind_is_all_told() -> None:
    entries = map(entry, ("-cpu-rookery", "-gpu-nvidia-cuda-12-rookery", "-metal-darwin-arm64-rookery"))
    gone = dict.fromkeys(BASE.files("backend/python/rookery"))
    told = new(Overlay(MINIATURE.drop(*entries).tree(), gone))
    assert len(told) > 1


def test_a_report_says_which_edit_brought_it_and_what_else() -> None:
    (told,) = new(cut(GALLERY, 0.45))
    lines = (cut(GALLERY, 0.45).read(GALLERY) or b"").count(b"\n")
    assert f"the edit at {GALLERY}:{lines + 1} is the cause, also of " in told.help
    places, _, rest = told.help.partition(", also of ")[2].partition(", and of ")
    left_out = re.findall(r"([a-z-]+) of ([\w-]+) at ([\w./-]+):(\d+)", places)
    assert len(left_out) == PLACED
    assert all(rule in RULES and BASE.read(path) for rule, _, path, _ in left_out)
    assert set(re.findall(r"(?:\d+ x )?([a-z-]+)(?:,|$)", rest.partition(" of ")[0])) <= set(RULES)


def test_a_file_that_several_backends_build_is_missed_where_it_was() -> None:
    """meadow-lark builds the sources of llama-cpp with its Makefile."""
    (told,) = new(MINIATURE.write("backend/cpp/llama-cpp/Makefile", None).tree())
    assert (told.rule, told.backend) == ("build-target-missing", "llama-cpp")


def test_what_another_edit_also_brings_stands_for_neither() -> None:
    """Two backends lose their images; an importer that both serve does not hide one of them."""
    altered = MINIATURE.drop(item("cpu-rookery")).drop(item("cpu-finch-tts"))
    assert {finding.backend for finding in new(altered.tree())} == {"rookery", "finch-tts"}


def test_nothing_of_it_is_mended_elsewhere() -> None:
    repair = fix.repair(first(MATRIX, 'backend: "lark"', 'backend: "lrak"'), check.Scope(), BASE, "main")
    assert all(edit.path == MATRIX for edit in repair.changes.edits)
