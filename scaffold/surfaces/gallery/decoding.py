"""A gallery as Go's yaml.v3 decodes it into LocalAI's structs, and what it refuses on the way."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from scaffold.backend.near import nearest
from scaffold.errors import ShapeError
from scaffold.surfaces.gallery.loading import ANY, FLAG, ITEM, NUMBER, TEXT, WHOLE, Refusal, Type
from scaffold.syntax import yaml_events
from scaffold.syntax.source import Source
from scaffold.syntax.yaml_events import Document, Kind, Node
from scaffold.syntax.yaml_tags import resolved_tag, short_tag

_FLAGS = frozenset(
    ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF"]
)
"""Words that are true or false to yaml.v3 where a struct asks for it."""
_ENDLESS = re.compile(r"\+?\.(?:inf|nan)", re.IGNORECASE)
"""What yaml.v3 does not make a whole number of; of `-.inf` it makes the least one."""
ITEMS: Type = [ITEM]
"""The backend gallery."""
_ANYTHING: dict[Kind, Type] = {Kind.mapping: {"": ANY}, Kind.sequence: [ANY]}
_NO_FLAGS = frozenset(["!!int", "!!float", "!!timestamp"])


def bare(name: str) -> str:
    """A name as it is in an anchor, which may lack its dashes."""
    return re.sub(r"[\W_]", "", name.lower())


def unmet(
    name: str, lines: Sequence[int], *, below: int = 0, item: int = 0, other: str = "", near: str = ""
) -> Refusal:
    """That nothing above the aliases in some lines has their anchor: it stands below, or an item lacks it.

    `other` is the anchor that this item has, `near` an anchor above whose name is near.
    """
    count = len(lines) - 1
    more = f", as in {count} more place{'s' if count > 1 else ''}" if count else ""
    if item:
        where = f"in line {lines[0]}{more and more + ','}"
        has = f"&{other}" if other else "another anchor, or none"
        problem = f"*{name} {where} needs &{name} above it, and this item has {has}"
        return Refusal(item, f"*{name}", problem, f"write &{name}")
    where = f"&{name} stands below, in line {below}" if below else "nothing does"
    if below:
        advice = "move the item that has the anchor above those that use it"
    elif near:
        advice = f"write *{near}"
    else:
        advice = f"define &{name} on the item that the others are like, above those that merge it"
    return Refusal(lines[0], f"*{name}", f"*{name} needs &{name} above it, and {where}{more}", advice)


class _StoppedError(Exception):
    """What yaml.v3 does not go on after."""

    def __init__(self, node: Node, problem: str, help: str) -> None:  # noqa: A002 - the report's own word
        super().__init__(problem)
        self.node = node
        self.help = help


def decoded(source: Source, wanted: Type = ITEMS, known: Collection[str] = ()) -> list[Refusal]:
    """What LocalAI refuses when it decodes a file into something of a type, in file order.

    `known` are anchors that are defined elsewhere, above a part of a file.
    """
    try:
        document = yaml_events.document(source)
    except ShapeError as error:
        return [Refusal(error.line or 1, "syntax", error.problem, "write what YAML 1.1 allows there")]
    return _Decoder(document, wanted, known).decode()


class _Decoder:
    """Goes through a document as yaml.v3 (v3.0.1, decode.go) does with what it decodes into."""

    def __init__(self, document: Document, wanted: Type, known: Collection[str]) -> None:
        self._document = document
        self._wanted = wanted
        self._known = known
        self._found: dict[tuple[int, str], Refusal] = {}
        self._steps = self._aliased = self._depth = 0
        self._open: set[int] = set()
        """The aliases that are being followed."""
        self._merged: set[str] | None = None
        """Keys that what is merged does not replace; None outside of a merge."""
        self._about = ""
        """Name of the item that is looked at."""

    def decode(self) -> list[Refusal]:
        """What is refused, in file order."""
        if self._document.version not in (None, (1, 1)):
            problem = "is written for another version of YAML than 1.1"
            self._found[1, "version"] = Refusal(1, "version", problem, "delete the line %YAML")
        line = self._document.second_line
        if line is not None:
            self._found[line, ""] = Refusal(
                line, "document", "begins another document: LocalAI reads the first only", "delete the line"
            )
        self._undefined()
        try:
            if isinstance(self._wanted, list):
                self._items(self._document.root, self._wanted[0])
            elif self._document.root is not None:
                self._value(self._document.root, self._wanted, "the file", self._document.root)
        except _StoppedError as stopped:
            self._refuse(stopped.node, "", str(stopped), stopped.help)
        except RecursionError:
            self._found[0, ""] = Refusal(1, "depth", "is nested too deeply", "merge fewer levels of anchors")
        return sorted(self._found.values())

    def _undefined(self) -> None:
        """Aliases that stand for nothing: one refusal for each anchor."""
        users: dict[str, list[Node]] = {}
        for alias in (a for a in self._document.undefined if a.text not in self._known):
            users.setdefault(alias.text, []).append(alias)
        for name, aliases in users.items():
            lines = [*map(self._document.line, aliases)]
            below = self._document.anchors.get(name)
            meant = self._meant(name, aliases) if below is None else None
            if meant is not None:
                other = next((word for word, node in self._document.anchors.items() if node is meant), "")
                found = unmet(name, lines, item=self._document.line(meant), other=other)
            else:
                near = nearest(name, {*self._document.anchors, *self._known})
                found = unmet(name, lines, below=self._document.line(below) if below else 0, near=near)
            self._found.setdefault((found.line, found.subject), found)

    def _meant(self, name: str, aliases: list[Node]) -> Node | None:
        """The item above aliases that has their name; else, of many, the only one with an unused anchor."""
        root = self._document.root
        above = [item for item in (root.below if root else ()) if _is(item) and item.at < aliases[0].at]
        for item in above:
            if any(key.text == "name" and bare(value.text) == bare(name) for key, value in item.pairs):
                return item
        used, pending = set[int](), [root] if root is not None else []
        while pending:
            node = pending.pop()
            used.add(id(node.target))
            pending += node.below
        anchored = {id(node) for node in self._document.anchors.values()} - used
        unused = [item for item in above if id(item) in anchored]
        return unused[0] if len(unused) == 1 < len(aliases) else None

    def _items(self, root: Node | None, wanted: Type) -> None:
        if root is None or _is_null(root):
            self._found[0, ""] = Refusal(
                1, "items", "has no items: LocalAI has nothing to offer", "restore it"
            )
            return
        if root.kind is not Kind.sequence:
            self._refuse(
                root, "", f"is {root.kind.value}, not a list of items", "begin each item with a dash"
            )
            return
        if not root.below:
            self._refuse(root, "items", "has no items: LocalAI offers none", "restore them")
        for item in root.below:
            named = (value.text for key, value in item.pairs if key.text == "name") if _is(item) else ()
            self._about = next(iter(named), "")
            end = item.target if item.kind is Kind.alias else item
            if end is not None and (_is_null(end) or (_is(end) and short_tag(end.tag) == "!!null")):
                self._refuse(item, "item", "an item is empty: LocalAI crashes on it", "delete it")
            else:
                self._value(item, wanted, "an item", item)

    def _refuse(self, node: Node, subject: str, problem: str, help: str) -> None:  # noqa: A002
        line = self._document.line(node)
        self._found.setdefault(
            (line, subject), Refusal(line, f"{self._about} {subject}".strip(), problem, help)
        )

    def _value(self, node: Node, wanted: Type, what: str, at: Node) -> bool:
        """Whether a value was taken; `what` and `at` are the words and the place for where it was not."""
        self._steps += 1
        self._aliased += self._depth > 0
        if self._aliased > 100 and self._steps > 1000:  # noqa: PLR2004 - yaml.v3's own
            allowed = 0.99 - 0.89 * min(max(self._steps - 400_000, 0) / 3_600_000, 1)
            if self._aliased / self._steps > allowed:
                raise _StoppedError(
                    node, "has aliases that stand for too much", "write out what they stand for"
                )
        if node.kind is Kind.alias:
            return self._alias(node, wanted, what, at)
        wanted = _ANYTHING.get(node.kind, wanted) if wanted is ANY else wanted
        if node.kind is Kind.mapping:
            return self._mapping(node, wanted, what, at)
        if node.kind is Kind.sequence:
            if not isinstance(wanted, list):
                return self._wrong(node, wanted, what, at)
            for item in node.below:
                self._value(item, wanted[0], f"an item of {what}", item)
            return True
        return self._scalar(node, wanted, what, at)

    def _wrong(self, node: Node, wanted: Type, what: str, at: Node) -> bool:
        takes = "a list" if isinstance(wanted, list) else "a mapping" if isinstance(wanted, dict) else wanted
        is_ = node.kind.value if node.kind is not Kind.scalar else f"the text {node.text[:40]!r}"
        self._refuse(at, what, f"{what} is {is_}, not {takes}", f"make it {takes}")
        return False

    def _alias(self, node: Node, wanted: Type, what: str, at: Node) -> bool:
        if node.target is None:
            return False
        if id(node) in self._open:
            raise _StoppedError(node, f"the value of &{node.text} contains itself", "write out what is meant")
        self._open.add(id(node))
        self._depth += 1
        taken = self._value(node.target, wanted, what, at)
        self._depth -= 1
        self._open.discard(id(node))
        return taken

    def _scalar(self, node: Node, wanted: Type, what: str, at: Node) -> bool:
        kind = resolved_tag(node)
        if not kind:
            tag = short_tag(node.tag)
            raise _StoppedError(node, f"{what} is {node.text[:40]!r}, which is no {tag}", "delete the tag")
        if kind == "!!null":
            return False
        flag = kind == "!!bool" or (node.text in _FLAGS and kind not in _NO_FLAGS)
        if wanted in (TEXT, ANY) or (wanted is FLAG and flag):
            return True
        if wanted is NUMBER and kind in ("!!int", "!!float"):
            return True
        if wanted is WHOLE and (kind == "!!int" or (kind == "!!float" and not _ENDLESS.fullmatch(node.text))):
            return True  # a fraction is cut off
        return self._wrong(node, wanted, what, at)

    def _mapping(self, node: Node, wanted: Type, what: str, at: Node) -> bool:
        first: dict[tuple[Kind, str], Node] = {}
        unique = True
        for key, _ in node.pairs:
            earlier = first.setdefault((key.kind, key.text), key)
            if earlier is not key:
                unique = False
                line = self._document.line(earlier)
                problem = f"{what} has the key {key.text!r} twice, the first time in line {line}"
                self._refuse(key, f"twice {key.text}", problem, "delete one of them")
        if not unique:
            return False
        if not isinstance(wanted, dict):
            return self._wrong(node, wanted, what, at)
        merge = None
        with self._merging(None) as merged:
            done: set[str] = set()
            for key, value in node.pairs:
                if _merges(key):
                    merge = key, value
                    continue
                if not self._value(key, TEXT, "a key", key):
                    continue
                name = _text(key)
                if merged is not None:
                    if name in merged:
                        continue
                    merged.add(name)
                if name in done and name in wanted:
                    self._refuse(key, f"twice {name}", f"{what} has {name!r} twice", "delete one of them")
                    continue
                done.add(name)
                below = wanted.get(name, wanted.get(""))
                if below is not None:
                    self._value(value, below, name, key)
        if merge is not None:
            self._merge(node, *merge, wanted, what)
        return True

    @contextmanager
    def _merging(self, merged: set[str] | None) -> Iterator[set[str] | None]:
        """Other keys that count as merged, for a while; yields those that do otherwise."""
        before, self._merged = self._merged, merged
        yield before
        self._merged = before

    def _merge(self, parent: Node, key: Node, value: Node, wanted: Type, what: str) -> None:
        own = {_text(k) for k, _ in parent.pairs if resolved_tag(k) == "!!str"}
        if self._merged is None:
            self._steps += len(parent.pairs)
        with self._merging(self._merged if self._merged is not None else own):
            for merged in value.below if value.kind is Kind.sequence else [value]:
                end = merged.target if merged.kind is Kind.alias else merged
                if end is not None and end.kind is not Kind.mapping:
                    is_ = f"the text {end.text[:40]!r}" if end.kind is Kind.scalar else end.kind.value
                    raise _StoppedError(
                        merged,
                        f"<< merges {is_}, and only a mapping can be merged",
                        "merge an anchor: <<: *name",
                    )
                self._value(merged, wanted, what, key)


def _is(node: Node) -> bool:
    return node.kind is Kind.mapping


def _is_null(node: Node) -> bool:
    return node.kind is Kind.scalar and resolved_tag(node) == "!!null"


def _text(key: Node) -> str:
    return key.target.text if key.kind is Kind.alias and key.target else key.text


def _merges(key: Node) -> bool:
    if key.kind is not Kind.scalar or key.text != "<<":
        return False
    return short_tag(key.tag) == "!!merge" or (key.plain and key.tag in ("", "!"))
