"""The runners of GitHub."""

from __future__ import annotations

from functools import cache

ARCHES = {"linux/amd64": "X64", "linux/arm64": "ARM64", "linux/arm64/v8": "ARM64"}
"""Platform of an image -> architecture of the runner that builds it without emulation."""


@cache
def native(runner: str) -> tuple[str, str]:
    """System and architecture of a runner of GitHub's, as `runner` says them; "" where unknown."""
    name = runner.lower()
    if name.startswith("ubuntu-"):
        return "Linux", "ARM64" if name.endswith("-arm") else "X64" if name.count("-") == 1 else ""
    if name.startswith("windows-"):
        return "Windows", "ARM64" if name.endswith("-arm") else "X64" if name.count("-") == 1 else ""
    if name.startswith("macos-"):
        intel = name.endswith(("-intel", "-large")) or name in ("macos-12", "macos-13")
        return "macOS", "X64" if intel else "ARM64"
    return "", ""
