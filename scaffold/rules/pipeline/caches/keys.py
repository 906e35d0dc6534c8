"""Keys of caches: what a save and a restore agree on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from scaffold.pipeline.caches import BOTH, RESTORE, SAVE
from scaffold.pipeline.expressions.nodes import names
from scaffold.pipeline.expressions.values import HOLE, is_known, shown, text_of
from scaffold.pipeline.flows import Flow, cached, restores_of
from scaffold.pipeline.model import Job
from scaffold.pipeline.patterns import lines
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.runs import Runs
from scaffold.pipeline.scopes import JobRun
from scaffold.pipeline.steps import Occurrence, Step
from scaffold.rules.base import Finding, PipelineRule, Severity


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
        for save, (problem, _) in save_restore_differences(registry.runs).items():
            yield self.finding(
                save.at("with", "key"),
                "",
                save.title,
                problem,
                "let save and restore agree on paths and key",
            )


@lru_cache(maxsize=4)
def save_restore_differences(runs: Runs) -> dict[Step, tuple[str, frozenset[Step]]]:
    """The saves that no restore of their job finds -> why, and the restores of that key or those paths."""
    told: dict[Step, tuple[str, frozenset[Step]]] = {}
    for run in runs.all():
        odd = {job: [o for o in job.using(SAVE) if not _spelled_alike(o, job)] for job in run.every_job}
        for leg in run.jobs if any(odd.values()) else ():
            saves = [leg.bind(o) for o in odd[leg.job] if o.step not in told]
            found = restores_of(leg) if saves else []
            for save in (cached(s, writes=True) for s in saves if found):
                problem = _differs(save, found)
                if problem:
                    near = (r for r in found if r.name == save.name or r.paths == save.paths)
                    told[save.at.step] = problem, frozenset(r.at.step for r in near)
    return told


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


def _differs(save: Flow, found: Sequence[Flow]) -> str:
    same_key = [r for r in found if r.name == save.name]
    if same_key and not any(r.paths == save.paths for r in same_key):
        return f"the key {shown(save.name)} is restored with other paths: this cache is never found"
    same_paths = [r for r in found if r.paths == save.paths]
    if same_paths and not any(_related(save, r) for r in same_paths):
        return f"no restore of these paths looks for {shown(save.name)}: this cache is never read here"
    return ""


def _related(save: Flow, restore: Flow) -> bool:
    """Whether a restore may find what a save writes."""
    wanted = [restore.name, *lines(restore.at.input("restore-keys"))]
    return any(_may_start(save.name, key) for key in wanted)


def _may_start(text: str, prefix: str) -> bool:
    """Whether a text may start with another one; what is unknown may be anything."""
    if text.startswith(prefix):
        return True
    length = min(text.find(HOLE) % (len(text) + 1), prefix.find(HOLE) % (len(prefix) + 1))
    return text[:length] == prefix[:length] and not (is_known(text) and is_known(prefix))


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

    Names and versions with a dot count. A step whose `if` names the axis is meant for that value.

    Fix: write `${{ matrix.<axis> }}` instead of its value.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Keys with a word that is a value of an axis which the key does not read."""
        reported: set[tuple[Step, str]] = set()
        for run in registry.runs.all():
            by_job: dict[object, list[JobRun]] = {}
            for leg in run.using(SAVE, RESTORE, BOTH):
                if leg.complete and len(leg.row) > 0:
                    by_job.setdefault((leg.call, leg.job), []).append(leg)
            for legs in by_job.values():
                for occurrence in legs[0].job.using(SAVE, RESTORE, BOTH) if len(legs) > 1 else ():
                    step = occurrence.step
                    for axis, value in _hard_coded(step, legs):
                        others = (leg.bind(occurrence) for leg in legs if text_of(leg.row.get(axis)) != value)
                        if (step, axis) in reported or _guarded(occurrence.chain, axis):
                            continue
                        if all(other.runs is False for other in others):
                            continue
                        reported.add((step, axis))
                        yield self.finding(
                            step.at("with", "key"),
                            "",
                            f"{step.title} {axis}",
                            f"the key says {value!r}, and the job runs for other values of matrix.{axis} too",
                            f"write ${{{{ matrix.{axis} }}}} instead of {value}",
                        )


def _hard_coded(step: Step, legs: Sequence[JobRun]) -> Iterator[tuple[str, str]]:
    """The axes of which a key spells out a value, each with the value."""
    key = step.input("key")
    read = set(key.names("matrix")) if key is not None else {"*"}
    if key is None or "*" in read:
        return
    literal = "\0".join(part for part in key.parts if isinstance(part, str))
    for axis in legs[0].row:
        rows = (leg.row.get(axis) for leg in legs)
        values = {text_of(value) for value in rows if isinstance(value, (str, float))}
        if axis.lower() in read or len(values) < 2:  # noqa: PLR2004 - two values
            continue
        for value in sorted(v for v in values if re.search(r"[A-Za-z]{2}|^\d+\.\d", v)):
            before = r"[\d.]" if value[0].isdigit() else "[A-Za-z0-9]"
            if re.search(rf"(?<!{before}){re.escape(value)}(?![A-Za-z0-9]|\.\d)", literal):
                yield axis, value
                break


def _guarded(steps: Iterable[Step], axis: str) -> bool:
    for step in steps:
        read = {n for e in (step.condition.expressions if step.condition else ()) for n in names(e, "matrix")}
        if axis.lower() in read or "*" in read:
            return True
    return False
