"""What is not there once the fix of another finding is made follows from it, whatever rule says it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from scaffold import cage
from scaffold.checkout.changes import ChangeSet
from scaffold.errors import ScaffoldError
from scaffold.operations.edits import Counterfactuals
from scaffold.pipeline.repository import Repository
from scaffold.rules.base import SEVERITIES, Finding, Rule

MOST = 8
"""Fixes that are tried."""


def cured(
    before: Repository | None,
    after: Repository,
    findings: Sequence[Finding],
    old: Collection[int],
    rules: Mapping[str, Rule],
) -> dict[int, int]:
    """Position of each finding that goes with the fix of another one, as new and as bad -> that of the other.

    Tried are the fixes of rules that reach others. Each is one more look at the checkout.
    """
    reaching = [
        at for at, one in enumerate(findings) if one.fix and one.rule in rules and rules[one.rule].reaches
    ]
    found: dict[int, int] = {}
    for at in reaching[:MOST]:
        cause = findings[at]
        worst = SEVERITIES.index(cause.severity)
        others = {
            position: one
            for position, one in enumerate(findings)
            if position not in (at, *found)
            and (position in old) is (at in old)
            and one.rule in rules
            and SEVERITIES.index(one.severity) >= worst
        }
        contents = _mended(after, cause) if cage.left() > cage.seconds() / 2 else {}
        if contents and others:
            asked = [rules[slug] for slug in dict.fromkeys(one.rule for one in others.values())]
            states = Counterfactuals(before, after, (), asked)
            gone = states.gone(contents, others, renamed=True)
            found |= dict.fromkeys(gone - {*reaching}, at)
    return found


def _mended(state: Repository, finding: Finding) -> Mapping[str, bytes | None]:
    """The files that the fix of a finding changes, as they are with it."""
    changes = ChangeSet(state.tree)
    try:
        if finding.fix is not None:
            finding.fix(changes)
        return changes.contents()
    except ScaffoldError:
        return {}
