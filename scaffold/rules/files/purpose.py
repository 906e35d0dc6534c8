"""Scripts that end before they have done what they are for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.backend.answers import NEEDS_UPSTREAM
from scaffold.backend.choices import NATIVE
from scaffold.directory.purpose import (
    installs,
    lacks_loader,
    misnamed,
    serves,
    starts,
    unpackaged,
    without_arguments,
)
from scaffold.directory.scripts import BUILD_SCRIPTS
from scaffold.directory.text import Text
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.words import enumerated
from scaffold.syntax.source import Place

GPU_LIBRARIES = "package-gpu-libs.sh"
"""Packages what an image for a GPU needs; every backend on a native engine with one calls it."""
_CALLS_GPU_LIBRARIES = re.compile(rb"\bpackage_gpu_libs\b|\bbash [^\n]{0,200}?(?i:gpu.lib)")
"""It is run, or it is sourced and its function called."""
_CALL_GPU_LIBRARIES = (
    f'add behind what fills package/lib: `source "$(dirname "$0")/../../../{BUILD_SCRIPTS}/{GPU_LIBRARIES}"'
    ' "$(dirname "$0")/package/lib"` and, in a line of its own, `package_gpu_libs`'
)


class ScriptUnfinished(Rule):
    """The scripts of a backend do what they are for.

    Why: a script that ends too early ends well. An `install.sh` that installs nothing and a `package.sh` that
    packages half of it make an image that CI pushes, and that fails when it starts.

    Fails: `package.sh` of a native backend, and nothing else in it

        mkdir -p "$CURDIR/package/lib"
        cp -avf "$CURDIR/run.sh" "$CURDIR/package/"

    Passes: the same with

        cp -avf "$CURDIR/wren" "$CURDIR/package/"
        source "$REPO_ROOT/scripts/build/package-system-libs.sh" "$CURDIR/package/lib" ""

    `run.sh` starts something, and gives it its own arguments, among them the address on which to listen;
    `install.sh` installs packages, `backend.py` does something when it is run, and `package.sh` takes
    run.sh, and what that starts and opens, under their names. It is a warning where `run.sh` looks for a
    loader of its own that `package.sh` does not take, and where a backend on an engine in C or C++ with
    images for a GPU does not call `package-gpu-libs.sh`.

    Fix: restore what is missing.
    """

    severity = Severity.error
    explained_by = ("source-unreadable", "files-unmade", "script-misspelt")

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """Where the script cannot be read, or the same file is missed under its other name."""
        return finding.path == cause.path or cause.rule == "files-unmade"

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Scripts of backends that some image takes."""
        for name, lang in registry.backends.items():
            entries = registry.matrix.entries_of(name)
            if not entries:
                continue
            files = registry.files(name)
            run = files.run_script
            if run is not None and run.data.strip() and not starts(run):
                yield self._of(name, run, "start", "run.sh starts nothing")
            for spot in without_arguments(run) if run is not None else ():
                yield self.finding(
                    spot,
                    name,
                    f"start without arguments {spot.text}",
                    "run.sh starts the server without the arguments that it is given: it has no address",
                    'write `"$@"` behind it',
                )
            if lang == "python":
                install, program = files.text("install.sh"), files.text("backend.py")
                if install is not None and install.data.strip() and not installs(install, files.names):
                    yield self._of(name, install, "install", "install.sh installs no packages")
                if program is not None and program.data.strip() and not serves(program):
                    yield self._of(name, program, "serve", "backend.py does nothing when it is run")
            elif lang in NATIVE and any(entry.linux for entry in entries):
                dockerfiles = {entry.fields.get("dockerfile", "").removeprefix("./") for entry in entries}
                texts = [text for text in map(files.at, sorted(dockerfiles - {""})) if text]
                if any(b"/package" in text.code for text in texts):
                    yield from self._packaging(registry, name)

    def _packaging(self, registry: Registry, name: str) -> Iterator[Finding]:
        files = registry.files(name)
        run, package = files.run_script, files.text("package.sh")
        if run is None or package is None or not package.data.strip():
            return
        lacking = [*unpackaged(package, run)]
        if lacking:
            what = f"package.sh does not take {enumerated(lacking)}"
            yield self._of(name, package, f"package {' '.join(lacking)}", what)
        for one, other, spot in misnamed(package):
            yield self.finding(
                spot,
                name,
                f"package {one} as {other}",
                f"package.sh copies {one} as {other}, which nothing looks for",
                "give it its own name",
            )
        if lacks_loader(files, package, run):
            what = "run.sh looks for a loader, ld.so, and package.sh takes none"
            yield self._of(name, package, "loader", what, Severity.warning)
        kinds = {e.fields.get("build-type", "") for e in registry.matrix.entries_of(name) if e.linux}
        is_shared = registry.tree.read(f"{BUILD_SCRIPTS}/{GPU_LIBRARIES}") is not None
        is_native = registry.kind(name) in NEEDS_UPSTREAM  # others link what they need, or nothing
        is_named = b"package-gpu-libs" in package.code
        lacks = is_native if not is_named else not _CALLS_GPU_LIBRARIES.search(package.code)
        if is_shared and lacks and kinds - {""}:
            what = f"package.sh does not call {GPU_LIBRARIES}, and there are images for a GPU"
            yield self._of(name, package, GPU_LIBRARIES, what, Severity.warning, _CALL_GPU_LIBRARIES)

    def _of(
        self,
        name: str,
        text: Text,
        subject: str,
        what: str,
        severity: Severity | None = None,
        help: str = "restore what is missing",  # noqa: A002 - the report's own word
    ) -> Finding:
        last = Place(text.path, text.data.count(b"\n", 0, len(text.data.rstrip())) + 1)
        return self.finding(last, name, subject, what, help, severity=severity)
