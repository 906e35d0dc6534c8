"""The syntax tree of an expression: each node says what it evaluates to.

Where the known part of a condition decides (`false && x`), the result is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from scaffold.pipeline.expressions.functions import call
from scaffold.pipeline.expressions.values import (
    MISSING,
    PENDING,
    Lazy,
    Open,
    Spread,
    Unknown,
    compare,
    equal_values,
    label_of,
    property_of,
    truth_of,
)


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

    @property
    def is_boolean(self) -> bool:
        """Whether it is true or false, whatever its parts are."""
        return False

    def children(self) -> tuple[Node, ...]:
        """The nodes below it."""
        return ()

    def walk(self) -> Iterator[Node]:
        """Itself and every node below it."""
        yield self
        for child in self.children():
            yield from child.walk()


class Literal(Node):
    """A string, number, boolean or null."""

    __slots__ = ("content",)

    def __init__(self, content: Any) -> None:
        self.content = content

    def value(self, scope: Scope) -> Any:  # noqa: ARG002
        return self.content


class Context(Node):
    """The name of a context."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def value(self, scope: Scope) -> Any:
        return scope.context(self.name)


class Property(Node):
    """`of.key` or `of['key']`."""

    __slots__ = ("_context", "_name", "key", "of")

    def __init__(self, of: Node, key: Node) -> None:
        self.of = of
        self.key = key
        self._context = of.name if isinstance(of, Context) else None
        """The context that it is a property of, and its name there: nearly always both are spelled out."""
        spelled = key.content if isinstance(key, Literal) else None
        self._name: str | None = spelled if isinstance(spelled, str) else None

    def value(self, scope: Scope) -> Any:
        context, name = self._context, self._name
        where = scope.context(context) if context is not None else self.of.value(scope)
        if name is None:
            return property_of(where, self.key.value(scope))
        found = where.get(name, MISSING) if isinstance(where, dict) else MISSING
        if found is PENDING:
            assert isinstance(where, Lazy)
            return where.read(name)
        return property_of(where, name) if found is MISSING else found

    def children(self) -> tuple[Node, ...]:
        return (self.of, self.key)


class Each(Node):
    """`of.*`: every item."""

    __slots__ = ("of",)

    def __init__(self, of: Node) -> None:
        self.of = of

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


class Not(Node):
    """`!of`."""

    __slots__ = ("of",)

    def __init__(self, of: Node) -> None:
        self.of = of

    def value(self, scope: Scope) -> Any:
        value = self.of.value(scope)
        truth = truth_of(value)
        return Unknown(f"!{label_of(value)}") if truth is None else not truth

    @property
    def is_boolean(self) -> bool:
        return True

    def children(self) -> tuple[Node, ...]:
        return (self.of,)


class Binary(Node):
    """`left operator right`."""

    __slots__ = ("left", "operator", "right")

    def __init__(self, operator: str, left: Node, right: Node) -> None:
        self.operator = operator
        self.left = left
        self.right = right

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
        return compare(self.operator, left, right)

    def _logical(self, left: Any, scope: Scope) -> Any:
        decides = self.operator == "||"
        truth = truth_of(left)
        if truth is decides:
            return left
        right = self.right.value(scope)
        if truth is not None:
            return right
        if right is decides and self.left.is_boolean:
            return decides
        known = decides if truth_of(right) is decides else None
        return Unknown(f"({label_of(left)}{self.operator}{label_of(right)})", known)

    @property
    def is_boolean(self) -> bool:
        return self.operator not in ("&&", "||") or (self.left.is_boolean and self.right.is_boolean)

    def children(self) -> tuple[Node, ...]:
        return (self.left, self.right)


class Call(Node):
    """`name(arguments)`."""

    __slots__ = ("arguments", "name")

    def __init__(self, name: str, arguments: tuple[Node, ...]) -> None:
        self.name = name
        self.arguments = arguments

    def value(self, scope: Scope) -> Any:
        if self.name in STATUS:
            return scope.status(self.name)
        return call(self.name, [argument.value(scope) for argument in self.arguments])

    @property
    def is_boolean(self) -> bool:
        return self.name in STATUS or self.name in ("contains", "endswith", "startswith")

    def children(self) -> tuple[Node, ...]:
        return self.arguments


STATUS = frozenset({"success", "failure", "cancelled", "always"})
"""Functions about the jobs or steps before; a condition without one means `success() &&`."""


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


def path_of(node: Node) -> tuple[str, ...]:
    """`steps.x.outputs.y`, however it is spelled, as its names; none for any other node."""
    keys: list[str] = []
    while isinstance(node, Property) and isinstance(node.key, Literal):
        keys.append(str(node.key.content))
        node = node.of
    return (node.name, *reversed(keys)) if isinstance(node, Context) and keys else ()


def calls(node: Node) -> Iterator[Call]:
    """Every call in an expression."""
    return (child for child in node.walk() if isinstance(child, Call))
