"""Every regular expression of the program on its own worst texts: none takes longer than its text makes it.

See test_growth.py, which has whole files, for how that is told without a clock.
"""

from __future__ import annotations

import ast
import importlib
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import scaffold
from tests.test_growth import ended

OWN = {"backend/limits.py", "report/rule_pages.py", "report/tables.py", "template/questions.py"}
"""Modules that read nothing but what this program writes itself, and what its user answers."""
TEXT = 1 << 16
"""Characters of a text: an expression that begins anew at each of them takes 2,000 million steps."""
MEANING = ("a", "0", " ", "\n", "\t", "-", ".", "/", "#", '"', "'", "$", "(", ":", "_", "a ", "a\n", "\n ")
_CATEGORIES = {"CATEGORY_SPACE": " ", "CATEGORY_DIGIT": "0", "CATEGORY_WORD": "_"}


class Expression(NamedTuple):
    """A regular expression of the program."""

    place: str
    pattern: Any
    flags: int
    methods: frozenset[str]
    """What is asked of it; `search` where that is not known."""


def expressions() -> Iterator[Expression]:
    """Those of every module, as they stand there; a part that only a run knows is a word."""
    folder = Path(scaffold.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        relative = path.relative_to(folder).as_posix()
        if relative.startswith("miniature/") or relative in OWN or path.name == "__main__.py":
            continue
        text = path.read_text()
        name = ".".join(("scaffold", *path.relative_to(folder).with_suffix("").parts)).removesuffix(
            ".__init__"
        )
        known = vars(importlib.import_module(name))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and _is_expression(node.func):
                pattern = _value(node.args[0], known)
                if isinstance(pattern, (str, bytes)):
                    methods = _methods(text, node)
                    flags = sum(
                        _value(a, known)
                        for a in (*node.args[1:], *(k.value for k in node.keywords))
                        if _is_flag(a)
                    )
                    yield Expression(f"{relative}:{node.lineno}", pattern, flags, frozenset(methods))


def _is_expression(called: ast.expr) -> bool:
    functions = {"compile", "match", "search", "fullmatch", "sub", "split", "findall", "finditer"}
    return (
        isinstance(called, ast.Attribute)
        and isinstance(called.value, ast.Name)
        and called.value.id == "re"
        and called.attr in functions
    )


def _is_flag(node: ast.expr) -> bool:
    return "re." in ast.unparse(node) and not any(isinstance(n, ast.Call) for n in ast.walk(node))


def _methods(text: str, call: ast.Call) -> set[str]:
    """What is asked of an expression: by its own call, or by those of the name that it has in its module."""
    assert isinstance(call.func, ast.Attribute)
    if call.func.attr != "compile":
        return {call.func.attr}
    line = text.splitlines()[call.lineno - 1]
    named = re.match(r"([A-Z_]\w+)(?:: [\w.\[\]]+)? = re\.compile", line)
    if named is None:
        return {"search"}
    asked = set(re.findall(rf"\b{named[1]}\.(\w+)", text)) - {"pattern", "flags"}
    passed_on = len(re.findall(rf"\b{named[1]}\b(?!\.)", text)) > 1
    return {"search"} if passed_on or not asked else asked


def _value(node: ast.expr, known: dict[str, Any]) -> Any:
    """What an expression of Python is, as far as its module says so."""
    try:
        return eval(compile(ast.Expression(node), "", "eval"), known)
    except Exception:  # it has a part of which a function knows the name
        if isinstance(node, ast.JoinedStr):
            return "".join(str(_value(part, known)) for part in node.values)
        if isinstance(node, ast.FormattedValue):
            return _value(node.value, known)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = _value(node.left, known), _value(node.right, known)
            if isinstance(left, bytes) or isinstance(right, bytes):
                return b"".join(part if isinstance(part, bytes) else b"abc" for part in (left, right))
            return left + right
        return "abc"


def pieces(parsed: Any) -> Iterator[str]:  # noqa: PLR0912
    """The texts and signs that stand in an expression."""
    run = ""
    for kind, held in parsed:
        name = str(kind)
        if name == "LITERAL":
            run += chr(held)
            continue
        if run:
            yield run
            run = ""
        if name == "IN":
            for inner, what in held:
                sign = str(inner)
                if sign in ("LITERAL", "RANGE"):
                    yield chr(what if sign == "LITERAL" else what[0])
                elif sign == "CATEGORY":
                    yield _CATEGORIES.get(str(what), "a")
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            yield from pieces(held[2])
        elif name == "SUBPATTERN":
            yield from pieces(held[3])
        elif name == "BRANCH":
            for branch in held[1]:
                yield from pieces(branch)
        elif name in ("ASSERT", "ASSERT_NOT"):
            yield from pieces(held[1])
        elif name == "ATOMIC_GROUP":
            yield from pieces(held)
    if run:
        yield run


def search(expression: Expression, text: str) -> None:
    compiled = re.compile(expression.pattern, expression.flags)
    subject: Any = text.encode(errors="replace") if isinstance(expression.pattern, bytes) else text
    for method in expression.methods & {"match", "fullmatch"}:
        getattr(compiled, method)(subject)
    for _ in compiled.finditer(subject) if expression.methods - {"match", "fullmatch"} else ():
        pass


def attack(expression: Expression) -> None:
    """Search the worst texts of an expression: those that take it longest where they are short."""
    pattern = (
        expression.pattern.decode("latin-1") if isinstance(expression.pattern, bytes) else expression.pattern
    )
    own = [*dict.fromkeys(pieces(re._parser.parse(pattern, expression.flags)))]  # type: ignore[attr-defined]
    pairs = [one + other for one in own[:8] for other in (*own[:8], " ", "a", "\n")]
    units = [*dict.fromkeys((*MEANING, *own, *pairs, "".join(own), " ".join(own)))]
    heads = [*dict.fromkeys(("", *own[:4], "".join(own[:2]), "".join(own[:3])))]
    taken = []
    for head in heads:
        for unit in filter(None, units):
            start = time.process_time()
            search(expression, head + unit * (2048 // len(unit)) + "\x01")
            taken.append((time.process_time() - start, head, unit))
    for _, head, unit in sorted(taken)[-6:]:
        search(expression, head + unit * (TEXT // len(unit)) + "\x01")


@pytest.mark.parametrize("expression", [*{e[1:]: e for e in expressions()}.values()], ids=lambda e: e.place)
def test_an_expression_takes_no_longer_than_its_text_makes_it(expression: Expression) -> None:
    assert not ended(lambda: attack(expression), 3), expression.pattern


def test_an_expression_that_begins_anew_at_every_sign_is_found() -> None:
    assert ended(lambda: attack(Expression("", r"\s*#", 0, frozenset({"search"}))), 1)
    assert not ended(lambda: attack(Expression("", r"\s*#", 0, frozenset({"match"}))), 1)
