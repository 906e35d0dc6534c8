"""The files that start a check: every one that a reader opens."""

from __future__ import annotations

import re

import pytest
import yaml

from scaffold.checkout.tree import GitTree, Overlay, Tree, WorkTree
from scaffold.directory.service import STAGING
from scaffold.operations import check
from scaffold.operations.watched import expression, watched
from scaffold.pipeline.patterns import takes
from scaffold.resources import miniature_dir
from tests.conftest import real_repository
from tests.docs import PROJECT


class Traced(Overlay):
    """A tree that remembers which files were opened. As it is an overlay, one process reads it."""

    def __init__(self, base: Tree) -> None:
        super().__init__(base, {})
        self.opened: set[str] = set()

    def read(self, path: str) -> bytes | None:
        self.opened.add(path)
        return super().read(path)

    def content(self, path: str) -> bytes | None:
        self.opened.add(path)
        return super().content(path)


def opened(tree: Tree) -> set[str]:
    """The files that a check opens or would open, if they were there."""
    traced = Traced(tree)
    check.run(traced, check.Scope())
    return traced.opened


def assert_watched(paths: set[str]) -> None:
    assert [path for path in sorted(paths) if not takes(watched(), path)] == []
    assert [path for path in sorted(paths) if not re.search(expression(), path)] == []


def test_what_is_opened_in_the_miniature_starts_a_check() -> None:
    tree = WorkTree(miniature_dir())
    found = {path for path in opened(tree) if "/" in path or tree.read(path) is not None}
    assert {"scripts/changed-backends.js", STAGING} <= found
    assert_watched(found)


@pytest.mark.skipif(real_repository() is None, reason="LOCALAI_REPO does not name a clone")
def test_what_is_opened_in_localai_starts_a_check() -> None:
    repository = real_repository()
    assert repository is not None
    head = GitTree(repository, "HEAD")
    try:
        found = opened(head) & {*head.files("")}
    finally:
        head.close()
    assert {"Dockerfile", "go.mod", "pkg/model/initializers.go"} <= found
    assert_watched(found)


@pytest.mark.parametrize(
    "path", ["core/http/app.go", "pkg/grpc/server.go", "docs/content/faq.md", "Makefile.old", "xbackend/y"]
)
def test_what_nobody_opens_starts_none(path: str) -> None:
    assert not takes(watched(), path)
    assert not re.search(expression(), path)


def test_the_hook_that_is_offered_starts_for_the_same_files() -> None:
    (hook,) = yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["files"] == expression(), "write it there"
