"""Names that the files of a backend have to share, and that a letter keeps apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scaffold.backend.near import is_near, nearest
from scaffold.directory import rust
from scaffold.directory.directory import Directory
from scaffold.directory.misspelt import Misspelt
from scaffold.directory.text import Text

MAX_NAMES = 100
"""Names that are compared; backends of LocalAI have three."""


def misspelt_names(directory: Directory, dockerfiles: Iterable[str]) -> Iterator[Misspelt]:
    """Variables that run.sh hands on and no source reads, and programs of cargo that nothing takes."""
    yield from _exported(directory, dockerfiles)
    yield from _programs(directory)


_EXPORT = re.compile(rb"(?m)^[ \t]*export[ \t]+([A-Z][A-Z0-9_]{5,60})=")
_READ = re.compile(
    rb"(?:\b(?:os\.)?(?:Getenv|LookupEnv|getenv|environ\.get)|env::var(?:_os)?|environ)[(\[][ \t]*"
    rb"[\"']([A-Z][A-Z0-9_]{5,60})[\"']"
)
_CODE = (".c", ".cc", ".cpp", ".go", ".h", ".hpp", ".py", ".rs")
_OF_TESTS = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test\.\w+|test\.(?:py|sh))$")


def _exported(directory: Directory, dockerfiles: Iterable[str]) -> Iterator[Misspelt]:
    """Variables that nothing but run.sh names, a letter away from one that is read and that nothing sets."""
    run = directory.run_script
    exported = {match[1]: match for match in _EXPORT.finditer(run.code)} if run else {}
    if run is None or not exported:
        return
    texts = {text.path: text for text in (run, *_beside(directory), *directory.build_files)}
    texts |= {text.path: text for text in map(directory.at, dockerfiles) if text}
    read = {name for text in texts.values() if text.path.endswith(_CODE) for name in _READ.findall(text.code)}
    if len(read) + len(exported) > MAX_NAMES:
        return
    unread = sorted(exported.keys() - read)
    unset = [one.decode() for one in read - exported.keys()] if unread else []
    for name in unread if unset else ():
        others = [text for path, text in texts.items() if path != run.path]
        meant = nearest(name.decode(), unset)
        if meant and not _is_named(name, others) and not _is_used(name, run) and not _is_set(meant, texts):
            yield Misspelt(name.decode(), meant, run.spot(*exported[name].span(1)), "a source reads")


def _beside(directory: Directory) -> Iterator[Text]:
    """The sources and scripts of a backend, without its tests."""
    prefix = f"{directory.path}/"
    paths = [p.removeprefix(prefix) for p in directory.tree.files(directory.path)] if directory.path else []
    kept = (path for path in paths if path.endswith((*_CODE, ".sh")) and not _OF_TESTS.search(path))
    yield from directory.texts(kept)


def _is_named(name: bytes, texts: Iterable[Text]) -> bool:
    return any(name in text.data for text in texts)


def _is_used(name: bytes, run: Text) -> bool:
    """Whether the script takes the value itself."""
    return re.search(rb"\$\{?%s\b" % re.escape(name), run.code) is not None


def _is_set(name: str, texts: dict[str, Text]) -> bool:
    """Whether something that is no source names a variable."""
    return _is_named(name.encode(), (text for path, text in texts.items() if not path.endswith(_CODE)))


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
