"""The instructions of a Dockerfile and its stages, by byte span."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from scaffold.syntax.shell import Command, ShellSource
from scaffold.syntax.source import ParsedSource, Word

if TYPE_CHECKING:
    from tree_sitter import Node

SHELLS = frozenset({"sh", "ash", "bash", "dash", "zsh"})

_UNSEEN = ("comment", "heredoc_marker")
"""Nodes in a shell command that the shell never sees."""


class Flag:
    """`--name=value`; the value is "" where there is none."""

    def __init__(self, source: ParsedSource, node: Node) -> None:
        text = source.text(node).removeprefix("--").rstrip("\\")
        self.name, _, self.value = text.partition("=")
        self.start_byte, self.end_byte = node.start_byte, node.end_byte

    @property
    def options(self) -> dict[str, str]:
        """The value of a mount: `a=b,c` as a mapping."""
        return {name: value for name, _, value in (part.partition("=") for part in self.value.split(","))}


class Instruction:
    """One instruction with its continued lines and its heredocs."""

    def __init__(self, source: ParsedSource, node: Node) -> None:
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
                found.append((unquoted(self._source.text(node).rstrip("\\")), node))
        return tuple(found)

    @cached_property
    def variables(self) -> tuple[tuple[str, Node | None], ...]:
        """The variables of ARG and ENV, each with its value; None for none, or one in parts."""
        found = []
        for node in self.children:
            if node.type in ("arg_pair", "env_pair"):
                name = node.child_by_field_name("name")
                values = node.children_by_field_name("default" if node.type == "arg_pair" else "value")
                if name is not None:
                    found.append((self._source.text(name), values[0] if len(values) == 1 else None))
        return tuple(found)

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

    def __init__(self, source: ParsedSource, instructions: tuple[Instruction, ...]) -> None:
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


def unquoted(text: str) -> str:
    """A text without the quotes around it."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _json(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        return text
