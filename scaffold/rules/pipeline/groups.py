"""Rules about concurrency groups within one run: who waits for whom, and who cancels whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from scaffold.pipeline.calls import Leg, titles
from scaffold.pipeline.expressions.values import shown, truth_of
from scaffold.pipeline.flows import Flows, flows_of
from scaffold.pipeline.groups import Group, holds_several
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.runs import Runs
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.rules.pipeline.concurrency import published_by_diff, shared_by_pushes
from scaffold.rules.words import enumerated
from scaffold.syntax.source import Place

PENDING = 3
"""Members of one group from which on one is dropped: one runs, one waits."""
_OWN = r"github\.(?:sha|ref|run_|head_ref|event\.(?:pull_request\.)?number)|head\.sha"
"""What makes a group of one run, commit, branch or pull request: without it another run is a member too."""


class GroupDeadlock(PipelineRule):
    """A job is not in the concurrency group of the run that it is part of.

    Why: the run holds the group until its jobs have ended, and the job waits for the group. GitHub cancels
    it: "a deadlock was detected". `github.workflow` is the name of the workflow that was started, so a
    called workflow that uses it has its caller's group. metabase (#57960) and hyperswitch-prism (#1533)
    found out when their releases were cancelled.

    Fails:

        # in release.yml, which calls build.yml, and in build.yml
        concurrency:
          group: ${{ github.workflow }}-${{ github.ref }}

    Passes:

        # in build.yml
        concurrency:
          group: build-${{ github.workflow }}-${{ github.ref }}

    Fix: give the inner one a name of its own, or none.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Groups that have the name of one around them."""
        for place, (group, around, names) in deadlocks(registry.runs).items():
            often = sorted(names, key=_rarely)
            yield self.finding(
                place,
                "",
                f"{group.title} in {around.place.path}",
                f"it waits for the group of {around.place.path}:{around.place.line}, which ends only"
                f" after it: a {enumerated(often, 'or a')} is cancelled as a deadlock",
                "give it a name of its own, or none",
            )


_OFTEN = ("pull_request", "pull_request_target", "push", "merge_group", "schedule")


def _rarely(event: str) -> int:
    """How rarely an event comes, beside others."""
    return _OFTEN.index(event) if event in _OFTEN else len(_OFTEN)


class Deadlock(NamedTuple):
    """A group that has the name of one around it."""

    group: Group
    around: Group
    events: list[str]
    """The events that it happens to."""


@lru_cache(maxsize=4)
def deadlocks(runs: Runs) -> dict[Place, Deadlock]:
    """The groups that have the name of one around them."""
    found: dict[Place, Deadlock] = {}
    for run in runs.every():
        for group in flows_of(run).groups if holds_several(run) else ():
            around = next((outer for outer in _around(group) if outer.name == group.name), None)
            if around is not None and group.name:
                events = found.setdefault(group.place, Deadlock(group, around, [])).events
                events += [run.event.name] if run.event.name not in events else []
    return found


def _around(group: Group) -> Iterator[Group]:
    outer = group.outer
    while outer is not None:
        yield outer
        outer = outer.outer


class LegsShareGroup(PipelineRule):
    """The legs of a matrix are not in one concurrency group.

    Why: a group lets one job run. With `cancel-in-progress` each leg cancels the one before it, and a
    required check never gets green; without it one leg waits and the third drops the second.

    Fails:

        strategy:
          matrix: {torch: ["1.13", "2.0"]}
        concurrency:
          group: test-${{ github.ref }}
          cancel-in-progress: true

    Passes:

        concurrency:
          group: test-${{ github.ref }}-${{ matrix.torch }}
          cancel-in-progress: true

    It is an error where they cancel each other, and a warning where more than two wait, or two and those of
    another run: that cancelled legs of sglang (#25188). A matrix that a job makes is taken to have two rows:
    a warning. Legs that `max-parallel: 1` runs one by one are left alone.

    Fix: put what tells the legs apart into the group, or move the group to the workflow.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Groups of which a run certainly has two holders that do not wait for each other."""
        reported: set[Place] = set()
        for run in registry.runs.all():
            flows = flows_of(run)
            same: dict[str, list[Group]] = {}
            for group in flows.groups:
                if all(outer.name != group.name for outer in _around(group)):  # else it is a deadlock
                    same.setdefault(group.name, []).append(group)
            for name, groups in same.items():
                place = groups[-1].place
                legs = _at_once(groups, flows)
                who = " and ".join(titles(*legs[:2])) if legs[1:] else _generated(groups)
                cancel = all(group.cancels for group in groups)
                if who and (cancel or (legs[1:] and _drops(groups, legs))) and place not in reported:
                    reported.add(place)
                    what = "cancel each other" if cancel else "wait, and the third drops the second"
                    yield self.finding(
                        place,
                        "",
                        groups[0].title,
                        f"{who} are in the group {shown(name)}: they {what}",
                        "put what tells them apart into the group",
                        severity=self.severity if cancel and legs[1:] else Severity.warning,
                    )


def _drops(groups: list[Group], legs: list[Leg]) -> bool:
    """Whether more wait in a group than it keeps: some legs, and those of another run where it has these."""
    crowd = len(legs) + (not re.search(_OWN, groups[0].node.text))
    return crowd >= PENDING and not any(group.queues or group.cancels is None for group in groups)


def _generated(groups: list[Group]) -> str:
    """All legs of a generated matrix of which nothing is in the group's name, for people; "" for none."""
    for group in groups:
        leg = group.by
        if leg is None or leg.known or re.search(r"(?:matrix|strategy)@", group.name + group.blind):
            continue
        if leg.reached is not False and _as_called(leg) and all(map(_parallel, leg.chain)):
            return f"all legs of {leg.root.job.id}"
    return ""


def _as_called(leg: Leg) -> bool:
    """Whether a leg runs wherever the job runs that calls its workflow: no job of one call decides."""
    if leg.call.caller is None:
        return True
    names = (leg.job.id, *leg.call.workflow.upstream(leg.job))
    return all(truth_of(leg.call.said(name)) for name in names) and _as_called(leg.call.caller)


def _at_once(groups: list[Group], flows: Flows) -> list[Leg]:
    """The legs that hold a group and that one run certainly has beside each other."""
    found: list[Leg] = []
    for group in groups:
        leg = group.by
        if leg is None or not leg.known or not all(map(_parallel, leg.chain)):
            continue
        first = found[0] if found else leg
        if leg.root.job is first.root.job:  # one answer decides for all legs, but not one of each call
            alike = leg.reached == first.reached and _as_called(leg)
        else:
            alike = bool(leg.reached and first.reached)
        if alike and not any(flows.waits(leg, other) or flows.waits(other, leg) for other in found):
            found.append(leg)
    return found


def _parallel(leg: Leg) -> bool:
    return leg.job.node.text("strategy", "max-parallel") != "1"


class PendingPushDropped(PipelineRule):
    """A push that waits for its turn is not dropped, where its own diff decides what is built.

    Why: of the runs that wait in a group GitHub keeps the latest. Where each run builds what its own push
    changed, what the dropped push changed is built by nobody: the run after it looks at another diff.
    `cancel-in-progress: false` does not help, it saves only the run that has begun.

    Fails:

        on: push
        concurrency: {group: "images-${{ github.ref }}"}
        # and a step compares with ${{ github.event.before }}, and the jobs that it chooses push images

    Passes:

        concurrency: {group: "images-${{ github.ref }}-${{ github.sha }}"}

    Fix: give each push a group of its own, let all that wait have their turn (`queue: max`), or compare with
    what was last published.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Groups in which pushes wait, of workflows that publish what one push changed."""
        for run, group in shared_by_pushes(registry.runs):
            if group.cancels is False and not group.queues and not group.nested:
                diff = published_by_diff(run, group.job, registry.tree)
                if diff:
                    yield self.finding(
                        group.place,
                        "",
                        group.title,
                        f"of the pushes to {run.event.github['ref_name']} that wait only the last runs, and"
                        f" {diff}: what the others changed is built by nobody",
                        "give each push a group of its own: add ${{ github.sha }}",
                    )
