"""Caches that two kinds of runners share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scaffold.pipeline.alike import alike
from scaffold.pipeline.caches import BOTH, RESTORE, SAVE, holds_programs
from scaffold.pipeline.calls import titles
from scaffold.pipeline.expressions.values import HOLE, is_known, shown
from scaffold.pipeline.flows import Flow, cached, flows_of
from scaffold.pipeline.patterns import lines
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.runners import arches_in, native
from scaffold.pipeline.runs import Run
from scaffold.pipeline.steps import Step
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.rules.pipeline.caches.keys import hard_coded_axes


class KeyIgnoresArch(PipelineRule):
    """A cache of what was built belongs to one operating system and one architecture.

    Why: the key and the paths are all that tells caches apart. The first leg that ends saves its own, and
    every other one restores programs of another architecture: "Exec format error", or a tool that silently
    builds everything again. In lf-edge/eve (PR #5665) arm64 jobs worked with the packages of amd64.

    Fails:

        strategy:
          matrix: {os: [ubuntu-24.04, ubuntu-24.04-arm]}
        steps:
          - uses: actions/cache@v4
            with: {path: .venv, key: "venv-${{ runner.os }}-${{ hashFiles('uv.lock') }}"}

    Passes:

            with: {path: .venv, key: "venv-${{ runner.os }}-${{ runner.arch }}-${{ hashFiles('uv.lock') }}"}

    A prefix in `restore-keys` takes what another system wrote as well, where it does not name the system.
    What the default branch writes, pull requests, releases and tags find too.

    A key that spells out one architecture of its matrix, `key-hard-codes-axis` tells alone.
    Windows keeps its caches apart by itself. Folders of downloads that are the same everywhere, as `~/.m2`
    and `~/go/pkg/mod`, and data, as `.git` and models, may be shared. So may what neither the path nor the
    key calls programs, as `target`, `node_modules` or `tools` do, and what is stored with
    `enableCrossOsArchive: true`: that asks for the sharing. A step with `lookup-only: true` restores nothing.

    Fix: put `${{ runner.os }}-${{ runner.arch }}` into the key.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Keys that jobs on two kinds of runners write for the same paths."""
        reported: set[Step] = set()
        written: dict[str, list[Flow]] = {}
        runs = list(registry.runs.all())
        kinds: dict[str, set[tuple[str, str]]] = {}
        for leg in (leg for run in runs for leg in run.using(*_CACHES)):
            for occurrence in leg.job.using(*_CACHES):
                kinds.setdefault(occurrence.step.spelled("path").strip(), set()).add(native(leg.runs_on))
        shared = {path for path, own in kinds.items() if len(own) > 1}
        for run in runs if shared else ():
            steps = [s for s in run.steps(*_CACHES) if s.step.spelled("path").strip() in shared]
            uses = [cached(step, writes=step.step.action != RESTORE) for step in steps]
            uses = [use for use in uses if use.writes or not _only_looks(use)]
            written.setdefault(_scope(run), []).extend(use for use in uses if _is_of_system(use))
        for uses in _meeting(written):
            for one, other in _mixed(uses):
                step = other.at.step
                if step not in reported and not _says_arch(registry, one, other):
                    reported.add(step)
                    same = _what(one) == _what(other)
                    legs = one.at.job, other.at.job
                    pairs = zip(legs, titles(*legs), strict=True)
                    where = [f"{' '.join(native(leg.runs_on))} ({title})" for leg, title in pairs]
                    yield self.finding(
                        step.at("with", "key" if same else "restore-keys"),
                        "",
                        step.title,
                        f"{shown(one.name)} is written on {where[0]} and "
                        + (
                            f"{'' if other.writes else 'restored '}on {where[1]}"
                            if same
                            else f"taken by the prefix on {where[1]}"
                        ),
                        "put ${{ runner.os }}-${{ runner.arch }} into the key",
                    )


_CACHES = (SAVE, RESTORE, BOTH)


_HOME = "default branch"


def _scope(run: Run) -> str:
    """Where the caches of a run belong: what the default branch has, every other run finds too."""
    home = f"refs/heads/{run.pipeline.default_branch}"
    is_home = run.event.github["ref"] == home and run.event.name != "merge_group"
    return _HOME if is_home else run.event.name


def _meeting(scopes: dict[str, list[Flow]]) -> Iterator[list[Flow]]:
    """Uses of caches that may meet: those of one scope, and what looks for one with what home has."""
    home = [use for use in scopes.get(_HOME, ()) if use.writes]
    yield from scopes.values()
    for scope, uses in scopes.items():
        if scope != _HOME and home:
            yield [*home, *(use for use in uses if use.at.step.action != SAVE)]


def _says_arch(registry: Repository, one: Flow, other: Flow) -> bool:
    """Whether the one key of two legs spells out an architecture: `key-hard-codes-axis` tells that."""
    told = hard_coded_axes(registry.runs) if one.at.step is other.at.step else {}
    return any(step is other.at.step and arches_in(value) for (step, _), value in told.items())


def _is_of_system(save: Flow) -> bool:
    """Whether a cache of programs is used on a runner that is known, and may be another leg's."""
    known = native(save.at.job.runs_on)[1] and save.at.job.complete
    spelled = () if all(map(is_known, save.paths)) else (save.at.step.spelled("path"),)
    meant = save.at.input("enablecrossosarchive") == "true"
    programs = bool(known) and not meant and holds_programs(save.paths, save.name, *spelled)
    return programs and f"@{save.at.job.label}." not in save.what[0]


def _mixed(uses: Sequence[Flow]) -> Iterator[tuple[Flow, Flow]]:
    """Pairs of caches of two systems of which the second is found for the first, or its prefix finds it.

    What is only restored is of another architecture of one system: pages may be made on any system for all.
    """
    first: dict[tuple[str, frozenset[str]], Flow] = {}
    by_paths: dict[frozenset[str], dict[str, Flow]] = {}
    taken = {_what(use) for use in uses if not _only_looks(use)}
    for save in (use for use in uses if use.writes):
        name, paths = _what(save)
        earlier = first.setdefault((name, paths), save)
        by_paths.setdefault(paths, {}).setdefault(name, save)
        if _differ(earlier, save) and (name, paths) in taken and not _is_handed_over(earlier, save):
            yield earlier, save
    restores = [use for use in uses if not use.writes]
    for use in restores:
        maker = first.get(_what(use), use)
        if _differ_in_arch(maker, use):
            yield maker, use
    for use in (use for use in (*first.values(), *restores) if not _only_looks(use)):
        differ = _differ if use.writes else _differ_in_arch
        for start in (alike(line, use.at.job) for line in lines(use.at.input("restore-keys"))):
            for name, other in by_paths.get(_what(use)[1], {}).items():
                if name.startswith(start) and differ(other, use):
                    yield other, use


def _only_looks(use: Flow) -> bool:
    """Whether a step looks whether its cache is there, and does not restore it."""
    return use.at.input("lookup-only") == "true"


def _what(use: Flow) -> tuple[str, frozenset[str]]:
    """What two uses of one cache have in common; what only one workflow knows is of its own."""
    name, paths = use.what
    if re.search(_OF_RUN, name) or "github.run_" in use.at.step.spelled("key"):
        name += f"@{use.at.job.call.run.workflow.path}"
    return name, paths


_OF_RUN = rf"{HOLE}(?:needs|env|steps|matrix)@|{HOLE}inputs\b"


def _is_handed_over(one: Flow, other: Flow) -> bool:
    """Whether a job waits for what another system makes for it, as for the parts of a release.

    What an earlier run has made of it, it would have made, too.
    """
    run, earlier = other.at.job.call.run, one.at.job.call.run
    apart = native(one.at.job.runs_on)[0] != native(other.at.job.runs_on)[0]
    if not apart or not isinstance(run, Run) or earlier.workflow is not run.workflow:
        return False
    makers = [one.at.job] if run is earlier else [leg for leg in run.jobs if leg.job is one.at.job.job]
    return any(flows_of(run).waits(other.at.job, leg) for leg in makers)


def _differ(one: Flow, other: Flow) -> bool:
    """Whether two caches are of two systems that do not keep them apart by themselves."""
    mine, theirs = native(other.at.job.runs_on), native(one.at.job.runs_on)
    return mine != theirs and (mine[0] == theirs[0] or "Windows" not in (mine[0], theirs[0]))


def _differ_in_arch(one: Flow, other: Flow) -> bool:
    """Whether two caches are of two architectures of one system."""
    return _differ(one, other) and native(one.at.job.runs_on)[0] == native(other.at.job.runs_on)[0]
