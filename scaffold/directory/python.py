"""A Python backend: its requirements files and the installer that reads them."""

from __future__ import annotations

import re
from functools import cache, cached_property

from scaffold.checkout.tree import Tree
from scaffold.directory.scripts import branches
from scaffold.directory.text import Text

COMMON_INSTALLER = "backend/python/common/libbackend.sh"

_REQUIREMENTS = re.compile(rb"requirements(?:-(?:[\w-]|\$\{[^}\s]*\}|\$\w++)++)?\.txt")


class PythonInstaller:
    """`installRequirements` of a checkout: which requirements files a build reads."""

    def __init__(self, tree: Tree) -> None:
        data = tree.read(COMMON_INSTALLER)
        self.code = Text(COMMON_INSTALLER, data).code if data else b""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The file names that it tries, with the shell's variables in them."""
        _, _, body = self.code.partition(b"installRequirements()")
        return tuple(dict.fromkeys(m[0].decode() for m in _REQUIREMENTS.finditer(body.partition(b"\n}")[0])))

    def profile(self, build_type: str, cuda_major: str) -> str:
        """`BUILD_PROFILE` of a build."""
        if build_type == "cublas" or (build_type == "l4t" and b"l4t" in self.code):
            return f"{build_type}{cuda_major}"
        if build_type.startswith(("intel", "sycl")):
            return "intel"
        return build_type or "cpu"

    def specific(self, build_type: str, profile: str) -> tuple[str, ...]:
        """The files that only such a build reads, in the order in which they are tried."""
        found = []
        for name in self.names:
            filled = re.sub(r"\$\{BUILD_TYPE[^}]*\}|\$BUILD_TYPE\b", build_type, name)
            filled = re.sub(r"\$\{BUILD_PROFILE[^}]*\}|\$BUILD_PROFILE\b", profile, filled)
            if filled == name and ("cpu" not in name or build_type):
                continue
            if "-.txt" not in filled and "--" not in filled and "$" not in filled:
                found.append(filled)
        return tuple(dict.fromkeys(found))

    @cached_property
    def common(self) -> tuple[str, ...]:
        """The files that every build reads."""
        return tuple(name for name in self.names if "$" not in name and "cpu" not in name)


_INSTALLS = re.compile(rb"\bpip3?[ \t]+install\b")


def installs_itself(script: Text | None, words: frozenset[str]) -> bool:
    """Whether an install.sh installs packages in a branch of its own for one of `words`, or always."""
    if script is None or b"installRequirements" not in script.code:
        return True
    return any(
        _word_pattern(words).search(condition) and _INSTALLS.search(body)
        for condition, body in branches(script.code)
    )


@cache
def _word_pattern(words: frozenset[str]) -> re.Pattern[bytes]:
    choice = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    return re.compile(rf"(?<![a-z0-9_])x?(?:{choice})(?!\w)".encode())
