"""What a stranger has written, shown to people."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scaffold.text import lines, one_line


@given(st.text())
def test_a_line_is_one_line_that_can_be_printed(text: str) -> None:
    assert one_line(text).isprintable()


@given(st.text(alphabet=st.sampled_from(" :#[\n\x1ba\r\u2028")))
def test_lines_stay_lines_and_say_nothing_to_a_terminal_or_a_log(text: str) -> None:
    shown = lines(text)
    assert shown.count("\n") == text.count("\n")
    for line in shown.split("\n"):
        assert line.isprintable()
        assert not line.lstrip().startswith("::")
        assert "##[" not in line


def test_an_indented_list_stays_one() -> None:
    assert lines("taken:\n  Makefile:  12\n  a\x1b[2Jb") == "taken:\n  Makefile: 12\n  a\\x1b[2Jb"
