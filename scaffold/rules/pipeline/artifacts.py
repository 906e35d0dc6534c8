"""Rules about artifacts: who uploads what, and who downloads it."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.pipeline import docker
from scaffold.pipeline.expressions.values import HOLE, is_known
from scaffold.pipeline.runs import Run
from scaffold.pipeline.scopes import JobRun, StepRun
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.rules.pipeline.caches import artifact_name, lines
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.shell import commands, without_comments

if TYPE_CHECKING:
    from scaffold.pipeline.model import Step
    from scaffold.pipeline.repository import Repository

UPLOAD = "actions/upload-artifact"
MERGE = "actions/upload-artifact/merge"
DOWNLOAD = "actions/download-artifact"


class Upload(NamedTuple):
    """An artifact of a run."""

    name: str
    at: StepRun


class Download(NamedTuple):
    """What a step downloads of its own run: one name, or all that a pattern takes."""

    name: str
    pattern: str
    at: StepRun

    def may_take(self, name: str) -> bool:
        """Whether it takes an artifact, or may: what is unknown may be anything."""
        wanted = self.name or self.pattern
        if self.name and is_known(name) and is_known(self.name):
            return name == self.name
        if is_known(name):
            return fits(wanted, name)
        if is_known(wanted) and self.name:
            return fits(name, wanted)
        length = min(len(part) for part in (name.partition(HOLE)[0], re.split(f"[*?{HOLE}]", wanted)[0]))
        return name[:length] == wanted[:length]


def fits(pattern: str, name: str) -> bool:
    """Whether a pattern takes a name: `*`, `?`, and unknown parts that may be anything."""
    first, *rest = _pieces(pattern)
    if not rest:
        return _same(first, name)
    *middle, last = rest
    end = len(name) - len(last)
    at = len(first)
    if at > end or not (_same(first, name[:at]) and _same(last, name[end:])):
        return False
    for piece in middle:
        at = _find(piece, name, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def _find(piece: str, name: str, start: int, end: int) -> int:
    if "?" not in piece:
        return name.find(piece, start, end)
    starts = range(start, end - len(piece) + 1)
    return next((n for n in starts if _same(piece, name[n : n + len(piece)])), -1)


@cache
def _pieces(pattern: str) -> tuple[str, ...]:
    """The fixed pieces of a pattern, with anything between two of them."""
    return tuple(re.split(f"{HOLE}[^\ue001]*\ue001|\\*", pattern))


def _same(piece: str, text: str) -> bool:
    if "?" not in piece:
        return piece == text
    return len(piece) == len(text) and all(p in ("?", t) for p, t in zip(piece, text, strict=True))


@lru_cache(maxsize=64)
def uploads(run: Run) -> tuple[Upload, ...]:
    """The artifacts that a run may upload."""
    return tuple(_uploads(run))


def _uploads(run: Run) -> Iterator[Upload]:
    for leg in run.using(UPLOAD, MERGE):
        for step in leg.using(UPLOAD, MERGE):
            if step.runs is not False:
                merged = step.step.action == MERGE and not step.input("name")
                yield Upload("merged-artifacts" if merged else artifact_name(step), step)


@lru_cache(maxsize=64)
def downloads(run: Run) -> tuple[Download, ...]:
    """What a run downloads of its own artifacts."""
    return tuple(_downloads(run))


def _downloads(run: Run) -> Iterator[Download]:
    for leg in run.using(DOWNLOAD, MERGE):
        for step in leg.using(DOWNLOAD, MERGE):
            foreign = {"run-id", "repository", "artifact-ids", "github-token"} & step.step.given.keys()
            if step.runs is not False and not foreign:
                name = step.input("name") if step.step.action == DOWNLOAD else ""
                yield Download(name, step.input("pattern") or "*", step)


def has_strangers(run: Run) -> bool:
    """Whether something may upload artifacts that is not in the repository."""
    for job in run.every_job():
        if job.uses and not job.uses.startswith(("./", "$/")):
            return True
        for occurrence in job.occurrences:
            step = occurrence.step
            if step.action not in (UPLOAD, MERGE, DOWNLOAD) and "artifact" in f"{step.action} {step.run}":
                return True
            if step.action.startswith("actions/github-script"):
                return True
    return False


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
            known = sorted({upload.name for upload in uploads(run)})
            certain = {name for name in known if is_known(name)}
            for wanted in downloads(run):
                step = wanted.at.step
                if wanted.name in certain:
                    continue
                if step in reported or step.node.text("continue-on-error") == "true":
                    continue
                if wanted.pattern == "*" and not wanted.name:
                    continue
                plain = not wanted.name and is_known(wanted.pattern) and len(certain) == len(known)
                if not (any(taken(wanted.pattern, known)) if plain else any(map(wanted.may_take, known))):
                    reported.add(step)
                    yield self.finding(
                        step,
                        "",
                        step.title,
                        f"no job of the run uploads {_shown(wanted.name or wanted.pattern)}",
                        "download the name that is uploaded, or upload it",
                    )


def _shown(text: str) -> str:
    return re.sub(f"{HOLE}[^\ue001]*\ue001", "…", text)


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
            names = sorted({upload.name for upload in uploads(run) if is_known(upload.name)})
            by_step: dict[Step, dict[str, JobRun]] = {}
            for wanted in downloads(run):
                if not wanted.name and wanted.pattern != "*" and is_known(wanted.pattern):
                    by_step.setdefault(wanted.at.step, {}).setdefault(wanted.pattern, wanted.at.job)
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


def taken(pattern: str, names: list[str]) -> Iterator[str]:
    """The names that a pattern takes, of a sorted list."""
    prefix = re.split(r"[*?]", pattern, maxsplit=1)[0]
    start = bisect_left(names, prefix)
    end = bisect_left(names, f"{prefix}\U0010ffff")
    return (name for name in names[start:end] if fits(pattern, name))


class DigestNeverMerged(PipelineRule):
    """An image that is pushed by digest alone is given its tag by a later job.

    Why: a digest without a tag is invisible, and the registry deletes it after some days. LocalAI built
    199 images this way and merged only those with two architectures: no release tag of the others was
    ever there.

    Fails:

        # build pushes by digest and uploads digests-cuda; the merge downloads digests-cpu-* only

    Passes:

        # one merge for every image, with one architecture or two

    Fix: let the merge matrix contain every image that is built.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Artifacts of jobs that push by digest which no job downloads."""
        for run in registry.runs.all():
            if not run.uses(UPLOAD) or not run.uses(*docker.BUILD) or has_strangers(run):
                continue
            wanted = list(downloads(run))
            exact = {d.name for d in wanted if d.name and is_known(d.name)}
            vague = [d for d in wanted if not is_known(d.name or d.pattern)]
            patterns = {d.pattern for d in wanted if not d.name and is_known(d.pattern)}
            made = sorted({upload.name for upload in uploads(run) if is_known(upload.name)})
            served = exact.union(*(taken(pattern, made) for pattern in patterns))
            missing: dict[Step, list[str]] = {}
            for leg in run.using(UPLOAD):
                if not leg.complete or not _pushes_by_digest(leg):
                    continue
                own = [Upload(artifact_name(s), s) for s in leg.using(UPLOAD) if s.runs is not False]
                if own and not any(
                    u.name in served
                    or any(d.may_take(u.name) for d in (vague if is_known(u.name) else wanted))
                    for u in own
                ):
                    missing.setdefault(own[0].at.step, []).append(own[0].name)
            for step, names in missing.items():
                more = f" and {len(names) - 1} more" if len(names) > 1 else ""
                yield self.finding(
                    step,
                    "",
                    step.title,
                    f"the digest in {_shown(names[0])}{more} is downloaded by no job: that image gets no tag",
                    "let a later job download the artifact and tag the image",
                )


def _pushes_by_digest(leg: JobRun) -> bool:
    return any(
        "push-by-digest=true" in step.step.node.text("with", "outputs")
        and step.runs is not False
        and docker.pushes(step) is True
        for step in leg.using(*docker.BUILD)
    )


class ExecBit(PipelineRule):
    """A downloaded program is made executable before it is run.

    Why: an artifact is a zip file without permissions. `./tool` fails with `Permission denied`, and where
    a script falls back to building the tool itself, the artifact is never used and nobody notices.

    Fails:

        - uses: actions/download-artifact@v4
          with: {name: cli, path: bin}
        - run: ./bin/cli --version

    Passes:

        - run: |
            chmod +x ./bin/cli
            ./bin/cli --version

    Fix: `scaffold check --fix` adds the `chmod`.
    """

    severity = Severity.warning
    fixable = True

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Files of downloaded artifacts that a later script runs without a chmod before."""
        reported: set[Step] = set()
        for run in registry.runs.all():
            if not run.uses(DOWNLOAD):
                continue
            files: dict[str, set[str]] = {}
            for upload in uploads(run):
                plain = [p for p in lines(upload.at.input("path")) if not re.search(r"[*?\[!]", p)]
                if len(plain) == 1:
                    files.setdefault(upload.name, set()).add(posixpath.basename(plain[0].rstrip("/")))
            for wanted in downloads(run):
                if wanted.name and wanted.at.job.context("runner").get("os") != "Windows":
                    for base in files.get(wanted.name, ()):
                        found = _executed(wanted, base)
                        if found is not None and found[0] not in reported:
                            step, program = found
                            reported.add(step)
                            yield self.finding(
                                step.line_of(program),
                                "",
                                f"{step.title} {base}",
                                f"{program} comes out of the artifact {_shown(wanted.name)}, which keeps no"
                                " permissions, and is run",
                                f"chmod +x {program} before",
                                fix=partial(_make_executable, step, program) if _is_block(step) else None,
                            )


def _executed(wanted: Download, base: str) -> tuple[Step, str] | None:
    """The first later step that runs a downloaded file, and the file as it is called there."""
    folder = posixpath.normpath(wanted.at.input("path") or ".")
    file = posixpath.normpath(posixpath.join(folder, base))
    if not any(base in o.step.run for o in wanted.at.job.job.occurrences):
        return None
    behind = False
    for occurrence in wanted.at.job.job.occurrences:
        step = occurrence.step
        if step is wanted.at.step:
            behind = True
        elif behind and step.run:
            text = without_comments(step.run)
            if re.search(
                rf"(?:chmod|install\s+-m)[^\n]*(?:{re.escape(base)}|\*|-R\b|{re.escape(folder)}/?\s)", text
            ):
                return None
            at = posixpath.normpath(step.node.text("working-directory") or ".")
            for command in commands(step.run):
                word = command.bare[0] if command.bare else ""
                if "/" in word and posixpath.normpath(posixpath.join(at, word)) == file:
                    return step, word
    return None


def _is_block(step: Step) -> bool:
    node = step.node.get("run")
    return isinstance(node, yaml.Scalar) and node.style == "|"


def _make_executable(step: Step, program: str, changes: ChangeSet) -> None:
    node = step.node.values["run"]
    start = step.source.line_end(node.start)
    line = step.source.slice(start, step.source.line_end(start))
    indent = line[: len(line) - len(line.lstrip())]
    changes.add(Edit(step.path, start, start, f"{indent}chmod +x {program}\n"))
