"""Restores of caches: what a job assumes that it gets."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache

from scaffold.checkout.tree import Tree
from scaffold.pipeline import docker
from scaffold.pipeline.caches import BOTH, RESTORE, SAVE
from scaffold.pipeline.expressions.values import HOLE, HOLE_END, is_known, may_equal, shown
from scaffold.pipeline.flows import Flow, cached, flows_of, may_find, may_hold_same, may_save, restores_of
from scaffold.pipeline.model import Job
from scaffold.pipeline.patterns import spread
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.runs import Run, written
from scaffold.pipeline.steps import Occurrence, Step
from scaffold.rules.base import Finding, PipelineRule, Severity


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
        reported: set[tuple[Job, str]] = set()
        for run, use in must_be_found(registry):
            flows, leg = flows_of(run), use.at.job
            makers = (w.at.job for w in flows.saves if w.paths == use.paths and flows.waits(leg, w.at.job))
            for writer in dict.fromkeys(maker.job for maker in makers if maker.job is not leg.job):
                built = {t for o in writer.occurrences for t in _targets(o.step)}
                for step in (o.step for o in leg.job.occurrences):
                    for target in sorted(built.intersection(_targets(step))):
                        if (leg.job, target) not in reported:
                            reported.add((leg.job, target))
                            yield self.finding(
                                step.line_of("make "),
                                "",
                                f"{leg.job.id} {target}",
                                f"make {target} builds what the job {writer.id} built and this one restored",
                                f"leave {target} out: what is restored must be enough",
                            )


def must_be_found(registry: Repository) -> Iterator[tuple[Run, Flow]]:
    """The restores without which a job fails."""
    asking = {
        job
        for job in registry.pipeline.jobs
        if any("fail-on-cache-miss" in o.step.given for o in job.using(RESTORE, BOTH))
    }
    for run in registry.runs.all() if asking else ():
        for use in flows_of(run).restores if not asking.isdisjoint(run.every_job) else ():
            if use.at.input("fail-on-cache-miss") == "true":
                yield run, use


def _targets(step: Step) -> Iterator[str]:
    for command in step.script.commands if "make" in step.run else ():
        if command.bare[:1] in (("make",), ("gmake",)):
            for before, word in itertools.pairwise(command.bare):
                made = re.fullmatch(r"(?!clean|distclean)[a-zA-Z][\w./-]*", word)
                if made and before not in _WITH_OPERAND:
                    yield word


_WITH_OPERAND = ("-C", "--directory", "-f", "--file", "--makefile", "-I", "-o", "-W")
"""Options of make with another word behind them."""


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
                by_chance = any(map(_by_chance, leg.job.using(RESTORE, BOTH)))
                found = restores_of(leg) if by_chance else []
                for position, second in enumerate(found):
                    step = _by_chance(second.at.occurrence)
                    if step is None or step in reported or second.at.in_cold is not None:
                        continue  # in_cold: it takes the place of a restore that found nothing
                    for first in found[:position]:
                        same = _places(first) == _places(second) and first.name != second.name
                        if same and first.at.runs == leg.reached:
                            reported.add(step)
                            yield self.finding(
                                step.at("if"),
                                "",
                                step.title,
                                f"where this restore is skipped, the folder keeps {shown(first.name)}"
                                f" from line {first.at.line}",
                                "decide by the matrix which of the two is restored",
                            )
                            break


def _places(restore: Flow) -> set[str]:
    """The folders that a cache is restored to: of another spelling it is another cache, in the same place."""
    return {posixpath.normpath(re.sub(_AT_HOME, "~/", path)) for path in restore.paths}


_AT_HOME = r"^(?:\$HOME|\$\{HOME\}|/home/runner)/"


@lru_cache(maxsize=256)
def _by_chance(occurrence: Occurrence) -> Step | None:
    """What is left out where other steps or jobs say so, and not how they ended: a step, or its action."""
    conditions = ((s, s.condition) for s in occurrence.chain)
    asking = ((s, of) for s, of in conditions if of is not None and not of.contexts.isdisjoint(_SAID))
    return next((s for s, of in asking if not any("outcome" in path for path in of.reads)), None)


_SAID = {"steps", "needs", "env"}


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

    `hashFiles()` of other files of the repository is another key. A step of `actions/cache` that fails where
    it finds nothing never writes its key, nor does a save behind the restore that fails.

    Fix: write the key that the leg shares, or build what is missing.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Restores that must hit, of a key that no writer of the run has."""
        writers = [job for job in registry.pipeline.jobs if job.using(SAVE, BOTH)]
        reported: set[tuple[Step, str]] = set()
        for run, use in must_be_found(registry):
            at, step = use.at, use.at.step
            if not run.complete or (step, use.name) in reported:
                continue
            if any(_may_write(job, use) for job in writers if job not in run.every_job):
                continue  # another workflow writes it, some time before
            saves = [w._replace(paths=use.paths) for w in flows_of(run).saves if may_hold_same(w, use)]
            saves = [save for save in saves if not _is_behind(save, use)]
            begins = "restore-keys" in step.given and any(may_find(use, w) for w in saves)
            found = (w for w in saves if may_equal(w.name, use.name))
            if not begins and all(_hash_others(registry.tree, w.name, use.name) for w in found):
                reported.add((step, use.name))
                yield self.finding(
                    step.at("with", "key"),
                    "",
                    f"{step.title} {at.job.title}",
                    f"no job writes {shown(use.name)}, which {at.job.title} must restore",
                    "restore a key that some job writes, or write this one",
                )


def _is_behind(save: Flow, use: Flow) -> bool:
    """Whether a leg comes to a save only if it has found what it must restore."""
    if save.at.job is not use.at.job or use.at.runs is None or save.at.step.condition is not None:
        return False
    steps, chain = use.at.job.job.occurrences, use.at.occurrence.chain
    goes_on = any(step.node.text("continue-on-error") not in ("", "false") for step in chain)
    return not goes_on and steps.index(use.at.occurrence) < steps.index(save.at.occurrence)


def _hash_others(tree: Tree, one: str, other: str) -> bool:
    """Whether two keys differ in what they hash, and in nothing else."""
    if one == other or re.split(_HASH, one)[::2] != re.split(_HASH, other)[::2]:
        return False
    pairs = zip(re.findall(_HASH, one), re.findall(_HASH, other), strict=True)
    hashed = ((_hashed(tree, mine), _hashed(tree, theirs)) for mine, theirs in pairs)
    return any(mine and theirs and mine != theirs for mine, theirs in hashed)


def _hashed(tree: Tree, patterns: str) -> set[str]:
    """The files of the repository that `hashFiles` takes; none where a run may make others."""
    listed = [pattern.removeprefix("./") for pattern in re.findall(r"'([^']*)'", patterns)]
    found = [docker.files_of(tree, pattern) for pattern in listed if not pattern.startswith("!")]
    return {path for paths in found for path in paths} if found and all(found) else set()


_HASH = rf"{HOLE}hashfiles\(([^(){HOLE_END}]*)\){HOLE_END}"


def _may_write(job: Job, wanted: Flow) -> bool:
    """Whether a job of another workflow may write a cache: a commit or a run in its key is a number."""
    steps = (written(job).bind(occurrence) for occurrence in job.using(SAVE, BOTH))
    for save in (cached(step, writes=True) for step in filter(may_save, steps)):
        texts = re.split(f"{HOLE}([^{HOLE}{HOLE_END}]*+){HOLE_END}", save.name)
        parts = [re.escape(texts[0])]
        for label, text in zip(texts[1::2], texts[2::2], strict=True):
            if label in _NUMBERS:
                parts[-1] += f"[0-9a-f]+{re.escape(text)}"
            else:
                parts.append(re.escape(text))
        same = save.paths == wanted.paths or not all(map(is_known, save.paths))
        if same and re.fullmatch(spread(parts), wanted.name, re.DOTALL):
            return True
    return False


_NUMBERS = {f"github.{name}" for name in ("sha", "run_id", "run_number", "run_attempt")}
