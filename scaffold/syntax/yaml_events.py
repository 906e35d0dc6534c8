"""A YAML file as libyaml reads it: the parser whose port Go has, yaml.v3.

`yaml_items` and `yaml_values` say where a value stands and edit it; this says what another program
takes or refuses, and keeps what they do without: tags, aliases as such, and keys that stand twice.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from scaffold.errors import BrokenError
from scaffold.syntax.source import Source

T = TypeVar("T")

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LETTER = b"\xef\xbb\xbe"
"""What is read for a byte order mark that does not begin the file: to yaml.v3 it is a letter as any."""


class Kind(Enum):
    """What a node is."""

    scalar = "a text"
    sequence = "a list"
    mapping = "a mapping"
    alias = "an alias"


@dataclass(slots=True, eq=False)
class Node:
    """A node of a document."""

    kind: Kind
    at: int
    """Where it begins, in characters; see `Document.line`."""
    tag: str = ""
    """As it is written, with its handle written out; "" for none."""
    text: str = ""
    """Of a scalar what it stands for, of an alias the name of its anchor."""
    plain: bool = True
    """Whether a scalar is written without quotes, `|` and `>`."""
    below: list[Node] = field(default_factory=list)
    """Items; of a mapping each key before its value."""
    target: Node | None = None
    """What an alias stands for; None where no node above it has the anchor."""

    @property
    def pairs(self) -> list[tuple[Node, Node]]:
        """Keys and values of a mapping."""
        return [*zip(self.below[::2], self.below[1::2], strict=True)]


@dataclass(frozen=True, slots=True)
class Document:
    """The first document of a file; a reader like Go's does not look at others."""

    text: str
    root: Node | None
    """None where the file is empty."""
    undefined: list[Node]
    """The aliases of anchors that no node above them has."""
    anchors: dict[str, Node]
    """Anchor -> the last node that has it."""
    second: int | None
    """Where another document begins, in characters; None where there is none."""
    version: tuple[int, int] | None
    """What `%YAML` says."""

    def line(self, node: Node) -> int:
        """The line that a node begins in."""
        return _line(self.text, node.at)

    @property
    def second_line(self) -> int | None:
        """The line that another document begins in."""
        return None if self.second is None else _line(self.text, self.second)


def document(source: Source) -> Document:
    """The first document of a file. Raises BrokenError with its line where libyaml refuses it."""
    import yaml  # type: ignore[import-untyped]

    loader = yaml.CBaseLoader if yaml.__with_libyaml__ else yaml.BaseLoader

    def composed(data: bytes) -> Document:
        return _composed(data.decode(), yaml.parse(data.replace(BYTE_ORDER_MARK, _LETTER), loader))

    return _read(source.path, source.data, composed)


def in_block_style(data: bytes, text: str = "") -> bytes:
    """What a text says in block style, without its comments; itself where libyaml refuses it.

    `text` is a key of which the value is such a text: it is written as what it says.
    """
    import yaml

    loader = yaml.CBaseLoader if yaml.__with_libyaml__ else yaml.BaseLoader  # every value is a text
    try:
        said = yaml.load(data, loader)  # noqa: S506
        if isinstance(said, dict) and isinstance(said.get(text), str):
            said[text] = yaml.load(said[text], loader)  # noqa: S506
        made: str = yaml.dump(said, default_flow_style=False, sort_keys=False, width=10**6)
    except (yaml.YAMLError, ValueError, RecursionError):
        return data
    return made.encode()


def require_yaml(path: str, data: bytes) -> None:
    """Raises BrokenError with its line where libyaml refuses a file: in a fifth of the time of `document`."""
    import yaml

    def parsed(data: bytes) -> None:
        readable = data.replace(BYTE_ORDER_MARK, _LETTER)
        if yaml.__with_libyaml__:
            yaml.cyaml.CParser(readable).raw_parse()
        else:
            deque(yaml.parse(readable, yaml.BaseLoader), maxlen=0)

    if b"\\/" in data:
        document(Source(path, data))
    else:
        _read(path, data, parsed)


def _read(path: str, data: bytes, read: Callable[[bytes], T]) -> T:
    r"""What is read of a file; `\'` in double quotes is a quote to yaml.v3, and libyaml does not know it."""
    from yaml.scanner import ScannerError  # type: ignore[import-untyped]

    data = data.removeprefix(BYTE_ORDER_MARK)
    with _refused(path, data):
        for _ in range(MAX_QUOTES):
            try:
                return read(data)
            except ScannerError as error:
                at = len(data.decode()[: error.problem_mark.index].encode())
                if error.problem != UNKNOWN_ESCAPE or data[at : at + 2] != b"\\'":
                    raise
                data = data[:at] + b'\\"' + data[at + 2 :]
        return read(data)


MAX_QUOTES = 20
"""Such quotes of a file that are read."""
UNKNOWN_ESCAPE = "found unknown escape character"
_SLASH = re.compile(r"(?<!\\)(?:\\\\)*+\\/")
"""An escape that libyaml knows, and yaml.v3 does not."""


@contextmanager
def _refused(path: str, data: bytes) -> Iterator[None]:
    """Raises BrokenError for the errors of libyaml."""
    from yaml import MarkedYAMLError
    from yaml.reader import ReaderError  # type: ignore[import-untyped]

    try:
        yield
    except ReaderError as error:
        line = data.count(b"\n", 0, error.position) + 1
        raise BrokenError(path, line, f"is no valid YAML: {error.reason} (0x{error.character:02x})") from None
    except MarkedYAMLError as error:
        line = _line(data.decode(errors="replace"), error.problem_mark.index)
        raise BrokenError(path, line, f"is no valid YAML: {error.problem}") from None


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _composed(text: str, parsed: Iterator[Any]) -> Document:
    from yaml import MarkedYAMLError, events

    top = Node(Kind.sequence, 0)
    open_nodes = [top]
    anchors: dict[str, Node] = {}
    undefined: list[Node] = []
    version = None
    ends = (events.SequenceEndEvent, events.MappingEndEvent)
    kinds = {events.SequenceStartEvent: Kind.sequence, events.MappingStartEvent: Kind.mapping}
    for event in parsed:
        if isinstance(event, (events.DocumentEndEvent, events.StreamEndEvent)):
            following = next(parsed) if isinstance(event, events.DocumentEndEvent) else event
            second = None if isinstance(following, events.StreamEndEvent) else following.start_mark.index
            return Document(text, top.below[0] if top.below else None, undefined, anchors, second, version)
        at = event.start_mark.index
        if isinstance(event, events.ScalarEvent):
            node = Node(Kind.scalar, at, event.tag or "", event.value, not event.style)
            if event.style == '"' and "/" in event.value and _SLASH.search(text, at, event.end_mark.index):
                raise MarkedYAMLError(None, None, UNKNOWN_ESCAPE, event.start_mark)
        elif isinstance(event, events.AliasEvent):
            node = Node(Kind.alias, at, "", event.anchor, target=anchors.get(event.anchor))
            if node.target is None:
                undefined.append(node)
        elif type(event) in kinds:
            node = Node(kinds[type(event)], at, event.tag or "")
        else:
            if isinstance(event, ends):
                open_nodes.pop()
            elif isinstance(event, events.DocumentStartEvent):
                version = event.version
            continue
        open_nodes[-1].below.append(node)
        if node.kind is not Kind.alias and event.anchor:
            anchors[event.anchor] = node
        if type(event) in kinds:
            open_nodes.append(node)
    raise AssertionError("a stream has an end")
