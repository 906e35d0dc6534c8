"""Keys and values of the build matrix that a letter makes ones that are known."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from typing import NamedTuple

from scaffold.backend.near import nearest
from scaffold.pipeline.image_builds import LINUX_BUILD
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity, Speaks, speaks_of
from scaffold.rules.matrix.siblings import installs_toolkit, named
from scaffold.rules.matrix.tags import backend_named
from scaffold.surfaces.matrix.reading import Entry
from scaffold.surfaces.matrix.siblings import ENOUGH, explains

CLOSED = ("base-image", "build-type", "lang", "runs-on", "skip-drivers", "tag-latest")
"""Fields whose values many entries share."""

ALIAS = " alias"
"""What the subject of an alias ends in that stands for nothing."""


class MatrixMisspelt(Rule):
    """The keys of a matrix entry are ones that the workflows hand on, and its words are ones that are known.

    Why: a key that nothing hands on has no effect, and the field that was meant is empty. A build type that
    no script knows builds for the CPU under the name of a GPU image; a base image or a runner with a letter
    too few ends the job, or lets it wait for a day.

    Fails:

        - build-type: 'cubals'
          skip-driver: 'false'

    Passes:

        - build-type: 'cublas'
          skip-drivers: 'false'

    Told is a key or a value that a letter makes one that others have, and that no other backend has; not
    where a comment at the entry speaks of it, or the backend or its Dockerfile names the value. What
    `skip-drivers` says counts where there is a toolkit to install. An alias (`*name`) without its anchor is
    one too: the script that reads the matrix refuses the whole file.

    Fix: write the word that the message names; `scaffold check --fix` does it for a key. Whatever follows
    from a key, in any file, is not told beside it.
    """

    severity = Severity.error
    fixable = True
    reaches = True

    def spoils(self, finding: Finding) -> bool:
        """Where the file cannot be read: with an alias of nothing."""
        return finding.subject.endswith(ALIAS)

    def explained(self, finding: Finding) -> Speaks:
        """What names the wrong word, and what is said of the entry, or of files for the right build type."""
        word, meant, tag_suffix = finding.subject.split(" ")[:3]
        wrong = speaks_of(word, *([tag_suffix] if tag_suffix else []))
        right = re.compile(rf"(?<![\w.]){re.escape(meant)}\d*(?![\w])")
        return lambda other: (
            wrong(other)
            or other.subject.split(" ")[0] == tag_suffix
            or (other.rule == "matrix-tag-suffix" and meant == "tag-suffix")
            or (other.path == finding.path and other.line == finding.line)
            or (other.rule in _OF_BUILD_TYPE and right.search(other.message) is not None)
        )

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Keys, values and aliases with a typing error."""
        usage = _used(registry)
        for entries, linux in ((registry.matrix.linux, True), (registry.matrix.darwin, False)):
            callers = [c for c in registry.builds.callers if (c.builds == LINUX_BUILD) is linux]
            handed = frozenset(field for caller in callers for field in caller.fields)
            for entry in entries:
                for found in (*_keys(entry, handed), *_values(registry, entry, usage), *_aliases(entry)):
                    yield self._finding(registry, entry, found)

    def _finding(self, registry: Registry, entry: Entry, found: _Misspelt) -> Finding:
        subject = f"{found.word} {found.meant} {entry.tag_suffix} {found.field}{found.kind}"
        return self.finding(
            entry.at(found.field),
            entry.backend or backend_named(registry, entry.tag_suffix) or "",
            subject,
            found.message,
            found.help,
            fix=partial(entry.rename, key=found.word, other=found.meant) if found.is_key else None,
        )


class _Misspelt(NamedTuple):
    """A word of an entry that is wrong."""

    field: str
    word: str
    meant: str
    message: str
    help: str
    kind: str = ""
    is_key: bool = False


_OF_BUILD_TYPE = ("requirements-unused",)
"""Rules that speak of files by the build type that they are for."""


def _used(registry: Registry) -> dict[str, dict[str, set[str]]]:
    """Field -> value -> the backends that have it."""
    found: dict[str, dict[str, set[str]]] = {field: defaultdict(set) for field in CLOSED}
    for entry in (*registry.matrix.linux, *registry.matrix.darwin):
        for field in CLOSED:
            if field in entry.fields:
                found[field][entry.fields[field]].add(entry.backend)
    return found


def _keys(entry: Entry, handed: Collection[str]) -> Iterator[_Misspelt]:
    for key in entry.fields:
        if key in handed or not handed:
            continue
        meant = nearest(key, handed - entry.fields.keys())
        if meant:
            yield _Misspelt(
                key,
                key,
                meant,
                f"{named(entry)} has a key {key}, which no workflow reads, and no {meant}",
                f"write {meant}",
                is_key=True,
            )


def _values(
    registry: Registry, entry: Entry, usage: Mapping[str, Mapping[str, Collection[str]]]
) -> Iterator[_Misspelt]:
    for field, values in usage.items():
        own = entry.fields.get(field, "")
        if len(values.get(own, ())) != 1 or own.startswith("*") or explains(entry, field):
            continue
        meant = nearest(own, (other for other, backends in values.items() if len(backends) >= ENOUGH))
        idle = field == "skip-drivers" and not (meant == "false" and installs_toolkit(entry))
        if own and meant and not idle and not (field == "build-type" and _is_named(registry, entry, own)):
            yield _Misspelt(
                field,
                own,
                meant,
                f"{field} of {entry.tag_suffix} is {own!r}, which no other backend has; {meant!r} is meant",
                f"write {meant!r}",
            )


def _is_named(registry: Registry, entry: Entry, build_type: str) -> bool:
    """Whether the backend, or its Dockerfile, knows a build type."""
    word = re.compile(rf"(?<![\w-]){re.escape(build_type)}(?![\w-])".encode())
    files = registry.files(entry.backend)
    texts = (files.at(entry.fields.get("dockerfile", "").removeprefix("./")), *files.build_files)
    has_file = files.has(f"requirements-{build_type}.txt")
    return has_file or any(text is not None and word.search(text.data) for text in texts)


def _aliases(entry: Entry) -> Iterator[_Misspelt]:
    quotes: Mapping[str, str] = {}
    for field, value in entry.fields.items():
        if not value.startswith("*"):
            continue
        quotes = quotes or entry.quotes
        name = value[1:]
        above = entry.source.data[: entry.end]
        anchors = {found.decode() for found in re.findall(rb"(?<!\S)&([\w.-]+)", above)}
        if not quotes.get(field) and name not in anchors:
            meant = nearest(name, anchors)
            yield _Misspelt(
                field,
                value,
                f"*{meant}",
                f"{field} is {value}, an alias, and nothing above has the anchor &{name}: "
                "what reads the file refuses it",
                f"write *{meant}" if meant else "write the value itself",
                ALIAS,
            )
