"""Rules about concurrency groups within one run: who waits for whom, and who cancels whom."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.pipeline.expressions.values import shown
from scaffold.pipeline.flows import Flows, flows_of
from scaffold.pipeline.groups import Group
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.scopes import JobRun
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.rules.pipeline.concurrency import published_by_diff, shared_by_pushes
from scaffold.syntax.source import Place

PENDING = 3
"""Members of one group from which on one is dropped: one runs, one waits."""
_OWN = re.compile(r"github\.(?:sha|ref|run_|head_ref|event\.(?:pull_request\.)?number)|head\.sha")
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
        reported: set[Place] = set()
        for run in registry.runs.all():
            for group in flows_of(run).groups:
                around = next((outer for outer in _around(group) if outer.name == group.name), None)
                if around is not None and group.name and group.place not in reported:
                    reported.add(group.place)
                    yield self.finding(
                        group.place,
                        "",
                        f"{group.title} in {around.place.path}",
                        f"it waits for the group of {around.place.path}:{around.place.line}, which ends only"
                        f" after it: a {run.event.name} is cancelled as a deadlock",
                        "give it a name of its own, or none",
                    )


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
    another run: that cancelled legs of sglang (#25188). Legs that
    `max-parallel: 1` runs one by one are left alone.

    Fix: put what tells the legs apart into the group, or move the group to the workflow.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Groups of which a run certainly has two holders that do not wait for each other."""
        reported: set[Place] = set()
        for run in registry.runs.all():
            same: dict[tuple[str, Place], list[Group]] = {}
            for group in flows_of(run).groups:
                same.setdefault((group.name, group.place), []).append(group)
            for (name, place), groups in same.items():
                legs = _at_once(groups, flows_of(run))
                cancel = all(group.cancels for group in groups)
                crowd = len(legs) + (not _OWN.search(groups[0].node.text))
                dropped = crowd >= PENDING and not any(g.queues or g.cancels is None for g in groups)
                if len(legs) > 1 and (cancel or dropped) and place not in reported:
                    reported.add(place)
                    what = "cancel each other" if cancel else "wait, and the third drops the second"
                    yield self.finding(
                        place,
                        "",
                        groups[0].title,
                        f"{legs[0].title} and {legs[1].title} are in the group {shown(name)}: they {what}",
                        "put what tells them apart into the group",
                        severity=self.severity if cancel else Severity.warning,
                    )


def _at_once(groups: list[Group], flows: Flows) -> list[JobRun]:
    """The legs that hold a group and that one run certainly has beside each other."""
    found: list[JobRun] = []
    for group in groups:
        leg = group.holder if isinstance(group.holder, JobRun) else group.holder.caller
        if leg is None or not leg.known or not all(map(_parallel, leg.chain)):
            continue
        first = found[0] if found else leg
        alike = (
            leg.reached == first.reached if leg.root.job is first.root.job else leg.reached and first.reached
        )
        if alike and not any(flows.waits(leg, other) or flows.waits(other, leg) for other in found):
            found.append(leg)
    return found


def _parallel(leg: JobRun) -> bool:
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
