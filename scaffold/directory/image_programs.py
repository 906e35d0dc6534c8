"""Programs that the builds of images run, and the packages that bring them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from scaffold.syntax.dockerfile import Dockerfile
from scaffold.syntax.instructions import Instruction, Stage
from scaffold.syntax.shell_flow import Flow, Reached
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
_INSTALLS = re.compile(rb"(?m)^(?>[^\n]*?\bapt(?:-get)?\b)[^\n]*\binstall\b")
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
                    if _happens(step):
                        yield name, script.start_byte + step.node.start_byte
                elif ((name in _OPAQUE and words) or "/" in name) and harmless.isdisjoint((name, *words)):
                    return


MANAGED = re.compile(r"(?:docker\.io/(?:library/)?)?ubuntu:(?:23\.\d\d|2[4-9]\.\d\d)")
"""Images in whose Python pip installs nothing by itself."""
_ALLOWED = re.compile(
    rb"EXTERNALLY-MANAGED|BREAK_SYSTEM_PACKAGES|\bpip3?[ ]+config\b|-m[ ]+venv|\buv[ ]+venv|virtualenv|"
    rb"/bin/activate|/venv\b|conda|/usr/local/bin/(?:pip|python)"
)
_PIPS = re.compile(rb"(?:python3?[ ]+-m[ ]+)?pip3?[ ]+install\b")
_OWN_PLACE = ("--break-system-packages", "--dry-run", "--target", "-t", "--prefix", "--root")


def based_and_piping(file: Dockerfile) -> Iterator[Stage]:
    """The stages that begin with the image which a build is given, and run pip."""
    for stage in file.stages if _PIPS.search(file.data) else ():
        if stage.image in ("${BASE_IMAGE}", "$BASE_IMAGE") and len(stage.instructions) <= MAX_RUNS * 2:
            yield stage


def refused_pips(stage: Stage, given: Mapping[str, str]) -> Iterator[int]:
    """The offsets of what a stage runs of pip that changes the Python of the system, in a build."""
    for instruction in stage.instructions:
        if _ALLOWED.search(instruction.written):
            return
        is_pip = instruction.name == "RUN" and b"pip" in instruction.written
        for script, shell in zip(instruction.scripts, instruction.shells, strict=True) if is_pip else ():
            for step in Flow(shell, Facts(given)).reached:
                is_install = _PIPS.match(" ".join(step.words).encode()) is not None
                options = {word.partition("=")[0] for word in step.words}
                if is_install and options.isdisjoint(_OWN_PLACE) and _happens(step):
                    yield script.start_byte + step.node.start_byte


def _happens(step: Reached) -> bool:
    """Whether a run that does not fail comes to a command: in no branch, and no way out of a failure."""
    node = step.node.parent
    while node is not None:
        if any(child.type == "||" for child in node.children):
            return False
        if node.type not in ("list", "program", "redirected_statement"):
            return step.certain
        node = node.parent
    return True


def _harmless(instruction: Instruction, read: Callable[[str], bytes | None]) -> Iterator[str]:
    """Where the scripts of the repository are that an instruction mounts, and that install nothing."""
    for _, options in instruction.mounts("bind"):
        path = options.get("source", options.get("src", ""))
        data = read(path) if path and "from" not in options else None
        if data is not None and b"install" not in data:
            yield options.get("target", options.get("dst", options.get("destination", "")))
