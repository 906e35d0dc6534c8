"""Makefiles that steps call: the recipes of goals as scripts, and the values of variables."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from scaffold.pipeline.model import Pipeline
from scaffold.syntax.make_lines import recipes
from scaffold.syntax.shell import ShellSource

MAX_GOALS = 32
"""Goals of one call of make, with what they need, that are looked at."""

_MAKEFILES = ("Makefile", "GNUmakefile", "makefile")


@lru_cache(maxsize=1024)
def makefile(pipeline: Pipeline, folder: str) -> tuple[str, bytes] | None:
    """The Makefile of a folder."""
    for name in _MAKEFILES if "$" not in folder and not folder.startswith(("/", "..", "~")) else ():
        path = posixpath.normpath(posixpath.join(folder, name))
        data = pipeline.read(path)
        if data is not None:
            return path, data
    return None


def recipes_of(pipeline: Pipeline, folder: str, goals: tuple[str, ...]) -> Iterator[ShellSource]:
    """The recipes of some goals and of what they need, in order."""
    found = makefile(pipeline, folder)
    if found is not None:
        seen = set[str]()
        for start, end in (span for goal in goals for span in _spans(found[1], goal, seen)):
            yield _script(*found, start, end)


def _spans(data: bytes, goal: str, seen: set[str]) -> Iterator[tuple[int, int]]:
    """The recipes behind a goal, of which none was seen: of what it needs first."""
    if goal in seen or len(seen) >= MAX_GOALS:
        return
    seen.add(goal)
    rule = rule_of(data, goal)
    if rule is not None and not _is_conditional(data, rule.start):
        for need in rule.needs:
            yield from _spans(data, need, seen)
        if data[rule.start : rule.end].strip():
            yield rule.start, rule.end


class Rule(NamedTuple):
    """What a goal needs, and its recipe."""

    needs: tuple[str, ...]
    start: int
    """Where its recipe starts."""
    end: int


@lru_cache(maxsize=1024)
def rule_of(data: bytes, goal: str) -> Rule | None:
    """The one rule of a goal in a Makefile; None where there is none, or several."""
    after = _goals(data).get(goal.encode(), 0)
    if not after:
        return None
    start = _line_end(data, after)
    needs = data[after:start].replace(b"\\\n", b" ").partition(b"#")[0].decode(errors="replace").split()
    end = start
    while end < len(data) and data[end : end + 1] in b"\t#\n\r":
        end = _line_end(data, end)
    return Rule(tuple(need for need in needs if need != "|"), start, end)


@lru_cache(maxsize=64)
def _goals(data: bytes) -> Mapping[bytes, int]:
    """Goal of a Makefile -> where what stands behind its colon begins; 0 where it has several rules."""
    found: dict[bytes, int] = {}
    for line in re.finditer(rb"(?m)^([\w./-]+):(?![:=])", data):
        found[line[1]] = 0 if line[1] in found else line.end()
    return found


def _line_end(data: bytes, at: int) -> int:
    """Where the next line begins, behind those that continue this one."""
    end = data.find(b"\n", at) + 1
    while end and data.endswith((b"\\\n", b"\\\r\n"), at, end):
        end = data.find(b"\n", end) + 1
    return end or len(data)


def _is_conditional(data: bytes, at: int) -> bool:
    """Whether what stands in a Makefile is a part of a condition, or of a definition."""
    before = b"\n" + data[:at]
    pairs = ((b"\nif", b"\nendif"), (b"\ndefine", b"\nendef"))
    return any(before.count(begin) != before.count(end) for begin, end in pairs)


@lru_cache(maxsize=256)
def _script(path: str, data: bytes, start: int, end: int) -> ShellSource:
    """A recipe as a script: its lines have the numbers that they have in the Makefile."""
    before, own = b"\n" * data.count(b"\n", 0, start), data[start:end]
    return ShellSource(path, before + own, before + recipes(b"all:\n" + own)[len(b"all:\n") :])


@lru_cache(maxsize=64)
def variables(data: bytes) -> Mapping[str, tuple[str | None, bool]]:
    """Variable of a Makefile -> its value, and whether the environment goes before it.

    The value is None where a condition decides, a command makes it, or there are several.
    """
    found: dict[str, tuple[str | None, bool]] = {}
    depth = 0
    for line in re.finditer(_ASSIGNMENT, data):
        if line["block"]:
            depth += -1 if line["block"].startswith(b"end") else 1
            continue
        name, sign, value = (part.decode(errors="replace") for part in line.group("name", "sign", "value"))
        plain = not depth and not line["indent"] and name not in found and sign not in ("+=", "!=")
        known = plain and not re.search(r"\$[({][\w-]+[ \t]|[#\\]", value)
        found[name] = (value.strip() if known else None), sign == "?="
    return found


_ASSIGNMENT = (
    rb"(?m)^(?: *+(?P<block>ifn?(?:eq|def)|endif|define|endef)\b"
    rb"|(?P<indent>[ \t]*+)(?:(?:export|override)[ \t]++)?"
    rb"(?P<name>[\w.-]++)[ \t]*+(?P<sign>\?=|!=|\+=|:{0,3}=)[ \t]*+(?P<value>[^\n]*+))"
)
