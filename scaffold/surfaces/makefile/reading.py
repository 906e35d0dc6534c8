"""The root Makefile: how a backend's image is built by hand, and which tests run.

Since January 2026 a backend is one `BACKEND_X = name|dockerfile|context|progress|needs-arg` line and
its `$(eval ...)`; before, it was three explicit rules. Both are read.
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from scaffold import cage
from scaffold.backend.names import FOLDER
from scaffold.surfaces.base import FileSurface, Registration
from scaffold.surfaces.parts import Part
from scaffold.syntax.make import Assignment, Call, MakeSource, Rule
from scaffold.syntax.make_lines import Kind, Line, lines, without_references
from scaffold.syntax.shell import ShellSource
from scaffold.syntax.source import Place, Span, Word

GENERATOR = "generate-docker-build-target"
MAX_DEPTH = 4
"""Patterns that need each other are followed this far."""
DEFINITION_FIELDS = ("name", "dockerfile_type", "context", "progress", "needs_backend_arg")

_WORKS_ON = re.compile(
    rf"{FOLDER}([\w.-]+)|\bBACKEND=([\w.-]+)|local-ai-backend:([\w.-]+)"
    r"|scripts/build/([\w.-]+)-darwin\.sh|backend-images/([\w.-]+)\.tar|\bbackends/([\w.-]+)"
)
_INCLUDES = (b"include", b"-include", b"sinclude")
_GENERATED = re.compile(rf"(?m)^[ ]*define[ \t]+{GENERATOR}\b(?!-)".encode())


class Definition(NamedTuple):
    """One `BACKEND_X` line."""

    variable: str
    name: str
    dockerfile_type: str
    context: str
    progress: str
    needs_backend_arg: str
    assignment: Assignment

    def with_fields(self, fields: Mapping[str, str]) -> str:
        """Its value with another text for some fields."""
        return "|".join(fields.get(name, getattr(self, name)) for name in DEFINITION_FIELDS)


class MakefileReader(FileSurface):
    """What the root Makefile says."""

    name = "Makefile"
    paths = ("Makefile",)

    @cached_property
    def source(self) -> MakeSource | None:
        """The file; None where it is absent."""
        return self.load(MakeSource, *self.paths)

    @cached_property
    def definitions(self) -> list[Definition]:
        """Every five-field definition, in file order."""
        found = []
        for assignment in self.source.assignments if self.source else ():
            parts = [part.strip() for part in assignment.value.split("|")]
            if assignment.name.startswith("BACKEND_") and len(parts) == len(DEFINITION_FIELDS):
                fields = dict(zip(DEFINITION_FIELDS, parts, strict=True))
                found.append(Definition(assignment.name, assignment=assignment, **fields))
        return found

    @cached_property
    def evals(self) -> dict[str, Word]:
        """Variable -> the `$(eval ...)` line that makes its target."""
        found = {}
        for call in self.source.calls if self.source else ():
            match = re.search(r"\$\((BACKEND_\w+)\)", call.text)
            if match and GENERATOR in call.text:
                found[match[1]] = call
        return found

    def rule(self, target: str) -> Rule | None:
        """The explicit rule of a target."""
        return self.source.rule(target) if self.source else None

    def list_words(self, target: str) -> list[Word]:
        """The prerequisites of a one-line list such as `.NOTPARALLEL`."""
        rule = self.rule(target)
        return list(rule.prerequisites) if rule else []

    def test_lines(self, target: str) -> dict[str, Word]:
        """Backend -> its recipe line in `prepare-test-extra` or `test-extra`."""
        found: dict[str, Word] = {}
        for line, made in self.calls(target):
            if _in_backend(made):
                found.setdefault(made.folder.rpartition("/")[2], line)
        return found

    def tested(self, target: str) -> Iterator[tuple[Word, str]]:
        """Recipe line and folder of every call that makes `test` in a backend's directory."""
        for line, made in self.calls(target):
            if _in_backend(made) and "test" in made.goals:
                yield line, made.folder

    def calls(self, target: str) -> list[tuple[Word, Call]]:
        """The calls of make in the recipe of a target, each with its line."""
        if target not in self._calls:
            rule = self.rule(target)
            self._calls[target] = list(self._calls_in(rule)) if rule else []
        return self._calls[target]

    @cached_property
    def _calls(self) -> dict[str, list[tuple[Word, Call]]]:
        return {}

    def _calls_in(self, rule: Rule) -> Iterator[tuple[Word, Call]]:
        ends = [line.end_byte - rule.start_byte for line in rule.recipe]
        for command in self.source.script(rule).commands if self.source else ():
            made = Call.of(command)
            position = bisect_right(ends, command.start_byte)
            if made is not None and position < len(ends):
                yield rule.recipe[position], made._replace(folder=posixpath.normpath(made.folder))

    @property
    def parts(self) -> Iterable[Part]:
        line = self.source.line if self.source else lambda _: 0
        yield Part(self.path, "rule", len(self.source.rules) if self.source else 0)
        own = [definition.assignment.start_byte for definition in self.definitions]
        yield Part(self.path, "backend definition", len(own), "2026-01-04", line=line(own[0]) if own else 0)
        evals = [word.start_byte for word in self.evals.values()]
        at = line(evals[0]) if evals else 0
        names = (GENERATOR,)
        yield Part(self.path, "eval of a definition", len(evals), "2026-01-04", line=at, names=names)
        made = len(_GENERATED.findall(self.source.data)) if self.source else 0
        yield Part(self.path, f"`define {GENERATOR}`", made, "2026-01-04", names=names)
        for target, since in ((".NOTPARALLEL", "2026-01-06"), ("docker-build-backends", "2025-07-18")):
            rule = self.rule(target)
            at = line(rule.start_byte) if rule else 0
            size = sum(
                word.text.startswith(("backends/", "docker-build-")) for word in self.list_words(target)
            )
            yield Part(self.path, f"{target} list", size, since, line=at, names=(target,))
        data = self.source.data if self.source else b""
        templates = re.findall(rb"(?m)^define docker-build-backend\r?$", data)
        names = ("docker-build-backend",)
        yield Part(self.path, "template docker-build-backend", len(templates), "2026-01-04", names=names)
        for pattern, since in (("backends/%", "2026-01-04"), ("docker-save-%", "2026-01-04")):
            yield Part(self.path, f"{pattern} rule", int(self.rule(pattern) is not None), since)
        for target in ("prepare-test-extra", "test-extra"):
            rule = self.rule(target)
            at = line(rule.start_byte) if rule else 0
            yield Part(self.path, f"{target} rule", len(self.test_lines(target)), line=at, names=(target,))

    def rule_with_recipe(self, target: str) -> bool:
        """Whether an explicit rule makes a target."""
        rule = self.rule(target)
        return rule is not None and bool(rule.recipe)

    def builds_for_linux(self, target: str) -> bool:
        """Whether an explicit rule makes a target by more than a build for macOS."""
        rule = self.rule(target)
        lines = [line.text for line in rule.recipe] if rule else []
        return bool(lines) and not any("-darwin" in line for line in lines)

    def makes(self, target: str, depth: int = 0) -> bool:
        """Whether some rule, definition or pattern could make a target; in doubt, yes."""
        if self.source is None or depth > MAX_DEPTH or self._is_open or self.rule(target) is not None:
            return True
        if any(target == f"docker-build-{d.name}" for d in self.definitions):
            return True
        if target.encode() in {word for rule in self._heads for word in rule.head.split()}:
            return True
        for pattern, needs in self._patterns:
            found = pattern.fullmatch(target)
            names = (need.replace("%", found[1] if found.groups() else "") for need in needs) if found else ()
            if found and all("$" in n or self.tree.kind(n) or self.makes(n, depth + 1) for n in names):
                return True
        return False

    @cached_property
    def _is_open(self) -> bool:
        """Whether it has rules that only make knows: of other files, or of what it computes."""
        assert self.source is not None
        evals = (call.text for call in self.source.calls if "eval" in call.text)
        return any(GENERATOR not in text for text in evals) or any(
            line.kind is Kind.directive and line.head in _INCLUDES for line in lines(self.source.data)
        )

    @cached_property
    def _heads(self) -> list[Line]:
        """The first lines of rules, of those too that the grammar does not know."""
        cage.note(self.path)
        return [line for line in (lines(self.source.data) if self.source else ()) if line.kind is Kind.rule]

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], tuple[str, ...]]]:
        """The targets that may be more than one, by a pattern or a variable, and what their rules need."""
        rules = self.source.rules if self.source else ()
        return [
            (re.compile(".*" if "$" in word else re.escape(word).replace("%", "(.+)", 1)), needs)
            for rule in rules
            for needs in [tuple(need.text for need in rule.prerequisites)]
            for word in {target.text for target in rule.targets}
            if "%" in word or "$" in word
        ]

    @cached_property
    def targets(self) -> frozenset[str]:
        """What its rules are for, those in templates too, and what `.PHONY` lists; NUL for a reference."""
        heads = [without_references(line.head, b"\0") for line in self._heads]
        phony = [line.rest for line in self._heads if line.head == b".PHONY"]
        names = {f"docker-build-{definition.name}" for definition in self.definitions}
        return frozenset(names.union(*(part.decode(errors="replace").split() for part in (*heads, *phony))))

    def pattern_needs(self) -> Iterator[tuple[str, Word]]:
        """(target, what it needs) of pattern rules, where nothing can fit the pattern that is needed."""
        if self.source is None or self._is_open:
            return
        for rule in self.source.rules:
            for word in rule.prerequisites if any("%" in target.text for target in rule.targets) else ():
                head, percent, tail = word.text.partition("%")
                folder, _, start = head.rpartition("/")
                if not percent or not start or re.search(r"[$%*?.|(){}]", head + tail):
                    continue
                beside = (name.startswith(start) for name in self.tree.list(folder))
                if not any(_may_fit(target, head, tail) for target in self.targets) and not any(beside):
                    yield rule.targets[0].text, word

    def comments(self, target: str) -> list[str]:
        """The comments in the rule of a target."""
        rule = self.rule(target)
        return self.source.comments(rule) if rule and self.source else []

    def place(self, at: Span | int) -> Place:
        """The line of something in this file."""
        assert self.source is not None
        return self.source.place(at)

    def registrations(self, name: str) -> Iterable[Registration]:
        if self.source is None:
            return
        for definition in self.definitions:
            if definition.name == name:
                yield self._at(definition.assignment.start_byte, f"definition {definition.variable}")
                if definition.variable in self.evals:
                    yield self._at(
                        self.evals[definition.variable].start_byte, f"eval of {definition.variable}"
                    )
        own = {
            f"backends/{name}",
            f"docker-build-{name}",
            f"docker-save-{name}",
            f"backends/{name}-darwin",
        }
        for rule in self.source.rules:
            for word in (*rule.targets, *rule.prerequisites):
                if word.text in own and rule.targets:
                    yield self._at(word.start_byte, f"{word.text} in rule {rule.targets[0].text}")
        for target in ("prepare-test-extra", "test-extra"):
            if name in self.test_lines(target):
                yield self._at(self.test_lines(target)[name].start_byte, f"line of {target}")

    def references(self, name: str) -> Iterable[Registration]:
        if self.source is None:
            return
        rules = self.source.rules
        image = f"docker-build-{name}"
        tests = {t.text for r in rules if any(p.text == image for p in r.prerequisites) for t in r.targets}
        tests.discard("docker-build-backends")
        for rule in rules:
            if rule.targets and rule.prerequisites and all(p.text in tests for p in rule.prerequisites):
                first, last = self.place(rule.start_byte), self.place(rule.prerequisites[-1].start_byte)
                what = f"rule {rule.targets[0].text} gathers its tests"
                yield Registration(self.name, self.path, first.line, what, last.line)
        for assignment in self.source.assignments:
            if name in assignment.value.split():
                yield self._at(assignment.start_byte, f"word of {assignment.name}")
        for line, target in self._recipe_lines.get(name, ()):
            yield Registration(self.name, self.path, line, f"recipe of {target}")

    @cached_property
    def _recipe_lines(self) -> dict[str, list[tuple[int, str]]]:
        """Backend -> the recipe lines that work on it, each with its rule; not those of the test lists."""
        found: dict[str, dict[int, str]] = {}
        source = self.source
        starts = [head.start_byte for head in self._heads] if source else []
        for offset, text in _said(source.shell) if source else ():
            position = bisect_left(starts, offset) - 1
            rule = self._heads[position].head.split()[0].decode() if position >= 0 else ""
            if source and rule not in ("prepare-test-extra", "test-extra"):
                for name in (n for match in _WORKS_ON.finditer(text) for n in match.groups() if n):
                    found.setdefault(name, {})[source.line(offset)] = rule
        return {name: sorted(lines.items()) for name, lines in found.items()}

    def _at(self, offset: int, what: str) -> Registration:
        return Registration(self.name, self.path, self.place(offset).line, what)


def _may_fit(target: str, head: str, tail: str) -> bool:
    """Whether a target, which may be a pattern or have references, may fit a pattern."""
    first, last = re.split(r"[%\0]", target)[0], re.split(r"[%\0]", target)[-1]
    begins = target.startswith(head) or (first != target and head.startswith(first))
    return begins and (target.endswith(tail) or (first != target and tail.endswith(last)))


def _in_backend(made: Call) -> bool:
    return re.fullmatch(rf"{FOLDER}[\w.-]+", made.folder) is not None


def _said(script: ShellSource) -> Iterator[tuple[int, str]]:
    """The words of all commands and their assignments, each with its offset."""
    for command in script.commands:
        yield from ((word.start_byte, word) for word in command.words)
    for assignment in script.assignments:
        yield assignment.start_byte, script.text(assignment)
