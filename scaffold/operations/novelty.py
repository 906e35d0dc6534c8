"""What of the findings of a state the state before it had too, and what a change is not to blame for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from scaffold.backend.names import identifier
from scaffold.pipeline.model import Workflow
from scaffold.pipeline.repository import Repository
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule
from scaffold.rules.repository.changes import records
from scaffold.rules.repository.renames import SAME, renamed
from scaffold.surfaces.matrix.reading import Entry

PART = 40
"""Lines of a file that stays: as many as half of them make a part that can be told to have moved."""

Identity = tuple[str, str, str, str]


class Change:
    """The way from one state of a repository to another one."""

    def __init__(self, before: Repository, after: Repository) -> None:
        self._before, self._after = before, after
        self._states = (
            (before, after) if isinstance(before, Registry) and isinstance(after, Registry) else None
        )
        self._renamed = renamed(*self._states) if self._states else {}
        self._likenesses: dict[tuple[str, str], float] = {}
        self._renamed_jobs: dict[str, dict[str, str]] = {}

    @cached_property
    def _records(self) -> list[Mapping[str, Counter[tuple[str, str]]]]:
        return [records(state) for state in self._states or ()]

    @cached_property
    def _names(self) -> Mapping[str, str]:
        """What a text may call a backend -> what it is called now; also of those that kept their name."""
        names = self._states[0].names if self._states and self._renamed else ()
        new = {name: self._renamed.get(name, name) for name in names}
        return new | {identifier(name): identifier(other) for name, other in new.items()}

    @cached_property
    def _words(self) -> Mapping[str, str]:
        """The same of backends, images and items of the gallery."""
        found = dict(self._names)
        if self._states:
            before, after = self._states
            old, new = (_called(state) for state in (before, after))
            found |= {word: new[what] for what, word in old.items() if new.get(what, word) != word}
        return found

    def identity(self, finding: Finding) -> Identity:
        """What a finding of the state before is called in the state after."""
        if not self._renamed:
            return finding.identity
        return finding._replace(
            backend=self._renamed.get(finding.backend, finding.backend),
            path=_said(finding.path, self._names),
            subject=_said(finding.subject, self._names),
        ).identity

    def stays(self, old: Finding, new: Finding, rule: Rule) -> bool:
        """Whether a finding of the state after stands on nothing but what one of before stood on.

        An image, an item or a file has another name, another backend has it now, or a part was repaired.
        """
        path = {old.path, _said(old.path, self._words)}
        moved = new.path not in path and self._likeness(old.path, new.path) >= SAME
        words = {**self._words, **self._moves(old, new)}
        backends = {old.backend, self._renamed.get(old.backend, old.backend)}
        if new.backend not in backends:
            named = re.search(r"\w/\w", old.subject) or (old.backend and old.backend in old.subject)
            return bool(named and old.subject == new.subject and new.path in path)
        if not new.backend and new.path not in path and not moved:
            return False
        what, had = rule.about(_said(old.subject, words))
        about, parts = rule.about(_said(_said(new.subject, self._jobs(new.path)), words))
        return about == what and parts <= had

    def _moves(self, old: Finding, new: Finding) -> dict[str, str]:
        """The files that two findings speak of and that have another name now -> that name."""
        was, now = (
            {one.path, *re.findall(r"(?<![\w.-])[\w.-]++(?:/[\w.-]++)++", one.subject)} for one in (old, new)
        )
        found = {}
        for path in was - now:
            likest = max(sorted(now - was), key=lambda other: self._likeness(path, other), default="")
            if self._likeness(path, likest) >= SAME:
                found[path] = likest
        return found

    def _likeness(self, old: str, new: str) -> float:
        """How much of a file that is gone a new one has, or of what one has lost that stays.

        0 where the other is not new, or little was lost.
        """
        if (old, new) not in self._likenesses:
            before, after = self._before.tree, self._after.tree
            was, now = _lines(before.read(old)), _lines(after.read(new))
            found = 0.0
            if before.kind(new) is None and after.kind(old) is None:
                found = _likeness(was, now)
            elif before.kind(new) is None:
                lost = was - _lines(after.read(old))
                found = (lost & now).total() / max(lost.total(), PART)
            self._likenesses[old, new] = found
        return self._likenesses[old, new]

    def _jobs(self, path: str) -> Mapping[str, str]:
        """Job of a workflow that is new -> the one of the same workflow that is gone and was like it."""
        if path not in self._renamed_jobs:
            states = (state.pipeline.workflow(path) for state in (self._before, self._after))
            old, new = (_jobs_of(workflow) if workflow else {} for workflow in states)
            gone = {name: lines for name, lines in old.items() if name not in new}
            found = self._renamed_jobs[path] = {}
            for name in new.keys() - old.keys() if gone else ():
                likest = max(gone, key=lambda one: _likeness(gone[one], new[name]))
                if _likeness(gone[likest], new[name]) >= SAME:
                    found[name] = likest
        return self._renamed_jobs[path]

    @property
    def added(self) -> frozenset[str]:
        """The backends that are new: not there before under this name or another."""
        if not self._states:
            return frozenset()
        before, after = self._states
        return frozenset(after.names) - {*before.names, *self._renamed.values()}

    def is_bystander(self, finding: Finding) -> bool:
        """Whether what a finding is about is as it was: all that registers the backend, or that field.

        A file of its own is as it was, too, where the finding stands in one.
        """
        if not self._states or finding.backend not in self._states[0].names:
            return False
        is_own = finding.path.startswith(f"{self._states[1].directory(finding.backend)}/")
        if is_own and self._before.tree.read(finding.path) != self._after.tree.read(finding.path):
            return False
        before, after = self._records
        if before[finding.backend] == after[finding.backend]:
            return True
        old, new = (set(_field(state.matrix.entries_of(finding.backend), finding)) for state in self._states)
        return bool(new) and new <= old


class Compared(NamedTuple):
    """The findings of two states of a repository, beside each other."""

    old: frozenset[int]
    """Positions of the later findings that the change did not bring."""
    gone: list[Finding]
    """The earlier findings that are gone, under their names of before."""


def compared(
    findings: Sequence[Finding],
    before: Sequence[Finding],
    after: Sequence[Finding],
    change: Change | None,
    rules: Mapping[str, Rule],
) -> Compared:
    """What is old of `findings`, and what of `before` is in `after` no more.

    `after` is all that is found now, `findings` what of it is reported. A finding was known before, each
    counted once; or it stands on nothing but what one that is gone stood on; or it is of a rule that judges
    a backend by its siblings, and the change left the backend alone: it has only moved the majority.
    """
    left: dict[Identity, list[Finding]] = {}
    for finding in before:
        left.setdefault(change.identity(finding) if change else finding.identity, []).append(finding)
    unseen = Counter(finding.identity for finding in after)
    gone = [one for identity, known in left.items() for one in known[unseen[identity] :]]
    old, others = set(), []
    for position, finding in enumerate(findings):
        if known := left.get(finding.identity):
            known.pop()
            old.add(position)
        elif change and finding.rule in rules:
            others.append((position, finding, rules[finding.rule]))
    stayed: dict[int, frozenset[str]] = {}  # what of a finding is told by others now, which may be several
    for position, finding, rule in others:
        assert change is not None
        parts = rule.about(finding.subject)[1]
        those = (
            one
            for one in gone
            if one.rule == rule.slug and (id(one) not in stayed or (parts and not parts & stayed[id(one)]))
        )
        same = next((one for one in those if change.stays(one, finding, rule)), None)
        if same is not None:
            stayed[id(same)] = stayed.get(id(same), frozenset()) | parts
            old.add(position)
        elif rule.by_siblings and change.is_bystander(finding):
            old.add(position)
    return Compared(frozenset(old), [one for one in gone if id(one) not in stayed])


def _field(entries: Sequence[Entry], finding: Finding) -> Iterator[tuple[str | None, str | None]]:
    """Variant and value of the field that a finding about an entry of the matrix names."""
    for entry in entries:
        of_entry = f"{entry.tag_suffix} {entry.fields.get('platform-tag', '')} "
        if finding.subject.startswith(of_entry):
            yield entry.variant, entry.fields.get(finding.subject.removeprefix(of_entry))


def _lines(text: bytes | None) -> Counter[bytes]:
    """The lines of a text, each with how often it has it; none of one that is not there."""
    return Counter(text.split(b"\n") if text else ())


def _likeness(was: Counter[bytes], now: Counter[bytes]) -> float:
    """Part of the lines of two texts that both have."""
    return (was & now).total() / max(was.total(), now.total(), 1)


def _jobs_of(workflow: Workflow) -> dict[str, Counter[bytes]]:
    """The jobs of a workflow, and the lines of each."""
    data = workflow.source.data
    return {job.id: _lines(data[job.node.start : job.node.end]) for job in workflow.jobs.values()}


def _called(registry: Registry) -> dict[str, str]:
    """What an entry of the matrix says without the name of its image, or the uri of an item -> its name."""
    entries = (*registry.matrix.linux, *registry.matrix.darwin)
    images = {str(sorted(e.fields.items() - {("tag-suffix", e.tag_suffix)})): e.tag_suffix for e in entries}
    return images | {item.uri: item.name for item in registry.gallery.items if item.uri}


def _said(text: str, words: Mapping[str, str]) -> str:
    """A text with other words; where one is a part of another one, the longer one is meant."""
    if not any(word in text for word in words):
        return text
    either = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    return re.sub(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])", lambda match: words[match[0]], text)
