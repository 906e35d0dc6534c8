"""Files that the build or the start of a backend asks for, and those that a build should make."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from scaffold.backend.choices import NATIVE
from scaffold.checkout.door import Kind
from scaffold.checkout.gone import gone_with
from scaffold.described import MADE_BY, STARTS
from scaffold.directory import needs, outputs, unpackaged
from scaffold.directory.directory import Directory
from scaffold.directory.untargeted import untargeted
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.causes import is_same_place
from scaffold.rules.words import enumerated
from scaffold.surfaces.build_context import DOCKERIGNORE
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

    A file of a backend that a pattern of `.dockerignore` keeps out of the build is missing there as well: one
    finding for a pattern.

    What is asked for is read from LocalAI's loader, the common start script of Python, and the backend's
    Makefile, CMake file, requirements and scripts. What stands behind a condition, or may be made by the
    build, is not missed.

    Told is the line that asks for the file; where none does, the last matrix entry of the backend.

    Fix: add the file, or correct its name where it is asked for.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Files that backends with a matrix entry lack."""
        for name in registry.backends:
            entries = registry.matrix.entries_of(name)
            for need in needs.missing(registry.files(name)) if entries else ():
                path = posixpath.normpath(f"{registry.directory(name)}/{need.file}")
                is_empty = registry.tree.kind(path) is Kind.file
                yield self.finding(
                    need.place or entries[-1].at("backend"),
                    name,
                    f"file {need.file}",
                    f"{need.who} {need.file}: " + (f"{path} is empty" if is_empty else f"there is no {path}"),
                    f"restore {path}"
                    if is_empty
                    else f"add {path}, or correct its name where it is asked for",
                    absent=gone_with(registry.tree, path),
                )
        yield from self._left_out(registry)

    def _left_out(self, registry: Registry) -> Iterator[Finding]:
        """Patterns of `.dockerignore` that keep out what starts, installs or makes a backend."""
        found: dict[int, list[tuple[str, str]]] = {}
        for name in registry.backends:
            built = [entry for entry in registry.matrix.entries_of(name) if entry.linux]
            fields = built[0].fields if built else {}
            own = f"{fields.get('dockerfile', '').removeprefix('./')}.dockerignore"
            if fields.get("context") not in ("./", ".") or registry.tree.read(own) is not None:
                continue
            for file in (*STARTS, *MADE_BY):
                path = f"{registry.directory(name)}/{file}"
                line = registry.build_context.left_out(path)
                if line and registry.tree.read(path) is not None:
                    found.setdefault(line, []).append((name, path))
        for line, files in found.items():
            names = {name for name, _ in files}
            more = f" and {len(files) - 1} more" if files[1:] else ""
            yield self.finding(
                Place(DOCKERIGNORE, line),
                files[0][0] if len(names) == 1 else "",
                f"left out {files[0][1]}",
                f"this pattern keeps {files[0][1]}{more} out of the build of the image",
                "narrow the pattern, or take the files in again with `!`",
            )


class FilesUnmade(Rule):
    """What a native backend starts or opens is made by its build.

    Why: an image is put together from what `package.sh` finds. A library that has another name than
    `run.sh` opens, or a `cp ... || true` whose pattern matches nothing, leaves the image without it: CI is
    green, and the backend dies when it starts. LocalAI's voxtral has shipped without its library since
    its Makefile makes `libgovoxtral.so` and `run.sh` opens `libgovoxtral-fallback.so`.

    Fails: `run.sh` has the line below, and no Makefile, CMake file or script has such a name

        export WREN_LIBRARY="$CURDIR/lib/libwren-fallback.so"

    Passes:

        export WREN_LIBRARY="$CURDIR/lib/libwren.so"

    Looked at is a run on each system for which there is an image. What `run.sh` looks for before it takes
    it may be missing, and a name that the build computes is taken to be made. Where `package.sh` does nothing
    but copy, what `run.sh` needs beside itself has to be among that: a program, a library, or the data that a
    variable of `run.sh` names and the build makes. A Makefile that takes a target of CMake by a name that no
    CMake file has, beside one that is added and that nobody takes, ends the build.

    Fix: give the file one name, where it is made, packaged and opened.
    """

    severity = Severity.error
    explained_by = ("script-misspelt",)

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """Where the name is misspelt."""
        word = finding.subject.removeprefix("target ")
        return is_same_place(finding, cause) or cause.subject == f"{word} in CMakeLists.txt"

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Files that images of native backends lack."""
        for name, lang in registry.backends.items():
            linux = {entry.linux for entry in registry.matrix.entries_of(name)}
            if lang not in NATIVE:
                continue
            files = registry.files(name)
            systems = [system for system in outputs.SYSTEMS if (system == outputs.LINUX) in linux]
            started: dict[str, list[outputs.Taken]] = {}
            for taken in (t for system in systems for t in outputs.started_unmade(files, system)):
                started.setdefault(taken.what.partition(".")[0], []).append(taken)
            for same in started.values():
                names = " and ".join(dict.fromkeys(taken.what for taken in same))
                yield self.finding(
                    same[0].spot,
                    name,
                    f"start {same[0].what}",
                    f"run.sh needs {names}, and nothing in the backend's build makes it",
                    "give the file one name in the Makefile, package.sh and run.sh" + _instead(files, same),
                )
            searched = {t.what: t for system in systems for t in outputs.searched_unmade(files, system)}
            for taken in searched.values():
                yield self.finding(
                    taken.spot,
                    name,
                    f"search {taken.what}",
                    f"run.sh looks for libraries in {taken.what}/, and nothing puts any there",
                    "give the folder the name that it has in package.sh",
                )
            nowhere = [*outputs.placed_nowhere(files)] if True in linux else []
            for taken in nowhere:
                yield self.finding(
                    taken.spot,
                    name,
                    f"place {taken.what}",
                    f"package.sh copies into {taken.what}/, which it does not make",
                    "give the folder the name with which it is made",
                )
            told = outputs.DARWIN if files.packages_linux_only else ""  # by darwin-packaging
            asked = [system for system in systems if system != told and not started]
            packed = [taken for system in asked for taken in outputs.packaged_unmade(files, system)]
            unmade = {taken.what: taken for taken in reversed(packed)}
            for taken in unmade.values():
                yield self.finding(
                    taken.spot,
                    name,
                    f"package {taken.what}",
                    f"package.sh copies {taken.what}, and nothing in the build makes it",
                    "give the file one name in the Makefile and package.sh, or delete the line",
                )
            if not (started or nowhere or unmade):
                yield from self._left_behind(registry, name, files)
            for one in untargeted(files) if linux else ():
                yield self.finding(
                    one.spot,
                    name,
                    f"target {one.name}",
                    f"the Makefile takes {one.name} of CMake's build, and CMakeLists.txt adds {one.target}",
                    "give the target one name in CMakeLists.txt and the Makefile",
                )

    def _left_behind(self, registry: Registry, name: str, files: Directory) -> Iterator[Finding]:
        """What the build makes and run.sh needs, and package.sh does not take along."""
        entries = [entry for entry in registry.matrix.entries_of(name) if entry.linux]
        paths = {entry.fields.get("dockerfile", "").removeprefix("./") for entry in entries}
        dockerfiles = [*filter(None, map(files.at, sorted(paths)))]
        for taken in unpackaged.unpackaged(files, dockerfiles) if dockerfiles else ():
            other = unpackaged.packaged_instead(files, taken.what)
            yield self.finding(
                taken.spot,
                name,
                f"pack {taken.what}",
                f"run.sh needs {taken.what}, and package.sh does not take it along",
                f"package.sh takes {other}: write one name in both"
                if other
                else f'copy it in package.sh: `cp -a "$CURDIR/{taken.what}" "$CURDIR/package/"`',
            )


def _instead(files: Directory, same: Sequence[outputs.Taken]) -> str:
    """What the build makes under a similar name, in words."""
    made = filter(None, (outputs.made_instead(files, taken.what) for taken in same))
    names = [*dict.fromkeys(made)]
    return f": the Makefile makes {enumerated(names)}" if names else ""
