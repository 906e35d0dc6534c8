"""Dockerfiles by byte span: instructions, stages, and what a build takes from its context.

The grammar is tree-sitter-containerfile: with two corrections it finds the instructions that BuildKit's own
parser finds in every Dockerfile of LocalAI's history and of eight other repositories. Its ancestor
tree-sitter-dockerfile loses what follows `ENV a b c` or `ARG a=`, and dockerfile-parse, which knows no
heredocs, takes their lines for instructions in most of LocalAI's files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache, partial
from itertools import pairwise
from typing import TYPE_CHECKING

from scaffold.errors import ShapeError
from scaffold.syntax import grammar
from scaffold.syntax.instructions import Instruction, Stage, unquoted
from scaffold.syntax.shell import ShellSource
from scaffold.syntax.source import ParsedSource, Span

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_VALUE = 4096
"""Bytes of a path or of a variable in one, after which it is taken to be unknown."""

MAX_VARIABLES = 500
"""Variables of a stage that are followed."""

_Value = tuple[str, frozenset[str]]
"""What a variable holds, and the build arguments whose defaults went into it."""

NONE: frozenset[str] = frozenset()

_LATE_HASH = re.compile(rb"#(?<=\S#)|#(?<=\S[ \t]#)")
"""A `#` behind other text of its line, which the grammar takes for a comment's and Docker does not."""

_TEST = re.compile(rb"\[(?=[ \t[])")
"""The shell's `[`, which the grammar takes for a JSON array's in front of a line and behind a quote."""

_NAMED = re.compile(rb"[ \t]*[A-Za-z]+(?:[ \t]+--\S+)*[ \t]+")
"""The name of an instruction and its flags. A `[` behind them may well be a JSON array's."""

MAX_NAMED = 500
"""Bytes before a `[` in which they are looked for."""


_parser = partial(grammar.parser, "tree_sitter_containerfile")


class Input:
    """What a build takes from its context."""

    def __init__(self, path: str, at: Span, arguments: frozenset[str]) -> None:
        self.path = path
        """As it is written, variables replaced."""
        self.arguments = arguments
        """The build arguments whose defaults are in it: a build that passes one takes something else."""
        self.start_byte, self.end_byte = at.start_byte, at.end_byte


class Dockerfile(ParsedSource):
    """A Dockerfile."""

    def __init__(self, path: str, data: bytes) -> None:
        super().__init__(path, data, _parser)

    @cached_property
    def root(self) -> Node:
        _ = self.is_parsable
        seen = bytearray(_LATE_HASH.sub(b"%", self.data))
        for found in _TEST.finditer(self.data):
            before = self.data[max(found.start() - MAX_NAMED, 0) : found.start()].rpartition(b"\n")[2]
            if not _NAMED.fullmatch(before):
                seen[found.start()] = ord("%")
        return self.parse(bytes(seen))

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        """Its instructions. What an ONBUILD holds belongs to another build, and is not among them."""
        nodes = (node for node in self.root.children if node.type.endswith("_instruction"))
        return tuple(Instruction(self, node) for node in nodes)

    @property
    def held_back(self) -> Iterator[Instruction]:
        """What its ONBUILDs hold: instructions of the builds that begin with its image."""
        for instruction in self.instructions if b"ONBUILD" in self.data.upper() else ():
            nodes = instruction.children if instruction.name == "ONBUILD" else ()
            yield from (Instruction(self, node) for node in nodes if node.type.endswith("_instruction"))

    def shells(self, word: bytes) -> Iterator[ShellSource]:
        """The scripts of its RUNs that hold a word."""
        for instruction in self.instructions:
            if instruction.name == "RUN" and word in instruction.written:
                yield from (shell for shell in instruction.shells if word in shell.data)

    @cached_property
    def bare(self) -> bytes:
        """The file with its comments blanked, those of shells too; offsets stay."""
        bare = bytearray(self.data)
        comments = [node for node in self.root.children if node.type == "comment"]
        for instruction in self.instructions:
            comments += (node for node in instruction.children if node.type == "comment")
            for script, shell in zip(instruction.scripts, instruction.shells, strict=True):
                bare[script.start_byte : script.end_byte] = shell.bare
        for node in comments:
            span = slice(node.start_byte, node.end_byte)
            bare[span] = re.sub(rb"[^\n]", b" ", bare[span])
        return bytes(bare)

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """Its stages, in order."""
        starts = [number for number, i in enumerate(self.instructions) if i.name == "FROM"]
        bounds = pairwise([*starts, len(self.instructions)])
        return tuple(Stage(self, self.instructions[start:end]) for start, end in bounds)

    @cached_property
    def inputs(self) -> tuple[Input, ...]:
        """What a build takes from its context, except that of which only a build knows the path."""
        return self.inputs_with({})

    @cached_property
    def follows(self) -> bool:
        """Whether a variable stands in what it copies."""
        return any("$" in path for i in self.instructions if i.copies for path, _ in i.paths)

    def inputs_with(self, passed: Mapping[str, str]) -> tuple[Input, ...]:
        """The inputs of a build that passes some arguments."""
        scope = _Scope(self, passed)
        found = []
        for instruction in self.instructions:
            if self.follows:
                scope.enter(instruction)
            if instruction.name == "RUN":
                for flag, options in instruction.mounts("bind"):
                    path = options.get("source", options.get("src", ""))
                    if path and "from" not in options and "$" not in path:
                        found.append(Input(path, flag, NONE))
            elif instruction.copies:
                for path, node in instruction.paths[:-1]:
                    value = scope.value(node) if "$" in path else (path, NONE)
                    if value is not None:
                        found.append(Input(unquoted(value[0]), node, value[1]))
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

    def __init__(self, source: Dockerfile, passed: Mapping[str, str]) -> None:
        self._source = source
        self._passed = passed
        """The build arguments that are known."""
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
                if name in self._passed and present is None:
                    self._set(name, (self._passed[name], NONE))
                elif present is None or name in present[1]:  # else ENV has set it, for good
                    value = self.value(node) if node is not None else (self._before_stages or {}).get(name)
                    self._set(name, value and (value[0], value[1] | {name}))

    def _set(self, name: str, value: _Value | None) -> None:
        if value is None:
            self._known.pop(name, None)
        elif len(self._known) < MAX_VARIABLES:
            self._known[name] = value

    def value(self, node: Node) -> _Value | None:
        """The text of a node with its variables replaced; None where that takes more than is known here."""
        data = self._source.data
        text, arguments, position = b"", NONE, node.start_byte
        for child in node.named_children:
            if child.type == "expansion":
                variable, *modifiers = child.named_children
                known = self._known.get(self._source.text(variable)) if not modifiers else None
                if known is None or len(text) > MAX_VALUE:
                    return None
                text += data[position : child.start_byte] + known[0].encode()
                arguments |= known[1]
                position = child.end_byte
        text += data[position : node.end_byte]
        if node.type in ("double_quoted_string", "single_quoted_string"):
            text = text[1:-1]
        return None if b"$" in text or b"\\" in text else (text.decode(), arguments)
