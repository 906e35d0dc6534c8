"""Python: its classes and their methods."""

from __future__ import annotations

import warnings

import pytest

from scaffold.errors import ShapeError
from scaffold.syntax.python import MAX_BYTES, PythonSource
from scaffold.syntax.source import Type


def types(text: str | bytes) -> list[Type]:
    return [*PythonSource("backend.py", text.encode() if isinstance(text, str) else text).types()]


def test_classes_and_their_methods() -> None:
    found = types(
        "class A(grpc.pb.Servicer, B, metaclass=M):\n"
        "    def f(self): \n        def inner(): ...\n"
        "    @cached\n    async def g(self): ...\n"
        '    """def h(self): ..."""\n    # def i(self): ...\n    x = lambda self: 1\n'
        "def j(self): ...\n"
        "if True:\n    class B(make()): ...\n"
    )
    assert found == [Type("A", ("grpc.pb.Servicer", "B"), frozenset("fg")), Type("B", (), frozenset())]


@pytest.mark.parametrize(
    "data",
    [
        b"class A(:",
        b"\xff = 1",
        b"# coding: latin-1\n\xe9 = 1",
        b"# coding: none\n",
        b"a\0b",
        b"-" * MAX_BYTES + b"1",
        b"(" * MAX_BYTES,
        b"1" * MAX_BYTES,
        b"".join(b" " * depth + b"if a:\n" for depth in range(200)),
        b"a;" * MAX_BYTES,
    ],
)
def test_what_is_no_source_of_a_person(data: bytes) -> None:
    with pytest.raises(ShapeError):
        types(data)


@pytest.mark.parametrize("step", [".b", "()", "[0]"])
def test_what_a_parser_may_find_too_deep_has_no_classes(step: str) -> None:
    try:
        assert types("a" + step * (MAX_BYTES // 4)) == []
    except ShapeError as error:
        assert error.problem == "is nested too deeply"


def test_nothing_is_printed() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert types("x = '\\d'\n") == []
