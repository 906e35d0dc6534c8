"""The requirements files that one more platform of a Python backend needs: what its others install."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator

from scaffold.directory.requirement_lines import lines
from scaffold.directory.text import Text
from scaffold.registry import Registry

_OF_HARDWARE = re.compile(r"torch(?:audio|vision)?")
"""What there is a build of for each hardware, and for some in other releases than for others."""
_OPTION = re.compile(r"[ \t]*(?:#|-[^e]|--(?!editable)|$)")


def profile_file(registry: Registry, name: str, path: str, rendered: bytes) -> tuple[bytes, str]:
    """A requirements file for one more platform of a backend, and the file of it that this is made from.

    The indexes are those of the template; the requirements those of the backend's nearest file, of which what
    is built for hardware has the version that most siblings have on this one. Where the backend has no such
    file, it is as the template makes it, from none.
    """
    nearest = _nearest(registry, name, path)
    if nearest is None:
        return rendered, ""
    indexes = [line for line in rendered.decode().splitlines() if line.startswith("--")]
    text = nearest.data.decode(errors="replace").replace("\\\n", "  ")
    wanted = [_on_hardware(registry, path, line) for line in text.splitlines() if not _OPTION.match(line)]
    return "".join(f"{line}\n" for line in (*indexes, *wanted)).encode(), nearest.path


def _nearest(registry: Registry, name: str, path: str) -> Text | None:
    """The file of another platform of a backend whose name has most in common with one, else the CPU's."""
    files = registry.files(name)
    known = [n for n in sorted(files.names) if re.fullmatch(r"requirements-[a-z0-9]+\.txt", n)]
    own = posixpath.basename(path)
    alike = sorted(known, key=lambda other: (-len(posixpath.commonprefix([own, other])), "cpu" not in other))
    texts = (files.text(other) for other in alike if other != own)
    return next(
        (text for text in texts if text is not None and any(not x.is_index for x in lines(text))), None
    )


def _on_hardware(registry: Registry, path: str, line: str) -> str:
    """A requirement with the version that most siblings have for some hardware, where that matters."""
    package = re.match(r"[ \t]*([\w.-]+)", line)
    if package is None or not _OF_HARDWARE.fullmatch(package[1].lower()):
        return line
    held = Counter(_held(registry, posixpath.basename(path), package[1].lower()))
    most = max(held, key=lambda version: (held[version], version), default="")
    marker = line.partition(";")[2]
    return f"{package[1]}{most}" + (f" ;{marker}" if marker else "")


def _held(registry: Registry, file: str, package: str) -> Iterator[str]:
    """The version of a package in each backend's file of some name."""
    for name, lang in registry.backends.items():
        text = registry.files(name).text(file) if lang == "python" else None
        yield from (x.held for x in (lines(text) if text else ()) if x.name == package and x.held)
