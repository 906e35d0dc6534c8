"""Small repositories for the pipeline rules: workflows of the shape of an incident, and of its repair."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.tree import Overlay, Tree, WorkTree
from scaffold.operations import check, workers
from scaffold.operations.proof import prove_syntax
from scaffold.resources import miniature_dir
from scaffold.rules import all_rules
from scaffold.rules.base import Finding, PipelineRule

W = ".github/workflows/"
RULES = {rule.slug: rule for rule in all_rules() if isinstance(rule, PipelineRule)}
MINIATURE = WorkTree(miniature_dir())
NOTHING = WorkTree(Path("/nonexistent"))


def tree(files: dict[str, str], base: Tree = NOTHING) -> Tree:
    """Files in a repository; a bare name is a workflow's."""
    paths = {path if "/" in path or "." in path or path.startswith(("Dockerfile", "Containerfile", "Brewfile", "Makefile")) else f"{W}{path}.yml": text
             for path, text in files.items()}  # fmt: skip
    return Overlay(base, {path: dedent(text).lstrip("\n").encode() for path, text in paths.items()})


def miniature(path: str, *pairs: tuple[str, str]) -> Tree:
    """The miniature with parts of one file replaced, each of which must be there."""
    data = MINIATURE.read(path)
    assert data is not None
    text = data.decode()
    for old, new in pairs:
        assert old in text, (path, old)
        text = text.replace(old, new)
    return Overlay(MINIATURE, {path: text.encode()})


def found(where: Tree, slug: str) -> list[Finding]:
    """The findings of one rule."""
    rules = [RULES[slug]]
    return workers.find(check.opened(where, rules), rules)


def everything(where: Tree) -> Counter[tuple[str, str, str, str]]:
    rules = [rule for rule in RULES.values() if rule.default]
    return Counter(finding.identity for finding in workers.find(check.opened(where, rules), rules))


@dataclass(frozen=True)
class Case:
    """A tree that fails, where the finding stands, and the tree that passes."""

    fails: Tree
    at: str
    """Text of the line that is reported."""
    passes: Tree
    count: int = 1


def assert_case(slug: str, case: Case) -> None:
    """The failing tree is flagged at its line, the passing one is not, and a fix repairs without harm."""
    findings = found(case.fails, slug)
    assert len(findings) == case.count, findings
    first = findings[0]
    data = case.fails.read(first.path)
    assert data is not None
    assert case.at in data.decode().split("\n")[first.line - 1], (first.path, first.line)
    assert not found(case.passes, slug)
    rule = RULES[slug]
    assert {f.severity for f in findings} == {rule.severity}
    assert any(f.fix for f in findings) is rule.fixable
    if rule.fixable:
        changes = ChangeSet(case.fails)
        for finding in findings:
            assert finding.fix is not None
            finding.fix(changes)
        prove_syntax(changes)
        after = changes.overlay()
        assert not found(after, slug), changes.diff()
        assert not everything(after) - everything(case.fails), changes.diff()
