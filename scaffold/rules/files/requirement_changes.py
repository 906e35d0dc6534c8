"""What a change takes out of the requirements of Python backends."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from scaffold.directory.directory import Directory
from scaffold.directory.imports import bringing, imports, installing, is_called_after, says
from scaffold.directory.python import Build, installer_of
from scaffold.directory.requirement_lines import Line, lines
from scaffold.directory.requirements import is_requirements
from scaffold.directory.text import Text
from scaffold.registry import Registry
from scaffold.rules.base import ChangeRule, Finding, Severity
from scaffold.rules.files.imported import PROGRAM
from scaffold.rules.files.requirements import build_of
from scaffold.rules.words import enumerated, some
from scaffold.surfaces.matrix.reading import Entry
from scaffold.syntax.source import Place

_COMMENT = re.compile(rb"#[^\n]*")
_INDEX = re.compile(rb"index-url|find-links")
MANY = 3
"""So many files are not all named."""


class State(NamedTuple):
    """A backend before or after a change, with some builds of its images."""

    files: Directory
    tried: Mapping[Build, Sequence[str]]
    """The requirements files that a build installs, if they are there."""
    packages: Mapping[Build, frozenset[str]]

    @classmethod
    def of(cls, registry: Registry, files: Directory, builds: Iterable[Build]) -> State:
        """What some builds install in one state."""
        installer = installer_of(registry.tree)
        tried = {build: (*installer.common, *installer.specific(build)) for build in builds}
        return cls(files, tried, {build: files.packages(names) for build, names in tried.items()})


class RequirementLost(ChangeRule):
    """A change leaves the requirements that the images of a Python backend need.

    Why: a line that is deleted by accident is missed by nobody: the image is built, and fails when it starts.
    A version or an index that is gone changes which package is installed, on that day or on the day of its
    next release.

    Fails: a change after which `requirements-cublas12.txt` has no line for finch, which `backend.py` imports;
    or has

        torch

    where it had

        --extra-index-url https://download.pytorch.org/whl/cu128
        torch==2.9.1

    Passes: a change that replaces a requirement by another one, or a version by another version.

    It is an error where `backend.py` imports a module of that name which is called after the backend, a
    warning where it imports another one or where every other profile keeps the requirement, and an info
    otherwise. What another file of the profile, `install.sh` or a new comment names is not missed. A version
    or an index is missed where the file has the same packages as before and no new comment. Needs `--base`.

    Fix: restore the line; or say in a comment of that file why it is gone.
    """

    severity = Severity.warning
    explained_by = (
        "matrix-no-requirements",
        "requirement-missing",
        "requirement-unreadable",
        "requirement-pin-lost",
        "requirement-unpinned",
        "requirement-index-missing",
        "requirements-empty",
    )

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """Where a rule that looks at one state tells the same file, or the same package."""
        file, *words = finding.subject.split(" ")
        same = file in (cause.subject.partition(" ")[0], cause.path.rpartition("/")[2])
        return same or any(word in cause.message.split() for word in words)

    def compare(self, before: Registry, after: Registry) -> Iterator[Finding]:
        """Requirements, versions and indexes that are gone."""
        for name, lang in after.backends.items():
            if lang == "python" and before.backends.get(name) == lang:
                old, new = before.files(name), after.files(name)
                files = {*filter(is_requirements, (*old.names, *new.names))}
                if any(_data(old.text(file)) != _data(new.text(file)) for file in files):
                    installer = installer_of(after.tree)
                    entries = {build_of(e, installer): e for e in reversed(after.matrix.entries_of(name))}
                    states = State.of(before, old, entries), State.of(after, new, entries)
                    yield from self._packages(*states, entries)
                    yield from self._lines(*states)

    def _packages(self, old: State, new: State, entries: Mapping[Build, Entry]) -> Iterator[Finding]:
        """Packages that images install no more, and that nothing replaces."""
        code = installing(new.files.text("install.sh"))
        found: dict[tuple[Severity, tuple[str, ...]], dict[str, Build]] = defaultdict(dict)
        installs_else = _data(old.files.text("install.sh")) != _data(new.files.text("install.sh"))
        for build in entries:
            if installs_else and new.files.installs_itself(build):
                continue
            own, was = new.packages[build], old.packages[build]
            lost = {package for package in was - own if not says(code, package)}
            gained = [name for name in own - was if not any(other.startswith(name) for other in was)]
            for text in old.files.texts(old.tried[build]) if len(gained) < len(lost) else ():
                file = text.path.rpartition("/")[2]
                comments = b" ".join(_comments(new.files.text(file)) - _comments(old.files.text(file)))
                by_severity: dict[Severity, list[str]] = defaultdict(list)
                for package in dict.fromkeys(line.name for line in lines(text) if line.name in lost):
                    if not says(comments, package):
                        by_severity[_severity(package, build, new)].append(package)
                for severity, gone in by_severity.items():
                    found[severity, tuple(gone)].setdefault(file, build)
        for (severity, packages), places in found.items():
            file, build = next(iter(places.items()))
            was_at, now = old.files.text(file), new.files.text(file)
            line = next(line for line in lines(was_at) if line.name == packages[0]) if was_at else None
            yield self.finding(
                _above(was_at, now, line) if was_at and now and line else entries[build],
                new.files.name,
                f"{file} {' '.join(packages)}",
                f"the change takes {some(packages)} out of {_files(places)}, and nothing there replaces "
                + ("it" if len(packages) == 1 else "them"),
                f"restore what {_files(places)} had, or say in a comment there why it is gone",
                severity=severity,
            )

    def _lines(self, old: State, new: State) -> Iterator[Finding]:
        """Versions and indexes that are gone from files that are else the same."""
        script = _data(new.files.text("install.sh"))
        has_own = script != _data(old.files.text("install.sh")) and _INDEX.search(script) is not None
        found: dict[str, dict[str, Place]] = defaultdict(dict)
        for file in sorted({file for files in new.tried.values() for file in files}):
            was_at, text = old.files.text(file), new.files.text(file)
            if was_at is None or text is None or was_at.data == text.data:
                continue
            was, own = lines(was_at), lines(text)
            if {line.name for line in own} - {line.name for line in was}:
                continue
            if _comments(text) - _comments(was_at):  # it says why
                continue
            gone = [line for line in was if line.name not in {other.name for other in own}]
            is_index = gone and all(line.is_index for line in gone)
            for line in gone if is_index and not has_own else ():
                if line.name.encode() not in text.data:
                    found[f"index {line.name}"][file] = _above(was_at, text, line)
            for line in was if not gone else ():
                same = [one for one in own if (one.name, one.marker) == (line.name, line.marker)]
                if line.held and same and not any(one.is_bounded for one in same):
                    found[f"{line.name}{line.held}"][file] = text.place(same[0].offset)
        for what, places in found.items():
            file, place = next(iter(places.items()))
            yield self.finding(
                place,
                new.files.name,
                f"{file} {what}",
                f"the change takes {what} out of {_files(places)}",
                f"restore it in {_files(places)}, or say in a comment there why it is gone",
            )


def _severity(package: str, build: Build, new: State) -> Severity:
    """How much a package is missed in a build."""
    program = new.files.text(PROGRAM)
    modules = [m for m in imports(program) if [*bringing(m, [package])]] if program else []
    modules = [module for module in modules if not [*bringing(module, new.packages[build])]]
    if any(is_called_after(m, new.files.name) for m in modules) and not new.files.installs_itself(build):
        return Severity.error
    others = [own for other, own in new.packages.items() if other.profile != build.profile]
    is_kept = bool(others) and all(package in own for own in others)
    return Severity.warning if modules or is_kept else Severity.info


def _above(was: Text, text: Text, gone: Line) -> Place:
    """The line of a file above the one where a requirement stood."""
    above = [line.name for line in lines(was) if line.offset < gone.offset]
    kept = [line.offset for line in lines(text) if line.name in above]
    return text.place(max(kept, default=0))


def _files(files: Mapping[str, object]) -> str:
    return enumerated([*files]) if len(files) < MANY else some([*files], MANY - 1)


def _comments(text: Text | None) -> set[bytes]:
    return set(_COMMENT.findall(_data(text)))


def _data(text: Text | None) -> bytes:
    return text.data if text else b""
