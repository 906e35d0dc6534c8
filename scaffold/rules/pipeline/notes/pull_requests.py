"""Notes about what a pull request runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from scaffold.pipeline.caches import SAVE
from scaffold.pipeline.expressions.templates import Template, template
from scaffold.pipeline.expressions.values import text_of
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.scopes import StepRun
from scaffold.pipeline.steps import Step
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Severity
from scaffold.rules.pipeline.notes.note import Note
from scaffold.syntax import yaml_values as yaml


class CacheSaveOnPr(Note):
    """A pull request saves no cache.

    Why: a cache that a pull request saves is seen by that pull request alone, and takes the room of
    those that all builds share: GitHub keeps ten gigabytes and deletes the oldest.

    Fails:

        - uses: actions/cache/save@v4

    Passes:

        - uses: actions/cache/save@v4
          if: github.event_name != 'pull_request'

    `actions/cache` restores and saves in one, and a pull request that restores needs it: it is left alone.
    In LocalAI, whose builds share all of that room, it is an error and always looked for.

    Fix: save on pushes only.
    """

    default = True

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Saves that a pull request certainly runs."""
        severity = Severity.error if isinstance(registry, Registry) else self.severity
        for step in _certain(registry, lambda step: step.action == SAVE, fork=False):
            told = "a pull request saves this cache"
            advice = "save on pushes alone: give it an `if`, or leave it to a workflow of pushes"
            yield self.finding(step.step, "", step.step.title, told, advice, severity=severity)


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
        """Logins that a fork's pull request certainly runs, with what is empty there."""
        for step in _certain(registry, _logs_in, fork=True):
            forgiven = any(s.node.text("continue-on-error") == "true" for s in step.occurrence.chain)
            if _is_empty(step) and not forgiven:
                told = "the pull request of a fork logs in with empty secrets"
                yield self.finding(step.step, "", step.step.title, told, "give it an `if`")


def _logs_in(step: Step) -> bool:
    """Whether a step logs in to a registry: by an action, or in its script."""
    if "password" in step.given:
        return "login" in step.action
    commands = step.script.commands if "login" in step.run else ()
    return any(c.bare and c.bare[0] in _CLIENTS and "login" in c.bare[1:3] for c in commands)


_CLIENTS = ("docker", "podman", "buildah", "skopeo", "oras", "crane", "regctl", "helm", "nerdctl")
"""Commands that log in to a registry."""


def _is_empty(step: StepRun) -> bool:
    """Whether the password of a login is a secret that this run does not have."""
    if "password" in step.step.given:
        return step.input("password") == "" != step.step.spelled("password")
    script = step.step.run
    if re.search(r"(?:\[|\btest)\s+-[nz]\s|:-|:\?", script):
        return False  # it looks whether there is one
    said = template(script).expressions
    secret = [node for node in said if _reads_secret(Template((node,)), step)]
    env = step.context("env")
    used = [
        name for name in env if text_of(env[name]) == "" and re.search(rf"\$\{{?{re.escape(name)}\b", script)
    ]
    return any(text_of(node.value(step)) == "" for node in secret) or any(
        _reads_secret(template(holder.text("env", name)), step)
        for holder in (step.step.node, step.job.job.node, step.job.job.workflow.node)
        for name in used
    )


def _reads_secret(of: Template, step: StepRun) -> bool:
    """Whether a text reads a secret, or what an action is given that is one."""
    given = step.outer.step.given.values() if step.outer is not None and "inputs" in of.contexts else ()
    passed = (template(value.text) for value in given if isinstance(value, yaml.Scalar))
    return any("secrets" in one.contexts for one in (of, *passed))


def _certain(registry: Repository, test: Callable[[Step], bool], *, fork: bool) -> Iterator[StepRun]:
    """The steps that a pull request certainly runs, each once."""
    seen: set[Step] = set()
    for run in registry.runs.pull_requests(fork=fork):
        if fork and run.event.name == "pull_request_target":
            continue
        for step in run.those(test):
            if step.step not in seen and step.due:
                seen.add(step.step)
                yield step
