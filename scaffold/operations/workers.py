"""The rules of one check, shared between two processes.

Rules are independent of each other, so a check forks: the second process starts with everything that was
read before, and both take the next share of the rules from one queue until it is empty. Who takes a share
looks at every state with it: what the states have in common is read once. The result is the same as that
of one process, in the same order.
"""

from __future__ import annotations

import marshal
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from typing import Any

from scaffold import cage
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.tree import GitTree, WorkTree, refusal
from scaffold.errors import ShapeError
from scaffold.pipeline.repository import Repository
from scaffold.registry import Registry
from scaffold.rules.base import Finding, PipelineRule, Rule, Severity

TOGETHER = (
    {"files", "makefile", "importers"},
    {"pipeline", "pipeline-notes", "path-filter"},
    {"gallery", "matrix", "repository", "darwin", "docs", "pins", "tests"},
)
"""Groups of rules that read the same files, the most to do first: one process takes all of a set."""

Share = list[tuple[int, Rule]]
"""Rules for one process, each with its number in the whole check."""

Found = dict[tuple[int, int], list[Finding]]
"""Number of a state and of a rule -> its findings."""

Known = dict[tuple[Repository, Rule], list[Finding]]
"""The findings of a rule in a state."""

Told = dict[tuple[int, int], list[tuple[Any, ...]]]
"""The same, told by another process."""


def find(repository: Repository, rules: Sequence[Rule]) -> list[Finding]:
    """The findings of some rules, in their order. Raises ShapeError where a surface cannot be read."""
    (findings,) = find_in([repository], rules)
    return findings


def find_in(
    states: Sequence[Repository], rules: Sequence[Rule], known: Known | None = None
) -> list[list[Finding]]:
    """The findings of some rules, in their order, in each of some states of a repository.

    What is `known` is not looked for again, and what is found becomes known. Then there is one process:
    of what another one has read nothing would be left for the next look. Raises ShapeError where a surface
    of one of the states cannot be read.
    """
    shares = _shares(rules)
    forks = known is None and len(shares) > 1 and _may_fork(states)
    found = _shared(states, shares) if forks else {}
    known = {} if known is None else known
    findings: list[list[Finding]] = [[] for _ in states]
    for number, rule in enumerate(rules):
        for at, state in enumerate(states):
            if (at, number) in found:
                findings[at] += found[at, number]
                continue
            if (state, rule) not in known:
                known[state, rule] = _findings(state, rule)
            findings[at] += known[state, rule]
    return findings


def _findings(repository: Repository, rule: Rule) -> list[Finding]:
    """What a rule finds; nothing where a file is missed because it was not read, which is told otherwise."""
    try:
        return [*_check(repository, rule)]
    except ShapeError as error:
        if refusal(repository.tree, error.path):
            return []
        raise


def _check(repository: Repository, rule: Rule) -> Iterator[Finding]:
    if isinstance(rule, PipelineRule):
        return rule.check(repository)
    assert isinstance(repository, Registry), "a rule about registrations is asked of LocalAI alone"
    return rule.check(repository)


def _shares(rules: Sequence[Rule]) -> list[Share]:
    shares: dict[str, Share] = {min(groups): [] for groups in TOGETHER}
    for number, rule in enumerate(rules):
        groups = next((groups for groups in TOGETHER if rule.group in groups), {rule.group})
        shares.setdefault(min(groups), []).append((number, rule))
    return [share for share in shares.values() if share]


def _may_fork(states: Sequence[Repository]) -> bool:
    """Whether a second process helps: a thread's locks would stay locked."""
    alone = threading.active_count() == 1 and sys.platform == "linux"
    known = all(isinstance(state.tree, (WorkTree, GitTree)) for state in states)
    return alone and known and len(os.sched_getaffinity(0)) > 1


def _shared(states: Sequence[Repository], shares: Sequence[Share]) -> Found:
    """What two processes find; nothing for a rule that was not asked, or that could not read a surface."""
    for state in states:
        state.read_ahead()
    with cage.shared():
        found, told, refused = _in_two(states, shares)
    for state, refused_there in zip(states, refused, strict=False):
        state.tree.refused.update(refused_there)
    rules = {number: rule for share in shares for number, rule in share}
    return found | {
        (at, n): [_hear(states[at], rules[n], one) for one in findings] for (at, n), findings in told.items()
    }


def _in_two(
    states: Sequence[Repository], shares: Sequence[Share]
) -> tuple[Found, Told, Sequence[dict[str, str]]]:
    """What this process found, then the same of the second one and what it did not read."""
    queue, filled = os.pipe()
    answer, said = os.pipe()
    os.write(filled, bytes(range(len(shares))))
    os.close(filled)
    spent = cage.spent()
    child = os.fork()
    if not child:
        status = 1
        try:
            cage.second(spent)
            os.close(answer)
            for state in states:
                if isinstance(state.tree, GitTree):
                    state.tree.forked()
            found = _take(states, shares, queue)
            told = {key: [*map(_tell, findings)] for key, findings in found.items()}
            with os.fdopen(said, "wb") as file:
                marshal.dump((told, [state.tree.refused for state in states]), file)
            status = 0
        finally:
            os._exit(status)  # whatever is left to do is the parent's
    os.close(said)
    with os.fdopen(answer, "rb") as file:
        try:
            found = _take(states, shares, queue)
            data = file.read()
        except (MemoryError, ImportError):  # alone it has twice as much memory, also for a library
            os.kill(child, signal.SIGKILL)
            found, data = {}, b""
        finally:
            os.close(queue)
            _, status = os.waitpid(child, 0)
            cage.follow(status)
    unknown: tuple[Told, Sequence[dict[str, str]]] = {}, ()
    told, refused = marshal.loads(data) if data and not status else unknown  # noqa: S302 - our own
    return found, told, refused


def _take(states: Sequence[Repository], shares: Sequence[Share], queue: int) -> Found:
    """Check one share after the other, as long as there are any and every surface can be read.

    Which rule is the first that cannot read one is told by who asks the others in their order.
    """
    found: Found = {}
    while taken := os.read(queue, 1):
        for number, rule in shares[taken[0]]:
            try:
                for at, state in enumerate(states):
                    found[at, number] = _findings(state, rule)
            except ShapeError:
                os.read(queue, len(shares))  # the other process need not go on either
                return found
    return found


def _tell(finding: Finding) -> tuple[str | int | bool, ...]:
    """A finding in words that another process understands; of its fix, whether there is one."""
    return (finding.rule, finding.severity.value, *finding[2:-1], finding.fix is not None)


def _hear(repository: Repository, rule: Rule, told: tuple[Any, ...]) -> Finding:
    """The finding that was told; its rule is asked once more should somebody want to fix it."""
    slug, severity, *words, fixable = told
    fix = partial(_fix, repository, rule, told) if fixable else None
    return Finding._make((slug, Severity(severity), *words, fix))


def _fix(repository: Repository, rule: Rule, told: tuple[Any, ...], changes: ChangeSet) -> None:
    fix = next(finding.fix for finding in _found_again(repository, rule) if _tell(finding) == told)
    assert fix is not None
    fix(changes)


@lru_cache(maxsize=32)
def _found_again(repository: Repository, rule: Rule) -> list[Finding]:
    return [*_check(repository, rule)]
