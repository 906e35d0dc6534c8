"""A check by two processes says what a check by one says."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.tree import Overlay, Tree
from scaffold.errors import ShapeError
from scaffold.operations import workers
from scaffold.registry import Registry
from scaffold.rules import all_rules
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.syntax.source import Place
from tests.rules.trees import BASE, BUMP, FILTER, GALLERY, MATRIX, text_of


def broken() -> Tree:
    """The miniature with every second entry, pin and image gone: there is something to say."""
    changes = {}
    for path, mark in ((MATRIX, "  - "), (GALLERY, "- "), (BUMP, "          - ")):
        head, *items = text_of(BASE, path).split(f"\n{mark}")
        changes[path] = f"\n{mark}".join([head, *items[::2]]).encode()
    return Overlay(BASE, changes)


def found(tree: Tree, monkeypatch: pytest.MonkeyPatch, *, two: bool, rules: list[Rule]) -> list[Finding]:
    monkeypatch.setattr(workers, "_may_fork", lambda _: two)
    return workers.find(Registry(tree), rules)


def said(findings: list[Finding]) -> list[object]:
    return [(*finding[:-1], finding.fix is not None) for finding in findings]


def test_two_processes_find_what_one_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    tree, rules = broken(), list(all_rules())
    alone = found(tree, monkeypatch, two=False, rules=rules)
    shared = found(tree, monkeypatch, two=True, rules=rules)
    assert len({finding.rule for finding in alone}) > 5
    assert said(shared) == said(alone)


def test_a_fix_that_the_other_process_found_plans_the_same_edits(monkeypatch: pytest.MonkeyPatch) -> None:
    tree, rules = broken(), list(all_rules())
    alone = found(tree, monkeypatch, two=False, rules=rules)
    shared = found(tree, monkeypatch, two=True, rules=rules)
    planned = 0
    for mine, its in zip(alone, shared, strict=True):
        if mine.fix and its.fix:
            edits = ChangeSet(tree), ChangeSet(tree)
            mine.fix(edits[0])
            its.fix(edits[1])
            assert edits[0].edits == edits[1].edits
            planned += len(edits[0].edits)
    assert planned


def test_what_cannot_be_read_is_told_once_and_by_the_first_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = Overlay(broken(), {FILTER: b"export function (", BUMP: b"jobs: ["})
    errors = []
    for two in (False, True):
        with pytest.raises(ShapeError) as raised:
            found(tree, monkeypatch, two=two, rules=list(all_rules()))
        errors.append(str(raised.value))
    assert errors[0] == errors[1]


class DiesInTheOther(Rule):
    """A rule that no second process survives."""

    severity = Severity.info

    def __init__(self) -> None:
        self.home = os.getpid()

    @property
    def group(self) -> str:
        return f"group-{id(self)}"

    def check(self, registry: Registry) -> Iterator[Finding]:
        if os.getpid() != self.home:
            os.kill(os.getpid(), signal.SIGKILL)
        yield self.finding(Place("Makefile"), registry.names[0], "it", "it lives", "leave it")


def test_a_second_process_that_dies_costs_nothing_but_time(monkeypatch: pytest.MonkeyPatch) -> None:
    rules: list[Rule] = [DiesInTheOther() for _ in range(9)]
    assert len(found(BASE, monkeypatch, two=True, rules=rules)) == len(rules)
