"""What LocalAI makes of a backend's name."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold.backend.choices import KINDS, Lang
from scaffold.backend.judging import create
from scaffold.backend.limits import problem
from scaffold.backend.names import FILE_TYPES, FOLDER, RESERVED, defined_by, make_variable, require_name
from scaffold.backend.proposals import proposed
from scaffold.backend.variants import VARIANTS
from scaffold.checkout.tree import WorkTree
from scaffold.errors import UsageError
from scaffold.operations import check, new, overview, remove, rename, variants
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


PATTERNS = (
    "*", "?", "heron*", "[a-z]*", ".", "..", "../heron", "heron/..", "a/b", "/etc", "", " ", "heron ", "-heron",
    "--force", "heron\n", "heron\0", "{heron,lark}", "h(e)ron", "\ud800", "heron|lark", "$HOME", ":/", ":!x", "a..b",
)  # fmt: skip
COMMANDS: dict[str, Callable[[WorkTree, str], object]] = {
    "check": lambda tree, name: check.run(tree, check.Scope((name,))),
    "show": lambda tree, name: overview.show(tree, name, None),
    "remove-backend": remove.plan,
    "rename-backend": lambda tree, name: rename.plan(tree, name, "egret"),
    "to": lambda tree, name: rename.plan(tree, "heron", name),
    "add-variant": lambda tree, name: variants.add(tree, name, ["vulkan"]),
    "remove-variant": lambda tree, name: variants.remove(tree, name, ["cpu"]),
    "new-backend": lambda tree, name: new.plan(tree, {"name": name, "lang": "python"}),
    "--like": lambda tree, name: new.plan(tree, {"name": "ibex"}, name),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_pattern_is_no_name(command: str, miniature: Path) -> None:
    for name in (*PATTERNS, *RESERVED):
        with pytest.raises(UsageError, match="name"):
            COMMANDS[command](WorkTree(miniature), name)


def test_every_existing_backend_has_a_name() -> None:
    for name in Registry(BASE).names:
        require_name(name)


@given(NAMES)
def test_a_new_name_is_one_that_an_existing_backend_may_have(name: str) -> None:
    if problem("name", name) is None:
        require_name(name)


@pytest.mark.parametrize(
    "name", [*VARIANTS, *(key for v in VARIANTS.values() for key in v.capabilities), "latest", "main"]
)
def test_what_the_gallery_calls_otherwise_is_no_name(name: str) -> None:
    assert problem("name", name)
    assert proposed(name, lambda _: True) != name


@pytest.mark.parametrize("name", FILE_TYPES)
def test_a_dockerfile_is_no_source(name: str) -> None:
    with pytest.raises(UsageError, match=rf"would take Dockerfile\.{name}$"):
        create(name=name, lang="cpp", upstream="acme/ibex", pin="0" * 40)
