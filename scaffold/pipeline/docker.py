"""Dockerfiles, and the steps that build and push images with them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import NamedTuple, Protocol

from scaffold.checkout.tree import Tree
from scaffold.pipeline.expressions.values import HOLE, HOLE_END, is_known
from scaffold.pipeline.patterns import compiled, spread
from scaffold.pipeline.runners import ARCHES, native
from scaffold.pipeline.scopes import JobRun
from scaffold.syntax.dockerfile import Dockerfile, Input, read
from scaffold.syntax.instructions import Instruction, Stage


class Inputs(Protocol):
    """What is asked for the inputs of the build action: a step, or an image that something else builds."""

    @property
    def job(self) -> JobRun:
        """The leg that builds."""

    def input(self, name: str) -> str:
        """One of the inputs as text, with holes for what is unknown; "" where it is not given."""


BUILD = ("docker/build-push-action",)
METADATA = "docker/metadata-action"
_OWN_HOSTS = frozenset(
    {"172.17.0.1", "kind.local", "ko.local", "localhost", "registry", "registry.local", "ttl.sh"}
)


def is_local_name(name: str) -> bool:
    """Whether the name of an image is in a registry of the machine itself, or in one that soon forgets it."""
    registry, _, image = name.partition("/")
    return bool(image) and is_own_registry(registry)


def is_own_registry(registry: str) -> bool:
    """Whether a registry, a host perhaps with a port, is on the machine itself, or soon forgets all."""
    host, colon, port = registry.partition(":")
    if colon and not port.isdecimal():
        return False
    if host in _OWN_HOSTS or (host[:4] == "127." and re.fullmatch(r"127(?:\.\d{1,3}){3}", host)):
        return True
    return bool(colon) and host.replace("-", "").replace("_", "").isalnum()


@cache
def tagged(name: str) -> str:
    """The name of an image with its tag, and without what docker puts before it by itself."""
    image = re.sub(r"^(?:(?:index\.|registry-1\.)?docker\.io/)?(?:library/(?!.*/))?", "", name)
    last = image.rpartition(HOLE_END)[2].rpartition("/")[2]
    whole = is_known(image) or "/" in image.rpartition(HOLE_END)[2]
    return f"{image}:latest" if whole and last and not re.search("[:$]", last) else image


def options_of(text: str) -> dict[str, str]:
    """`a=b,"c=d,e"` as a mapping: what stands in quotes is one option, as in other CSV."""
    options = text.split(",")
    if '"' in text:
        options = [option.replace('"', "") for option in re.findall(_OPTION, text)]
    return {name.strip(): value.strip() for name, _, value in [option.partition("=") for option in options]}


_OPTION = r"""(?:^|,)((?:"[^"]*+"|[^,])*+)"""


def dockerfile(tree: Tree, path: str) -> Dockerfile | None:
    """A Dockerfile; None where there is none, or what is there cannot be read as one."""
    data = tree.read(path)
    return read(path, data) if data is not None else None


TEMPLATES = (".erb", ".in", ".j2", ".jinja", ".jinja2", ".template", ".tmpl", ".tpl")
"""How files are named of which something else makes Dockerfiles."""


def dockerfiles(tree: Tree, folders: tuple[str, ...] = ("",)) -> Iterator[Dockerfile]:
    """The Dockerfiles of some folders."""
    for folder in folders:
        for name in tree.names(folder):
            named = name.startswith(("Dockerfile", "Containerfile")) or name.lower().endswith(".dockerfile")
            if named and not name.endswith((".dockerignore", ".md", *TEMPLATES)):
                found = dockerfile(tree, posixpath.join(folder, name))
                if found is not None:
                    yield found


PLAIN = frozenset({
    ":", "[", "[[", "add-apt-repository", "addgroup", "adduser", "apk", "apt", "apt-add-repository",
    "apt-cache", "apt-get", "apt-key", "apt-mark", "arch", "basename", "break", "cat", "cd", "chgrp",
    "chmod", "chown", "command", "continue", "cp", "curl", "cut", "date", "debconf-set-selections",
    "dirname", "dnf", "dpkg", "dpkg-query", "dpkg-reconfigure", "echo", "egrep", "exit", "export", "false",
    "getent", "gpg", "gpgconf", "grep", "groupadd", "groupmod", "hash", "head", "id", "install", "ldconfig",
    "ln", "local", "locale-gen", "ls", "lsb_release", "microdnf", "mkdir", "mktemp", "mv", "passwd",
    "printf", "pwd", "read", "readlink", "realpath", "return", "rm", "rmdir", "rpm", "sed", "set", "setcap",
    "sha256sum", "sha512sum", "shift", "shopt", "sleep", "sort", "stat", "tail", "tar", "tee", "test",
    "touch", "tr", "trap", "true", "type", "umask", "uname", "unset", "unzip", "update-alternatives",
    "update-ca-certificates", "update-locale", "useradd", "usermod", "wc", "wget", "which", "yum", "zypper",
})  # fmt: skip
"""Commands of a RUN that take no time worth a runner of its own."""


def compiles(file: Dockerfile, target: str = "") -> bool:
    """Whether a build for another platform emulates more than the set-up of an image."""
    stages = needed(file, target)
    if not is_known(target) or any("BUILDPLATFORM" in stage.platform for stage in stages):
        return False  # nobody knows, or it compiles on the build platform, for the other one
    runs = [i for stage in stages for i in stage.instructions if i.name == "RUN"]
    return not all(_is_plain(c.bare) for run in runs for c in run.commands if c.bare)


def _is_plain(words: Sequence[str]) -> bool:
    """Whether a command takes no time; `command` runs another one, or looks for it."""
    runs = words[0] == "command" and len(words) > 1 and not words[1].startswith("-")
    return words[1 if runs else 0] in PLAIN


def needed(file: Dockerfile, target: str = "") -> list[Stage]:
    """The stages of which a target is made, by default the last one; all where it names none."""
    stages = list(file.stages)
    named = [n for n, stage in enumerate(stages) if stage.alias.lower() == target.lower()] if target else []
    if not stages or (target and not named):
        return stages
    wanted, seen = [named[-1] if named else len(stages) - 1], set[int]()
    while wanted:
        at = wanted.pop()
        if at not in seen:
            seen.add(at)
            for name in stages[at].sources:
                parts = re.split(r"\$\{[^{}]*+\}|\$\w++", name.lower())
                alike = spread([re.escape(part) for part in parts])
                same = (re.fullmatch(alike, stage.alias.lower()) for stage in stages[:at])
                wanted += (n for n, found in enumerate(same) if found or name == str(n))
    return [stages[n] for n in sorted(seen)]


def cache_mounts(file: Dockerfile) -> list[tuple[Instruction, dict[str, str]]]:
    """The instructions of a Dockerfile that mount a cache, with the options of each mount."""
    return [(i, options) for i in file.instructions if i.name == "RUN" for _, options in i.mounts("cache")]


def context_inputs(file: Dockerfile, passed: Mapping[str, str] | None) -> Iterator[tuple[str, Input]]:
    """What a build takes from its context, as paths in it; `passed` as in Build."""
    taken = file.inputs
    if passed and file.follows:
        taken = file.inputs_with({n: v for n, v in passed.items() if is_known(v) and "$" not in v})
    for found in taken:
        path = found.path.strip("\"'").lstrip("/")
        as_written = not found.arguments or (passed is not None and not passed.keys() & found.arguments)
        if path and ":" not in path and as_written:
            yield in_context(path), found


def in_context(path: str) -> str:
    """A path of a context as docker takes it: nothing leads out of that, `../a` is `a`."""
    return posixpath.normpath(f"/{path}").lstrip("/") or "."


class Build(NamedTuple):
    """What a step builds an image from."""

    file: Dockerfile
    context: str
    passed: Mapping[str, str] | None
    """The build arguments that it passes; None where only a run knows their names."""
    target: str = ""
    """The stage that it builds; "" for the last one."""
    contexts: Mapping[str, str] = MappingProxyType({})
    """Name of a further context -> its folder."""

    @property
    def inputs(self) -> list[str]:
        """What of the repository the image is made of: files, folders and patterns, its Dockerfile first."""
        stages = needed(self.file, self.target)
        spans = [(stage.instructions[0].start_byte, stage.instructions[-1].end_byte) for stage in stages]
        taken = (
            path
            for path, found in context_inputs(self.file, self.passed)
            if any(start <= found.start_byte < end for start, end in spans)
        )
        placed = [posixpath.join(self.context, path) for path in taken]
        placed += (
            posixpath.join(self.contexts[name], path.lstrip("/"))
            for stage in stages
            if self.contexts
            for name, path in stage.copied
            if name in self.contexts and "$" not in path
        )
        paths = map(posixpath.normpath, placed)
        inside = (path for path in paths if path != "." and not path.startswith(".."))
        return list(dict.fromkeys((self.file.path, *inside)))


def files_of(tree: Tree, path: str) -> tuple[str, ...]:
    """The files that an input stands for: itself, those of a folder, those that a pattern takes."""
    if tree.read(path) is not None:
        return (path,)
    if "*" in path or "?" in path:
        folder = re.split(r"[*?\[]", path)[0].rpartition("/")[0]
        found = compiled(path)
        return tuple(file for file in tree.files(folder) if found.fullmatch(file))
    files = tree.files(path) if tree.is_dir(path) else ()
    return tuple(file for file in files if posixpath.basename(file) not in (".gitkeep", ".gitignore"))


@cache
def build_arguments(text: str) -> Mapping[str, str] | None:
    """The `build-args` of a step, by name; None where one of the names is not known."""
    pairs = (line.partition("=") for line in text.split("\n"))
    found = {name.strip(): value.strip() for name, _, value in pairs}
    return found if not any(HOLE in name or "${{" in name for name in found) else None


@cache
def _contexts(text: str) -> Mapping[str, str]:
    """The `build-contexts` of a step that are folders of the repository, by name."""
    pairs = (line.strip().partition("=") for line in text.split("\n"))
    return {name: path for name, _, path in pairs if path and is_known(path) and not re.search(r"[:$]", path)}


def built(step: Inputs, tree: Tree) -> Build | None:
    """What a build step builds from, where Dockerfile and context are files of the repository."""
    place = source_of(step.input("context"), step.input("file"))
    found = dockerfile(tree, place[1]) if place is not None else None
    if place is None or found is None:
        return None
    passed, target = build_arguments(step.input("build-args")), step.input("target")
    return Build(found, place[0], passed, target, _contexts(step.input("build-contexts")))


def source_of(context: str, file: str) -> tuple[str, str] | None:
    """The folder and the Dockerfile of a build; None where they are not of the repository, or not known.

    Without a context it is the commit that the run is of, or a folder in it behind `{{defaultContext}}:`:
    then the Dockerfile is looked for in that folder.
    """
    if "workspace" in (context + file).lower():
        context, file = (re.sub(_WORKSPACE, "./", path) for path in (context, file))
    commit = re.fullmatch(_COMMIT, context) if not context or "defaultContext" in context else None
    folder = (commit[1] or ".") if commit else context
    if not commit and ("://" in context or context.startswith("git@") or context == "-"):
        return None
    path = posixpath.join(folder if commit or not file else "", file or "Dockerfile")
    if not is_known(folder + path) or "$" in folder + path:
        return None
    return posixpath.normpath(folder), posixpath.normpath(path).lstrip("/")


_COMMIT = r"(?:\{\{\s*defaultContext\s*\}\}:?([^:]*))?"
_WORKSPACE = rf"^(?:{HOLE}github\.workspace{HOLE_END}|\$GITHUB_WORKSPACE|\$\{{GITHUB_WORKSPACE\}})(?:/|$)"


def cache_exports(step: Inputs) -> tuple[dict[str, str], ...]:
    """The `cache-to` of a build step, each as its options; a bare name is a registry's."""
    return cache_options(step.input("cache-to"))


@cache
def cache_options(text: str) -> tuple[dict[str, str], ...]:
    """The lines of a `cache-to` or `cache-from`, each as its options."""
    found = []
    for line in filter(None, map(str.strip, text.split("\n"))):
        options = options_of(line)
        if "type" in options or is_known(line):
            found.append(options if "type" in options else {"type": "registry", "ref": line})
    return tuple(found)


def cache_imports(step: Inputs) -> tuple[dict[str, str], ...]:
    """The `cache-from` of a build step, each as its options; a bare name is a registry's."""
    return cache_options(step.input("cache-from"))


def cache_name(options: Mapping[str, str]) -> str:
    """What two builds that share a cache of layers both name; "" for one that is in no common place."""
    if options["type"] == "gha":
        return f"gha:{options.get('scope') or 'buildkit'}"
    return options.get("ref", "") if options["type"] == "registry" else ""


def platforms(step: Inputs) -> frozenset[str]:
    """The platforms that a build step builds for, by default its runner's; none where that is not known."""
    asked = step.input("platforms")
    return _platforms(asked) if asked else own_platform(step)


@cache
def _platforms(asked: str) -> frozenset[str]:
    named = frozenset(platform_of(p) for p in re.split(r"[,\n]", asked) if p.strip())
    return named if all(is_known(p) and "$" not in p for p in named) else frozenset()


@cache
def platform_of(text: str) -> str:
    """A platform as BuildKit spells it: `arm64` is `linux/arm64`, and so is `linux/aarch64`."""
    parts = text.strip().lower().split("/")
    system, arch, *variant = parts if parts[1:] else ["linux", *parts]
    return "/".join((system, _ALIASES.get(arch, arch), *variant))


_ALIASES = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64"}


def own_platform(step: Inputs) -> frozenset[str]:
    """The platform of the runner that a step runs on; none where that is not known."""
    arch = native(step.job.runs_on)[1]
    return frozenset(p for p, own in ARCHES.items() if own == arch and p.count("/") == 1)


def outputs(step: Inputs) -> tuple[dict[str, str], ...]:
    """The `outputs` of a build step, each as its options; `name` may list several images."""
    return _outputs(step.input("outputs"))


@cache
def _outputs(text: str) -> tuple[dict[str, str], ...]:
    return tuple(options for line in text.split("\n") if "type" in (options := options_of(line)))


@cache
def is_by_digest(text: str) -> bool:
    """Whether the outputs of a build say that the image gets no name."""
    return re.search(r"(?i)\bpush-by-digest=\"?(?:true|t|1)\b", text) is not None


def pushes(step: Inputs) -> bool | None:
    """Whether a build step pushes its image; None where only a run knows."""
    asked = step.input("push")
    if not is_known(asked):
        return None
    outputs_given = step.input("outputs")
    if asked == "true" or _push(outputs_given):
        return True
    return None if not is_known(outputs_given) else False


@cache
def _push(text: str) -> bool:
    """Whether one of the outputs of a build is a push."""
    return any(o.get("push") == "true" or o["type"] == "registry" for o in _outputs(text))
