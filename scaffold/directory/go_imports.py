"""What Go files import, beside what `go.mod` requires."""

from __future__ import annotations

import re
from collections.abc import Iterator

_IMPORTS = re.compile(rb"(?m)^import[ \t]++(?:\(([^()]*+)\)|([^\n(]*\"[^\"\n]+\"))")
_PATH = re.compile(rb"(?://[^\n]*)|\"([^\"\n]+)\"")
_REQUIRED = re.compile(rb"(?m)^(?:require[ \t]+|[ \t]++)(?=[^\s().]*+\.)([^\s()]++)[ \t]++v\d")
_REPLACED = re.compile(rb"(?m)^(?:replace[ \t]+|[ \t]+)([^\s()]+)(?:[ \t]+v\S+)?[ \t]+=>")
_MODULE = re.compile(rb"(?m)^module[ \t]+(\S+)")
_LEFT_OUT = re.compile(rb"(?m)^//go:build[ \t]+(?:ignore|tools)\b")
_DECLARED = re.compile(rb"(?m)^(?:const|func|type|var)\b")
"""What stands behind the imports."""


def known_modules(go_mod: bytes) -> frozenset[bytes]:
    """The modules of which a `go.mod` says where they come from, its own included; none where it is none."""
    own = _MODULE.search(go_mod)
    found = {*_REQUIRED.findall(go_mod), *_REPLACED.findall(go_mod)}
    return frozenset({own[1], *found}) if own and found else frozenset()


def unknown_imports(data: bytes, modules: frozenset[bytes]) -> Iterator[tuple[str, int]]:
    """(path, offset) of what a file imports from no module that is known, and not from Go itself."""
    if _LEFT_OUT.search(data):
        return
    declared = _DECLARED.search(data)
    for block in _IMPORTS.finditer(data, 0, declared.start() if declared else len(data)):
        group = 1 if block[1] is not None else 2
        for found in _PATH.finditer(data, block.start(group), block.end(group)):
            path = found[1] or b""
            if b"." in path.partition(b"/")[0] and not _is_of(path, modules):
                yield path.decode(errors="replace"), found.start(1)


def _is_of(path: bytes, modules: frozenset[bytes]) -> bool:
    """Whether a package is in one of some modules."""
    parts = path.split(b"/")
    return any(b"/".join(parts[:end]) in modules for end in range(len(parts), 0, -1))
