"""The macOS build workflow: C++ backends are built by a step of their own.

`backend_build_darwin.yml` sends Python and Go through one generic step. A C++ backend needs its own
step, guarded by its name, and an exclusion in the generic step's condition.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from scaffold.checkout.edit import Edit
from scaffold.surfaces.base import Addition, FileSurface, Registration, Removal, required
from scaffold.surfaces.parts import ON_MACOS, Part
from scaffold.syntax.make import Call
from scaffold.syntax.source import Place
from scaffold.syntax.step_script import raw_script
from scaffold.syntax.yaml import YamlSource

if TYPE_CHECKING:
    from tree_sitter import Node

GENERIC_GOAL = "build-darwin-"


class Step(NamedTuple):
    """One step of the build job."""

    name: str
    condition: str
    condition_node: Node | None
    name_node: Node | None
    goals: tuple[str, ...]
    """What it makes."""
    node: Node

    @property
    def is_generic(self) -> bool:
        """Whether it builds whatever backend it is given."""
        return any(goal.startswith(GENERIC_GOAL) for goal in self.goals)

    @property
    def only(self) -> str | None:
        """The one backend that the step is for."""
        match = re.fullmatch(r"inputs\.backend == '([\w-]+)'", self.condition)
        return match[1] if match and f"backends/{match[1]}-darwin" in self.goals else None

    def excludes(self, name: str) -> bool:
        """Whether its condition leaves a backend out."""
        return re.search(rf"inputs\.backend != '{re.escape(name)}'", self.condition) is not None


def _goals(run: str) -> Iterator[str]:
    """What a script makes, as it is written in the file."""
    for command in raw_script(run).commands if "make" in run else ():
        made = Call.of(command)
        yield from made.goals if made is not None else ()


class DarwinSurface(FileSurface):
    """`.github/workflows/backend_build_darwin.yml`."""

    name = "macOS build"
    paths = (".github/workflows/backend_build_darwin.yml",)

    @cached_property
    def source(self) -> YamlSource | None:
        """The file; None where it is absent."""
        return self.load(YamlSource, *self.paths)

    @cached_property
    def steps(self) -> list[Step]:
        """The steps of the job that holds the generic build step, in order."""
        source = self.source
        if source is None:
            return []
        for job in source.pairs(source.get(source.document(), "jobs")):
            steps = [self._step(item) for item in source.items(source.get(job.value, "steps"))]
            if any(step.is_generic for step in steps):
                return steps
        return []

    @property
    def parts(self) -> Iterable[Part]:
        line = self.place(self.steps[0]).line if self.steps else 0
        yield Part(self.path, "build step", len(self.steps), ON_MACOS, line=line)

    @property
    def generic(self) -> Step | None:
        """The step that builds every backend without a step of its own."""
        return next((step for step in self.steps if step.is_generic), None)

    def place(self, step: Step) -> Place:
        """The line of a step."""
        return required(self.source, self.path, "the macOS build workflow").place(step.node)

    def _step(self, item: Node) -> Step:
        source = required(self.source, self.path, "the macOS build workflow")
        pairs = {p.key: p for p in source.pairs(source.item_value(item))}
        values = {key: source.scalar(pair.value) for key, pair in pairs.items()}
        return Step(
            values.get("name", ""),
            values.get("if", ""),
            pairs["if"].value if "if" in pairs else None,
            pairs["name"].node if "name" in pairs else None,
            tuple(_goals(values.get("run", ""))),
            item,
        )

    def registrations(self, name: str) -> Iterable[Registration]:
        for step in self.steps:
            if re.search(rf"'{re.escape(name)}'", step.condition) and self.source is not None:
                what = "build step" if step.only == name else f"condition of step {step.name}"
                first = self.source.line(step.node.start_byte)
                last = self.source.line(self.source.item_end(step.node) - 1)
                yield Registration(self.name, self.path, first, what, last)

    def add(self, addition: Addition) -> None:
        if not addition.backend.bespoke_darwin:
            return
        name = addition.backend.name
        if not any(step.only == name for step in self.steps):
            self.add_step(addition)
        if self.generic is None or not self.generic.excludes(name):
            self.exclude(addition)

    def remove(self, removal: Removal) -> None:
        source = self.source
        if source is None:
            return
        for step in self.steps:
            if step.only == removal.name:
                start = source.blank_start(source.comment_start(step.node.start_byte, "#"))
                removal.changes.delete_lines(self.path, start, source.item_end(step.node))
        generic = self.generic
        if generic is None or generic.condition_node is None:
            return
        if not generic.excludes(removal.name):
            return
        node = generic.condition_node
        own = f"inputs.backend != '{removal.name}'"
        if generic.condition == own:
            removal.changes.delete_lines(
                self.path, source.line_start(node.start_byte), source.line_end(node.end_byte - 1)
            )
            return
        text = source.text(node)
        joined = next(part for part in (f" && {own}", f"{own} && ", own) if part in text)
        start = node.start_byte + len(text[: text.index(joined)].encode())
        removal.changes.add(Edit(self.path, start, start + len(joined.encode()), ""))

    def _generic(self) -> tuple[YamlSource, Step]:
        source = required(self.source, self.path, "the macOS build workflow")
        if self.generic is None or self.generic.name_node is None:
            raise source.shape_error(None, f"expected a named step that runs make {GENERIC_GOAL}...")
        return source, self.generic

    def add_step(self, addition: Addition) -> None:
        """Plan the step that builds this backend alone."""
        source, generic = self._generic()
        name = addition.backend.name
        bespoke = {step.only: step for step in self.steps if step.only}
        relative = addition.nearest(bespoke)
        before = self.steps[self.steps.index(generic) - 1]
        after = bespoke[relative] if relative else before
        indent = " " * (generic.node.start_byte - source.line_start(generic.node.start_byte))
        step = {
            "name": f"Build {name} backend (Darwin Metal)",
            "if": f"inputs.backend == '{name}'",
            "run": f"make backends/{name}-darwin\n",
        }
        text = (
            f"\n{indent}- name: {step['name']}\n"
            f"{indent}  if: {step['if']}\n"
            f"{indent}  run: |\n"
            f"{indent}    make backends/{name}-darwin\n"
        )
        addition.insert(self.path, source.item_end(after.node), text)
        addition.expect(self.path, step)

    def exclude(self, addition: Addition) -> None:
        """Plan the backend's exclusion from the generic step."""
        source, generic = self._generic()
        condition = f"inputs.backend != '{addition.backend.name}'"
        if generic.condition_node is not None:
            addition.insert(self.path, generic.condition_node.end_byte, f" && {condition}")
            addition.expect(self.path, f"{generic.condition} && {condition}")
        else:
            assert generic.name_node is not None
            indent = " " * (generic.name_node.start_byte - source.line_start(generic.name_node.start_byte))
            offset = source.line_end(generic.name_node.end_byte - 1)
            addition.insert(self.path, offset, f"{indent}if: {condition}\n")
            addition.expect(self.path, condition)
