"""GitHub's `${{ }}` language: a parser, and an evaluator that knows what it does not know.

A value that only a real run has is `Unknown`. It travels through every operator and keeps its name,
so that two keys can be compared although nobody knows the hash in them; and where the known part of a
condition decides (`false && x`), the result is known.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Protocol

MAX_DEPTH = 50
"""Nesting of an expression that is parsed, as GitHub allows it."""
MAX_OPERATORS = 200
"""Operators in one expression that is parsed."""
MAX_LENGTH = 1 << 16
"""Length of a string that is made; a longer one is unknown."""

HOLE = "\ue000"
HOLE_END = "\ue001"
"""What stands around the name of an unknown part in a rendered text."""


class ExpressionError(ValueError):
    """The text is no expression."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that only a run has. Two with one label are the same value."""

    label: str
    truth: bool | None = None
    """Whether it counts as true, where that is known."""


class OwnRepository(Unknown):
    """The name of the repository, or of its owner: it equals whatever the workflows compare it with."""


FORK = "\ue002fork"
"""The owner and name of a fork: equal to nothing that a workflow can spell."""


class Open(dict[str, Any]):
    """A context of which only some properties are known; the others are unknown, not null."""

    def __init__(self, label: str, known: Mapping[str, Any] | None = None) -> None:
        super().__init__(known or {})
        self.label = label


class Lazy(dict[str, Any]):
    """A context whose properties are evaluated when they are read: most jobs read few of their inputs."""

    def __init__(self, names: Iterable[str], evaluate: Callable[[str], Any]) -> None:
        super().__init__(dict.fromkeys(names, _PENDING))
        self.evaluate = evaluate


_PENDING = object()


class Scope(Protocol):
    """Where an expression is evaluated."""

    def context(self, name: str) -> Any:
        """The value of a context such as `github` or `matrix`."""

    def status(self, function: str) -> Any:
        """The value of `success()`, `failure()`, `cancelled()` or `always()`."""


class Node:
    """A node of the syntax tree."""

    __slots__ = ()

    def value(self, scope: Scope) -> Any:
        """What it evaluates to."""
        raise NotImplementedError

    def children(self) -> tuple[Node, ...]:
        """The nodes below it."""
        return ()

    def walk(self) -> Iterator[Node]:
        """Itself and every node below it."""
        yield self
        for child in self.children():
            yield from child.walk()


@dataclass(slots=True, eq=False)
class Literal(Node):
    """A string, number, boolean or null."""

    content: Any

    def value(self, scope: Scope) -> Any:  # noqa: ARG002
        return self.content


@dataclass(slots=True, eq=False)
class Context(Node):
    """The name of a context."""

    name: str

    def value(self, scope: Scope) -> Any:
        return scope.context(self.name)


@dataclass(slots=True, eq=False)
class Property(Node):
    """`of.key` or `of['key']`."""

    of: Node
    key: Node

    def value(self, scope: Scope) -> Any:
        key = self.key.content if isinstance(self.key, Literal) else self.key.value(scope)
        return property_of(self.of.value(scope), key)

    def children(self) -> tuple[Node, ...]:
        return (self.of, self.key)


@dataclass(slots=True, eq=False)
class Each(Node):
    """`of.*`: every item."""

    of: Node

    def value(self, scope: Scope) -> Any:
        value = self.of.value(scope)
        if isinstance(value, Unknown):
            return Unknown(f"{value.label}.*")
        if isinstance(value, Open):
            return Unknown(f"{value.label}.*")
        if isinstance(value, dict):
            return Spread(property_of(value, key) for key in list(value))
        return Spread(value if isinstance(value, list) else ())

    def children(self) -> tuple[Node, ...]:
        return (self.of,)


class Spread(list[Any]):
    """What `.*` gives: a property of it is that property of every item."""


@dataclass(slots=True, eq=False)
class Not(Node):
    """`!of`."""

    of: Node

    def value(self, scope: Scope) -> Any:
        value = self.of.value(scope)
        truth = truth_of(value)
        return Unknown(f"!{label_of(value)}") if truth is None else not truth

    def children(self) -> tuple[Node, ...]:
        return (self.of,)


@dataclass(slots=True, eq=False)
class Binary(Node):
    """`left operator right`."""

    operator: str
    left: Node
    right: Node

    def value(self, scope: Scope) -> Any:
        left = self.left.value(scope)
        if self.operator in ("&&", "||"):
            return self._logical(left, scope)
        right = self.right.value(scope)
        if self.operator in ("==", "!="):
            equal = equal_values(left, right)
            if isinstance(equal, Unknown):
                return Unknown(f"{label_of(left)}{self.operator}{label_of(right)}")
            return equal is (self.operator == "==")
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return Unknown(f"{label_of(left)}{self.operator}{label_of(right)}")
        return _compare(self.operator, left, right)

    def _logical(self, left: Any, scope: Scope) -> Any:
        decides = self.operator == "||"
        truth = truth_of(left)
        if truth is decides:
            return left
        right = self.right.value(scope)
        if truth is not None:
            return right
        known = decides if truth_of(right) is decides else None
        return Unknown(f"({label_of(left)}{self.operator}{label_of(right)})", known)

    def children(self) -> tuple[Node, ...]:
        return (self.left, self.right)


@dataclass(slots=True, eq=False)
class Call(Node):
    """`name(arguments)`."""

    name: str
    arguments: tuple[Node, ...]

    def value(self, scope: Scope) -> Any:
        if self.name in STATUS:
            return scope.status(self.name)
        return call(self.name, [argument.value(scope) for argument in self.arguments])

    def children(self) -> tuple[Node, ...]:
        return self.arguments


STATUS = frozenset({"success", "failure", "cancelled", "always"})
"""Functions about the jobs or steps before; a condition without one means `success() &&`."""


def property_of(value: Any, key: Any) -> Any:
    """One property of a value, as GitHub looks it up: by a name in any case, null where it is missing."""
    if type(value) is dict and type(key) is str and key in value:  # nearly always
        return value[key]
    if isinstance(value, Spread):
        found = [property_of(item, key) for item in value]
        return Spread(item for item in found if item is not None)
    if isinstance(value, Unknown):
        return Unknown(f"{value.label}.{label_of(key)}")
    if isinstance(key, Unknown):
        return Unknown(f"{label_of(value)}[{key.label}]")
    if isinstance(value, dict):
        if key in value:
            item = value[key]
            if item is _PENDING:
                item = value[key] = value.evaluate(key)  # type: ignore[attr-defined]
            return item
        folded = text_of(key).lower()
        for name in value:
            if name.lower() == folded:
                return property_of(value, name)
        return Unknown(f"{value.label}.{folded}") if isinstance(value, Open) else None
    if isinstance(value, list) and isinstance(key, (int, float)) and 0 <= key < len(value):
        return value[int(key)]
    return None


def truth_of(value: Any) -> bool | None:
    """Whether a value counts as true; None where that is not known."""
    if isinstance(value, Unknown):
        return value.truth
    if isinstance(value, str) and HOLE in value:
        return True  # something stands around the hole
    if isinstance(value, float) and math.isnan(value):
        return False
    return value not in (None, False, 0, "") if not isinstance(value, (dict, list)) else True


def text_of(value: Any) -> str:
    """The string that a value becomes; an unknown one becomes a named hole."""
    if isinstance(value, str):
        return value
    if isinstance(value, Unknown):
        return f"{HOLE}{value.label}{HOLE_END}"
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(int(value)) if math.isfinite(value) and value == int(value) else str(value)
    return "Array" if isinstance(value, list) else "Object"


def label_of(value: Any) -> str:
    """A name for a value that tells it from others."""
    if isinstance(value, Unknown):
        return value.label
    return value.label if isinstance(value, Open) else repr(value)[:200]


def is_known(text: str) -> bool:
    """Whether a rendered text has no unknown part."""
    return HOLE not in text


def equal_values(left: Any, right: Any) -> bool | Unknown:
    """GitHub's `==`: strings in any case, different types as numbers."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, OwnRepository):
            return FORK not in other if isinstance(other, str) else isinstance(other, OwnRepository)
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        if isinstance(left, Unknown) and isinstance(right, Unknown) and left.label == right.label:
            return True
        return Unknown("==")
    if isinstance(left, str) and isinstance(right, str):
        if left != right and (HOLE in left or HOLE in right):
            return Unknown("==")
        return left.lower() == right.lower()
    if isinstance(left, (dict, list)) or isinstance(right, (dict, list)):
        return left is right
    if type(left) is type(right):
        return bool(left == right)
    return _number(left) == _number(right)


def _compare(operator: str, left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        a: Any = left.lower()
        b: Any = right.lower()
    else:
        a, b = _number(left), _number(right)
    return bool({"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator])


def _number(value: Any) -> float:
    if value is None or value is False or value == "":
        return 0.0
    if value is True:
        return 1.0
    if isinstance(value, (int, float)):
        return float(value)
    try:
        return float(int(value, 16) if value[:2].lower() == "0x" else value) if value.strip() else 0.0
    except (ValueError, AttributeError):
        return math.nan


def call(name: str, arguments: list[Any]) -> Any:
    """The value of a function; unknown for a function that nobody knows here."""
    unknown = Unknown(f"{name}({','.join(map(label_of, arguments))})"[:MAX_LENGTH])
    function = _FUNCTIONS.get(name)
    takes_unknown = name in ("format", "join")
    if function is None or (not takes_unknown and any(isinstance(a, Unknown) for a in arguments)):
        return unknown
    try:
        result = function(*arguments)
    except (TypeError, ValueError, IndexError, RecursionError):
        return unknown
    return unknown if isinstance(result, str) and len(result) > MAX_LENGTH else result


def _contains(where: Any, what: Any) -> Any:
    if isinstance(where, list):
        results = [equal_values(item, what) for item in where]
        unknown = next((result for result in results if isinstance(result, Unknown)), False)
        return True if True in results else unknown
    return _within(where, what, lambda a, b: b in a)


def _within(where: Any, what: Any, test: Callable[[str, str], bool]) -> Any:
    where, what = text_of(where).lower(), text_of(what).lower()
    found = test(where, what)
    return Unknown(f"{what}in{where}") if not found and not (is_known(where) and is_known(what)) else found


def _format(pattern: Any, *arguments: Any) -> str:
    texts = [text_of(argument) for argument in arguments]
    pattern = text_of(pattern)
    if len(pattern) + pattern.count("{") * max(map(len, texts), default=0) > MAX_LENGTH:
        raise ValueError
    return re.sub(r"\{\{|\}\}|\{(\d{1,3})\}", lambda m: texts[int(m[1])] if m[1] else m[0][0], pattern)


def _join(items: Any, separator: Any = ",") -> Any:
    if isinstance(items, Unknown):
        return Unknown(f"join({items.label})")
    return text_of(separator).join(map(text_of, items)) if isinstance(items, list) else text_of(items)


def _to_json(value: Any) -> Any:
    if isinstance(value, (dict, list)) and _has_unknown(value):
        return Unknown(f"toJSON({label_of(value)})")
    return json.dumps(value, indent=2)


def _has_unknown(value: Any) -> bool:
    if isinstance(value, (Open, Unknown)) or value is _PENDING:
        return True
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_has_unknown, items))


def _from_json(text: Any) -> Any:
    if not is_known(text_of(text)):
        return Unknown(f"fromJSON({label_of(text)})")
    return json.loads(text_of(text))


def _case(*arguments: Any) -> Any:
    for condition, result in zip(arguments[::2], arguments[1::2], strict=False):
        if condition is True:
            return result
    return arguments[-1] if len(arguments) % 2 else None


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "contains": _contains,
    "startswith": lambda where, what: _within(where, what, str.startswith),
    "endswith": lambda where, what: _within(where, what, str.endswith),
    "format": _format,
    "join": _join,
    "tojson": _to_json,
    "fromjson": _from_json,
    "case": _case,
}
"""What can be computed here; `hashFiles` cannot, and its label says of which files it is the hash."""


_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<number>[+-]?(?:0x[0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))"
    r"|(?P<name>[A-Za-z_][\w-]*)|(?P<operator>&&|\|\||[=!<>]=|[<>!()\[\],.*]))"
)
_BINDING = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4}
_UNARY = 5
_WORDS = {"true": True, "false": False, "null": None, "NaN": math.nan, "Infinity": math.inf}


class _Parser:
    """A Pratt parser over one expression; `end` is where it stopped."""

    def __init__(self, text: str, start: int = 0) -> None:
        self.text = text
        self.end = start
        self._depth = 0
        self._operators = 0
        self._advance()

    def _advance(self) -> None:
        match = _TOKEN.match(self.text, self.end)
        self.kind = match.lastgroup if match else None
        self.token = match[match.lastgroup] if match and match.lastgroup else ""
        self._next = match.end() if match else self.end

    def _take(self) -> str:
        token = self.token
        self.end = self._next
        self._advance()
        return token

    def _expect(self, token: str) -> None:
        if self.kind != "operator" or self.token != token:
            raise ExpressionError(f"expected {token!r} at offset {self.end} of {self.text[:80]!r}")
        self._take()

    def _at(self, token: str) -> bool:
        return self.kind == "operator" and self.token == token

    def expression(self, binding: int = 0) -> Node:
        """An expression whose operators bind tighter than `binding`."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionError("is nested too deeply")
        left = self._operand()
        while self.kind == "operator" and _BINDING.get(self.token, 0) > binding:
            operator = self._take()
            self._operators += 1
            if self._operators > MAX_OPERATORS:
                raise ExpressionError("has too many operators")
            left = Binary(operator, left, self.expression(_BINDING[operator]))
        self._depth -= 1
        return left

    def _operand(self) -> Node:
        kind, token = self.kind, self.token
        if kind == "string":
            self._take()
            return self._postfix(Literal(token[1:-1].replace("''", "'")))
        if kind == "number":
            self._take()
            return Literal(_number(token))
        if kind == "name":
            self._take()
            if token in _WORDS:
                return Literal(_WORDS[token])
            return self._postfix(self._call(token) if self._at("(") else Context(token.lower()))
        if self._at("!"):
            self._take()
            return Not(self.expression(_UNARY))
        if self._at("("):
            self._take()
            inner = self.expression()
            self._expect(")")
            return self._postfix(inner)
        raise ExpressionError(f"expected a value at offset {self.end} of {self.text[:80]!r}")

    def _call(self, name: str) -> Node:
        self._take()
        arguments: list[Node] = []
        while not self._at(")"):
            if arguments:
                self._expect(",")
            arguments.append(self.expression())
        self._take()
        return Call(name.lower(), tuple(arguments))

    def _postfix(self, node: Node) -> Node:
        steps = 0
        while self._at(".") or self._at("["):
            steps += 1
            if steps > MAX_DEPTH:
                raise ExpressionError("is nested too deeply")
            bracket = self._take() == "["
            if self._at("*"):
                self._take()
                node = Each(node)
            elif bracket:
                node = Property(node, self.expression())
            elif self.kind == "name":
                node = Property(node, Literal(self._take()))
            else:
                raise ExpressionError(f"expected a name at offset {self.end} of {self.text[:80]!r}")
            if bracket:
                self._expect("]")
        return node


@cache
def parse(text: str) -> Node:
    """The expression that a text is, without `${{ }}`. Raises ExpressionError where it is none."""
    parser = _Parser(text)
    node = parser.expression()
    if text[parser.end :].strip():
        raise ExpressionError(f"unexpected {text[parser.end :].strip()[:40]!r}")
    return node


@dataclass(eq=False)
class Template:
    """A text with `${{ }}` in it: texts and expressions in turn."""

    parts: tuple[str | Node, ...]

    @property
    def expressions(self) -> tuple[Node, ...]:
        """Its expressions, in order."""
        return tuple(part for part in self.parts if isinstance(part, Node))

    @cached_property
    def contexts(self) -> frozenset[str]:
        """The contexts that it reads."""
        nodes = (node for expression in self.expressions for node in expression.walk())
        return frozenset(node.name for node in nodes if isinstance(node, Context))

    def value(self, scope: Scope) -> Any:
        """Its value: that of its one expression where it is nothing else, a string otherwise."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Node):
            return self.parts[0].value(scope)
        texts = []
        length = 0
        for part in self.parts:
            text = part if isinstance(part, str) else text_of(part.value(scope))
            length += len(text)
            if length > MAX_LENGTH:
                return Unknown(f"a text of more than {MAX_LENGTH} characters")
            texts.append(text)
        return "".join(texts)

    def names(self, context: str) -> Iterator[str]:
        """The properties of a context that it reads, such as the axes of `matrix`; `*` for all of it."""
        for expression in self.expressions:
            yield from names(expression, context)


def names(node: Node, context: str) -> Iterator[str]:
    """The properties of a context that an expression reads; `*` where it reads the whole."""
    if isinstance(node, Property) and isinstance(node.of, Context) and node.of.name == context:
        yield node.key.content.lower() if isinstance(node.key, Literal) else "*"
        yield from names(node.key, context)
    elif isinstance(node, Context):
        if node.name == context:
            yield "*"
    else:
        for child in node.children():
            yield from names(child, context)


def calls(node: Node) -> Iterator[Call]:
    """Every call in an expression."""
    return (child for child in node.walk() if isinstance(child, Call))


@cache
def template(text: str) -> Template:
    """The parts of a text. An expression that does not parse is a value that nobody knows."""
    parts: list[str | Node] = []
    position = 0
    while (start := text.find("${{", position)) >= 0:
        if start > position:
            parts.append(text[position:start])
        node, position = _embedded(text, start)
        parts.append(node)
    if position < len(text):
        parts.append(text[position:])
    return Template(tuple(parts))


def _embedded(text: str, start: int) -> tuple[Node, int]:
    """The expression of a `${{` at `start`, and the offset behind its `}}`."""
    try:
        parser = _Parser(text, start + 3)
        node = parser.expression()
        closing = re.compile(r"\s*\}\}").match(text, parser.end)
        if closing is None:
            raise ExpressionError("expected }}")
        return node, closing.end()
    except (ExpressionError, RecursionError):
        end = text.find("}}", start)
        end = len(text) if end < 0 else end + 2
        return Literal(Unknown(text[start:end])), end


@cache
def condition(text: str) -> Template:
    """An `if:`: an expression, with or without `${{ }}`. One that does not parse is unknown."""
    if "${{" in text:
        return template(text)
    try:
        return Template((parse(text),))
    except (ExpressionError, RecursionError):
        return Template((Literal(Unknown(text)),))


def has_status(of: Template) -> bool:
    """Whether a condition asks for the status itself, so that `success()` is not implied."""
    return any(c.name in STATUS for expression in of.expressions for c in calls(expression))
