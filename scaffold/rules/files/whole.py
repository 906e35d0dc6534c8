"""Scripts and sources that are not whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.checkout.door import Kind
from scaffold.checkout.tree import MARK
from scaffold.directory.whole import flaw, is_read
from scaffold.registry import ALIASES, Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.surfaces import downloader, hardware
from scaffold.surfaces.models import INSTALLING
from scaffold.surfaces.use_cases import MODEL_CONFIG
from scaffold.syntax.shell_blocks import Flaw
from scaffold.syntax.source import Place

SHARED = (".docker", "scripts", "backend/python/common", "core/gallery/importers", "tests/e2e-backends")
"""Where the scripts and sources are that many backends need."""
SOURCES = (ALIASES, MODEL_CONFIG, INSTALLING, downloader.PATH, hardware.PATH)
"""Go of LocalAI that says something of backends and is read by its words; what is parsed ends the check."""
_TEST = re.compile(r"(?:.*/)?(?:test[_.-]?|[^/]*_test\.)[^/]*")
_DATA = re.compile(r"/(?:testdata|fixtures|vendor|third_party)/")


class SourceUnreadable(Rule):
    """What runs or builds a backend is a whole file of its language.

    Why: a file that was cut off, or half edited, is still a file: what registers the backend does not change.
    bash stops at the block that nobody ends, Python and the compilers refuse all of it.

    Fails: `run.sh` with no `fi`

        if [ -f "$CURDIR/lib/ld.so" ]; then
            exec "$CURDIR/lib/ld.so" "$CURDIR/wren" "$@"

    Passes:

        if [ -f "$CURDIR/lib/ld.so" ]; then
            exec "$CURDIR/lib/ld.so" "$CURDIR/wren" "$@"
        fi

    Looked at are shell, Python, Go, Rust, C++, Makefiles, CMake files and `Cargo.toml` of backends, the
    scripts and tests that they share, the importers, the Makefile of LocalAI and its Go files that say
    something of backends. Python and Go are read by parsers; of the others it is told what begins and does
    not end, a line at which make stops, and a script whose lines end as on Windows where those of the
    checkout do not. It is a warning for a test, and for a file with nothing
    in it that is no `__init__.py`.

    Fix: restore what is missing, or take away what does not belong there.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Files that are not whole."""
        folders = {registry.directory(name): name for name in registry.backends}
        for folder in (*folders, *(SHARED if registry.only is None else ())):
            for path in registry.tree.files(folder):
                if is_read(path) and not _DATA.search(path):
                    yield from self._judge(registry, folders.get(folder, ""), path)
        for path in (*registry.makefile.paths, *SOURCES) if registry.only is None else ():
            if registry.tree.kind(path) is Kind.file:
                yield from self._judge(registry, "", path)

    def _judge(self, registry: Registry, backend: str, path: str) -> Iterator[Finding]:
        data = registry.tree.read(path)
        if data is None:
            return  # file-unread says why
        found = flaw(path, data)
        if path.endswith(".sh") and _is_of_windows(data) and not _is_of_windows(registry.tree.read(MARK)):
            found = Flaw(0, _CARRIED)  # git has not made the whole checkout so
        is_empty = not data.strip() and not path.endswith(("/__init__.py", ".go"))
        if is_empty:
            found = Flaw(0, "there is nothing in it")
        if found is not None:
            may_be_meant = is_empty or _TEST.fullmatch(path) is not None
            yield self.finding(
                Place(path, data.count(b"\n", 0, found.offset) + 1),
                backend,
                f"whole {path}",
                f"{path} cannot be read: {found.problem}",
                "restore what is missing, or take away what does not belong there",
                severity=Severity.warning if may_be_meant else None,
                absent=path,
            )


_CARRIED = "its lines end with a carriage return, as on Windows, which is read as a part of the last word"


def _is_of_windows(data: bytes | None) -> bool:
    """Whether the first line of a file ends as on Windows."""
    return data is not None and data[: data.find(b"\n")].endswith(b"\r")
