"""What a stranger has written, shown to people."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from scaffold.text import harmless, one_line, shown, visible


@given(st.text())
def test_a_line_is_one_line_that_can_be_printed(text: str) -> None:
    assert one_line(text).isprintable()


@given(st.text(alphabet=st.sampled_from(" :#[\n\x1ba\r\u2028")))
def test_lines_stay_lines_and_say_nothing_to_a_terminal_or_a_log(text: str) -> None:
    seen = harmless(text)
    assert seen.count("\n") == text.count("\n")
    for line in seen.split("\n"):
        assert line.isprintable()
        assert not line.lstrip().startswith("::")
        assert "##[" not in line


def test_an_indented_list_stays_one() -> None:
    assert harmless("taken:\n  Makefile:  12\n  a\x1b[2Jb") == "taken:\n  Makefile:  12\n  a\\x1b[2Jb"


@given(st.text())
def test_what_is_visible_keeps_its_lines_and_can_be_printed(text: str) -> None:
    seen = visible(text)
    assert seen.count("\n") == text.count("\n")
    assert all(line.replace("\t", "").isprintable() for line in seen.split("\n"))


@given(st.text(alphabet=st.sampled_from(" :#[\n\x1bm0;\r\x07\u202e\x9b")))
def test_a_report_has_its_colours_and_nothing_else_that_acts(text: str) -> None:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown(text))
    for line in plain.split("\n"):
        assert line.isprintable()
        assert not line.lstrip().startswith("::")
        assert "##[" not in line


def test_the_colours_of_a_report_stay() -> None:
    assert shown("\x1b[1ma\x1b[0m \xe4\x1b]0;x\x07") == "\x1b[1ma\x1b[0m \xe4\\x1b]0;x\\x07"
