"""Scripts and sources that end too early."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.directory.text import Text, text_of
from scaffold.directory.whole import flaw, is_read
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity

SHARED = (".docker", "scripts", "backend/python/common", "core/gallery/importers")
"""Where the scripts and sources are that many backends need."""
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
    scripts they share, and the importers. Python is read by its own parser; of the others it is told what
    begins and does not end, and a Go file without a `package` clause. For a test it is a warning.

    Fix: restore what is missing.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Files with a beginning and no end."""
        for name in registry.backends:
            directory = registry.files(name)
            for path in registry.tree.files(directory.path):
                if is_read(path) and not _DATA.search(path):
                    yield from self._judge(name, directory.at(path))
        for folder in SHARED if registry.only is None else ():
            for path in registry.tree.files(folder):
                if is_read(path) and not _DATA.search(path):
                    yield from self._judge("", text_of(path, registry.tree.read(path) or b""))

    def _judge(self, backend: str, text: Text | None) -> Iterator[Finding]:
        found = flaw(text) if text is not None else None
        if text is not None and found is not None:
            is_test = _TEST.fullmatch(text.path) is not None
            yield self.finding(
                text.place(found.offset),
                backend,
                f"whole {text.path}",
                f"{text.path} cannot be read: {found.problem}",
                "restore what is missing",
                severity=Severity.warning if is_test else None,
            )
