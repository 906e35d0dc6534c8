"""Names of artifacts: what a download takes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.pipeline import docker, records
from scaffold.pipeline.artifacts import DOWNLOAD, MERGE, UPLOAD, fits, has_strangers, is_plain
from scaffold.pipeline.expressions.values import is_known, shown
from scaffold.pipeline.flows import Flow, Flows, flows_of
from scaffold.pipeline.model import Job
from scaffold.pipeline.patterns import lines
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.scopes import JobRun, StepRun
from scaffold.pipeline.steps import Step
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.rules.pipeline.artifacts.digests import untagged
from scaffold.rules.pipeline.reduces import is_gate
from scaffold.syntax import yaml_values as yaml


class ArtifactNotUploaded(PipelineRule):
    """An artifact that a job downloads is uploaded by some job of the run.

    Why: after a rename the name stands in two places. With a single name the job fails; with a pattern
    it goes on with nothing.

    Fails:

        - uses: actions/upload-artifact@v4
          with: {name: "binary-${{ matrix.arch }}"}
        # in another job
        - uses: actions/download-artifact@v4
          with: {name: binary}

    Passes:

        - uses: actions/download-artifact@v4
          with: {pattern: "binary-*"}

    So is what `gh run download` takes of its own run, if the script does not go on without it. Where the
    digest of an image is what nobody downloads, `digest-never-merged` tells it alone.

    Fix: download what is uploaded.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Downloads that no upload of the run can serve."""
        reported: set[Step] = set()
        for run in registry.runs.all():
            if not flows_of(run).downloads or has_strangers(run):
                continue
            lost = {step for step, names in untagged(run).items() if names}
            digests = [upload.at.job for upload in flows_of(run).uploads if upload.at.step in lost]
            for wanted in flows_of(run).downloads:
                step = wanted.at.step
                if step in reported or wanted.name == "*" or flows_of(run).taken(wanted) or _may_fail(step):
                    continue
                # where it waits for a digest that nobody takes, `digest-never-merged` tells that
                told = any(flows_of(run).waits(wanted.at.job, leg) for leg in digests)
                asked = wanted.at.due is None and run.event.name in ("workflow_dispatch", "workflow_call")
                if not told and not asked:
                    reported.add(step)
                    yield self.finding(
                        step,
                        "",
                        step.title,
                        f"no job of the run uploads {shown(wanted.name)}",
                        "download the name that is uploaded, or upload it",
                    )


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
    choose, and is left alone. One that takes the digests of another merge beside its own tags two images.

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
            merges = _merges_of_others(flows) if len(by_step) > 1 else {}
            for step, patterns in by_step.items():
                told = "" if step in reported else _overmatch(flows, patterns) or merges.get(step, "")
                if told:
                    reported.add(step)
                    yield self.finding(
                        step.at("with", "pattern"),
                        "",
                        step.title,
                        told,
                        "put a separator that no name contains between the name and the rest"
                        if "*" not in patterns
                        else "say in `pattern` which artifacts are its own",
                    )


def _overmatch(flows: Flows, patterns: dict[str, list[Flow]]) -> str:
    """What two renderings of one pattern both take, or what its only one takes for every leg."""
    owner: dict[str, str] = {}
    for pattern in sorted(patterns):
        uploads = [upload for upload in flows.taken(patterns[pattern][0]) if is_known(upload.name)]
        names = {upload.name for upload in uploads}
        if len(patterns) == 1:
            legs = [wanted.at.job for wanted in patterns[pattern]]
            alike = {upload.name for upload in uploads if not _files_say_leg(upload.at.step)}
            found = _taken_by_all(legs, sorted(alike)) if len(legs) > 1 else ""
            return f"{pattern} takes all in each of {len(legs)} jobs: {found}" if found else ""
        twice = min(names & owner.keys(), default=None)
        if twice is not None:
            return f"{pattern} and {owner[twice]} both take the artifact {twice}"
        owner |= dict.fromkeys(names, pattern)
    return ""


def _merges_of_others(flows: Flows) -> dict[Step, str]:
    """The downloads of jobs that merge digests which take those that another such job takes, and more."""
    digests = {upload.name for upload in flows.uploads if _pushes_digests(upload.at.job.job)}
    merges = [wanted for wanted in flows.downloads if not wanted.exact and is_known(wanted.name)]
    merges = [wanted for wanted in merges if digests and _merges(wanted.at.job.job)]
    taken = [{name for name in digests if fits(wanted.name, name)} for wanted in merges]
    return {
        one.at.step: f"{one.name} takes {shown(min(own))} too, which {other.at.job.title} merges"
        for one, all_ in zip(merges, taken, strict=True)
        for other, own in zip(merges, taken, strict=True)
        if one.at.job.job is not other.at.job.job and own and own < all_
    }


def _pushes_digests(job: Job) -> bool:
    return any("push-by-digest=true" in o.step.spelled("outputs") for o in job.using(*docker.BUILD))


def _merges(job: Job) -> bool:
    """Whether a job makes a tag of what other jobs pushed."""
    commands = [command for o in job.occurrences for command in o.step.script.commands]
    return any("imagetools" in c.words or c.words[1:2] == ("manifest",) for c in commands)


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


class DownloadWithoutNeeds(PipelineRule):
    """A job waits for the job whose artifact it downloads.

    Why: without `needs` both start at once. The download finds nothing and the job fails, or it is late
    enough on most days, and fails on the day on which the other one is slow.

    Fails:

        build:
          steps:
            - uses: actions/upload-artifact@v4
              with: {name: assets, path: dist}
        install:
          needs: lint
          steps:
            - uses: actions/download-artifact@v4
              with: {name: assets}

    Passes:

        install:
          needs: [lint, build]

    A pattern may take what several jobs upload: it is a warning where the job waits for some of them, and
    another one certainly runs and has no `if`. Who downloads everything may mean only what it names, and a
    test may need only some of it.

    Fix: add the job to `needs`.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Downloads of artifacts that are uploaded by jobs which theirs does not wait for."""
        reported: set[Step] = set()
        for run in registry.runs.all():
            flows = flows_of(run)
            for wanted in flows.downloads if run.uses(UPLOAD) else ():
                step = wanted.at.step
                if step in reported:
                    continue
                made = flows.taken(wanted)
                sure = any(u.name == wanted.name or is_known(u.name + wanted.name) for u in made)
                there = [upload for upload in made if flows.follows(wanted.at, upload.at)]
                missed = made if not there else _missed(flows, wanted, made, there)
                early = sure and missed and not _polls(wanted.at)
                if early and (wanted.exact or not has_strangers(run)):
                    reported.add(step)
                    makers = sorted({upload.at.job.root.job.id for upload in missed})
                    yield self.finding(
                        step,
                        "",
                        step.title,
                        f"{wanted.at.job.title} downloads {_called(wanted)} and does not wait for"
                        f" {' or '.join(makers)}, which uploads {shown(missed[0].name) if there else 'it'}",
                        f"add {makers[0]} to needs",
                        severity=Severity.warning if there else None,
                    )


def _missed(flows: Flows, wanted: Flow, made: list[Flow], there: list[Flow]) -> list[Flow]:
    """What a pattern takes beside what is there, of jobs that certainly run and do not wait for its own.

    What the same step uploads in another call is too much, and `artifact-glob-overmatch` tells that.
    """
    leg, steps = wanted.at.job, {upload.at.step for upload in there}
    if wanted.exact or not is_plain(wanted.name) or is_gate(leg.root.job):
        return []
    if wanted.name == "*" and _chooses(wanted.at, there):
        return []
    return [
        upload
        for upload in made
        if is_known(upload.name)
        and upload.at.step not in steps
        and _certainly_runs(upload.at)
        and upload.at.job.root.job is not leg.root.job
        and not flows.waits(leg, upload.at.job)
        and not flows.waits(upload.at.job, leg)
    ]


def _chooses(download: StepRun, there: list[Flow]) -> bool:
    """Whether a job that downloads everything names an artifact of it."""
    job = download.job.job
    text = job.workflow.source.slice(job.node.start, job.node.end)
    return any(upload.name in text for upload in there)


def _certainly_runs(upload: StepRun) -> bool:
    """Whether an upload has no condition, nor its job, and neither may fail."""
    nodes = [leg.job.node for leg in upload.job.chain] + [step.node for step in upload.occurrence.chain]
    optional = any({"if", "continue-on-error"} & node.values.keys() for node in nodes)
    return bool(upload.sure and upload.runs) and not optional


def _called(wanted: Flow) -> str:
    return "all artifacts" if wanted.name == "*" else shown(wanted.name)


def _may_fail(step: Step) -> bool:
    """Whether a job goes on where a download finds nothing, or tries again."""
    again = re.search(r"\b(?:until|while|retry|sleep|break)\b|\|\|", step.run)
    return step.node.text("continue-on-error") == "true" or again is not None


def _polls(at: StepRun) -> bool:
    """Whether a download may come too early: where it may fail, or where a step before it waits."""
    if _may_fail(at.step) or re.search(r"\bfor\b", at.step.run):
        return True
    return any("wait" in f"{o.step.action} {o.step.run}" for o in at.job.job.occurrences)


class DownloadTakesBuildRecords(PipelineRule):
    """A job that downloads every artifact does not wait for an image build that leaves its records.

    Why: `docker/build-push-action` uploads a `*.dockerbuild` record of every build since version 6, and
    `docker/bake-action` since 5. A
    download without a name takes it too: before version 8 it ends with "Artifact download failed after 5
    retries", and with it the release (docker/build-push-action#1167); since then the record is among the
    files that are released.

    Fails:

        image:
          steps:
            - uses: docker/build-push-action@v6
        release:
          needs: [image, binaries]
          steps:
            - uses: actions/download-artifact@v4

    Passes:

            - uses: actions/download-artifact@v4
              with: {pattern: "binary-*"}

    `actions/upload-artifact/merge` without a pattern takes it as well, and so does `gh run download` of the
    own run without `--name` and `--pattern`.

    Fix: say in `pattern` what is wanted, or set `DOCKER_BUILD_RECORD_UPLOAD: false` where the image is built.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Downloads of everything behind a build that uploads its record."""
        reported: set[Step] = set()
        for run in registry.runs.all():
            if not run.uses(*records.SINCE):
                continue
            for wanted in flows_of(run).downloads:
                step = wanted.at.step
                if (
                    wanted.name != "*"
                    or step in reported
                    or not (step.run or step.action in (DOWNLOAD, MERGE))
                ):
                    continue
                flows, builds = flows_of(run), run.steps(*records.SINCE)
                build = next((b for b in builds if _leaves_record(flows, b, wanted.at)), None)
                if build is not None:
                    reported.add(step)
                    yield self.finding(
                        step,
                        "",
                        step.title,
                        f"it takes the record of the build in {build.path}:{build.line} too"
                        + (
                            ""
                            if step.run or records.version(step) >= _TAKES_ANY
                            else ", which is no archive: it fails"
                        ),
                        "say in `pattern` which artifacts are wanted",
                    )


_TAKES_ANY = 8
"""The version of the download that takes what is no archive as it is."""


def _leaves_record(flows: Flows, build: StepRun, download: StepRun) -> bool:
    """Whether a build certainly uploads its record before a download."""
    if build.runs != build.job.reached or not flows.waits(download.job, build.job):
        return False
    return records.leaves_record(build)
