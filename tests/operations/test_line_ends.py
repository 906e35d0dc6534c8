"""A checkout whose lines end in CR LF, as git makes one on Windows, is the same checkout."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

import pytest

from evidence.mutation import Mutation, mutated, mutations
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.tree import Overlay, Tree
from scaffold.errors import ShapeError
from scaffold.operations import check, fix, new, remove, rename, variants
from scaffold.registry import Registry
from tests.operations.test_fix import DELETIONS
from tests.operations.test_new import KINDS, answers
from tests.rules.trees import BASE


def lf(data: bytes | None) -> bytes | None:
    return data.replace(b"\r\n", b"\n") if data is not None else None


def with_crlf(tree: Tree) -> Overlay:
    texts = {path: tree.content(path) or b"" for path in tree.files("")}
    return Overlay(tree, {path: (lf(text) or b"").replace(b"\n", b"\r\n") for path, text in texts.items()})


def made(tree: Tree, lang: str, kind: str) -> ChangeSet:
    return new.plan(tree, answers(lang, kind, imports="auto")).changes


def repaired(tree: Tree) -> ChangeSet:
    """What the fixes do where every file that can be repaired has lost something."""
    losses = {loss.path: loss for loss in DELETIONS}
    broken = Overlay(tree, {path: mutated(BASE, loss).read(path) for path, loss in losses.items()})
    whole = with_crlf(broken) if b"\r" in (tree.read("Makefile") or b"") else broken
    plan = fix.repair(whole, check.Scope())
    assert plan.changes.edited_paths() == sorted(losses)
    return plan.changes


PLANS: dict[str, Callable[[Tree], ChangeSet]] = {
    **{f"new {kind}": partial(made, lang=lang, kind=kind) for lang, kind in KINDS},
    **{f"remove {n}": lambda tree, n=n: remove.plan(tree, n).changes for n in Registry(BASE).names},  # type: ignore[misc]
    **{f"rename {n}": lambda tree, n=n: rename.plan(tree, n, "egret").changes for n in ("heron", "lark", "kestrel")},  # type: ignore[misc]
    "add variants": lambda tree: variants.add(tree, "night-heron", ["vulkan", "metal"]).changes,
    "remove a variant": lambda tree: variants.remove(tree, "heron", ["metal"]).changes,
    "fix": repaired,
}  # fmt: skip


@pytest.mark.parametrize("what", PLANS)
def test_the_same_is_planned_and_lines_end_as_they_did(what: str) -> None:
    expected, planned = PLANS[what](BASE), PLANS[what](with_crlf(BASE))
    assert planned.edits
    contents = planned.contents()
    assert {p: lf(data) for p, data in contents.items()} == {p: lf(d) for p, d in expected.contents().items()}
    for path in planned.edited_paths():
        assert (contents[path] or b"").count(b"\n") == (contents[path] or b"").count(b"\r\n"), path
        assert planned.lines(path) == expected.lines(path)
        assert planned.line_counts(path) == expected.line_counts(path)
    for path, file in planned.created.items():
        assert file.moved or b"\r" not in file.content, path


def test_the_same_is_found() -> None:
    broken = Overlay(BASE, {"Makefile": None, "backend/go/lark/Makefile": b"all:\n", ".gitignore": b"*\n"})
    found = check.run(with_crlf(broken), check.Scope()).findings
    assert [finding[:-1] for finding in found] == [f[:-1] for f in check.run(broken, check.Scope()).findings]
    assert found


LOSSES = random.Random(7).sample([*mutations(Registry(BASE))], 12)


@pytest.mark.parametrize("loss", LOSSES, ids=[f"{loss.surface}: {loss.what}" for loss in LOSSES])
def test_the_same_is_found_of_a_loss(loss: Mutation) -> None:
    broken = mutated(BASE, loss)
    assert told(with_crlf(broken)) == told(broken)


def told(tree: Tree) -> object:
    """What a check finds, or why it cannot."""
    try:
        return [finding._replace(fix=None) for finding in check.run(tree, check.Scope()).findings]
    except ShapeError as error:
        return str(error)
