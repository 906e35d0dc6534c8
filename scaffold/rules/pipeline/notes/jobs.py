"""Notes about jobs and what they hand on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from scaffold.pipeline.artifacts import DOWNLOAD, UPLOAD
from scaffold.pipeline.expressions.values import is_known
from scaffold.pipeline.flows import Flow, flows_of
from scaffold.pipeline.model import Job
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.steps import Step
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
            flows = flows_of(run)
            made: dict[str, list[Flow]] = {}
            for upload in flows.uploads:
                if is_known(upload.name):
                    made.setdefault(upload.at.job.root.job.id, []).append(upload)
            taken: dict[Job, set[Flow]] = {}
            for wanted in flows.downloads:
                if is_known(wanted.name):
                    own = taken.setdefault(wanted.at.job.root.job, set())
                    own.update(upload for upload in flows.taken(wanted) if is_known(upload.name))
            for job, own in taken.items():
                for need in job.needs:
                    theirs = made.get(need, [])
                    count = sum(upload in own for upload in theirs)
                    alike = {upload.at.step for upload in theirs} & {upload.at.step for upload in own}
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
                text for step in job.steps if re.search(r"cache-hit|\.outcome\b", text := _condition(step))
            )
            for text, count in counts.items():
                if count > 1:
                    first = next(step for step in job.steps if _condition(step) == text)
                    yield self.finding(
                        first.at("if"),
                        "",
                        f"{job.id} {text}",
                        f"{count} steps of {job.id} have the condition {text}",
                        "make it a condition of the job",
                    )


def _condition(step: Step) -> str:
    """The condition of a step, which may stand in `${{ }}` or not."""
    return step.node.text("if").strip().removeprefix("${{").removesuffix("}}").strip()


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

        - env: {RELEASE_TITLE: "${{ github.ref_name }}"}
          run: echo "a release" | curl -d @- https://example.org/notify

    Passes:

        - env: {RELEASE_TITLE: "${{ github.ref_name }}"}
          run: echo "$RELEASE_TITLE" | curl -d @- https://example.org/notify

    A program may read a variable without anybody naming it. So only those are looked at that nothing but the
    shell and its usual tools gets to see.

    Fix: delete it.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Names that stand nowhere else in a workflow, where the steps run nothing that may read them."""
        for workflow in registry.pipeline.workflows:
            jobs = list(workflow.jobs.values())
            scopes = [(workflow.node, [step for job in jobs for step in job.steps], jobs)]
            scopes += [(job.node, [*job.steps], [job]) for job in jobs]
            scopes += [(step.node, [step], []) for job in jobs for step in job.steps]
            for node, steps, own in scopes:
                names = node.mapping("env").keys
                if not names or any(job.uses for job in own) or not all(map(_is_plain, steps)):
                    continue
                text = workflow.source.data
                for name, key in names.items():
                    if len(re.findall(rb"\b%s\b" % re.escape(name.encode()), text)) == 1:
                        place = workflow.source.place(key.start)
                        yield self.finding(place, "", name, f"nothing reads {name}", "delete it")


def _is_plain(step: Step) -> bool:
    """Whether a step runs nothing but the shell and tools that read no variable of somebody's own."""
    if not step.run:
        return step.action == "actions/checkout"
    commands = list(step.script.commands)
    return bool(commands) and all(not c.bare or c.bare[0] in _TOOLS for c in commands)


_TOOLS = frozenset(
    {"[", "[[", ":", "awk", "basename", "cat", "cd", "cp", "curl", "cut", "date", "dirname", "echo", "exit"}
    | {"export", "false", "find", "grep", "head", "jq", "ls", "mkdir", "mv", "printf", "pwd", "rm", "sed"}
    | {"set", "sleep", "sort", "tail", "tee", "test", "touch", "tr", "true", "uniq", "wc", "wget"}
)
