"""What gives an image that was pushed by its digest a name: a merge, or what nobody can see into."""

from __future__ import annotations

import re
from functools import lru_cache

from scaffold.pipeline.model import Job, Pipeline, local_path
from scaffold.pipeline.steps import Step
from scaffold.syntax.shell import Command

_READERS = re.compile(
    r"actions/(?:checkout|cache/restore|attest\b|(?:upload|download)-artifact|setup-)|docker/(?:login|metadata|setup-)"
    r"|crazy-max/ghaction-dump|sigstore/cosign-installer|anchore/(?:sbom|scan)-action"
    r"|aquasecurity/trivy-action|step-security/harden-runner|slackapi/slack-github-action"
)
"""How actions begin that name no image."""

_PROGRAMS = frozenset(
    {"[", "[[", ":", "awk", "base64", "basename", "break", "cat", "cd", "continue", "cp", "cut", "date"}
    | {"declare", "dirname", "du", "echo", "env", "exit", "export", "false", "file", "find", "grep", "head"}
    | {"hexdump", "jq", "local", "ls", "mapfile", "mkdir", "mktemp", "mv", "printenv", "printf", "pwd"}
    | {"read", "readarray", "readonly", "return", "rm", "rmdir", "sed", "set", "sha256sum", "shift", "shopt"}
    | {"sleep", "sort", "stat", "tail", "tee", "test", "touch", "tr", "tree", "true", "typeset", "uniq"}
    | {"unset", "wc", "yq", "grype", "syft", "trivy"}
)
"""Programs that do nothing to a registry."""

_LOOKING = (
    r"(?:docker|podman|nerdctl|buildah) (?:login|logout|pull|inspect|images|info|version|rm|history"
    r"|image (?:inspect|ls|pull)|manifest inspect|buildx (?:version|ls|inspect|create|use|du)"
    r"|buildx imagetools inspect)"
    r"|cosign (?:sign|attest|verify|version|login|initialize|tree|triangulate|generate)"
    r"|crane (?:auth|digest|manifest|ls|config|validate|version)|skopeo (?:inspect|login|list-tags)"
    r"|regctl (?:registry|image (?:digest|inspect|manifest)|manifest (?:get|head)|tag ls|digest|version)"
    r"|oras (?:login|manifest fetch|discover|repo|version)|gh (?:attestation|api|pr|issue|run|release)"
    r"|docker(?:-| )scout|git (?:log|status|rev-parse|diff|describe|config|show)"
)
"""How a command begins that asks something of images, or signs one."""

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
        return not (pipeline.action(folder) if folder else _READERS.match(step.action))
    return bool(step.run.strip()) and not (step.script.commands and all(map(_looks, step.script.commands)))


def _looks(command: Command) -> bool:
    """Whether a command changes nothing in a registry."""
    words = [word for word in command.bare if not word.startswith("-")]
    if "-exec" in command.bare:
        return False
    known = words[:1] and (words[0] in _PROGRAMS or words[0] in command.source.functions)
    return bool(known) or re.match(rf"(?:{_LOOKING})(?!\S)", " ".join(words)) is not None
