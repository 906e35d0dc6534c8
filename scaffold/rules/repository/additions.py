"""What a change that adds a backend leaves out of the places that no build misses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.checkout.changes import ChangeSet
from scaffold.registry import Registry
from scaffold.rules.base import ChangeRule, Finding, Severity
from scaffold.syntax.source import Place


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
        if PREF_ONLY_FILE in places and expects and PREF_ONLY_TEST_FILE not in places:
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
