"""Notes about jobs and what they hand on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from scaffold.pipeline.artifacts import DOWNLOAD, UPLOAD, fits
from scaffold.pipeline.expressions.values import is_known
from scaffold.pipeline.flows import Flow, flows_of
from scaffold.pipeline.model import Job
from scaffold.pipeline.repository import Repository
from scaffold.registry import Registry
from scaffold.rules.base import Finding
from scaffold.rules.pipeline.notes.note import Note
from scaffold.syntax.source import Place


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
        """Needed matrices of whose uploads a job takes less than half, or none where it takes their like."""
        for run in registry.runs.all():
            if not run.uses(DOWNLOAD) or not run.uses(UPLOAD):
                continue
            made: dict[str, list[Flow]] = {}
            for upload in flows_of(run).uploads:
                if is_known(upload.name):
                    made.setdefault(upload.at.job.root.job.id, []).append(upload)
            taken: dict[Job, set[Flow]] = {}
            for wanted in flows_of(run).downloads:
                if not wanted.exact and is_known(wanted.name):
                    every = (upload for flows in made.values() for upload in flows)
                    own = taken.setdefault(wanted.at.job.root.job, set())
                    own |= {upload for upload in every if fits(wanted.name, upload.name)}
            for job, flows in taken.items():
                for need in job.needs:
                    theirs = made.get(need, [])
                    count = sum(upload in flows for upload in theirs)
                    alike = {upload.at.step for upload in theirs} & {upload.at.step for upload in flows}
                    if len(theirs) > max(1, 2 * count) and alike:
                        yield self.finding(
                            job,
                            "",
                            f"{job.id} {need}",
                            f"{job.id} waits for all {len(theirs)} artifacts of {need} and takes"
                            f" {count or 'none'}",
                            "split the matrix by what is merged" if count else "wait for what it takes",
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
        for job in registry.pipeline.jobs:
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


class DeadOutput(Note):
    """An output of a job or a step is read.

    Why: what nobody reads is computed for nothing, and the next reader believes that it matters.

    Fails:

        outputs:
          has-backends: ${{ steps.filter.outputs.has-backends }}     # and no needs.<job>.outputs.has-backends

    Passes:

        if: needs.changes.outputs.has-backends == 'true'

    Fix: delete it.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Outputs of jobs and of the scripts of steps that their workflow never mentions again."""
        for workflow in registry.pipeline.workflows:
            text = workflow.source.data.decode()
            reads = [*_READ.finditer(text)]
            read = {(m["kind"], m["of"] or m["in"], m["dotted"] or m["quoted"]) for m in reads}
            whole = {(m["kind"], m["of"] or m["in"]) for m in reads if m["whole"]}
            all_of = set(re.findall(r"(?i)toJSON\(\s*(needs|steps)\b", text))
            for job in workflow.jobs.values():
                for name in job.node.mapping("outputs").values:
                    kinds = ("needs", "jobs")
                    if all_of.isdisjoint(kinds) and not any(
                        (kind, job.id) in whole or (kind, job.id, name) in read for kind in kinds
                    ):
                        what = f"the output {name} of {job.id}"
                        yield self._dead(job.at("outputs", name), f"{job.id} {name}", what)
                for step in job.steps if "steps" not in all_of else ():
                    for name in step.outputs if ("steps", step.id) not in whole else ():
                        if ("steps", step.id, name) not in read:
                            what = f"the output {name} of step {step.title!r}"
                            yield self._dead(step.line_of(f"{name}="), f"{job.id} {step.title} {name}", what)

    def _dead(self, place: Place, subject: str, what: str) -> Finding:
        return self.finding(place, "", subject, f"nobody reads {what}", "delete it")


_READ = re.compile(
    r"\b(?P<kind>needs|jobs|steps)(?:\.(?P<of>[\w-]++)|\[['\"](?P<in>[\w-]++)['\"]\])\.outputs"
    r"(?:\.(?P<dotted>[\w-]++)|\[['\"](?P<quoted>[\w-]++)['\"]\]|(?P<whole>\s*+[)}\[]))"
)


class UnusedEnv(Note):
    """A variable in the `env` of a workflow, a job or a step is used.

    Why: it was renamed, or what read it is gone. Who looks for the reason of a setting finds one that has
    no effect.

    Fails:

        env:
          BUILD_CACHE: "true"        # and nothing says BUILD_CACHE

    Passes:

        env:
          BUILD_CACHE: "true"
        run: make CACHE=$BUILD_CACHE

    Checked in LocalAI alone: elsewhere too many tools read a variable that nobody names. Those that begin
    with the name of a tool (`GO`, `CARGO_`, `DOCKER_`, `HOMEBREW_`...) are left alone there too. Looked at
    are workflows, actions, Makefiles, Dockerfiles and scripts.

    Fix: delete it.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Names of variables that stand nowhere but where they are set."""
        found: dict[str, list[Place]] = {}
        for workflow in registry.pipeline.workflows if isinstance(registry, Registry) else ():
            holders = [workflow.node, *(job.node for job in workflow.jobs.values())]
            holders += [step.node for job in workflow.jobs.values() for step in job.steps]
            for env in (holder.mapping("env") for holder in holders):
                for name, key in env.keys.items():
                    if not _TOOLS.match(name):
                        found.setdefault(name, []).append(workflow.source.place(key.start))
        words = Counter(re.findall(rb"[A-Za-z_]\w*", b"\n".join(_texts(registry)))) if found else Counter()
        for name, places in found.items():
            if words[name.encode()] <= len(places):
                yield self.finding(places[0], "", name, f"nothing reads {name}", "delete it")


def _texts(registry: Repository) -> Iterator[bytes]:
    """What may read a variable: all of `.github`, the files of the root, and scripts anywhere."""
    for path in registry.tree.files(""):
        if path.startswith(".github/") or "/" not in path or _READERS.search(path):
            yield registry.tree.read(path) or b""


_READERS = re.compile(
    r"(?:\.(?:sh|bash|py|js|mjs|cjs|ts|go|rs|rb|pl|ps1|mk|cmake|toml|gradle|kts|nix)|(?:Makefile|Dockerfile)[\w.-]*)$"
)
_TOOLS = re.compile(
    r"(?i)(?:ACTIONS|AWS|AZURE|BUILDKIT|BUILDX|CARGO|CC|CGO|CI|CMAKE|COMPOSE|CONDA|COSIGN|CXX|DEBIAN|DENO|DOCKER|DOTNET"
    r"|FORCE|GCP|GH|GIT|GITHUB|GO|GOOGLE|GRADLE|HF|HOMEBREW|JAVA|KUBE|LANG|LC|LD|MACOSX|MAVEN|MISE|NIX|NODE|NPM|NX"
    r"|OPENSSL|PATH|PIP|PNPM|POETRY|PRE|PY|PYTHON|RUNNER|RUST|SCCACHE|SEGMENT|SENTRY|SKIP|TAURI|TERM|TF|TOX|TURBO"
    r"|TWINE|UV|VCPKG|WINDOWS|YARN|ZIG)(?:_|[A-Z0-9]*$)"
)
