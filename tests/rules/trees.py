"""Altered miniatures, and what a rule must say of them.

An `Altered` is the miniature under a few text replacements, each of which asserts that the old text
was there exactly once. A `Case` is such a tree with the finding that it must have: the backend, the
file and the line, which is looked up in the altered text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from scaffold.checkout.tree import Overlay, Tree, WorkTree
from scaffold.operations import check, fix, workers
from scaffold.registry import Registry
from scaffold.resources import miniature_dir
from scaffold.rules import registration_rules
from scaffold.rules.base import Finding, Severity
from scaffold.surfaces.base import YamlRecord

MATRIX = ".github/backend-matrix.yml"
GALLERY = "backend/index.yaml"
FILTER = "scripts/lib/backend-filter.mjs"
BUMP = ".github/workflows/bump_deps.yaml"
TEST_EXTRA = ".github/workflows/test-extra.yml"
DARWIN = ".github/workflows/backend_build_darwin.yml"
CAPABILITIES = "core/config/backend_capabilities.go"
PREF_ONLY = "core/http/endpoints/localai/backend.go"
IMPORTERS = "core/gallery/importers/importers.go"
DOCS = "docs/content/reference/compatibility-table.md"
DEPENDABOT = ".github/dependabot.yml"

BASE = WorkTree(miniature_dir())
RULES = {rule.slug: rule for rule in registration_rules()}

Select = Callable[[Registry], YamlRecord]
Step = Callable[[Tree], dict[str, bytes | None]]
Pair = tuple[str, str]


def text_of(tree: Tree, path: str) -> str:
    data = tree.read(path)
    assert data is not None, path
    return data.decode()


def entry(tag_suffix: str, platform_tag: str = "") -> Select:
    """The matrix entry of a tag suffix, and of a platform tag where it has one."""

    def select(registry: Registry) -> YamlRecord:
        return next(
            e
            for e in (*registry.matrix.linux, *registry.matrix.darwin)
            if (e.tag_suffix, e.fields.get("platform-tag", "")) == (tag_suffix, platform_tag)
        )

    return select


def item(name: str) -> Select:
    """The gallery item of a name."""
    return lambda registry: registry.gallery.by_name[name]


def pin(variable: str) -> Select:
    """The bump entry of a variable."""
    return lambda registry: next(b for b in registry.bump_deps.bumps if b.variable == variable)


def swap(text: str, pairs: tuple[Pair, ...], where: str) -> str:
    for old, new in pairs:
        assert text.count(old) == 1, (where, old, text.count(old))
        text = text.replace(old, new)
    return text


@dataclass(frozen=True)
class Altered:
    """The miniature, altered step by step; nothing is read before the tree is asked for."""

    steps: tuple[Step, ...] = ()

    def tree(self) -> Tree:
        tree: Tree = BASE
        for step in self.steps:
            tree = Overlay(tree, step(tree))
        return tree

    def _then(self, step: Step) -> Altered:
        return replace(self, steps=(*self.steps, step))

    def write(self, path: str, text: str | None) -> Altered:
        """A file with this text; None deletes it."""
        return self._then(lambda _: {path: None if text is None else text.encode()})

    def rewrite(self, path: str, change: Callable[[str], str]) -> Altered:
        """A file that `change` must alter."""

        def step(tree: Tree) -> dict[str, bytes | None]:
            before = text_of(tree, path)
            after = change(before)
            assert after != before, path
            return {path: after.encode()}

        return self._then(step)

    def edit(self, path: str, *pairs: Pair) -> Altered:
        """Replace texts that stand in a file once."""
        return self.rewrite(path, lambda text: swap(text, pairs, path))

    def each(self, path: str, old: str, new: str) -> Altered:
        """Replace a text wherever it stands in a file."""
        return self.rewrite(path, lambda text: text.replace(old, new))

    def append(self, path: str, text: str) -> Altered:
        return self.rewrite(path, lambda before: before + text)

    def edit_in(self, select: Select, *pairs: Pair) -> Altered:
        """Replace texts that stand in a record once."""
        return self._record(select, lambda text: swap(text, pairs, "record"))

    def drop(self, *selected: Select) -> Altered:
        """Delete records."""
        altered = self
        for select in selected:
            altered = altered._record(select, lambda _: "")
        return altered

    def copy(self, select: Select, *pairs: Pair) -> Altered:
        """A copy of a record behind it, with other texts."""
        return self._record(select, lambda text: text + swap(text, pairs, "record"))

    def another(self, select: Select, pair: Pair) -> Altered:
        """A copy of a record behind it, with another text wherever the first of the pair stands."""
        return self._record(select, lambda text: text + text.replace(*pair))

    def above(self, select: Select, line: str) -> Altered:
        """A line above a record, indented like it."""
        return self._record(select, lambda text: re.match(r" *", text)[0] + f"{line}\n{text}")  # type: ignore[index]

    def _record(self, select: Select, change: Callable[[str], str]) -> Altered:
        def step(tree: Tree) -> dict[str, bytes | None]:
            record = select(Registry(tree))
            start = record.source.line_start(record.start)
            data = record.source.data
            text = change(data[start : record.end].decode())
            return {record.path: data[:start] + text.encode() + data[record.end :]}

        return self._then(step)


MINIATURE = Altered()


def line_of(tree: Tree, path: str, *way: str) -> int:
    """The line at the end of a way: each text in the next line that holds it, `^text` upwards."""
    lines = text_of(tree, path).splitlines()
    at = -1
    for text in way:
        steps = range(at - 1, -1, -1) if text.startswith("^") else range(at + 1, len(lines))
        at = next(n for n in steps if text.removeprefix("^") in lines[n])
    return max(at, 0) + 1


@dataclass(frozen=True)
class Case:
    """An altered miniature with one defect, and the finding that says so."""

    rule: str
    backend: str
    path: str
    at: tuple[str, ...]
    """The way to the line: see `line_of`; the first line where it is empty."""
    altered: Altered
    also: tuple[str, ...] | None = ()
    """Rules that rightly find the same defect from their side; None where that is not the point."""
    times: int = 1
    """Findings of the rule; the first of them is the one that is placed."""
    says: str = ""
    severity: Severity | None = None
    fix: bool = False
    refused: str = ""
    """Why the repair discards the fix, where it must."""
    restores: bool = False
    """Whether the fix gives back the miniature byte by byte."""


def findings(tree: Tree, slug: str | None = None) -> list[Finding]:
    return workers.find(Registry(tree), [RULES[slug]] if slug else registration_rules())


def told(found: list[Finding]) -> list[tuple[str, str, str, int]]:
    return [(f.rule, f.backend, f.path, f.line) for f in found]


def assert_found(case: Case) -> None:
    tree = case.altered.tree()
    found = findings(tree)
    own = [f for f in found if f.rule == case.rule]
    line = line_of(tree, case.path, *case.at)
    assert told(own)[:1] == [(case.rule, case.backend, case.path, line)], told(found)
    assert len(own) == case.times, told(own)
    assert case.says in f"{own[0].message}\n{own[0].help}"
    assert own[0].severity is (case.severity or RULES[case.rule].severity)
    assert own[0].help
    if case.also is not None:
        assert {f.rule for f in found} == {case.rule, *case.also}, told(found)
    assert (own[0].fix is not None) is case.fix, "the finding has a fix, or lost it"
    if case.fix:
        assert RULES[case.rule].fixable, "the catalogue says that it has none"
        if case.refused:
            ((finding, why),) = fix.repair(tree, check.Scope(select=(case.rule,))).discarded
            assert finding.identity == own[0].identity
            assert case.refused in why
        else:
            assert_fixed(tree, own, case.restores)


def assert_fixed(tree: Tree, own: list[Finding], restores: bool = False) -> Overlay:
    """The repair removes these findings and brings no other."""
    repair = fix.repair(tree, check.Scope(select=(own[0].rule,)))
    assert not repair.discarded, repair.discarded
    after = repair.changes.overlay()
    before, left = (Counter(f.identity for f in findings(t)) for t in (tree, after))
    assert not left - before
    assert not any(left[f.identity] for f in own if f.fix)
    assert repair.changes.contents(), "nothing was changed"
    if restores:
        for path, data in repair.changes.contents().items():
            assert data == BASE.read(path), repair.changes.diff()
    return after


def assert_fine(altered: Altered, slug: str | None = None) -> None:
    """No rule finds anything; with a slug, that rule finds nothing."""
    assert told(findings(altered.tree(), slug)) == []
