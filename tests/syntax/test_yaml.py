"""What is given to the YAML parser, which is C code with a fixed memory for its levels."""

from __future__ import annotations

import pytest

from scaffold.errors import ShapeError
from scaffold.syntax.yaml import MAX_LINES, YamlSource

LINE_ENDS = {"LF": "\n", "CR": "\r", "CRLF": "\r\n", "NEL": "\x85", "LS": "\u2028", "PS": "\u2029"}


def stairs(columns: int, end: str = "\n") -> str:
    """Two levels a column: a mapping, and the list that is its value at the same indentation."""
    return end.join(f"{' ' * n}a:{end}{' ' * n}-" for n in range(columns))


DEEP = {
    "stairs": stairs(200),
    "stairs and a row": f"{stairs(119)}\n{' ' * 119}{'- ' * 59}x",
    "lists in a row": "- " * 60 + "x",
    "keys in a row": "? " * 60 + "x",
    "values in a row": ": " * 60 + "x",
    "a mixed row": "? - : " * 30 + "x",
    "tabs": "-\t" * 60 + "x",
    "blanks between": "- " + " " * 10 + "-  " * 59 + "x",
}


@pytest.mark.parametrize("end", LINE_ENDS)
@pytest.mark.parametrize("what", DEEP)
def test_more_levels_than_the_parser_has_room_for_are_refused(what: str, end: str) -> None:
    text = "a: 1\n" + DEEP[what]
    with pytest.raises(ShapeError, match="is nested too deeply") as raised:
        YamlSource("x.yml", text.replace("\n", LINE_ENDS[end]).encode()).require_parsable()
    assert raised.value.line is not None
    assert raised.value.line > 1


@pytest.mark.parametrize("end", ["LF", "CR", "CRLF"])
def test_as_many_levels_as_there_is_room_for_are_read(end: str) -> None:
    assert not YamlSource("x.yml", stairs(119, LINE_ENDS[end]).encode()).root.has_error


@pytest.mark.parametrize(
    "text", ["|\n" + " " * 300 + "\n x", "- " + "x" * 300, "# " + "- " * 30, "a: '" + " " * 300]
)
def test_long_lines_of_few_levels_are_none_of_its_business(text: str) -> None:
    YamlSource("x.yml", text.encode()).require_parsable()


@pytest.mark.parametrize("end", LINE_ENDS)
def test_more_lines_than_the_parser_can_count_are_refused(end: str) -> None:
    assert YamlSource("x.yml", (LINE_ENDS[end] * MAX_LINES).encode()).root
    with pytest.raises(ShapeError, match="lines"):
        _ = YamlSource("x.yml", (LINE_ENDS[end] * MAX_LINES + "a").encode()).root
