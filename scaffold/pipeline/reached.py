"""Which jobs of a workflow run: what their conditions say, and the jobs before them.

A job runs, does not run, or nobody knows (`None`): what another job says is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from scaffold.pipeline.expressions.values import Truth, Unknown, all_of, truth_of
from scaffold.pipeline.model import Job, Workflow

Said = Callable[[Job, frozenset[str]], Any]
"""What the `if` of a job says, where some of the jobs that it waits for certainly do not run."""


def jobs_reached(workflow: Workflow, around: Truth, said: Said) -> dict[str, Truth]:
    """Of each job whether it runs: a skipped job skips what is far behind it too.

    `around` is whether the job runs that calls the workflow.
    """
    reached: dict[str, Truth] = {}
    whole: dict[str, Truth] = {}
    for job in workflow.in_order:
        before = (whole[need] for need in _implied(workflow, job))
        reached[job.id] = all_of([*before, around, truth_of(said(job, _skipped(job, reached)))])
        needs = (need for need in job.needs if need in workflow.jobs)
        whole[job.id] = all_of([reached[job.id], *(whole[need] for need in needs)])
    return reached


def jobs_due(workflow: Workflow, around: Truth, said: Said) -> dict[str, Truth]:
    """Of each job whether it runs where the jobs that it waits for say that it shall."""
    due: dict[str, Truth] = {}
    for job in workflow.in_order:
        own = said(job, _skipped(job, due))
        truth = True if isinstance(own, Unknown) and _only_needs(own) else truth_of(own)
        due[job.id] = all_of([truth, around, *(due[need] for need in _implied(workflow, job))])
    return due


def _skipped(job: Job, runs: Mapping[str, Truth]) -> frozenset[str]:
    """The jobs that a job waits for and that do not run."""
    return frozenset(need for need in job.needs if runs.get(need) is False)


def _implied(workflow: Workflow, job: Job) -> list[str]:
    """The jobs that must succeed for a job to run: none where its `if` asks for the status itself."""
    asked = job.condition is not None and job.condition.asks_status
    return [] if asked else [need for need in job.needs if need in workflow.jobs]


def _only_needs(value: Unknown) -> bool:
    """Whether nothing but the outputs of other jobs makes a value unknown."""
    return re.search(r"\bneeds@", value.label) is not None and not re.search(_ELSE, value.label)


_ELSE = r"(?<![\w.'-])(?:github|vars|inputs|secrets|env|steps|runner|matrix)\b[.@]|\.'?result\b"
