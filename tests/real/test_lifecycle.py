"""remove-backend, add-variant and remove-variant on the real LocalAI, at its head and in its history.

Runs where LOCALAI_REPO names a clone with its history.
"""

from __future__ import annotations

import random
import re
import subprocess
from functools import cache
from itertools import cycle
from pathlib import Path

import pytest

from scaffold.backend.modalities import MODALITIES
from scaffold.backend.variants import VARIANTS, supported
from scaffold.checkout.tree import GitTree, Overlay, WorkTree
from scaffold.operations import new, remove, variants
from scaffold.registry import Registry
from scaffold.rules.base import Finding
from scaffold.surfaces.gallery.items import Item
from scaffold.surfaces.matrix.reading import Entry
from tests import lifecycle
from tests.conftest import PIN, commit_of, export, real_repository
from tests.consumers import run
from tests.operations.test_new import KINDS, NATIVE
from tests.operations.test_new_then_check import variant_sets

pytestmark = pytest.mark.skipif(
    real_repository() is None, reason="LOCALAI_REPO does not name a clone of LocalAI: skipped"
)

DAYS = [
    "2025-12-01", "2026-01-05", "2026-02-15", "2026-04-07", "2026-05-08", "2026-05-10", "2026-06-15",
    "2026-07-21", "HEAD",
]  # fmt: skip
"""Around the days on which a format changed; HEAD is the newest commit of the clone."""

SINCE = "2026-01-15"
"""The replay begins where the registrations have the form that the tool writes."""


@cache
def head() -> GitTree:
    repository = real_repository()
    assert repository is not None
    return GitTree(repository, "HEAD")


@cache
def registry() -> Registry:
    return Registry(head())


@cache
def findings_before() -> list[Finding]:
    return lifecycle.findings(head())


def names() -> tuple[str, ...]:
    return registry().names if real_repository() is not None else ("none",)


# --- remove undoes new ----------------------------------------------------------------------------


@pytest.mark.parametrize("day", DAYS)
def test_new_backends_are_removed_without_a_trace(day: str, tmp_path: Path) -> None:
    """Every kind with every set of variants in turn, both ways of import, all modalities."""
    root = export(commit_of(day), tmp_path / "LocalAI")
    before, known = lifecycle.snapshot(root), lifecycle.findings(WorkTree(root))
    imports, modality = cycle(("auto", "pref-only", "none")), cycle(MODALITIES)
    pick = random.Random(day)
    for lang, kind in KINDS:
        upstream = {"upstream": "acme/zorilla.cpp", "pin": PIN} if kind in NATIVE else {}
        sets = variant_sets(lang, kind)
        for chosen in dict.fromkeys([max(sets, key=len), *pick.sample(sets, min(2, len(sets)))]):
            wanted = {
                "name": "zorilla-x", "lang": lang, "kind": kind, "variants": chosen,
                "imports": next(imports), "modality": next(modality), **upstream,
            }  # fmt: skip
            if wanted["modality"] == "none":
                wanted["imports"] = "none"
            new.plan(WorkTree(root), wanted).commit(root)
            plan = remove.plan(WorkTree(root), "zorilla-x")
            plan.changes.commit(root)
            left = lifecycle.differences(before, lifecycle.snapshot(root))
            assert (left, plan.mentions) == ([], ()), wanted
            # Entries are compared with what most siblings have: the new one may have tipped the scales.
            said = {manual.what for manual in plan.manual}
            assert said <= {f"{f.rule} {f.backend}: {f.message}" for f in known}, wanted


# --- every backend can be removed -----------------------------------------------------------------


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The newest commit as a repository, to be restored after each change."""
    return lifecycle.as_repository(export("HEAD", tmp_path_factory.mktemp("real") / "LocalAI"))


@pytest.mark.parametrize("name", names())
def test_a_removed_backend_is_forgotten(checkout: Path, tmp_path: Path, name: str) -> None:
    known = registry()
    aliases = {alias for other in names() if other != name for alias in known.aliases_of(other)}
    others = {entry.backend for entry in (*known.matrix.linux, *known.matrix.darwin)} - {name}
    plan = remove.plan(WorkTree(checkout), name)
    applied = run("git", "apply", "--check", "-", cwd=checkout, text=plan.changes.diff())
    assert applied.stderr == ""
    try:
        images = lifecycle.built_images(checkout)
        before = lifecycle.inferred(checkout, tmp_path)
        plan.changes.commit(checkout)
        assert not (checkout / known.directory(name)).exists()
        lifecycle.assert_forgotten(findings_before(), WorkTree(checkout), name, plan)
        lifecycle.assert_mentions(checkout, name, aliases, plan)
        after = Registry(WorkTree(checkout))
        assert {entry.backend for entry in (*after.matrix.linux, *after.matrix.darwin)} == others
        assert lifecycle.built_images(checkout) == images - {name}
        lifecycle.assert_filter_tests(checkout, name)
        kept = lifecycle.inferred(checkout, tmp_path)
        assert kept == {tag: before[tag] for tag in kept}
        assert not (known.directory(name) and f"{known.directory(name)}/" in kept.values())
    finally:
        lifecycle.restore(checkout)


# --- variants ---------------------------------------------------------------------------------------


def is_right(name: str) -> bool:
    """Whether the gallery and the table say of a backend what the matrix builds, no more and no less.

    Elsewhere adding a variant repairs: it makes metas of a single image, and what stood there already
    for a variant that nothing built goes with the variant.
    """
    known = registry()
    metas = [meta for meta in known.gallery.base_metas(name) if meta.is_meta]
    single = any(item.anchor for item in known.gallery.image_items(name))
    unbuilt = (i for i in known.gallery.items if i.uri and known.gallery.owner(i) == name)
    offered_only = any(item.tag_suffix not in known.matrix.by_tag_suffix for item in unbuilt)
    words = {VARIANTS[variant].acceleration for variant in known.variants(name)}
    cells = [
        known.docs.accelerations(table, row, column)
        for table, row in known.documented.get(name, ())
        for column in table.columns
        if column.lower().startswith("acceleration")
    ]
    return bool(metas) and not single and not offered_only and all(cell == words for cell in cells)


@pytest.mark.parametrize("name", names())
def test_a_variant_comes_and_goes(checkout: Path, name: str) -> None:
    tree, known = head(), registry()
    built = known.variants(name)
    free = [v for v in supported(known.directories.get(name, "")) if v not in built]
    if variants._is_fork(known, name):
        free = [variant for variant in free if variant != "metal"]
    pick = random.Random(name)
    for chosen in pick.sample(free, min(2, len(free))) if built else ():
        plan = variants.add(tree, name, [chosen])
        with_it = Overlay(tree, plan.changes.contents())
        assert set(Registry(with_it).variants(name)) == {*built, chosen}
        added = lifecycle.new_findings(findings_before(), lifecycle.findings(with_it))
        assert lifecycle.errors(added) == []
        said = [m.what for m in plan.manual]
        for finding in added:
            assert finding.backend == name, finding
            assert any(finding.rule in what for what in said), finding
        if is_right(name):
            back = variants.remove(with_it, name, [chosen])
            without = Overlay(with_it, back.changes.contents())
            touched = {*plan.changes.contents(), *back.changes.contents()}
            assert [path for path in touched if without.read(path) != tree.read(path)] == [], chosen
        try:
            variants.add(WorkTree(checkout), name, [chosen]).changes.commit(checkout)
            variants.remove(WorkTree(checkout), name, [chosen]).changes.commit(checkout)
            assert run("git", "status", "--porcelain", cwd=checkout).stdout == "", chosen
        finally:
            lifecycle.restore(checkout)


def git(*arguments: str) -> str:
    command = ["git", "-C", str(real_repository()), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def commits() -> list[str]:
    """The commits that touch the build matrix, the newest first."""
    if real_repository() is None:
        return ["none"]
    paths = (".github/backend-matrix.yml", ".github/workflows/backend.yml")
    return git("log", "--format=%h", "--first-parent", f"--since={SINCE}", "--", *paths).split()


def where(entry: Entry) -> tuple[str, frozenset[str]]:
    return entry.tag_suffix, frozenset(entry.arches)


def image(item: Item) -> tuple[str, tuple[str, ...]]:
    return item.uri, item.mirrors


OWN_CHOICES = {"runs-on", "skip-drivers"}
"""Fields that LocalAI's authors set by the size of a build, which nothing in the repository tells."""


def compare(before: Registry, theirs: Registry, ours: Registry, name: str, gained: set[str]) -> list[str]:
    """What a commit registered for the variants that it added, and add-variant does not."""
    worse: list[str] = []
    own = {where(e): e for e in ours.matrix.entries_of(name)}
    for entry in theirs.matrix.entries_of(name):
        if entry.variant not in gained:
            continue
        wider = (
            e for e in own.values() if e.tag_suffix == entry.tag_suffix and {*entry.arches} <= {*e.arches}
        )
        match = own.get(where(entry)) or next(wider, None)
        if match is None:
            worse.append(f"no entry {entry.tag_suffix}")
            continue
        keys = [key for key in entry.fields if key in match.fields]
        if keys != [key for key in match.fields if key in entry.fields]:
            worse.append(f"{entry.tag_suffix}: other order of fields")
        for key in {*entry.fields, *match.fields} - OWN_CHOICES - {"platforms"}:
            more = key == "build-type" and key not in entry.fields  # which a macOS step of its own ignores
            if entry.fields.get(key) != match.fields.get(key) and not more:
                worse.append(f"{entry.tag_suffix} {key}: {entry.fields.get(key)} is {match.fields.get(key)}")
    had = {image(item) for item in before.gallery.image_items(name)}
    made = {image(item) for item in ours.gallery.image_items(name)}
    built = {e.tag_suffix for e in theirs.matrix.entries_of(name) if e.variant in gained}
    for item in theirs.gallery.image_items(name):
        if item.tag_suffix in built and image(item) not in had | made:
            worse.append(f"no image {item.uri}")
    for meta in theirs.gallery.metas(name):
        mine = next((m for m in ours.gallery.metas(name) if m.name == meta.name), None)
        for key, target in meta.capabilities.items():
            led = theirs.gallery.by_name.get(target)
            if led is None or led.tag_suffix not in built:
                continue  # it leads to an image that was built before, or that nothing builds
            got = ours.gallery.by_name.get(mine.capabilities.get(key, "")) if mine else None
            fallback = mine is not None and key == "cpu" and "default" in mine.capabilities
            if not fallback and (got is None or image(got) != image(led)):
                worse.append(f"{meta.name} {key}: {target} is {mine and mine.capabilities.get(key)}")
    return worse


@pytest.mark.parametrize("commit", commits())
def test_the_replay_of_a_commit_that_added_a_platform(commit: str) -> None:
    """The same entries, images and keys as people wrote by hand, or more."""
    repository = real_repository()
    assert repository is not None
    before, theirs = Registry(GitTree(repository, f"{commit}^")), Registry(GitTree(repository, commit))
    for name in before.matrix.by_backend:
        gained = {*theirs.variants(name)} - {*before.variants(name)}
        if not gained:
            continue
        plan = variants.add(before.tree, name, gained)
        ours = Registry(plan.changes.overlay())
        added = lifecycle.new_findings(lifecycle.findings(before.tree), lifecycle.findings(ours.tree))
        # What the backend's own Makefile lacks is for a person, who is told.
        said = [m.what for m in plan.manual]
        assert [f for f in lifecycle.errors(added) if not any(f.rule in what for what in said)] == [], name
        assert all(
            f.path.startswith("backend/") and f.path != "backend/index.yaml" for f in lifecycle.errors(added)
        )
        assert compare(before, theirs, ours, name, gained) == [], (name, gained)


def test_the_replay_has_cases() -> None:
    """Guards against a history that is too short to prove anything."""
    subjects = git("log", "--format=%s", "--first-parent", f"--since={SINCE}", "--", "backend/index.yaml")
    assert len(re.findall(r"(?i)metal|darwin|cuda ?13|l4t|rocm|vulkan", subjects)) >= 10
