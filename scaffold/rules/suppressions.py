"""Suppressions: findings that a person has judged and accepts, each with its reason.

They stand in `.scaffold.toml` at the root of the checked repository:

    [[suppress]]
    rule = "matrix-darwin-missing"       # or a group of rules
    backend = "rookery"                  # or "*"
    reason = "its engine needs CUDA"

A comment does the same for the line that it stands on, or for the line below it:

    # scaffold: allow push-cancels-push the later run publishes everything again
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from scaffold.checkout.tree import Tree
from scaffold.errors import ShapeError
from scaffold.rules.base import Finding
from scaffold.syntax.source import Source
from scaffold.syntax.toml import chain

PATH = ".scaffold.toml"
MAX_ENTRIES = 2000
"""More of them in the file are no judgement of a person."""
FOLDERS = (".github", ".github/workflows")
YAML = (".yml", ".yaml")
_COMMENT = r"#\s*+scaffold: allow\b\s*+(?P<rule>[\w-]*+)(?P<reason>.*)"
FIELDS = {"rule", "backend", "reason", "match"}
KEYS = {"suppress", "select", "ignore", "strict"}
ANY = "*"
"""The backend of a suppression that means every one."""


Key = tuple[str, str, int]
"""A rule and a line of a file, or a rule and a backend."""


class Suppression(NamedTuple):
    """One `[[suppress]]` table."""

    rule: str
    backend: str
    reason: str
    match: str
    """What the message must contain; empty where every finding of the rule and backend is meant."""
    line: int
    path: str = PATH
    """The file that it stands in."""
    about: int = 0
    """Line that a comment is about."""
    text: str = ""
    """That line."""

    @property
    def key(self) -> Key:
        """What the findings that it means have in common."""
        return (self.rule, self.path, self.about) if self.about else (self.rule, self.backend, 0)

    @property
    def identity(self) -> tuple[str, ...]:
        """What makes it the same in another state of the repository, whatever its reason is there."""
        return (self.rule, self.path, self.backend, self.match, self.text)


def _keys(finding: Finding, group: str) -> Iterator[Key]:
    """The keys of the suppressions that may mean a finding of a rule of a group."""
    for name in (finding.rule, group):
        yield (name, finding.path, finding.line)
        yield (name, finding.backend, 0)
        yield (name, ANY, 0)


def settings_of(tree: Tree) -> tuple[dict[str, Any], str]:
    """What `.scaffold.toml` says, and its text. Raises ShapeError where it is wrong."""
    data = tree.read(PATH)
    if data is None:
        return {}, ""
    import tomllib

    text = Source(PATH, data).data.decode()
    found = chain(text)
    if found:  # the reader would take its time over it
        line = text.count("\n", 0, found.start()) + 1
        raise ShapeError(PATH, line, "is no valid TOML for scaffold: no key of it has so many parts")
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise ShapeError(PATH, None, "is no valid TOML: it is nested too deeply") from None
    except ValueError as error:  # a number of too many digits is no TOMLDecodeError
        where = re.search(r"line (\d+)", str(error))
        raise ShapeError(PATH, int(where[1]) if where else None, f"is no valid TOML: {error}") from None
    unknown = sorted(set(document) - KEYS)
    if unknown:
        raise ShapeError(PATH, None, f"unknown key {unknown[0]!r}; known: {', '.join(sorted(KEYS))}")
    return document, text


class Suppressions(NamedTuple):
    """Every suppression of a repository."""

    entries: tuple[Suppression, ...] = ()

    @classmethod
    def read(cls, tree: Tree, findings: Sequence[Finding] = ()) -> Suppressions:
        """Those of a tree: its file, and the comments in `.github` and where the findings are.

        Raises ShapeError where the file is wrong or a reason is missing.
        """
        paths = dict.fromkeys((*_pipeline_files(tree), *(finding.path for finding in findings)))
        comments = tuple(entry for path in paths for entry in _comments(path, _content(tree, path)))
        return cls((*cls._of_file(tree), *comments))

    @classmethod
    def _of_file(cls, tree: Tree) -> tuple[Suppression, ...]:
        document, text = settings_of(tree)
        tables = document.get("suppress", [])
        lines = [
            n for n, line in enumerate(text.splitlines(), 1) if re.match(r"\s*\[\[\s*suppress\s*\]\]", line)
        ]
        if len(lines) > MAX_ENTRIES:
            raise ShapeError(PATH, lines[MAX_ENTRIES], f"has more than {MAX_ENTRIES} suppressions")
        if not isinstance(tables, list) or len(lines) != len(tables):
            raise ShapeError(PATH, None, "expected [[suppress]] tables")
        return tuple(_entry(table, line) for table, line in zip(tables, lines, strict=True))

    def covering(self, findings: Iterable[Finding]) -> Iterator[tuple[Finding, list[Suppression]]]:
        """Each finding, with the entries that mean it."""
        about: dict[Key, list[Suppression]] = {}
        for entry in self.entries:
            about.setdefault(entry.key, []).append(entry)
        from scaffold.rules import all_rules

        groups = {rule.slug: rule.group for rule in all_rules()} if about else {}
        for finding in findings:
            keys = _keys(finding, groups.get(finding.rule, finding.rule)) if about else ()
            entries = dict.fromkeys(entry for key in keys for entry in about.get(key, ()))
            yield finding, [entry for entry in entries if entry.match in finding.message]

    def split(self, findings: Sequence[Finding]) -> tuple[list[Finding], list[Finding]]:
        """The findings that stay, and those that are suppressed."""
        kept: list[Finding] = []
        suppressed: list[Finding] = []
        for finding, entries in self.covering(findings):
            (suppressed if entries else kept).append(finding)
        return kept, suppressed

    def beyond(self, earlier: Suppressions) -> set[Suppression]:
        """The entries that an earlier state does not have; of two that are the same, one for each there."""
        left = Counter(entry.identity for entry in earlier.entries)
        left.subtract(entry.identity for entry in self.entries)
        added = set()
        for entry in reversed(self.entries):
            if left[entry.identity] < 0:
                left[entry.identity] += 1
                added.add(entry)
        return added

    def stale(self, suppressed: Sequence[Finding]) -> list[Suppression]:
        """Those that suppress none of the findings."""
        used = {entry for _, entries in self.covering(suppressed) for entry in entries}
        return [entry for entry in self.entries if entry not in used]


def _pipeline_files(tree: Tree) -> list[str]:
    return [f"{folder}/{name}" for folder in FOLDERS for name in tree.list(folder) if name.endswith(YAML)]


def _content(tree: Tree, path: str) -> bytes:
    """A file's bytes; none of one that cannot be read, which a rule says."""
    try:
        return tree.content(path) or b""
    except ShapeError:
        return b""


def _comments(path: str, data: bytes) -> Iterator[Suppression]:
    """The suppressions in the comments of a file."""
    if b"scaffold: allow" not in data:
        return
    lines = data.decode(errors="replace").split("\n")
    about = len(lines)
    found = []
    wrong = 0
    for number in range(len(lines), 0, -1):
        line = lines[number - 1]
        if not line.strip().startswith("#"):
            about = number
        match = re.search(_COMMENT, line) if "scaffold: allow" in line else None
        if match is not None:
            reason = match["reason"].strip()
            wrong = wrong if reason else number
            text = re.sub(_COMMENT, "", lines[about - 1]).strip()
            found.append(Suppression(match["rule"], "", reason, "", number, path, about, text))
    if wrong:
        raise ShapeError(path, wrong, "a suppression needs a rule and a reason")
    yield from reversed(found)


def _entry(table: Any, line: int) -> Suppression:
    wrong = [key for key, value in table.items() if key not in FIELDS or not isinstance(value, str)]
    if wrong:
        raise ShapeError(
            PATH, line, f"{wrong[0]!r}: a suppression has the texts rule, backend, reason, match"
        )
    for key in ("rule", "reason"):
        if not table.get(key, "").strip():
            raise ShapeError(PATH, line, f"a suppression needs a {key}")
    return Suppression(table["rule"], table.get("backend", ""), table["reason"], table.get("match", ""), line)
