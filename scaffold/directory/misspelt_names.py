"""Names that the files of a backend have to share, and that a letter keeps apart."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from scaffold.backend.near import is_near, nearest
from scaffold.directory import rust
from scaffold.directory.directory import Directory
from scaffold.directory.misspelt import Misspelt
from scaffold.directory.text import Text
from scaffold.syntax.shell import Assignment

MAX_NAMES = 100
"""Names that are compared; backends of LocalAI have three."""


def misspelt_names(directory: Directory, dockerfiles: Iterable[str]) -> Iterator[Misspelt]:
    """Variables that run.sh hands on and no source reads, and programs of cargo that nothing takes."""
    yield from _exported(directory, dockerfiles)
    yield from _programs(directory)


_NAME = re.compile(r"[A-Z][A-Z0-9_]{5,60}")
_READ = re.compile(
    rb"(?:\b(?:os\.)?(?:Getenv|LookupEnv|getenv|environ\.get)|env::var(?:_os)?|environ)[(\[][ \t]*"
    rb"[\"']([A-Z][A-Z0-9_]{5,60})[\"']"
)
_READ_BY_NAME = re.compile(rb"\bos\.(?:Getenv|LookupEnv)\([a-z]")
"""A source in Go reads what a variable of its own names."""
_QUOTED = re.compile(rb"\"([A-Z][A-Z0-9_]{5,60})\"")
_GO_COMMENT = re.compile(rb"(?m)^[ \t]*//[^\n]*")
_CODE = (".c", ".cc", ".cpp", ".go", ".h", ".hpp", ".py", ".rs")
_OF_TESTS = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test\.\w+|test\.(?:py|sh))$")


def _exported(directory: Directory, dockerfiles: Iterable[str]) -> Iterator[Misspelt]:
    """Variables that nothing but run.sh names, and that another one is meant by.

    It is a letter away, or names the same library, and is read by a source and set by nothing; or it is one
    that the system reads.
    """
    run = directory.run_script
    exported = _handed_on(run) if run else {}
    if run is None or not exported:
        return
    texts = {text.path: text for text in (run, *_beside(directory), *directory.build_files)}
    texts |= {text.path: text for text in map(directory.at, dockerfiles) if text}
    code = {path: _without_comments(text) for path, text in texts.items() if path != run.path}
    read, of_go = _read(code)
    if len(read) + len(exported) > MAX_NAMES:
        return
    unread = sorted(exported.keys() - read)
    unset = sorted(name for name in read - exported.keys() if not _is_set(name, texts)) if unread else []
    for name in unread:
        values = exported[name]
        if _is_word(name, code.values()) or _is_used(name, run, values):
            continue
        libraries = [other for other in unset if other in of_go] if _is_library(run, values) else []
        meant = nearest(name, unset) or next((one for one in libraries if _same_library(name, one)), "")
        of_system = "" if meant else _of_system(name, values)
        if meant or of_system:
            start = values[-1].start_byte
            spot = run.spot(start, start + len(name))
            yield Misspelt(name, meant or of_system, spot, "a source reads" if meant else "the system reads")


def _handed_on(run: Text) -> dict[str, list[Assignment]]:
    """What a script assigns for the programs that it starts: what is exported, or in front of a command."""
    found: dict[str, list[Assignment]] = {}
    for command in run.shell.commands:
        if command.node.type == "command" or run.data.startswith(b"export", command.start_byte):
            for node in command.node.children:
                one = Assignment(run.shell, node) if node.type == "variable_assignment" else None
                if one is not None and _NAME.fullmatch(one.name):
                    found.setdefault(one.name, []).append(one)
    return found


def _without_comments(text: Text) -> bytes:
    return _GO_COMMENT.sub(b"", text.data) if text.path.endswith(".go") else text.data


def _read(code: dict[str, bytes]) -> tuple[set[str], set[str]]:
    """Variables that sources read; those of them that sources in Go do, where a table may hold the names."""
    of_go = [data for path, data in code.items() if path.endswith(".go")]
    others = [data for path, data in code.items() if path.endswith(_CODE) and not path.endswith(".go")]
    expressions = [_READ, *([_QUOTED] if any(map(_READ_BY_NAME.search, of_go)) else [])]
    by_go = {name.decode() for data in of_go for one in expressions for name in one.findall(data)}
    return by_go | {name.decode() for data in others for name in _READ.findall(data)}, by_go


_LIBRARY_FILE = (".so", ".dylib")
_ONE_VARIABLE = re.compile(r"\"?\$\{?(\w{1,60})\}?\"?")
_KINDS = frozenset({"LIBRARY", "LIB", "DYLIB", "SO", "PATH", "FILE", "NAME", "CPP"})
"""Words of a name that do not say which library it is."""


def _is_library(run: Text, values: Iterable[Assignment]) -> bool:
    """Whether each value is the path of a library, or a variable that holds one."""
    held = {one.name for one in run.shell.assignments if _names_library(_value(one))}
    found = [(value, _ONE_VARIABLE.fullmatch(value)) for value in map(_value, values)]
    return all(_names_library(value) or (taken is not None and taken[1] in held) for value, taken in found)


def _names_library(value: str) -> bool:
    return any(ending in value for ending in _LIBRARY_FILE)


def _value(assignment: Assignment) -> str:
    return assignment.value or ""


def _same_library(name: str, other: str) -> bool:
    """Whether two names, the second of which is a library's, are of the same one."""
    parts = [[part for part in one.split("_") if part not in _KINDS] for one in (name, other)]
    one, two = ("".join(of_name).removesuffix("CPP") for of_name in parts)
    return one == two != "" and not {"LIBRARY", "LIB", "DYLIB"}.isdisjoint(other.split("_"))


_LINKER_KNOWS = frozenset(
    f"LD_{name}"
    for name in (
        "ASSUME_KERNEL", "AUDIT", "BIND_NOT", "BIND_NOW", "DEBUG", "DEBUG_OUTPUT", "DYNAMIC_WEAK",
        "HWCAP_MASK", "LIBRARY_PATH", "LIBRARY_PATH_32", "LIBRARY_PATH_64", "ORIGIN_PATH", "POINTER_GUARD",
        "PREFER_MAP_32BIT_EXEC", "PRELOAD", "PROFILE", "PROFILE_OUTPUT", "RUN_PATH", "SHOW_AUXV",
        "TRACE_LOADED_OBJECTS", "TRACE_PRELINKING", "USE_LOAD_BIAS", "VERBOSE", "WARN",
    )
) | frozenset(
    f"DYLD_{name}"
    for name in (
        "BIND_AT_LAUNCH", "FALLBACK_FRAMEWORK_PATH", "FALLBACK_LIBRARY_PATH", "FORCE_FLAT_NAMESPACE",
        "FRAMEWORK_PATH", "IMAGE_SUFFIX", "INSERT_LIBRARIES", "LIBRARY_PATH", "PATHS_ROOT", "ROOT_PATH",
        "SHARED_CACHE_DIR", "SHARED_REGION", "VERSIONED_FRAMEWORK_PATH", "VERSIONED_LIBRARY_PATH",
    )
)  # fmt: skip
"""What ld.so(8) and dyld(1) read, and ld(1) of the first kind; not what dyld only prints."""
_OF_LINKER = re.compile(r"(DY)?LD_")
_OF_LIBRARIES = re.compile(r"/lib(?![\w.])|\$\{?(?:DY)?LD_")
"""A folder of libraries, or what a variable of the linkers holds already."""


def _of_system(name: str, values: Iterable[Assignment]) -> str:
    """The path of libraries that is meant by a variable that no dynamic linker knows."""
    linker = _OF_LINKER.match(name) if name not in _LINKER_KNOWS else None
    is_path = linker and all(_OF_LIBRARIES.search(_value(one)) for one in values)
    return f"{linker[0]}LIBRARY_PATH" if linker and is_path else ""


def _beside(directory: Directory) -> Iterator[Text]:
    """The sources and scripts of a backend, without its tests."""
    prefix = f"{directory.path}/"
    paths = [p.removeprefix(prefix) for p in directory.tree.files(directory.path)] if directory.path else []
    kept = (path for path in paths if path.endswith((*_CODE, ".sh")) and not _OF_TESTS.search(path))
    yield from directory.texts(kept)


def _is_named(name: bytes, texts: Iterable[Text]) -> bool:
    return any(name in text.data for text in texts)


_IS_FILE = re.compile(rb"\[ (?:! )?-[efr] \"?\Z")


def _is_used(name: str, run: Text, values: Sequence[Assignment]) -> bool:
    """Whether the script takes the value itself, other than to add to it or to see that the file is there."""
    starts = [one.start_byte for one in values]
    for match in re.finditer(rb"\$\{?%s\b" % re.escape(name.encode()), run.code):
        at = bisect_right(starts, match.start()) - 1
        is_own = at >= 0 and match.start() < values[at].end_byte
        if not is_own and not _IS_FILE.search(
            run.code, max(match.start() - len(b'[ ! -e "'), 0), match.start()
        ):
            return True
    return False


def _is_set(name: str, texts: dict[str, Text]) -> bool:
    """Whether something that is no source names a variable."""
    return _is_word(name, (text.data for path, text in texts.items() if not path.endswith(_CODE)))


def _is_word(name: str, texts: Iterable[bytes]) -> bool:
    word = re.compile(rb"(?:\b|-D)%s\b" % re.escape(name.encode()))
    return any(word.search(text) for text in texts)


_TAKEN = re.compile(rb"\btarget/(?:[\w${}()-]+/)?(?:release|debug)/([\w-]+)(?![\w./*-])")
_OF_CARGO = frozenset({"build", "deps", "examples", "incremental"})


def _programs(directory: Directory) -> Iterator[Misspelt]:
    """Programs of a manifest that nothing takes, where a letter makes them one that is taken."""
    manifest = directory.text("Cargo.toml")
    made = rust.program_names(manifest) if manifest else {}
    if manifest is None or not made:
        return
    scripts = directory.texts(name for name in directory.names if name.endswith(".sh"))
    texts = {text.path: text for text in (*directory.build_files, *scripts)}
    taken = {name.decode() for text in texts.values() for name in _TAKEN.findall(text.code)} - _OF_CARGO
    if len(taken) > MAX_NAMES or len(made) > MAX_NAMES or taken & made.keys():
        return
    for name in sorted(taken):
        for other in sorted(made):
            if is_near(name, other) and not _is_named(other.encode(), texts.values()):
                start = made[other]
                yield Misspelt(other, name, manifest.spot(start, start + len(other)), "the build takes")
                return
