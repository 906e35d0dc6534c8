"""The rules of one check, shared between two processes.

Rules are independent of each other, so a check of the work tree forks: the second process starts with
everything that was read before, and both take the next group of rules from one queue until it is empty.
The result is the same as that of one process, in the same order.
"""

from __future__ import annotations

import marshal
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from itertools import groupby
from typing import Any

from scaffold.edits import ChangeSet
from scaffold.errors import ScaffoldError
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.tree import WorkTree

Groups = dict[int, list[list[Finding]]]
"""Number of a group -> the findings of each of its rules."""


def find(registry: Registry, rules: Sequence[Rule]) -> list[Finding]:
    """The findings of some rules, in their order. Raises ShapeError where a surface cannot be read."""
    groups = [list(group) for _, group in groupby(rules, lambda rule: rule.group)]
    found = _shared(registry, groups) if len(groups) > 1 and _may_fork(registry) else {}
    findings: list[Finding] = []
    for number, group in enumerate(groups):
        for one in found[number] if number in found else _check(registry, group):
            findings += one
    return findings


def _may_fork(registry: Registry) -> bool:
    """Whether a second process helps: git's pipe cannot be shared, and a thread's locks would stay locked."""
    alone = threading.active_count() == 1 and sys.platform == "linux"
    return alone and isinstance(registry.tree, WorkTree) and len(os.sched_getaffinity(0)) > 1


def _check(registry: Registry, group: Sequence[Rule]) -> Iterator[list[Finding]]:
    return ([*rule.check(registry)] for rule in group)


def _shared(registry: Registry, groups: Sequence[list[Rule]]) -> Groups:
    """What two processes find; nothing for a group on which one of them failed."""
    registry.read_ahead()
    queue, filled = os.pipe()
    answer, said = os.pipe()
    largest_first = sorted(range(len(groups)), key=lambda number: len(groups[number]), reverse=True)
    os.write(filled, bytes(largest_first))
    os.close(filled)
    child = os.fork()
    if not child:
        status = 1
        try:
            os.close(answer)
            found = _take(registry, groups, queue)
            told = {n: [[_tell(f) for f in one] for one in group] for n, group in found.items()}
            with os.fdopen(said, "wb") as file:
                marshal.dump(told, file)
            status = 0
        finally:
            os._exit(status)  # whatever is left to do is the parent's
    os.close(said)
    with os.fdopen(answer, "rb") as file:
        try:
            found = _take(registry, groups, queue)
            data = file.read()
        finally:
            os.close(queue)
            _, status = os.waitpid(child, 0)
    for number, told in marshal.loads(data).items() if not status else ():  # noqa: S302 - our own words
        found[number] = [
            [_hear(registry, rule, one) for one in findings]
            for rule, findings in zip(groups[number], told, strict=True)
        ]
    return found


def _take(registry: Registry, groups: Sequence[list[Rule]], queue: int) -> Groups:
    """Check one group after the other, as long as there are any; a failed one is left out."""
    found: Groups = {}
    while number := os.read(queue, 1):
        with suppress(ScaffoldError):
            found[number[0]] = [*_check(registry, groups[number[0]])]
    return found


def _tell(finding: Finding) -> tuple[str | int | bool, ...]:
    """A finding in words that another process understands; of its fix, whether there is one."""
    return (
        finding.rule,
        finding.severity.value,
        finding.backend,
        finding.path,
        finding.line,
        finding.subject,
        finding.message,
        finding.help,
        finding.fix is not None,
    )


def _hear(registry: Registry, rule: Rule, told: tuple[Any, ...]) -> Finding:
    """The finding that was told; its rule is asked once more should somebody want to fix it."""
    slug, severity, backend, path, line, subject, message, advice, fixable = told
    fix = partial(_fix, registry, rule, told) if fixable else None
    return Finding(slug, Severity(severity), backend, path, line, subject, message, advice, fix)


def _fix(registry: Registry, rule: Rule, told: tuple[Any, ...], changes: ChangeSet) -> None:
    fix = next(finding.fix for finding in _found_again(registry, rule) if _tell(finding) == told)
    assert fix is not None
    fix(changes)


@lru_cache(maxsize=32)
def _found_again(registry: Registry, rule: Rule) -> list[Finding]:
    return [*rule.check(registry)]
