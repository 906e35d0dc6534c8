"""Names of artifacts: what a download takes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.pipeline import docker
from scaffold.pipeline.artifacts import DOWNLOAD, UPLOAD, has_strangers
from scaffold.pipeline.expressions.values import is_known, shown, text_of
from scaffold.pipeline.flows import Flow, Flows, flows_of
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.scopes import JobRun, StepRun
from scaffold.pipeline.steps import Step
from scaffold.rules.base import Finding, PipelineRule, Severity
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

    Fix: download what is uploaded.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Downloads that no upload of the run can serve."""
        reported: set[Step] = set()
        for run in registry.runs.all():
            if not run.uses(DOWNLOAD) or has_strangers(run):
                continue
            for wanted in flows_of(run).downloads:
                step = wanted.at.step
                if step in reported or wanted.name == "*" or step.node.text("continue-on-error") == "true":
                    continue
                if not flows_of(run).taken(wanted):
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

    A pattern that says nothing of its caller takes the artifacts of all: every merge tags every digest.

    Fix: end the variable part with a separator that no name contains, in the upload and in the pattern.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Download steps of which two renderings take one artifact."""
        reported: set[Step] = set()
        for run in registry.runs.all():
            if not run.uses(DOWNLOAD):
                continue
            flows = flows_of(run)
            by_step: dict[Step, dict[str, list[Flow]]] = {}
            for wanted in flows.downloads:
                if not wanted.exact and wanted.name != "*" and is_known(wanted.name):
                    by_step.setdefault(wanted.at.step, {}).setdefault(wanted.name, []).append(wanted)
            for step, patterns in by_step.items():
                told = "" if step in reported else _overmatch(flows, patterns)
                if told:
                    reported.add(step)
                    yield self.finding(
                        step.at("with", "pattern"),
                        "",
                        step.title,
                        told,
                        "put a separator that no name contains between the name and the rest",
                    )


def _overmatch(flows: Flows, patterns: dict[str, list[Flow]]) -> str:
    """What two renderings of one pattern both take, or what its only one takes for every leg."""
    owner: dict[str, str] = {}
    for pattern in sorted(patterns):
        names = {upload.name for upload in flows.taken(patterns[pattern][0]) if is_known(upload.name)}
        if len(patterns) == 1:
            legs = [wanted.at.job for wanted in patterns[pattern]]
            found = _taken_by_all(legs, sorted(names)) if len(legs) > 1 else ""
            return f"{pattern} takes all in each of {len(legs)} jobs: {found}" if found else ""
        twice = min(names & owner.keys(), default=None)
        if twice is not None:
            return f"{pattern} and {owner[twice]} both take the artifact {twice}"
        owner |= dict.fromkeys(names, pattern)
    return ""


def _taken_by_all(legs: list[JobRun], names: list[str]) -> str:
    """Two artifacts that are named after different legs, and that all legs take; "" where there are none."""
    values = [{text for text in _values(leg) if len(text) > 1} for leg in legs]
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

    Fix: add the job to `needs`.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Downloads whose artifacts are all uploaded by jobs that theirs does not wait for."""
        reported: set[Step] = set()
        for run in registry.runs.all():
            flows = flows_of(run)
            for wanted in flows.downloads if run.uses(UPLOAD) and run.uses(DOWNLOAD) else ():
                step = wanted.at.step
                if step in reported or wanted.name == "*" or not is_known(wanted.name):
                    continue
                made = flows.taken(wanted)
                if (
                    made
                    and not any(flows.waits(wanted.at.job, u.at.job) for u in made)
                    and not _polls(wanted.at)
                ):
                    reported.add(step)
                    makers = sorted({upload.at.job.root.job.id for upload in made})
                    yield self.finding(
                        step,
                        "",
                        step.title,
                        f"{wanted.at.job.title} downloads {shown(wanted.name)} and does not wait for"
                        f" {' or '.join(makers)}, which uploads it",
                        f"add {makers[0]} to needs",
                    )


def _polls(at: StepRun) -> bool:
    """Whether a download may come too early: where it may fail, or where a step before it waits."""
    if at.step.node.text("continue-on-error") == "true":
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

    Fix: say in `pattern` what is wanted, or set `DOCKER_BUILD_RECORD_UPLOAD: false` where the image is built.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Downloads of everything behind a build that uploads its record."""
        reported: set[Step] = set()
        for run in registry.runs.all():
            if not run.uses(DOWNLOAD) or not run.uses(*docker.RECORDS_SINCE):
                continue
            for wanted in flows_of(run).downloads:
                step = wanted.at.step
                if wanted.name != "*" or step in reported or step.action != DOWNLOAD:
                    continue
                flows, builds = flows_of(run), run.steps(*docker.RECORDS_SINCE)
                build = next((b for b in builds if _leaves_record(flows, b, wanted.at)), None)
                if build is not None:
                    reported.add(step)
                    yield self.finding(
                        step,
                        "",
                        step.title,
                        f"it downloads the record of the build in {build.path}:{build.line} too"
                        + ("" if docker.version(step) >= _TAKES_ANY else ", which is no archive: it fails"),
                        "say in `pattern` which artifacts are wanted",
                    )


_TAKES_ANY = 8
"""The version of the download that takes what is no archive as it is."""


def _leaves_record(flows: Flows, build: StepRun, download: StepRun) -> bool:
    """Whether a build certainly uploads its record before a download."""
    if build.runs != build.job.reached or not flows.waits(download.job, build.job):
        return False
    env = build.context("env")
    off = (text_of(env[name]) for name in docker.RECORD_SETTINGS if name in env)
    return docker.leaves_record(build.step) and not any(value in ("false", "0") for value in off)
