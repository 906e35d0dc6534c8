"""Scripts of backends that are shipped for macOS."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.backend.choices import NATIVE
from scaffold.directory.directory import Directory
from scaffold.directory.gnu import gnu_only
from scaffold.directory.packaged import shipped_sources, starts_in_package
from scaffold.directory.scripts import BUILD_SCRIPTS, edits_as_gnu
from scaffold.directory.text import Spot, text_of
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.words import some
from scaffold.surfaces.matrix.reading import Entry

_BRANCH = 'let macOS pass: `elif [ "$(uname -s)" = "Darwin" ]; then` and a line that does nothing'

_EARLIER = 'let macOS end before: `if [ "$(uname -s)" = "Darwin" ]; then exit 0; fi`'


class DarwinRunScript(Rule):
    """The start script of a backend that is shipped for macOS knows only Linux's libraries.

    Why: macOS ignores `LD_LIBRARY_PATH` and has no `.so` to load; the backend is installed and dies
    when it starts. LocalAI repaired 19 backends for it (#10481, #10488, #10523, #10525, #10528).

    A script that names no library at all is fine: a pure Go backend has none.

    Fails: a Darwin matrix entry, and in `run.sh`

        export LD_LIBRARY_PATH="$CURDIR/lib:$LD_LIBRARY_PATH"

    Passes:

        if [ "$(uname)" = "Darwin" ]; then
            export DYLD_LIBRARY_PATH="$CURDIR/lib:$DYLD_LIBRARY_PATH"
        else
            export LD_LIBRARY_PATH="$CURDIR/lib:$LD_LIBRARY_PATH"
        fi

    Fix: add the Darwin branch, with the `.dylib` where the script names a library file; make the
    program's own default `.dylib` there too.
    """

    severity = Severity.warning
    explained_by = ("files-unmade",)

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """Where the build for macOS makes no such library: then the backend cannot start at all."""
        return cause.path == finding.path and cause.subject.startswith("start ")

    def check(self, registry: Registry) -> Iterator[Finding]:
        for files, entry in _shipped_for_darwin(registry):
            spot = files.starts_linux_only
            if spot and not files.sets_rpath:
                more = files.packages_linux_only
                also = f"; {more.path}:{more.line} needs the .dylib too" if more else ""
                yield self.finding(
                    spot,
                    files.name,
                    "libraries in run.sh",
                    f"{entry.tag_suffix} is shipped for macOS, but run.sh knows only `{spot.text}`",
                    "add a branch for `uname` = Darwin that exports DYLD_LIBRARY_PATH"
                    f" (and the .dylib where a library is named){also}",
                    severity=Severity.error if files.cannot_package_darwin else None,
                )


class DarwinPackaging(Rule):
    """The packaging of a backend that is shipped for macOS knows only Linux's libraries.

    Why: the build makes a `.dylib`, `package.sh` copies `*.so`: the image has no library, or the
    script ends in "could not detect architecture". LocalAI repaired it for parakeet-cpp and its
    siblings (#10481), opus (#10523), piper (#10525) and silero-vad (#10528).

    Where `run.sh` has the same flaw, darwin-run-script reports both as one. A backend with a
    `scripts/build/<name>-darwin.sh` is packaged by that script, and by `package.sh` where that makes
    `package`. A packaging that ends where there is no `.so`, or on any macOS, and so the build for it too, is
    an error; so is one by a script that it sources. It ends at `exit 1`, and under `set -e` at a program that
    macOS does not have: `ldd`, `readelf`.

    Fails: a Darwin matrix entry, and in `package.sh`

        cp -fv "$CURDIR"/libfinch.so "$CURDIR/package/lib/"

    Passes:

        cp -fv "$CURDIR"/libfinch.so "$CURDIR/package/lib/" 2>/dev/null || true
        cp -fv "$CURDIR"/libfinch.dylib "$CURDIR/package/lib/" 2>/dev/null || true

    Fix: copy the `.dylib` too, and fail only where neither is there.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        shared: dict[Spot, list[str]] = {}
        for files, entry in _shipped_for_darwin(registry):
            spot, end = files.packages_linux_only, files.ends_on_darwin
            if (
                end
                and end.path.startswith(BUILD_SCRIPTS)
                and not end.path.endswith(f"/{files.name}-darwin.sh")
            ):
                shared.setdefault(end, []).append(files.name)
            elif end:
                program = "" if end.text.startswith("exit") else end.text.split()[0]
                yield self.finding(
                    end,
                    files.name,
                    f"end of {end.path}",
                    f"{entry.tag_suffix} is shipped for macOS, where {end.path} ends here with an error"
                    + (f": there is no {program}" if program else ""),
                    _EARLIER if program else _BRANCH,
                    severity=Severity.error,
                )
            elif spot and not files.starts_linux_only:
                yield self.finding(
                    spot,
                    files.name,
                    f"libraries in {spot.path}",
                    f"{entry.tag_suffix} is shipped for macOS, but {spot.path} knows only `{spot.text}`",
                    "copy the .dylib as well as the .so, and fail only where neither is there",
                    severity=Severity.error if files.cannot_package_darwin else None,
                )
        for end, names in shared.items():
            yield self.finding(
                end,
                "" if names[1:] else names[0],
                f"end of {end.path}",
                f"this ends with an error on macOS, for which {some(sorted(names))} are packaged by it",
                _BRANCH,
                severity=Severity.error,
            )


class DarwinSed(Rule):
    """A script that runs on macOS edits files as BSD's sed does.

    Why: the `sed -i` of macOS takes the next word for the ending of a copy, and the file for its script:
    "invalid command code". The script ends there, and the build for macOS with it (9bc5ab18f, voxcpm).

    Fails: a Darwin matrix entry, and in `install.sh`

        sed -i 's/cuda/mps/' finch.py

    Passes:

        sed -i.bak 's/cuda/mps/' finch.py

    What stands in a branch for Linux is left alone.

    Fix: write an ending right behind `-i`, which both take.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        for name in dict.fromkeys(entry.backend for entry in registry.matrix.darwin):
            files = registry.files(name)
            for script in files.darwin_scripts if name in registry.backends else ():
                spot = edits_as_gnu(script)
                if spot is not None:
                    yield self.finding(
                        spot,
                        name,
                        f"sed in {spot.path}",
                        f"{name} is built for macOS, where `sed -i` takes the next word for an ending",
                        "write `sed -i.bak` and the script behind it",
                    )


class DarwinPackageRoot(Rule):
    """The image for macOS holds what the start script looks for, as that for Linux does.

    Why: `package.sh` puts the program and its libraries together below `package`, and the image for Linux is
    that folder. Where the script for macOS ships the backend's directory instead, `run.sh` finds no `lib`
    beside it, and the backend dies when it loads its library: LocalAI's sherpa-onnx did (#10522).

    Fails: a Go backend with a Darwin entry whose `run.sh` names `$CURDIR/lib/libfinch.dylib`, and in
    `scripts/build/golang-darwin.sh`

        local-ai util create-oci-image backend/go/${BACKEND}/.

    Passes:

        local-ai util create-oci-image backend/go/${BACKEND}/package/.

    Fix: ship `package`, where there is one.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        for path in registry.darwin_scripts if registry.only is None else ():
            script = text_of(path, registry.tree.read(path) or b"")
            found = shipped_sources(script)
            if found is None:
                continue
            lang, offset = found
            wrong = [
                files.name
                for files, _ in _shipped_for_darwin(registry)
                if files.lang == lang
                and (run := files.run_script)
                and (package := files.text("package.sh"))
                and starts_in_package(run, package)
            ]
            if wrong:
                yield self.finding(
                    script.place(offset),
                    "",
                    "package",
                    "the image for macOS is the directory of the backend, and the libraries that run.sh of"
                    f" {some(sorted(wrong))} names are below its `package`",
                    "ship `package` where there is one, as the image for Linux does",
                )


class DarwinOption(Rule):
    """A script that runs on macOS gives programs the options that those of macOS take.

    Why: the programs of macOS are BSD's. Their `cp` refuses `-r` beside `-a`, `date` has no `-d`, `grep` no
    `-P`, and the small ones have no long options. The script ends there, and the build for macOS with it: so
    did that of four of LocalAI's backends (029ae3420).

    Fails: a Darwin matrix entry, and in `package.sh`

        cp -avrf "$CURDIR/finch" "$CURDIR/package/"

    Passes:

        cp -avf "$CURDIR/finch" "$CURDIR/package/"

    What stands in a branch or in a function may be for Linux alone, and is left alone.

    Fix: use what both take; `-a` copies folders already.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        for name in dict.fromkeys(entry.backend for entry in registry.matrix.darwin):
            files = registry.files(name)
            for script in files.darwin_scripts if name in registry.backends else ():
                spot, option = next(gnu_only(script), (None, ""))
                if spot is not None:
                    program = spot.text.split()[0]
                    yield self.finding(
                        spot,
                        name,
                        f"{program} in {spot.path}",
                        f"{name} is built for macOS, whose `{program}` does not take {option}",
                        "use what both take",
                    )


def _shipped_for_darwin(registry: Registry) -> Iterator[tuple[Directory, Entry]]:
    """Every native backend with a Darwin image, with its entry."""
    seen = set()
    for entry in registry.matrix.darwin:
        lang = registry.directories.get(entry.backend)
        if lang in NATIVE and entry.backend not in seen:
            seen.add(entry.backend)
            yield registry.files(entry.backend), entry
