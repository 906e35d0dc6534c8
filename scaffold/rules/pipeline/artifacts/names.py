"""Names of artifacts: what a download takes."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.pipeline.artifacts import DOWNLOAD, has_strangers, taken
from scaffold.pipeline.expressions.values import is_known, shown
from scaffold.pipeline.flows import flows_of
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.steps import Step
from scaffold.rules.base import Finding, PipelineRule, Severity


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
            known = sorted({upload.name for upload in flows_of(run).uploads})
            certain = {name for name in known if is_known(name)}
            for wanted in flows_of(run).downloads:
                step = wanted.at.step
                if wanted.name in certain or wanted.name == "*":
                    continue
                if step in reported or step.node.text("continue-on-error") == "true":
                    continue
                plain = not wanted.exact and is_known(wanted.name) and len(certain) == len(known)
                if not (any(taken(wanted.name, known)) if plain else any(map(wanted.may_take, known))):
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

    Fix: end the variable part with a separator that no name contains, in the upload and in the pattern.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Download steps of which two renderings take one artifact."""
        reported: set[Step] = set()
        for run in registry.runs.all():
            if not run.uses(DOWNLOAD):
                continue
            names = sorted({upload.name for upload in flows_of(run).uploads if is_known(upload.name)})
            by_step: dict[Step, set[str]] = {}
            for wanted in flows_of(run).downloads:
                if not wanted.exact and wanted.name != "*" and is_known(wanted.name):
                    by_step.setdefault(wanted.at.step, set()).add(wanted.name)
            for step, patterns in by_step.items():
                if step in reported or len(patterns) == 1:
                    continue
                owner: dict[str, str] = {}
                for pattern in sorted(patterns):
                    twice = next((n for n in taken(pattern, names) if n in owner), None)
                    if twice is not None:
                        reported.add(step)
                        yield self.finding(
                            step.at("with", "pattern"),
                            "",
                            step.title,
                            f"{pattern} and {owner[twice]} both take the artifact {twice}",
                            "put a separator that no name contains between the name and the rest",
                        )
                        break
                    owner |= dict.fromkeys(taken(pattern, names), pattern)
