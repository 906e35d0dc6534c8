"""The compatibility table as people write tables."""

from __future__ import annotations

import pytest

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.tree import Overlay
from scaffold.errors import ShapeError
from scaffold.surfaces.docs import DocsSurface, Row
from tests.rules.trees import BASE, DOCS

HEAD = "## Text\n\n| Backend | Description | Acceleration |\n|---|---|---|\n"


def surface(rows: str) -> DocsSurface:
    return DocsSurface(Overlay(BASE, {DOCS: f"{HEAD}{rows}".encode()}))


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ("| a | b | CPU |", ("a", "b", "CPU")),
        ("| a | b | CPU", ("a", "b", "CPU")),
        ("|a|b|CPU|  ", ("a", "b", "CPU")),
        ("| a | b \\| c | CPU |", ("a", "b \\| c", "CPU")),
        ("| a || CPU |", ("a", "", "CPU")),
        ("| a |", ("a",)),
        ("|", ()),
        ("||", ("",)),
    ],
)
def test_a_row_has_the_cells_between_its_bars(row: str, cells: tuple[str, ...]) -> None:
    (table,) = surface(f"{row}\n").tables
    assert table.rows[0].cells == cells


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("| a | b | CPU |\n", "| a | b | CPU, Metal |\n"),
        ("| a | b | CPU\n", "| a | b | CPU, Metal\n"),
        ("|a|b|CPU|\n", "|a|b|CPU, Metal|\n"),
        ("| a | b |  |\n", "| a | b |  CPU, Metal|\n"),
    ],
)
def test_a_cell_is_set_whether_or_not_a_bar_ends_the_row(before: str, after: str) -> None:
    docs = surface(before)
    (table,) = docs.tables
    changes = ChangeSet(Overlay(BASE, {DOCS: f"{HEAD}{before}".encode()}))
    docs.set_cell(changes, table, table.rows[0], "Acceleration", "CPU, Metal")
    assert changes.contents()[DOCS] == f"{HEAD}{after}".encode()


def test_a_row_that_ends_too_early_has_no_cell_to_set() -> None:
    docs = surface("| a |\n")
    (table,) = docs.tables
    assert docs.accelerations(table, table.rows[0], "Acceleration") == set()
    with pytest.raises(ShapeError, match="no cell for Acceleration"):
        docs.set_cell(ChangeSet(BASE), table, table.rows[0], "Acceleration", "CPU")


@pytest.mark.parametrize(
    ("cell", "name", "url"),
    [
        ("[a b](http://c) d", "a b", "http://c"),
        ("x [a](http://c)", "x a", "http://c"),
        ("a", "a", ""),
        ("[a", "[a", ""),
        ("[a](b", "a", ""),
        ("[[a](b)", "[a", "b"),
        ("", "", ""),
    ],
)
def test_a_name_and_its_address(cell: str, name: str, url: str) -> None:
    row = Row((cell,), 0, 0)
    assert (row.name, row.url) == (name, url)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("CPU, Metal (with care, CUDA 12)", {"CPU", "Metal"}),
        ("CPU (a) , (b) Metal", {"CPU", "Metal"}),
        ("CPU, (Metal", {"CPU"}),
        ("CUDA 12/13 ()", {"CUDA 12", "CUDA 13"}),
    ],
)
def test_words_in_parentheses_are_the_writers(cell: str, words: set[str]) -> None:
    docs = surface(f"| a | b | {cell} |\n")
    (table,) = docs.tables
    assert docs.accelerations(table, table.rows[0], "Acceleration") == words
