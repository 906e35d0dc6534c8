"""Steps of jobs and of composite actions, as they stand in the files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from scaffold.pipeline.expressions.templates import Template, condition, template
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.shell import ShellSource
from scaffold.syntax.source import Place
from scaffold.syntax.step_script import line_of, script_of
from scaffold.syntax.yaml import YamlSource


class Step:
    """One step of a job or of a composite action."""

    def __init__(self, source: YamlSource, node: yaml.Mapping, index: int) -> None:
        self.source = source
        self.node = node
        self.index = index
        self.id = node.text("id")
        self.uses = node.text("uses")
        """The action that it uses, with its version."""
        self.action = self.uses.partition("@")[0].lower()
        """The action that it uses, without its version, in small letters."""
        self.run = node.text("run")
        """The script that it runs."""
        self.given = node.mapping("with").values

    @property
    def path(self) -> str:
        """The file that it stands in."""
        return self.source.path

    @property
    def line(self) -> int:
        """Line where it starts."""
        return self.source.line(self.node.start)

    @property
    def title(self) -> str:
        """What a person calls it."""
        for key in ("name", "id", "uses"):
            if self.node.text(key):
                return self.node.text(key)
        return self.run.strip().partition("\n")[0][:60]

    @property
    def script(self) -> ShellSource:
        """The script that it runs; one for another interpreter has no commands."""
        return script_of(self.node)

    def after_line(self, offset: int) -> int:
        """The offset in the file behind the line in which an offset of its script stands."""
        return self.source.line_end(self.source.offset(line_of(self.source, self.node, offset)))

    @property
    def outputs(self) -> dict[str, int]:
        """The outputs that its script writes, each with the offset in the script where it does."""
        found = re.finditer(_OUTPUT, self.run) if "GITHUB_OUTPUT" in self.run else ()
        return {match[1]: match.start(1) for match in found}

    @cached_property
    def condition(self) -> Template | None:
        """Its `if`."""
        value = self.node.get("if")
        return condition(value.text) if isinstance(value, yaml.Scalar) else None

    def input(self, name: str) -> Template | None:
        """One of its `with`."""
        value = self.given.get(name)
        return template(value.text) if isinstance(value, yaml.Scalar) else None

    def at(self, *keys: str) -> Place:
        """The place of a value below a chain of keys; of the step where there is none."""
        mapping, found = self.node, None
        for key in keys:
            found = mapping.keys.get(key, found)
            mapping = mapping.mapping(key)
        return self.source.place(found.start if found is not None else self.node.start)

    def line_of(self, needle: str, *keys: str) -> Place:
        """The line of a value that holds a text, by default of its script."""
        value = self.node.get(*(keys or ("run",)))
        if not isinstance(value, yaml.Scalar):
            return self.at(*keys)
        offset = self.source.data.find(needle.encode(), value.start, value.end)
        return self.source.place(max(offset, value.start))


_OUTPUT = r"(?m)^[^\n#]*?\b(?:echo|printf)\s++[\"']?([A-Za-z_][\w-]*+)=[^\n]*>>\s*+[\"']?\$\{?GITHUB_OUTPUT"


@dataclass(slots=True, eq=False)
class Occurrence:
    """A step as a job meets it: its own, or one of a composite action that a step of it uses."""

    step: Step
    outer: Occurrence | None = None

    @property
    def chain(self) -> Iterator[Step]:
        """The step and the steps that lead to it, the innermost first."""
        at: Occurrence | None = self
        while at is not None:
            yield at.step
            at = at.outer


def steps_of(source: YamlSource, value: yaml.Value | None) -> tuple[Step, ...]:
    """The steps of a list."""
    items = value.items if isinstance(value, yaml.Sequence) else []
    return tuple(Step(source, node, i) for i, node in enumerate(items) if isinstance(node, yaml.Mapping))
