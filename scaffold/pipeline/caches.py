"""Caches: what the steps of a run save and restore."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from scaffold.pipeline.patterns import lines
from scaffold.pipeline.runs import Run
from scaffold.pipeline.scopes import JobRun, StepRun

SAVE = "actions/cache/save"
RESTORE = "actions/cache/restore"
BOTH = "actions/cache"


class Use(NamedTuple):
    """A cache step in a run of its job, with its texts."""

    at: StepRun
    key: str
    paths: frozenset[str]

    @classmethod
    def of(cls, at: StepRun) -> Use:
        """The use that a step makes of the cache."""
        return cls(at, at.input("key"), frozenset(lines(at.input("path"))))


def restores(leg: JobRun) -> list[Use]:
    """The restores of a job."""
    return [Use.of(step) for step in leg.using(RESTORE, BOTH)]


@lru_cache(maxsize=64)
def writers(run: Run) -> list[Use]:
    """Every step of a run that writes a cache."""
    return [Use.of(step) for step in run.steps(SAVE, BOTH)]
