"""The miniature with files of one backend changed, and what these rules alone say of it."""

from __future__ import annotations

from collections import Counter

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.tree import Overlay, Tree
from scaffold.operations import workers
from scaffold.registry import Registry
from scaffold.rules import registration_rules
from scaffold.rules.base import Finding
from tests.rules.trees import BASE

FINCH = "backend/python/finch-tts"
LARK = "backend/go/lark"
WREN = "backend/go/wren-cpp"
HERON = "backend/cpp/heron"
KESTREL = "backend/rust/kestrel"

OWN = {rule.slug: rule for rule in registration_rules() if rule.group == "files"}


def read(path: str) -> str:
    data = BASE.read(path)
    assert data is not None, path
    return data.decode()


def replaced(path: str, *pairs: tuple[str, str]) -> dict[str, bytes | None]:
    """A file of the miniature with parts replaced, each of which must be there."""
    text = read(path)
    for old, new_text in pairs:
        assert old in text, (path, old)
        text = text.replace(old, new_text)
    return {path: text.encode()}


def tree(*changes: dict[str, bytes | None]) -> Tree:
    return Overlay(BASE, {path: data for change in changes for path, data in change.items()})


def findings(where: Tree, slug: str | None = None) -> list[Finding]:
    rules = [OWN[slug]] if slug else list(OWN.values())
    return workers.find(Registry(where), rules)


def line_of(where: Tree, path: str, text: str) -> int:
    data = where.read(path)
    assert data is not None
    lines = [n for n, line in enumerate(data.decode().splitlines(), 1) if text in line]
    assert len(lines) == 1, (path, text, lines)
    return lines[0]


def only(where: Tree, slug: str, backend: str, path: str, text: str) -> Finding:
    """The one finding of all rules of this module; it stands on the line that holds `text`."""
    found = findings(where)
    assert [(f.rule, f.backend, f.path) for f in found] == [(slug, backend, path)]
    assert found[0].line == line_of(where, path, text)
    return found[0]


def assert_fixed(where: Tree, finding: Finding) -> Overlay:
    """The fix makes this finding disappear and no other appear."""
    assert finding.fix is not None
    changes = ChangeSet(where)
    finding.fix(changes)
    after = changes.overlay()
    before = Counter(f.identity for f in workers.find(Registry(where), registration_rules()))
    left = Counter(f.identity for f in workers.find(Registry(after), registration_rules()))
    assert not left - before
    assert before - left == Counter([finding.identity])
    return after


LINUX_RUN = """#!/bin/bash
CURDIR=$(dirname "$(realpath "$0")")
export LD_LIBRARY_PATH="$CURDIR/lib"
exec "$CURDIR/lark" "$@"
"""
LINUX_PACKAGE = """#!/bin/bash
CURDIR=$(dirname "$0")
source "$CURDIR/../../../scripts/build/package-system-libs.sh" "$CURDIR/package/lib" ""
cp -fv "$CURDIR/lark" "$CURDIR/run.sh" "$CURDIR/package/"
cp -fv "$CURDIR"/liblark.so "$CURDIR/package/lib/"
"""
