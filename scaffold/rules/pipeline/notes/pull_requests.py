"""Notes about what a pull request runs."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.pipeline.caches import SAVE
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.steps import Step
from scaffold.rules.base import Finding
from scaffold.rules.pipeline.notes.note import Note


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

    def judge(self, step: Step) -> str:
        """What is wrong with a step where it runs."""
        return "a pull request saves this cache" if step.action == SAVE else ""


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

    def judge(self, step: Step) -> str:
        """What is wrong with a step where it runs."""
        password = step.input("password")
        if step.action != "docker/login-action" or password is None:
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
        for step in run.those(lambda step: bool(rule.judge(step))):
            if step.step not in reported and step.due:
                reported.add(step.step)
                yield rule.finding(step.step, "", step.step.title, rule.judge(step.step), "give it an `if`")
