"""A check by two processes says what a check by one says."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator

import pytest

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.tree import Overlay, Tree
from scaffold.errors import ShapeError
from scaffold.operations import workers
from scaffold.operations.workers import _may_fork
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


@pytest.mark.skipif(sys.platform != "linux", reason="only there a check takes a second process")
def test_a_checkout_is_checked_by_two_processes_where_two_can_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """`_may_fork` is what it was before the tests put another one in its place."""
    for cores, two in (({0, 1}, True), ({1}, False)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: cores)
        assert _may_fork([Registry(BASE)]) is two
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    assert not _may_fork([Registry(BASE), Registry(broken())])


BUILD = ".github/workflows/backend_build.yml"
BUILDS = ".github/workflows/backend.yml"
SCRIPT = "scripts/changed-backends.js"


@pytest.mark.parametrize("two", [False, True], ids=["one process", "two"])
@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("README.md", b"", b""),
        ("Makefile", b"docker-build-", b"build-"),
        (MATRIX, b"linux/amd64", b"linux/arm64"),
        (BUILD, b"cache-{1}", b"cache{0}-{1}"),
        (BUILDS, b"backend_build.yml", b"nothing.yml"),
        (SCRIPT, b"emit(`matrix-", b"emit(`"),
    ],
)
def test_two_states_are_found_to_be_what_each_is_alone(
    path: str, old: bytes, new: bytes, two: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = list(all_rules())
    head = Overlay(broken(), {BUILD: text_of(BASE, BUILD).replace("cache{0}-{1}", "cache-{1}").encode()})
    data = head.read(path) or b""
    assert old in data
    base = Overlay(head, {path: data.replace(old, new)})
    alone = [said(found(tree, monkeypatch, two=False, rules=rules)) for tree in (head, base)]
    assert (alone[0] == alone[1]) == (old == new), "the change is one that rules see"
    monkeypatch.setattr(workers, "_may_fork", lambda _: two)
    registry = Registry(head)
    together = workers.find_in([registry, Registry(base, beside=registry)], rules)
    assert [*map(said, together)] == alone


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


class TakesMuch(DiesInTheOther):
    """One of the rules for which half of the memory is too little, in the first process or in the second one."""

    def __init__(self, tried: list[bool], *, first: bool, after: float, error: type[Exception]) -> None:
        super().__init__()
        self.first, self.after, self.error = first, after, error
        self.tried = tried

    def check(self, registry: Registry) -> Iterator[Finding]:
        if self.first == (os.getpid() == self.home) and not self.tried:
            self.tried.append(True)
            time.sleep(self.after)
            raise self.error
        yield self.finding(Place("Makefile"), registry.names[0], "it", "it fits", "leave it")


@pytest.mark.parametrize("error", [MemoryError, ImportError])
@pytest.mark.parametrize("after", [0, 0.3], ids=["at once", "when the other has ended"])
@pytest.mark.parametrize("first", [False, True], ids=["the second", "the first"])
def test_one_process_does_what_two_have_no_memory_for(
    first: bool, after: float, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[bool] = []
    rules: list[Rule] = [TakesMuch(tried, first=first, after=after, error=error) for _ in range(9)]
    assert len(found(BASE, monkeypatch, two=True, rules=rules)) == len(rules)


def test_a_second_process_that_dies_costs_nothing_but_time(monkeypatch: pytest.MonkeyPatch) -> None:
    rules: list[Rule] = [DiesInTheOther() for _ in range(9)]
    assert len(found(BASE, monkeypatch, two=True, rules=rules)) == len(rules)
