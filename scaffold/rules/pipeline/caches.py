"""Rules about caches: what is in a key, who writes it, and what a restore assumes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.pipeline import docker
from scaffold.pipeline.expressions.nodes import names
from scaffold.pipeline.expressions.values import HOLE, is_known
from scaffold.pipeline.patterns import WILDCARDS
from scaffold.pipeline.runs import Run
from scaffold.pipeline.scopes import JobRun, StepRun
from scaffold.pipeline.triggers import pull_request_of
from scaffold.registry import Registry
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.shell import commands

if TYPE_CHECKING:
    from scaffold.pipeline.model import Job, Occurrence, Step
    from scaffold.pipeline.repository import Repository

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


def lines(text: str) -> Iterator[str]:
    """The lines of a list that an action takes as text."""
    return (line.strip() for line in text.split("\n") if line.strip())


def restores(leg: JobRun) -> list[Use]:
    """The restores of a job."""
    return [Use.of(step) for step in leg.using(RESTORE, BOTH)]


@lru_cache(maxsize=64)
def writers(run: Run) -> list[Use]:
    """Every step of a run that writes a cache."""
    return [Use.of(step) for leg in run.using(SAVE, BOTH) for step in leg.using(SAVE, BOTH)]


class CacheToOnPr(PipelineRule):
    """A pull request does not write the registry cache that all builds read.

    Why: the cache of a branch that is never merged replaces the one that master made, and every build
    after it starts cold, or from layers that nobody reviewed.

    Fails:

        - uses: docker/build-push-action@v7
          with:
            cache-to: type=registry,ref=example/ci-cache:app,mode=max

    Passes:

        - uses: docker/build-push-action@v7
          if: github.event_name != 'pull_request'
          with:
            cache-to: type=registry,ref=example/ci-cache:app,mode=max

    A ref of its own for each pull request is fine.

    Fix: give pull requests a build step without `cache-to`, or make it
    `${{ github.event_name != 'pull_request' && '...' || '' }}`.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Build steps that a pull request certainly runs and that write one registry ref for all."""
        reported: set[Step] = set()
        for run in registry.runs.pull_requests():
            written = [
                (leg, number, step, refs)
                for leg in run.using(*docker.BUILD)
                for number, step in enumerate(leg.using(*docker.BUILD))
                if (refs := _registry_refs(step))
            ]
            if not written:
                continue
            twin = Run(run.workflow, pull_request_of(run.workflow, number=2, head_ref="another"))
            twins = dict(zip(run.jobs, twin.jobs, strict=False))
            for leg, number, step, refs in written:
                if leg not in twins or step.step in reported:
                    continue
                shared = refs & _registry_refs(list(twins[leg].using(*docker.BUILD))[number])
                if shared:
                    reported.add(step.step)
                    yield self.finding(
                        step.step.at("with", "cache-to"),
                        "",
                        step.step.title,
                        f"a pull request writes the cache {_shown(min(shared))}, which other builds read",
                        "write the cache on pushes only, and let pull requests read it",
                    )


def _registry_refs(step: StepRun) -> set[str]:
    """The refs that a step certainly writes."""
    if "cache-to" not in step.step.given or not step.runs:
        return set()
    refs = {o.get("ref", "") for o in docker.cache_exports(step) if o["type"] == "registry"}
    return {ref for ref in refs if ref and not re.search(f"{HOLE}(?:steps|needs|env)@", ref)}


def _shown(text: str) -> str:
    """A rendered text for people: a hole is three dots."""
    return re.sub(f"{HOLE}[^\ue001]*\ue001", "…", text)


class CacheToIgnoreError(PipelineRule):
    """A registry that refuses the cache does not fail the build.

    Why: the cache is written after the image is built. Without `ignore-error=true` an hour of work is
    thrown away because the registry had a bad minute. Checked in LocalAI alone: elsewhere a cache that
    is not written may matter more.

    Fails:

        cache-to: type=registry,ref=quay.io/example/ci-cache:app,mode=max

    Passes:

        cache-to: type=registry,ref=quay.io/example/ci-cache:app,mode=max,ignore-error=true

    Fix: `scaffold check --fix` adds it.
    """

    severity = Severity.warning
    fixable = True

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Registry exports of LocalAI's build steps without `ignore-error=true`."""
        if not isinstance(registry, Registry):
            return
        for workflow in registry.pipeline.workflows:
            for job in workflow.jobs.values():
                for occurrence in job.using(*docker.BUILD):
                    node = occurrence.step.node.get("with", "cache-to")
                    if not isinstance(node, yaml.Scalar) or "type=registry" not in node.text:
                        continue
                    if "ignore-error=true" not in node.text:
                        one_line = node.style == "" and "\n" not in node.text
                        yield self.finding(
                            occurrence.step.at("with", "cache-to"),
                            "",
                            occurrence.step.title,
                            "the build fails where the registry refuses its cache",
                            "add ,ignore-error=true",
                            fix=partial(_insert, occurrence.step.path, node.end, ",ignore-error=true")
                            if one_line
                            else None,
                        )


def _insert(path: str, offset: int, text: str, changes: ChangeSet) -> None:
    changes.add(Edit(path, offset, offset, text))


class SaveRestoreDiffer(PipelineRule):
    """What a job saves in the cache is what it restores from it.

    Why: the list of paths is part of a cache's version. A save with one path more, or in another order
    of parents, makes a cache that the restore of the same key never finds: every run is cold, and no
    step fails.

    Fails:

        - uses: actions/cache/restore@v4
          with: {path: ~/.cache/a, key: tools-v1}
        - uses: actions/cache/save@v4
          with: {path: ~/.cache/a/b, key: tools-v1}

    Passes:

        - uses: actions/cache/restore@v4
          with: {path: ~/.cache/a, key: tools-v1}
        - uses: actions/cache/save@v4
          with: {path: ~/.cache/a, key: tools-v1}

    Fix: give both steps the same paths, and a save whose key begins with what the restore looks for.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Pairs of one key with other paths, and saves whose key no restore of the paths looks for."""
        reported: set[Step] = set()
        for run in registry.runs.all():
            odd = {job: [o for o in job.using(SAVE) if not _spelled_alike(o, job)] for job in run.every_job()}
            for leg in run.jobs if any(odd.values()) else ():
                saves = [leg.bind(o) for o in odd[leg.job] if o.step not in reported]
                found = restores(leg) if saves else []
                for save in map(Use.of, saves if found else ()):
                    problem = _differs(save, found)
                    if problem:
                        reported.add(save.at.step)
                        yield self.finding(
                            save.at.step.at("with", "key"),
                            "",
                            save.at.step.title,
                            problem,
                            "let save and restore agree on paths and key",
                        )


def _spelled_alike(save: Occurrence, job: Job) -> bool:
    """Whether a restore of the job has the paths and the key of a save, letter by letter."""
    if save.outer is not None or "env" in save.step.node.values:
        return False
    spelled = [save.step.node.text("with", name) for name in ("path", "key")]
    return any(
        o.outer is None
        and "env" not in o.step.node.values
        and [o.step.node.text("with", name) for name in ("path", "key")] == spelled
        for o in job.using(RESTORE, BOTH)
    )


def _differs(save: Use, found: Sequence[Use]) -> str:
    same_key = [r for r in found if r.key == save.key]
    if same_key and not any(r.paths == save.paths for r in same_key):
        return f"the key {_shown(save.key)} is restored with other paths: this cache is never found"
    same_paths = [r for r in found if r.paths == save.paths]
    if same_paths and not any(_related(save, r) for r in same_paths):
        return f"no restore of these paths looks for {_shown(save.key)}: this cache is never read here"
    return ""


def _related(save: Use, restore: Use) -> bool:
    """Whether a restore may find what a save writes."""
    wanted = [restore.key, *lines(restore.at.input("restore-keys"))]
    return any(_may_start(save.key, key) for key in wanted)


def _may_start(text: str, prefix: str) -> bool:
    """Whether a text may start with another one; what is unknown may be anything."""
    if text.startswith(prefix):
        return True
    length = min(text.find(HOLE) % (len(text) + 1), prefix.find(HOLE) % (len(prefix) + 1))
    return text[:length] == prefix[:length] and not (is_known(text) and is_known(prefix))


class LegsShareCacheRef(PipelineRule):
    """No two jobs of one run write the same cache or artifact.

    Why: the one that finishes last replaces the other's cache, and an artifact of a taken name fails the
    upload. The legs of a matrix need what tells them apart in the name: usually the architecture.

    Fails:

        strategy:
          matrix: {arch: [amd64, arm64]}
        steps:
          - uses: docker/build-push-action@v7
            with:
              cache-to: type=registry,ref=example/ci-cache:app

    Passes:

        cache-to: type=registry,ref=example/ci-cache:app-${{ matrix.arch }}

    Fix: put the axis that differs into the name.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Refs and artifact names that two jobs of a run write."""
        reported: set[tuple[Step, str]] = set()
        for run in registry.runs.all():
            first: dict[tuple[str, str], StepRun] = {}
            for leg in run.using(*docker.BUILD, "actions/upload-artifact"):
                for step in leg.using(*docker.BUILD, "actions/upload-artifact") if leg.complete else ():
                    for kind, name in _written(step) if step.runs is not False else ():
                        earlier = first.setdefault((kind, name), step)
                        if earlier.job is leg or not _together(earlier, step):
                            continue
                        if (step.step, kind) not in reported:
                            reported.add((step.step, kind))
                            yield self.finding(
                                step.step,
                                "",
                                f"{kind} {step.step.title}",
                                f"two jobs of one run write the {kind} {_shown(name)}:"
                                f" {_leg(earlier.job)} and {_leg(leg)}",
                                "put what tells the jobs apart into the name",
                            )


def _written(step: StepRun) -> Iterator[tuple[str, str]]:
    if step.step.action in docker.BUILD:
        for options in docker.cache_exports(step):
            if options["type"] == "registry" and options.get("ref"):
                yield "cache", options["ref"]
    elif not step.step.uses.endswith(("@v1", "@v2", "@v3")) and step.input("overwrite") != "true":
        yield "artifact", artifact_name(step)


def artifact_name(step: StepRun) -> str:
    """The name of the artifact that a step uploads; one that is no archive is named after its file."""
    if step.input("archive") == "false":
        return step.input("path").strip().rpartition("/")[2]
    return step.input("name") or "artifact"


def _together(one: StepRun, other: StepRun) -> bool:
    """Whether one run certainly has both steps, if it has the first."""
    if one.step is other.step and one.job.job is other.job.job:
        return one.runs == other.runs
    return bool(one.runs and other.runs)


def _leg(leg: JobRun) -> str:
    values = [str(v) for v in leg.root.row.values() if isinstance(v, str) and v][:3]
    return f"{leg.root.job.id} ({', '.join(values)})" if values else leg.root.job.id


class KeyHardCodesAxis(PipelineRule):
    """A cache key does not name one value of an axis that its job runs over.

    Why: a key that says `amd64` in a job that also runs for arm64 gives the arm64 leg the packages of
    amd64. In lf-edge/eve the arm64 jobs built every package again because of it.

    Fails:

        matrix: {arch: [amd64, arm64]}
        # ...
        key: tools-amd64-${{ github.sha }}

    Passes:

        key: tools-${{ matrix.arch }}-${{ github.sha }}

    A step whose `if` names the axis is meant for that value.

    Fix: write `${{ matrix.<axis> }}` instead of its value.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Keys with a word that is a value of an axis which the key does not read."""
        reported: set[Step] = set()
        for run in registry.runs.all():
            by_job: dict[object, list[JobRun]] = {}
            for leg in run.using(SAVE, RESTORE, BOTH):
                if leg.complete and len(leg.row) > 0:
                    by_job.setdefault((leg.call, leg.job), []).append(leg)
            for legs in by_job.values():
                for occurrence in legs[0].job.using(SAVE, RESTORE, BOTH) if len(legs) > 1 else ():
                    step = occurrence.step
                    found = _hard_coded(step, legs)
                    if found is None or step in reported or _guarded(occurrence.chain, found[0]):
                        continue
                    axis, value = found
                    if any(
                        leg.row.get(axis) != value and leg.bind(occurrence).runs is not False for leg in legs
                    ):
                        reported.add(step)
                        yield self.finding(
                            step.at("with", "key"),
                            "",
                            f"{step.title} {axis}",
                            f"the key says {value!r}, and the job runs for other values of matrix.{axis} too",
                            f"write ${{{{ matrix.{axis} }}}} instead of {value}",
                        )


def _hard_coded(step: Step, legs: Sequence[JobRun]) -> tuple[str, str] | None:
    """The axis whose value a key spells out, and the value."""
    key = step.input("key")
    read = set(key.names("matrix")) if key is not None else {"*"}
    if key is None or "*" in read:
        return None
    literal = "\0".join(part for part in key.parts if isinstance(part, str))
    for axis in legs[0].row:
        values = {value for leg in legs if isinstance(value := leg.row.get(axis), str)}
        if axis.lower() in read or len(values) < 2:  # noqa: PLR2004 - two values
            continue
        for value in sorted(v for v in values if re.search(r"[A-Za-z]{2}", v)):
            if re.search(rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])", literal):
                return axis, value
    return None


def _guarded(steps: Iterable[Step], axis: str) -> bool:
    for step in steps:
        read = {n for e in (step.condition.expressions if step.condition else ()) for n in names(e, "matrix")}
        if axis.lower() in read or "*" in read:
            return True
    return False


class RebuildAfterRestore(PipelineRule):
    """A job does not build again what it has just restored.

    Why: the target is there to be a no-op. When the restore is wrong, it is silently the whole build:
    lf-edge/eve rebuilt every arm64 package in the job that was meant to use them.

    Fails:

        # the job `packages` runs `make pkgs` and caches its folder; this job needs it, and
        - uses: actions/cache/restore@v4
          with: {path: ~/.linuxkit/cache, key: "...", fail-on-cache-miss: true}
        - run: make pkgs eve

    Passes:

        - run: make eve

    Fix: leave out the target that the other job built; a missing cache then fails the step that needs it.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Make targets that the job which wrote the restored cache ran too."""
        for workflow in registry.pipeline.workflows:
            for job in workflow.jobs.values():
                restored = {
                    o.step.node.text("with", "path").strip()
                    for o in job.using(RESTORE, BOTH)
                    if o.step.node.text("with", "fail-on-cache-miss") == "true"
                }
                for writer in workflow.upstream(job).values() if restored else ():
                    saved = {o.step.node.text("with", "path").strip() for o in writer.using(SAVE, BOTH)}
                    built = (
                        {t for step in writer.steps for t in _targets(step)} if saved & restored else set()
                    )
                    for step in job.steps:
                        for target in sorted(set(_targets(step)) & built):
                            yield self.finding(
                                step.line_of("make "),
                                "",
                                f"{job.id} {target}",
                                f"make {target} builds what the job {writer.id} built and this one restored",
                                f"leave {target} out: what is restored must be enough",
                            )


def _targets(step: Step) -> Iterator[str]:
    for command in commands(step.run):
        if command.starts("make"):
            for word in command.bare[1:]:
                if re.fullmatch(r"[a-zA-Z][\w./-]*", word):
                    yield word


class SkippableSecondRestore(PipelineRule):
    """A step that replaces a restored folder by another is not left out by chance.

    Why: two caches are restored into one folder, the second one only where a step says so. Where it is
    left out, the folder keeps the first one's content, which is another architecture's or another
    platform's, and the build goes on with it.

    Fails:

        - uses: actions/cache/restore@v4
          with: {path: ~/cache, key: tools-amd64}
        - uses: actions/cache/restore@v4
          if: steps.arch.outputs.matched != 'true'
          with: {path: ~/cache, key: "packages-${{ matrix.arch }}"}

    Passes:

        - uses: actions/cache/restore@v4
          if: matrix.arch == 'riscv64'
          with: {path: ~/cache, key: tools-amd64}
        - uses: actions/cache/restore@v4
          with: {path: ~/cache, key: "packages-${{ matrix.arch }}"}

    A second restore after a miss of the first one is a fallback, and fine.

    Fix: decide by the matrix, not by the output of a step, or restore into two folders.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Restores of a folder that another restore filled, under a condition that only a run knows."""
        reported: set[Step] = set()
        for run in registry.runs.all():
            for leg in run.using(RESTORE, BOTH):
                steps = [o.step for o in leg.job.using(RESTORE, BOTH)]
                found = restores(leg) if any("steps." in s.node.text("if") for s in steps) else []
                for position, second in enumerate(found):
                    own = second.at.step.condition
                    text = second.at.step.node.text("if")
                    if own is None or second.at.step in reported or "cache-hit" in text or "outcome" in text:
                        continue
                    reads = {c for e in own.expressions for c in names(e, "steps")}
                    for first in found[:position]:
                        if (
                            reads
                            and first.at.runs == leg.reached
                            and second.at.runs is None
                            and first.paths == second.paths
                            and first.key != second.key
                        ):
                            reported.add(second.at.step)
                            yield self.finding(
                                second.at.step.at("if"),
                                "",
                                second.at.step.title,
                                f"where this restore is skipped, the folder keeps {_shown(first.key)}"
                                f" from line {first.at.line}",
                                "decide by the matrix which of the two is restored",
                            )
                            break


class RestoreWithoutWriter(PipelineRule):
    """A cache that must be there is written by some job.

    Why: `fail-on-cache-miss` turns a missing cache into a failed job. A key that no leg of any job
    writes fails always, or is never reached and hides that the leg has nothing of its own.

    Fails:

        # only generic and nvidia are ever built
        key: packages-${{ matrix.platform }}        # and the matrix has platform: rt
        fail-on-cache-miss: true

    Passes:

        key: packages-${{ matrix.platform == 'rt' && 'generic' || matrix.platform }}

    Fix: write the key that the leg shares, or build what is missing.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Restores that must hit, of a key that no writer of the run has."""
        everywhere: dict[str, list[Step]] = {}
        for workflow in registry.pipeline.workflows:
            for job in workflow.jobs.values():
                for o in job.using(SAVE, BOTH):
                    everywhere.setdefault(o.step.node.text("with", "path").strip(), []).append(o.step)
        reported: set[tuple[Step, str]] = set()
        for run in registry.runs.all():
            for leg in run.using(RESTORE, BOTH) if run.complete else ():
                for at in leg.using(RESTORE, BOTH):
                    step = at.step
                    if at.input("fail-on-cache-miss") != "true" or at.runs is False:
                        continue
                    use = Use.of(at)
                    others = everywhere.get(step.node.text("with", "path").strip(), [])
                    if any(o.path != step.path and _may_write(o, use.key) for o in others):
                        continue  # another workflow writes it, some time before
                    keys = {w.key for w in writers(run) if w.paths == use.paths}
                    if not any(_may_equal(key, use.key) for key in keys) and (step, use.key) not in reported:
                        reported.add((step, use.key))
                        yield self.finding(
                            step.at("with", "key"),
                            "",
                            f"{step.title} {_leg(leg)}",
                            f"no job writes {_shown(use.key)}, which {_leg(leg)} must restore",
                            "restore a key that some job writes, or write this one",
                        )


def _may_write(step: Step, key: str) -> bool:
    """Whether a step of another workflow may write a key: a commit or a run in it is a number."""
    of = step.input("key")
    pattern = ""
    for part in of.parts if of is not None else ():
        if isinstance(part, str):
            pattern += re.escape(part)
        else:
            numbers = set(names(part, "github")) & {"sha", "run_id", "run_number", "run_attempt"}
            pattern += "[0-9a-f]+" if numbers else "(?s:.*)"
            if pattern.count(".*") > WILDCARDS:
                break
    return re.fullmatch(pattern, key, re.DOTALL) is not None


def _may_equal(one: str, other: str) -> bool:
    """Whether two rendered texts may be the same."""
    if one == other:
        return True
    if is_known(one) and is_known(other):
        return False
    return one.partition(HOLE)[0].startswith(other.partition(HOLE)[0]) or other.partition(HOLE)[0].startswith(
        one.partition(HOLE)[0]
    )
