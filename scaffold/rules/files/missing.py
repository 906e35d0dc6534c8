"""Files that the build or the start of a backend asks for."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.directory import needs
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.syntax.source import Place


class FilesMissing(Rule):
    """A backend lacks a file that LocalAI, its image's build or its own scripts ask for.

    Why: nothing registers these files, so nothing misses them. LocalAI refuses to install an image
    without `run.sh`; a Makefile that runs a script which is not there, or makes something from a source
    that is not there, stops the build; a Python backend whose program has none of the names that
    `startBackend` knows ends at once, without a word.

    Fails: `backend/python/finch-tts` has no `install.sh`, and in its Makefile stands

        install:
                bash install.sh

    Passes: the same with the script.

    What is asked for is read from LocalAI's loader, the common start script of Python, and the backend's
    Makefile, CMake file and scripts. What stands behind a condition, or may be made by the build, is not
    missed.

    Fix: add the file, or correct its name where it is asked for.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Files that backends with a matrix entry lack."""
        for name in registry.backends:
            entry = next(iter(registry.matrix.entries_of(name)), None)
            for need in needs.missing(registry.files(name)) if entry else ():
                path = f"{registry.directory(name)}/{need.file}"
                yield self.finding(
                    need.place or Place(registry.first_file(name)),
                    name,
                    f"file {need.file}",
                    f"{need.who} {need.file}: there is no {path}",
                    f"add {path}, or correct its name where it is asked for",
                )
