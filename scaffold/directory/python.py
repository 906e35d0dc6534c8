"""A Python backend: its requirements files and the installer that reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import NamedTuple

from scaffold.checkout.tree import Tree
from scaffold.directory import requirements
from scaffold.directory.scripts import system, without
from scaffold.syntax.shell import ShellSource
from scaffold.syntax.shell_flow import Flow
from scaffold.syntax.shell_state import UNKNOWN, Facts
from scaffold.syntax.source import parsed

COMMON_INSTALLER = "backend/python/common/libbackend.sh"


class Build(NamedTuple):
    """A build of an image: what its scripts are told."""

    build_type: str
    profile: str
    system: str
    """`Linux` or `Darwin`."""

    @property
    def facts(self) -> Facts:
        """What a script can know."""
        own = {"BUILD_TYPE": self.build_type, "BUILD_PROFILE": self.profile}
        around = system(self.system)
        return Facts({**around.variables, **own}, around.prints)


class PythonInstaller:
    """`installRequirements` of a checkout: which requirements files a build reads."""

    def __init__(self, data: bytes) -> None:
        self._source = parsed(ShellSource, COMMON_INSTALLER, data)
        self._builds: dict[tuple[str, str, bool], Build] = {}
        self._specific: dict[Build, tuple[str, ...]] = {}

    def build(self, build_type: str, cuda_major: str, linux: bool) -> Build:
        """The build of a matrix entry."""
        key = (build_type, cuda_major, linux)
        if key not in self._builds:
            profile = self._profile(build_type, cuda_major)
            self._builds[key] = Build(build_type, profile, "Linux" if linux else "Darwin")
        return self._builds[key]

    def _profile(self, build_type: str, cuda_major: str) -> str:
        """What `getBuildProfile` prints: the images of Intel's build types have its folder."""
        facts = Facts(
            {"BUILD_TYPE": build_type, "CUDA_MAJOR_VERSION": cuda_major},
            folders={"/opt/intel": build_type.startswith(("intel", "sycl"))},
        )
        printed = (r.words for r in Flow(self._source, facts, "getBuildProfile").reached)
        return next((" ".join(words[1:]) for words in printed if words[0] == "echo"), build_type or "cpu")

    def specific(self, build: Build) -> tuple[str, ...]:
        """The files that only such a build reads, in the order in which they are tried."""
        if build not in self._specific:
            tried = (name for name, _ in self._tried(build.facts) if name not in self.common)
            self._specific[build] = tuple(dict.fromkeys(tried))
        return self._specific[build]

    @cached_property
    def common(self) -> tuple[str, ...]:
        """The files that every build reads; none where nothing is known about it."""
        return tuple(dict.fromkeys(name for name, certain in self._tried(Facts()) if certain))

    def _tried(self, facts: Facts) -> Iterator[tuple[str, bool]]:
        """The files that are tried where some facts hold, each with whether it is tried in any case."""
        for reached in Flow(self._source, facts, "installRequirements").reached:
            for word in reached.words:
                name = word.rpartition("/")[2]
                if UNKNOWN not in name and re.fullmatch(r"requirements(?:-[\w-]+)?\.txt", name):
                    yield name, reached.certain


_installer = lru_cache(maxsize=8)(PythonInstaller)


def installer_of(tree: Tree) -> PythonInstaller:
    """The installer of a checkout; states with the same file share it."""
    return _installer(tree.read(COMMON_INSTALLER) or b"")


def _flow(script: ShellSource, facts: Facts) -> Flow:
    """A run of an install.sh: what it does not name makes no difference, so that many builds share one."""
    variables = frozenset((n, value) for n, value in facts.variables.items() if n.encode() in script.data)
    prints = frozenset((c, text) for c, text in facts.prints.items() if c.split()[0].encode() in script.data)
    return _run(script, variables, prints)


@lru_cache(maxsize=512)
def _run(
    script: ShellSource, variables: frozenset[tuple[str, str]], prints: frozenset[tuple[str, str]]
) -> Flow:
    return Flow(script, Facts(dict(variables), dict(prints)))


def installs_itself(script: ShellSource, build: Build) -> bool:
    """Whether an install.sh installs packages in a branch that is taken for a build, or for every build."""
    if not script.calls("installRequirements"):
        return True
    if b"pip" not in script.data:
        return False
    reached = _flow(script, build.facts).reached
    return any(step.chosen and _installs(step.words) for step in reached)


def names_index(script: ShellSource, build: Build) -> bool:
    """Whether what an install.sh may do for a build names an index of packages."""
    code = without(script.silent, _flow(script, build.facts).dead)
    return b"index-url" in code or b"find-links" in code


_DEFAULT = re.compile(rb"(?m)^[ \t]*(?:export[ ]+)?(\w+)=[\"']?\$\{\1:?-([^\s{}$\"']+)\}")
_SET = re.compile(rb"(?m)^(?:export[ ]+)?(\w+)[ ]*[?:]*=[ ]*([^\s#$]+)[ ]*(?:#.*)?$")


def unpinned_installs(
    script: ShellSource, builds: Sequence[Build], makefiles: Iterable[bytes] = ()
) -> Iterator[requirements.Moving]:
    """What an install.sh may install from a git repository in some build, at no tag and no commit.

    What a variable holds may be one, unless the Makefile or its default in the script say what it is.
    """
    held = dict(_DEFAULT.findall(script.data))
    held |= {name: value for text in makefiles for name, value in _SET.findall(text) if name in held}
    found: dict[int, requirements.Moving] = {}
    for build in builds if b"git+" in script.data else ():
        code = without(script.silent, _flow(script, build.facts).dead)
        for moving in requirements.moving(code, held):
            if "$" not in moving.address:
                found.setdefault(moving.offset, moving)
    yield from found.values()


_READ = re.compile(rb"\$\{(\w+):?-")
_STATES = frozenset({"checkout", "reset", "fetch", "switch"})


def unpinned_clones(script: ShellSource, builds: Sequence[Build]) -> Iterator[tuple[str, int]]:
    """(address, offset) of what an install.sh clones in some build without a tag, a branch or a checkout.

    A variable that it reads with a default and sets nowhere is not set in CI.
    """
    assigned = {assignment.name for assignment in script.assignments}
    unset = {name.decode() for name in _READ.findall(script.data)} - assigned
    found: dict[int, str] = {}
    pinned: set[str] = set()
    for build in builds:
        facts = Facts({**dict.fromkeys(unset, ""), **build.facts.variables}, build.facts.prints)
        cloned: dict[int, str] = {}
        for words, offset in ((step.words, step.node.start_byte) for step in _flow(script, facts).reached):
            address = next((word for word in words[2:] if "://" in word), "")
            if words[:2] == ("git", "clone") and address and UNKNOWN not in address:
                if any(word == "-b" or word.startswith("--branch") for word in words):
                    pinned.add(address)
                cloned[offset] = address
            elif words[:1] == ("git",) and not _STATES.isdisjoint(words):
                pinned.update(cloned.values())
        found |= cloned
    for offset, address in sorted(found.items()):
        if address not in pinned:
            yield address.partition("://")[2].removesuffix(".git"), offset


def _installs(words: tuple[str, ...]) -> bool:
    return any(one in ("pip", "pip3") and other == "install" for one, other in pairwise(words))


GENERATOR = "grpcio-tools"
"""Brings the compiler whose code asks for a protobuf that is no older than its own."""


def newest_generator(script: ShellSource) -> int | None:
    """Where a script installs the newest compiler of messages there is; None where it does not."""
    for command in script.commands:
        words = command.words
        bound = any(re.match(r"protobuf.|-c$|--constraints?\b", word) for word in words)
        if "install" in words and GENERATOR in words and not bound:
            return command.start_byte
    return None


BARE = frozenset({"setuptools", "wheel", "pip", "uv", "packaging", "ninja", "cmake"})
"""Tools that bring no other packages along."""


def generates_at_end(installer: bytes) -> bool:
    """Whether the common installer generates code of the messages when it has installed the requirements."""
    at = installer.find(b"function installRequirements")
    return at >= 0 and re.search(rb"\n[ \t]*runProtogen[ \t]*\n\}", installer[at:]) is not None


def installs_behind_stubs(script: ShellSource) -> int | None:
    """Where an install.sh installs packages last, behind the requirements; None where it ends with those.

    What is generated again behind it counts as an end, too.
    """
    last: int | None = None
    is_generated = False
    for command in script.commands if b"pip install" in script.data else ():
        if command.words[:1] in (("installRequirements",), ("runProtogen",)):
            last, is_generated = None, True
        elif is_generated and _brings_others(command.bare):
            last = command.start_byte
    return last


def _brings_others(words: Sequence[str]) -> bool:
    """Whether a command installs packages with what they need."""
    if words[:2] != ("pip", "install") and words[:3] != ("uv", "pip", "install"):
        return False
    behind = words[words.index("install") + 1 :]
    packages = [re.split(r"[<>=!~\[;]", word)[0] for word in behind if not word.startswith(("-", "$"))]
    return "--no-deps" not in behind and not BARE.issuperset(packages)
