"""What one edit of a change has brought is one report: it goes when that edit is undone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from scaffold import cage
from scaffold.checkout.tree import Overlay, Tree
from scaffold.errors import ShapeError
from scaffold.operations.consequences import Brought
from scaffold.operations.workers import find_in
from scaffold.pipeline.repository import Repository
from scaffold.registry import Registry
from scaffold.rules.base import SEVERITIES, ChangeRule, Finding, Rule

MOST = 24
"""Files of a change, and edits, that are undone one by one: of more nothing is said."""


FEW = 3
"""Backends of which lines that are gone may have been by themselves."""


class Edited(NamedTuple):
    """One edit of a change: a line is another one, or lines are gone."""

    path: str
    first: int
    """The line of now where it begins; 0 where the file is gone."""
    last: int
    undone: bytes
    """The file without it."""
    is_one: bool
    """Whether it is one for all backends: of a line, of a file, or of the end of one."""


class Counterfactuals:
    """What some findings of a state are without some of its edits."""

    def __init__(
        self, before: Repository | None, after: Repository, known: Sequence[Finding], rules: Sequence[Rule]
    ) -> None:
        """`known` is all that the rules find in the state before and after the change."""
        self._before, self._after, self._rules = before, after, rules
        self._known = {finding.identity for finding in known}

    def gone(
        self, contents: Mapping[str, bytes | None], findings: Mapping[int, Finding], *, renamed: bool = False
    ) -> frozenset[int]:
        """Positions of the findings that are not there where files have these contents.

        None of a rule that then says something else, unless what is `renamed` counts too: what it says has
        another name there. Nothing where the state cannot be read.
        """
        tree = Overlay(self._after.tree, contents)
        own = isinstance(self._after, Registry)
        try:
            state = Registry(tree, beside=self._after) if own else Repository(tree, self._after)
            (found,) = find_in([state], self._rules, {})
            for rule in self._rules:
                if isinstance(rule, ChangeRule) and isinstance(self._before, Registry):
                    assert isinstance(state, Registry)
                    found += rule.compare(self._before, state)
        except ShapeError:
            return frozenset()
        there = {finding.identity for finding in found}
        other = {one.rule for one in found if one.identity not in self._known and not renamed}
        return frozenset(
            at for at, one in findings.items() if one.identity not in there and one.rule not in other
        )


def by_edit(
    before: Repository,
    after: Repository,
    findings: Mapping[int, Finding],
    known: Sequence[Finding],
    rules: Mapping[str, Rule],
) -> Brought:
    """What edits have brought of new findings, by their positions.

    An edit takes lines away, or puts one line in the place of others. What adds more may be wrong in more
    ways than one, and a backend that is taken away leaves more than one thing to clear up: that is all told.
    `known` is what the rules find in both states. Told is the worst; of those what misses the file, then what
    is told of most backends, then what stands at the edit, then what has a fix.
    """
    findings = {
        at: one for at, one in findings.items() if one.rule in rules and not _is_left(one, before, after)
    }
    if len(findings) < 2:  # noqa: PLR2004 - there is nothing to tell beside it
        return Brought()
    asked = [rules[slug] for slug in dict.fromkeys(one.rule for one in findings.values())]
    states = Counterfactuals(before, after, known, asked)
    brought: list[tuple[Edited, frozenset[int]]] = []
    looked = 0
    for path in _changed(before.tree, after.tree):
        edits = [*_edits(path, before.tree.read(path), after.tree.read(path))]
        if len(edits) > 1 and len(states.gone({path: before.tree.read(path)}, findings)) < 2:  # noqa: PLR2004
            continue
        looked += len(edits)
        for edit in edits:
            if looked > MOST or cage.left() < cage.seconds() / 2:
                return Brought()  # then all is told
            gone = states.gone({path: edit.undone}, findings)
            brought += [(edit, own) for own in ([gone] if edit.is_one else _apart(gone, findings))]
    return _together(brought, findings)


def _apart(positions: frozenset[int], findings: Mapping[int, Finding]) -> list[frozenset[int]]:
    """Findings by their backend, where these are few: what is told of many has one cause."""
    own: dict[str, set[int]] = {}
    for at in positions:
        own.setdefault(findings[at].backend, set()).add(at)
    return [frozenset(found) for found in own.values()] if len(own) <= FEW else [positions]


def _together(brought: Sequence[tuple[Edited, frozenset[int]]], findings: Mapping[int, Finding]) -> Brought:
    """One finding for each edit, and the others of it.

    What takes two edits is told with one of them, and stands for neither where there is another one.
    """
    edits = Counter(at for _, positions in brought for at in positions)
    roots: dict[int, int] = {}
    places: dict[int, str] = {}
    for edit, positions in brought:
        left = positions - roots.keys()
        alone = [at for at in sorted(left) if edits[at] == 1] or sorted(left)
        backends = Counter(rule for rule, _ in {(findings[at].rule, findings[at].backend) for at in left})
        root = min(alone, key=lambda at: _rank(findings[at], backends, edit), default=-1)
        worst = SEVERITIES.index(findings[root].severity) if alone else 0
        others = [
            at for at in left - {root} - places.keys() if SEVERITIES.index(findings[at].severity) >= worst
        ]
        if others:
            roots.update(dict.fromkeys(others, root))
            places[root] = f"{edit.path}:{edit.first}" if edit.first else edit.path
    return Brought(roots, places)


def _rank(finding: Finding, backends: Counter[str], edit: Edited) -> tuple[int, bool, int, int, bool]:
    """How bad a finding is, whether it misses the file, of how many backends it is told, how far it is.

    Of those that are alike in this, the one that has a fix is told.
    """
    there = finding.path == edit.path
    near = there and edit.first - 1 <= finding.line <= edit.last + 1
    misses = finding.absent == edit.path
    far = 2 - there - near
    return SEVERITIES.index(finding.severity), not misses, -backends[finding.rule], far, finding.fix is None


def _is_left(finding: Finding, before: Repository, after: Repository) -> bool:
    """Whether a finding is about a backend whose directory the change has taken away."""
    if not (isinstance(before, Registry) and isinstance(after, Registry)):
        return False
    return after.is_gone(finding.backend) and not before.is_gone(finding.backend)


def _changed(before: Tree, after: Tree) -> list[str]:
    """The files of a state that are others in the next one, or gone without their folder; none of many."""
    found = []
    for path in before.files(""):
        if after.content(path) != before.content(path) and after.is_dir(path.rpartition("/")[0]):
            found.append(path)
            if len(found) > MOST:
                return []
    return found


def _edits(path: str, before: bytes | None, after: bytes | None) -> Iterator[Edited]:
    """The edits of a file."""
    if before is None or after is None:
        yield from [Edited(path, 0, 0, before, is_one=True)] if before is not None else ()
        return
    was, now = before.splitlines(keepends=True), after.splitlines(keepends=True)
    top = next((at for at, (old, new) in enumerate(zip(was, now)) if old != new), min(len(was), len(now)))  # noqa: B905
    same = 0
    while same < min(len(was), len(now)) - top and was[-1 - same] == now[-1 - same]:
        same += 1
    match = SequenceMatcher(None, was[top : len(was) - same], now[top : len(now) - same])
    for kind, *spans in match.get_opcodes():
        old_first, old_last, first, last = (at + top for at in spans)
        if kind == "equal" or old_first == old_last:
            continue
        lines = was[old_first:old_last]
        if first == last or (last - first == 1 and _is_joined(lines, now[first])):
            is_one = len(lines) == 1 or first != last or old_last == len(was)
            yield _undone(path, lines, now, first, last, is_one=is_one)
        elif last - first == old_last - old_first:
            for at in range(last - first):
                yield _undone(path, lines[at : at + 1], now, first + at, first + at + 1, is_one=True)


def _is_joined(lines: Sequence[bytes], line: bytes) -> bool:
    """Whether a line is some others without what was between them."""
    return b"".join(b"".join(lines).split()) == b"".join(line.split())


def _undone(
    path: str, lines: Sequence[bytes], now: Sequence[bytes], first: int, last: int, *, is_one: bool
) -> Edited:
    return Edited(path, first + 1, last, b"".join([*now[:first], *lines, *now[last:]]), is_one)
