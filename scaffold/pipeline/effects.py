"""What a step does beside testing, and no run of a later push does again."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import NamedTuple

from scaffold.checkout.tree import Tree
from scaffold.pipeline import docker
from scaffold.pipeline.expressions.values import text_of
from scaffold.pipeline.scopes import StepRun
from scaffold.syntax import yaml_values as yaml

PUBLISHERS = {
    "pypa/gh-action-pypi-publish",
    "softprops/action-gh-release",
    "ncipollo/release-action",
    "actions/create-release",
    "goreleaser/goreleaser-action",
    "redhat-actions/push-to-registry",
    "stefanprodan/helm-gh-pages",
    "helm/chart-releaser-action",
}
"""Actions that publish something that the run of a later push does not publish again."""

PUBLISHING = (
    ("docker", "push"),
    ("podman", "push"),
    ("crane", "push"),
    ("skopeo", "copy"),
    ("oras", "push"),
    ("helm", "push"),
    ("npm", "publish"),
    ("pnpm", "publish"),
    ("yarn", "publish"),
    ("cargo", "publish"),
    ("twine", "upload"),
    ("uv", "publish"),
    ("poetry", "publish"),
    ("gh", "release", "create"),
    ("gh", "release", "upload"),
    ("gh", "release", "edit"),
    ("docker", "buildx", "imagetools", "create"),
)
"""The first words of commands that do."""

IMAGE_TOOLS = {"docker", "podman", "crane", "skopeo", "oras"}
DIFFERS = {"dorny/paths-filter", "tj-actions/changed-files", "step-security/changed-files"}
"""Actions that look at what one push changed: what they did not start for a cancelled push, nobody does."""


class Kind(Enum):
    """What a step has an effect on."""

    image = auto()
    """An image, under a name that a later push may give to its own."""
    publication = auto()
    """A package, a release, a page."""
    diff = auto()
    """Jobs that are started, or left out, by what one push changed."""


class Effect(NamedTuple):
    """What a step does."""

    kind: Kind
    words: str
    """For people: "it pushes an image"."""


def effect_of(step: StepRun, tree: Tree) -> Effect | None:
    """What a step does that no later run does again; None where it only builds or tests."""
    action = step.step.action
    if action in docker.BUILD:
        return Effect(Kind.image, "it pushes an image") if docker.pushes(step) else None
    if action in DIFFERS:
        return Effect(Kind.diff, "it starts jobs by what one push changed")
    if action in PUBLISHERS:
        rehearsal = "snapshot" in step.input("args") or "release" not in step.input("args")
        rehearsed = "goreleaser" in action and rehearsal
        return None if rehearsed else Effect(Kind.publication, f"it publishes with {action}")
    return _of_script(step, tree) if step.step.run else None


def _of_script(step: StepRun, tree: Tree) -> Effect | None:
    script = step.step.script
    env = step.step.node.mapping("env").values
    given = {name: value.text for name, value in env.items() if isinstance(value, yaml.Scalar)}
    if b"github.event.before" in script.bare or any("github.event.before" in text for text in given.values()):
        forced = (step.context("env").get(name) for name in given if "FORCE" in name.upper())
        if any(text_of(value) == "true" for value in forced):
            return None  # then it builds everything, whatever was changed
        return Effect(Kind.diff, "it looks at what one push changed")
    for command in script.commands:
        if any(command.starts(*words) for words in PUBLISHING) and "--dry-run" not in command.words:
            if command.bare[0] in IMAGE_TOOLS:
                return Effect(Kind.image, "it pushes an image")
            return Effect(Kind.publication, f"it runs {' '.join(command.bare[:2])}")
        if command.starts("docker", "buildx") and "--push" in command.words:
            return Effect(Kind.image, "it pushes an image")
        if command.starts("make") and any(word.rpartition("=")[2] == "push" for word in command.words):
            return Effect(Kind.image, "it pushes an image with make")
        for word in command.bare:
            if "/" in word and re.fullmatch(r"(?:\./)?[\w./-]+\.(?:js|mjs|ts|py|sh)", word):
                source = tree.read(word.removeprefix("./")) or b""
                if re.search(rb"\bevent\.before\b|GITHUB_EVENT_BEFORE", source):
                    return Effect(Kind.diff, f"{word} looks at what one push changed")
    return None
