"""What the scripts of a backend call."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from scaffold.checkout.tree import Tree
from scaffold.directory.directory import Directory
from scaffold.directory.misspelt import Misspelt, misspelt, misspelt_in_shared
from scaffold.directory.misspelt_builds import misspelt_in_builds
from scaffold.directory.misspelt_names import misspelt_names
from scaffold.directory.misspelt_paths import misspelt_paths
from scaffold.directory.misspelt_words import misspelt_words
from scaffold.directory.python import COMMON_INSTALLER
from scaffold.directory.scripts import build_scripts
from scaffold.directory.text import Text, text_of
from scaffold.directory.undefined import undefined
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity


class ScriptMisspelt(Rule):
    """The scripts of a backend name variables and commands that there are.

    Why: a shell takes a variable that nothing sets for an empty text and goes on, so a path below it begins
    at the root; of a command that there is not it says so, and goes on as well. The image is put together
    from less, or the backend ends when it starts.

    Fails:

        CURDIR=$(dirname "$(realpath "$0")")
        exec "$CUDIR"/wren "$@"

    Passes:

        CURDIR=$(dirname "$(realpath "$0")")
        exec "$CURDIR"/wren "$@"

    Told are only words that a letter makes one that the script, or the functions it shares with others, has,
    and that neither the build files nor the Dockerfile name. A variable may be the plural of another one. A
    file that `run.sh` or `package.sh` names once, and nothing else of the backend, is one too where a letter
    makes it a file that several places name; so is a file or folder beside `run.sh` that a letter, or a part
    of the name, makes one which `package.sh` puts there. So are variables that the system reads
    (`LD_LIBARY_PATH`), variables of a Makefile, targets of CMake, and the parts of paths that every backend
    has: `lib`, `ld.so`, `common`. So are a variable that `run.sh` exports where a source reads one nearby, or
    one of the same library (`WREN_LIB` for `WREN_LIBRARY`), and one that begins as those of the dynamic
    linkers do, holds folders of libraries, and is none that they know (`LD_LIB_PATH`). So are a program of
    `Cargo.toml` where the packaging takes one nearby, and what a recipe copies to a name nearby its rule's,
    or to one that nothing takes in place of the file's own.

    So are words that others decide: what `pip`, `go` and `cargo` are told to do, folders of the system
    (`/prc/cpuinfo`), goals of make, and sources of CMake. A part of a path counts where it stands once in the
    build, and a letter makes it one that stands there several times beside the same folder or file. So are a
    file that a script looks for, to take another one that a letter or digits keep apart from it, and a
    library that `run.sh` names by an ending which none has (`libwren.dyli`).

    What many backends call, and the script that they share defines under a name nearby, is one finding,
    there; so is a function that it hands on by `export -f`, or that scripts call, and that none defines. A
    command counts as a function where its name is of several words, as `startBackend`.

    Fix: correct the word.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Words that stand for nothing."""
        told: dict[tuple[str, str], list[Finding]] = {}
        for name in registry.backends:
            entries = registry.matrix.entries_of(name)
            used = {entry.fields.get("dockerfile", "").removeprefix("./") for entry in entries} - {""}
            files = registry.files(name)
            for found in _words(files, sorted(used)) if entries else ():
                finding = self._of_word(found, name)
                told.setdefault((found.word, found.meant), []).append(finding)
        shared = _shared(registry.tree) if registry.only is None else []
        for (word, meant), findings in told.items():
            home = _home(meant, shared) if len({f.backend for f in findings}) >= MANY else None
            yield from [self._of_shared(home, word, meant, len(findings))] if home else findings
        for script in shared:
            for found in misspelt_in_shared(script):
                yield self._of_word(found, "")
        known = {word for word, _ in told}
        for script, name, offset in _handed_on(shared):
            if name not in known:
                known.add(name)
                yield self._undefined(script, "", name, offset, "hands on the function")
        yield from self._called(registry, shared, known)

    def _of_word(self, found: Misspelt, backend: str) -> Finding:
        file = posixpath.basename(found.spot.path) if backend else found.spot.path
        return self.finding(
            found.spot,
            backend,
            f"{found.word} in {file}",
            f"{file} names {found.word}, which nothing takes: {found.how} {found.meant}"
            if found.how
            else f"{file} names {found.word}, which nothing defines; {found.meant} is defined",
            f"write {found.meant}",
            severity=None if found.certain else Severity.warning,
        )

    def _of_shared(self, script: Text, word: str, meant: str, places: int) -> Finding:
        """A function of a shared script that many scripts call by another name."""
        return self.finding(
            script.place(script.shell.functions[meant].start_byte),
            "",
            f"{word} in {script.path}",
            f"{script.path} defines {meant}, and {places} scripts that take it call {word}",
            f"call it {word} again",
        )

    def _undefined(
        self, script: Text, backend: str, name: str, offset: int, does: str, who: str = ""
    ) -> Finding:
        """A function that a script, or `who` takes it, names and that nothing defines."""
        file = posixpath.basename(script.path) if backend else script.path
        return self.finding(
            script.place(offset),
            backend,
            f"{name} in {file}",
            f"{who or file} {does} {name}, which nothing defines",
            f"define {name}, or correct its name",
        )

    def _called(self, registry: Registry, shared: Sequence[Text], known: set[str]) -> Iterator[Finding]:
        """Functions that shared scripts and those of backends call, and that no script has."""
        for script in shared:
            for name, offset in undefined(script, known):
                known.add(name)
                yield self._undefined(script, "", name, offset, "calls")
        defined = frozenset().union(*(script.shell.functions for script in shared)) | known
        calls: dict[str, list[tuple[str, Text, int]]] = {}
        for backend in registry.backends if shared else ():
            files = registry.files(backend)
            own = [*files.texts(file for file in files.names if file.endswith(".sh"))]
            functions = defined.union(*(script.shell.functions for script in own))
            for script in own if registry.matrix.entries_of(backend) else ():
                for name, offset in undefined(script, functions):
                    calls.setdefault(name, []).append((backend, script, offset))
        for name, found in calls.items():
            first = found[0][1]
            taken = next((one for one in shared if posixpath.basename(one.path).encode() in first.data), None)
            if len({backend for backend, _, _ in found}) >= MANY and taken is not None:
                yield self._undefined(
                    taken, "", name, 0, "call", f"{len(found)} scripts that take {taken.path}"
                )
            else:
                for backend, script, offset in found:
                    yield self._undefined(script, backend, name, offset, "calls")


MANY = 3
"""From so many backends on one word is the fault of what they share."""


def _shared(tree: Tree) -> list[Text]:
    """The scripts that those of many backends take."""
    common = tree.read(COMMON_INSTALLER)
    return [*build_scripts(tree), *([text_of(COMMON_INSTALLER, common)] if common else [])]


def _handed_on(shared: Iterable[Text]) -> Iterator[tuple[Text, str, int]]:
    """(script, name, offset) of the functions that a shared script hands on and does not have."""
    for script in shared:
        shell = script.shell if b"export -f" in script.data else None
        if shell is None or any(c.starts("source") or c.starts(".") for c in shell.commands):
            continue
        for command in shell.commands:
            for name in command.words[2:] if command.words[:2] == ("export", "-f") else ():
                if name.isidentifier() and name not in shell.functions:
                    yield script, name, command.start_byte


def _home(function: str, shared: Iterable[Text]) -> Text | None:
    """The shared script that defines a function."""
    return next((script for script in shared if function in script.shell.functions), None)


def _words(files: Directory, dockerfiles: list[str]) -> Iterator[Misspelt]:
    """The words of its files that stand for nothing, each of a file once."""
    around = [*filter(None, map(files.at, dockerfiles))]
    found = chain(
        misspelt(files, dockerfiles),
        misspelt_in_builds(files, around),
        misspelt_names(files, dockerfiles),
        misspelt_paths(files),
        misspelt_words(files),
    )
    told: set[tuple[str, str | int]] = set()
    for one in found:
        keys: set[tuple[str, str | int]] = {(one.spot.path, one.word), (one.spot.path, one.spot.start)}
        if told.isdisjoint(keys):
            yield one
        told |= keys
