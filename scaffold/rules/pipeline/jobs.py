"""Rules about jobs: which of them run, how many, and whether their files can be read at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.checkout.tree import Tree
from scaffold.pipeline import matrix
from scaffold.pipeline.calls import Call
from scaffold.pipeline.effects import Kind, effect_of
from scaffold.pipeline.expressions.nodes import STATUS, calls
from scaffold.pipeline.expressions.templates import template
from scaffold.pipeline.model import Job, Workflow
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.runs import Run, written
from scaffold.pipeline.scopes import JobRun, StepRun
from scaffold.pipeline.steps import Step
from scaffold.pipeline.triggers import calls_of
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.shell import ShellSource
from scaffold.syntax.source import Place, parsed


class WorkflowUnreadable(PipelineRule):
    """Every workflow and every local action can be read.

    Why: GitHub starts nothing from a file that it cannot read, and says so on a page that nobody looks
    at. What cannot be read is checked by no other rule.

    Fails:

        jobs:
          build: {runs-on: ubuntu-latest

    Passes:

        jobs:
          build: {runs-on: ubuntu-latest}

    Fix: repair the file; actionlint says what it should be.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """The files that had to be left out."""
        for job in registry.pipeline.jobs:
            _ = job.occurrences, job.called  # reading them finds the problems of actions and called files
        for path in registry.pipeline.paths:
            workflow = registry.pipeline.workflow(path)
            parts = {"on": workflow and workflow.events, "jobs": workflow and workflow.jobs}
            lacks = [key for key, part in parts.items() if not part]
            if lacks and all(problem.path != path for problem in registry.pipeline.problems):
                what = f"{path} has no {' and no '.join(f'`{key}`' for key in lacks)}"
                yield self.finding(Place(path, 1), "", path, f"{what}: GitHub starts nothing", "repair it")
        for problem in registry.pipeline.problems:
            yield self.finding(
                Place(problem.path, problem.line or 1),
                "",
                problem.path,
                f"{problem.path} {problem.problem}: it is not checked",
                "repair it",
            )


class BypassesChangeFilter(PipelineRule):
    """In a workflow that builds what changed, every job that publishes asks the filter.

    Why: a job beside the filtered matrix runs on every push, whatever was changed. LocalAI built and
    published one macOS backend this way for each commit, until it became a row of the matrix like the
    other 34 (#9731).

    Fails:

        jobs:
          changes: {...}                    # makes the matrix out of the diff
          build:
            needs: changes
            strategy: {matrix: "${{ fromJson(needs.changes.outputs.matrix) }}"}
          build-special: {...}              # needs nothing, builds always
          publish-special:
            needs: build-special

    Passes:

          build-special:
            needs: changes
            if: needs.changes.outputs.special == 'true'

    Fix: make it a row of the generated matrix, or let it need the filter.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Publishing jobs that neither are, feed nor need the job that filters, and what feeds them."""
        reported: set[Job] = set()
        for run, workflow in _parts(registry):
            made = matrix.generators(workflow)
            filters = {name for name in made if _filters(run, workflow.jobs[name], registry.tree)}
            if not filters:
                continue
            feeding = {name for f in filters for name in workflow.upstream(workflow.jobs[f])}
            free = {
                name
                for name, job in workflow.jobs.items()
                if name not in filters | feeding and not filters & set(workflow.upstream(job))
            }
            publishing = {
                name
                for name in free
                if any(_publishes(leg, registry.tree) for leg in _legs(run, workflow.jobs[name]))
            }
            fed = {name for p in publishing for name in workflow.upstream(workflow.jobs[p])}
            for name in sorted((publishing | fed) & free):
                job = workflow.jobs[name]
                runs = any(leg.job is job and leg.reached is not False for leg in run.jobs)
                if runs and job not in reported:
                    reported.add(job)
                    yield self.finding(
                        job,
                        "",
                        name,
                        f"{name} runs on every push: it does not ask {' or '.join(sorted(filters))}"
                        " what changed",
                        "make it a row of the generated matrix, or let it need the filter",
                    )


def _parts(registry: Repository) -> Iterator[tuple[Run, Workflow]]:
    """The workflows that pushes start, and those that they call."""
    for run in registry.runs.pushes():
        yield from ((run, workflow) for workflow in dict.fromkeys(job.workflow for job in run.every_job))


def _legs(run: Run, job: Job) -> Iterator[JobRun]:
    """The legs of a job, and of the workflow that it calls."""
    return (leg for leg in run.jobs if any(at.job is job for at in leg.chain))


def _filters(run: Run, job: Job, tree: Tree) -> bool:
    """Whether a job looks at what changed."""
    steps = (step for leg in _legs(run, job) for step in leg.steps)
    return any(_has(step, tree, Kind.diff) or _lists_changes(step.step, tree) for step in steps)


def _lists_changes(step: Step, tree: Tree) -> bool:
    """Whether a step, or a script that it runs, has git list the files that changed."""
    paths = (path for path in step.scripts if path.endswith(".sh"))
    scripts = (parsed(ShellSource, path, tree.read(path) or b"") for path in paths)
    commands = (command for script in (step.script, *scripts) for command in script.commands)
    listing = (c.words for c in commands if c.starts("git") and "diff" in c.words)
    return any(word.startswith("--name-") for words in listing for word in words)


def _publishes(leg: JobRun, tree: Tree) -> bool:
    """Whether a leg pushes or publishes something."""
    if leg.reached is False:
        return False
    published = (Kind.image, Kind.publication)
    return any(step.runs is not False and _has(step, tree, *published) for step in leg.steps)


def _has(step: StepRun, tree: Tree, *kinds: Kind) -> bool:
    done = effect_of(step, tree)
    return done is not None and done.kind in kinds


class ReduceSkippedByOneLeg(PipelineRule):
    """A matrix that merges what another matrix built runs although one leg of that failed.

    Why: a job waits for all legs of the jobs that it needs, and is skipped as a whole where one of them
    failed. Two of 199 builds failed in a release of LocalAI, and none of the 197 images that had been
    built got its tag.

    Fails:

        merge:
          needs: [changes, build]
          if: needs.changes.outputs.has-merges == 'true'
          strategy: {matrix: "${{ fromJson(needs.changes.outputs.merges) }}"}

    Passes:

        merge:
          needs: [changes, build]
          if: ${{ !cancelled() && needs.changes.outputs.has-merges == 'true' }}

    Checked where two outputs of one job make the matrices, or an axis of them, and the first is not
    `fail-fast`: a matrix that goes on with the rows of another, and a fixed one after a fixed one, is usually
    meant to need all of it. So is what waits for tests, and a test of all that was built: a job that is named
    after tests is left alone.

    Fix: `scaffold check --fix` adds `!cancelled() &&` to the condition.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Generated matrices that need a generated matrix, without a status function."""
        for job in registry.pipeline.jobs:
            own = matrix.generators_of(job)
            if not own or _is_gate(job) or _survives(job):
                continue
            for name, before in _skipping(job):
                if not own & matrix.generators_of(before) or _is_gate(before) or _never_fails(before):
                    continue
                if matrix.generated_by(before) & matrix.generated_by(job):
                    continue  # row by row it goes on with the other: all or nothing is meant
                if before.node.text("strategy", "fail-fast") not in ("", "true"):
                    condition = job.node.get("if")
                    fixable = isinstance(condition, yaml.Scalar) and condition.style in ("", '"')
                    yield self.finding(
                        job,
                        "",
                        f"{job.id} {name}",
                        f"one failed leg of {name} skips every leg of {job.id}",
                        "add !cancelled() && to its condition",
                        fix=partial(_survive, job.workflow, job) if fixable else None,
                    )


def _survives(job: Job) -> bool:
    """Whether the condition of a job asks for another status than that all went well."""
    asked = job.condition.expressions if job.condition is not None else ()
    return any(call.name in STATUS - {"success"} for node in asked for call in calls(node))


def _never_fails(job: Job) -> bool:
    return job.node.text("continue-on-error") == "true"


def _skipping(job: Job) -> Iterator[tuple[str, Job]]:
    """The jobs of which one failed leg skips a job, itself or through others that it skips."""
    pending, seen = list(job.needs), set[str]()
    for name in pending:
        before = job.workflow.jobs.get(name)
        if before is not None and name not in seen:
            seen.add(name)
            yield name, before
            pending += before.needs if not _survives(before) else ()


def _is_gate(job: Job) -> bool:
    """Whether a job is named after tests, and not after what it builds."""
    words = set(re.split(r"[^a-z0-9]+", job.id.lower()))
    return "build" not in words and not words.isdisjoint(
        ("test", "tests", "e2e", "lint", "check", "checks", "verify", "validate", "scan", "compare", "bench")
    )


def _survive(workflow: Workflow, job: Job, changes: ChangeSet) -> None:
    node = job.node.get("if")
    assert isinstance(node, yaml.Scalar)
    text = node.text.strip()
    if text.startswith("${{") and text.endswith("}}"):
        text = text[3:-2].strip()
    if "||" in text:
        text = f"({text})"
    quote = node.style
    changes.add(Edit(workflow.path, node.start, node.end, f"{quote}${{{{ !cancelled() && {text} }}}}{quote}"))


class MatrixOver256(PipelineRule):
    """No matrix makes more than 256 jobs.

    Why: GitHub makes none of them. The run waits and ends as a failure while every other job is green.
    For the matrix that LocalAI's script generates, `matrix-shard-limit` counts.

    Fails:

        matrix:
          version: [...]      # 30 of them
          target: [...]       # and 10 of these

    Passes:

        matrix:
          version: [...]      # 25
          target: [...]       # 10

    Fix: deal the rows among several jobs.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Jobs whose matrix has too many rows."""
        reported: set[Job] = set()
        for job, call in _matrices(registry):
            if job not in reported:
                count = matrix.expand(job.matrix, call.scope(job), registry.pipeline, job.id).count
                if count > matrix.LIMIT:
                    reported.add(job)
                    yield self.finding(
                        job.at("strategy", "matrix"),
                        "",
                        job.id,
                        f"the matrix of {job.id} makes {count} jobs, and of more than {matrix.LIMIT}"
                        " GitHub makes none",
                        "deal the rows among several jobs",
                    )


def _matrices(registry: Repository) -> Iterator[tuple[Job, Call]]:
    """The jobs with a matrix of their own, each under every event that may make another one of it."""
    seen: set[Job] = set()
    for run in registry.runs.all():
        for leg in run.jobs:
            if leg.job not in seen and leg.job.matrix is not None and not _is_generated(leg.job):
                seen.add(leg.job)
                yield leg.job, leg.call
    for job in registry.pipeline.jobs:
        if job.matrix is None or _is_generated(job):
            continue
        if job not in seen:
            yield job, written(job).call
        elif "github" in matrix.contexts(job.matrix):
            yield from ((job, call) for call in calls_of(job.workflow))


def _is_generated(job: Job) -> bool:
    return isinstance(job.matrix, yaml.Scalar) and bool(matrix.generated_by(job))


class ReusableLiteralDrift(PipelineRule):
    """Workflows that call one reusable workflow pass the same version.

    Why: the version stands in each caller, and is raised in one of them. What the pull request tested is
    then not what the release is built with.

    Fails:

        # release.yml                        # pr.yml
        uses: ./.github/workflows/build.yml  uses: ./.github/workflows/build.yml
        with: {go-version: "1.25.x"}         with: {go-version: "1.24.x"}

    Passes:

        # both
        with: {go-version: "1.25.x"}

    A workflow that itself calls with several versions tests several, and is left alone; so is one that is
    named after its version.

    Fix: write the version once, as the default of the reusable workflow's input.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Literal versions in which the callers of one workflow differ."""
        callers: dict[tuple[str, str], dict[str, list[tuple[Job, str]]]] = {}
        for job in registry.pipeline.jobs:
            if job.called is None:
                continue
            for name, value in job.node.mapping("with").values.items():
                text = _literal(value)
                named = text is not None and text in f"{job.path} {job.workflow.name}"
                if "version" in name.lower() and text is not None and not named:
                    by_path = callers.setdefault((job.called.path, name), {})
                    by_path.setdefault(job.workflow.path, []).append((job, text))
        for (uses, name), by_path in callers.items():
            single = {p: jobs for p, jobs in by_path.items() if len({text for _, text in jobs}) == 1}
            first: tuple[Job, str] | None = None
            for jobs in single.values():
                job, text = jobs[0]
                first = first or (job, text)
                if text != first[1]:
                    yield self.finding(
                        job.at("with", name),
                        "",
                        f"{job.id} {name}",
                        f"{name} of {uses} is {text!r} here and {first[1]!r} in {first[0].path}",
                        "pass one version, or leave it to the default of the input",
                    )


def _literal(value: yaml.Value) -> str | None:
    """What a value is in every run; None where that is not known."""
    of = template(value.text) if isinstance(value, yaml.Scalar) else None
    if of is None or of.contexts:
        return None
    return "".join(part if isinstance(part, str) else str(getattr(part, "content", "")) for part in of.parts)
