"""What a Python program imports, and the packages that bring it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator

from scaffold.directory.requirements import normal
from scaffold.directory.text import Text

_IMPORTS = (
    re.compile(rb"\nimport ([A-Za-z]\w*)"),
    re.compile(rb"\nfrom ([A-Za-z]\w*+)[\w.]*+ ++import\b"),
)
"""At the beginning of a line: in no branch, no function and no `try`."""
_OTHER_NAME = {"pil": ("pillow",), "cv2": ("opencv-python", "opencv-python-headless")}
"""Module -> the packages that bring it, where they are called otherwise."""


def imports(program: Text) -> dict[str, int]:
    """The modules that a program imports in any case, each with where it does so first."""
    data = b"\n" + program.data
    found = {
        match[1].decode(): match.start() for one in _IMPORTS for match in reversed([*one.finditer(data)])
    }
    for name in sys.stdlib_module_names & found.keys():
        del found[name]
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


def bringing(module: str, packages: Iterable[str]) -> Iterator[str]:
    """Of some packages those that are called after a module, as `nemo-toolkit` is after `nemo`."""
    name = normal(module)
    others = _OTHER_NAME.get(name, ())
    for package in packages:
        if (name in package and f"-{name}-" in f"-{package}-") or package in others:
            yield package


_TELLING = 3
"""Letters from which on the beginning of a name says something."""


def is_called_after(module: str, backend: str) -> bool:
    """Whether a module has the name of a backend, or one that begins so: it is the backend's engine."""
    name, own = _letters(module), _letters(backend)
    return name == own or (len(own) >= _TELLING and name.startswith(own))


def is_named(module: str, code: bytes) -> bool:
    """Whether what installs names a module, or something that is called after it, in some spelling."""
    return _letters(module) in _letters(code.decode(errors="replace"))


def says(said: bytes, package: str) -> bool:
    """Whether what installs, or a comment, names a package."""
    word = rf"(?<![\w-]){re.escape(package)}(?![\w-])"
    return re.search(word, normal(said.decode(errors="replace"))) is not None


_INSTALLS = re.compile(rb"(?i)pip|git|curl|wget")


def installing(script: Text | None) -> bytes:
    """The lines of a script that install or fetch something."""
    lines = script.joined.split(b"\n") if script else []
    return b"\n".join(line for line in lines if _INSTALLS.search(line))


def _letters(name: str) -> str:
    return re.sub(r"[-_.]", "", name).lower()
