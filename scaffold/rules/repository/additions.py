"""Places that no build misses: what a change that adds a backend leaves out, and what one takes away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase as fnmatch
from typing import TYPE_CHECKING

from scaffold.checkout.changes import ChangeSet
from scaffold.registry import Registry
from scaffold.rules.base import ChangeRule, Finding, Severity
from scaffold.syntax.source import Place

if TYPE_CHECKING:
    from scaffold.surfaces.base import Registration


class AdditionIncomplete(ChangeRule):
    """A change that adds a backend tests it, and keeps what it builds out of images and commits.

    Why: nothing fails without these lines, so they are remembered when something goes wrong: a clone on the
    host is copied into the image and compiled in place of the pin, the unit tests of an engine are run
    as the backend's own, or a backend is never tested again.

    Fails:

        a change that adds the C++ backend ds4, and no line backend/cpp/ds4/ds4 in .dockerignore

    Passes:

        the same with the line

    Asked for is what `scaffold new-backend` writes into `.dockerignore`, `.gitignore` and
    `backend/cpp/run-unit-tests.sh`; as an info also a job for the backend's test target, its line in
    LocalAI's test of the pref-only lines, its row among the project's own engines in `README.md` and its
    name among the backend types of the documentation. Old backends are not asked. Needs `--base`.

    Fix: add the lines that the help names.
    """

    severity = Severity.warning

    def compare(self, before: Registry, after: Registry) -> Iterator[Finding]:
        """The lines that backends lack which are new; a renamed one is not."""
        if set(before.names) - set(after.names):
            return
        for name in sorted(set(after.backends) - set(before.names)):
            yield from self._left_out(after, name)
            yield from self._unexpected(after, name)
            yield from self._untested(after, name)
            yield from self._unlisted(after, name)

    def _left_out(self, registry: Registry, name: str) -> Iterator[Finding]:
        """Lines about what its build leaves behind, by file."""
        addition = registry.addition(name, ChangeSet(registry.tree))
        folder = addition.backend.source_folder
        fork = addition.backend.kind == "llama-fork"
        if addition.backend.lang == "cpp" and not _builds_in(registry, name, folder, fork):
            return
        registry.build_context.add(addition)
        for path, edits in addition.changes.by_path().items():
            present = {line.strip() for line in (registry.tree.read(path) or b"").decode().splitlines()}
            lines = (line.strip() for edit in edits for line in edit.text.splitlines())
            missing = [line for line in lines if line and line not in present]
            if missing:
                more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
                yield self.finding(
                    _behind(registry, path, edits[0].start),
                    name,
                    path,
                    f"{path} lacks {missing[0]}{more}",
                    f"add to {path}: {'; '.join(missing)}",
                    severity=Severity.info if fork else None,
                )

    def _unexpected(self, registry: Registry, name: str) -> Iterator[Finding]:
        """A pref-only line that LocalAI's test does not expect."""
        from scaffold.surfaces.importers.reading import PREF_ONLY_FILE, PREF_ONLY_TEST_FILE

        places = {place.path: place for place in registry.importers.registrations(name)}
        test = registry.tree.read(PREF_ONLY_TEST_FILE) or b""
        expects = re.search(rb'(?m)^[ \t]*+expectPrefOnly\("', test) is not None
        if PREF_ONLY_FILE in places and expects and f'"{name}"'.encode() not in test:
            yield self.finding(
                places[PREF_ONLY_FILE],
                name,
                PREF_ONLY_TEST_FILE,
                f"{PREF_ONLY_TEST_FILE} does not expect the pref-only line of {name}",
                f'add expectPrefOnly("{name}", ...) to it',
                severity=Severity.info,
            )

    def _untested(self, registry: Registry, name: str) -> Iterator[Finding]:
        """A test target that no job runs."""
        jobs = registry.test_jobs
        if not jobs.jobs or not registry.files(name).has_make_rule("test"):
            return
        folders = {use.name for use in jobs.make_commands}
        goals = " ".join(use.name for use in jobs.make_targets)
        if registry.directory(name) not in folders and name not in goals and name not in jobs.comments:
            draft = registry.drafted(name, jobs.path, jobs.add)
            yield self.finding(
                draft[0] if draft else Place(jobs.path),
                name,
                jobs.path,
                f"{name} has a test target, and no job of {jobs.path} runs it",
                f"add a job that runs make -C {registry.directory(name)} test",
                severity=Severity.info,
            )

    def _unlisted(self, registry: Registry, name: str) -> Iterator[Finding]:
        """Lists for readers in which others of its kind stand."""
        addition = registry.addition(name, ChangeSet(registry.tree))
        for surface in (registry.engines, registry.features):
            surface.add(addition)
        for path, edits in addition.changes.by_path().items():
            text = edits[0].text.strip(" ,\n")
            yield self.finding(
                _behind(registry, path, edits[0].start),
                name,
                path,
                f"{path} does not list {name}",
                f"add to {path}, beside its like: {text}",
                severity=Severity.info,
            )


class RegistrationDropped(ChangeRule):
    """A change that keeps a backend keeps the lines about it that no build misses.

    Why: a line that goes by a merge or a bad edit is missed by nobody. Then a clone on the host is copied
    into the image, the unit tests of an engine are run as the backend's own, or a list for readers is short
    of it.

    Fails:

        a change that deletes backend/cpp/ds4/ds4 from .dockerignore, while backend/cpp/ds4 is there

    Passes:

        the same with the line, or without the backend

    Asked for is what a backend had in `.dockerignore`, `.gitignore` and `backend/cpp/run-unit-tests.sh`; as
    an info also its line in LocalAI's test of the pref-only lines, while it has one of those, and, where they
    have its name, its row among the project's own engines in `README.md` and its place among the backend
    types of the documentation. A line that another one stands for, or about what its Makefile names no more,
    is not asked for. A file that is gone is told by registration-file-missing. Needs `--base`.

    Fix: restore the line.
    """

    severity = Severity.warning

    def compare(self, before: Registry, after: Registry) -> Iterator[Finding]:
        """The lines that are gone about backends that are not."""
        kept = [name for name in before.backends if name in after.backends]
        for name in kept if _texts(before) != _texts(after) else ():
            left = {(place.path, place.what) for place in _places(after, name, after)}
            for place in _places(before, name, after):
                if (place.path, place.what) not in left and not _is_moot(before, after, place, name):
                    is_list = place.surface != after.build_context.name
                    yield self._gone(before, after, place, name, Severity.info if is_list else None)

    def _gone(
        self, before: Registry, after: Registry, place: Registration, name: str, severity: Severity | None
    ) -> Finding:
        was = _text(before, place.path).split("\n")[place.line - 1].strip()
        lines = _text(after, place.path).count("\n")
        return self.finding(
            Place(place.path, max(min(place.line, lines), 1)),
            name,
            f"{place.path} {place.what}",
            f"{place.path} no longer has the {place.what} of {name}"
            if place.what != was
            else f"{place.path} no longer has {was}",
            f"restore `{was}`" if severity is None else f"name {name} there again, as in `{was}`",
            severity=severity,
        )


def _text(registry: Registry, path: str) -> str:
    """A file; "" where it is not there."""
    return (registry.tree.read(path) or b"").decode(errors="replace")


def _texts(registry: Registry) -> list[bytes | None]:
    """The files with places that no build misses."""
    from scaffold.surfaces.build_context import DOCKERIGNORE, GITIGNORE, UNIT_TESTS
    from scaffold.surfaces.importers.reading import PREF_ONLY_TEST_FILE

    lists = (*registry.engines.paths, *registry.features.paths)
    return [*map(registry.tree.read, (DOCKERIGNORE, GITIGNORE, UNIT_TESTS, PREF_ONLY_TEST_FILE, *lists))]


def _places(registry: Registry, name: str, after: Registry) -> Iterator[Registration]:
    """The places of a backend that no build misses, as far as it needs them in the state after a change."""
    from scaffold.surfaces.importers.reading import PREF_ONLY_FILE, PREF_ONLY_TEST_FILE

    yield from registry.build_context.kept_out(name, registry.describe(name).source_folder)
    yield from registry.engines.references(name)
    yield from registry.features.references(name)
    if any(place.path == PREF_ONLY_FILE for place in after.importers.registrations(name)):
        offers = registry.importers.registrations(name)
        yield from (place for place in offers if place.path == PREF_ONLY_TEST_FILE)


def _is_moot(before: Registry, after: Registry, place: Registration, name: str) -> bool:
    """Whether a line is not needed any more, or something else of its file does the same."""
    from scaffold.surfaces.build_context import DOCKERIGNORE
    from scaffold.surfaces.tables import squeezed

    lines = [line.strip() for line in _text(after, place.path).splitlines()]
    code = [line for line in lines if line and not line.startswith(("#", "//"))]
    if place.path.endswith(".go"):
        return _text(after, place.path).count(f'"{name}"') >= _text(before, place.path).count(f'"{name}"')
    if place.path.endswith(".md"):
        listed = [line for line in code if line.startswith("|") or place.surface != after.engines.name]
        return any(squeezed(name) in squeezed(line) for line in listed)
    pattern = place.what.rpartition(" ")[2].strip("*/'\"")
    last, folder = pattern.rpartition("/")[2], after.directory(name)
    makefile = after.files(name).text("Makefile")
    if pattern.startswith("backend/") and not pattern.startswith(folder):
        return True
    if "*" not in last and makefile is not None and last.encode() not in makefile.data:
        return True
    if place.path.endswith(".sh"):
        return any(last in line for line in code)
    if place.path == DOCKERIGNORE:
        return bool(after.build_context.left_out(pattern.replace("*", "x")))
    others = [line.strip("/") for line in code if not line.startswith("!")]
    return any(fnmatch(pattern, other) or fnmatch(last, other) for other in others)


def _behind(registry: Registry, path: str, offset: int) -> Place:
    """The line of a file behind which something belongs at an offset."""
    return Place(path, (registry.tree.read(path) or b"").count(b"\n", 0, max(offset - 1, 0)) + 1)


def _builds_in(registry: Registry, name: str, folder: str, fork: bool) -> bool:
    """Whether a backend's Makefile builds in its engine's folder, or in copies of its neighbour."""
    makefile = registry.files(name).text("Makefile")
    named = rf"/{re.escape(name)}-\S{{0,99}}-build\b" if fork else _TARGET.format(re.escape(folder))
    return (
        bool(fork or folder) and makefile is not None and re.search(named.encode(), makefile.code) is not None
    )


_TARGET = r"(?m)^(?:\w+[ \t]*[:?]?=[ \t]*(?:\$\(CURDIR\)/?)?)?{}[ \t]*(?::|$)"
