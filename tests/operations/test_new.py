"""new-backend on the miniature: LocalAI's own machinery agrees that the backend is there."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scaffold.backend.modalities import MODALITIES
from scaffold.backend.variants import VARIANTS, supported
from scaffold.checkout.tree import WorkTree
from scaffold.errors import ScaffoldError, ShapeError, UsageError
from scaffold.operations import new
from scaffold.registry import Registry
from scaffold.resources import miniature_dir
from scaffold.template import render
from tests import consumers
from tests.conftest import PIN

KINDS = [
    ("python", "plain"),
    ("go", "pure"),
    ("go", "purego"),
    ("cpp", "grpc"),
    ("cpp", "llama-fork"),
    ("rust", "tonic"),
]
NATIVE = {"purego", "grpc", "llama-fork"}


def answers(lang: str, kind: str, **more: Any) -> dict[str, Any]:
    upstream = {"upstream": "acme/ibex.cpp", "pin": PIN} if kind in NATIVE else {}
    return {"name": "ibex-x2", "lang": lang, "kind": kind, "modality": "tts", **upstream, **more}


@pytest.mark.parametrize(("lang", "kind"), KINDS)
def test_the_repository_agrees(miniature: Path, tmp_path: Path, lang: str, kind: str) -> None:
    variants = tuple(v for v in supported(lang) if not (kind == "llama-fork" and v == "metal"))
    before = consumers.files(miniature)
    plan = new.plan(WorkTree(miniature), answers(lang, kind, variants=variants))
    assert consumers.files(miniature) == before, "planning touched the disk"
    plan.commit(miniature)

    expected = consumers.Expectation("ibex-x2", lang, kind in NATIVE)
    assert consumers.only_grew(before, consumers.files(miniature)) == []
    assert all(edit.start == edit.end for edit in plan.changes.edits)
    consumers.assert_gallery(miniature, expected)
    consumers.assert_make(miniature, expected)
    consumers.assert_pin(miniature, expected, PIN)
    if shutil.which("node"):
        consumers.assert_path_filter(miniature, expected, tmp_path)


@pytest.mark.parametrize(("lang", "kind"), KINDS)
def test_a_second_run_changes_nothing(miniature: Path, lang: str, kind: str) -> None:
    new.plan(WorkTree(miniature), answers(lang, kind)).commit(miniature)
    before = consumers.files(miniature)
    again = new.plan(WorkTree(miniature), answers(lang, kind))
    again.commit(miniature)
    assert consumers.files(miniature) == before
    surfaces = {registration.surface for registration in again.existing}
    assert {"build matrix", "gallery", "Makefile", "capabilities", "compatibility table"} <= surfaces


@pytest.mark.parametrize("parser", ["js-yaml", "go-yaml"])
def test_other_yaml_parsers_read_the_result(
    miniature: Path, parser: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    description = 'It\'s "quoted": 50% \\ of #1 — {ünï} $HOME & `more` [x]'
    plan = new.plan(WorkTree(miniature), answers("cpp", "grpc", description=description, tags=("on", "1.5")))
    plan.commit(miniature)
    yaml_files = [p for p in plan.changes.edited_paths() if p.endswith((".yml", ".yaml"))]
    assert len(yaml_files) >= 4
    if parser == "js-yaml":
        consumers.assert_yaml(miniature, yaml_files, request.getfixturevalue("node_modules"))
    else:
        consumers.assert_go_yaml(miniature, yaml_files, consumers.build_go_yaml(tmp_path / "reader"))


@pytest.mark.parametrize("imports", ["auto", "pref-only", "none"])
def test_go_code_stays_gofmt_clean_and_vets(miniature: Path, imports: str) -> None:
    if shutil.which("go") is None:
        pytest.skip("go is not installed")
    plan = new.plan(WorkTree(miniature), answers("go", "pure", imports=imports, description='a "b" \\ c'))
    plan.commit(miniature)
    touched = [p for p in (*plan.changes.edited_paths(), *plan.changes.created) if p.startswith("core/")]
    go_files = [p for p in touched if p.endswith(".go")]
    assert go_files
    assert consumers.run("gofmt", "-l", *go_files, cwd=miniature).stdout == ""
    consumers.run("go", "vet", "./core/...", cwd=miniature)
    consumers.run("go", "test", "./core/...", cwd=miniature)
    registered = {r.what for r in Registry(WorkTree(miniature)).importers.registrations("ibex-x2")}
    assert registered == {"auto": {"importer"}, "pref-only": {"pref-only line"}, "none": set()}[imports]


def test_a_dockerfile_suffix_that_another_branch_would_catch(miniature: Path, tmp_path: Path) -> None:
    """A name that ends in another backend's, and one that another backend's ends in."""
    taken = next(
        b
        for b in Registry(WorkTree(miniature)).path_filter.branches("inferBackendPath")
        if b.suffix and "cpp" in b.suffix
    )
    for name in (f"very-{taken.suffix}", "golang", "my-python"):
        tree = tmp_path / name
        shutil.copytree(miniature, tree)
        if name == "golang":
            with pytest.raises(UsageError, match="is taken"):
                new.plan(WorkTree(tree), answers("cpp", "grpc", name=name))
            continue
        new.plan(WorkTree(tree), answers("cpp", "grpc", name=name)).commit(tree)
        if shutil.which("node"):
            consumers.assert_path_filter(tree, consumers.Expectation(name, "cpp", upstream=True), tmp_path)


@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_combination_is_proved(data: st.DataObject) -> None:
    """`plan` proves syntax, values and path filter itself; here it must never fail to."""
    lang, kind = data.draw(st.sampled_from(KINDS))
    names = st.from_regex(r"[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,6}){0,3}", fullmatch=True)
    usable = [v for v in supported(lang) if not (kind == "llama-fork" and v == "metal")]
    chosen = data.draw(st.lists(st.sampled_from(usable), min_size=1, unique=True))
    modality = data.draw(st.sampled_from(list(MODALITIES)))
    tree = WorkTree(miniature_dir())
    wanted = answers(
        lang, kind, name=data.draw(names), variants=tuple(chosen), modality=modality,
        imports=data.draw(st.sampled_from(["auto", "pref-only", "none"])),
        description=data.draw(st.text(st.characters(exclude_categories=["C", "Z"]), max_size=40)),
    )  # fmt: skip
    try:
        plan = new.plan(tree, wanted)
    except UsageError:
        return
    built = {entry.variant for entry in Registry(plan.changes.overlay()).matrix.by_backend[plan.backend.name]}
    assert built - {None} >= set(chosen) - {"metal"}


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"name": "Ibex"}, "lower-case words"),
        ({"name": "ibex_x"}, "lower-case words"),
        ({"name": "ibex-"}, "lower-case words"),
        ({"name": ""}, "name '' must be lower-case words"),
        ({"name": "../ibex"}, "lower-case words"),
        ({"name": "chip-tts"}, "contains 'hip'"),
        ({"name": "cpu-ibex"}, "starts with 'cpu-'"),
        ({"name": "ibex-development"}, "-development"),
        ({"name": "common"}, "is taken"),
        ({"name": "i" * 64}, "more than 63 characters"),
        ({"variants": ("cuda11",)}, "unknown variant 'cuda11'; did you mean cuda1"),
        ({"variants": ("vulkan",), "lang": "python", "kind": "plain"}, "not built for python"),
        ({"kind": "purego"}, "unknown kind of a cpp backend 'purego'"),
        ({"modality": "smell"}, "unknown modality 'smell'"),
        ({"modality": "stt"}, "unknown modality 'stt'; did you mean asr[?]"),
        ({"modality": "Object-Detection"}, "did you mean detection[?]"),
        ({"pin": "abc123"}, "full commit sha"),
        ({"pin": ""}, "needs a pin"),
        ({"upstream": ""}, "--upstream OWNER/REPO"),
        ({"upstream": "acme"}, "not OWNER/REPO"),
        ({"summary": "two\nlines"}, "one line"),
        ({"description": "a bell \a"}, "not a line of printable text"),
        ({"branch": "a b"}, "not a git branch"),
    ],
)
def test_wrong_answers_are_named(miniature: Path, wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        new.plan(WorkTree(miniature), {**answers("cpp", "grpc"), **wrong})


def test_a_name_that_some_surface_knows_is_taken(miniature: Path) -> None:
    registry = Registry(WorkTree(miniature))
    names = {item.name for item in registry.gallery.items if item.is_meta} - set(registry.directories)
    bare = [name for name in names if not name.endswith("-development")]
    assert bare, "the miniature needs a meta that is named differently from its directory"
    with pytest.raises(UsageError, match=r"is taken:\n  backend/index.yaml:\d+"):
        new.plan(WorkTree(miniature), answers("python", "plain", name=bare[0]))
    existing = next(
        n for n, lang in registry.directories.items() if lang == "go" and registry.matrix.entries_of(n)
    )
    with pytest.raises(UsageError, match=rf"backend/go/{existing}: a directory with files"):
        new.plan(WorkTree(miniature), answers("python", "plain", name=existing))


def test_like_gives_kind_modality_and_variants(miniature: Path) -> None:
    registry = Registry(WorkTree(miniature))
    like = max(
        (n for n, lang in registry.directories.items() if lang == "go"),
        key=lambda n: len(registry.variants(n)),
    )
    plan = new.plan(WorkTree(miniature), {"name": "ibex", "upstream": "acme/ibex", "pin": PIN}, like)
    assert plan.relative == like
    assert plan.backend.kind == registry.kind(like)
    assert set(plan.backend.variants) == set(registry.variants(like))


BROKEN = {
    ".github/backend-matrix.yml": b"include: nothing\nincludeDarwin: []\n",
    "backend/index.yaml": b"just: a mapping\n",
    "Makefile": b"\tthis is not\n= a makefile (\n",
    "scripts/lib/backend-filter.mjs": b"export function inferBackendPath(item) { for (;;) {} }\nexport function inferBackendPathDarwin(item) { if (item) { return null; } }\n",
    ".github/workflows/bump_deps.yaml": b"jobs: {}\n",
}


@pytest.mark.parametrize("path", BROKEN)
@pytest.mark.parametrize("damage", ["other shape", "binary", "empty", "cut"])
def test_an_unknown_shape_is_refused_and_nothing_is_written(miniature: Path, path: str, damage: str) -> None:
    original = (miniature / path).read_bytes()
    contents = {
        "other shape": BROKEN[path],
        "binary": b"\x00\xff\x00",
        "empty": b"",
        "cut": original[: len(original) // 2],
    }
    (miniature / path).write_bytes(contents[damage])
    before = consumers.files(miniature)
    try:
        plan = new.plan(WorkTree(miniature), answers("cpp", "grpc", variants=("cpu", "metal")))
    except ShapeError as error:
        assert error.exit_code == 3
        assert error.path
    else:
        assert damage == "cut", "only a file that is cut at a lucky place can still be extended"
        plan.commit(miniature)
        return
    assert consumers.files(miniature) == before


def test_a_proof_that_fails_writes_nothing(miniature: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A template that loses the pin is caught by the proof, not by a user weeks later."""

    def without_pin(lang: str, given: Any) -> list[render.GeneratedFile]:
        return [render.GeneratedFile("backend/cpp/ibex-x2/Makefile", b"all:\n", executable=False)]

    monkeypatch.setattr(render, "render", without_pin)
    before = consumers.files(miniature)
    with pytest.raises(ShapeError, match="IBEX_X2_VERSION"):
        new.plan(WorkTree(miniature), answers("cpp", "grpc")).commit(miniature)
    assert consumers.files(miniature) == before


def test_a_tree_that_changes_meanwhile_is_left_alone(miniature: Path) -> None:
    plan = new.plan(WorkTree(miniature), answers("python", "plain"))
    (miniature / "Makefile").write_text("# edited by somebody else\n")
    before = consumers.files(miniature)
    with pytest.raises(ScaffoldError, match="Makefile changed"):
        plan.commit(miniature)
    assert consumers.files(miniature) == before


def test_every_variant_has_a_row_that_reads_back() -> None:
    """classify() is the inverse of the table, for each language that builds the variant."""
    from scaffold.backend.variants import build_type, classify

    for lang in ("python", "go", "cpp"):
        for name in supported(lang):
            variant = VARIANTS[name]
            if name != "metal":
                fields = {
                    "build-type": build_type(variant, lang),
                    "cuda-major-version": variant.cuda[0],
                    "platforms": f"linux/{variant.arches[0]}",
                }
                assert classify(fields) == name, (lang, name)


def test_the_json_result(miniature: Path) -> None:
    from scaffold.report.new_backend import as_json

    plan = new.plan(WorkTree(miniature), answers("go", "purego"))
    plan.commit(miniature)
    result = json.loads(as_json(plan, dry_run=False))
    assert result["version"] == 1
    assert all((miniature / path).is_file() for path in result["created"])
    for edited in result["edited"]:
        assert edited["added"] > edited["removed"] >= 0
        for line in edited["lines"]:
            shown = (miniature / edited["path"]).read_text().splitlines()[line - 1 : line + 14]
            assert "ibex" in "\n".join(shown).lower(), (edited["path"], line)
    assert result["manual"]


def test_a_duplicate_key_that_was_there_before_is_tolerated(miniature: Path) -> None:
    """LocalAI had one in test-extra.yml for weeks; no reason to refuse a new backend."""
    path = miniature / ".github/workflows/test-extra.yml"
    text = path.read_text()
    path.write_text(text.replace("    runs-on: ubuntu-latest\n", "    runs-on: ubuntu-latest\n" * 2, 1))
    plan = new.plan(WorkTree(miniature), answers("go", "pure"))
    assert ".github/workflows/test-extra.yml" in plan.changes.edited_paths()


@pytest.mark.parametrize(("lang", "kind"), KINDS)
def test_files_without_a_final_newline_are_extended_all_the_same(
    miniature: Path, lang: str, kind: str
) -> None:
    """Any file may end in the middle of a line, also where the last entry is the nearest relative."""
    paths = new.plan(WorkTree(miniature), answers(lang, kind)).changes.edited_paths()
    for path in paths:
        (miniature / path).write_bytes((miniature / path).read_bytes().rstrip(b"\n"))
    before = consumers.files(miniature)
    plan = new.plan(WorkTree(miniature), answers(lang, kind))
    plan.commit(miniature)
    assert plan.changes.edited_paths() == paths
    assert consumers.only_grew(before, consumers.files(miniature)) == []
    expected = consumers.Expectation("ibex-x2", lang, kind in NATIVE)
    consumers.assert_gallery(miniature, expected)
    consumers.assert_make(miniature, expected)


def test_a_pipe_in_the_place_of_a_new_file_is_refused(miniature: Path) -> None:
    folder = miniature / "backend/go/ibex-x2"
    (folder / "empty").mkdir(parents=True)
    assert new.plan(WorkTree(miniature), answers("go", "pure")).changes.created, "nothing is there"
    os.mkfifo(folder / "Makefile")
    with pytest.raises(ShapeError, match="backend/go/ibex-x2/Makefile: is neither a file nor a folder"):
        new.plan(WorkTree(miniature), answers("go", "pure"))
