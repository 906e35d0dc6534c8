"""Requirements files of pip: the packages that one names, the files that it includes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from scaffold.backend.near import is_near
from scaffold.directory.text import Text

_FILE = re.compile(r"requirements[\w.-]*\.txt")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_INCLUDE = re.compile(r"(?:-r|--requirement)[\s=]*(\S+)")
EDITABLE = re.compile(r"(?:-e|--editable)[\s=]+")
_NAME = re.compile(r"([A-Za-z0-9][\w.-]*+)\s*(?:[\[(<>=!~;@]|$)")
"""What a requirement of PEP 508 begins with; an address or a path does not."""
_EGG = re.compile(r"#(?:[^#]*&)?egg=([\w.-]+)")


def normal(name: str) -> str:
    """The normal form of a package's name: `flash-attn`."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_requirements(name: str) -> bool:
    """Whether a file of this name holds requirements."""
    return _FILE.fullmatch(name) is not None


class Requirements(NamedTuple):
    """What one file says."""

    packages: frozenset[str]
    """Names in their normal form: `flash-attn`."""
    includes: tuple[str, ...]
    """Paths from the root of the repository."""


@lru_cache(maxsize=1024)
def read(text: Text) -> Requirements:
    """The packages and includes of a file, whatever versions, extras and markers they have."""
    packages: set[str] = set()
    includes: list[str] = []
    for line in text.data.replace(b"\\\n", b"").decode("utf-8-sig", errors="replace").splitlines():
        line = EDITABLE.sub("", _COMMENT.sub("", line).strip())
        include = _INCLUDE.match(line)
        if include:
            includes.append(posixpath.normpath(f"{posixpath.dirname(text.path)}/{include[1]}"))
        elif line and not line.startswith("-"):
            packages.add(name_of(line))
    return Requirements(frozenset(packages) - {""}, tuple(includes))


def name_of(line: str) -> str:
    """The normal form of the package that a requirement is for; "" where that cannot be said."""
    name = _NAME.match(line)
    return normal(name[1] if name else _of_address(line))


def _of_address(address: str) -> str:
    """The package at an address or a path: as that says itself, else as the file or repository is called."""
    egg = _EGG.search(address)
    if egg:
        return egg[1]
    path = re.split(r"[?#;\s]", address)[0].partition("://")[2] or address
    base = posixpath.basename(path.rstrip("/"))
    if base.endswith((".whl", ".tar.gz", ".zip")):
        return base.partition("-")[0]
    return re.sub(r"(?:\.git)?(?:@.*)?$", "", base)


_INDEX = re.compile(rb"(?m)^[ \t]*(?:--(?:extra-)?index-url|--find-links|-[if])\b")
_LOOSE = re.compile(
    rb"(?m)^[ \t]*(torch|vllm)[ \t]*(?:\[[^\]\n]*\][ \t]*)?((?:[<>=!~][^#;\n]*)?)(?:[#;][^\n]*)?\r?$"
)


def names_index(text: Text) -> bool:
    """Whether a file names an index of packages."""
    return _INDEX.search(text.data) is not None


def loose(text: Text, packages: Collection[str]) -> tuple[str, int] | None:
    """The first of some packages of which neither a version nor an index says which build is installed.

    Its name and offset. Known are `torch` and `vllm`; a lower bound alone decides nothing.
    """
    if not (b"torch" in text.data or b"vllm" in text.data) or _INDEX.search(text.data):
        return None
    for match in _LOOSE.finditer(text.data):
        name = match[1].decode()
        if name in packages and not re.search(rb"==|~=|<", match[2]):
            return name, match.start(1)
    return None


def of_no_index(text: Text) -> int | None:
    """Where torch is installed in whatever version, and no index is named; None where one is, or no torch."""
    if b"torch" in text.data and not _INDEX.search(text.data) and not read(text).includes:
        return next((match.start(1) for match in _LOOSE.finditer(text.data) if match[1] == b"torch"), None)
    return None


_TORCH = re.compile(rb"(?m)^[ \t]*torch[ \t]*==[ \t]*2\.(\d+)\.")
CUDA13_SINCE = 11
"""The release of torch 2 from which on PyPI's is for CUDA 13; before, for CUDA 12 or none."""


def of_other_cuda(text: Text, major: str) -> tuple[str, int] | None:
    """The version of torch, and where it is asked for, of which PyPI's build is for another CUDA.

    None where an index is named, or no version.
    """
    found = _TORCH.search(text.data) if b"torch" in text.data else None
    if found is None or _INDEX.search(text.data) or (int(found[1]) >= CUDA13_SINCE) == (major == "13"):
        return None
    return f"2.{found[1].decode()}", found.start()


_LOCAL = re.compile(rb"(?m)^[ \t]*([A-Za-z][\w.-]*[ \t]*(?:\[[^\]\n]*\][ \t]*)?==[ \t]*[\w.!-]+\+[\w.-]+)")


def local_version(text: Text) -> tuple[str, int] | None:
    """The first requirement of a local version (`==2.10.0+rocm7.0`), where no index has it; its offset.

    PyPI has none (packaging.python.org: Version specifiers, Local version identifiers), and a folder of
    PyTorch's has those of its own name.
    """
    if b"+" not in text.data or read(text).includes:
        return None
    folders = _OF_PYTORCH.findall(text.data)
    indexes = len(_INDEX.findall(text.data))
    for found in _LOCAL.finditer(text.data):
        elsewhere = folders and len(folders) == indexes and _KIN_OF_TORCH.match(found[1])
        if not indexes or (elsewhere and found[1].rpartition(b"+")[2] not in folders):
            return found[1].decode(), found.start(1)
    return None


_OF_PYTORCH = re.compile(
    rb"(?m)^[ \t]*--(?:extra-)?index-url[ =\t]+https?://download\.pytorch\.org/whl/([a-z]+[\d.]*)/?[ \t]*\r?$"
)
_KIN_OF_TORCH = re.compile(rb"torch(?:audio|vision)?\b")


_HARDWARE = re.compile(
    rb"(?m)^[ \t]*--(?:extra-)?index-url[ =\t]+https?://\S+/(cpu|xpu|rocm|cu1[1-9])[\d.]*/?[ \t]*\r?$"
)


def hardware_of_indexes(text: Text) -> Iterator[tuple[str, int]]:
    """What each index is for, `cu13`, and where it is named; indexes that do not say so are left out."""
    if b"index-url" in text.data:
        for found in _HARDWARE.finditer(text.data):
            yield found[1].decode(), found.start(1)


_MOVING = re.compile(rb"(?m)^[ \t]*--(?:extra-)?index-url[ =\t]+(https?://\S+?/whl/([a-z]+))/?[ \t]*\r?$")


def newest_of_index(text: Text) -> tuple[str, int] | None:
    """The address of an index for all versions of some hardware's toolkit, and where torch is taken from it.

    None where it has a version, or the index is the CPU's.
    """
    index = _MOVING.search(text.data)
    if index is None or index[2] == b"cpu":
        return None
    for match in _LOOSE.finditer(text.data):
        if match[1] == b"torch" and not re.search(rb"==|~=|<", match[2]):
            return index[1].decode(errors="replace"), match.start(1)
    return None


_GIT = re.compile(rb"(?m)^[^#\n]*?git\+\w+://([^\s#;\"']+)")
_ARCHIVE = re.compile(
    rb"(?m)^[^#\n]*?https?://([^\s#;/]+(?:/[^\s#;/]+){2,3}?)/(?:-/)?(?:archive|(?:zip|tar)ball|zip|tar\.gz)/"
    rb"(?!refs/tags/)(refs/heads/)?([^\s#;]+?)(?:\.zip|\.tar\.gz)?(?=[\s#;]|\Z)"
)
"""What a repository holds at a ref, as GitHub and GitLab pack it."""
_MOVING_REF = re.compile(rb"@(?![0-9a-f]{7,40}\Z)([A-Za-z_./-]+)\Z")
"""A ref without a digit: versions and days have some, so it is the name of a branch."""


_VARIABLE = re.compile(rb"\$\{?(\w+)\}?")


class Moving(NamedTuple):
    """A repository that is installed at whatever a branch holds on that day."""

    address: str
    branch: str
    """Its name; "" for the default branch."""
    offset: int


def moving(code: bytes, held: Mapping[bytes, bytes] | None = None) -> Iterator[Moving]:
    """Every repository that is installed at no tag and no commit.

    `held` are the values of the variables that may stand for one.
    """
    for match in _GIT.finditer(code if b"git+" in code else b""):
        address, _, ref = match[1].rpartition(b"@")
        if b"/" not in address:  # what stands before the sign is a user, or there is none
            address, ref = match[1], b""
        variable = _VARIABLE.fullmatch(ref) if held else None
        ref = held.get(variable[1], ref) if held and variable else ref
        branch = _MOVING_REF.fullmatch(b"@" + ref)
        if not ref or branch:
            name = branch[1].decode() if branch else ""
            place = address.decode(errors="replace").removesuffix(".git")
            yield Moving(place.removeprefix("git@"), name, match.start(1))


def moving_archives(code: bytes) -> Iterator[Moving]:
    """Every repository that is installed as a branch of it is packed."""
    for match in _ARCHIVE.finditer(code if re.search(rb"/archive/|ball/|codeload", code) else b""):
        if match[2] or _MOVING_REF.fullmatch(b"@" + match[3]):
            address, branch = (part.decode(errors="replace") for part in (match[1], match[3]))
            yield Moving(address, branch, match.start(1))


_URL = re.compile(rb"(?m)(?:git\+)?https?://[^\s;]+")
_OF_HARDWARE = re.compile(r".*/(?:cpu|xpu|rocm\d[\d.]*?|cu\d{3})(?=[A-Za-z])")


def addresses(text: Text) -> Iterator[tuple[str, int]]:
    """Every address of a file that is no comment's, with its offset."""
    for found in _URL.finditer(text.data if b"://" in text.data else b""):
        start = text.data.rfind(b"\n", 0, found.start()) + 1
        if b"#" not in text.data[start : found.start()]:
            yield found[0].decode(errors="replace"), found.start()


def joined(text: Text, names: Collection[str], known: Collection[str] = ()) -> Iterator[tuple[str, str, int]]:
    """(first, second, offset) of each name or address that is two others without a break between them.

    `names` are those of the other files in their normal form, `known` the addresses.
    """
    for name in read(text).packages.difference(names):
        for first in names:
            if name.startswith(first) and name[len(first) :] in names:
                found = _named(text, name)
                if found is not None:
                    yield first, name[len(first) :], found
                    break
    for address, offset in addresses(text):
        hardware = _OF_HARDWARE.match(address)
        heads = {one for one in known if address.startswith(one)} | ({hardware[0]} if hardware else set())
        for head in sorted(heads - {address}):
            name = re.split(r"[\[=<>~!;]", address[len(head) :])[0]
            if normal(name) in names:
                yield head, name, offset
                break


def _named(text: Text, name: str) -> int | None:
    """Where a file names a package."""
    spelling = re.escape(name).replace(r"\-", "[-_.]+").encode()
    found = re.search(rb"(?mi)^[ \t]*(" + spelling + rb")\b", text.data)
    return found.start(1) if found else None


MANY = 2
"""So many files have a name that is usual."""
_LONG = 4
"""Letters of two names from which on they are not a letter apart by chance."""


def unusual(text: Text, named: Mapping[str, int]) -> Iterator[tuple[str, str, int]]:
    """(name, what is meant, offset) of each that only this file has, a letter away from one of many files.

    So is the beginning of such a name in a last line that does not end.
    """
    ends = not text.data or text.data.endswith(b"\n")
    last = normal(text.data[text.data.rfind(b"\n") + 1 :].decode(errors="replace"))
    usual = [name for name, count in named.items() if count >= MANY]
    for name in read(text).packages:
        if named.get(name, 0) > 1:
            continue
        for other in usual if len(name) >= _LONG or name == last else ():
            begins = not ends and name == last and other.startswith(name)
            is_meant = min(len(name), len(other)) >= _LONG and is_near(name, other)
            if other != name and (begins or is_meant):
                found = _named(text, name)
                if found is not None:
                    yield name, other, found
                    break
