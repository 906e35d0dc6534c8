"""The files of a directory that its build, its start or its scripts ask for, and that are not there."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from scaffold.checkout.gone import gone_with
from scaffold.directory import rust
from scaffold.directory.directory import Directory
from scaffold.directory.python import COMMON_INSTALLER
from scaffold.directory.requirement_syntax import local
from scaffold.directory.requirements import is_requirements
from scaffold.directory.scripts import OWN_FOLDER, run_of, shared_scripts
from scaffold.directory.text import Text
from scaffold.syntax.cmake import compiled
from scaffold.syntax.make import MakeSource
from scaffold.syntax.make_lines import Kind
from scaffold.syntax.shell import Command
from scaffold.syntax.source import Place

if TYPE_CHECKING:
    from tree_sitter import Node


class Need(NamedTuple):
    """One file that is asked for."""

    file: str
    """Its name, or its path below the directory."""
    who: str
    """Who asks for it, as the subject of a sentence with its verb: `the Makefile runs`."""
    place: Place | None = None
    """Where; None where no file of the repository says so."""


def missing(directory: Directory) -> Iterator[Need]:
    """What is asked for and not there, or has nothing in it; each file once."""
    seen = set()
    for need in _needs(directory):
        if need.file not in seen and not _does(directory, need.file):
            seen.add(need.file)
            yield need


_PROGRAM = re.compile(
    r"(?:.*\.(?:sh|go|c|cc|cpp|rs)|.*(?<!__init__)\.py|Makefile|CMakeLists\.txt|Cargo\.toml)"
)
"""What does nothing where it is empty."""


def _does(directory: Directory, name: str) -> bool:
    """Whether a file is there, and does something if it is a program."""
    text = directory.text(name) if _PROGRAM.fullmatch(name) else None
    return directory.has(name) and (text is None or bool(text.data.strip()))


def _needs(directory: Directory) -> Iterator[Need]:
    names = rb"(?<![\w-])run\.sh(?![\w.-])"
    yield Need("run.sh", "LocalAI starts", directory.first_with(names, "package.sh", "Makefile"))
    if directory.lang == "python":
        yield Need("Makefile", "the build of the image runs")
        yield from _server(directory)
        yield from _started(directory)
        yield from _required(directory)
    for text in directory.makefiles:
        if text.path == f"{directory.path}/Makefile":
            yield from _made_from(directory, text)
            yield from _run_by(directory, text)
            yield from _program(directory, text)
            yield from _compiled(directory, text)
    if directory.lang == "cpp":
        yield from _own_headers(directory)
    for script in directory.texts(name for name in directory.names if name.endswith(".sh")):
        who = f"{posixpath.basename(script.path)} runs"
        shared = [("../../../", *found) for found in shared_scripts(script)]
        if directory.lang == "python":
            common = _COMMON.finditer(script.code)
            shared += [("../common/", found[1].decode(), found.start(1)) for found in common]
        for above, path, offset in shared:
            if not _is_asked_for(script, path.encode()):
                yield Need(f"{above}{path}", who, script.place(offset))
        if (directory.lang != "python" or b"cp " in script.data) and _names_what_is_missing(
            directory, script
        ):
            yield from _taken_by(script)


_HEADER = re.compile(rb'#include "([\w-]+)(\.h(?:pp)?)"')


def _own_headers(directory: Directory) -> Iterator[Need]:
    """Headers of the same name as a source that includes them, which no build file names."""
    for text in directory.texts(name for name in directory.names if name.endswith((".cpp", ".cc", ".c"))):
        source = text.path.rpartition("/")[2]
        for found in _HEADER.finditer(text.data):
            name = found[1] + found[2]
            is_own = source.startswith(found[1].decode() + ".")
            if is_own and not any(name in other.data for other in directory.build_files):
                yield Need(name.decode(), f"{source} includes", text.place(found.start(1)))


_COMMON = re.compile(rb"(?m)^[ \t]*(?:source|\.)[ \t]+[\"']?[^\s\"'#;]*/common/([\w.-]+\.sh)")
"""What all Python backends share; an image has it in its own folder."""


def _is_asked_for(script: Text, name: bytes) -> bool:
    """Whether a script asks if a file is there, or does something else where it is not.

    It may give it a variable first.
    """
    written = re.escape(name)
    kept = re.findall(rb"(?m)^[ \t]*(?:\w+[ \t]+)?(\w+)=[^\s#]*%s[\"']?[ \t]*$" % written, script.code)
    for one in (written, *(rb"\$\{?%s\b" % variable for variable in kept)):
        if re.search(rb"-[efrsx][ \t][^\n;]*%(one)s|%(one)s[^\n]*\|\|" % {b"one": one}, script.code):
            return True
    return False


_STARTED = re.compile(r"\$\{?MY_DIR\}?/([\w.${}-]+\.py)")


def _server(directory: Directory) -> Iterator[Need]:
    """The program of a Python backend, by one of the names that the shared start script looks for."""
    script, common = directory.run_script, directory.at(COMMON_INSTALLER)
    body = common.shell.functions.get("startBackend") if script and common else None
    if script is None or common is None or body is None:
        return
    found = _STARTED.findall(common.shell.bare[body.start_byte : body.end_byte].decode(errors="replace"))
    names = [re.sub(r"\$\{?BACKEND_NAME\}?", directory.name, name) for name in found]
    if not names or any(_does(directory, name) for name in names):
        return
    start = next((c for c in script.shell.commands if c.starts("startBackend")), None)
    if start is not None and b"BACKEND_FILE" not in script.code:
        usual = "backend.py" if "backend.py" in names else names[0]
        yield Need(usual, "startBackend runs", script.place(start.start_byte))


_OWN_PROGRAM = re.compile(rb"(?:\$\{?(\w+)\}?|\$\(dirname [^()]*\))[\"']?/([\w-]+\.py)(?![\w./-])")


def _started(directory: Directory) -> Iterator[Need]:
    """The programs in its own folder that the start script of a Python backend names.

    What another file of the backend names may be made by it.
    """
    script = directory.run_script
    if script is None or b".py" not in script.code:
        return
    others = [text for text in directory.texts(directory.names) if text.path != script.path]
    for found in _OWN_PROGRAM.finditer(script.code):
        variable, name = (found[1] or b"").decode(), found[2]
        given = [a.value for a in script.shell.assignments if a.name == variable]
        is_own = not variable or (given and all(value and value.endswith(")") for value in given))
        if is_own and not any(name in text.data for text in others) and not _is_asked_for(script, name):
            yield Need(name.decode(), "run.sh starts", script.place(found.start(2)))


def _required(directory: Directory) -> Iterator[Need]:
    """The files and folders that lines of requirements name, and that no script or Makefile names."""
    scripts = [name for name in directory.names if name.endswith(".sh") or name == "Makefile"]
    for text in directory.texts(filter(is_requirements, directory.names)):
        for name, offset in local(text):
            path = posixpath.normpath(f"{directory.path}/{name}")
            if name.startswith(("/", "~")) or "$" in name or directory.tree.is_dir(path):
                continue
            made = posixpath.basename(gone_with(directory.tree, path)).encode()
            if not any(made in script.code for script in directory.texts(scripts)):
                yield Need(name, f"{posixpath.basename(text.path)} names", text.place(offset))


SOURCES = (".c", ".cc", ".cpp", ".cu", ".go", ".h", ".hpp", ".py", ".rs", ".sh", ".txt", ".toml")
"""How files are called that a person writes and a build reads."""

_ENDING = re.compile(rb"\.(?:%s)(?![\w-])" % "|".join(ending[1:] for ending in SOURCES).encode())
_WORD = re.compile(r"[\w./-]+")
_SPECIAL = re.compile(r"\.[A-Z_]+")


def _made_from(directory: Directory, text: Text) -> Iterator[Need]:
    """What rules are made from: where such a source has no rule of its own, make stops.

    Those that depend on a condition are left out, and sources that another recipe names: it may make them.
    """
    if not _ENDING.search(text.data):
        return
    lists = (line.rest.partition(b";")[0] for line in text.lines if line.kind is Kind.rule)
    words = (word for rest in lists if b"=" not in rest for word in rest.decode(errors="replace").split())
    missing = {word for word in words if _WORD.fullmatch(word) and word.endswith(SOURCES)}
    missing = {word for word in missing if not directory.has(word) and not directory.has_make_rule(word)}
    if not missing or any(line.head.lower() == b"vpath" for line in text.lines):
        return
    rules = text.read(MakeSource, lambda source: source.rules)
    naming: dict[str, set[int]] = {}
    for number, rule in enumerate(rules):
        for name in missing.intersection(_WORD.findall(" ".join(line.text for line in rule.recipe))):
            naming.setdefault(name, set()).add(number)
    for number, rule in enumerate(rules):
        if any(_SPECIAL.fullmatch(target.text) for target in rule.targets):
            continue
        for word in rule.prerequisites:
            if word.text in missing and naming.get(word.text, set()) <= {number}:
                yield Need(word.text, "the Makefile makes something from", text.place(word.start_byte))


_SCRIPT = re.compile(r"(?:(?:bash|sh) (?:\./)?|\./)([\w-]+\.sh)(?: .*)?", re.DOTALL)
_MAY_FAIL = re.compile(r"[@+ \t]*-")
_SCRIPTS = re.compile(rb"(?<![\w-])[\w-]++\.sh")
_RUNS = re.compile(rb"(?<![\w/-])(?:(?:bash|sh)[ \t]+(?:\./)?|\./)([\w-]+\.sh)(?![\w./-])")


def _run_by(directory: Directory, text: Text) -> Iterator[Need]:
    """The scripts that recipes run in the directory itself, where make stops if they fail.

    One that the Makefile names elsewhere too may be made before.
    """
    lines = (line for line in text.joined.split(b"\n") if b".sh" in line)
    runs = Counter(name for line in lines for name in _RUNS.findall(line))
    named = Counter(_SCRIPTS.findall(text.code)) if runs else runs
    names = {name for name in runs if named[name] == runs[name]}
    missing = {name.decode() for name in names if not _does(directory, name.decode())}
    if b".ONESHELL" not in text.data and any(not directory.has_make_rule(name) for name in missing):
        for name, place in text.read(MakeSource, _run):
            if name in missing and not directory.has_make_rule(name):
                yield Need(name, "the Makefile runs", text.place(place))


def _run(source: MakeSource) -> Iterator[tuple[str, int]]:
    """(name, offset) of the scripts that recipes run where they began, and that must not fail."""
    for rule in source.rules:
        left = None  # the line of which the rest is run elsewhere
        script = source.script(rule)
        ends = _ends(script.root)
        starts = [line.start_byte for line in rule.recipe]
        for command in script.commands:
            start = rule.start_byte + command.start_byte
            nearest = rule.recipe[bisect_right(starts, start) - 1] if starts else None
            line = nearest if nearest and nearest.start_byte <= start < nearest.end_byte else None
            if command.starts("cd") or command.starts("pushd"):
                left = line
            if not command.bare or line is None or line is left or _MAY_FAIL.match(line.text):
                continue
            found = _SCRIPT.fullmatch(" ".join(command.bare[:2]))
            end = ends.get(command.node.id)
            if found and end and not source.data[rule.start_byte + end : line.end_byte].strip():
                yield found[1], start


def _ends(script: Node) -> dict[int, int]:
    """Command -> where the statement ends that fails if it fails; without those that let none fail."""
    found = {}
    for statement in script.named_children if script.type == "program" else ():
        pending = [statement]
        while pending:
            node = pending.pop()
            if node.type not in ("redirected_statement", "list"):
                found[node.id] = statement.end_byte
            elif not any(child.type == "||" for child in node.children):
                pending.extend(node.named_children)
    return found


def _program(directory: Directory, text: Text) -> Iterator[Need]:
    """The source that has `main` in a Go backend, the manifest of a Rust one."""
    if directory.lang == "go" and b"build" in text.data:
        names = (name for name in directory.names if name.endswith(".go") and not name.endswith("_test.go"))
        has_main = any(re.search(rb"(?m)^func main\(\)", source.data) for source in directory.texts(names))
        if not has_main and any(map(_builds_go, text.read(MakeSource, _here))):
            place = directory.first_with(rb"(?<![\w-])(?:go|\$[({]\w+[)}])[ \t]+build\b", "Makefile")
            yield Need("main.go", "`go build` looks for `func main()` in", place)
    lacks_manifest = directory.lang == "rust" and not _does(directory, "Cargo.toml")
    if lacks_manifest and any(map(_builds_rust, text.read(MakeSource, _here))):
        place = directory.first_with(rb"(?<![\w-])cargo\b.*\bbuild\b", "Makefile")
        yield Need("Cargo.toml", "`cargo build` reads", place)
    manifest = directory.text("Cargo.toml") if directory.lang == "rust" and not lacks_manifest else None
    missing = [path for path in rust.programs(manifest) if _is_own(directory, path)] if manifest else []
    if manifest and missing and any(map(_builds_rust, text.read(MakeSource, _here))):
        for path in missing:
            place = manifest.place(max(manifest.data.find(path.encode()), 0))
            yield Need(path, "`cargo build` compiles", place)


def _is_own(directory: Directory, path: str) -> bool:
    """Whether a Rust program that is not there is not made either, and cargo has no other to build."""
    if _does(directory, path):
        return False
    if path == rust.PROGRAM and (
        directory.has("src/lib.rs") or directory.tree.is_dir(f"{directory.path}/src/bin")
    ):
        return False
    scripts = directory.texts(name for name in directory.names if name.endswith((".sh", "build.rs")))
    either = "|".join(map(re.escape, {path.partition("/")[0], path.rpartition("/")[2]}))
    named = re.compile(rf"(?<![\w-])(?:{either})(?![\w-])".encode())
    return not any(named.search(text.data) for text in (*directory.makefiles, *scripts))


def _here(source: MakeSource) -> Iterator[Command]:
    """The commands of recipes that run in the directory itself; a variable is taken to name it."""
    for rule in source.rules:
        left = len(rule.recipe)
        ends = [line.end_byte for line in rule.recipe]
        for command in source.script(rule).commands:
            line = bisect_right(ends, rule.start_byte + command.start_byte)
            if command.bare[:1] in (("cd",), ("pushd",)) and not command.words[-1].startswith("$"):
                left = line
            if line != left:
                yield command


def _builds_go(command: Command) -> bool:
    return "build" in command.words and command.words[-1] in (".", "./")


def _builds_rust(command: Command) -> bool:
    return command.starts("cargo", "build") and "manifest" not in command.text


_OWN_FOLDER = re.compile(r"\$[({](?:CURRENT_MAKEFILE_DIR|CURDIR)[)}]/?")
_SOURCE = re.compile(
    rb"[({](?:CURRENT_MAKEFILE_DIR|CURDIR)[)}]/?[\"']?(?![^\s;&|)])|-S[ \t]++[\"']?\.(?![\w./-])"
)
"""The directory as what a command is about: most name it only in a path, or in an option."""


def _may_configure(line: bytes) -> bool:
    at = line.find(b"cmake")
    return at >= 0 and _SOURCE.search(line, at) is not None


def _configures(command: Command) -> bool:
    words = command.bare
    if not words or words[0].rpartition("/")[2] != "cmake":
        return False
    source = words[words.index("-S") + 1 :][:1] if "-S" in words else ()
    return _OWN_FOLDER.fullmatch(words[-1]) is not None or source == (".",)


def _compiled(directory: Directory, text: Text) -> Iterator[Need]:
    """What CMake reads where a recipe tells it to build the directory, and what it compiles in any case."""
    lines = text.joined.split(b"\n") if b"cmake" in text.data else []
    from_below = any(map(_FROM_BELOW.match, lines))
    if not from_below and not any(map(_may_configure, lines)):
        return
    needs = [need for need in _cmake_needs(directory) if not _does(directory, need.file)]
    if needs and (from_below or any(map(_configures, text.read(MakeSource, _here)))):
        yield from needs


_FROM_BELOW = re.compile(
    rb"\t(?:(?!\bcd\b)[^#])*+\bcd[ \t]+[\"']?[^\s/\"';&|.]+[\"']?[ \t]*&&(?:(?!\bcd\b)[^;|])*?\bcmake[ \t]+"
    rb"(?:[^;&|]*[ \t])?\.\.(?=[ \t&]|\Z)"
)
"""A recipe that has CMake build the directory from a folder in it."""


def _cmake_needs(directory: Directory) -> Iterator[Need]:
    yield Need("CMakeLists.txt", "cmake reads", directory.first_with(rb"(?<![\w-])cmake[ \t]", "Makefile"))
    lists = directory.text("CMakeLists.txt")
    for word in compiled(lists.code) if lists else ():
        folder = posixpath.dirname(f"{directory.path}/{word}")  # one that is not there is fetched
        is_own = re.fullmatch(r"[\w./-]+", word) is not None and directory.tree.is_dir(folder)
        if is_own and word.endswith(SOURCES):
            yield Need(
                word,
                "CMakeLists.txt compiles",
                directory.first_with(re.escape(word).encode(), "CMakeLists.txt"),
            )


_BESIDE = re.compile(rb"(?m)(?:^|[^\w./-]|\$\w+/|[^\w.\s-]/|(?<![\w.-])\./)([\w.-]*%s)" % _ENDING.pattern)
"""A word that may be a source next to a script: no other folder is in front of it."""


def _names_what_is_missing(directory: Directory, script: Text) -> bool:
    """Whether it is worth a look: nearly every script names only what is there."""
    lines = (line for line in script.data.split(b"\n") if _ENDING.search(line))
    code = b"\n".join(line for line in lines if not line.lstrip().startswith(b"#"))
    names = {name[1] for name in _BESIDE.finditer(code)}
    return not all(_does(directory, name.decode()) for name in names)


def _taken_by(script: Text) -> Iterator[Need]:
    """The scripts and sources next to a script that it runs or copies on every run that gets so far."""
    stays = not any(command.starts("cd") or command.starts("pushd") for command in script.shell.commands)
    for found in run_of(script, "Linux").reached:
        verb = "copies" if found.words[0] == "cp" else "runs"
        taken = found.words[1:-1] if verb == "copies" else found.words[1:2]
        if not found.certain or found.words[0] not in ("bash", "sh", "source", ".", "cp"):
            continue
        for word in taken:
            name = word.removeprefix(OWN_FOLDER)
            beside = name != word or (stays and verb == "copies")
            if beside and re.fullmatch(r"[\w.-]+", name) and name.endswith(SOURCES):
                who = f"{posixpath.basename(script.path)} {verb}"
                yield Need(name, who, script.place(found.node.start_byte))
