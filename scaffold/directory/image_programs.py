"""Programs that the builds of images run, and the packages that bring them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from scaffold.syntax.dockerfile import Dockerfile
from scaffold.syntax.instructions import Instruction, Stage
from scaffold.syntax.shell_flow import Flow
from scaffold.syntax.shell_state import Facts

PROGRAMS = ("curl", "git", "unzip", "wget")
"""Programs with a package of their name, which neither Ubuntu's image has nor most packages bring."""
BARE = re.compile(r"(?:docker\.io/(?:library/)?)?ubuntu:\d\d\.\d\d")
"""Images with nothing but the system."""
GIVEN = {
    "BUILD_TYPE": "build-type",
    "CUDA_MAJOR_VERSION": "cuda-major-version",
    "CUDA_MINOR_VERSION": "cuda-minor-version",
    "SKIP_DRIVERS": "skip-drivers",
    "UBUNTU_VERSION": "ubuntu-version",
}
"""Argument of a build -> the field of the matrix that it comes from."""
MAX_RUNS = 60
"""RUNs of a stage that are followed; LocalAI's longest has 20."""

_USES = re.compile(rb"(?<![\w./-])(?:%s)[ \t]+(?=[^\s\\])" % "|".join(PROGRAMS).encode())
_INSTALLS = re.compile(rb"\bapt(?:-get)?\b[^\n]*\binstall\b")
_BRANCHES = re.compile(rb"\bif\b|\bcase\b|\|\|")
_OPAQUE = ("bash", "sh", "source", ".", "make", "eval", "apk", "dnf", "yum", "brew", "conda")


def based_on_argument(file: Dockerfile) -> Iterator[Stage]:
    """The stages that begin with the image which a build is given, and run something that may be missing."""
    for stage in file.stages:
        if stage.image in ("${BASE_IMAGE}", "$BASE_IMAGE") and _uses(stage.instructions):
            yield stage


def _uses(instructions: Sequence[Instruction]) -> bool:
    """Whether a RUN uses a program before one installs it whatever is built."""
    installed: set[bytes] = set()
    for instruction in instructions if len(instructions) <= MAX_RUNS * 2 else ():
        written = instruction.written if instruction.name == "RUN" else b""
        used = {found[0].strip() for found in _USES.finditer(written)}
        if _INSTALLS.search(written) and not _BRANCHES.search(written):
            installed.update(re.findall(rb"[\w.+-]+", written))
            continue
        if used - installed:
            return True
    return False


def missing(
    stage: Stage, given: Mapping[str, str], read: Callable[[str], bytes | None]
) -> Iterator[tuple[str, int]]:
    """(program, offset) of what a stage runs in a build before anything installs it.

    Nothing behind a script that may install something.
    """
    installed: set[str] = set()
    told: set[str] = set()
    for instruction in stage.instructions:
        if instruction.name in ("COPY", "ADD") and re.search(rb"/s?bin\b", instruction.written):
            return
        harmless = {*_harmless(instruction, read)}
        runs = zip(instruction.scripts, instruction.shells, strict=True) if instruction.name == "RUN" else ()
        for script, shell in runs:
            for step in Flow(shell, Facts(given)).reached:
                name, *words = step.words or ("",)
                if "install" in words and name in ("apt-get", "apt"):
                    installed.update(words)
                elif name in PROGRAMS and name not in installed | told:
                    told.add(name)
                    if step.certain:
                        yield name, script.start_byte + step.node.start_byte
                elif ((name in _OPAQUE and words) or "/" in name) and harmless.isdisjoint((name, *words)):
                    return


def _harmless(instruction: Instruction, read: Callable[[str], bytes | None]) -> Iterator[str]:
    """Where the scripts of the repository are that an instruction mounts, and that install nothing."""
    for _, options in instruction.mounts("bind"):
        path = options.get("source", options.get("src", ""))
        data = read(path) if path and "from" not in options else None
        if data is not None and b"install" not in data:
            yield options.get("target", options.get("dst", options.get("destination", "")))
