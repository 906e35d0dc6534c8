"""Dockerfiles by byte span: instructions, stages, and what a build takes from its context.

The grammar is tree-sitter-containerfile: with two corrections it finds the instructions that BuildKit's own
parser finds in every Dockerfile of LocalAI's history and of eight other repositories. Its ancestor
tree-sitter-dockerfile loses what follows `ENV a b c` or `ARG a=`, and dockerfile-parse, which knows no
heredocs, takes their lines for instructions in most of LocalAI's files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache, cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from scaffold.errors import ShapeError
from scaffold.syntax.shell import Command, ShellSource
from scaffold.syntax.source import ParsedSource, Word

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

MAX_VALUE = 4096
"""Bytes of a path or of a variable in one, after which it is taken to be unknown."""

SHELLS = frozenset({"sh", "ash", "bash", "dash", "zsh"})

_UNSEEN = ("comment", "heredoc_marker")
"""Nodes in a shell command that the shell never sees."""

_LATE_HASH = re.compile(rb"#(?<=\S#)|#(?<=\S[ \t]#)")
"""A `#` behind other text of its line, which the grammar takes for a comment's and Docker does not."""

_LINE_OF_TEST = re.compile(rb"(\n[ \t]+)\[(?=[ \t[])")
"""The shell's `[` in front of a continued line, which the grammar takes for a JSON array's."""


@cache
def _parser() -> Parser:
    import tree_sitter_containerfile
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_containerfile.language()))


class Flag(NamedTuple):
    """`--name=value`; the value is "" where there is none."""

    name: str
    value: str
    start_byte: int
    end_byte: int

    @property
    def options(self) -> dict[str, str]:
        """The value of a mount: `a=b,c` as a mapping."""
        return {name: value for name, _, value in (part.partition("=") for part in self.value.split(","))}


class Input(NamedTuple):
    """What a build takes from its context: a path as it is written, variables replaced."""

    path: str
    arguments: frozenset[str]
    """The build arguments whose defaults are in the path: a build that passes one takes something else."""
    start_byte: int
    end_byte: int


class Stage(NamedTuple):
    """One stage; image and platform are as they are written, `alias` is "" where it has none."""

    image: str
    alias: str
    platform: str
    instructions: tuple[Instruction, ...]
    """From its FROM on."""


class _Value(NamedTuple):
    """What a variable holds, and the build arguments whose defaults went into it."""

    text: str
    arguments: frozenset[str] = frozenset()


class Instruction:
    """One instruction with its continued lines and its heredocs."""

    def __init__(self, source: Dockerfile, node: Node) -> None:
        self.name = node.type.removesuffix("_instruction").upper()
        self.start_byte = node.start_byte
        self.end_byte = node.end_byte
        self.node = node
        self._source = source

    @cached_property
    def children(self) -> list[Node]:
        """The nodes that it consists of, its name the first."""
        return self.node.children

    @cached_property
    def flags(self) -> tuple[Flag, ...]:
        """Its flags, in order."""
        found = []
        for node in self.children:
            if node.type in ("param", "mount_param"):
                text = self._source.text(node).removeprefix("--").rstrip("\\")
                name, _, value = text.partition("=")
                found.append(Flag(name, value, node.start_byte, node.end_byte))
        return tuple(found)

    def flag(self, name: str) -> str:
        """The value of a flag; "" where it is not given."""
        return next((flag.value for flag in self.flags if flag.name == name), "")

    def mounts(self, kind: str) -> Iterator[tuple[Flag, dict[str, str]]]:
        """The mounts of a kind (`bind`, `cache`, ...), each with its options."""
        for flag in self.flags:
            if flag.name == "mount" and flag.options.get("type", "bind") == kind:
                yield flag, flag.options

    @cached_property
    def paths(self) -> tuple[tuple[str, Node], ...]:
        """The operands of COPY and ADD, the destination the last; a heredoc is none of them."""
        found = []
        for node in () if self.node.has_error else self.children:
            if node.type == "json_string_array":
                found += [(_json(self._source.text(c)), c) for c in node.children if c.type == "json_string"]
            elif node.type == "path" and not any(c.type == "heredoc_marker" for c in node.children):
                found += [(word, node) for word in self._source.text(node).replace("\\\n", " ").split()]
        return tuple(found)

    @property
    def variables(self) -> Iterator[tuple[str, Node | None]]:
        """The variables of ARG and ENV, each with its value; None for none, or one in parts."""
        for node in self.children:
            if node.type in ("arg_pair", "env_pair"):
                name = node.child_by_field_name("name")
                values = node.children_by_field_name("default" if node.type == "arg_pair" else "value")
                if name is not None:
                    yield self._source.text(name), values[0] if len(values) == 1 else None

    @cached_property
    def command(self) -> Word:
        r"""The shell command of RUN, CMD or ENTRYPOINT; "" where there is none, or one in JSON.

        The text has as many bytes as its span, so that a place in it is a place in the file: comments
        between continued lines and the markers of heredocs are blank, `\` before a line's end stays.
        """
        parts = [node for node in self.children[1:] if node.type in ("shell_command", "ERROR")]
        if not parts or self.name not in ("RUN", "CMD", "ENTRYPOINT"):
            return Word("", self.start_byte, self.start_byte)
        start, end = parts[0].start_byte, parts[-1].end_byte
        text = bytearray(self._source.data[start:end])
        while parts:
            for node in parts.pop().children:
                span = slice(node.start_byte - start, node.end_byte - start)
                if node.type in _UNSEEN or (node.type == "line_continuation" and text[span] != b"\\\n"):
                    text[span] = b" " * (node.end_byte - node.start_byte)
                elif node.is_error:
                    parts.append(node)
        line = re.sub(rb"(?<!\\)[\r\n]", b" ", text)
        return Word(line.decode(), start, end)

    @cached_property
    def scripts(self) -> tuple[Word, ...]:
        """The shell text of a RUN, each part with its place: its command, and heredocs that a shell runs.

        A heredoc is run where it is the whole command and has no `#!` of something else, or where a
        shell is the command that reads it.
        """
        words = self.command.text.split(None, 1)
        found = [self.command] if words else []
        if not words or words[0].rpartition("/")[2] in SHELLS:
            for node in self.heredocs:
                text = self._source.text(node)
                first = text.partition("\n")[0]
                if not first.startswith("#!") or not SHELLS.isdisjoint(re.split(r"[/\s]+", first)):
                    found.append(Word(text, node.start_byte, node.end_byte))
        return tuple(found)

    @cached_property
    def shells(self) -> tuple[ShellSource, ...]:
        """The shell text of a RUN as scripts; offsets count from the beginning of each."""
        return tuple(ShellSource(self._source.path, script.text.encode()) for script in self.scripts)

    @property
    def commands(self) -> Iterator[Command]:
        """The shell commands of a RUN."""
        return (command for shell in self.shells for command in shell.commands)

    @property
    def heredocs(self) -> Iterator[Node]:
        """The bodies of its heredocs that are not empty."""
        for block in self.children:
            if block.type == "heredoc_block":
                yield from (node for node in block.children if node.type == "heredoc_content")


class Dockerfile(ParsedSource):
    """A Dockerfile."""

    def __init__(self, path: str, data: bytes) -> None:
        super().__init__(path, data, _parser)

    @cached_property
    def root(self) -> Node:
        return self.parse(_LINE_OF_TEST.sub(rb"\1%", _LATE_HASH.sub(b"%", self.data)))

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        """Its instructions. What an ONBUILD holds belongs to another build, and is not among them."""
        nodes = (node for node in self.root.children if node.type.endswith("_instruction"))
        return tuple(Instruction(self, node) for node in nodes)

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """Its stages, in order."""
        starts = [number for number, i in enumerate(self.instructions) if i.name == "FROM"]
        bounds = pairwise([*starts, len(self.instructions)])
        return tuple(self._stage(self.instructions[start:end]) for start, end in bounds)

    def _stage(self, instructions: tuple[Instruction, ...]) -> Stage:
        start = instructions[0]
        parts = {node.type: self.text(node) for node in start.children}
        return Stage(
            parts.get("image_spec", ""), parts.get("image_alias", ""), start.flag("platform"), instructions
        )

    @cached_property
    def inputs(self) -> tuple[Input, ...]:
        """What a build takes from its context, except that of which only a build knows the path."""
        copies = [i for i in self.instructions if i.name in ("COPY", "ADD") and not i.flag("from")]
        follows = any("$" in path for copy in copies for path, _ in copy.paths)
        scope = _Scope(self)
        found = []
        for instruction in self.instructions:
            if follows:
                scope.enter(instruction)
            if instruction.name == "RUN":
                for flag, options in instruction.mounts("bind"):
                    path = options.get("source", options.get("src", ""))
                    if path and "from" not in options and "$" not in path:
                        found.append(Input(path, frozenset(), flag.start_byte, flag.end_byte))
            elif instruction.name in ("COPY", "ADD") and not instruction.flag("from"):
                for path, node in instruction.paths[:-1]:
                    value = scope.value(node) if "$" in path else _Value(path)
                    if value is not None:
                        found.append(Input(value.text, value.arguments, node.start_byte, node.end_byte))
        return tuple(found)


@lru_cache(maxsize=256)
def read(path: str, data: bytes) -> Dockerfile | None:
    """A Dockerfile, parsed once per content; None for what cannot be one."""
    try:
        found = Dockerfile(path, data)
        _ = found.root
    except ShapeError:
        return None
    return found


class _Scope:
    """The variables that are known where a reader has come to, from one instruction to the next."""

    def __init__(self, source: Dockerfile) -> None:
        self._source = source
        self._known: dict[str, _Value] = {}
        self._before_stages: dict[str, _Value] | None = None
        self._stages: dict[str, dict[str, _Value]] = {}

    def enter(self, instruction: Instruction) -> None:
        """Take in what an instruction says of variables."""
        if instruction.name == "FROM":
            if self._before_stages is None:
                self._before_stages = self._known
            names = {node.type: self._source.text(node).lower() for node in instruction.children}
            self._known = dict(self._stages.get(names.get("image_spec", ""), {}))
            self._stages[names.get("image_alias", "")] = self._known
        elif instruction.name == "ENV":
            for name, node in instruction.variables:
                self._set(name, self.value(node) if node is not None else None)
        elif instruction.name == "ARG":
            for name, node in instruction.variables:
                present = self._known.get(name)
                if present is None or name in present.arguments:  # else ENV has set it, for good
                    value = self.value(node) if node is not None else (self._before_stages or {}).get(name)
                    self._set(name, value and _Value(value.text, value.arguments | {name}))

    def _set(self, name: str, value: _Value | None) -> None:
        if value is None:
            self._known.pop(name, None)
        else:
            self._known[name] = value

    def value(self, node: Node) -> _Value | None:
        """The text of a node with its variables replaced; None where that takes more than is known here."""
        data = self._source.data
        text, arguments, position = b"", frozenset[str](), node.start_byte
        for child in node.named_children:
            if child.type == "expansion":
                variable, *modifiers = child.named_children
                known = self._known.get(self._source.text(variable)) if not modifiers else None
                if known is None or len(text) > MAX_VALUE:
                    return None
                text += data[position : child.start_byte] + known.text.encode()
                arguments |= known.arguments
                position = child.end_byte
        text += data[position : node.end_byte]
        if node.type in ("double_quoted_string", "single_quoted_string"):
            text = text[1:-1]
        return None if b"$" in text or b"\\" in text else _Value(text.decode(), arguments)


def _json(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        return text
