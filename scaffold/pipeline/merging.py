"""What gives an image that was pushed by its digest a name: a merge, or what nobody can see into."""

from __future__ import annotations

import re
from functools import lru_cache

from scaffold.pipeline.called_scripts import Called, calls_in, ran_by
from scaffold.pipeline.documents import local_path
from scaffold.pipeline.model import Job
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

_PROGRAMS = frozenset({
    "[", "[[", ":", "awk", "base64", "basename", "break", "cat", "cd", "continue", "cp", "cut", "date",
    "declare", "dirname", "du", "echo", "egrep", "env", "exit", "export", "false", "file", "find", "grep",
    "head", "hexdump", "jq", "local", "ls", "mapfile", "mkdir", "mktemp", "mv", "printenv", "printf", "pwd",
    "read", "readarray", "readonly", "return", "rm", "rmdir", "sed", "set", "sha256sum", "shift", "shopt",
    "sleep", "sort", "stat", "tail", "tee", "test", "touch", "tr", "tree", "true", "typeset", "uniq", "unset",
    "wc", "yq", "docker-scout", "grype", "syft", "trivy",
})  # fmt: skip
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
    return "outputs" in job.node.values or any(may_name(job, o.step) for o in job.occurrences)


def hands_on(job: Job, step: Step) -> bool:
    """Whether a step that reads a digest gives it a name, or writes to where another step may read it."""
    texts = (step.run, *(inner.script.data.decode(errors="replace") for inner in _all_run(job, step)))
    return may_name(job, step) or any(re.search(_HANDED, text) for text in texts)


def may_name(job: Job, step: Step) -> bool:
    """Whether a step makes a list of manifests or a tag, or runs what nobody can see into.

    What only looks at an image, signs it or tells people of it does not.
    """
    if step.uses:
        folder = local_path(step.uses)
        return not (job.workflow.pipeline.action(folder) if folder else step.action.startswith(_READERS))
    seen = _all_run(job, step) if step.run.strip() else ()
    scripts = (step.script, *(inner.script for inner in seen))
    runs = {inner.by for inner in seen}
    return bool(step.run.strip()) and not all(
        script.commands and all(command in runs or looks(command) for command in script.commands)
        for script in scripts
    )


@lru_cache(maxsize=256)
def _all_run(job: Job, step: Step) -> tuple[Called, ...]:
    """The scripts of the repository that a step runs, and those that they run."""
    pipeline, found = job.workflow.pipeline, [*ran_by(job, step)]
    for outer in found:
        if len(found) < _MAX_SCRIPTS:
            found += calls_in(pipeline, outer.script, outer.folder)
    return tuple(inner for inner in found if not inner.of_make)


_MAX_SCRIPTS = 16
"""Scripts that call scripts are looked through this far."""


def looks(command: Command) -> bool:
    """Whether a command changes nothing in a registry, or takes something away."""
    words = [word for word in command.bare if not word.startswith("-")]
    if "-exec" in command.bare:
        return False
    program = words[0] if words else ""
    if program in _PROGRAMS or program in command.source.functions:
        return True
    if program == "curl":
        return not any(re.fullmatch(_SENDS, word) for word in command.bare)
    looking = _OF_ENGINE if program in _ENGINES else _LOOKING.get(program, ())
    return any(" ".join(words[1:end]) in looking for end in (2, 3, 4))


_SENDS = (
    r"(?:-X)?(?:PUT|POST|PATCH)|--request=.*|--(?:data|form|json|upload|config|next).*|-[a-zA-Z]*[dFTK].*"
    r"|(?!.*(?i:url))\$.*"
)
"""What a request has that may make something, or hide that it does: a variable, but for an address."""
