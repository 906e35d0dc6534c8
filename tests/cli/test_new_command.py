"""The command line that repeats answers gives the same answers."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from scaffold.cli import new
from scaffold.cli.main import program

SHOWN = st.characters(exclude_categories=("C", "Z")) | st.just(" ")
TEXT = st.text(SHOWN, max_size=12).map(lambda text: text.lstrip("@"))
WORD = st.text("abcxyz0-_./:'\"$*", min_size=1, max_size=8)
FORM = st.one_of(st.just(""), st.just("auto"), st.just("drop-in:heron,drop-in:lark"))
SEVERAL = st.lists(WORD, max_size=3, unique=True).map(tuple)
LISTS = (
    "variants",
    "modality",
    "rpcs",
    "accepts",
    "defaults",
    "match",
    "url",
    "tags",
    "capabilities",
    "entries",
)
ANSWERS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(("", "avocet")),
        "lang": st.sampled_from((None, "go", "cpp")),
        "imports": FORM,
        **dict.fromkeys(("ggml", "shim"), st.sampled_from((None, True, False))),
        **dict.fromkeys(("prebuilt", "progress"), st.booleans()),
        **dict.fromkeys(LISTS, SEVERAL),
    }
    | {
        key: TEXT
        for key in new.OPTIONS
        if key not in (*LISTS, "lang", "imports", "ggml", "shim", "prebuilt", "progress")
    }
)


def read(line: str) -> dict[str, Any]:
    """The answers that a command line gives."""
    words = shlex.split(line)
    assert words[:2] == ["scaffold", "new-backend"]
    found: list[dict[str, Any]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(new, "_make", lambda answers, *_: found.append(answers))
        patch.setattr(new, "can_ask", lambda *_, **__: True)
        result = CliRunner().invoke(program("new-backend"), words[1:], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return found[0]


@settings(max_examples=60)
@given(ANSWERS)
def test_it_reads_as_it_was_written(answers: dict[str, Any]) -> None:
    assert read(new.command_line(answers, {"--like": None, "--repo": None})) == answers


def test_every_answer_has_its_option() -> None:
    assert {*read("scaffold new-backend"), "name"} == {*new.OPTIONS, "name"}
