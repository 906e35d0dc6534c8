"""Actions and commands that publish what the run of a later push does not publish again."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

from scaffold.checkout.tree import Tree
from scaffold.errors import ShapeError
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.options import OF_KO, apart
from scaffold.syntax.shell import Command, ShellSource
from scaffold.syntax.shell_branches import is_certain
from scaffold.syntax.source import parsed
from scaffold.syntax.yaml import YamlSource

ACTIONS = frozenset(
    {"pypa/gh-action-pypi-publish", "softprops/action-gh-release", "ncipollo/release-action"}
    | {"actions/create-release", "goreleaser/goreleaser-action"}
    | {"stefanprodan/helm-gh-pages", "helm/chart-releaser-action", "js-devtools/npm-publish"}
    | {"svenstaro/upload-release-action", "cycjimmy/semantic-release-action", "katyo/publish-crates"}
    | {"marvinpinto/action-automatic-releases", "taiki-e/create-gh-release-action", "rubygems/release-gem"}
    | {"actions/upload-release-asset", "shogo82148/actions-upload-release-asset", "pyo3/maturin-action"}
    | {"alexellis/upload-assets", "abutler/upload-release-assets", "xresloader/upload-to-github-release"}
    | {"wangyoucao577/go-release-action", "taiki-e/upload-rust-binary-action", "snapcore/action-publish"}
    | {"haaleo/publish-vscode-extension", "codfish/semantic-release-action", "go-semantic-release/action"}
    | {"python-semantic-release/python-semantic-release", "python-semantic-release/publish-action"}
    | {"k-paxian/dart-package-publisher", "brandedoutcast/publish-nuget", "r0adkll/upload-google-play"}
)
"""Actions that publish packages, releases, charts."""

TAGS = {
    "actions/create-release": "tag_name",
    "marvinpinto/action-automatic-releases": "automatic_release_tag",
    "ncipollo/release-action": "tag",
    "softprops/action-gh-release": "tag_name",
    "svenstaro/upload-release-action": "tag",
    "wangyoucao577/go-release-action": "release_tag",
    "xresloader/upload-to-github-release": "tag_name",
}
"""Action -> its input with the tag of what it publishes."""

IMAGE_TOOLS = frozenset({"docker", "podman", "crane", "skopeo", "oras", "ko", "buildah", "nerdctl"})

SNAPSHOTS = frozenset({"mvn", "gradle"})
"""Programs that publish from a branch under a name which the next push gives to its own."""

_STARTS = (
    *(("docker", "push"), ("podman", "push"), ("nerdctl", "push"), ("buildah", "push"), ("crane", "push")),
    *(("skopeo", "copy"), ("oras", "push"), ("docker", "buildx", "imagetools", "create"), ("helm", "push")),
    *(("ko", "build"), ("ko", "publish"), ("ko", "resolve"), ("ko", "apply"), ("dotnet", "nuget", "push")),
    *(("gh", "release", "create"), ("gh", "release", "upload"), ("gh", "release", "edit"), ("cr", "upload")),
)
"""The first words of commands."""

_VERBS = {
    **dict.fromkeys(("npm", "pnpm", "yarn", "bun", "deno", "lerna", "changeset", "vsce", "ovsx"), "publish"),
    **dict.fromkeys(("cargo", "uv", "poetry", "hatch", "flit", "pdm", "maturin"), "publish"),
    "twine": "upload",
    "mvn": "deploy",
    "gem": "push",
    "goreleaser": "release",
    "nuget": "push",
    "mix": "hex.publish",
    "conan": "upload",
}
"""Program -> the word with which it publishes, behind its options."""

_SIGNS = tuple(
    word.encode() for word in {*(start[-1] for start in _STARTS if start[0] != "ko"), *_VERBS.values()}
)


def may_publish(script: ShellSource) -> bool:
    """Whether a script has a word of a command that publishes, before it is parsed."""
    return any(sign in script.data for sign in _SIGNS) or re.search(rb"\bko\b", script.data) is not None


_RUNNERS = (
    *(("npx",), ("bunx",), ("uvx",), ("pnpm", "exec"), ("pnpm", "dlx"), ("yarn", "dlx"), ("uv", "run")),
    *(("poetry", "run"), ("bundle", "exec"), ("python", "-m"), ("python3", "-m"), ("pipx", "run")),
)
"""What stands before a program that it runs."""

_NOTHING_PUBLIC = frozenset(
    {"--dry-run", "--draft", "--snapshot", "--auto-snapshot", "--push=false", "--local", "-L"}
)
"""What makes such a command publish nothing yet."""
_SKIPPED = r"(?<!\S)--skip(?:-publish(?:=true)?(?!\S)|[= ](?:[\w-]+,)*publish\b)"
"""How goreleaser is told to publish nothing."""


def is_rehearsal(words: Sequence[str]) -> bool:
    """Whether a command that publishes is told to publish nothing yet."""
    return not _NOTHING_PUBLIC.isdisjoint(words) or re.search(_SKIPPED, " ".join(words)) is not None


def published(command: Command) -> str:
    """What a command publishes with, for people; "" where it publishes nothing."""
    made = _publisher(command)
    words = [*apart(command.words, OF_KO)] if made.startswith("ko ") else command.words
    return "" if made and is_rehearsal(words) else made


def _publisher(command: Command) -> str:
    words = list(command.bare)
    while runner := next((r for r in _RUNNERS if tuple(words[: len(r)]) == r), None):
        words = words[len(runner) :]
        while words and words[0].startswith("-"):
            words = words[1:]
    if not words:
        return ""
    program = posixpath.basename(words[0]).removesuffix("w") if "/" in words[0] else words[0]
    operands = [word for word in words[1:] if not word.startswith(("-", "+"))]
    verbs = operands if program == "mvn" else operands[:2]
    if any(tuple(words[: len(start)]) == start for start in _STARTS):
        return " ".join(words[:2])
    verb = _VERBS.get(program, "")
    if verb and verb in verbs and "test" not in verbs:
        before = itertools.takewhile(lambda word: word != verb, words[1:] if program != "mvn" else ())
        return " ".join([program, *before, verb])
    if program == "gradle" and any(re.fullmatch(_GRADLE_TASK, word) for word in operands):
        return "gradle publish"
    return program if program == "semantic-release" else ""


_GRADLE_TASK = r"(?:[\w:-]*:)?publish(?!ToMavenLocal)\w*"


def always(script: ShellSource) -> Iterator[Command]:
    """The commands of a script that stand in no condition, loop or function."""
    for command in script.commands:
        if script.parent(script.top(command.node, _STRAIGHT)) is None and is_certain(command):
            yield command


_STRAIGHT = ("program", "list", "pipeline", "redirected_statement")


_CONFIGURATIONS = tuple(
    f"{name}.{ending}"
    for name in (".config/goreleaser", ".goreleaser", "goreleaser")
    for ending in ("yml", "yaml")
)


def makes_no_release(tree: Tree, said: str) -> bool:
    """Whether goreleaser, by what it is told, may leave out the release: then it renews images at most."""
    named = re.findall(r"(?:--config|-f)[= ]([\w./-]+)", said)
    for path in named or _CONFIGURATIONS:
        data = tree.read(posixpath.normpath(path))
        if data is not None:
            with suppress(ShapeError):
                file = yaml.read(parsed(YamlSource, path, data))
                disabled = file.text("release", "disable") if isinstance(file, yaml.Mapping) else ""
                return disabled not in ("", "false")
    return False
