"""What a plan would start in LocalAI's CI, before anything is written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from scaffold.checkout.changes import ChangeSet
from scaffold.errors import ShapeError
from scaffold.operations import affected
from scaffold.operations.changes import Change


@dataclass(frozen=True, slots=True)
class Started:
    """The jobs of a pull request with a plan."""

    own: Counter[str]
    """`linux` or `darwin` -> image builds of the backend itself."""
    others: dict[tuple[str, str], tuple[int, int]]
    """Reason and `linux` or `darwin` -> image builds of other backends, and how many backends those are."""
    tests: int
    """Jobs of the extra tests."""


def of(changes: ChangeSet, name: str) -> Started | None:
    """What the checkout's own script says of a plan that makes a backend; None where it has none to ask."""
    files = tuple(sorted(changes.contents()))
    try:
        found = affected.run(Change(changes.overlay(), changes.tree, files))
    except ShapeError:
        return None
    own = Counter(job.os for job in found.jobs if job.backend == name)
    jobs: dict[tuple[str, str], list[str]] = {}
    for job, reason in found.jobs.items():
        if job.backend != name:
            jobs.setdefault((reason.file or reason.detail, job.os), []).append(job.backend)
    others = {key: (len(backends), len({*backends})) for key, backends in jobs.items()}
    return Started(own, others, len(found.tests))
