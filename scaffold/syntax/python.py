"""Python by its own parser: classes with their methods."""

from __future__ import annotations

import ast
import re
import symtable
import warnings
from collections.abc import Callable, Iterator
from typing import TypeVar

from scaffold import cage
from scaffold.errors import ShapeError
from scaffold.syntax.source import Source, Type

T = TypeVar("T")

MAX_BYTES = 200 << 10
"""More than any source that a person wrote; of garbage the parser makes a thousand times as much."""


class PythonSource(Source):
    """A Python file."""

    def types(self) -> Iterator[Type]:
        """Every class of the file. Raises what `module` raises."""
        for node in ast.walk(self.module):
            if isinstance(node, ast.ClassDef):
                defined = (ast.FunctionDef, ast.AsyncFunctionDef)
                methods = frozenset(item.name for item in node.body if isinstance(item, defined))
                yield Type(node.name, tuple(filter(None, map(_dotted, node.bases))), methods)

    @property
    def error(self) -> tuple[int, str] | None:
        """Where it does not parse, and why; None where a newer Python may read it.

        Raises ShapeError for what is no source of a person.
        """
        try:
            self._read(_accepted)
        except (SyntaxError, ShapeError):  # of a tree, or of what it thinks of names
            pass
        else:
            return None
        try:
            self._read(ast.parse)
        except SyntaxError as error:
            at = self.offset(min(error.lineno or 1, self.data.count(b"\n") + 1))
            line = self.data[at : self.line_end(at)]
            return None if _may_be_newer(error.msg, line) else (at, error.msg)
        return None

    @property
    def module(self) -> ast.Module:
        """The tree. Raises ShapeError where it does not parse or is no source of a person."""
        try:
            return self._read(ast.parse)
        except SyntaxError as error:
            raise ShapeError(self.path, error.lineno, f"is no valid Python: {error.msg}") from error

    def _read(self, parse: Callable[[bytes], T]) -> T:
        """What a parser makes of it. Raises SyntaxError, and ShapeError for what is no source of a person."""
        if len(self.data) > MAX_BYTES:
            raise ShapeError(
                self.path, None, f"is larger than {MAX_BYTES >> 10} KiB, more than any such file"
            )
        cage.note(self.path)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what the compiler thinks of an escape is not ours to print
                return parse(self.data)
        except SyntaxError:
            raise
        except (ValueError, RecursionError, MemoryError) as error:
            raise ShapeError(self.path, None, "is nested too deeply") from error


def _accepted(data: bytes) -> None:
    """Let Python's parser read a source, in two thirds of the time that it takes with a tree of objects."""
    symtable.symtable(data, "", "exec")  # type: ignore[arg-type] # which takes bytes, too


def _may_be_newer(message: str, line: bytes) -> bool:
    """Whether a newer Python may read what this one does not."""
    if message == _UNGROUPED:
        return b" as " not in line
    return "f-string" in message or _NEWER.match(line) is not None


_UNGROUPED = "multiple exception types must be parenthesized"
"""Python 3.14 takes them without, unless they get a name."""
_NEWER = re.compile(rb"[ \t]*(?:type[ \t]+\w+|(?:async[ \t]+)?def[ \t]+\w+\[|class[ \t]+\w+\[)")
"""Syntax of Python 3.12."""


def _dotted(node: ast.expr) -> str:
    """`a.b.C` as it is written; "" for what is no such path."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(names)]) if isinstance(node, ast.Name) else ""
