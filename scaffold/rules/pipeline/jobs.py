"""Rules about jobs: which of them run, how many, and whether their files can be read at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.backend.near import nearest
from scaffold.checkout.tree import Tree
from scaffold.pipeline import matrix
from scaffold.pipeline.calls import Call
from scaffold.pipeline.effects import Kind, effects_of
from scaffold.pipeline.expressions.templates import template
from scaffold.pipeline.model import Job, Workflow
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.runs import Run, written
from scaffold.pipeline.scopes import JobRun, StepRun
from scaffold.pipeline.steps import Step
from scaffold.pipeline.triggers import calls_of
from scaffold.registry import Registry
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.rules.pipeline.reduces import is_gate
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

    A job that waits for one that the file does not have is an error: GitHub refuses the whole file.

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
            yield from self._waiting(workflow) if workflow else ()
        for problem in registry.pipeline.problems:
            yield self.finding(
                Place(problem.path, problem.line or 1),
                "",
                problem.path,
                f"{problem.path} {problem.problem}: it is not checked",
                "repair it",
            )

    def _waiting(self, workflow: Workflow) -> Iterator[Finding]:
        """Names that jobs wait for and that no job of the file has: each where it is, or the job's own."""
        known = workflow.node.mapping("jobs").keys
        lower = {name.lower() for name in known}  # GitHub does not tell cases apart
        waiting: dict[str, list[yaml.Scalar]] = {}
        for job in workflow.jobs.values():
            for need in yaml.scalars(job.node.get("needs")):
                waiting.setdefault(need.text, []).append(need)
        for name, needs in waiting.items():
            if not name or name.lower() in lower or "${{" in name:
                continue
            meant = nearest(name, (one for one in known if len(one) > len("ab")))
            renamed = meant and meant not in waiting and len(needs) > 1
            yield self.finding(
                workflow.source.place((known[meant] if renamed else needs[0]).start),
                "",
                f"needs {name}",
                f"{_count(len(needs))} for {name}, which is no job of this file: GitHub starts nothing of it",
                f"name this job {name}"
                if renamed
                else f"write {meant}"
                if meant
                else "name a job of the file, or delete the name",
                severity=Severity.error,
            )


def _count(jobs: int) -> str:
    return "a job waits" if jobs == 1 else f"{jobs} jobs wait"


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

    Where the filter decides only what is tested, everything may be published; and a job may ask by itself
    what changed.

    Fix: make it a row of the generated matrix, or let it need the filter.
    """

    severity = Severity.error
    explained_by = ("workflow-unreadable",)

    def follows(self, finding: Finding, cause: Finding) -> bool:  # noqa: ARG002
        """Where the job, or one before it, waits for a job that the file does not have."""
        return cause.subject.startswith("needs ")

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Publishing jobs that neither are, feed nor need the job that filters, and what feeds them."""
        reported: set[Job] = set()
        for run, workflow in _parts(registry):
            made = matrix.generators(workflow)
            filters = {name for name in made if _filters(run, workflow.jobs[name], registry.tree)}
            if not filters:
                continue
            feeding = {name for f in filters for name in workflow.upstream(workflow.jobs[f])}
            asking = {name for name, job in workflow.jobs.items() if filters & set(workflow.upstream(job))}
            free = workflow.jobs.keys() - filters - feeding - asking
            publishing = {name for name in free if _publishes(run, workflow.jobs[name], registry.tree)}
            asked = [workflow.jobs[name] for name in asking]
            if not publishing or (
                all(map(is_gate, asked)) and not any(_publishes(run, job, registry.tree) for job in asked)
            ):
                continue  # what changed is tested, and not published
            free = {
                name
                for name in free
                if not any(_asks(run, job, registry.tree) for job in _line(workflow, name))
            }
            publishing &= free
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


def _line(workflow: Workflow, name: str) -> Iterator[Job]:
    """A job and those before it."""
    yield workflow.jobs[name]
    yield from workflow.upstream(workflow.jobs[name]).values()


def _asks(run: Run, job: Job, tree: Tree) -> bool:
    """Whether a job asks by itself what changed: the event, git, or a filter of its own."""
    asked = job.condition.reads if job.condition is not None else ()
    return any(path[:3] in _PUSHED for path in asked) or _filters(run, job, tree)


_PUSHED = {("github", "event", "commits"), ("github", "event", "head_commit")}
"""What the event says of the commits of a push."""


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


def _publishes(run: Run, job: Job, tree: Tree) -> bool:
    """Whether a leg of a job, or of the workflow that it calls, pushes or publishes something."""
    published = (Kind.image, Kind.publication)
    steps = (step for leg in _legs(run, job) if leg.reached is not False for step in leg.steps)
    return any(step.runs is not False and _has(step, tree, *published) for step in steps)


def _has(step: StepRun, tree: Tree, *kinds: Kind) -> bool:
    return any(done.kind in kinds for done in effects_of(step, tree))


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
            if leg.job not in seen:
                seen.add(leg.job)
                if leg.job.matrix is not None and not _is_generated(leg.job):
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

    An input is one for a version by its name, or where it is named after a tool and given a number:
    `go: "1.25"`. A workflow that itself calls with several versions tests several, and is left alone; so is
    one that is named after its version. `version` alone is that of what is made, which is something else
    where another input has another value: `flavor: lite`.

    In LocalAI it is a warning; elsewhere an info, for there the two may be meant to differ.

    Fix: write the version once, as the default of the reusable workflow's input.
    """

    severity = Severity.info

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Literal versions in which the callers of one workflow differ."""
        callers: dict[tuple[str, str], dict[str, list[tuple[Job, str]]]] = {}
        for job in registry.pipeline.jobs:
            if job.called is None:
                continue
            for name, value in job.node.mapping("with").values.items():
                text = _literal(value)
                named = text is not None and text in f"{job.path} {job.workflow.name}"
                if text is not None and _is_version(name, text) and not named:
                    by_path = callers.setdefault((job.called.path, name), {})
                    by_path.setdefault(job.workflow.path, []).append((job, text))
        for (uses, name), by_path in callers.items():
            single = {p: jobs for p, jobs in by_path.items() if len({text for _, text in jobs}) == 1}
            first: tuple[Job, str] | None = None
            for jobs in single.values():
                job, text = jobs[0]
                first = first or (job, text)
                made = name.lower() == "version" and _makes_another(job, first[0])
                if text != first[1] and not made:
                    yield self.finding(
                        job.at("with", name),
                        "",
                        f"{job.id} {name}",
                        f"{name} of {uses} is {text!r} here and {first[1]!r} in {first[0].path}",
                        "pass one version, or leave it to the default of the input",
                        severity=Severity.warning if isinstance(registry, Registry) else self.severity,
                    )


def _makes_another(one: Job, other: Job) -> bool:
    """Whether two calls of a workflow make different things: they give it another word beside versions."""
    first, second = (
        {
            (name, text)
            for name, value in job.node.mapping("with").values.items()
            if (text := _literal(value)) and text not in ("true", "false") and not _is_version(name, text)
        }
        for job in (one, other)
    )
    return {name for name, _ in first - second} & {name for name, _ in second - first} != set()


def _is_version(name: str, text: str) -> bool:
    """Whether an input is for a version: it says so, and is no switch, or names a tool and has a number."""
    name = name.lower()
    tool = name.removesuffix("ver").removesuffix("release").rstrip("-_")
    return ("version" in name and text not in ("true", "false")) or (
        tool in _TOOLS and re.fullmatch(r"v?\d+(?:\.(?:\d+|x|\*))*", text) is not None
    )


_TOOLS = frozenset(
    {"bun", "cmake", "cuda", "dart", "deno", "dotnet", "flutter", "go", "golang", "gradle", "helm", "java"}
    | {"jdk", "maven", "node", "nodejs", "php", "pnpm", "protoc", "py", "python", "rocm", "ruby", "rust"}
    | {"rustc", "swift", "terraform", "toolchain", "ubuntu", "xcode", "zig"}
)
"""Tools that inputs are named after."""


def _literal(value: yaml.Value) -> str | None:
    """What a value is in every run; None where that is not known."""
    of = template(value.text) if isinstance(value, yaml.Scalar) else None
    if of is None or of.contexts:
        return None
    return "".join(part if isinstance(part, str) else str(getattr(part, "content", "")) for part in of.parts)
