"""Lines of requirements files, as the installer reads them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from scaffold.directory.python import installer_of
from scaffold.directory.requirement_lines import Line, lines
from scaffold.directory.requirement_syntax import refused
from scaffold.directory.requirements import (
    addresses,
    is_requirements,
    joined,
    names_index,
    read,
    unusual,
)
from scaffold.directory.text import Text
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.causes import is_same_place
from scaffold.rules.files.requirements import build_of
from scaffold.syntax.source import Place


class RequirementUnreadable(Rule):
    """Each line of a requirements file is a requirement that pip and uv read.

    Why: pip and uv refuse the whole file for one line that they cannot read, and the image is not built.
    A version follows `==`, `>=`, `<=`, `~=`, `!=`, `<` or `>`; a package has a line of its own.

    What one of the two refuses is told, as is an option that pip does not have, or one without its value.

    Fails:

        torch=2.12.1
        grpcio 1.82.1
        transformers==5.15.0accelerate
        accelerate--extra-index-url https://download.pytorch.org/whl/cu130

    Passes:

        torch==2.12.1
        grpcio==1.82.1
        transformers==5.15.0
        accelerate
        --extra-index-url https://download.pytorch.org/whl/cu130

    `torchaccelerate` is taken for two packages where other files have both and none has that name, and an
    address with a package behind it for both where the address alone is known. The page of a repository on
    GitHub is none of its files: `git+` stands before it. A line with `${VARIABLE}` is
    not looked at. A file or folder that is named and not there is told by files-missing.

    It is a warning where a name is a letter away from one that several files have, and no other file has it,
    or is the beginning of one where the file ends; an error where others pin that one to the same version.

    Fix: write the line as pip reads it.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Lines that are no requirement."""
        texts = [*requirement_texts(registry)]
        named = Counter(package for _, text in texts for package in read(text).packages)
        known = Counter(address for _, text in texts for address in {one for one, _ in addresses(text)})
        for backend, text in texts:
            yield from self._joined(backend, text, named, known)
            for line, offset, advice in refused(text):
                yield self.finding(
                    text.place(offset),
                    backend,
                    f"{text.path} {line}",
                    f"no installer reads the requirement {line!r}: the image is not built",
                    advice,
                )
            for name, meant, offset in unusual(text, named):
                yield self.finding(
                    text.place(offset),
                    backend,
                    f"{text.path} {name}",
                    f"{name} is named nowhere else, and {named[meant]} files name {meant}",
                    f"write {meant}, if that is meant",
                    severity=None if _is_pinned_as(text, name, meant, offset, texts) else Severity.warning,
                )

    def _joined(
        self, backend: str, text: Text, named: Counter[str], known: Counter[str]
    ) -> Iterator[Finding]:
        own, here = read(text).packages, {one for one, _ in addresses(text)}
        names = {name for name, count in named.items() if count > (name in own)}
        others = {address for address, count in known.items() if count > (address in here)}
        for first, second, offset in joined(text, names, others):
            yield self.finding(
                text.place(offset),
                backend,
                f"{text.path} {first}{second}",
                f"{first} and {second} stand on one line without a break",
                "write each on a line of its own",
            )


def _is_pinned_as(text: Text, name: str, meant: str, offset: int, texts: Sequence[tuple[str, Text]]) -> bool:
    """Whether a name has the version here that another file pins the one to which is meant."""
    pin = re.match(rb"==[\w.+]+(?=\s|\Z)", text.data[offset + len(name) :])
    wanted = (
        re.compile(rb"(?m)^%s%s(?=\s|\Z)" % (re.escape(meant.encode()), re.escape(pin[0]))) if pin else None
    )
    return wanted is not None and any(wanted.search(other.data) for _, other in texts)


class RequirementPinLost(Rule):
    """A package that the other requirements files of a backend pin to one version is pinned in each.

    Why: the backend works with that version, or it would not be pinned. An image that installs whatever is
    newest works until the next release of the package, and no change of LocalAI is to blame.

    Fails: `transformers==4.56.1` in `requirements-cpu.txt` and `requirements-cublas12.txt`, and in
    `requirements-hipblas.txt`

        transformers

    Passes:

        transformers==4.56.1

    Two other files or more must have it, all with one version; or each with its own, where the file names no
    index that may decide. So is what nearly all backends share and every other one pins, as grpcio. Another
    version, or a bound above, is fine.

    Fix: write the version, or say in a comment right above why there is none.
    """

    severity = Severity.warning
    explained_by = ("requirement-unreadable", "requirement-index-missing")

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """Where the line says so."""
        return is_same_place(finding, cause)

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Packages without the version that their siblings have."""
        read_by = _installed(registry)
        inside: dict[tuple[str, str], list[Asked]] = defaultdict(list)
        across: dict[str, list[Asked]] = defaultdict(list)
        for backend, text in requirement_texts(registry):
            file = text.path.rpartition("/")[2]
            for line in lines(text) if file in read_by.get(backend, ()) else ():
                asked = Asked(backend, text, line)
                inside[backend, line.name].append(asked)
                if file == SHARED:
                    across[line.name].append(asked)
        groups = [found for found in inside.values() if len(found) > MANY_OTHERS]
        groups += [found for found in across.values() if len(found) > max(MANY, len(read_by) // 2)]
        told = set()
        for group in groups:
            open_ones = [asked for asked in group if not asked.line.held]
            pinned = [asked for asked in group if asked.line.held]
            agree = len({asked.line.held for asked in pinned}) == 1
            if len(open_ones) == 1 and open_ones[0].is_free(agree) and open_ones[0] not in told:
                told.add(open_ones[0])
                yield self._of(open_ones[0], pinned)

    def _of(self, free: Asked, others: Sequence[Asked]) -> Finding:
        pins = Counter(one.line.held for one in others)
        usual = pins.most_common(1)[0][0]
        where = "that name it" if len({one.backend for one in others}) == 1 else "of nearly all backends"
        name = free.line.name
        return self.finding(
            free.text.place(free.line.offset),
            free.backend,
            f"{free.text.path} {name} without {usual if len(pins) == 1 else 'a version'}",
            f"{name} has {free.line.version or 'no version'} here, and "
            f"{usual if len(pins) == 1 else 'one'} in the other {len(others)} files {where}",
            f"write {name}{usual if len(pins) == 1 else '==VERSION'}",
        )


class Asked(NamedTuple):
    """A package that a file of a backend asks for."""

    backend: str
    text: Text
    line: Line

    def is_free(self, agree: bool) -> bool:
        """Whether any version will do, and nobody says why; where others do not agree an index may say so."""
        is_open = agree or not names_index(self.text)
        return not self.line.is_bounded and is_open and not self.text.comment_above(self.line.offset)


SHARED = "requirements.txt"
"""The file that all images of a backend install."""
MANY_OTHERS = 2
"""So many other files show what a backend works with."""
MANY = 10
"""So many other backends show what a backend is pinned to."""


class RequirementsEmpty(Rule):
    """A requirements file that an image installs says something.

    Why: an empty file is installed without a word. What stood there is missing from the image, which fails at
    the first import.

    Fails: `requirements-cublas12.txt` with nothing in it, and that build in the matrix

    Passes: the same with

        # torch comes with vllm, in requirements-cublas12-after.txt

    Where the other builds of the backend show what is missing, matrix-no-requirements tells it.

    Fix: restore its lines; or delete the file, or say in it why there is nothing.
    """

    severity = Severity.warning
    explained_by = ("matrix-no-requirements",)

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """Where the image lacks what that file is for."""
        return finding.subject == cause.subject

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Files that some build of a backend reads, and that have nothing."""
        read_by = _installed(registry)
        for backend, text in requirement_texts(registry):
            name = text.path.rpartition("/")[2]
            if not text.data.strip() and name in read_by.get(backend, ()):
                yield self.finding(
                    Place(text.path),
                    backend,
                    name,
                    f"{text.path} is empty: its images install nothing of it",
                    "restore its lines; or delete the file, or say in it why there is nothing",
                )


def _installed(registry: Registry) -> dict[str, set[str]]:
    """Backend -> the names of the files that its images install, if they are there."""
    installer = installer_of(registry.tree)
    found: dict[str, set[str]] = {}
    for entry in (*registry.matrix.linux, *registry.matrix.darwin):
        specific = installer.specific(build_of(entry, installer))
        found.setdefault(entry.backend, {*installer.common}).update(specific)
    return found


def requirement_texts(registry: Registry) -> Iterator[tuple[str, Text]]:
    """(backend, requirements file) of every Python backend."""
    for backend, lang in registry.backends.items():
        if lang == "python":
            files = registry.files(backend)
            for text in files.texts(filter(is_requirements, files.names)):
                yield backend, text
