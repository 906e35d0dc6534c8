"""Shell by byte span: commands with their words, assignments, functions, comments.

What others put into a script before a shell sees it, an expression of a workflow or a variable of a
Makefile, is replaced before the parse, byte for byte: see `ShellSource`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from typing import TYPE_CHECKING

from scaffold.errors import ShapeError
from scaffold.syntax import grammar
from scaffold.syntax.shell_repair import holding, without_misread, without_nested
from scaffold.syntax.source import MAX_BYTES, ParsedSource, Span

if TYPE_CHECKING:
    from tree_sitter import Node


_parser = partial(grammar.parser, "tree_sitter_bash")


PREPARING = frozenset({"sudo", "env", "time", "nice", "exec", "nohup", "timeout"})
"""Commands that run another one, which follows their options."""

_OPTION = re.compile(r"-.*|[A-Za-z_]\w*=.*|\d+[smhd]?", re.DOTALL)
"""What may stand between such a command and the one that it runs."""

_ESCAPE = re.compile(r"\\(?:\r?\n|(.))", re.DOTALL)
_ESCAPE_IN_QUOTES = re.compile(r"\\(?:\r?\n|([$`\"\\]))")
_GLUE = re.compile(rb"(?:\\(?:[ \t]|\r?\n))*")
_COMMANDS = ("command", "declaration_command", "unset_command")
_TAKING = ("pipeline", "command_substitution", "process_substitution", "function_definition")
"""What may take what is printed in it."""

_JOINED = ("redirected_statement", "negated_command", "pipeline", "list")
_LEAVES = frozenset(
    {
        "word", "raw_string", "ansi_c_string", "string_content", "number", "comment", "variable_name",
        "special_variable_name", "test_operator", "file_descriptor", "heredoc_start", "heredoc_content",
        "heredoc_end",
    }
)  # fmt: skip
_KINDS = (
    *_COMMANDS, "variable_assignment", "simple_expansion", "expansion", "command_substitution", "comment",
    "function_definition", "test_command",
)  # fmt: skip
"""The nodes that are looked for."""

_COMMAND = re.compile(rb"[`(]")
"""What begins a command in a word."""

_PRINTING = re.compile(rb"echo|printf")
_NAME = re.compile(rb"[A-Za-z_]\w*|[0-9@*#?$!-]")
_FUNCTION = re.compile(rb"\([ \t]*\)|function\b")
"""Without one of these a script has no function."""

MAX_REPAIRS = 8


_GIVERS = frozenset({"read", "unset", "mapfile", "readarray", "getopts", "printf"})
_GIVING = re.compile(rb"(?:%s)[ \t]|:=" % "|".join(sorted(_GIVERS)).encode())


class Word(str):
    """A word as its command gets it, without quotes and backslashes; expansions are as they are written."""

    __slots__ = ("end_byte", "start_byte")

    start_byte: int
    end_byte: int

    @classmethod
    def at(cls, start: int, end: int, text: str) -> Word:
        """A text with its place."""
        word = cls(text)
        word.start_byte, word.end_byte = start, end
        return word


class Assignment:
    """One `NAME=value`: alone, in a declaration (`export`, `local`) or in front of a command."""

    __slots__ = ("_node", "_source", "end_byte", "name", "start_byte")

    def __init__(self, source: ShellSource, node: Node) -> None:
        self._source, self._node = source, node
        self.start_byte, self.end_byte = node.start_byte, node.end_byte
        name = node.child_by_field_name("name")
        self.name = source.text(name) if name is not None else ""

    @property
    def value(self) -> Word | None:
        """What it assigns; None where nothing follows the sign."""
        value = self._node.child_by_field_name("value")
        return self._source.word(value) if value is not None else None


class Command:
    """One command. A declaration is one too, with its assignments as words."""

    __slots__ = ("_bare", "_words", "end_byte", "node", "source", "start_byte")

    def __init__(self, source: ShellSource, node: Node) -> None:
        self.source = source
        self.node = node
        self.start_byte, self.end_byte = node.start_byte, node.end_byte
        self._words: tuple[Word, ...] | None = None
        self._bare: tuple[Word, ...] | None = None

    @property
    def text(self) -> str:
        """As it is written."""
        return self.source.text(self)

    @property
    def words(self) -> tuple[Word, ...]:
        """Its name and its arguments, without redirections and without the assignments before them."""
        if self._words is None:
            self._words = tuple(self.source.words(self.source.words_of(self.node)))
        return self._words

    @property
    def bare(self) -> tuple[Word, ...]:
        """Its words behind `sudo`, `env` and the like."""
        if self._bare is None:
            words = self.words
            at = 0
            while at < len(words) and words[at] in PREPARING:
                at += 1
                while at < len(words) and _OPTION.fullmatch(words[at]):
                    at += 1
            self._bare = words[at:]
        return self._bare

    def starts(self, *words: str) -> bool:
        """Whether its first words are these, behind `sudo`, `env` and the like."""
        if self._bare is None and words[0] not in self.text:  # most commands, of which nothing else is asked
            return False
        return self.bare[: len(words)] == words

    @property
    def end_of_statement(self) -> int:
        """Where what it stands in ends: a pipeline, a list of commands with `&&` and `||`."""
        return self.source.top(self.node, _JOINED).end_byte

    @property
    def operands(self) -> tuple[Word, ...]:
        """Its words behind the first two that are no options or assignments."""
        return tuple(word for word in self.bare[2:] if not word.startswith("-") and "=" not in word)


class ShellSource(ParsedSource):
    """A shell script. In one that no parser should be given there is nothing.

    Offsets are those of `data`. What the shell gets to see may be another text, of the same length.
    """

    quick_bytes = 4 << 10
    parse_seconds = 0.5

    def __init__(self, path: str, data: bytes, seen: bytes | None = None) -> None:
        """`seen` is what the shell gets to see, if that is not `data`."""
        super().__init__(path, data if len(data) <= MAX_BYTES else b"", _parser)
        self._seen = self.data if seen is None else seen

    def require_text(self) -> None:
        """A shell takes any byte: none is refused."""

    def text(self, span: Span) -> str:
        return self.slice(span.start_byte, span.end_byte)

    def slice(self, start: int, end: int) -> str:
        return self.data[start:end].decode(errors="replace")

    @cached_property
    def root(self) -> Node:
        """The root node of the syntax tree."""
        try:
            root = self.parse(self._seen)
            for _ in range(MAX_REPAIRS):
                seen = without_nested(without_misread(self._seen, root), root)
                if seen == self._seen:
                    break
                self._seen = seen
                root = self.parse(seen)
            return root
        except ShapeError:
            return self._parser().parse(b"").root_node

    @cached_property
    def _walked(self) -> tuple[dict[str, list[Node]], dict[int, Node]]:
        """The nodes of each kind that is looked for, in file order; inner node -> its parent."""
        found: dict[str, list[Node]] = {kind: [] for kind in _KINDS}
        parents: dict[int, Node] = {}
        pending = [(self.root, self.root)]
        while pending:
            node, parent = pending.pop()
            kind = node.type
            if kind in found:
                found[kind].append(node)
            if kind not in _LEAVES:
                parents[node.id] = parent
                pending.extend([(child, node) for child in node.named_children[::-1]])
        del parents[self.root.id]
        return found, parents

    def parent(self, node: Node) -> Node | None:
        """What a node stands in; the node itself would look for it from the root on."""
        return self._walked[1].get(node.id)

    def top(self, node: Node, kinds: tuple[str, ...]) -> Node:
        """The highest of the nodes of some kinds that a node stands in; itself where it stands in none."""
        tops = self._tops.setdefault(kinds, {})
        passed = []
        while node.id not in tops:
            passed.append(node.id)
            parent = self.parent(node)
            if parent is None or parent.type not in kinds:
                break
            node = parent
        top = tops.get(node.id, node)
        tops.update(dict.fromkeys(passed, top))
        return top

    @cached_property
    def _tops(self) -> dict[tuple[str, ...], dict[int, Node]]:
        return {}

    def words_of(self, command: Node) -> Iterator[Node]:
        """The nodes of a command's words."""
        for child in command.children:
            kind = child.type
            if kind == "command_name":
                yield child.children[0]
            elif kind == "variable_assignment":
                if command.type != "command":
                    yield child
            elif kind != "comment" and not kind.endswith("_redirect"):
                yield child
        parent = self.parent(command)
        if parent is not None and parent.type == "redirected_statement":
            for redirect in parent.children:  # the grammar takes the arguments behind a file for more files
                if redirect.type == "file_redirect":
                    yield from redirect.children_by_field_name("destination")[1:]
                elif redirect.type == "heredoc_redirect":
                    yield from redirect.children_by_field_name("argument")

    def nodes(self, *kinds: str) -> list[Node]:
        """The nodes of some kinds (of _KINDS), in file order."""
        found = [node for kind in kinds for node in self._walked[0][kind]]
        return sorted(found, key=lambda node: node.start_byte) if len(kinds) > 1 else found

    @cached_property
    def commands(self) -> tuple[Command, ...]:
        """Every command, those in `$(...)` and in functions too, in file order."""
        return tuple(Command(self, node) for node in self.nodes(*_COMMANDS))

    def calls(self, *words: str) -> bool:
        """Whether some command begins with some words."""
        return any(command.starts(*words) for command in self.commands)

    @cached_property
    def assignments(self) -> tuple[Assignment, ...]:
        """Every assignment, in file order."""
        return tuple(Assignment(self, node) for node in self.nodes("variable_assignment"))

    @cached_property
    def silent(self) -> bytes:
        """The script with its comments and what it prints for people blanked; the offsets stay."""
        silent = bytearray(self.bare)
        printing = [found.start() for found in _PRINTING.finditer(self._seen)]
        for node, _ in holding(self.root, printing, lambda node: not _takes(node)):
            name = node.child_by_field_name("name") if node.type == "command" else None
            if name is not None and self.text(name) in ("echo", "printf"):
                silent[node.start_byte : node.end_byte] = b" " * (node.end_byte - node.start_byte)
        return bytes(silent)

    @cached_property
    def bare(self) -> bytes:
        """The script with its comments blanked; the offsets stay."""
        if b"#" not in self._seen:
            return self.data
        bare = bytearray(self.data)
        signs = [found.start() for found in re.finditer(b"#", self._seen)]
        for node, _ in holding(self.root, signs):
            if node.type == "comment":
                bare[node.start_byte : node.end_byte] = b" " * (node.end_byte - node.start_byte)
        return bytes(bare)

    def variable(self, expansion: Node) -> Word:
        """The name in `$NAME` or `${NAME...}`; the sign in `${#NAME}`."""
        at = self.data.find(b"$", expansion.start_byte) + 1
        found = _NAME.match(self.data, at + 1 if self.data[at : at + 1] == b"{" else at)
        return Word.at(*found.span(), found[0].decode()) if found else Word.at(at, at, "")

    @cached_property
    def functions(self) -> dict[str, Node]:
        """The functions, each with its body; of several with one name the last."""
        found: dict[str, Node] = {}
        for node in self.nodes("function_definition") if _FUNCTION.search(self._seen) else ():
            name, body = (node.child_by_field_name(field) for field in ("name", "body"))
            if name is not None and body is not None:
                found[self.text(name)] = body
        return found

    def assigned(self, span: Span, *declarations: str) -> frozenset[str]:
        """The variables that are assigned within a span; with declarations those that one of them names."""
        if not declarations:
            return frozenset(a.name for a in self.assignments if _is_within(a, span))
        found = (c for c in self.nodes("declaration_command") if _is_within(c, span))
        words = (word for c in found for word in Command(self, c).words if c.children[0].type in declarations)
        return frozenset(word.partition("=")[0].rstrip("+") for word in words)

    @cached_property
    def given(self) -> frozenset[str]:
        """The variables that get a value, or lose theirs, in another way than by an assignment."""
        if not _GIVING.search(self.data):
            return frozenset()
        by_expansion = (self.variable(node) for node in self.nodes("expansion") if ":=" in self.text(node))
        giving = (
            command.words for command in self.commands if command.words[:1] and command.words[0] in _GIVERS
        )
        return frozenset(by_expansion) | {word for words in giving for word in words[1:]}

    def has_command(self, node: Node) -> bool:
        """Whether there may be a command within a word, a test or another command."""
        return _COMMAND.search(self._seen, node.start_byte, node.end_byte) is not None

    def is_broken(self, start: int, end: int) -> bool:
        """Whether a line ends between two offsets that is not continued."""
        return b"\n" in re.sub(rb"\\\r?\n", b"", self._seen[start:end])

    def word(self, node: Node) -> Word:
        """A node as the word that a command gets."""
        return Word.at(node.start_byte, node.end_byte, self.plain(node))

    def words(self, nodes: Iterable[Node]) -> list[Word]:
        """Nodes as the words that a command gets."""
        words: list[Word] = []
        for word in map(self.word, nodes):
            glue = _GLUE.fullmatch(self._seen, words[-1].end_byte, word.start_byte) if words else None
            if glue:  # the grammar takes an escaped blank or line end for a blank
                before = words.pop()
                joined = before + _ESCAPE.sub(r"\1", glue[0].decode()) + word
                word = Word.at(before.start_byte, word.end_byte, joined)
            words.append(word)
        return words

    def holds(self, node: Node, sign: re.Pattern[bytes]) -> bool:
        """Whether a sign stands in a node."""
        return sign.search(self._seen, node.start_byte, node.end_byte) is not None

    def plain(self, node: Node) -> str:
        """The text of a node as a command gets it."""
        kind = node.type
        if kind in ("string", "concatenation", "translated_string", "variable_assignment"):
            return self.joined(node, self.plain)
        text = self.text(node)
        if kind == "raw_string":
            return text[1:-1]
        if kind == "ansi_c_string":
            return text[2:-1]
        return _ESCAPE.sub(r"\1", text) if kind in ("word", "extglob_pattern") and "\\" in text else text

    def joined(self, node: Node, part: Callable[[Node], str]) -> str:
        """A word of several parts: each as `part` says, and the text between them without its quotes."""
        quotes, escape = (1, _ESCAPE_IN_QUOTES) if node.type == "string" else (0, _ESCAPE)
        pieces = []
        at = node.start_byte + quotes
        for child in node.named_children:
            if child.type != "string_content":
                start = child.start_byte
                if at < start:
                    pieces.append(self._unescaped(at, start, escape))
                pieces.append(part(child))
                at = child.end_byte
        end = node.end_byte - quotes
        if at < end:
            pieces.append(self._unescaped(at, end, escape))
        return "".join(pieces)

    def _unescaped(self, start: int, end: int, escape: re.Pattern[str]) -> str:
        text = self.slice(start, end)
        return escape.sub(r"\1", text) if "\\" in text else text


def _is_within(inner: Span, outer: Span) -> bool:
    return outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte


def _takes(node: Node) -> bool:
    """Whether what is printed in a node goes to another command or into a file."""
    if node.type != "redirected_statement":
        return node.type in _TAKING
    files = (child for child in node.children if child.type == "file_redirect")
    return any(file.children[-1].type != "number" for file in files)
