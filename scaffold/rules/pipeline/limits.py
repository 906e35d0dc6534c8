"""Limits of the services that jobs ask."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.pipeline.repository import Repository
from scaffold.pipeline.steps import Step
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax.shell import Command, ShellSource
from scaffold.syntax.source import Place

API = "://api.github.com/"


class AnonymousApi(PipelineRule):
    """What asks GitHub's API in a job says who asks.

    Why: without a token GitHub answers an address 60 times an hour, and hosted runners share addresses: now
    and then a job gets a 403 for what others asked. LocalAI's bumps of pins failed every night for two weeks,
    each night other ones (#11042).

    Fails:

        curl -sfL "https://api.github.com/repos/acme/ibex/commits/main"

    Passes:

        curl -sfL -H "Authorization: Bearer $GITHUB_TOKEN" "https://api.github.com/repos/acme/ibex/commits/main"

    Looked at are the steps and the shell scripts that they run. There is one finding for a script.

    Fix: give the step `GITHUB_TOKEN: ${{ github.token }}`, and send it; or use `gh api`.
    """

    severity = Severity.info

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Scripts with a call of curl or wget that has no token."""
        read: set[str] = set()
        for job in registry.pipeline.jobs:
            for occurrence in job.occurrences:
                step = occurrence.step
                if API in step.run and any(map(_is_anonymous, step.script.commands)):
                    yield self._told(step.line_of(API, "run"), f"{job.id} {step.title}")
                for path in _scripts(step):
                    data = None if path in read else registry.tree.read(path)
                    read.add(path)
                    if data is not None and API.encode() in data:
                        script = ShellSource(path, data)
                        call = next(filter(_is_anonymous, script.commands), None)
                        if call is not None:
                            yield self._told(script.place(call.start_byte), path)

    def _told(self, place: Place, subject: str) -> Finding:
        return self.finding(
            place,
            "",
            subject,
            "GitHub's API is asked without a token: 60 times an hour for all that share the runner's address",
            'send `-H "Authorization: Bearer $GITHUB_TOKEN"`, or use `gh api`',
        )


def _is_anonymous(command: Command) -> bool:
    """Whether a command asks the API, and none of its words is or may be a token."""
    words = command.words
    if not (command.starts("curl") or command.starts("wget")) or not any(API in word for word in words):
        return False
    return not any(_MAY_NAME_ONE.search(word) for word in words)


_MAY_NAME_ONE = re.compile(
    r"(?i)\bauthorization\b|token|^(?:-u|--user|-n|--netrc.*|-K|--config|--oauth2-bearer|--cert)$"
    r"|^\$\{?\w+(?:\[[@*]\])?\}?$"
)


def _scripts(step: Step) -> Iterator[str]:
    """The paths of shell scripts that a step names."""
    folder = step.node.text("working-directory")
    for command in step.script.commands if ".sh" in step.run else ():
        for word in command.words:
            if re.fullmatch(r"[\w./-]+\.sh", word):
                yield posixpath.normpath(posixpath.join(folder, word))
