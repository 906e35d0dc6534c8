"""What every surface is: a reader of one registration place, and the editor of the same place."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.checkout.tree import Tree, refusal
from scaffold.errors import ShapeError
from scaffold.surfaces.parts import Part
from scaffold.syntax.source import Place, Source, parsed
from scaffold.syntax.yaml import YamlSource
from scaffold.syntax.yaml_items import YamlItem

if TYPE_CHECKING:
    from tree_sitter import Node

    from scaffold.backend.answers import Backend

T = TypeVar("T")
S = TypeVar("S", bound="Source")


@dataclass(slots=True, eq=False)
class YamlRecord:
    """One item of a YAML list, with its place."""

    item: YamlItem

    @property
    def source(self) -> YamlSource:
        """The file that it stands in, as text."""
        return self.item.source

    @property
    def path(self) -> str:
        """The file that it stands in."""
        return self.item.source.path

    @property
    def start(self) -> int:
        """Offset of its dash."""
        return self.item.start

    @property
    def end(self) -> int:
        """Offset just after its last line."""
        return self.item.end

    @property
    def line(self) -> int:
        """Line where it starts."""
        return self.source.line(self.start)

    @property
    def last_line(self) -> int:
        """Line where it ends."""
        return self.source.line(max(self.end - 1, self.start))

    @property
    def text(self) -> bytes:
        """Its lines, as they are written."""
        return self.source.data[self.start : self.end]

    @property
    def nodes(self) -> dict[str, Node]:
        """Key -> node of the pair in the syntax tree, in file order. Raises ShapeError as `value` does."""
        return {pair.key: pair.node for pair in self.source.pairs(self.value())}

    def value(self, *keys: str) -> Node | None:
        """Node of the value below a chain of keys; None where there is none.

        Raises ShapeError where it is written in flow style or an alias, or stands in what is: only its own
        lines are edited.
        """
        node = self.source.item_value(self.item.node)
        for key in (*keys, None):
            if self.source.is_flow(node):
                raise self.source.shape_error(
                    node,
                    "is written in braces or brackets, which are read and not "
                    "edited: write it as lines, one for each key",
                )
            if self.source.is_alias(node):
                raise self.source.shape_error(
                    node, "is an alias, which is read and not edited: write out what it stands for"
                )
            if key is not None:
                node = self.source.get(node, key)
        return node

    def at(self, *keys: str) -> Place:
        """The place of a value below a chain of keys; of the record itself where there is none."""
        return self.item.place(*keys)

    def delete(self, changes: ChangeSet) -> None:
        """Plan its lines away; the comments around it stay."""
        changes.delete_lines(self.path, self.source.line_start(self.start), self.end)

    @property
    def inner_comments(self) -> str:
        """Text of the comments between its own lines and behind them."""
        text = self.source.slice(self.start, self.end)
        return " ".join(re.findall(r"(?:^|\s)#\s*(.*)", text)) if "#" in text else ""

    @property
    def comments(self) -> str:
        """Text of the comment lines right above it."""
        start = self.source.line_start(self.start)
        text = self.source.slice(self.source.comment_start(start, "#"), start)
        return " ".join(line.strip().lstrip("# ") for line in text.splitlines())

    @property
    def said(self) -> str:
        """Text of all comments at it."""
        return f"{self.comments} {self.inner_comments}"


@dataclass(frozen=True, slots=True)
class Registration:
    """One place that names a backend."""

    surface: str
    path: str
    line: int
    what: str
    end: int = field(default=0, compare=False)
    """Its last line, where it is longer than one."""

    @property
    def lines(self) -> range:
        """Every line of it."""
        return range(self.line, max(self.end, self.line) + 1)


class Manual(NamedTuple):
    """Something that only a person can do."""

    path: str
    what: str


@dataclass(slots=True, eq=False)
class Addition:
    """One backend on its way into the tree: what surfaces add to."""

    backend: Backend
    kin: tuple[str, ...]
    """Existing backends, the nearest relative first; it decides placement."""
    changes: ChangeSet
    manual: list[Manual] = field(default_factory=list)
    expected: dict[str, list[Any]] = field(default_factory=dict)
    """YAML path -> the values that the edits insert into it, for the proof."""

    alike: tuple[str, ...] = ()
    """Those of its kin that are of its kind."""

    dropped: list[tuple[str, str, str]] = field(default_factory=list)
    """YAML path, name of an item and key that moves from it to another item."""

    def nearest(self, present: Container[str]) -> str | None:
        """The nearest relative among `present`."""
        return next((name for name in self.kin if name in present), None)

    def expect(self, path: str, value: Any) -> None:
        """Announce a value that an edit inserts into a YAML file."""
        self.expected.setdefault(path, []).append(value)

    def drop(self, path: str, item: str, key: str) -> None:
        """Announce that a named item of a YAML list loses a key."""
        self.dropped.append((path, item, key))

    def insert(self, path: str, offset: int, text: str) -> None:
        """Plan an insertion."""
        self.changes.insert(path, offset, text)

    def ask(self, path: str, what: str) -> None:
        """Leave something to a person."""
        self.manual.append(Manual(path, what))


@dataclass(slots=True, eq=False)
class Removal:
    """One backend on its way out of the tree: what surfaces take away."""

    name: str
    aliases: frozenset[str]
    """The names under which it is known: its own and its metas'."""
    directory: str
    others: frozenset[str]
    """The backends that stay."""
    rows: tuple[tuple[str, int, int], ...]
    """File and span of its rows in tables for readers."""
    source_folder: str
    """Folder of its upstream's clone, where no other backend has one of that name; else ""."""
    changes: ChangeSet
    called: frozenset[str] = frozenset()
    """The names and addresses that no other backend has."""
    titles: frozenset[str] = frozenset()
    """What its rows in tables for readers call it."""
    dockerfiles: frozenset[str] = frozenset()
    """Suffixes of the Dockerfiles that build nothing but this backend."""
    manual: list[Manual] = field(default_factory=list)
    regained: list[tuple[str, str, str]] = field(default_factory=list)
    """YAML path, name of an item and key that comes back to it from an item that goes."""

    def drop(
        self, source: Source, start: int, end: int, marker: str = "#", follows_own: bool = False
    ) -> None:
        """Plan lines away, with the comment above them where it is about this backend.

        It is where it names this backend first, or where what stands above it goes too.
        """
        top = source.comment_start(start, marker)
        if top < start and (follows_own or self.is_about(source.slice(top, start))):
            start = top
        self.changes.delete_lines(source.path, source.line_start(start), end)

    def drop_headers(self, source: Source) -> None:
        """Plan the comments away that are this backend's name and no more, wherever they still stand."""
        gone = [(edit.start, edit.end) for edit in self.changes.edits if edit.path == source.path]
        names = "|".join(re.escape(name) for name in sorted(self.aliases))
        header = rf"(?m)^[ \t]*#+[ \t]*(?:{names})(?:[ \t]*\(.*\))?[ \t]*\r?\n(?:[ \t]*\r?\n)?"
        for match in re.finditer(header.encode(), source.data):
            if not any(start <= match.start() < end for start, end in gone):
                self.changes.delete_lines(source.path, *match.span())

    def drop_code(self, source: Source, spans: Iterable[tuple[int, int]]) -> None:
        """Plan statements away, with the comments right above them and one of the blank lines around them."""
        blocks: list[tuple[int, int]] = []
        for start, end in _united(spans):
            line, last = source.line_start(start), source.line_end(end - 1)
            if source.data[line:start].strip() or source.data[end:last].strip():
                self.changes.add(Edit(source.path, start, end, ""))
                continue
            top = source.comment_start(line, "//")
            blocks.append((blocks.pop()[0] if blocks and blocks[-1][1] == top else top, last))
        for top, end in blocks:
            below = source.data[end : source.line_end(end)].strip()
            start = top if below.strip(b"})") else source.blank_start(top)
            self.changes.delete_lines(source.path, start, end)

    def is_about(self, text: str) -> bool:
        """Whether a text names this backend, and no other one before it."""
        named = (m[0].lower() for m in re.finditer(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*", text))
        return next((n for n in named if n == self.name or n in self.others), None) == self.name

    def ask(self, path: str, what: str) -> None:
        """Leave something to a person."""
        if Manual(path, what) not in self.manual:
            self.manual.append(Manual(path, what))


def _united(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in file order, those that overlap as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start < found[-1][1]:
            start, end = found[-1][0], max(found.pop()[1], end)
        found.append((start, end))
    return found


class Surface(ABC):
    """One registration place. An absent file is an absent surface, never an error."""

    name: ClassVar[str]

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    @abstractmethod
    def registrations(self, name: str) -> Iterable[Registration]:
        """The places of this surface that name the backend `name`."""

    def references(self, name: str) -> Iterable[Registration]:  # noqa: ARG002
        """Its places that work with the backend `name` and would be there, or be wrong, without it."""
        return ()

    @property
    def parts(self) -> Iterable[Part]:
        """What every LocalAI has from some day on."""
        return ()

    @abstractmethod
    def add(self, addition: Addition) -> None:
        """Plan the registration of a backend. Raises ShapeError where there is no place for it."""

    @abstractmethod
    def remove(self, removal: Removal) -> None:
        """Plan everything away that registers a backend here."""

    def load(self, kind: type[S], *paths: str) -> S | None:
        """The first of `paths` that exists, as a source of the given kind; None where it is not read."""
        for path in paths:
            data = self.tree.read(path)
            if data is not None:
                return parsed(kind, path, data)  # type: ignore[arg-type, no-any-return]
            if refusal(self.tree, path):
                return None
        return None


class FileSurface(Surface):
    """A surface that is one file."""

    paths: ClassVar[tuple[str, ...]]
    """Where the file is, the newest place first."""

    @cached_property
    def path(self) -> str:
        """The path of the file, or of its newest place where it is absent."""
        for path in self.paths:
            if self.tree.read(path) is not None or refusal(self.tree, path):
                return path
        return self.paths[0]


def majority(values: Iterable[T]) -> T | None:
    """The most frequent value, the later one of a tie; None where there is none."""
    seen = list(values)
    if not seen:
        return None
    counts = Counter(seen)
    best = max(counts.values())
    return next(value for value in reversed(seen) if counts[value] == best)


def required(value: T | None, path: str, expected: str) -> T:
    """`value`. Raises ShapeError where it is None, saying what was expected in `path`."""
    if value is None:
        raise ShapeError(path, None, f"expected {expected}")
    return value
