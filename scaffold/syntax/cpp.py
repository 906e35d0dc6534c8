"""C++ by byte span: where a name stands in the code, what is called there, what runs when a signal comes.

The sources of a server are long, and few of their functions matter: a name is looked for in the bytes,
and what is parsed is the part of the file around it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property, partial
from typing import TYPE_CHECKING

from scaffold import cage
from scaffold.syntax import grammar
from scaffold.syntax.source import MAX_NESTING, ParsedSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tree_sitter import Node

MAX_CALLERS = 40
"""Through so many functions a call is followed to those that make it."""
MAX_IDENTIFIERS = 2000
"""So many places of a file are looked at: of the names that are asked for, a person writes some ten."""
MAX_SIGNS = 40
"""So many comments and strings that may go on are followed upwards; else the whole file is parsed."""
MAX_DELIMITER = 20
"""Letters of the beginning of a raw string."""

_HEAD = re.compile(rb"(?m)^[A-Za-z_]")
_WRAPPERS = ("qualified_identifier", "pointer_expression", "unary_expression", "cast_expression")
"""What may stand around a function that is given to somebody: `&stop`, `+[](int) {}`, `(handler)stop`."""
_HANDLERS = ("sa_handler", "sa_sigaction")
_LATER = ("thread", "jthread", "async", "emplace_back", "push_back")
"""What runs what it is given in a thread, or keeps it for one."""


_parser = partial(grammar.parser, "tree_sitter_cpp")


class CppSource(ParsedSource):
    """A C++ file. Whatever is asked of it raises ShapeError as `root` does.

    A place in it is a list of nodes: the innermost one, what that stands in, and so on to the root.
    """

    def __init__(self, path: str, data: bytes) -> None:
        super().__init__(path, data, _parser)
        self._parts: dict[tuple[int, int], Node] = {}
        self._unparsed = len(data)
        self._looked = 0
        self._places: dict[str, list[list[Node]]] = {}

    # --- names -------------------------------------------------------------------------------

    def identifiers(self, name: str) -> list[list[Node]]:
        """Every place in the code where a name stands."""
        if name not in self._places:  # who asks again gets the same answer
            self._places[name] = [*self._identifiers(name)]
        return self._places[name]

    def _identifiers(self, name: str) -> Iterator[list[Node]]:
        for found in re.finditer(re.escape(name.encode()), self.data):
            self._looked += 1
            if self._looked > MAX_IDENTIFIERS:
                raise self.shape_error(found.start(), f"says {name} too often for the source of a person")
            place = self._place(found.start())
            if (
                place[0].type.endswith("identifier")
                and (place[0].start_byte, place[0].end_byte) == found.span()
            ):
                yield place

    def calls(self, name: str, *, method: bool = False) -> Iterator[list[Node]]:
        """The name in every call of a function of that name, or of a method of some object."""
        for place in self.identifiers(name):
            callee, call = _around(place, "qualified_identifier", "field_expression")
            is_called = (
                callee == call.child_by_field_name("function") and callee.end_byte == place[0].end_byte
            )
            if is_called and (callee.type == "field_expression") is method:
                yield place

    def functions_of(self, *parameters: str) -> Iterator[str]:
        """The names of the functions whose first parameter has a type of one of some names."""
        for place in (place for parameter in parameters for place in self.identifiers(parameter)):
            position = next((i for i, node in enumerate(place) if node.type == "parameter_list"), None)
            if position is not None:
                first = (node for node in place[position].named_children if node.type != "comment")
                if next(first) == place[position - 1]:
                    yield self._name(place[position + 1])

    def _name(self, node: Node) -> str:
        """The last name in a declarator: `stop` in `*ns::stop(int)`."""
        while (inner := node.child_by_field_name("declarator")) is not None:
            node = inner
        return self.text(node).rpartition("::")[2]

    # --- places ------------------------------------------------------------------------------

    def _place(self, offset: int) -> list[Node]:
        """The nodes around an offset."""
        cursor = self._part(offset).walk()
        found = []
        while cursor.node is not None:
            found.append(cursor.node)
            if len(found) > MAX_NESTING:
                raise self.shape_error(offset, "is nested too deeply")
            if cursor.goto_first_child_for_byte(offset) is None:
                break
        return found[::-1]

    def _part(self, offset: int) -> Node:
        """The tree of what stands around an offset; of the whole file where that does not parse alone.

        A part begins where a line begins with a name and ends with a line that begins with a brace, as
        functions, classes and namespaces do however their bodies are indented. Where a comment or a string
        from further up may go on, it begins there: the grammar says whether it does.
        """
        start = self._head(offset)
        for _ in range(MAX_SIGNS):
            if (sign := self._unclosed(start)) < 0:
                break
            start = self._head(sign)
        else:
            start = 0
        closing = self.data.find(b"\n}", offset)
        end = self.line_end(closing + 1) if closing >= 0 else len(self.data)
        if (start, end) not in self._parts:
            self._parts[start, end] = self._tree(start, end)
        return self._parts[start, end]

    def _tree(self, start: int, end: int) -> Node:
        from tree_sitter import Parser, Point, Range

        self._unparsed -= end - start
        if self._unparsed < 0 or end - start > self.quick_bytes:
            return self.root
        self.require_shallow(start, end)
        cage.note(self.path)
        origin = Point(0, 0)
        parser = Parser(_parser().language, included_ranges=[Range(origin, origin, start, end)])
        node = parser.parse(self.data).root_node
        return self.root if node.has_error else node

    @cached_property
    def _heads(self) -> list[int]:
        """Where a line begins with a name."""
        return [match.start() for match in _HEAD.finditer(self.data)]

    def _head(self, offset: int) -> int:
        """The last place up to an offset where a line begins with a name; else the beginning."""
        position = bisect_right(self._heads, offset)
        return self._heads[position - 1] if position else 0

    def _unclosed(self, offset: int) -> int:
        """The last sign before an offset that may begin a comment or a string which goes on there; or -1."""
        comment = self.data.rfind(b"/*", 0, offset)
        if comment >= 0 and self.data.find(b"*/", comment + 2, offset) < 0:
            return comment
        string = self.data.rfind(b'R"', 0, offset)
        closing = (
            b")" + self.data[string + 2 : max(self.data.find(b"(", string, string + MAX_DELIMITER), 0)] + b'"'
        )
        return string if string >= 0 and self.data.find(closing, string, offset) < 0 else -1

    # --- signals -----------------------------------------------------------------------------

    def runs_on_signal(self, place: Sequence[Node]) -> bool:
        """Whether a place is in a function that `signal` or `sigaction` is given, or in one that it calls.

        What such a function starts in a thread of its own does not run on the signal.
        """
        return self._runs_on_signal(place, {"main"})

    def _runs_on_signal(self, place: Sequence[Node], seen: set[str]) -> bool:
        for position, node in enumerate(place):
            name = ""
            if node.type == "lambda_expression":
                user = _around(place[position:], *_WRAPPERS)[1]
                if self._starts_thread(place[position:]):
                    return False
                if self._is_handler(place[position:]):
                    return True
                if user.type in ("assignment_expression", "init_declarator"):
                    name = self._name(user.child_by_field_name("left") or user)
            elif node.type == "function_definition":
                name = self._name(node)
            if name and name not in seen and len(seen) < MAX_CALLERS:
                seen.add(name)
                if any(map(self._is_handler, self.identifiers(name))):
                    return True
                if any(self._runs_on_signal(call, seen) for call in self.calls(name)):
                    return True
        return False

    def _is_handler(self, place: Sequence[Node]) -> bool:
        """Whether a name or a lambda is given to `signal` or `sigaction`."""
        given, user = _around(place, *_WRAPPERS)
        if user.type == "argument_list":
            second = [node for node in user.named_children if node.type != "comment"][1:2]
            return second == [given] and self._used(place[place.index(user) + 1]) == "signal"
        holder = user.child_by_field_name("left") or user.child_by_field_name("designator")
        return holder is not None and holder != given and self.text(holder).endswith(_HANDLERS)

    def _starts_thread(self, place: Sequence[Node]) -> bool:
        """Whether a thread runs a lambda: `std::thread worker([] {})`, `threads.emplace_back([] {})`."""
        arguments, *users = place[1:4]
        return arguments.type in ("argument_list", "initializer_list") and any(
            self._used(user) in _LATER for user in users
        )

    def _used(self, node: Node) -> str:
        """The last name of the function that is called, or of the type of what is declared."""
        used = node.child_by_field_name("function") or node.child_by_field_name("type")
        member = used.child_by_field_name("field") if used is not None else None
        return self.text(member or used).rpartition("::")[2].strip("> ") if used is not None else ""


def _around(place: Sequence[Node], *kinds: str) -> tuple[Node, Node]:
    """The outermost node of a place up to which all but the first are of some kinds; what that stands in."""
    position = 0
    while position + 2 < len(place) and place[position + 1].type in kinds:
        position += 1
    return place[position], place[position + 1]
