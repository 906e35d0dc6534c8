"""`guide`: what is left of a backend, as somebody wants to know who comes back to it after a week.

Nothing is judged here: the places are those of `show`, the findings those of `check`, and what CI starts is
LocalAI's own answer, as `affected` has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from scaffold.checkout.tree import Tree
from scaffold.errors import ShapeError, UsageError
from scaffold.operations import affected, overview
from scaffold.operations.changes import Change
from scaffold.operations.overview import Shown
from scaffold.pipeline.changed_backends import Job
from scaffold.registry import Registry
from scaffold.surfaces.models import LIST
from scaffold.surfaces.test_jobs import TestJobsSurface

ENGINE, PLACES, READERS, REVIEW = (
    "the engine", "where it is registered", "what users read", "what a reviewer will ask",
)  # fmt: skip
PAGES = "docs/content/features"
NO_LICENSE = ("", "NOASSERTION")
"""What `new-backend` writes where nobody has said it."""
_TODO = re.compile(rb"\bTODO\b[^\n]*")


class Step(NamedTuple):
    """One thing to do, or done."""

    done: bool
    path: str
    line: int
    """From 1; 0 where no line stands for it."""
    what: str


@dataclass(frozen=True, slots=True)
class Guide:
    """How far one backend is."""

    shown: Shown
    steps: dict[str, tuple[Step, ...]]
    """Part of the work -> its steps, in the order in which somebody would do them."""
    jobs: tuple[Job, ...]
    """Its image builds that the change starts."""
    tests: tuple[str, ...]
    """The jobs of the extra tests that the change starts."""
    unsaid: str
    """Why nobody can tell what CI starts; "" where it is told."""

    @property
    def left(self) -> list[Step]:
        """What is not done."""
        return [step for steps in self.steps.values() for step in steps if not step.done]


def under_way(change: Change) -> list[str]:
    """The backends whose own directory a change touches. Raises UsageError where there is none."""
    folders = {"/".join(path.split("/")[:3]) for path in change.files if path.count("/") > 2}  # noqa: PLR2004
    registry = Registry(change.head)
    found = [name for name in registry.names if registry.directory(name) in folders]
    if not found:
        raise UsageError(
            "no directory of a backend differs from the base: name a backend, or say with --base what your "
            "branch started from"
        )
    return found


def run(change: Change, name: str) -> Guide:
    """What is left of a backend, and what a change starts of it. Raises UsageError where there is none."""
    registry = Registry(change.head)
    shown = overview.show(change.head, name, None)
    jobs, tests, unsaid = _started(change, shown.name)
    steps = {
        ENGINE: tuple(_engine(registry, shown)),
        PLACES: tuple(_places(shown)),
        READERS: tuple(_readers(registry, shown)),
        REVIEW: tuple(_review(registry, shown)),
    }
    return Guide(shown, steps, jobs, tests, unsaid)


def _started(change: Change, name: str) -> tuple[tuple[Job, ...], tuple[str, ...], str]:
    try:
        found = affected.run(change)
    except ShapeError as error:
        return (), (), str(error)
    own = {use.job for use in TestJobsSurface(change.head).output_uses if use.name == name}
    jobs = tuple(job for job in found.jobs if job.backend == name)
    return jobs, tuple(test for test in found.tests if test in own), ""


def _engine(registry: Registry, shown: Shown) -> Iterator[Step]:
    """Each TODO in the backend's own files."""
    found = [
        Step(False, path, line, what)
        for path in registry.all_files(shown.name)
        for line, what in _todos(registry.tree, path)
    ]
    yield from found or [Step(True, shown.directory, 0, "no TODO is left")]


def _todos(tree: Tree, path: str) -> Iterator[tuple[int, str]]:
    data = tree.read(path) or b""
    for found in _TODO.finditer(data):
        yield data.count(b"\n", 0, found.start()) + 1, found[0].decode(errors="replace").strip()


def _places(shown: Shown) -> Iterator[Step]:
    """The surfaces that know it, and what `check` finds."""
    for surface, places in shown.surfaces.items():
        if places:
            more = f", and {len(places) - 1} more" if places[1:] else ""
            yield Step(True, places[0].path, places[0].line, f"{surface}: {places[0].what}{more}")
    for finding in shown.findings:
        what = f"{finding.severity.value} {finding.rule}: {finding.message}"
        yield Step(False, finding.path, finding.line, what)


def _readers(registry: Registry, shown: Shown) -> Iterator[Step]:
    """What people see of it: a model to install, a page, the gallery's entry."""
    known = {shown.name, *shown.metas}
    model = next(iter(registry.models.uses(known)), None)
    yield (
        Step(True, model.path, model.line, "a model uses it")
        if model
        else Step(False, LIST, 0, f"no model uses backend: {shown.name}")
    )
    if registry.tree.is_dir(PAGES):
        yield next(_pages(registry.tree, shown), None) or (
            Step(False, PAGES, 0, f"no page speaks of {shown.name}: describe it on that of its modality")
        )
    for meta in registry.gallery.base_metas(shown.name):
        fields = meta.item.fields
        license_ = fields.get("license", "")
        at = (meta.path, meta.line)
        yield Step(license_ not in NO_LICENSE, *at, f"license: {license_ or 'none'}")
        written = bool(meta.summary) and not meta.summary.startswith(f"{shown.name}: ")
        yield Step(written, *at, f"description: {meta.summary or 'none'}")
        icon = fields.get("icon", "")
        drawn = bool(icon) and not re.fullmatch(r"https://github\.com/[\w-]+\.png", icon)
        yield Step(drawn, *at, f"icon: {icon or 'none'}")


def _pages(tree: Tree, shown: Shown) -> Iterator[Step]:
    """The pages about features that name it, but for lists in which it is registered.

    A name is often a common word: it counts in a heading, as code, in bold, and as a model's `backend:`.
    """
    lists = {place.path for places in shown.surfaces.values() for place in places}
    name = re.escape(shown.name.encode())
    named = re.compile(rb"(?m)(?:^#[^\n]*[ \[(]|[`*]|\bbackend: *[\"']?)%b(?![\w-])" % name)
    for path in tree.files(PAGES):
        data = (tree.read(path) or b"") if path not in lists else b""
        if found := named.search(data):
            yield Step(True, path, data.count(b"\n", 0, found.start()) + 1, "a page speaks of it")


def _review(registry: Registry, shown: Shown) -> Iterator[Step]:
    """Questions of a review that the checkout can answer, and those that it cannot."""
    bump = next((bump for bump in registry.bump_deps.bumps if bump.backend == shown.name), None)
    if bump:
        yield Step(True, bump.path, bump.line, f"who follows the engine? {bump.repository}, {bump.branch}")
    places = shown.surfaces.get(registry.test_jobs.name, ())
    yield (
        Step(True, places[0].path, places[0].line, "do its tests run in CI? they do")
        if places
        else Step(False, registry.test_jobs.path, 0, "do its tests run in CI? no job has them")
    )
    yield Step(False, shown.directory, 0, "which model was it tried with, and on which hardware?")
    yield Step(False, shown.directory, 0, "does LoadModel refuse the models of other backends?")
