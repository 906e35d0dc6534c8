"""What of the findings of a state the state before it had too, and what a change is not to blame for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property

from scaffold.backend.names import identifier
from scaffold.checkout.tree import kept_by_git
from scaffold.pipeline.repository import Repository
from scaffold.registry import Registry
from scaffold.rules.base import Finding
from scaffold.rules.repository.changes import records

Identity = tuple[str, str, str, str]

SAME = 0.5
"""Part of a folder's files that must be the same in another folder for the one to be the other renamed."""


class Change:
    """The way from one state of a repository to another one."""

    def __init__(self, before: Repository, after: Repository) -> None:
        self._states = (
            (before, after) if isinstance(before, Registry) and isinstance(after, Registry) else None
        )
        self._renamed = _renamed(*self._states) if self._states else {}

    @cached_property
    def _records(self) -> list[Mapping[str, Counter[tuple[str, str]]]]:
        return [records(state) for state in self._states or ()]

    def identity(self, finding: Finding) -> Identity:
        """What a finding of the state before is called in the state after."""
        new = self._renamed.get(finding.backend)
        if new is None:
            return finding.identity
        words = {finding.backend: new, identifier(finding.backend): identifier(new)}
        subject = re.sub("|".join(map(re.escape, words)), lambda m: words[m[0]], finding.subject)
        return finding._replace(backend=new, subject=subject).identity

    @property
    def added(self) -> frozenset[str]:
        """The backends that are new: not there before under this name or another."""
        if not self._states:
            return frozenset()
        before, after = self._states
        return frozenset(after.names) - {*before.names, *self._renamed.values()}

    def is_bystander(self, backend: str) -> bool:
        """Whether a backend was there before and all that registers it is as it was."""
        if not self._states or backend not in self._states[0].names:
            return False
        before, after = self._records
        return before[backend] == after[backend]


def positions_of_old(
    findings: Sequence[Finding], known: Sequence[Identity], change: Change | None, by_siblings: frozenset[str]
) -> frozenset[int]:
    """Positions of the findings that a change did not bring.

    They were known before, each of those counted once; or they are of a rule that judges a backend by its
    siblings (`by_siblings`, slugs), and the change left the backend alone: it has only moved the majority.
    """
    left = Counter(known)
    positions = set()
    for position, finding in enumerate(findings):
        if left[finding.identity]:
            left[finding.identity] -= 1
            positions.add(position)
        elif change and finding.rule in by_siblings and change.is_bystander(finding.backend):
            positions.add(position)
    return frozenset(positions)


def _renamed(before: Registry, after: Registry) -> Mapping[str, str]:
    """Backend -> its new name, of those whose folder is gone while a new one has its files."""
    gone = [name for name in before.backends if name not in after.directories]
    added = [name for name in after.backends if name not in before.directories]
    found: dict[str, str] = {}
    for name in gone if added else ():
        own = _files(before, name)
        shares = {
            other: sum(data == theirs.get(path) for path, data in own.items()) / len(own)
            for other in added
            if after.backends[other] == before.backends[name] and other not in found.values()
            for theirs in [_files(after, other)]
        }
        best = max(shares, key=lambda other: shares[other], default="")
        if best and shares[best] >= SAME:
            found[name] = best
    return found


def _files(registry: Registry, name: str) -> dict[str, bytes | None]:
    """The files of a backend's folder, by their path in it, in which its name is `{n}`."""
    folder = registry.directory(name)
    paths = list(kept_by_git(registry.tree, folder))
    return {path.removeprefix(folder).replace(name, "{n}"): registry.tree.read(path) for path in paths}
