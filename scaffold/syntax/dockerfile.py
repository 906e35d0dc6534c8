"""Dockerfiles by byte span: instructions, stages, and what a build takes from its context.

The grammar is tree-sitter-containerfile: with two corrections it finds the instructions that BuildKit's own
parser finds in every Dockerfile of LocalAI's history and of eight other repositories. Its ancestor
tree-sitter-dockerfile loses what follows `ENV a b c` or `ARG a=`, and dockerfile-parse, which knows no
heredocs, takes their lines for instructions in most of LocalAI's files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache, partial
from itertools import pairwise
from typing import TYPE_CHECKING

from scaffold.errors import ShapeError
from scaffold.syntax import grammar
from scaffold.syntax.shell import Command, ShellSource
from scaffold.syntax.source import ParsedSource, Span, Word

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_VALUE = 4096
"""Bytes of a path or of a variable in one, after which it is taken to be unknown."""

MAX_VARIABLES = 500
"""Variables of a stage that are followed."""

SHELLS = frozenset({"sh", "ash", "bash", "dash", "zsh"})

_Value = tuple[str, frozenset[str]]
"""What a variable holds, and the build arguments whose defaults went into it."""

NONE: frozenset[str] = frozenset()

_UNSEEN = ("comment", "heredoc_marker")
"""Nodes in a shell command that the shell never sees."""

_LATE_HASH = re.compile(rb"#(?<=\S#)|#(?<=\S[ \t]#)")
"""A `#` behind other text of its line, which the grammar takes for a comment's and Docker does not."""

_TEST = re.compile(rb"\[(?=[ \t[])")
"""The shell's `[`, which the grammar takes for a JSON array's in front of a line and behind a quote."""

_NAMED = re.compile(rb"[ \t]*[A-Za-z]+(?:[ \t]+--\S+)*[ \t]+")
"""The name of an instruction and its flags. A `[` behind them may well be a JSON array's."""

MAX_NAMED = 500
"""Bytes before a `[` in which they are looked for."""


_parser = partial(grammar.parser, "tree_sitter_containerfile")


class Flag:
    """`--name=value`; the value is "" where there is none."""

    def __init__(self, source: Dockerfile, node: Node) -> None:
        text = source.text(node).removeprefix("--").rstrip("\\")
        self.name, _, self.value = text.partition("=")
        self.start_byte, self.end_byte = node.start_byte, node.end_byte

    @property
    def options(self) -> dict[str, str]:
        """The value of a mount: `a=b,c` as a mapping."""
        return {name: value for name, _, value in (part.partition("=") for part in self.value.split(","))}


class Input:
    """What a build takes from its context."""

    def __init__(self, path: str, at: Span, arguments: frozenset[str]) -> None:
        self.path = path
        """As it is written, variables replaced."""
        self.arguments = arguments
        """The build arguments whose defaults are in it: a build that passes one takes something else."""
        self.start_byte, self.end_byte = at.start_byte, at.end_byte


class Instruction:
    """One instruction with its continued lines and its heredocs."""

    def __init__(self, source: Dockerfile, node: Node) -> None:
        self.name = node.type.removesuffix("_instruction").upper()
        self.start_byte = node.start_byte
        self.end_byte = node.end_byte
        self.node = node
        self._source = source

    @property
    def written(self) -> bytes:
        """What stands in the file."""
        return self._source.data[self.start_byte : self.end_byte]

    @cached_property
    def children(self) -> list[Node]:
        """The nodes that it consists of, its name the first."""
        return self.node.children

    @cached_property
    def flags(self) -> tuple[Flag, ...]:
        """Its flags, in order."""
        nodes = (node for node in self.children if node.type in ("param", "mount_param"))
        return tuple(Flag(self._source, node) for node in nodes)

    def flag(self, name: str) -> str:
        """The value of a flag; "" where it is not given."""
        return next((flag.value for flag in self.flags if flag.name == name), "")

    @property
    def copies(self) -> bool:
        """Whether it copies from the context."""
        return self.name in ("COPY", "ADD") and not self.flag("from")

    def mounts(self, kind: str) -> Iterator[tuple[Flag, dict[str, str]]]:
        """The mounts of a kind (`bind`, `cache`, ...), each with its options."""
        for flag in self.flags:
            if flag.name == "mount" and flag.options.get("type", "bind") == kind:
                yield flag, flag.options

    @property
    def mounted(self) -> Iterator[str]:
        """The images, stages and contexts that its mounts take files from."""
        return (flag.options.get("from", "") for flag in self.flags if flag.name == "mount")

    @cached_property
    def paths(self) -> tuple[tuple[str, Node], ...]:
        """The operands of COPY and ADD, the destination the last; a heredoc is none of them."""
        found = []
        for node in () if self.node.has_error else self.children:
            if node.type == "json_string_array":
                found += [(_json(self._source.text(c)), c) for c in node.children if c.type == "json_string"]
            elif node.type == "path" and not any(c.type == "heredoc_marker" for c in node.children):
                found.append((_unquoted(self._source.text(node).rstrip("\\")), node))
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
        if self.name != "RUN":
            return ()
        words = self.command.text.split(None, 1)
        found = [self.command] if words else [*self._of_array]
        if not words or words[0].rpartition("/")[2] in SHELLS:
            for node in self.heredocs:
                text = self._source.text(node)
                first = text.partition("\n")[0]
                if not first.startswith("#!") or not SHELLS.isdisjoint(re.split(r"[/\s]+", first)):
                    found.append(Word(text, node.start_byte, node.end_byte))
        return tuple(found)

    @property
    def _of_array(self) -> Iterator[Word]:
        """The script of a RUN in JSON, `["sh", "-c", "..."]`; none where it has signs that JSON escapes."""
        arrays = [node for node in self.children if node.type == "json_string_array"]
        match [node for node in arrays[0].children if node.type == "json_string"] if arrays else []:
            case [shell, option, node]:
                script = self._source.text(node)
                named = _json(self._source.text(shell)).rpartition("/")[2] in SHELLS
                if named and re.fullmatch(r'"-\w*c"', self._source.text(option)) and "\\" not in script:
                    yield Word(script[1:-1], node.start_byte + 1, node.end_byte - 1)

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


class Stage:
    """One stage: its instructions, from its FROM on."""

    def __init__(self, source: Dockerfile, instructions: tuple[Instruction, ...]) -> None:
        self.instructions = instructions
        parts = {node.type: source.text(node) for node in instructions[0].children}
        self.image = parts.get("image_spec", "")
        """As it is written."""
        self.alias = parts.get("image_alias", "")
        """Its name; "" where it has none."""
        self.platform = instructions[0].flag("platform")
        """As it is written; "" where it is not given."""

    @property
    def copied(self) -> Iterator[tuple[str, str]]:
        """What it copies or mounts of images, stages and further contexts: (from, path)."""
        for instruction in self.instructions:
            if instruction.name in ("COPY", "ADD") and instruction.flag("from"):
                yield from ((instruction.flag("from"), path) for path, _ in instruction.paths[:-1])
            for _, options in instruction.mounts("bind"):
                if "from" in options:
                    yield options["from"], options.get("source", options.get("src", ""))

    @property
    def sources(self) -> Iterator[str]:
        """The images, stages and contexts that it begins with, copies from or mounts, as they are written."""
        yield self.image
        for instruction in self.instructions:
            yield from filter(None, (instruction.flag("from"), *instruction.mounted))


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
        return self._inputs({}, follows=self._follows)

    def inputs_with(self, passed: frozenset[tuple[str, str]]) -> tuple[Input, ...]:
        """The same for a build that passes some arguments, (name, value)."""
        return self._inputs(dict(passed), follows=True) if passed and self._follows else self.inputs

    @cached_property
    def _follows(self) -> bool:
        """Whether a variable stands in what it copies."""
        return any("$" in path for i in self.instructions if i.copies for path, _ in i.paths)

    def _inputs(self, passed: Mapping[str, str], *, follows: bool) -> tuple[Input, ...]:
        scope = _Scope(self, passed)
        found = []
        for instruction in self.instructions:
            if follows:
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
                        found.append(Input(_unquoted(value[0]), node, value[1]))
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


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _json(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        return text
