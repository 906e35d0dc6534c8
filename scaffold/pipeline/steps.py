"""Steps of jobs and of composite actions, as they stand in the files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from scaffold.pipeline.expressions.templates import Template, condition, template
from scaffold.pipeline.expressions.values import text_of
from scaffold.pipeline.script_folders import in_folders, placed
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.shell import Command, ShellSource
from scaffold.syntax.source import Place
from scaffold.syntax.step_script import appended, line_of, script_of
from scaffold.syntax.yaml import YamlSource

FORKED = {
    "build-push-action": "docker",
    "login-action": "docker",
    "metadata-action": "docker",
    "upload-artifact": "actions",
    "download-artifact": "actions",
    "cache": "actions",
}
"""Action that others have forks of, which take the same inputs -> who has the first one."""


def folder_of(step: Step, *around: yaml.Mapping) -> str:
    """The folder in which a step works, as it is written: its own, or what is said around it; "" for none."""
    said = (node.text("defaults", "run", "working-directory") for node in around)
    return step.node.text("working-directory") or next(filter(None, said), "")


def original(action: str) -> str:
    """The action that another one is a fork of, by its name; the same one where it is none."""
    owner, _, name = action.partition("/")
    first = FORKED.get(name.partition("/")[0]) if owner.strip(".$") else None
    return f"{first}/{name}" if first is not None else action


CHECKOUT = "actions/checkout"
"""The action that brings the files of the repository."""

_PROGRAM = r"(?:\$(?:\w++|\{\w++\}|\(pwd\)|\{\{[^{}]*+\}\})/)?[\w./-]+\.(?:sh|py|m?js|ts|rb)"
"""The path of the file of a program, which may begin with a variable."""

OUTPUT = "GITHUB_OUTPUT"
VARIABLES = "GITHUB_ENV"
"""The variables that name the files for a step's outputs, and for variables of the steps behind it."""

CONTAINERS = ("docker", "podman", "nerdctl", "buildah", "ko", "executor")
"""Programs that build and push images; kaniko's is `/kaniko/executor`."""
_TOOLS = rb"docker|podman|nerdctl|buildah|executor|\bko\b"
"""What stands in a script that calls one: many a script has a token."""


class Step:
    """One step of a job or of a composite action."""

    def __init__(self, source: YamlSource, node: yaml.Mapping, index: int) -> None:
        self.source = source
        self.node = node
        self.index = index
        self.id = node.text("id")
        self.uses = node.text("uses")
        """The action that it uses, with its version."""
        self.action = original(self.uses.partition("@")[0].lower())
        """The action that it uses, or of which it uses a fork, without its version, in small letters."""
        self.run = node.text("run")
        """The script that it runs."""
        self.given = {name.lower(): value for name, value in node.mapping("with").values.items()}
        """Its `with`: the names of inputs are the same in any case."""

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

    @cached_property
    def script(self) -> ShellSource:
        """The script that it runs; one for another interpreter has no commands."""
        return script_of(self.node)

    @cached_property
    def scripts(self) -> tuple[str, ...]:
        """The paths of the files of programs that its script names, from the root of the repository.

        With `$` in it where nobody knows.
        """
        unquoted = self.run.replace('"', "").replace("'", "")
        if not re.search(rf"(?<![^\s`;&|()<>=])(?:{_PROGRAM})(?![\w./:-])", unquoted):
            return ()
        home = posixpath.dirname(self.path)
        folder = placed(self.node.text("working-directory"), ".", home)
        return tuple(
            placed(word, at, home)
            for command, at in in_folders(self.script, folder, home)
            for word in command.words
            if re.fullmatch(_PROGRAM, word)
        )

    @property
    def containers(self) -> tuple[Command, ...]:
        """The commands of its script that build, push or run images."""
        return containers(self.script) if self.run else ()

    def after_line(self, offset: int) -> int:
        """The offset in the file behind the line in which an offset of its script stands."""
        return self.source.line_end(self.source.offset(line_of(self.source, self.node, offset)))

    @property
    def outputs(self) -> dict[str, int]:
        """The outputs that its script writes, each with the offset in the script where it does."""
        if OUTPUT not in self.run:
            return {}
        found = {match[1]: match.start(1) for match in re.finditer(_OUTPUT, self.run)}
        for block in re.finditer(_OUTPUT_BLOCK, self.run) if len(self.run) < MAX_RUN else ():
            lines = re.compile(_PRINTED_NAME if block["group"] else _NAME_LINE)
            found |= {m[1]: m.start(1) for m in lines.finditer(self.run, *block.span())}
        return found

    @cached_property
    def told(self) -> dict[str, Template]:
        """The outputs to which its script certainly gives one value."""
        return self._told(OUTPUT)

    @property
    def told_variables(self) -> dict[str, str]:
        """The variables to which its script certainly gives one value for the steps behind it."""
        parts = {name: of.parts for name, of in self._told(VARIABLES).items() if not of.expressions}
        return {name: text for name, (text,) in parts.items() if isinstance(text, str)}

    def _told(self, file: str) -> dict[str, Template]:
        """What its script certainly writes to a file, without variables of the shell."""
        said = appended(self.script, file) if file in self.run else {}
        values = {name: template(value) for name, value in said.items() if value}
        return {name: of for name, of in values.items() if not any(map(_is_expanded, of.parts))}

    @cached_property
    def exported(self) -> frozenset[str]:
        """The variables that its script may give a value for the steps behind it."""
        if VARIABLES not in self.run:
            return frozenset()
        return frozenset(re.findall(r"\b([A-Za-z_]\w*)(?:=|<<)", self.run))

    @cached_property
    def condition(self) -> Template | None:
        """Its `if`."""
        value = self.node.get("if")
        return condition(value.text) if isinstance(value, yaml.Scalar) else None

    @cached_property
    def written(self) -> dict[str, Template | str]:
        """Each of its `with` that is a scalar: the text that it is, or what makes it."""
        scalars = ((n, v) for n, v in self.given.items() if isinstance(v, yaml.Scalar))
        return {n: template(v.text) if "${{" in v.text else text_of(v.typed) for n, v in scalars}

    def input(self, name: str) -> Template | None:
        """One of its `with`."""
        value = self.given.get(name)
        return template(value.text) if isinstance(value, yaml.Scalar) else None

    def spelled(self, name: str) -> str:
        """One of its `with` as it is written; "" where it is not given."""
        value = self.given.get(name)
        return value.text if isinstance(value, yaml.Scalar) else ""

    def at(self, *keys: str) -> Place:
        """The place of a value below a chain of keys; of the step where there is none."""
        return self.source.place(self.node.start_of(keys, self.node.start))

    def line_of(self, needle: str, *keys: str) -> Place:
        """The line of a value that holds a text, by default of its script."""
        value = self.node.get(*(keys or ("run",)))
        if not isinstance(value, yaml.Scalar):
            return self.at(*keys)
        offset = self.source.data.find(needle.encode(), value.start, value.end)
        return self.source.place(max(offset, value.start))


def _is_expanded(part: object) -> bool:
    """Whether a shell puts something into a part of a text."""
    return isinstance(part, str) and ("$" in part or "`" in part)


MAX_RUN = 1 << 16
"""Characters of a script in which blocks are looked for."""

_PRINTED = r"^[^\n#]*?\b(?:echo|printf)\s++[\"']?([A-Za-z_][\w-]*+)(?:=|<<)"
_OUTPUT = rf"(?m){_PRINTED}[^\n]*(?:>>|\btee\s+-a)\s*+[\"']?\$\{{?GITHUB_OUTPUT"
_PRINTED_NAME = rf"(?m){_PRINTED}"
_NAME_LINE = r"(?m)^[ \t]*([A-Za-z_][\w-]*+)="
_OUTPUT_BLOCK = (
    r"(?ms)^[ \t]*(?P<group>\{)$(?:(?!^[ \t]*+(?:\}|\{$)).)*+^[ \t]*+\}\s*+>>\s*+[\"']?\$\{?GITHUB_OUTPUT"
    r"|^[^\n]*<<-?\s*[\"']?(?P<end>\w+)[\"']?[ \t]*>>\s*[\"']?\$\{?GITHUB_OUTPUT[^\n]*\n"
    r"(?:(?!<<).)*?^[ \t]*+(?P=end)$"
)
"""Commands in braces, and a text for `cat`, that go to the outputs as a whole."""


@lru_cache(maxsize=4096)
def containers(script: ShellSource) -> tuple[Command, ...]:
    """The commands of a script that build, push or run images."""
    if not re.search(_TOOLS, script.data):
        return ()
    return tuple(c for c in script.commands if c.bare[:1] and posixpath.basename(c.bare[0]) in CONTAINERS)


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

    @property
    def certain(self) -> bool:
        """Whether it runs wherever its job does, as far as conditions say."""
        return all(step.condition is None for step in self.chain)


def is_deployment(step: Step) -> bool:
    """Whether a step brings what was built to where it runs."""
    return "-deploy" in step.action or re.search(_DEPLOYS, step.run) is not None


_DEPLOYS = r"\b(?:kubectl|helm|terraform|tofu|pulumi|ansible-playbook)\b"


def steps_of(source: YamlSource, value: yaml.Value | None) -> tuple[Step, ...]:
    """The steps of a list."""
    items = value.items if isinstance(value, yaml.Sequence) else []
    return tuple(Step(source, node, i) for i, node in enumerate(items) if isinstance(node, yaml.Mapping))
