"""What LocalAI makes of a backend's name."""

from __future__ import annotations

import re
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from scaffold.backend.choices import KINDS, Lang
from scaffold.backend.names import FOLDER, defined_by, make_variable
from scaffold.registry import Registry
from tests.rules.trees import BASE

NAMES = st.from_regex(r"[a-z][a-z0-9]*(-[a-z0-9]+){0,3}", fullmatch=True)


@given(NAMES)
def test_a_variable_says_whose_it_is(name: str) -> None:
    assert re.fullmatch(r"BACKEND_[A-Z][A-Z0-9_]*", make_variable(name))
    assert defined_by(make_variable(name)) == name


def test_every_language_has_kinds() -> None:
    assert get_args(Lang) == tuple(KINDS)


def test_every_backend_of_a_checkout_lies_in_a_languages_folder() -> None:
    registry = Registry(BASE)
    assert registry.directories
    for name in registry.directories:
        assert re.fullmatch(FOLDER + re.escape(name), registry.directory(name))
