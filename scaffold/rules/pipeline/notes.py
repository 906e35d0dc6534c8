"""Notes: what may be meant, and is worth a look. They run only where they are selected."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scaffold.pipeline import docker
from scaffold.pipeline.expressions.nodes import Call
from scaffold.pipeline.expressions.templates import template
from scaffold.pipeline.expressions.values import is_known
from scaffold.pipeline.scopes import StepRun, native
from scaffold.registry import Registry
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.rules.pipeline.artifacts import DOWNLOAD, UPLOAD, downloads, fits, uploads
from scaffold.rules.pipeline.caches import BOTH, RESTORE, SAVE
from scaffold.rules.pipeline.concurrency import cancelled_pushes, harmed
from scaffold.rules.pipeline.images import ARCHES, known_dockerfiles
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.source import Place

if TYPE_CHECKING:
    from scaffold.pipeline.model import Job, Step
    from scaffold.pipeline.repository import Repository


class Note(PipelineRule):
    """A rule that runs only where it, or the group pipeline-notes, is selected."""

    severity = Severity.info
    default = False


class PushCancelsTest(Note):
    """A push does not cancel the tests of the push before it.

    Why: the cancelled commit stays untested. Where the next one fails, nobody knows which of the two it
    was. Many projects want it so, to save runners; `push-cancels-push` is the error of the same shape.

    Fails:

        concurrency:
          group: test-${{ github.ref }}
          cancel-in-progress: true

    Passes:

        concurrency:
          group: test-${{ github.event.pull_request.number || github.sha }}
          cancel-in-progress: true

    Fix: add the commit to the group of pushes.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Groups that two pushes share and that cancel, of workflows that lose nothing but a test."""
        for run, group in cancelled_pushes(registry):
            if not harmed(run, group.job)[0]:
                yield self.finding(
                    group.place,
                    "",
                    f"group of {group.job.id}" if group.job else "group",
                    f"a push to {run.event.github['ref_name']} cancels the tests of the one before",
                    "add ${{ github.sha }} to the group where the event is a push",
                )


class CacheSaveOnPr(Note):
    """A pull request saves no cache.

    Why: a cache that a pull request saves is seen by that pull request alone, and takes the room of
    those that all builds share: GitHub keeps ten gigabytes and deletes the oldest.

    Fails:

        - uses: actions/cache/save@v4

    Passes:

        - uses: actions/cache/save@v4
          if: github.event_name != 'pull_request'

    Fix: save on pushes only.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Saves that a pull request certainly runs."""
        yield from _certain(self, registry, fork=False)

    def judge(self, step: StepRun) -> str:
        """What is wrong with a step that runs."""
        return "a pull request saves this cache" if step.step.action == SAVE else ""


class SecretLoginOnFork(Note):
    """A pull request of a fork does not log in with secrets, which it does not have.

    Why: secrets are empty there, and the login fails: no contributor from outside ever sees a green
    check.

    Fails:

        - uses: docker/login-action@v3
          with: {password: "${{ secrets.REGISTRY_PASSWORD }}"}

    Passes:

        - uses: docker/login-action@v3
          if: github.event_name != 'pull_request'

    Fix: log in on pushes, or where the secret is not empty.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Logins that a fork's pull request certainly runs."""
        yield from _certain(self, registry, fork=True)

    def judge(self, step: StepRun) -> str:
        """What is wrong with a step that runs."""
        password = step.step.input("password")
        if step.step.action != "docker/login-action" or password is None:
            return ""
        own = set(password.names("secrets")) - {"github_token"}
        return "the pull request of a fork logs in with empty secrets" if own else ""


def _certain(
    rule: CacheSaveOnPr | SecretLoginOnFork, registry: Repository, *, fork: bool
) -> Iterator[Finding]:
    reported: set[Step] = set()
    for run in registry.runs.pull_requests(fork=fork):
        if fork and run.event.name == "pull_request_target":
            continue
        for leg in run.using(SAVE, "docker/login-action"):
            for step in leg.using(SAVE, "docker/login-action") if leg.reached else ():
                problem = rule.judge(step) if step.runs and step.step not in reported else ""
                if problem:
                    reported.add(step.step)
                    yield rule.finding(step.step, "", step.step.title, problem, "give it an `if`")


class CacheMountId(Note):
    """A cache mount of a Dockerfile belongs to one architecture.

    Why: two builds for two architectures on one builder share the folder, and the compiler cache of one
    evicts the other's.

    Fails:

        RUN --mount=type=cache,target=/root/.ccache make

    Passes:

        RUN --mount=type=cache,id=ccache-${TARGETARCH},target=/root/.ccache make

    Fix: put TARGETARCH into the id.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Cache mounts without the architecture in their id."""
        for file in known_dockerfiles(registry):
            for options, instruction in file.cache_mounts:
                if not re.search(r"TARGET(?:ARCH|PLATFORM)", options.get("id", "")):
                    where = options.get("target") or options.get("dst", "")
                    yield self.finding(
                        file.place(instruction),
                        "",
                        where,
                        f"the cache mount {where} is shared by all architectures",
                        "give it an id with ${TARGETARCH}",
                    )


class QemuUnneeded(Note):
    """QEMU is set up where something is emulated.

    Why: it costs a download for each job, and hides that a leg has come to the wrong runner.

    Fails:

        runs-on: ubuntu-24.04-arm
        steps:
          - uses: docker/setup-qemu-action@v3
          - uses: docker/build-push-action@v6
            with: {platforms: linux/arm64}

    Passes:

        runs-on: ubuntu-24.04-arm
        steps:
          - uses: docker/build-push-action@v6
            with: {platforms: linux/arm64}

    Fix: delete the step.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Steps that set up QEMU in a job all of whose legs build for their runner."""
        found: dict[Step, list[bool]] = {}
        for run in registry.runs.all():
            for leg in run.using("docker/setup-qemu-action"):
                for step in leg.using("docker/setup-qemu-action"):
                    platforms = [
                        s.input("platforms") for s in leg.using(*docker.BUILD) if s.runs is not False
                    ]
                    arch = native(leg.runs_on)[1]
                    found.setdefault(step.step, []).append(
                        bool(platforms) and all(arch and ARCHES.get(p) == arch for p in platforms)
                    )
        for at, legs in found.items():
            if all(legs):
                yield self.finding(
                    at, "", at.title, f"no leg ({len(legs)}) emulates anything", "delete the step"
                )


class CacheMountNotExported(Note):
    """What a cache mount holds survives the job.

    Why: a registry cache holds layers, not cache mounts. On a fresh runner the mount is always empty,
    and the compiler cache in it never hits.

    Fails:

        RUN --mount=type=cache,target=/root/.ccache make     # built with cache-to: type=registry

    Passes:

        # a step saves and restores the mount, for instance with a cache dance

    Fix: export the mount, or do not count on it.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Dockerfiles with cache mounts that a step builds with an exported cache."""
        reported: set[str] = set()
        for run in registry.runs.all():
            for leg in run.using(*docker.BUILD):
                if any("cache-dance" in action for action in leg.job.actions):
                    continue
                for step in leg.using(*docker.BUILD):
                    found = docker.built(step, registry.tree) if "cache-to" in step.step.given else None
                    if found is None or found[0].path in reported or not found[0].cache_mounts:
                        continue
                    reported.add(found[0].path)
                    file = found[0]
                    yield self.finding(
                        file.place(file.cache_mounts[0][1]),
                        "",
                        file.path,
                        f"the cache of {step.step.title!r} does not hold the cache mounts of {file.path}",
                        "export them, or expect them to be empty",
                    )


class ReduceWaitsForStrangers(Note):
    """A job that merges artifacts waits only for the legs that make them.

    Why: it starts when the slowest leg of the matrix is done, its own or not. A registry that deletes
    untagged digests after a while may be faster.

    Fails:

        merge: {needs: build}          # and takes 2 of the 40 artifacts that build makes

    Passes:

        merge: {needs: build-of-two-architectures}

    Fix: split the matrix by what is merged.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Downloads by pattern that take less than half of what a needed matrix uploads."""
        for run in registry.runs.all():
            if not run.uses(DOWNLOAD) or not run.uses(UPLOAD):
                continue
            made: dict[str, list[str]] = {}
            for upload in uploads(run):
                if is_known(upload.name):
                    made.setdefault(upload.at.job.root.job.id, []).append(upload.name)
            taken: dict[tuple[Job, str], set[str]] = {}
            for wanted in downloads(run):
                root = wanted.at.job.root.job
                if wanted.name or not is_known(wanted.pattern):
                    continue
                for need in root.needs:
                    own = taken.setdefault((root, need), set())
                    own |= {name for name in made.get(need, ()) if fits(wanted.pattern, name)}
            for (job, need), own in taken.items():
                if own and len(made[need]) > 2 * len(own):
                    yield self.finding(
                        job,
                        "",
                        f"{job.id} {need}",
                        f"{job.id} waits for all {len(made[need])} artifacts of {need} and takes {len(own)}",
                        "split the matrix by what is merged",
                    )


class RunnerAllowList(Note):
    """LocalAI's jobs run on GitHub's own runners.

    Why: a label of a self-hosted runner that is gone keeps the job waiting for a day, and then it fails.

    Fails:

        runs-on: arc-runner-set

    Passes:

        runs-on: ubuntu-latest

    Fix: use a runner that is there, or say which one is meant in a suppression.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Matrix entries and jobs with another label."""
        if not isinstance(registry, Registry):
            return
        for entry in (*registry.matrix.linux, *registry.matrix.darwin):
            label = entry.fields.get("runs-on", "")
            if label and not _is_hosted(label):
                yield self.finding(
                    entry.at("runs-on"),
                    entry.backend,
                    f"{entry.tag_suffix} {label}",
                    f"{entry.tag_suffix} runs on {label}, which is no runner of GitHub's",
                    "use a hosted runner, or suppress with the reason",
                )
        for workflow in registry.pipeline.workflows:
            for job in workflow.jobs.values():
                for scalar in yaml.scalars(job.node.get("runs-on")):
                    if "${{" not in scalar.text and not _is_hosted(scalar.text):
                        yield self.finding(
                            job.at("runs-on"),
                            "",
                            f"{job.id} {scalar.text}",
                            f"{job.id} runs on {scalar.text}, which is no runner of GitHub's",
                            "use a hosted runner, or suppress with the reason",
                        )


def _is_hosted(label: str) -> bool:
    pattern = r"(?i)ubuntu-(?:latest|slim|\d\d\.\d\d)(?:-arm)?|macos-(?:latest|\d\d)(?:-\w+)?|windows-[\w.-]+"
    return re.fullmatch(pattern, label) is not None


class DiskBeforeBuildx(Note):
    """The disk is prepared before the builder is.

    Why: the builder keeps its state where Docker's data is when it starts. What is moved or freed later
    does not serve it.

    Fails:

        - uses: docker/setup-buildx-action@v3
        - uses: jlumbroso/free-disk-space@main

    Passes:

        - uses: jlumbroso/free-disk-space@main
        - uses: docker/setup-buildx-action@v3

    Fix: move the step up.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Disk steps behind the set-up of buildx or a build."""
        for workflow in registry.pipeline.workflows:
            for job in workflow.jobs.values():
                building = False
                for step in job.steps:
                    building |= step.action in (*docker.BUILD, "docker/setup-buildx-action")
                    if building and re.search(r"disk-space|build-disk|maximize", step.action):
                        yield self.finding(
                            step,
                            "",
                            f"{job.id} {step.title}",
                            "the disk is prepared after the builder was set up",
                            "move this step before it",
                        )


class RepeatedStepIf(Note):
    """What holds for all steps of a job is said once, at the job.

    Why: a job that only repeats `steps.cache.outputs.cache-hit != 'true'` starts a runner to find out
    that there is nothing to do, and the next step that is added forgets the condition.

    Fails:

        - if: steps.cache.outputs.cache-hit != 'true'
        - if: steps.cache.outputs.cache-hit != 'true'
        - if: steps.cache.outputs.cache-hit != 'true'

    Passes:

        # the cache is looked up in a job before, and this job has the one `if`

    Fix: look the cache up in a job of its own, and give this job the condition.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Conditions on a cache-hit or an outcome that two or more steps of a job repeat."""
        for workflow in registry.pipeline.workflows:
            for job in workflow.jobs.values():
                counts = Counter(
                    text
                    for step in job.steps
                    if re.search(r"cache-hit|\.outcome\b", text := step.node.text("if"))
                )
                for text, count in counts.items():
                    if count > 1:
                        first = next(step for step in job.steps if step.node.text("if") == text)
                        yield self.finding(
                            first.at("if"),
                            "",
                            f"{job.id} {text}",
                            f"{count} steps of {job.id} have the condition {text}",
                            "make it a condition of the job",
                        )


class KeySpelledTwice(Note):
    """A long cache key stands in one place.

    Why: a file that is added to the hash in one job and not in the other makes two keys, and the second
    job never finds what the first one saved.

    Fails:

        # in two jobs
        key: build-${{ hashFiles('a.lock', 'b.lock', 'src/**') }}

    Passes:

        # one job computes it, the others take its output
        key: ${{ needs.keys.outputs.build }}

    Fix: compute the key in one job, or put the step into a composite action.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Keys with a hash of two or more patterns that several jobs spell out."""
        for workflow in registry.pipeline.workflows:
            first: dict[str, Job] = {}
            reported: set[str] = set()
            for job in workflow.jobs.values():
                for occurrence in job.using(SAVE, RESTORE, BOTH):
                    key = occurrence.step.node.text("with", "key")
                    if occurrence.outer is not None or not _hashes(key):
                        continue
                    if first.setdefault(key, job) is not job and key not in reported:
                        reported.add(key)
                        yield self.finding(
                            occurrence.step.at("with", "key"),
                            "",
                            f"{job.id} {key[:60]}",
                            f"{first[key].id} and {job.id} spell out one key",
                            "compute it once",
                        )


def _hashes(key: str) -> bool:
    """Whether a key has a hash of two or more patterns."""
    return any(
        isinstance(node, Call) and node.name == "hashfiles" and len(node.arguments) > 1
        for expression in template(key).expressions
        for node in expression.walk()
    )


class DeadOutput(Note):
    """An output of a job is read by some job.

    Why: what nobody reads is computed for nothing, and the next reader believes that it matters.

    Fails:

        outputs:
          has-backends: ${{ steps.filter.outputs.has-backends }}     # and no needs.<job>.outputs.has-backends

    Passes:

        if: needs.changes.outputs.has-backends == 'true'

    Fix: delete it.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Outputs of jobs that their workflow never mentions again."""
        for workflow in registry.pipeline.workflows:
            text = workflow.source.data.decode()
            whole = "toJSON(needs" in text or "toJson(needs" in text
            for job in workflow.jobs.values():
                for name in job.node.mapping("outputs").values if not whole else ():
                    used = re.compile(
                        rf"(?:needs|jobs)\.{re.escape(job.id)}\.outputs(?:\.{re.escape(name)}\b|\[['\"]{re.escape(name)}['\"]\])"
                    )
                    if not used.search(text) and not re.search(
                        rf"needs\.{re.escape(job.id)}\.outputs\s*[)}}\[]", text
                    ):
                        yield self.finding(
                            job.at("outputs", name),
                            "",
                            f"{job.id} {name}",
                            f"no job reads the output {name} of {job.id}",
                            "delete it",
                        )


class DocsStale(Note):
    """A file or folder that the instructions for contributors name exists.

    Why: who follows them looks for it, and learns that the page is not to be trusted. The pages are
    written once, and the pipeline that they describe moves on.

    Fails:

        Add the entry to `.github/matrix.yml`.        # there is no such file

    Passes:

        Add the entry to `.github/backend-matrix.yml`.

    Looked at are `AGENTS.md`, `CONTRIBUTING.md` and `.agents/*.md`, and paths in backticks that begin with a
    folder of the repository and hold no placeholder.

    Fix: name what is there now.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Backticked paths that are neither a file nor a folder."""
        tree = registry.tree
        pages = [name for name in ("AGENTS.md", "CONTRIBUTING.md") if tree.read(name) is not None]
        pages += [f".agents/{name}" for name in tree.list(".agents") if name.endswith(".md")]
        folders = {name for name in tree.list("") if tree.is_dir(name)} if pages else set()
        for page in pages:
            for number, line in enumerate((tree.read(page) or b"").decode(errors="replace").split("\n"), 1):
                for text in re.findall(r"`((?:\./)?[\w.-]+/[\w./-]+)(?::\d+)?`", line):
                    path = posixpath.normpath(text)
                    if path.partition("/")[0] not in folders or ".." in path or "..." in text:
                        continue
                    if tree.read(path) is None and not tree.is_dir(path):
                        yield self.finding(
                            Place(page, number),
                            "",
                            f"{page} {path}",
                            f"{page} names {path}, which does not exist",
                            "name what is there now",
                        )
