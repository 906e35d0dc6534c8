"""What the scripts of a backend call."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from itertools import chain

from scaffold.checkout.tree import Tree
from scaffold.directory.directory import Directory
from scaffold.directory.misspelt import Misspelt, misspelt
from scaffold.directory.misspelt_builds import misspelt_in_builds
from scaffold.directory.misspelt_names import misspelt_names
from scaffold.directory.misspelt_paths import misspelt_paths
from scaffold.directory.misspelt_words import misspelt_words
from scaffold.directory.python import COMMON_INSTALLER
from scaffold.directory.scripts import build_scripts
from scaffold.directory.text import Text, text_of
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
    there; so is a function that it hands on by `export -f` and does not define.

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
                script = found.spot.path.rpartition("/")[2]
                finding = self.finding(
                    found.spot,
                    name,
                    f"{found.word} in {script}",
                    f"{script} names {found.word}, which nothing takes: {found.how} {found.meant}"
                    if found.how
                    else f"{script} names {found.word}, which nothing defines; {found.meant} is defined",
                    f"write {found.meant}",
                    severity=None if found.certain else Severity.warning,
                )
                told.setdefault((found.word, found.meant), []).append(finding)
        shared = _shared(registry.tree) if registry.only is None else []
        for (word, meant), findings in told.items():
            home = _home(meant, shared) if len({f.backend for f in findings}) >= MANY else None
            yield from [self._of_shared(home, word, meant, len(findings))] if home else findings
        yield from self._exported(shared, {word for word, _ in told})

    def _of_shared(self, script: Text, word: str, meant: str, places: int) -> Finding:
        """A function of a shared script that many scripts call by another name."""
        return self.finding(
            script.place(script.shell.functions[meant].start_byte),
            "",
            f"{word} in {script.path}",
            f"{script.path} defines {meant}, and {places} scripts that take it call {word}",
            f"call it {word} again",
        )

    def _exported(self, shared: Iterable[Text], told: Container[str]) -> Iterator[Finding]:
        """Functions that a shared script hands on and does not have."""
        for script in shared:
            shell = script.shell if b"export -f" in script.data else None
            if shell is None or any(c.starts("source") or c.starts(".") for c in shell.commands):
                continue
            for command in shell.commands:
                names = command.words[2:] if command.words[:2] == ("export", "-f") else ()
                for name in names:
                    if name.isidentifier() and name not in shell.functions and name not in told:
                        yield self.finding(
                            script.place(command.start_byte),
                            "",
                            f"{name} in {script.path}",
                            f"{script.path} hands on the function {name}, which it does not define",
                            f"define {name}, or correct its name",
                        )


MANY = 3
"""From so many backends on one word is the fault of what they share."""


def _shared(tree: Tree) -> list[Text]:
    """The scripts that those of many backends take."""
    common = tree.read(COMMON_INSTALLER)
    return [*build_scripts(tree), *([text_of(COMMON_INSTALLER, common)] if common else [])]


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
