"""Keys of caches: what a save and a restore agree on."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from functools import cache, lru_cache, partial

from scaffold.pipeline.caches import BOTH, RESTORE, SAVE
from scaffold.pipeline.expressions.values import holes, shown, text_of, without_holes
from scaffold.pipeline.flows import Flow, cached, may_find, restores_of
from scaffold.pipeline.model import Job
from scaffold.pipeline.patterns import lines
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.runners import arches_in
from scaffold.pipeline.runs import Runs
from scaffold.pipeline.scopes import JobRun, StepRun
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
            saves = [save for save in saves if not _is_left_out(save)]
            found = restores_of(leg) if saves else []
            for save in (cached(s, writes=True) for s in saves if found):
                problem = _differs(save, found)
                if problem:
                    near = (r for r in found if r.name == save.name or r.paths == save.paths)
                    told[save.at.step] = problem, frozenset(r.at.step for r in near)
    return told


def _is_left_out(step: StepRun) -> bool:
    """Whether the row, or what the caller gives, keeps a step from running: another event may not."""
    asked = (one.condition for one in step.occurrence.chain)
    return step.in_job is False and any(of is not None and not of.of_event for of in asked)


def _spelled_alike(save: Occurrence, job: Job) -> bool:
    """Whether a restore of the job has the paths and the key of a save, letter by letter."""
    if save.outer is not None or "env" in save.step.node.values:
        return False
    spelled = [save.step.spelled(name) for name in ("path", "key")]
    return any(
        o.outer is None
        and "env" not in o.step.node.values
        and [o.step.spelled(name) for name in ("path", "key")] == spelled
        for o in job.using(RESTORE, BOTH)
    )


def _may_agree(paths: frozenset[str], others: frozenset[str]) -> bool:
    """Whether two lists of paths are the same, or may be: what is unknown in them differs."""
    unknown, other = (holes("\n".join(found)) for found in (paths, others))
    return paths == others or unknown != other


def _differs(save: Flow, found: Sequence[Flow]) -> str:
    """Why no restore finds a save; "" where one does, or all are of other paths and keys."""
    same_key = [r for r in found if r.name == save.name]
    if same_key and not any(_may_agree(r.paths, save.paths) for r in same_key):
        return f"the key {shown(save.name)} is restored with other paths: this cache is never found"
    same_paths = [r for r in found if r.paths == save.paths]
    if same_paths and not any(may_find(r, save) for r in same_paths):
        return f"no restore of these paths looks for {shown(save.name)}: this cache is never read here"
    return ""


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

    Names and versions with a dot count, and so does another name of an architecture: `x86_64`, `x64` and
    `amd64` are one, `aarch64` and `arm64` another. A step whose `if` names the axis is meant for that value.
    A name without digits that is no architecture and stands in the cached path as well is that of data
    which all legs use, and an axis `language` says what CodeQL looks at. The default of an input is not
    spelled out: whoever calls may give another value.

    Fix: write `${{ matrix.<axis> }}` instead of its value.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Keys with a word that is a value of an axis which the key does not read."""
        for (step, axis), value in hard_coded_axes(registry.runs).items():
            yield self.finding(
                step.at("with", "key"),
                "",
                f"{step.title} {axis}",
                f"the key says {value!r}, and the job runs for other values of matrix.{axis} too",
                f"write ${{{{ matrix.{axis} }}}} instead of {value}",
            )


@lru_cache(maxsize=4)
def hard_coded_axes(runs: Runs) -> dict[tuple[Step, str], str]:
    """A step and an axis over which its job runs -> the value of it that its key spells out."""
    told: dict[tuple[Step, str], str] = {}
    for run in runs.all():
        by_job: dict[tuple[Job, ...], list[JobRun]] = {}
        for leg in run.using(SAVE, RESTORE, BOTH):
            if leg.known and leg.values:
                by_job.setdefault(tuple(at.job for at in leg.chain), []).append(leg)
        for legs in by_job.values():
            texts = cache(partial(_texts, legs))
            for occurrence in legs[0].job.using(SAVE, RESTORE, BOTH) if len(legs) > 1 else ():
                blind = legs[0].blind.bind(occurrence)
                for axis, value, meant in _hard_coded(blind, legs[0].values, texts):
                    others = [leg for leg in legs if text_of(leg.values.get(axis)) not in meant]
                    if any(leg.bind(occurrence).runs is not False for leg in others):
                        told.setdefault((occurrence.step, axis), value)
    return told


_READ_BY_CODEQL = ("language", "languages")
"""Axes of what a job looks at: it is set up in the same way for each of them."""


def _hard_coded(
    step: StepRun, axes: Iterable[str], texts_of: Callable[[str], list[str]]
) -> Iterator[tuple[str, str, Set[str]]]:
    """The axes of which the keys of a step, in a run that knows no row, spell out a value.

    Each with the value as the key names it, and the values of the axis that it may be.
    """
    for key in (step.input("key"), *lines(step.input("restore-keys"))):
        words = without_holes(key, "\0")
        kept = without_holes(step.input("path"), "\0")
        read = " ".join((key, *step.asked))
        told = set(re.findall(r"\bmatrix@[\w-]+\.([\w-]+)", read))
        for axis in axes if words.strip("\0") and not re.search(_ALL_AXES, read) else ():
            if axis.lower().partition(".")[0] not in told and axis not in _READ_BY_CODEQL:
                texts = texts_of(axis)
                own = (t for t in texts if _names(words, t) and not all(_names(o, t) for o in texts))
                own = (t for t in own if arches_in(t) or re.search(r"\d", t) or not _names(kept, t))
                spelled = [(text, {text}) for text in itertools.islice(own, 1)] or _other_name(words, texts)
                yield from ((axis, text, meant) for text, meant in spelled)


def _other_name(words: str, texts: Sequence[str]) -> list[tuple[str, Set[str]]]:
    """What a key calls the architecture of some values of an axis, and not of all; with these values."""
    named = arches_in(words)
    of = {text: arches_in(text) for text in texts} if len(named) == 1 else {}
    if not of or not all(len(arches) == 1 for arches in of.values()):
        return []
    ((arch, spelled),) = named.items()
    meant = {text for text, arches in of.items() if arch in arches}
    return [(spelled, meant)] if 0 < len(meant) < len(texts) else []


def _texts(legs: Sequence[JobRun], axis: str) -> list[str]:
    """The values of an axis in some legs that are plain, where there are several."""
    values = {own for leg in legs if isinstance(own := leg.values.get(axis), (str, float))}
    return sorted(map(text_of, values)) if len(values) > 1 else []


def _names(words: str, value: str) -> bool:
    """Whether a text has a value as a word of its own, which is a name or a version."""
    if value.lower() not in words.lower() or not re.search(r"[A-Za-z]{2}|^\d+\.[\dx]", value):
        return False
    before = r"[\d.]" if value[0].isdigit() else "[A-Za-z0-9]"
    return re.search(rf"(?i)(?<!{before}){re.escape(value)}(?![A-Za-z0-9]|\.\d)", words) is not None


_ALL_AXES = r"\bmatrix@[\w-]+(?!\.\w)(?![\w-])|\bstrategy@"
"""A hole that has all of a row in it."""
