"""What the build of a native backend may make, and what its start and its packaging take of it.

No build is run. A name is taken to be made where a word of a build file may stand for it; so what is not
made by this reading is named nowhere.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Container, Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from scaffold.backend.names import PACKAGE
from scaffold.backend.near import is_near
from scaffold.directory.directory import Directory
from scaffold.directory.made import Build, Made
from scaffold.directory.scripts import BUILD_SCRIPTS, OWN_FOLDER, run_of
from scaffold.directory.text import MAX_BYTES, Spot, Text
from scaffold.syntax.shell import Command
from scaffold.syntax.shell_state import UNKNOWN, test_words

if TYPE_CHECKING:
    from tree_sitter import Node

    from scaffold.syntax.shell_flow import Flow

SYSTEMS = LINUX, DARWIN = "Linux", "Darwin"


class Taken(NamedTuple):
    """A file, or a pattern of files, that a script takes and nothing makes."""

    what: str
    """Its path below the backend's own folder."""
    spot: Spot


def started_unmade(directory: Directory, system: str) -> Iterator[Taken]:
    """What run.sh starts or opens on a system, and neither the build nor the packaging makes; each once."""
    script = directory.run_script
    build = Build.of(directory, system == DARWIN) if script else None
    if script is None or build is None:
        return
    seen = set()
    for path, spot, is_guarded in opened(script, run_of(script, system)):
        folder, name = posixpath.split(path)
        if path in seen or directory.has(path) or build.may_make(name, spelled=is_guarded):
            continue
        packed = _packed(directory.text("package.sh"), system)
        lands = Made.of(word for word, folders in packed if UNKNOWN in folder or folder in folders)
        if name not in lands.plain if is_guarded else not lands.may_be(name):
            seen.add(path)
            yield Taken(path, spot)


def made_instead(directory: Directory, name: str) -> str | None:
    """A name that the build gives to a file and that lacks but the last part of the stem of another one."""
    other, build = re.sub(r"-[^-./]+(?=\.\w+$)", "", name), Build.of(directory)
    return other if other != name and build and build.may_make(other, spelled=True) else None


def packaged_unmade(directory: Directory, system: str) -> Iterator[Taken]:
    """What package.sh copies out of its own folder on a system, and the build does not make.

    A name that a build file has as a folder's is taken to be made. Of what has to be there nothing is said
    where package.sh has done more than copy before: that may make it. What may be missing is looked at on
    Linux.
    """
    script = directory.text("package.sh") if system == LINUX or directory.packages_darwin else None
    build = Build.of(directory, system == DARWIN) if script else None
    if script is None or build is None:
        return
    for found in run_of(script, system).reached:
        if found.words[0] != "cp":
            continue
        may_fail = _otherwise(found.node)
        must = may_fail is None and found.certain and found.node.start_byte <= _copies_until(script)
        if must or (system == LINUX and may_fail in ("true", ":")):
            for word in found.words[1:-1]:
                name = word.removeprefix(OWN_FOLDER)
                is_own = name != word and "/" not in name and UNKNOWN not in name
                if (
                    is_own
                    and (system == DARWIN or "dylib" not in name)
                    and not (_is_there(directory, name) or build.may_make(name))
                ):
                    yield Taken(name, script.spot(found.node.start_byte, found.node.end_byte))


def _is_there(directory: Directory, name: str) -> bool:
    """Whether it is a file, or a folder that is there or that a build file names."""
    return (
        directory.has(name)
        or directory.tree.is_dir(f"{directory.path}/{name}")
        or _name(_builders(directory), name, rb"/")
    )


_COPYING = re.compile(
    r":|\.|\[|awk|basename|break|cd|chmod|codesign|command|compgen|continue|cp|cut|dirname|echo|exit|false|grep"
    r"|head|install_name_tool|ldd|local|ls|mkdir|objdump|otool|patchelf|pkg-config|printf|pwd|read|readelf"
    r"|readlink|realpath|return|rm|sed|set|shopt|sort|source|strip|tail|test|tr|true|uname|uniq|wc|package_\w+"
)
"""Commands that make no file but copies; the shared functions take libraries of the system."""
_WRITES = re.compile(rb"(?<!=)>(?!&|[ \t]*/dev/null)")


def only_copies(script: Text) -> bool:
    """Whether a script makes nothing but copies."""
    return _copies_until(script) >= len(script.data)


@lru_cache(maxsize=512)
def _copies_until(script: Text) -> int:
    """Where a script first makes something else; behind its end where it makes nothing but copies."""
    own, written = script.shell.functions, _WRITES.search(script.code)
    makers = (c.start_byte for c in script.shell.commands if c.words and not _copies(c.words[0], own))
    return min(*makers, written.start() if written else MAX_BYTES, MAX_BYTES)


def _copies(command: str, own: Container[str]) -> bool:
    """Whether a command makes no file but copies: a function's own commands are looked at by themselves."""
    return command in own or _COPYING.fullmatch(command) is not None


_SEARCH = re.compile(r"(?:DY)?LD_LIBRARY_PATH")
_JOINED = re.compile(r"\$\{(?:DY)?LD_LIBRARY_PATH:\+")
"""The path of before, with its own colon."""
_BELOW = re.compile(rb"/package\"?/\w")


def searched_unmade(directory: Directory, system: str) -> Iterator[Taken]:
    """Where run.sh has libraries looked for in folders of its own, of which no build file names one.

    A folder too many does no harm beside one that is there; its own folder counts where package.sh puts all
    into that.
    """
    script, package = directory.run_script, directory.text("package.sh")
    if script is None or not directory.build_files:
        return
    steps = run_of(script, system).reached
    has_more = package is not None and _BELOW.search(package.code) is not None
    searches = [s for s in steps if s.node.type == "variable_assignment" and _SEARCH.fullmatch(s.words[0])]
    others = [word for step in steps if step not in searches for word in step.words[1:]]
    for step in searches:
        joined = _JOINED.search((step.node.text or b"").decode(errors="replace"))
        parts = [f"{part}/" for part in step.words[-1].split(":")]
        own = [part.removeprefix(OWN_FOLDER) for part in parts if part.startswith(OWN_FOLDER)]
        folders = [part.rstrip(f"/{UNKNOWN}" if joined else "/") for part in own if part or not has_more]
        if folders and step.certain and not any(_is_searched(directory, name, others) for name in folders):
            yield Taken(folders[0], script.spot(step.node.start_byte, step.node.end_byte))


def _is_searched(directory: Directory, folder: str, others: list[str]) -> bool:
    """Whether a folder may be there: a build file names it, or the start does something with it."""
    if not folder or UNKNOWN in folder or directory.has(folder):
        return True
    shared = (f"{BUILD_SCRIPTS}/{script}" for script in directory.tree.list(BUILD_SCRIPTS))
    texts = [*filter(None, map(directory.at, shared))]
    name, top = posixpath.basename(folder), OWN_FOLDER + folder.partition("/")[0]
    is_used = any(f"{word}/".startswith(f"{top}/") for word in others)
    return is_used or _name(directory.build_files, name) or _name(texts, name, before=rb"/")


def placed_nowhere(directory: Directory) -> Iterator[Taken]:
    """Folders of its own into which package.sh copies on Linux, though it makes others and not these.

    Only where it does no more than that, or a letter makes the name one of those, and where it names the
    folder, or a part of its path, nowhere else.
    """
    script = directory.text("package.sh")
    steps = run_of(script, LINUX).reached if script else ()
    made = [word for step in steps if step.words[0] == "mkdir" for word in step.words[1:]]
    if script is None or not made or any(UNKNOWN in word for word in made):
        return
    copies, parts = only_copies(script), {part for word in made for part in word.split("/")}
    named = [word for step in steps for word in step.words[1:]]
    seen = set()
    for step in steps:
        target = step.words[-1]
        folder = target.rstrip("/") if target.endswith("/") else posixpath.dirname(target)
        into = any(word.startswith(("-t", "--target")) for word in step.words)
        if step.words[0] != "cp" or into or not folder.startswith(OWN_FOLDER) or UNKNOWN in folder:
            continue
        own = folder.removeprefix(OWN_FOLDER)
        is_meant = copies or any(is_near(one, other) for one in own.split("/") for other in parts)
        if own not in seen and is_meant and not _is_placed(directory, own, made, named):
            yield Taken(own, script.spot(step.node.start_byte, step.node.end_byte))
        seen.add(own)


def _is_placed(directory: Directory, folder: str, made: list[str], named: list[str]) -> bool:
    """Whether a folder, or what is above it and not made, is there or named elsewhere."""

    def is_made(path: str) -> bool:
        return any(f"{word}/".startswith(f"{path}/") for word in made)

    lacking = f"{OWN_FOLDER}{folder}"
    while f"{(above := posixpath.dirname(lacking))}/" != OWN_FOLDER and not is_made(above):
        lacking = above
    name = posixpath.basename(lacking)
    return (
        is_made(lacking)
        or ".." in folder
        or directory.tree.is_dir(f"{directory.path}/{folder}")
        or any(name in word.split("/") for word in named if not word.startswith(f"{lacking}/"))
        or (name != PACKAGE and _name(_builders(directory), name))
    )


def _builders(directory: Directory) -> Iterator[Text]:
    return (text for text in directory.build_files if not text.path.endswith("/package.sh"))


def _name(
    texts: Iterable[Text], name: str, behind: bytes = rb"(?![\w-])", before: bytes = rb"(?<![\w-])"
) -> bool:
    """Whether a word of some files is a name, with something before and behind it."""
    word = re.compile(before + re.escape(name.encode()) + behind)
    return any(word.search(text.code) for text in texts)


PLACING = ("cp", "mv", "ln", "install")


@lru_cache(maxsize=1)
def _packed(script: Text | None, system: str) -> list[tuple[str, tuple[str, ...]]]:
    """(name, the folders of the package where it may be) of what package.sh gives a name, or takes from afar.

    What it takes out of the backend's own folder keeps its name: the build has made it there.
    """
    packed: list[tuple[str, tuple[str, ...]]] = []
    for found in run_of(script, system).reached if script else ():
        if found.words[0] not in PLACING:
            continue
        target = found.words[-1].partition("/package/")[2]
        for word in found.words[1:]:
            name = word.removeprefix(OWN_FOLDER)
            if name == word or "/" in name:
                name = posixpath.basename(name.rstrip("/")).replace(UNKNOWN, "*")
                if name:
                    is_folder = "*" in name or not target or target.endswith("/")
                    folders = (target.rstrip("/"),) if is_folder else (target, posixpath.dirname(target))
                    packed.append((name, folders))
    return packed


# --- what run.sh takes -------------------------------------------------------------------------------

_LIBRARY = re.compile(r"\.(?:so(?:\.\d+)*|dylib)$|(?:^|/)lib[\w+-]+\.[a-z]{1,7}$")
"""What ends as a library does, or begins as one and has another ending."""
_VARIABLE = re.compile(r"/\$\{?(\w+)\}?$")
_BEHIND = re.compile(r"[\w./-]")


def data_of(script: Text, run: Flow) -> Iterator[tuple[str, Spot]]:
    """(path below its own folder, place) of what variables name and is neither library nor looked for.

    What a command is given may be made by it.
    """
    is_tested = _tests(script, run)
    given = [word for s in run.reached if s.node.type == "command" for word in s.words[1:]]
    for step in run.reached:
        name, value = step.words[0], step.words[-1]
        path = value.removeprefix(OWN_FOLDER).rstrip("/")
        if (
            step.node.type == "variable_assignment"
            and path not in (value, "")
            and not re.search(f"[:{UNKNOWN}]", path)
            and not _LIBRARY.search(path)
            and not is_tested(f"/{path}")
            and not is_tested(f"${name}")
            and not any(f"{word}/".startswith(f"{OWN_FOLDER}{path.partition('/')[0]}/") for word in given)
        ):
            yield path, script.spot(step.node.start_byte, step.node.end_byte)


def _is_whole(text: str, word: str) -> bool:
    """Whether a word stands in a text and does not go on there."""
    at = text.find(word)
    while at >= 0 and _BEHIND.match(text, at + len(word)):
        at = text.find(word, at + 1)
    return at >= 0


@lru_cache(maxsize=512)
def opened(script: Text, run: Flow) -> tuple[tuple[str, Spot, bool], ...]:
    """(path below its own folder, place, whether it is guarded) of programs and named libraries.

    What a test or a command before it names is left out: it may be looked for, or made. A program is guarded
    by another one where a test looks for that in the same folder: then no pattern stands for its name.
    """
    return tuple(_openings(script, run))


def _tests(script: Text, run: Flow) -> Callable[[str], bool]:
    """Says of a word whether a test of a run asks for it."""
    shell = script.shell
    asked = [
        (node, [shell.plain(w) for w in test_words(node.children[1:-1])])
        for node in shell.nodes("test_command")
    ]
    if b"test" in script.data:
        asked += [(c.node, [*c.words]) for c in shell.commands if c.starts("test")]
    alive = (words for node, words in asked if not any(a <= node.start_byte < b for a, b in run.dead))
    tests = [re.sub(r"[{}]", "", word) for words in alive for word in words]

    def is_tested(word: str) -> bool:
        return any(_is_whole(found, word) for found in tests)

    return is_tested


def _openings(script: Text, run: Flow) -> Iterator[tuple[str, Spot, bool]]:
    is_tested = _tests(script, run)
    values = [(s.words[0], s.words[-1], s.node) for s in run.reached if s.node.type == "variable_assignment"]
    for name, value, node in values:
        path = value.removeprefix(OWN_FOLDER)
        is_library = path != value and _LIBRARY.search(path) and ":" not in path
        if is_library and not is_tested(f"/{path}") and not is_tested(f"${name}"):
            yield path, script.spot(node.start_byte, node.end_byte), False
    named: set[str] = set()
    for step in run.reached:
        words = step.words if step.node.type == "command" else ()
        before = set(named)
        named.update(word.removeprefix(OWN_FOLDER) for word in words if word.startswith(OWN_FOLDER))
        if (
            not words
            or not (words[0] == "exec" or OWN_FOLDER in words[0])
            or _otherwise(step.node) is not None
        ):
            continue
        written = Command(script.shell, step.node).words
        programs = [word for word in words if word != "exec"][:1]
        for word, text in zip(words, written, strict=False):
            path = word.removeprefix(OWN_FOLDER)
            variable = _VARIABLE.search(text) if path == UNKNOWN else None
            held = [value for name, value, _ in values if variable and name == variable[1]]
            for one in held or [path]:
                is_plain = path != word and one and UNKNOWN not in posixpath.basename(one)
                folders = {one[:end] for end, letter in enumerate(f"{one}/") if letter == "/"}
                if is_plain and not folders & before and not is_tested(f"/{one}"):
                    guarded = [word] == programs and _is_guarded(script, step.node, posixpath.dirname(one))
                    yield one, script.spot(step.node.start_byte, step.node.end_byte), guarded


def _is_guarded(script: Text, node: Node, folder: str) -> bool:
    """Whether a command runs only where a file of a folder is there, by the `if` right around it."""
    around = node.parent
    test = around.child_by_field_name("condition") if around and around.type == "if_statement" else None
    if around is None or test is None or test.type != "test_command":
        return False
    terms = [re.sub(r"[{}]", "", script.shell.plain(word)) for word in test_words(test.children[1:-1])]
    own = [term.partition("$CURDIR/")[2] for term in terms[1:]]
    return (
        terms[0] in ("-f", "-e", "-x")
        and len(own) == 1
        and own[0] != ""
        and posixpath.dirname(own[0]) == folder
    )


def _otherwise(node: Node) -> str | None:
    """What runs where a command fails, `b` of `a || b`; None where nothing does."""
    while node.parent is not None and node.parent.type == "redirected_statement":
        node = node.parent
    parts = node.parent.children if node.parent is not None and node.parent.type == "list" else []
    behind = iter(parts)
    if not any(part.type == "||" and part.start_byte > node.start_byte for part in behind):
        return None
    other = next(behind, None)
    return (other.text or b"").decode(errors="replace") if other is not None else ""
