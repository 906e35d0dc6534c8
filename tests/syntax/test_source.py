"""What no reader should be given is refused before one looks at it."""

from __future__ import annotations

import re

import pytest

from scaffold.errors import ShapeError
from scaffold.syntax.golang import GoSource
from scaffold.syntax.make import MakeSource
from scaffold.syntax.source import FEW_BYTES, MAX_BYTES, MAX_LINES, MAX_TOKENS, Source, numbered
from scaffold.syntax.yaml import YamlSource


@pytest.mark.parametrize("unit", [b"a:\n", b"\n", b"\ta\n"])
def test_a_file_of_a_million_lines_is_none(unit: bytes) -> None:
    Source("Makefile", unit * (MAX_LINES - 1))
    with pytest.raises(ShapeError, match="more than 100,000 lines"):
        Source("Makefile", unit * (MAX_BYTES // len(unit)))


@pytest.mark.parametrize("unit", [b"a ", b";", b"[]", "é ".encode()])
@pytest.mark.parametrize("kind", [MakeSource, GoSource, YamlSource])
def test_a_file_of_a_million_words_is_parsed_by_nobody(
    kind: type[MakeSource | GoSource | YamlSource], unit: bytes
) -> None:
    source = kind("a", b"a: [" + unit * ((FEW_BYTES + MAX_TOKENS) // len(unit)))
    with pytest.raises(ShapeError, match="more than 200,000 words"):
        _ = source.root


def test_matches_are_numbered_as_they_stand() -> None:
    text = "a\n b\n\na a\nb\n"
    assert [(m[0], line) for m, line in numbered(text, re.finditer("[ab]", text))] == [
        ("a", 1), ("b", 2), ("a", 4), ("a", 4), ("b", 5),
    ]  # fmt: skip
    assert [line for _, line in numbered(text, re.finditer(r"\n+ ?(\w)", text), 1)] == [2, 4, 5]
