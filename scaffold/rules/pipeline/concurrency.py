"""Rules about concurrency groups: which run cancels which."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache, partial

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.checkout.tree import Tree
from scaffold.pipeline import events
from scaffold.pipeline.artifacts import UPLOAD
from scaffold.pipeline.effects import Effect, Kind, effects_of
from scaffold.pipeline.flows import flows_of
from scaffold.pipeline.groups import Group
from scaffold.pipeline.heeded import is_heeded, only_tells
from scaffold.pipeline.model import Job, Workflow
from scaffold.pipeline.renewed import is_renewed
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.runs import Run, Runs
from scaffold.pipeline.scopes import JobRun, StepRun
from scaffold.pipeline.triggers import pull_request_of
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.source import Place


def shared(one: Run, other: Run) -> Iterator[Group]:
    """The groups of a run that another run of the same workflow is in too."""
    for group, twin in zip(flows_of(one).groups, flows_of(other).groups, strict=False):
        if group.node is twin.node and group.name == twin.name and group.cancels == twin.cancels:
            yield group


class PushCancelsPush(PipelineRule):
    """A push does not cancel the run of the push before it, where that run publishes or reads a diff.

    Why: on a push `github.head_ref` is empty, so `${{ github.head_ref || github.ref }}` is the name of
    the branch, one group for all pushes. Two pull requests of LocalAI were merged within 11 seconds; the
    second run cancelled the first one's builds, looked at its own diff, found nothing to build, and the
    images of the first were never made.

    Fails:

        concurrency:
          group: ci-${{ github.head_ref || github.ref }}
          cancel-in-progress: true

    Passes:

        concurrency:
          group: ci-${{ github.event.pull_request.number || github.sha }}
          cancel-in-progress: ${{ github.event_name == 'pull_request' }}

    It is an error where the workflow publishes and decides by what one push changed, where it publishes
    packages or releases, and where an image has no name but that of its commit: no later run does that again.
    It is a warning where images and releases have a name that the run of the next push gives to its own: the
    newest state is there then, under the name that people ask for. So it is where the lost run would only
    have tested what the push changed; a diff that decides on pull requests alone is none of a push, and one
    since the last success, tag or release loses nothing. What goes to a registry on the machine itself is
    published to nobody. For workflows that only test, `push-cancels-test` in the group pipeline-notes tells
    the same. Where a comment beside the group says that pushes are meant to cancel each other, or a condition
    on the ref in `cancel-in-progress` does, an error is a warning, and there is no warning.

    Fix: `scaffold check --fix` adds the commit to the group of pushes. A group that only deploys the
    newest state may be meant to be cancelled: say so in a comment, `# scaffold: allow push-cancels-push`
    and the reason.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Groups that two pushes share and that cancel, of workflows that publish or diff."""
        for run, group in cancelled_pushes(registry):
            reason, certain = harmed(run, group.job, registry.tree)
            meant = bool(reason) and group.is_meant
            if certain or (reason and not meant):
                yield self.finding(
                    group.place,
                    "",
                    group.title,
                    f"two pushes to {run.event.github['ref_name']} share the group, the later one cancels the"
                    f" earlier, and {reason}",
                    "give each push a group of its own: add ${{ github.sha }} where the event is a push",
                    fix=_append(
                        group, run.workflow, "-${{ github.event_name == 'push' && github.sha || '' }}"
                    ),
                    severity=self.severity if certain and not meant else Severity.warning,
                )


def cancelled_pushes(registry: Repository) -> Iterator[tuple[Run, Group]]:
    """The groups in which a push cancels the run of the push before it."""
    for run, group in shared_by_pushes(registry.runs):
        if group.cancels and not group.nested:
            yield run, group


@lru_cache(maxsize=4)
def shared_by_pushes(runs: Runs) -> tuple[tuple[Run, Group], ...]:
    """The groups that two pushes to a branch share, one for all legs of a job that do the same in it."""
    found: list[tuple[Run, Group]] = []
    for run in runs.pushes():
        branch = run.event.github["ref_name"]
        if not branch.startswith(_COPIES):
            twin = Run(run.workflow, events.push(branch, 2, runs.pipeline.default_branch))
            kinds = {(group.place, group.cancels): group for group in shared(run, twin)}
            found += ((run, group) for group in kinds.values())
    return tuple(found)


_COPIES = ("pull-request/", "pull/", "dependabot/", "renovate/")
"""Branches of robots: each is a pull request, of which the newest push is all that counts."""


def _append(group: Group, workflow: Workflow, text: str) -> partial[None] | None:
    """A fix that adds to a group that stands on one line."""
    node = group.node
    if node.style not in ("", '"'):
        return None
    end = node.end - 1 if node.style else node.end
    return partial(ChangeSet.insert, path=workflow.path, offset=end, text=text)


def harmed(run: Run, job: Job | None, tree: Tree) -> tuple[str, bool]:
    """What a run does beside testing, and whether it is lost for certain when the run is cancelled."""
    found = ""
    for leg in _legs(run, job):
        if leg.job.uses and leg.job.called is None and leg.text(leg.job.node.get("with", "push")) == "true":
            found = found or f"it pushes an image ({leg.job.path}:{leg.job.line})"
        for step, done in _effects(leg, tree):
            reason = _told(step, done)
            found = found or reason
            if step.runs and done.kind is not Kind.diff and not is_renewed(step, done, tree):
                return reason, True
    diff = published_by_diff(run, job, tree) if found else ""
    return (diff, True) if diff else (found, False)


def published_by_diff(run: Run, job: Job | None, tree: Tree) -> str:
    """What looks at the diff of one push, where a job that publishes is it, or waits for it; else ""."""
    diffs: dict[tuple[str, bool], str] = {}
    publishing: dict[str, Job] = {}
    for leg in _legs(run, job):
        root = leg.root.job
        for step, done in _effects(leg, tree):
            if done.kind is Kind.diff:
                diffs.setdefault((root.id, _hands_on(leg, step)), _told(step, done))
            else:
                publishing[root.id] = root
    asked = {name for own in publishing.values() for name in run.workflow.upstream(own)}
    found = (
        told for (name, handed), told in diffs.items() if name in publishing or (handed and name in asked)
    )
    return next(found, "")


def _hands_on(leg: JobRun, step: StepRun) -> bool:
    """Whether a diff may decide something in another job: a script may fail, else the job must tell it."""
    told = leg.root.job.uses or "outputs" in leg.job.node.values or UPLOAD in leg.job.actions
    return bool(told or step.step.run)


def _legs(run: Run, job: Job | None) -> Iterator[JobRun]:
    """The legs that may run; only those of one job of the started workflow, if there is one."""
    legs = (leg for leg in run.jobs if leg.reached is not False)
    return (leg for leg in legs if job is None or leg.root.job is job)


def _told(step: StepRun, done: Effect) -> str:
    return f"{done.words} ({step.path}:{step.line})"


def _effects(leg: JobRun, tree: Tree) -> Iterator[tuple[StepRun, Effect]]:
    """What the steps of a leg do beside testing, and the diffs by which they decide something."""
    for step in leg.steps:
        for done in effects_of(step, tree) if step.runs is not False else ():
            if done.kind is not Kind.diff or (step.runs and _decides(step)):
                yield step, done


def _decides(step: StepRun) -> bool:
    """Whether a step that looks at a diff decides something by it, in this run and not only in others."""
    return not only_tells(step.step) or is_heeded(step)


class PrGroupByBranch(PipelineRule):
    """Two pull requests do not share a concurrency group because their branches have one name.

    Why: `github.head_ref` is the name of a branch and not of its repository. Two forks that both work on
    `fix-ci`, or on `main`, cancel each other's runs, and neither contributor knows why.

    Fails:

        concurrency:
          group: ci-${{ github.head_ref || github.ref }}
          cancel-in-progress: true

    Passes:

        concurrency:
          group: ci-${{ github.event.pull_request.number || github.ref }}
          cancel-in-progress: true

    So is `github.event.workflow_run.head_branch`, in a workflow that starts after one of pull requests.

    Fix: `scaffold check --fix` writes the number of the pull request instead of `github.head_ref`.
    """

    severity = Severity.warning
    fixable = True

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Groups that two pull requests of one branch name share: one finding for each way to spell one."""
        spelled: dict[tuple[bool, bool, str], dict[Place, Group]] = {}
        for run, twin, elsewhere in _of_two_pull_requests(registry.runs):
            cancelling = [group for group in shared(run, twin) if group.cancels]
            if cancelling and all(leg.reached is False for leg in run.jobs):
                continue  # it does nothing that could be lost
            apart = [*shared(run, elsewhere)] if cancelling else []
            for group in cancelling:
                by_branch = not any(group is other for other in apart)
                of_all = run.event.of_pull_request and "needs@" not in group.name
                if by_branch or of_all:  # else they are not meant, or another job says of whom the group is
                    parts = " ".join(re.findall(_OF_BRANCH, group.node.text)) or group.node.text
                    kind = (run.event.of_pull_request, by_branch, parts)
                    spelled.setdefault(kind, {})[group.place] = group
        for (asked, by_branch, _), places in spelled.items():
            place, *others = places
            numbers = [edit for group in places.values() for edit in _numbers(group)]
            whose = "two pull requests whose branches have one name" if by_branch else "all pull requests"
            also = ", ".join(f"{other.path}:{other.line}" for other in others)
            yield self.finding(
                place,
                "",
                places[place].title,
                f"{whose} share the group and cancel each other" + (f"; so in {also}" if others else ""),
                "use github.event.pull_request.number, which no other pull request has"
                if asked
                else "add github.event.workflow_run.head_repository.full_name",
                fix=partial(_number, numbers) if by_branch and numbers else None,
            )


def _of_two_pull_requests(runs: Runs) -> Iterator[tuple[Run, Run, Run]]:
    """The runs for two pull requests whose branches have one name and one with another, or after these."""
    for run in runs.pull_requests():
        twin = pull_request_of(run.workflow, number=2, fork=True)
        elsewhere = pull_request_of(run.workflow, head_ref="elsewhere")
        yield run, Run(run.workflow, twin), Run(run.workflow, elsewhere)
    asked = {w.name for w in runs.workflows if w.events.keys() & set(events.PULL_REQUESTS)}
    for workflow in runs.workflows:
        on = workflow.events.get("workflow_run", yaml.EMPTY)
        before = {scalar.text for scalar in yaml.scalars(on.get("workflows"))}
        may = b"head_branch" in workflow.source.data.lower()
        if may and asked & before and not on.values.keys() & {"branches", "branches-ignore"}:
            after = partial(events.after_pull_request, default_branch=runs.pipeline.default_branch)
            run = Run(workflow, after(1))
            if any(leg.reached is not False for leg in run.jobs):
                yield run, Run(workflow, after(2)), Run(workflow, after(1, head_ref="elsewhere"))


_OF_BRANCH = (
    r"(?i)\$\{\{(?:(?!\}\}|\$\{\{|head_(?:ref|branch)).)*+head_(?:ref|branch)(?:(?!\}\}|\$\{\{).)*+\}\}"
)
"""An expression with the name of a pull request's branch."""
_HEAD_REF = rb"(?i)\bgithub(?:\.head_ref\b|\[\s*'head_ref'\s*\])"


def _numbers(group: Group) -> Iterator[Edit]:
    """The name of the branch in a group, as the number of the pull request."""
    start = group.node.start
    for match in re.finditer(_HEAD_REF, group.source.data[start : group.node.end]):
        span = (start + match.start(), start + match.end())
        yield Edit(group.source.path, *span, "github.event.pull_request.number")


def _number(edits: list[Edit], changes: ChangeSet) -> None:
    for edit in edits:
        changes.add(edit)


class GroupSharedByWorkflows(PipelineRule):
    """No two workflows share a concurrency group in which they cancel each other.

    Why: a concurrency group is a name in the whole repository. A workflow that was copied with its group
    cancels the run of the one that it was copied from, whenever one event starts both.

    Fails:

        # in lint.yml and in test.yml
        concurrency:
          group: ci-${{ github.ref }}
          cancel-in-progress: true

    Passes:

        concurrency:
          group: ${{ github.workflow }}-${{ github.ref }}
          cancel-in-progress: true

    Fix: put `${{ github.workflow }}` into both groups.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Groups that a workflow of the same event has too."""
        reported = set()
        first: dict[tuple[str, ...], tuple[Run, Group]] = {}
        for run, moment in _started_together(registry.runs):
            for group in flows_of(run).groups:
                if run.event.github["run_id"] in group.name:
                    continue  # no other run has it
                if group.by is not None and not (group.by.reached or (group.by.due and not group.nested)):
                    continue  # what else decides, decides for all of a called workflow
                earlier, known = first.setdefault((group.name, *moment), (run, group))
                other = earlier.workflow is not run.workflow
                if other and (group.cancels or known.cancels) and group.place not in reported:
                    reported.add(group.place)
                    who = f"{run.workflow.path} and {earlier.workflow.path} are"
                    if group.source.path == run.workflow.path:
                        who = f"{earlier.workflow.path} is"
                    yield self.finding(
                        group.place,
                        "",
                        f"group of {earlier.workflow.path}",
                        f"{who} in the same concurrency group: a {run.event.name} starts both, and one"
                        " cancels the other",
                        "put ${{ github.workflow }} into both groups",
                    )


def _started_together(runs: Runs) -> Iterator[tuple[Run, tuple[str, ...]]]:
    """Runs, each with what starts it: those with the same are started at once."""
    for run in (*runs.pushes(), *runs.pull_requests()):
        yield run, ("pull_request" if run.event.of_pull_request else "push", str(run.event.github["ref"]))
    for workflow in runs.workflows:
        on = workflow.node.get("on")
        entries = on.get("schedule") if isinstance(on, yaml.Mapping) else None
        crons = [
            item.text("cron") for item in getattr(entries, "items", ()) if isinstance(item, yaml.Mapping)
        ]
        for name in ("schedule", "release", "merge_group"):
            if name in workflow.events and "concurrency" in workflow.node.values:
                types = [kind.text for kind in yaml.scalars(workflow.events[name].get("types"))]
                kinds = (types or _RELEASES) if name == "release" else [""]
                run = Run(workflow, events.other(name, runs.pipeline.default_branch))
                yield from ((run, (name, when)) for when in (crons if name == "schedule" else kinds))


_RELEASES = ["published", "unpublished", "created", "edited", "deleted", "prereleased", "released"]
"""The kinds of a release's event, which starts a workflow that names none of them."""
