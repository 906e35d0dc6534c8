"""Texts with `${{ }}` in them, and conditions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, cached_property
from typing import Any

from scaffold.pipeline.expressions.nodes import STATUS, Context, Literal, Node, Scope, calls, names, path_of
from scaffold.pipeline.expressions.parser import ExpressionError, Parser, parse
from scaffold.pipeline.expressions.values import MAX_LENGTH, Unknown, text_of, truth_of

_CLOSING = re.compile(r"\s*\}\}")


class Template:
    """A text with `${{ }}` in it: texts and expressions in turn."""

    def __init__(self, parts: tuple[str | Node, ...]) -> None:
        self.parts = parts
        one = parts[0] if len(parts) == 1 else None
        self.only = one if isinstance(one, Node) else None
        """Its expression, where it is nothing else."""
        self.value: Callable[[Scope], Any] = self.only.value if self.only is not None else self._joined
        """Its value in a scope: that of its one expression where it is nothing else, a string otherwise."""

    @property
    def expressions(self) -> tuple[Node, ...]:
        """Its expressions, in order."""
        return tuple(part for part in self.parts if isinstance(part, Node))

    @cached_property
    def contexts(self) -> frozenset[str]:
        """The contexts that it reads."""
        nodes = (node for expression in self.expressions for node in expression.walk())
        return frozenset(node.name for node in nodes if isinstance(node, Context))

    @cached_property
    def reads(self) -> frozenset[tuple[str, ...]]:
        """The values that it reads, however they are spelled: `github.event.before` as its names."""
        nodes = (node for expression in self.expressions for node in expression.walk())
        return frozenset(filter(None, map(path_of, nodes)))

    @property
    def output(self) -> tuple[str, ...]:
        """`steps.x.outputs.y` as its names, where it is nothing else."""
        path = path_of(self.only) if self.only is not None else ()
        return path if path[2:3] == ("outputs",) else ()

    @cached_property
    def of_event(self) -> bool:
        """Whether the event that starts a run decides it: then it has one value in the whole run."""
        return self.contexts <= {"github"} and "job" not in self.names("github")

    @cached_property
    def asks_status(self) -> bool:
        """Whether, as a condition, it may be true where not all went well: `success()` is not implied.

        One that asks for `success()` itself says no more than what is implied.
        """
        asked = any(c.name in STATUS for expression in self.expressions for c in calls(expression))
        return asked and truth_of(self.value(_AfterFailure())) is not False

    def _joined(self, scope: Scope) -> Any:
        parts = [part if isinstance(part, str) else text_of(part.value(scope)) for part in self.parts]
        text = "".join(parts)
        return text if len(text) <= MAX_LENGTH else Unknown(f"a text of more than {MAX_LENGTH} characters")

    def names(self, context: str) -> Iterator[str]:
        """The properties of a context that it reads, such as the axes of `matrix`; `*` for all of it."""
        for expression in self.expressions:
            yield from names(expression, context)


class _AfterFailure:
    """Where nothing is known but that something before did not go well."""

    def context(self, name: str) -> Any:
        return Unknown(name)

    def status(self, function: str) -> Any:
        return {"success": False, "always": True}.get(function, Unknown(function))


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
        parser = Parser(text, start + 3)
        node = parser.expression()
        closing = _CLOSING.match(text, parser.end)
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
