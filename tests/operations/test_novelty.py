"""What a change is to blame for: renamed backends keep their findings, bystanders get none."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable

import pytest

from scaffold.checkout.tree import Overlay, Tree
from scaffold.operations import check, rename
from scaffold.operations.novelty import Change, compared
from scaffold.pipeline.model import Workflow
from scaffold.pipeline.repository import Repository
from scaffold.registry import Registry
from scaffold.rules import all_rules
from scaffold.rules.base import Finding, Severity
from tests.rules import pipeline
from tests.rules.pipeline.trees import Case
from tests.rules.trees import BASE, DOCS, FILTER, GALLERY, MATRIX, MINIATURE, Altered, entry, item, text_of

FINCH = "backend/python/finch-tts"
DOCKERFILE = "backend/Dockerfile.golang"
UNQUOTED = text_of(BASE, f"{FINCH}/run.sh").replace('"$@"', "$@")
OUTLIER = "matrix-outlier-field"
RULES = {rule.slug: rule for rule in all_rules()}


def broken(name: str) -> Tree:
    """The miniature with some findings of a backend."""
    paths = {f"{FINCH}/run.sh": UNQUOTED.encode(), "backend/go/lark/package.sh": None}
    drifted = MINIATURE.edit_in(item("lark-development"), ("metal-lark-development", "metal-lark")).tree()
    tree = Overlay(drifted, paths)
    assert name in {f.backend for f in check.run(tree, check.Scope(backends=[name])).findings}
    return tree


def renamed(tree: Tree, old: str, new: str) -> Tree:
    return rename.plan(tree, old, new).changes.overlay()


@pytest.mark.parametrize("old", ["lark", "finch-tts"])
def test_after_a_rename_the_old_findings_are_not_new(old: str) -> None:
    before = broken(old)
    after = renamed(before, old, "quill-wort")
    result = check.run(after, check.Scope(), before, "main")
    own = [i for i, f in enumerate(result.findings) if f.backend == "quill-wort"]
    assert own
    assert not any(map(result.is_new, own))
    assert not result.repaired


def test_what_a_rename_breaks_is_new() -> None:
    before = broken("lark")
    after = Overlay(renamed(before, "lark", "quill-wort"), {"backend/go/quill-wort/run.sh": None})
    result = check.run(after, check.Scope(), before, "main")
    new = {(f.backend, f.subject) for i, f in enumerate(result.findings) if result.is_new(i)}
    assert ("quill-wort", "file run.sh") in new


def test_what_a_rename_repairs_is_repaired() -> None:
    before = broken("finch-tts")
    after = renamed(before, "finch-tts", "quill-wort")
    quoted = Overlay(after, {"backend/python/quill-wort/run.sh": text_of(BASE, f"{FINCH}/run.sh").encode()})
    assert [f.backend for f in check.run(quoted, check.Scope(), before, "main").repaired] == ["finch-tts"]


def test_a_backend_that_takes_the_place_of_another_is_no_rename() -> None:
    before = Registry(BASE)
    gone = dict.fromkeys(BASE.files("backend/go/lark"))
    other = {"backend/go/owl/run.sh": b"exec ./owl\n", "backend/go/owl/main.go": b"package main\n"}
    change = Change(before, Registry(Overlay(BASE, gone | other)))
    found = finding("lark")
    assert change.identity(found) == found.identity


def finding(backend: str, rule: str = OUTLIER) -> Finding:
    return Finding(rule, Severity.warning, backend, MATRIX, 1, "a field", "stands alone", "")


OWL = MINIATURE.write("backend/go/owl/run.sh", "exec ./owl\n").copy(
    entry("-cpu-lark", "amd64"), ("'-cpu-lark'", "'-cpu-owl'"), ('"lark"', '"owl"')
)
TOUCHED = MINIATURE.drop(entry("-cpu-lark", "arm64"))


@pytest.mark.parametrize(
    ("after", "backend", "rule", "is_old"),
    [
        (OWL, "lark", OUTLIER, True),
        (OWL, "owl", OUTLIER, False),
        (OWL, "lark", "filter-shadowed-branch", False),
        (TOUCHED, "lark", OUTLIER, False),
        (TOUCHED, "heron", OUTLIER, True),
    ],
)
def test_who_is_judged_by_others_is_accused_only_where_the_change_touched_it(
    after: Altered, backend: str, rule: str, is_old: bool
) -> None:
    change = Change(Registry(BASE), Registry(after.tree()))
    found = [finding(backend, rule)]
    assert bool(compared(found, [], found, change, RULES).old) == is_old


@pytest.mark.parametrize("is_touched", [True, False])
def test_a_file_of_its_own_that_changes_accuses_its_backend(is_touched: bool) -> None:
    own, other = "backend/go/lark/package.sh", "backend/go/wren-cpp/package.sh"
    after = MINIATURE.write(own if is_touched else other, "#!/bin/bash\n").tree()
    found = [finding("lark", "packaged-partly")._replace(path=own)]
    assert bool(compared(found, [], found, Change(Registry(BASE), Registry(after)), RULES).old) != is_touched


@pytest.mark.parametrize(
    ("lines", "was", "now", "is_old"),
    [
        (40, "pkg/x.go", "pkg/x.go", True),
        (40, "pkg/x.go", "pkg/x.go in part", True),
        (40, "pkg/x.go in part", "pkg/x.go", False),
        (40, "pkg/x.go", "pkg/y.go", False),
        (10, "pkg/x.go", "pkg/x.go", False),
    ],
)
def test_what_moves_to_a_file_of_its_own_takes_its_findings_along(
    lines: int, was: str, now: str, is_old: bool
) -> None:
    path, other = "scripts/changed-backends.js", "scripts/lib/filter.mjs"
    kept, part = text_of(BASE, path), "".join(f"export const part{n} = {n};\n" for n in range(lines))
    before = Registry(Overlay(BASE, {path: (kept + part).encode()}))
    files = {path: kept.encode(), other: ("// what is shared\n" * 30 + part).encode()}
    rule = "filter-shared-input"
    old, new = (
        finding("", rule)._replace(path=at, subject=subject) for at, subject in ((path, was), (other, now))
    )
    change = Change(before, Registry(Overlay(BASE, files)))
    assert bool(compared([new], [old], [new], change, RULES).old) == is_old


def test_each_known_finding_counts_once() -> None:
    twice = [finding("lark", "a"), finding("lark", "a")]
    assert compared(twice, twice[:1], twice, None, RULES).old == {0}


NEW = "quill-wort"


def moved(tree: Tree, old: str) -> Tree:
    """The tree after `git mv` of a backend's folder and a replacement of its name in every file."""
    words = {old: NEW, old.upper().replace("-", "_"): "QUILL_WORT"}
    name = re.compile("|".join(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])" for word in words))
    files: dict[str, bytes | None] = {}
    for path in [*tree.files("")]:
        text = (tree.content(path) or b"").decode()
        files[path] = None
        files[name.sub(lambda m: words[m[0]], path)] = name.sub(lambda m: words[m[0]], text).encode()
    return Overlay(tree, files)


@pytest.mark.parametrize("old", ["lark", "finch-tts", "wren-cpp", "kestrel"])
def test_a_backend_that_is_renamed_by_hand_keeps_its_findings(old: str) -> None:
    before = Overlay(broken("lark"), {f"{FINCH}/run.sh": UNQUOTED.encode()})
    result = check.run(moved(before, old), check.Scope(), before, "main")
    assert [f for i, f in enumerate(result.findings) if result.is_new(i)] == []
    assert not result.repaired
    assert not result.added


def test_a_moved_line_is_no_news() -> None:
    before = broken("lark")
    down = Overlay(before, {GALLERY: b"# a comment\n\n" + text_of(before, GALLERY).encode()})
    result = check.run(down, check.Scope(), before, "main")
    assert result.findings
    assert not [f for i, f in enumerate(result.findings) if result.is_new(i)]


def test_a_renamed_file_takes_its_findings_along() -> None:
    old, new = ".github/workflows/aviary.yml", ".github/workflows/birds.yml"
    text = text_of(BASE, ".github/workflows/backend.yml").replace('"1.26.x"', '"1.20.x"')
    before, after = Overlay(BASE, {old: text.encode()}), Overlay(BASE, {new: text.encode()})
    scope = check.Scope(select=["go-version-old"])
    result = check.run(after, scope, before, "main")
    of_file = [i for i, f in enumerate(result.findings) if f.path == new]
    assert of_file
    assert not any(map(result.is_new, of_file))
    other = Overlay(BASE, {new: text.replace("\n", " #\n").encode()})
    assert any(map(check.run(other, scope, before, "main").is_new, of_file)), "it is another file"


ROW = "CPU, CUDA 12/13, ROCm, Intel SYCL, Metal, Jetson L4T |"


@pytest.mark.parametrize(
    ("was", "now", "is_new"),
    [
        ("CPU, CUDA 13, ROCm, Intel SYCL, Metal |", "CPU, CUDA 12/13, ROCm, Intel SYCL, Metal |", False),
        ("CUDA 12/13, ROCm, Intel SYCL, Metal |", "CPU, CUDA 12/13, ROCm, Metal, Jetson L4T |", True),
    ],
)
def test_what_is_repaired_in_part_is_not_new(was: str, now: str, is_new: bool) -> None:
    row = MINIATURE.rewrite
    before, after = (
        row(
            DOCS, lambda text, cell=cell: text.replace(f"speech model | {ROW}", f"speech model | {cell}")
        ).tree()
        for cell in (was, now)
    )
    result = check.run(after, check.Scope(select=["docs-acceleration"]), before, "main")
    assert [result.is_new(i) for i in range(len(result.findings))] == [is_new]
    assert bool(result.repaired) == is_new


def test_what_was_told_together_and_is_told_apart_is_not_new() -> None:
    gallery, text = Registry(BASE).gallery, text_of(BASE, GALLERY)
    copies = [gallery.by_name[name].text.decode() for name in ("cpu-finch-tts", "cpu-finch-tts-development")]
    edited = [copies[0].replace("uri:", "uri:  "), copies[1]]
    before, after = (Overlay(BASE, {GALLERY: (text + "".join(two)).encode()}) for two in (copies, edited))
    result = check.run(after, check.Scope(select=["gallery-duplicate-name"]), before, "main")
    assert [result.is_new(i) for i in range(len(result.findings))] == [False, False]
    assert not result.repaired
    third = Overlay(after, {GALLERY: (text + "".join((*edited, copies[0]))).encode()})
    result = check.run(third, check.Scope(select=["gallery-duplicate-name"]), after, "main")
    assert any(map(result.is_new, range(len(result.findings))))


def test_a_row_that_is_gone_is_no_repair_of_it() -> None:
    cell = MINIATURE.rewrite(DOCS, lambda text: text.replace(f"speech model | {ROW}", "speech model | CPU |"))
    before = cell.tree()
    lines = text_of(before, DOCS).splitlines(keepends=True)
    gone = "".join(line for line in lines if "speech model | CPU |" not in line)
    result = check.run(Overlay(before, {DOCS: gone.encode()}), check.Scope(select=["docs"]), before, "main")
    assert "docs-missing-row" in {f.rule for i, f in enumerate(result.findings) if result.is_new(i)}
    assert not result.repaired


@pytest.mark.parametrize("absent", [True, False])
def test_a_file_that_is_lost_is_no_repair_of_what_was_said_of_it(absent: bool) -> None:
    script, runs = ".docker/bird-seed.sh", "RUN --mount=type=bind,source={},target=/p sh /p\n"
    given = MINIATURE.write(script, "true\n").edit(
        FILTER, ('startsWith(".docker/")', 'startsWith(".docker/a")')
    )
    before = given.append(DOCKERFILE, runs.format(script)).tree()
    of_file = {
        f.subject for f in check.run(before, check.Scope()).findings if f.rule == "filter-shared-input"
    }
    after = Overlay(before, {script: None}) if absent else Overlay(before, {FILTER: BASE.read(FILTER)})
    result = check.run(after, check.Scope(), before, "main")
    assert script in of_file
    assert script not in {f.subject for f in result.findings if f.rule == "filter-shared-input"}
    assert (script in {f.subject for f in result.repaired}) is not absent


def test_an_image_under_another_name_is_the_same_image() -> None:
    wrong = MINIATURE.edit_in(entry("-gpu-rocm-hipblas-finch-tts"), ("runs-on: '", "runs-on: 'no-such-"))
    named = wrong.edit_in(
        entry("-gpu-rocm-hipblas-finch-tts"),
        ("tag-suffix: '-gpu-rocm-hipblas-finch-tts'", "tag-suffix: '-rocm-finch-tts'"),
    )
    result = check.run(named.tree(), check.Scope(select=[OUTLIER]), wrong.tree(), "main")
    assert [result.is_new(i) for i in range(len(result.findings))] == [False]


@pytest.mark.parametrize(
    ("subject", "is_old"), [(".docker/lark-compile.sh", True), ("lark icon", True), ("row", False)]
)
def test_who_a_fault_is_told_of_makes_no_new_one(subject: str, is_old: bool) -> None:
    """What names the thing itself is the same fault; what is wrong with one backend is not another's."""
    rule = "filter-shared-input"
    one, other = (finding(name, rule)._replace(subject=subject) for name in ("lark", "heron"))
    result = compared([other], [one], [other], Change(Registry(BASE), Registry(BASE)), RULES)
    assert bool(result.old) == is_old
    assert bool(result.gone) != is_old


def test_a_field_that_stays_as_it_is_accuses_nobody() -> None:
    """A new sibling, and another field of the entry, make no outlier of it."""
    touched = MINIATURE.edit_in(entry("-cpu-lark", "arm64"), ("runs-on: '", "runs-on: 'big-")).tree()
    change = Change(Registry(BASE), Registry(touched))
    for field, is_old in (("base-image", True), ("runs-on", False)):
        found = [finding("lark")._replace(subject=f"-cpu-lark arm64 {field}")]
        assert bool(compared(found, [], found, change, RULES).old) == is_old


def pipeline_cases() -> dict[str, Tree]:
    """Rule about workflows -> a repository that it has something to say of."""
    modules = (importlib.import_module(m.name) for m in pkgutil.walk_packages(pipeline.__path__, PIPELINE))
    cases = [pair for module in modules for pair in getattr(module, "CASES", {}).items()]
    found = {slug: case.fails for slug, case in cases if isinstance(case, Case)}
    return {slug: tree for slug, tree in found.items() if Repository(tree).pipeline.workflows}


PIPELINE = "tests.rules.pipeline."
CASES = pipeline_cases()


def with_other_jobs(workflow: Workflow) -> tuple[str, str]:
    """A workflow whose jobs have other names."""
    text = workflow.source.data.decode()
    for name in map(re.escape, workflow.jobs):
        for place in (rf"(?m)^ +{name}(?=: |:$)", rf"(?m)^ +needs:.*\b{name}\b", rf"\bneeds\.{name}\b"):
            text = re.sub(
                place, lambda match, name=name: re.sub(rf"\b{name}$", f"{name}-quill", match[0]), text
            )
    return workflow.path, text


def with_another_name(workflow: Workflow) -> tuple[str, str]:
    """A workflow in another file, as are those that it calls."""
    text = workflow.source.data.decode()
    for other in workflow.pipeline.workflows:
        file = other.path.rpartition("/")[2]
        text = text.replace(file, f"quill-{file}")
    return workflow.path.replace("workflows/", "workflows/quill-"), text


def with_other_lines(workflow: Workflow) -> tuple[str, str]:
    """A workflow further down in its file."""
    return workflow.path, f"# a comment\n\n{workflow.source.data.decode()}"


@pytest.mark.parametrize("altered", [with_other_jobs, with_another_name, with_other_lines])
@pytest.mark.parametrize("slug", CASES)
def test_what_is_wrong_with_a_workflow_stays_when_names_and_lines_change(
    slug: str, altered: Callable[[Workflow], tuple[str, str]]
) -> None:
    before = CASES[slug]
    workflows = Repository(before).pipeline.workflows
    files: dict[str, bytes | None] = {workflow.path: None for workflow in workflows}
    files |= {path: text.encode() for path, text in map(altered, workflows)}
    result = check.run(Overlay(before, files), check.Scope(select=[slug]), before, "main")
    assert result.findings or altered is with_other_jobs, "some rules know a job by its name"
    assert [f.subject for i, f in enumerate(result.findings) if result.is_new(i)] == []


def test_a_copy_of_a_faulty_job_is_a_new_fault() -> None:
    before = CASES["matrix-over-256"]
    (workflow,) = Repository(before).pipeline.workflows
    job = next(iter(workflow.jobs))
    text = workflow.source.data.decode()
    copy = text + text[text.index(f"  {job}:") :].replace(f"  {job}:", f"  {job}-quill:", 1)
    after = Overlay(before, {workflow.path: copy.encode()})
    result = check.run(after, check.Scope(select=["matrix-over-256"]), before, "main")
    assert [f.subject for i, f in enumerate(result.findings) if result.is_new(i)] == [f"{job}-quill"]
