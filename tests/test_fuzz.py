"""Altered inputs: see tests/fuzzing.py. A few here, each time others; `make fuzz` feeds as many as one likes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests import fuzzing

FEW = {"readers": 100, "expressions": 100, "check": 20, "answers": 20, "commands": 10}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fuzzing.Checkout]:
    with fuzzing.one_process():
        yield fuzzing.Checkout(tmp_path_factory.mktemp("fuzz"))


@pytest.mark.parametrize("name", fuzzing.TARGETS)
def test_no_altered_input_escapes(name: str, checkout: fuzzing.Checkout) -> None:
    target = fuzzing.TARGETS[name]

    @settings(max_examples=FEW[name], suppress_health_check=[*HealthCheck])
    @given(target.inputs)
    def feed(value: Any) -> None:
        with fuzzing.limited():
            target.feed(value, checkout)

    feed()


@pytest.mark.parametrize(("name", "value"), fuzzing.corpus())
def test_what_was_a_fault_once_is_none_any_more(name: str, value: Any, checkout: fuzzing.Checkout) -> None:
    with fuzzing.limited():
        fuzzing.TARGETS[name].feed(value, checkout)


def test_an_input_of_the_corpus_comes_back_as_it_was() -> None:
    path = fuzzing.PATHS[0]
    before = fuzzing.BASE.read(path) or b""
    value = (("check", "é"), {path: before[:10] + b"\xff\n" + before[9:]})
    line = fuzzing.line_of("commands", value)
    assert fuzzing.given_of(line) == ("commands", value)


def test_every_file_of_the_miniature_that_is_understood_has_a_reader() -> None:
    known = {path for path in fuzzing.PATHS if fuzzing.readers_of(path)}
    assert {"Makefile", "backend/index.yaml", ".github/backend-matrix.yml", ".scaffold.toml"} <= known
    assert len(known) > 60


def test_an_input_that_escapes_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, checkout: fuzzing.Checkout
) -> None:
    """The oracle can fail: for a reader that lets an exception through."""
    monkeypatch.setitem(fuzzing.READERS, "makefile", lambda _: {}["x"])
    with pytest.raises(KeyError):
        fuzzing.TARGETS["readers"].feed({"Makefile": b"a:\n"}, checkout)
