"""Notes about jobs and what they hand on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from scaffold.pipeline.artifacts import DOWNLOAD, UPLOAD
from scaffold.pipeline.builds import may_build_in
from scaffold.pipeline.effects import Kind, effects_of
from scaffold.pipeline.expressions.values import is_known
from scaffold.pipeline.flows import Flow, Flows, flows_of
from scaffold.pipeline.model import Job, Workflow
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.steps import CHECKOUT, Step
from scaffold.rules.base import Finding
from scaffold.rules.pipeline.notes.note import Note
from scaffold.rules.pipeline.reduces import deploys, is_gate
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.source import Place
from scaffold.syntax.yaml import YamlSource


class ReduceWaitsForStrangers(Note):
    """A job that merges artifacts waits only for the legs that make them.

    Why: it starts when the slowest leg of the matrix is done, its own or not. A registry that deletes
    untagged digests after a while may be faster.

    Fails:

        merge: {needs: build}          # and takes 2 of the 40 artifacts that build makes

    Passes:

        merge: {needs: build-of-two-architectures}

    One that takes nothing of a matrix is told too, unless it may wait for another reason: for tests, for
    images that the matrix builds, for its outputs or its result, or to publish all or nothing.

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
                    if len(theirs) > max(1, 2 * count) and (
                        alike or (own and not count and _waits_for_nothing(registry, flows, job, need, own))
                    ):
                        yield self.finding(
                            job,
                            "",
                            f"{job.id} {need}",
                            f"{job.id} waits for all {len(theirs)} artifacts of {need} and takes"
                            f" {count or 'none'}",
                            "split the matrix by what is merged" if count else "wait for what it takes",
                        )


def _waits_for_nothing(registry: Repository, flows: Flows, job: Job, need: str, own: set[Flow]) -> bool:
    """Whether a job that takes nothing of a matrix has no other reason to wait for it either."""
    other = job.workflow.jobs[need]
    text = job.workflow.source.slice(job.node.start, job.node.end)
    reads = re.search(rf"(?i)\bneeds\s*(?:\.\s*(?:{re.escape(need)}\b|\*)|[\[)])", text)
    vague = any(d.at.job.root.job is job and not is_known(d.name) for d in flows.downloads)
    behind = any(need in u.at.job.root.job.workflow.upstream(u.at.job.root.job) for u in own)
    if other.matrix is None or reads or vague or behind or is_gate(job) or is_gate(other):
        return False
    legs = [leg for leg in flows.run.jobs if leg.root.job in (job, other)]
    if any(leg.root.job is other and may_build_in(leg.job) for leg in legs):
        return False
    effects = (one for leg in legs for step in leg.steps for one in effects_of(step, registry.tree))
    return not any(effect.kind is Kind.publication for effect in effects) and not deploys(job)


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

    A job is left alone in which a step behind the first of them has no condition: it has to run all the same.

    Fix: look the cache up in a job of its own, and give this job the condition.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Conditions on a cache-hit or an outcome that two or more steps of a job repeat."""
        for job in registry.pipeline.jobs:
            conditions = [_condition(step) for step in job.steps]
            for text, count in Counter(filter(_ASKS_STEP.search, conditions)).items():
                first = conditions.index(text)
                if count > 1 and all(conditions[first:]):
                    yield self.finding(
                        job.steps[first].at("if"),
                        "",
                        f"{job.id} {text}",
                        f"{count} steps of {job.id} have the condition {text}",
                        "make it a condition of the job",
                    )


_ASKS_STEP = re.compile(r"cache-hit|\.(?:outcome|conclusion)\b")


def _condition(step: Step) -> str:
    """The condition of a step, which may stand in `${{ }}` or not."""
    text = step.node.text("if").strip().removeprefix("${{").removesuffix("}}").strip()
    text = re.sub(r"\[\s*'([\w-]+)'\s*\]", r".\1", text)
    return re.sub(r"(?<!\s)\s*+(==|!=|&&|\|\|)\s*+", r" \1 ", text)


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
            text = _without_comments(workflow)
            whole = _Reads(text)
            for job in workflow.jobs.values():
                for name in job.node.mapping("outputs").values:
                    if not any(whole.has(kind, job.id, name) for kind in ("needs", "jobs")):
                        what = f"the output {name} of {job.id}"
                        yield self._dead(job.at("outputs", name), f"{job.id} {name}", what)
                yield from self._of_steps(job.steps, text[job.node.start : job.node.end], job.id)
        for folder, steps in registry.pipeline.actions.items():
            yield from self._of_steps(steps, steps[0].source.data if steps else b"", folder)

    def _of_steps(self, steps: Iterable[Step], text: bytes, whose: str) -> Iterator[Finding]:
        writers = [(step, step.outputs) for step in steps]
        own = _Reads(text) if any(outputs for _, outputs in writers) else None
        for step, outputs in writers if own is not None else ():
            for name in (name for name in outputs if own and not own.has("steps", step.id, name)):
                place = step.line_of(f"{name}=" if f"{name}=" in step.run else name)
                what = f"the output {name} of step {step.title!r}"
                yield self._dead(place, f"{whose} {step.title} {name}", what)

    def _dead(self, place: Place, subject: str, what: str) -> Finding:
        return self.finding(place, "", subject, f"nobody reads {what}", "delete it")


class _Reads:
    """What a text reads of the outputs of jobs and steps."""

    def __init__(self, data: bytes) -> None:
        text = data.decode(errors="replace")
        objects = re.findall(r"(?i)toJSON\(\s*(needs|steps|jobs)\s*\)", text)
        self._named: set[tuple[str, str, str]] = set()
        self._whole = {(kind.lower(), "*") for kind in objects}
        for m in _READ.finditer(text):
            kind, of = m["kind"].lower(), (m["of"] or m["in"]).lower()
            name = m["dotted"] or m["quoted"]
            if name:
                self._named.add((kind, of, name.lower()))
            else:
                self._whole.add((kind, of))

    def has(self, kind: str, of: str, name: str) -> bool:
        """Whether it reads one output, or all of a job or step."""
        owners = (of.lower(), "*")
        return any((kind, o) in self._whole or (kind, o, name.lower()) in self._named for o in owners)


_READ = re.compile(
    r"(?i)\b(?P<kind>needs|jobs|steps)(?:\.(?P<of>[\w-]++|\*)|\[\s*['\"](?P<in>[\w-]++)['\"]\s*\])"
    r"(?:(?:\.outputs|\[\s*['\"]outputs['\"]\s*\])"
    r"(?:\.(?P<dotted>[\w-]++)|\[\s*['\"](?P<quoted>[\w-]++)['\"]\s*\]|\s*+[)}\[.])|\s*+\))"
)


def _without_comments(workflow: Workflow) -> bytes:
    """A workflow with the comments of its scripts blank."""
    text = bytearray(workflow.source.data)
    for job in workflow.jobs.values():
        for step in (step for step in job.steps if "#" in step.run and "outputs" in step.run):
            node = step.node.values["run"]
            lines = workflow.source.data[node.start : node.end].split(b"\n")
            bare = {line.strip() for line in step.script.bare.split(b"\n")}
            seen = (not line.lstrip().startswith(b"#") or line.strip() in bare for line in lines)
            kept = [line if kept else b" " * len(line) for line, kept in zip(lines, seen, strict=True)]
            text[node.start : node.end] = b"\n".join(kept)
    return bytes(text)


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
                if not any(job.uses for job in own):
                    yield from self._unread(workflow.source, node, steps)
        for step in (step for steps in registry.pipeline.actions.values() for step in steps):
            yield from self._unread(step.source, step.node, [step])

    def _unread(self, source: YamlSource, node: yaml.Mapping, steps: list[Step]) -> Iterator[Finding]:
        """The variables of a workflow, a job or a step that none of its steps reads."""
        names = node.mapping("env").keys
        if not names or not all(map(_is_plain, steps)):
            return
        text = source.data[node.start : node.end]
        for name, key in names.items():
            read = len(re.findall(rb"\b%s\b" % re.escape(name.encode()), text)) > 1
            if not read and not re.fullmatch(_OF_TOOLS, name):
                yield self.finding(source.place(key.start), "", name, f"nothing reads {name}", "delete it")


def _is_plain(step: Step) -> bool:
    """Whether a step runs nothing but the shell and tools that read no variable of somebody's own."""
    if not step.run:
        return step.action == CHECKOUT
    commands = list(step.script.commands)
    plain = bool(commands) and all(not c.bare or c.bare[0] in _TOOLS for c in commands)
    return plain and re.search(_TAKES_ALL, step.script.bare.decode()) is None


_TAKES_ALL = (
    r"(?m)(?:^|[;&|(`{])[ \t]*(?:env|set|export(?: -p)?)[ \t]*(?:$|[|>;)&`}])"
    r"|\$\{!|\bENVIRON\b|\$ENV\b|/environ\b|\bjq\b[^\n]*\benv\b"
)
"""How a script gets all variables, or one whose name it puts together."""
_OF_TOOLS = (
    r"(?i)LC_\w+|LANG\w*|TZ|PATH|HOME|USER|SHELL(?:OPTS)?|TERM|TMPDIR|IFS|PS4|CI|COLUMNS|LINES|EDITOR"
    r"|CDPATH|NETRC|POSIXLY_CORRECT|SOURCE_DATE_EPOCH|\w*COLORS?|\w*BLOCK_SIZE|TIME_STYLE|\w+_proxy"
    r"|(?:ACTIONS|RUNNER|FORCE_JAVASCRIPT|GIT|LD|DYLD|MALLOC|XDG)_\w+|(?:AWK|BASH|CURL|GREP|JQ|SSL|WGET)_?\w*"
)
"""Variables that these tools, git or the runner read without being told."""

_TOOLS = frozenset(
    {"[", "[[", ":", "awk", "basename", "cat", "cd", "cp", "curl", "cut", "date", "dirname", "echo", "exit"}
    | {"export", "false", "find", "grep", "head", "jq", "ls", "mkdir", "mv", "printf", "pwd", "rm", "sed"}
    | {"set", "sleep", "sort", "tail", "tee", "test", "touch", "tr", "true", "uniq", "wc", "wget"}
)
