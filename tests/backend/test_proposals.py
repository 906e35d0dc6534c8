"""A name that is proposed for a bad or taken one is good and free, whatever was typed."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scaffold.backend.limits import HARDWARE_WORDS, MAX_NAME, wrong
from scaffold.backend.names import FILE_TYPES, RESERVED
from scaffold.backend.proposals import proposed

WORDS = st.sampled_from(
    (*RESERVED, *FILE_TYPES, *HARDWARE_WORDS, "development", "Heron", "2x", "my", "x" * MAX_NAME)
)
TYPED = st.lists(WORDS | st.text(max_size=4), max_size=5).map("-".join) | st.text(max_size=80)


@given(TYPED, st.sets(st.integers(0, 3)))
@example("", set())
@example("cuda", {0, 1})
def test_it_is_good_and_free(typed: str, taken: set[int]) -> None:
    first = proposed(typed, lambda _: True)
    asked: list[str] = []

    def is_free(name: str) -> bool:
        asked.append(name)
        return len({*asked}) - 1 not in taken

    found = proposed(typed, is_free)
    assert wrong("name", found) is None
    assert wrong("name", first) is None
    assert found not in asked[:-1]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("My Engine", "my-engine"),
        ("whisper_cpp", "whisper-cpp"),
        ("rocm-quail", "quail"),
        ("3d-heron", "d-heron"),
    ],
)
def test_it_is_near_to_what_was_typed(typed: str, name: str) -> None:
    assert proposed(typed, lambda _: True) == name
    assert proposed(typed, lambda other: other != name) == f"{name}-backend"
