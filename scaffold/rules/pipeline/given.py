"""What workflows hand on or ask for that is not there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from scaffold.backend.near import is_near
from scaffold.pipeline.model import Job
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.steps import Step
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax import yaml_values as yaml

_OF_PULL_REQUEST = (
    "pull_request",
    "pull_request_target",
    "pull_request_review",
    "pull_request_review_comment",
)
_BRINGING = {
    "release": ("release",),
    "pull_request": _OF_PULL_REQUEST,
    "issue": ("issues", "issue_comment"),
    "comment": ("issue_comment", "commit_comment", "pull_request_review_comment", "discussion_comment"),
    "workflow_run": ("workflow_run",),
    "client_payload": ("repository_dispatch",),
    "head_commit": ("push",),
    "inputs": ("workflow_dispatch", "workflow_call"),
}
"""What is in the payload of some events alone -> these."""
_ASKED = re.compile(r"\$\{\{\s*github\.event\.(\w+)\.[\w.]+\s*\}\}")
"""All of a value: what is asked for together with something else may be empty."""
_CALLED = "workflow_call"


class EventPayloadAbsent(PipelineRule):
    """A step takes from the event what some event that starts its workflow brings.

    Why: what the event does not have is empty, without a word. LocalAI's release workflow, which a tag
    starts, gave an action the upload address of a release, which a tag has not (034b9b691).

    Fails:

        on: {push: {tags: ['v*']}}
        ...
          with: {upload_url: "${{ github.event.release.upload_url }}"}

    Passes:

        on: {release: {types: [published]}}
        ...
          with: {upload_url: "${{ github.event.release.upload_url }}"}

    Looked at are values of `with` that are nothing else, in workflows that nothing calls and jobs that are
    not turned off. One of several events is enough.

    Fix: take it from elsewhere, or let that event start the workflow.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Values of an event that never starts the workflow."""
        for workflow in registry.pipeline.workflows:
            if b"github.event." not in workflow.source.data or _CALLED in workflow.events:
                continue
            for job in workflow.jobs.values():
                if job.node.text("if").strip("${ }") != "false":
                    yield from self._of(job)

    def _of(self, job: Job) -> Iterator[Finding]:
        told = set()
        for step in job.steps:
            for name, value in step.node.mapping("with").values.items():
                asked = _ASKED.fullmatch(value.text.strip()) if isinstance(value, yaml.Scalar) else None
                events = _BRINGING.get(asked[1], ()) if asked else ()
                if (
                    asked
                    and events
                    and job.workflow.events.keys().isdisjoint(events)
                    and asked[1] not in told
                ):
                    told.add(asked[1])
                    yield self.finding(
                        job.workflow.source.place(step.node.start_of(("with", name), 0)),
                        "",
                        f"{job.id} {asked[1]}",
                        f"{asked[0][3:-2].strip()} is always empty here: no {' and no '.join(events)} starts"
                        " this workflow",
                        "take it from elsewhere, or let that event start the workflow",
                    )


_RUN = re.compile(r"\bgo[ \t]+run[ \t]+\./([\w./-]+)")
_READ = re.compile(rb"\bos\.(?:Getenv|LookupEnv)\(\"(\w+)\"\)")


class EnvMisspelt(PipelineRule):
    """A variable that a step gives a program of the repository has a name that it reads.

    Why: a program takes a variable that nobody sets for empty and goes on with its default, or without.
    LocalAI's gallery agent was given `OPENAI_MODE`, and asked for a model without a name every day.

    Fails: `os.Getenv("WREN_MODEL")` in `.github/agent`, and

        - run: go run ./.github/agent
          env: {WREN_MODE: wren-7b}

    Passes:

        - run: go run ./.github/agent
          env: {WREN_MODEL: wren-7b}

    Looked at is what `go run` starts of the repository. Told are names that it does not have, a letter away
    from one that it reads and is not given.

    Fix: write the name that the program reads.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Variables of steps that no line of the program reads."""
        for job in registry.pipeline.jobs:
            for step in job.steps:
                started = _RUN.search(step.run) if "go run" in step.run else None
                given = step.node.mapping("env")
                if started is None or not given.values:
                    continue
                folder = started[1].rstrip("/")
                names = (n for n in registry.tree.names(folder) if n.endswith(".go"))
                code = b"\n".join(registry.tree.read(f"{folder}/{name}") or b"" for name in names)
                around = {
                    *given.values,
                    *job.node.mapping("env").values,
                    *job.workflow.node.mapping("env").values,
                }
                read = {name.decode() for name in _READ.findall(code)} - around
                for name in given.values:
                    meant = next((other for other in sorted(read) if is_near(name, other)), "")
                    if (
                        meant
                        and not re.search(rb"\b%s\b" % name.encode(), code)
                        and not re.search(rf"\$\{{?{name}\b", step.run)
                    ):
                        yield self.finding(
                            job.workflow.source.place(step.node.start_of(("env", name), 0)),
                            "",
                            f"{job.id} {name}",
                            f"{folder} reads {meant}, and nothing of it reads {name}",
                            f"write {meant}",
                        )


_VERBS = ("run", "build", "vet", "test", "install")
_GOES = re.compile(rf"\bgo[ \t]+(?:{'|'.join(_VERBS)})(?:[ \t][^\n@]*)?[ \t]\.?\w[\w.-]*/")


class GoPathBare(PipelineRule):
    """A step names a folder of the repository to `go` as one: with `./`.

    Why: without it Go takes the name for that of a package of its own, and there is none: "package
    .github/agent is not in std". LocalAI's gallery agent did not start on the day that it got a new call
    (7ce8a56e9).

    Fails:

        - run: go run .github/agent

    Passes:

        - run: go run ./.github/agent

    Told is the name of a folder with Go files, in steps that stay at the root.

    Fix: write `./` in front of it.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Folders that Go looks for elsewhere."""
        for job in registry.pipeline.jobs:
            for step in job.steps:
                if "go " not in step.run or "cd " in step.run or not _GOES.search(step.run):
                    continue
                if step.spelled("working-directory"):
                    continue
                for folder in _named(step):
                    if any(name.endswith(".go") for name in registry.tree.names(folder)):
                        yield self.finding(
                            job.workflow.source.place(step.node.start_of(("run",), 0)),
                            "",
                            f"{job.id} {folder}",
                            f"go takes {folder} for a package of its own, and finds none",
                            f"write ./{folder}",
                        )


def _named(step: Step) -> Iterator[str]:
    """What the calls of `go` in a step name like a package, and what may be a folder."""
    for command in step.script.commands:
        words = command.bare
        if words[:1] != ("go",) or {*words[1:2]}.isdisjoint(_VERBS) or "-C" in words:
            continue
        operands = [
            word for before, word in pairwise(words[1:]) if not word.startswith("-") and not _asks(before)
        ]
        named = [word for word in operands if "/" in word]
        for word in named[:1] if words[1] == "run" else named:  # what follows is the program's
            if word.startswith(("./", "../")) or "@" in word:
                break
            if not word.startswith("/"):
                yield str(word).rstrip("/")


def _asks(word: str) -> bool:
    """Whether the next word is the value of an option of `go`, or may be."""
    return word.startswith("-") and "=" not in word and word.lstrip("-") not in _SWITCHES


_SWITCHES = frozenset(
    {"a", "asan", "benchmem", "c", "cover", "failfast", "fullpath", "i", "json", "linkshared", "msan", "n"}
    | {"race", "short", "trimpath", "v", "work", "x"}
)
"""Options of `go` that have no value."""


UPLOAD = "actions/upload-artifact"
_FILE = re.compile(r"(?:\./)?((?:[\w.-]+/)+)([\w.-]+\.\w+)")


class ArtifactPathUnmade(PipelineRule):
    """The file that a step uploads is the one that the build makes.

    Why: without the file the step warns and goes on; what fails is the job that wants it, and says that there
    is no such artifact. LocalAI moved an image for macOS into another folder, and went on to upload the old
    one (7293f26fc).

    Fails: a script that writes `out/wren.tar`, which `make wren` runs, and

        - run: make wren
        - uses: actions/upload-artifact@v4
          with: {name: wren, path: build/wren.tar}

    Passes:

        - run: make wren
        - uses: actions/upload-artifact@v4
          with: {name: wren, path: out/wren.tar}

    Told is a file that nothing names, neither the steps of the job, nor the Makefile, nor what lies in
    `scripts`, where one of the last two names a file of that name in another folder; unless one of them puts
    something into the folder itself.

    Fix: name the folder in which the file is made.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Files of no folder that anything names."""
        said: list[str] = []
        for job in registry.pipeline.jobs:
            for step in job.steps:
                path = step.spelled("path") if step.action == UPLOAD else ""
                found = _FILE.fullmatch(path.strip())
                if found is None:
                    continue
                own = "\n".join(o.step.run for o in job.occurrences)
                said = said or [*_scripts(registry)]
                whole = found[1] + found[2]
                other = next((folder for folder in map(_elsewhere(found[2]), said) if folder), "")
                made = re.compile(rf"{re.escape(found[1])}(?:{re.escape(found[2])}|(?![\w.-]))")
                if other and not any(map(made.search, (own, *said))):
                    yield self.finding(
                        job.workflow.source.place(step.node.start_of(("with", "path"), 0)),
                        "",
                        f"{job.id} {whole}",
                        f"nothing makes {whole}; {other}{found[2]} is made",
                        f"write {other}{found[2]}",
                    )


def _scripts(registry: Repository) -> Iterator[str]:
    """The Makefile, and what lies in `scripts`."""
    paths = ("Makefile", *(path for path in registry.tree.files("scripts") if path.endswith(".sh")))
    for path in paths:
        yield (registry.tree.read(path) or b"").decode(errors="replace")


def _elsewhere(name: str) -> Callable[[str], str]:
    """What tells the folder in which a text has a file of some name."""
    named = re.compile(rf"(?<![\w$}}/.-])(?:\./)?((?:[\w.-]+/)+){re.escape(name)}(?![\w.-])")

    def folder(text: str) -> str:
        found = named.search(text)
        return found[1].removeprefix("./") if found else ""

    return folder
