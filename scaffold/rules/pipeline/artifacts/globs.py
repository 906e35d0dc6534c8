"""Patterns of artifacts: which legs take what is not theirs."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache

from scaffold.pipeline.artifacts import DOWNLOAD, MERGE, UPLOAD, fits
from scaffold.pipeline.expressions.values import is_known, shown
from scaffold.pipeline.flows import Flow, Flows, flows_of
from scaffold.pipeline.image_commands import containers_in
from scaffold.pipeline.model import Job
from scaffold.pipeline.patterns import lines
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.scopes import JobRun
from scaffold.pipeline.steps import Step
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax import yaml_values as yaml


class ArtifactGlobOvermatch(PipelineRule):
    """The pattern of one caller does not take the artifacts of another.

    Why: `digests-cpu-vllm-*` takes `digests-cpu-vllm-omni-amd64` as well. In LocalAI the merge of the
    first image would have put the second one's layers under its tag.

    Fails:

        # called for the suffixes -cpu-vllm and -cpu-vllm-omni
        pattern: digests${{ inputs.tag-suffix }}-*

    Passes:

        pattern: digests${{ inputs.tag-suffix }}--*

    A pattern that says nothing of its caller takes the artifacts of all, and so does a merge that downloads
    everything: every merge tags every digest. Who takes files that are named as their artifacts are can
    choose, and so can who goes into the folder of its own: both are left alone. One that takes the digests of
    another merge beside its own tags two images.

    It is an error where digests become a tag, or artifacts one artifact: what is too much is in it. Other
    jobs may take everything on purpose; a pattern that names its caller and takes another's is a warning.

    Fix: end the variable part with a separator that no name contains, in the upload and in the pattern.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Download steps of which two renderings take one artifact."""
        reported: set[Step] = set()
        for run in registry.runs.all():
            if not run.uses(DOWNLOAD, MERGE):
                continue
            flows = flows_of(run)
            by_step: dict[Step, dict[str, list[Flow]]] = {}
            for wanted in flows.downloads:
                asked = wanted.name != "*" or _merges(wanted.at.job.job)
                if not wanted.exact and is_known(wanted.name) and asked:
                    by_step.setdefault(wanted.at.step, {}).setdefault(wanted.name, []).append(wanted)
            digests = _digests(flows) if by_step else frozenset()
            merges = _merges_of_others(flows, digests) if len(by_step) > 1 else {}
            for step, patterns in by_step.items():
                told = () if step in reported else _overmatch(flows, patterns, digests)
                if not told and step not in reported and step in merges:
                    told = merges[step], Severity.error
                if told:
                    reported.add(step)
                    yield self.finding(
                        step.at("with", "pattern"),
                        "",
                        step.title,
                        told[0],
                        "put a separator that no name contains between the name and the rest"
                        if len(patterns) > 1
                        else "say in `pattern` which artifacts are its own",
                        severity=told[1],
                    )


def _overmatch(
    flows: Flows, patterns: dict[str, list[Flow]], digests: frozenset[str]
) -> tuple[str, Severity] | tuple[()]:
    """What two renderings of one pattern both take, or what its only one takes for every leg."""
    owner: dict[str, str] = {}
    for pattern in sorted(patterns):
        wanted = patterns[pattern][0]
        uploads = [upload for upload in flows.taken(wanted) if is_known(upload.name)]
        names = {upload.name for upload in uploads}
        if len(patterns) == 1:
            legs = [one.at.job for one in patterns[pattern]]
            alike = {
                u.name for u in uploads if _mixes(wanted, u.name, digests) and not _files_say_leg(u.at.step)
            }
            found = _taken_by_all(legs, sorted(alike)) if len(legs) > 1 and not _picks(wanted) else ""
            told = f"{pattern} takes all in each of {len(legs)} jobs: {found}"
            return (told, Severity.error) if found else ()
        twice = min(names & owner.keys(), default=None)
        if twice is not None:
            mixes = _mixes(wanted, twice, digests)
            told = f"{pattern} and {owner[twice]} both take the artifact {twice}"
            meant = not mixes and (_picks(wanted) or _is_chosen(wanted.at.step))
            return () if meant else (told, Severity.error if mixes else Severity.warning)
        owner |= dict.fromkeys(names, pattern)
    return ()


def _mixes(wanted: Flow, name: str, digests: frozenset[str]) -> bool:
    """Whether an artifact certainly goes into what a job makes of those that it takes."""
    return wanted.at.step.action == MERGE or (name in digests and _merges(wanted.at.job.job))


def _picks(wanted: Flow) -> bool:
    """Whether a job goes into the folders of its own artifacts: all have one where none is merged."""
    download = wanted.at.step
    if download.action == MERGE or wanted.at.input("merge-multiple") == "true":
        return False
    folder = posixpath.normpath(download.spelled("path") or ".")
    start = re.split(r"[*?\[{$]", download.spelled("pattern"))[0]
    starts = [re.escape(text) for text in (f"{folder}/", start) if len(text) > len("./")]
    chosen = (
        re.compile(rf"(?:{'|'.join(starts)})[^\s\"']{{0,200}}?\$(?:\{{\{{|\{{?[A-Z])") if starts else None
    )
    steps = (o.step for o in wanted.at.job.job.occurrences if o.step.action not in (DOWNLOAD, UPLOAD))
    texts = (
        text
        for step in steps
        for text in (step.run, step.node.text("working-directory"), *map(step.spelled, step.given))
    )
    return chosen is not None and any(map(chosen.search, texts))


def _is_chosen(download: Step) -> bool:
    """Whether what calls a download gives it the whole pattern, with its stars."""
    written = re.sub(r"\$\{\{[^{}]*+\}\}", "", download.spelled("pattern"))
    return "pattern" in download.given and re.search(r"[*?{\[]", written) is None


def _merges_of_others(flows: Flows, digests: frozenset[str]) -> dict[Step, str]:
    """The downloads of jobs that merge digests which take those that another such job takes, and more."""
    merges = [wanted for wanted in flows.downloads if not wanted.exact and is_known(wanted.name)]
    merges = [wanted for wanted in merges if digests and _merges(wanted.at.job.job)]
    taken = [{name for name in digests if fits(wanted.name, name)} for wanted in merges]
    return {
        one.at.step: f"{one.name} takes {shown(min(own))} too, which {other.at.job.title} merges"
        for one, all_ in zip(merges, taken, strict=True)
        for other, own in zip(merges, taken, strict=True)
        if one.at.job.job is not other.at.job.job and own and own < all_
    }


def _digests(flows: Flows) -> frozenset[str]:
    """The artifacts that hold the digest of an image: of jobs that push by digest, or called so."""
    return frozenset(u.name for u in flows.uploads if "digest" in u.name or _pushes_digests(u.at.job.job))


@lru_cache(maxsize=1024)
def _pushes_digests(job: Job) -> bool:
    steps = (occurrence.step for occurrence in job.occurrences)
    return any(
        "push-by-digest=true" in text for step in steps for text in (step.run, step.spelled("outputs"))
    )


@lru_cache(maxsize=1024)
def _merges(job: Job) -> bool:
    """Whether a job makes a tag of what other jobs pushed."""
    commands = [
        command
        for occurrence in job.occurrences
        for command in (*occurrence.step.script.commands, *containers_in(job, occurrence.step))
    ]
    return any(not _MERGING.isdisjoint(itertools.pairwise(command.bare)) for command in commands)


_MERGING = frozenset(
    {("imagetools", "create"), ("index", "append"), ("index", "create")}
    | {("manifest", verb) for verb in ("add", "create", "push")}
)
"""Words that stand together in a command that makes a list of images."""


def _files_say_leg(upload: Step) -> bool:
    """Whether the files of an artifact are named after what its own name is: who takes all can choose."""
    files = " ".join(line.rpartition("/")[2] for line in lines(upload.spelled("path")))
    return any(part in files for part in re.findall(r"\$\{\{(?:(?!\$\{\{).)*?\}\}", upload.spelled("name")))


def _taken_by_all(legs: list[JobRun], names: list[str]) -> str:
    """Two artifacts that are named after different legs, and that all legs take; "" where there are none."""
    values = [{text for text in _values(leg) if len(text) > 1 or text.isalpha()} for leg in legs]
    common = set.intersection(*values)
    named: dict[str, int] = {}
    for number, own in enumerate(values):
        for name in names:
            if any(re.search(rf"(?<![\w.]){re.escape(v)}(?![\w.])", name) for v in own - common):
                named.setdefault(name, number)
    first = next(iter(named), "")
    other = next((name for name, number in named.items() if number != named[first]), "")
    return f"{first} and {other} too" if other else ""


def _values(leg: JobRun) -> Iterator[str]:
    """What tells a leg apart: the values of its row, and of the rows of the jobs that call it."""
    for at in leg.chain:
        yield from (str(value).strip("-") for value in at.row.values() if isinstance(value, str))
        yield from (
            given.text.strip("-") for given in at.job.given.values() if isinstance(given, yaml.Scalar)
        )
