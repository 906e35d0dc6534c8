"""The runners of GitHub."""

from __future__ import annotations

import re
from functools import cache

from scaffold.pipeline.expressions.values import HOLE, HOLE_END, Open

ARCHES = {"linux/amd64": "X64", "linux/arm64": "ARM64", "linux/arm64/v8": "ARM64"}
"""Platform of an image -> architecture of the runner that builds it without emulation."""

_NAMES = {
    "amd64": r"amd64(?:v\d)?|x86[_-]64|x64",
    "arm64": r"arm64(?:[/_-]?v8)?|aarch64|armv8l?",
    "arm": r"arm(?:/v\d|v[567]\w{0,2}|hf|el|32v\d)",
    "386": r"i[3-6]86|386|x86",
    "riscv64": r"riscv64(?:gc)?",
    "ppc64le": r"ppc64(?:le|el)|powerpc64le",
    "s390x": r"s390x",
}
"""Architecture -> how tools name it."""

_NAME = re.compile(rf"(?<![a-z0-9])(?:{'|'.join(f'({names})' for names in _NAMES.values())})(?![a-z0-9])")


@cache
def arches_in(text: str) -> dict[str, str]:
    """The architectures that a text names, by any of their names -> that name as it is written."""
    found = {match.lastindex: text[match.start() : match.end()] for match in _NAME.finditer(text.lower())}
    return {arch: found[n] for n, arch in enumerate(_NAMES, 1) if n in found}


_SYSTEMS = {"linux": "Linux", "windows": "Windows", "macos": "macOS"}
_ARCHES = {"x64": "X64", "arm64": "ARM64"}
"""Label that a self-hosted runner gives itself -> what it says of the runner."""


@cache
def native(runner: str) -> tuple[str, str]:
    """System and architecture of a runner, as `runner` says them; "" where its labels do not tell."""
    name = runner.lower()
    if "self-hosted" in name:
        labels = set(name.split(", "))
        system = next((system for label, system in _SYSTEMS.items() if label in labels), "")
        return system, next((arch for label, arch in _ARCHES.items() if label in labels), "")
    if name.startswith("ubuntu-"):
        return "Linux", "ARM64" if name.endswith(("-arm", "-arm64")) else "X64" if name.count(
            "-"
        ) == 1 else ""
    if name.startswith("windows-"):
        return "Windows", "ARM64" if name.endswith("-arm") else "X64" if name.count("-") == 1 else ""
    if name.startswith("macos-"):
        intel = name.endswith(("-intel", "-large")) or name in ("macos-12", "macos-13")
        return "macOS", "X64" if intel else "ARM64"
    return "", ""


def of_runner(runs_on: str, system: str = "", arch: str = "") -> Open:
    """The `runner` context: what the runner alone knows is one value for all jobs on that kind of runner."""
    kind = runs_on.replace(HOLE, "<").replace(HOLE_END, ">")
    known = {"os": system} if system else {}
    return Open(f"runner@{kind}", known | ({"arch": arch} if arch else {}))
