"""The shell scripts of a directory: libraries by system, expansions that are split."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from scaffold.checkout.tree import Tree
from scaffold.directory.text import Spot, Text, text_of
from scaffold.syntax.shell_flow import Flow, Reached
from scaffold.syntax.shell_state import Facts

if TYPE_CHECKING:
    from tree_sitter import Node

    from scaffold.syntax.shell import ShellSource


_OSTYPES = {"Linux": "linux-gnu", "Darwin": "darwin23"}
"""What bash says of them; of macOS with some version."""


def system(name: str) -> Facts:
    """What a script can know of the system that it runs on, `Linux` or `Darwin`."""
    absent = ("/lib/", "/lib64/") if name == "Darwin" else ()
    return Facts({"OSTYPE": _OSTYPES[name]}, {"uname": name, "uname -s": name}, absent=absent)


BUILD_SCRIPTS = "scripts/build"
"""Where the scripts lie that package for many backends."""


def build_scripts(tree: Tree) -> Iterator[Text]:
    """Those scripts, but for their tests."""
    for name in tree.list(BUILD_SCRIPTS):
        if name.endswith(".sh") and not name.endswith("_test.sh"):
            yield text_of(f"{BUILD_SCRIPTS}/{name}", tree.read(f"{BUILD_SCRIPTS}/{name}") or b"")


_SHARED = re.compile(
    rb"/(scripts/(?:build|lib)/[\w.-]+\.sh)\b|\}?\"?/\.\./\.\./\.\./([\w-]+(?:/[\w.-]+)+\.sh)\b"
)


def shared_scripts(script: Text) -> Iterator[tuple[str, int]]:
    """(path, offset) of what a script names of the scripts that the builds of all backends share."""
    for found in _SHARED.finditer(script.code):
        number = found.lastindex or 1
        yield found[number].decode(), found.start(number)


OWN_FOLDER = "/backend/"
"""Where a script that is run here believes to lie."""


_SYSTEM = re.compile(rb"uname|OSTYPE")


@lru_cache(maxsize=512)
def run_of(script: Text, system_name: str) -> Flow:
    """A run that knows its system and its own folder; one for all systems if it asks for none."""
    if system_name != "Linux" and not _SYSTEM.search(script.data):
        return run_of(script, "Linux")
    around = system(system_name)
    folder, name = OWN_FOLDER.rstrip("/"), OWN_FOLDER + script.path.rpartition("/")[2]
    prints = {f"realpath {name}": name, f"readlink -f {name}": name, f"dirname {name}": folder}
    return Flow(script.shell, Facts({**around.variables, "0": name}, {**around.prints, **prints}))


_LINUX_LIBRARIES = re.compile(rb"(?<!DY)LD_LIBRARY_PATH|\.so\b")
_MAC_LIBRARIES = re.compile(rb"\bDYLD_|dylib|@loader_path|-add_rpath")


@lru_cache(maxsize=512)
def _of_darwin(script: Text) -> Flow:
    """A run on macOS that knows nothing else."""
    return Flow(script.shell, system("Darwin"))


def _on_darwin(script: Text) -> bytes:
    """What of a script macOS may reach."""
    if not _SYSTEM.search(script.data):
        return script.code
    return without(script.code, _of_darwin(script).dead)


def without(code: bytes, spans: Iterable[tuple[int, int]]) -> bytes:
    """A text in which some spans are blank; the offsets stay."""
    kept = bytearray(code)
    for start, end in spans:
        kept[start:end] = b" " * (end - start)
    return bytes(kept)


def starts_linux_only(script: Text) -> Spot | None:
    """Where macOS meets Linux's libraries or their search path in a start script without its own."""
    if not _LINUX_LIBRARIES.search(script.data):
        return None
    code = _on_darwin(script)
    found = None if _MAC_LIBRARIES.search(code) else _LINUX_LIBRARIES.search(code)
    return script.spot(*found.span()) if found else None


_SO = re.compile(rb"\.so\b")
_SYSTEM_LIBRARY = re.compile(rb"(?<![\w}])/(?:usr/)?lib(?:64)?/")


def packages_linux_only(script: Text) -> Spot | None:
    """Where macOS meets Linux's libraries in a packaging script without its own.

    The directory's own libraries need a `.dylib`; those of the system only a branch that leaves them alone.
    """
    if not _SO.search(script.data):
        return None
    code = _on_darwin(script)
    if _MAC_LIBRARIES.search(code):
        return None
    knows_darwin = b"Darwin" in script.code
    for found in _SO.finditer(code):
        if not (knows_darwin and _SYSTEM_LIBRARY.search(script.statement(*found.span()))):
            return script.spot(*found.span())
    return None


_EXIT = re.compile(rb"\bexit[ \t]+[1-9]")
_OF_LINUX = ("ldd", "ldconfig", "patchelf", "readelf", "dpkg", "apt-get")
"""Programs that no macOS has of itself."""
_MAY_LACK = re.compile(rf"\b(?:{'|'.join(_OF_LINUX)})\b".encode())
_GOES_ON = re.compile(rb"(?m)^[ \t]*(?:set[ \t]+\+(?:\w*e|o[ \t]+errexit)|trap)\b")
_ENDS_AT_ERRORS = re.compile(rb"(?m)^[ \t]*set[ \t]+-(?:\w*e|\w+[ \t]+-e|o[ \t]+errexit)")


def ends_on_darwin(script: Text) -> Spot | None:
    """Where a script ends with an error whenever macOS runs it: by itself, or at a program of Linux."""
    ends = _ENDS_AT_ERRORS.search(script.code) and not _GOES_ON.search(script.code)
    lacks = ends and _MAY_LACK.search(script.code)
    may_end = False
    for reached in _of_darwin(script).reached if lacks or _EXIT.search(script.code) else ():
        words = reached.words
        if words[:1] == ("exit",):
            if reached.certain and words[1:] not in ((), ("0",)):
                return script.spot(reached.node.start_byte, reached.node.end_byte)
            may_end = may_end or words[1:] in ((), ("0",))
        elif lacks and not may_end and reached.certain and _ends_without(script, reached):
            return script.spot(reached.node.start_byte, reached.node.end_byte)
    return None


_GROUPS = ("program", "redirected_statement", "compound_statement", "subshell", "else_clause")


def _ends_without(script: Text, reached: Reached) -> bool:
    """Whether a script that ends at errors ends at a command: a program of Linux that nothing asks for."""
    node, program = reached.node, "".join(reached.words[:1])
    if node.type != "command" or program not in _OF_LINUX:
        return False
    asked = rb"(?:command[ \t]+-v|which|type|hash|install)\b[^\n;|]{0,80}\b%s\b" % re.escape(program.encode())
    if program in script.shell.functions or re.search(asked, script.code):
        return False
    is_piped = b"pipefail" in script.code
    while node.parent is not None:
        node, inner = node.parent, node
        is_kept = node.type == "pipeline" and (is_piped or node.named_children[-1] == inner)
        is_branch = node.type == "if_statement" and inner not in node.children_by_field_name("condition")
        if not (is_kept or is_branch or node.type in _GROUPS):
            return False
    return True


def sourced_on_darwin(script: Text) -> Iterator[str]:
    """The paths of the shared scripts that a script runs in its own shell whenever it runs on macOS."""
    named = [*shared_scripts(script)]
    for reached in _of_darwin(script).reached if named else ():
        if reached.certain and reached.words[:1] in (("source",), (".",)):
            start, end = reached.node.start_byte, reached.node.end_byte
            yield from (path for path, offset in named if start <= offset < end)


_MAKES_PACKAGE = re.compile(rb"(?m)^[ \t]*make\b(?:[ \t]+[\w.=/-]+)*[ \t]+package(?![\w./-])")


def makes_package(script: Text) -> bool:
    """Whether a script has make do what package.sh does."""
    return _MAKES_PACKAGE.search(script.code) is not None


_STOPS = re.compile(rb"[^\n]*?\|\|\s{0,9}\{[^}]{0,500}\bexit[ \t]+[1-9]")


def stops_without(script: Text, spot: Spot) -> bool:
    """Whether a packaging script ends with an error where the library that a spot names is not there."""
    code = _on_darwin(script)
    line = code[code.rfind(b"\n", 0, spot.start) + 1 :]
    return line.lstrip().startswith(b"cp ") and _STOPS.match(line) is not None


_IN_PLACE = re.compile(rb"[ \t]-i[ \t]")
_SED_SCRIPT = re.compile(r"s[^\w\s.-]|[/$\d]")


def edits_as_gnu(script: Text) -> Spot | None:
    """The first `sed -i` that macOS may reach with its script where BSD's sed takes an ending."""
    if b"sed" not in script.data or not _IN_PLACE.search(script.data):
        return None
    dead = _of_darwin(script).dead if _SYSTEM.search(script.data) else ()
    for command in script.shell.commands:
        if command.starts("sed") and not any(a <= command.start_byte < b for a, b in dead):
            for word, following in pairwise(command.bare):
                if word == "-i" and _SED_SCRIPT.match(following):
                    return script.spot(command.start_byte, command.end_byte)
    return None


# --- what the shell splits ---------------------------------------------------------------------------

_EXPANSIONS = ("simple_expansion", "expansion", "command_substitution")
_OWN_PATHS = frozenset({"0", "BASH_SOURCE", "PWD"})
_PATH_COMMANDS = frozenset({"dirname", "realpath", "readlink", "pwd"})
_PARTS = ("concatenation", "unary_expression", "binary_expression", "parenthesized_expression")
_SPLIT = ("command", "command_name", "declaration_command", "for_statement", "array", "file_redirect")


def unquoted_expansions(script: ShellSource) -> list[tuple[int, int]]:
    """(start, end) of the expansions of a path or of the arguments that the shell splits at spaces."""
    split = [node for node in script.nodes(*_EXPANSIONS) if _is_split(script, node)]
    paths = path_variables(script) if split else frozenset()
    found = (node for node in split if _holds_path(script, node, paths) or _heads_path(script, node))
    return [(node.start_byte, _end(script, node)) for node in found]


def _is_split(script: ShellSource, node: Node) -> bool:
    """Whether it stands in no quotes and in no place where words stay whole."""
    parent = script.parent(script.top(node, _PARTS))
    if parent is not None and parent.type == "test_command":
        return parent.children[0].type == "["
    return parent is not None and parent.type in _SPLIT


def _end(script: ShellSource, node: Node) -> int:
    return script.variable(node).end_byte if node.type == "simple_expansion" else node.end_byte


def _holds_path(script: ShellSource, node: Node, paths: frozenset[str]) -> bool:
    if node.type == "command_substitution":
        first = node.named_children[0] if node.named_children else None
        while first is not None and first.type != "command":
            first = first.named_children[0] if first.named_children else None
        name = first.child_by_field_name("name") if first is not None else None
        return name is not None and script.text(name) in {*_PATH_COMMANDS, "cd"}
    held = script.variable(node)
    rest = script.slice(held.end_byte, node.end_byte)
    if node.type == "expansion" and rest not in ("}", "[0]}"):
        return False
    return held in paths or held in ("@", "0", "BASH_SOURCE")


def _heads_path(script: ShellSource, node: Node) -> bool:
    """Whether a `/` follows it, and nothing of the word stands before it."""
    parent = script.parent(node)
    begins = parent is not None and parent.type == "concatenation" and parent.start_byte == node.start_byte
    end = _end(script, node)
    return begins and script.data[end : end + 1] == b"/"


def path_variables(script: ShellSource) -> frozenset[str]:
    """The variables of a script that hold a path below the folder in which it stands."""
    used = [script.variable(node) for node in script.nodes("simple_expansion", "expansion")]
    used_at = [name.start_byte for name in used]
    ran_at = [c.start_byte for c in script.commands if c.words and c.words[0] in _PATH_COMMANDS]
    given: dict[str, list[str]] = {}
    for assignment in script.assignments:
        span = assignment.start_byte + len(assignment.name), assignment.end_byte
        names: set[str] = {*used[slice(*(bisect_left(used_at, at) for at in span))]}
        if bisect_left(ran_at, span[0]) < bisect_left(ran_at, span[1]):
            names |= _OWN_PATHS
        for name in names:
            given.setdefault(name, []).append(assignment.name)
    found: set[str] = set()
    pending = [*_OWN_PATHS]
    while pending:
        for name in given.pop(pending.pop(), ()):
            found.add(name)
            pending.append(name)
    return frozenset(found - _OWN_PATHS)
