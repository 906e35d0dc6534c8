"""What gives an image that was pushed by its digest a name: a merge, or what nobody can see into."""

from __future__ import annotations

import re
from functools import lru_cache

from scaffold.pipeline.model import Job, Pipeline, local_path
from scaffold.pipeline.steps import Step
from scaffold.syntax.shell import Command

_READERS = (
    "actions/attest", "actions/cache/restore", "actions/checkout", "actions/download-artifact",
    "actions/setup-", "actions/upload-artifact", "anchore/sbom-action", "anchore/scan-action",
    "aquasecurity/trivy-action", "crazy-max/ghaction-dump", "docker/login", "docker/metadata",
    "docker/setup-", "sigstore/cosign-installer", "slackapi/slack-github-action",
    "step-security/harden-runner",
)  # fmt: skip
"""How actions begin that name no image."""

_PROGRAMS = frozenset(
    {"[", "[[", ":", "awk", "base64", "basename", "break", "cat", "cd", "continue", "cp", "cut", "date"}
    | {"declare", "dirname", "du", "echo", "egrep", "env", "exit", "export", "false", "file", "find", "grep"}
    | {
        "head",
        "hexdump",
        "jq",
        "local",
        "ls",
        "mapfile",
        "mkdir",
        "mktemp",
        "mv",
        "printenv",
        "printf",
        "pwd",
    }
    | {"read", "readarray", "readonly", "return", "rm", "rmdir", "sed", "set", "sha256sum", "shift", "shopt"}
    | {"sleep", "sort", "stat", "tail", "tee", "test", "touch", "tr", "tree", "true", "typeset", "uniq"}
    | {"unset", "wc", "yq", "docker-scout", "grype", "syft", "trivy"}
)
"""Programs that do nothing to a registry."""

_ENGINES = frozenset({"docker", "podman", "nerdctl", "buildah"})
_OF_ENGINE = frozenset(
    {"login", "logout", "pull", "inspect", "images", "info", "version", "rm", "history", "scout"}
    | {"image inspect", "image ls", "image pull", "manifest inspect", "buildx version", "buildx ls"}
    | {"buildx inspect", "buildx create", "buildx use", "buildx du", "buildx imagetools inspect"}
)
_LOOKING = {
    "cosign": frozenset(
        {"sign", "attest", "verify", "version", "login", "initialize", "tree", "triangulate", "generate"}
    ),
    "crane": frozenset({"auth", "digest", "manifest", "ls", "config", "validate", "version"}),
    "gh": frozenset({"attestation", "api", "pr", "issue", "run", "release"}),
    "git": frozenset({"log", "status", "rev-parse", "diff", "describe", "config", "show"}),
    "oras": frozenset({"login", "manifest fetch", "discover", "repo", "version"}),
    "regctl": frozenset(
        {"registry", "image digest", "image inspect", "image manifest", "manifest get", "manifest head"}
        | {"tag ls", "digest", "version"}
    ),
    "skopeo": frozenset({"inspect", "login", "list-tags"}),
}
"""Program -> the commands of it that ask something of images, or sign one."""

_HANDED = r"GITHUB_(?:OUTPUT|ENV)\b|(?<![\d&>])>>?(?![&>]|\s*[\"']?(?:\$\{?GITHUB_STEP_SUMMARY|/dev/))"
"""How a script writes to where another step may read."""


@lru_cache(maxsize=256)
def names_images(job: Job) -> bool:
    """Whether a job gives images names, as far as can be seen, or tells others what it has read."""
    return "outputs" in job.node.values or any(
        may_name(o.step, job.workflow.pipeline) for o in job.occurrences
    )


def hands_on(step: Step, pipeline: Pipeline) -> bool:
    """Whether a step that reads a digest gives it a name, or writes to where another step may read it."""
    return may_name(step, pipeline) or re.search(_HANDED, step.run) is not None


def may_name(step: Step, pipeline: Pipeline) -> bool:
    """Whether a step makes a list of manifests or a tag, or runs what nobody can see into.

    What only looks at an image, signs it or tells people of it does not.
    """
    if step.uses:
        folder = local_path(step.uses)
        return not (pipeline.action(folder) if folder else step.action.startswith(_READERS))
    return bool(step.run.strip()) and not (step.script.commands and all(map(looks, step.script.commands)))


def looks(command: Command) -> bool:
    """Whether a command changes nothing in a registry."""
    words = [word for word in command.bare if not word.startswith("-")]
    if "-exec" in command.bare:
        return False
    program = words[0] if words else ""
    if program in _PROGRAMS or program in command.source.functions:
        return True
    looking = _OF_ENGINE if program in _ENGINES else _LOOKING.get(program, ())
    return any(" ".join(words[1:end]) in looking for end in (2, 3, 4))
