"""What scripts package: libraries without the parts that they open when they run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from scaffold.directory.text import Text

OPENED = {
    "libcudnn": tuple(
        f"libcudnn_{part}"
        for part in (
            "adv", "cnn", "engines_precompiled", "engines_runtime_compiled", "graph", "heuristic", "ops",
        )
    ),
    "libnvrtc": ("libnvrtc-builtins",),
}  # fmt: skip
"""Library -> those that it opens by name when it runs, which no list of its dependencies has (cuDNN 9)."""

DATA = {"librocblas": "rocblas", "libhipblaslt": "hipblaslt"}
"""Library -> the folder beside it with the kernels that it reads when it runs."""

_NAME = re.compile(rb"\blib(?:[\w.*?+-]|\$\{?\w+\}?){0,80}")
_HEAD = re.compile(rb"\b(%s)\.so(?![\w.*]*[ \t]*[|)])" % "|".join((*OPENED, *DATA)).encode())
"""A library that is no pattern of a `case`."""
_DELETES = re.compile(rb"[ \t]*rm[ \t]")


def partial(text: Text) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """(library, what is missing, offset) of every library that a script packages without its parts."""
    if not _HEAD.search(text.data):
        return
    heads: dict[str, int] = {}
    for found in _HEAD.finditer(text.code):
        if not _DELETES.match(text.code, text.code.rfind(b"\n", 0, found.start()) + 1):
            heads.setdefault(found[1].decode(), found.start())
    taken = {re.sub(r"\$\{?\w+\}?", "*", name.decode()) for name in _NAME.findall(text.code)}
    for library, offset in heads.items():
        missing = [part for part in OPENED.get(library, ()) if not _is_taken(part, taken)]
        folder = DATA.get(library)
        if folder and not re.search(rb"(?<![\w-])%s(?![\w-])" % folder.encode(), text.code):
            missing.append(f"{folder}/")
        if missing:
            yield library, tuple(missing), offset


def _is_taken(part: str, names: set[str]) -> bool:
    """Whether one of some names or patterns of files is a library's."""
    return any(fnmatchcase(end, name) for name in names for end in (part, f"{part}.so", f"{part}.so.1"))


OF_THE_C_LIBRARY = ("libdl.so.2", "libpthread.so.0", "librt.so.1")
"""What programs that were linked before glibc 2.34 load besides libc.so.6."""


def without_parts(scripts: Sequence[Text]) -> Iterator[tuple[Text, tuple[str, ...], int]]:
    """(script, missing, offset) of those that package the C library without parts that all others have.

    Of scripts that package libraries by their names; three others at least.
    """
    found = [(text, text.code.find(b"libc.so.6")) for text in scripts if packages_by_name(text)]
    own = [
        (text, at, {part for part in OF_THE_C_LIBRARY if part.encode() in text.code}) for text, at in found
    ]
    own = [one for one in own if one[1] >= 0]
    for text, at, parts in own:
        others = [other for script, _, other in own if script is not text]
        usual = set(OF_THE_C_LIBRARY).intersection(*others) if len(others) >= MANY_OTHERS else set()
        if usual - parts:
            yield text, tuple(sorted(usual - parts)), at


MANY_OTHERS = 3
"""So many other scripts show what goes with the C library."""
_LINKED = re.compile(
    rb"(?m)^[^#\n]*?find_library\(\s*\w+\s+(?:NAMES\s+)?([a-z][\w+.-]*)\s[^()#]*\bREQUIRED\b"
)
_BY_NAME = re.compile(rb"\blib[\w+-]{1,99}\.so\.\d")
_BY_NEED = re.compile(rb"\bldd\b|\blinuxdeploy|\bpatchelf\b|\breadelf\b")


def linked(texts: Iterable[Text]) -> dict[str, tuple[Text, int]]:
    """Library of the system that CMake files cannot do without -> the file and the offset that name it."""
    found: dict[str, tuple[Text, int]] = {}
    for text in texts:
        for match in _LINKED.finditer(text.data if b"find_library" in text.data else b""):
            found.setdefault(match[1].decode(), (text, match.start(1)))
    return found


def packages_by_name(script: Text) -> bool:
    """Whether a script packages libraries of the system one by one, and not whatever a program needs."""
    return bool(_BY_NAME.search(script.code)) and not _BY_NEED.search(script.code)


FEW = 5
"""Libraries that a function may name without being a list of what a package needs."""
MAX_FUNCTIONS = 200
"""Functions of a script that are followed; LocalAI's longest has 20."""
_PATTERN = re.compile(rb"\blib[\w+-]{1,99}\*?\.so")
_COPIES = re.compile(rb"\bcp\b|\bcopy_")


def unasked(text: Text) -> Iterator[tuple[str, int]]:
    """(function, offset) of every one that packages libraries by name, and not what they need.

    Only in a script that has a function which does ask that, and another that calls it to package.
    """
    if b"ldd" not in text.data or not _COPIES.search(text.data):
        return
    bodies = {
        name: (node.start_byte, text.code[node.start_byte : node.end_byte])
        for name, node in text.shell.functions.items()
    }
    if len(bodies) > MAX_FUNCTIONS:
        return
    asking = {name for name, (_, code) in bodies.items() if _BY_NEED.search(code)}
    calling: set[str] = set()
    while asking - calling:
        calling |= asking
        called = re.compile(rb"\b(?:%s)\b" % b"|".join(re.escape(name.encode()) for name in calling))
        asking = {name for name, (_, code) in bodies.items() if called.search(code)}
    packing = {name for name, (_, code) in bodies.items() if _COPIES.search(code) and _PATTERN.search(code)}
    if packing & calling:
        for name in sorted(packing - calling, key=lambda name: bodies[name][0]):
            start, code = bodies[name]
            if len(_PATTERN.findall(code)) >= FEW:
                yield name, start


_SOURCES = re.compile(rb"\bcreate-oci-image\s[\s\\]*\"?backend/(\w+)/\$\{?BACKEND\}?/\.?\"?(?=\s)")


def shipped_sources(script: Text) -> tuple[str, int] | None:
    """The language of the backends whose directory a script ships as it is, and where it does so.

    None where it ships their `package` too, if there is one.
    """
    found = _SOURCES.search(script.code)
    return (found[1].decode(), found.start(1)) if found and b"/package" not in script.code else None


def starts_in_package(run: Text, package: Text) -> bool:
    """Whether a start names a `.dylib` in a `lib` beside it, which packaging makes below `package`."""
    named = re.search(rb"CURDIR\}?\"?/lib/[\w.-]+\.dylib\b", run.code) is not None
    return named and b"package/lib" in package.code
