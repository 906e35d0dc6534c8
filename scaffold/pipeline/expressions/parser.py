"""The parser of GitHub's `${{ }}` language."""

from __future__ import annotations

import math
import re
from functools import cache

from scaffold.pipeline.expressions.nodes import Binary, Call, Context, Each, Literal, Node, Not, Property
from scaffold.pipeline.expressions.values import number

MAX_DEPTH = 50
"""Nesting of an expression that is parsed, as GitHub allows it."""
MAX_OPERATORS = 200
"""Operators in one expression that is parsed."""


class ExpressionError(ValueError):
    """The text is no expression."""


_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<number>[+-]?(?:0x[0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))"
    r"|(?P<name>[A-Za-z_][\w-]*)|(?P<operator>&&|\|\||[=!<>]=|[<>!()\[\],.*]))"
)
_BINDING = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4}
_UNARY = 5
_WORDS = {"true": True, "false": False, "null": None, "NaN": math.nan, "Infinity": math.inf}


class Parser:
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
            return Literal(number(token))
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
    parser = Parser(text)
    node = parser.expression()
    if text[parser.end :].strip():
        raise ExpressionError(f"unexpected {text[parser.end :].strip()[:40]!r}")
    return node
