"""Names of artifacts: what a download takes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.pipeline import records
from scaffold.pipeline.artifacts import DOWNLOAD, MERGE, UPLOAD, has_strangers, is_plain
from scaffold.pipeline.expressions.values import is_known, shown
from scaffold.pipeline.flows import Flow, Flows, flows_of
from scaffold.pipeline.patterns import lines
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.scopes import StepRun
from scaffold.pipeline.steps import Step
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.rules.pipeline.artifacts.digests import untagged
from scaffold.rules.pipeline.reduces import is_gate


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
                if (
                    step in reported
                    or wanted.name == "*"
                    or flows_of(run).taken(wanted)
                    or _may_fail(wanted.at)
                ):
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
    test may need only some of it; what is meant for another job is `artifact-glob-overmatch`'s.

    A job that downloads by its name what it uploads itself, in a later step, fails in every run. A pattern
    that finds nothing there is no failure, and legs that run one at a time (`max-parallel`) may wait.

    Fix: add the job to `needs`; let a step come behind what it needs.
    """

    severity = Severity.error
    explained_by = ("artifact-glob-overmatch",)

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """Where the step takes what is meant for another one: it need not wait for that."""
        same = (finding.path, finding.subject) == (cause.path, cause.subject)
        return same and finding.severity is Severity.warning

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
                if not early or not (wanted.exact or not has_strangers(run)):
                    continue
                told = _not_waited_for(flows, wanted, missed, some=bool(there))
                if not told and wanted.exact and not has_strangers(run):
                    told = _made_by_itself(wanted, missed)
                if told:
                    reported.add(step)
                    severity = Severity.warning if there else None
                    yield self.finding(step, "", step.title, *told, severity=severity)


def _not_waited_for(flows: Flows, wanted: Flow, missed: list[Flow], *, some: bool) -> tuple[str, str] | None:
    """That a job does not wait for others that make what it downloads, and what to do; None where none does.

    `some` says that others of what it takes are there.
    """
    own = {at.call: at.job for at in wanted.at.job.chain}
    later = [upload for upload in missed if flows.waits(upload.at.job, wanted.at.job)]
    pairs = [
        (own[at.call], at.job.id)
        for upload in missed
        for at in upload.at.job.chain
        if own.get(at.call, at.job) is not at.job and (wanted.exact or upload not in later)
    ]
    if not pairs:
        return None
    makers = sorted({maker for _, maker in pairs})
    what, who = shown(missed[0].name) if some else "it", " or ".join(makers)
    told = f"{pairs[0][0].id} downloads {_called(wanted)} and does not wait for {who}, which uploads {what}"
    if len(later) == len(missed):
        return f"{told} and waits for it", "let a job before it upload it, or leave the download out"
    return told, f"add {makers[0]} to needs"


def _made_by_itself(wanted: Flow, made: list[Flow]) -> tuple[str, str] | None:
    """That a job certainly downloads what it, or another leg of it, uploads too late; and what to do."""
    leg, name = wanted.at.job, wanted.at.job.job.id
    own = next((upload.at for upload in made if upload.at.job is leg), None)
    one_by_one = any(at.job.node.text("strategy", "max-parallel") for at in leg.chain)
    if wanted.at.in_job is not True or (one_by_one and any(u.at.job is not leg for u in made)):
        return None
    if own is None:
        told = f"{name} downloads {_called(wanted)}, which another leg of it uploads: legs do not wait"
        return told, "let a later job download it"
    where = f"line {own.line}" if own.path == wanted.at.path else f"{own.path}:{own.line}"
    told = f"{name} downloads {_called(wanted)}, and uploads it only later, at {where}: the download fails"
    return told, "download it behind the upload, or leave the download out"


def _missed(flows: Flows, wanted: Flow, made: list[Flow], there: list[Flow]) -> list[Flow]:
    """What a pattern takes beside what is there, of jobs that certainly run and do not wait for its own.

    What the same step uploads in another call is too much, and `artifact-glob-overmatch` tells that.
    """
    leg, steps = wanted.at.job, {upload.at.step for upload in there}
    if wanted.exact or not is_plain(wanted.name) or is_gate(leg.root.job):
        return []
    if wanted.name == "*" and _chooses(wanted.at, there):
        return []
    missed = [
        upload
        for upload in made
        if is_known(upload.name)
        and upload.at.step not in steps
        and _certainly_runs(upload.at)
        and upload.at.job.root.job is not leg.root.job
        and not flows.waits(leg, upload.at.job)
        and not flows.waits(upload.at.job, leg)
    ]
    used = _named_after(wanted) if missed else ""
    return [u for u in missed if not used or any(name in used for name in (u.name, *_files(u)))]


def _named_after(wanted: Flow) -> str:
    """The steps behind a download that name one by one the files that its pattern brings; else ""."""
    start, all_ends = wanted.name.partition("*")[::2]
    at = wanted.at
    order = at.job.job.occurrences
    behind = [occurrence.step for occurrence in order[order.index(at.occurrence) + 1 :]]
    text = "\n".join(part for step in behind for part in (step.run, *map(step.spelled, step.given)))
    folder = re.escape(at.input("path").strip("./"))
    whole = "*" in text or (folder and re.search(rf"(?<![\w-]){folder}/?(?![\w/.-])", text))
    named = not all_ends and start and re.search(rf"(?<![\w-]){re.escape(start)}[\w$.-]", text)
    return text if named and not whole and at.input("merge-multiple") == "true" else ""


def _files(upload: Flow) -> list[str]:
    """The names of the files that an upload spells out."""
    return [name for path in lines(upload.at.input("path")) if "." in (name := posixpath.basename(path))]


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


def _may_fail(at: StepRun) -> bool:
    """Whether a job goes on where a download finds nothing, or tries again."""
    step = at.step
    again = re.search(r"\b(?:until|while|retry|sleep|break)\b|\|\|", step.run)
    goes_on = any(one.node.text("continue-on-error") not in ("", "false") for one in at.occurrence.chain)
    return goes_on or again is not None or step.spelled("if_no_artifact_found") in ("ignore", "warn")


def _polls(at: StepRun) -> bool:
    """Whether a download may come too early: where it may fail, or where a step before it waits."""
    if _may_fail(at) or re.search(r"\bfor\b", at.step.run):
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
    """Whether a build certainly uploads its record before a download: that is when its job has ended."""
    if build.runs != build.job.reached or build.job is download.job:
        return False
    if not flows.waits(download.job, build.job):
        return False
    return records.leaves_record(build)
