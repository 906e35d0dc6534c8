"""`check --fix`: the safe fixes of a check, as one change that is proved before it is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from scaffold import cage
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.checkout.tree import Tree
from scaffold.errors import ScaffoldError
from scaffold.operations import check
from scaffold.operations.proof import prove_syntax
from scaffold.registry import Registry
from scaffold.rules import all_rules
from scaffold.rules.base import Finding, PipelineRule, Rule

Identities = Counter[tuple[str, str, str, str]]

LOOKS_LEFT = 1.5
"""How many looks at a repaired tree have to fit into the time that is left."""
NO_TIME = f"there was no time left to try it: repair again, or raise {cage.SETTING}"


@dataclass(frozen=True, slots=True)
class Repair:
    """What can be repaired, not yet written."""

    before: check.Result
    """The check that found what to repair."""
    changes: ChangeSet
    fixed: tuple[Finding, ...]
    discarded: tuple[tuple[Finding, str], ...]
    """Findings whose fix was refused, each with the reason."""
    result: check.Result
    """The check after the repair."""


@dataclass(slots=True)
class _Attempt:
    """The fixes accepted so far, over one tree."""

    tree: Tree
    rules: Sequence[Rule]
    looks: check.Looks
    accepted: list[Finding] = field(default_factory=list)
    discarded: list[tuple[Finding, str]] = field(default_factory=list)
    repaired: Tree | None = None
    """The tree with the accepted fixes; None where there are none."""
    longest: float = 0
    """Seconds of processor time that the longest look took."""

    def changes(self, findings: Sequence[Finding]) -> ChangeSet:
        """All edits of some fixes; an edit that two fixes share is made once."""
        edits: dict[Edit, None] = {}
        for finding in findings:
            edits.update(dict.fromkeys(_edits(self.tree, finding)))
        return ChangeSet(self.tree, list(edits))

    def accept(self, findings: Sequence[Finding]) -> None:
        """Accept the fixes that do what they should, together where they can, else one by one."""
        if not findings:
            return
        if cage.left() < LOOKS_LEFT * self.longest:
            self.discarded += [(finding, NO_TIME) for finding in findings]
            return
        problem = self._problem([*self.accepted, *findings])
        if problem is None:
            self.accepted += findings
            return
        why, blamed = problem
        if len(findings) == 1:
            self.discarded.append((findings[0], why))
            return
        parts = [f for f in findings if f.backend not in blamed], [f for f in findings if f.backend in blamed]
        if not parts[0] or not parts[1]:
            half = len(findings) // 2
            parts = list(findings[:half]), list(findings[half:])
        for part in parts:
            self.accept(part)

    def _problem(self, findings: Sequence[Finding]) -> tuple[str, set[str]] | None:
        """Why a set of fixes is refused, and the backends that it goes wrong for; None where it is good."""
        before = self._identities(self.tree)
        repaired = None
        begun = cage.spent()
        try:
            changes = self.changes(findings)
            prove_syntax(changes)
            repaired = changes.overlay()
            problem = _wrong(findings, before, self._identities(repaired))
        except ScaffoldError as error:
            problem = str(error), set()
        finally:
            self.longest = max(self.longest, cage.spent() - begun)
        gone, self.repaired = (repaired, self.repaired) if problem else (self.repaired, repaired)
        if gone is not None:
            self.looks.forget(gone)
        return problem

    def _identities(self, tree: Tree) -> Identities:
        (found,) = self.looks.find_in([self.looks.opened(tree, self.rules)], self.rules)
        return Counter(finding.identity for finding in found)


def _wrong(findings: Sequence[Finding], before: Identities, after: Identities) -> tuple[str, set[str]] | None:
    """What a look after some fixes says against them, as `_problem` does."""
    appeared = after - before
    if appeared:
        blamed = {backend for _, backend, *_ in appeared}
        return f"it would bring {' '.join(next(iter(appeared))[:2])}", blamed
    stayed = {f.backend for f in findings if after[f.identity] >= before[f.identity]}
    return ("the finding would stay", stayed) if stayed else None


def repair(tree: Tree, scope: check.Scope, base: Tree | None = None, base_name: str | None = None) -> Repair:
    """Plan every fix of the findings in scope; with a base, of those that the change introduced.

    A fix that does not make its finding disappear, or makes another appear, is discarded. Raises
    what `check.run` raises.
    """
    looks = check.Looks({})
    found = check.run(tree, scope, base, base_name, looks)
    new = [f for i, f in enumerate(found.findings) if found.is_new(i)]
    fixable = [f for f in (*new, *found.folded) if f.fix]
    attempt = _Attempt(tree, _judges(tree, scope, looks), looks)
    unread = " and ".join(sorted(tree.refused))
    if unread:  # what looks wrong may be right there
        attempt.discarded += [(finding, f"{unread} was not read") for finding in fixable]
    else:
        attempt.accept(fixable)
    changes = attempt.changes(attempt.accepted)
    result = check.run(attempt.repaired, scope, base, base_name, looks) if attempt.repaired else found
    return Repair(found, changes, tuple(attempt.accepted), tuple(attempt.discarded), result)


def _edits(tree: Tree, finding: Finding) -> list[Edit]:
    changes = ChangeSet(tree)
    assert finding.fix is not None
    finding.fix(changes)
    return changes.edits


def _judges(tree: Tree, scope: check.Scope, looks: check.Looks) -> Sequence[Rule]:
    """The rules that judge a repair: every one that can look at such a repository."""
    chosen = scope.rules()
    everyone = [rule for rule in all_rules() if rule.default or rule in chosen]
    if isinstance(looks.opened(tree, chosen), Registry):
        return everyone
    return [rule for rule in everyone if isinstance(rule, PipelineRule)]
