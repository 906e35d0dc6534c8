"""Surfaces that go blind: a list that is moved, emptied or called otherwise."""

from __future__ import annotations

import re

import pytest

from scaffold.checkout.tree import Overlay, Tree
from scaffold.operations import check
from scaffold.registry import Registry
from scaffold.rules.base import Finding
from scaffold.rules.repository import parts
from tests.rules.gallery.test_addresses import CODE
from tests.rules.gallery.trees import HARDWARE
from tests.rules.trees import BASE, BUMP, CAPABILITIES, DARWIN, DOCS, IMPORTERS, MATRIX, PREF_ONLY, text_of

SLUG = "registration-file-missing"
PULL_REQUESTS = ".github/workflows/backend_pr.yml"
MAKEFILE = "Makefile"

RENAMED = {
    "BackendCapabilities": CAPABILITIES,
    "knownPrefOnlyBackends": PREF_ONLY,
    "defaultImporters": IMPORTERS,
    "test-extra:": MAKEFILE,
    "docker-build-backends:": MAKEFILE,
    ".NOTPARALLEL:": MAKEFILE,
    "backends/%:": MAKEFILE,
    "docker-save-%:": MAKEFILE,
}
FILES = (MATRIX, CAPABILITIES, PREF_ONLY, DOCS, PULL_REQUESTS, DARWIN, BUMP, MAKEFILE)


def renamed(name: str, tree: Tree = BASE) -> Overlay:
    path = RENAMED[name]
    text = text_of(tree, path)
    changed = re.sub(rf"(?m)^(var )?{re.escape(name)}", rf"\1Other{name}", text)
    assert changed != text
    return Overlay(tree, {path: changed.encode()})


def blind(tree: Tree, base: Tree | None = None) -> list[Finding]:
    result = check.run(tree, check.Scope(select=[SLUG]), base, "main" if base else None)
    found = [f for i, f in enumerate(result.findings) if result.is_new(i)]
    assert len({(f.path, f.subject) for f in found}) == len(found), "each once"
    return found


@pytest.mark.parametrize("name", RENAMED)
@pytest.mark.parametrize("base", [None, BASE])
def test_a_list_with_another_name(name: str, base: Tree | None) -> None:
    (found,) = blind(renamed(name), base)
    assert found.path == RENAMED[name]
    assert name.strip(":") in found.message


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (MAKEFILE, "define docker-build-backend", "define docker-build"),
        ("backend/python/common/libbackend.sh", "function installRequirements", "function installAll"),
        ("backend/python/common/libbackend.sh", "requirements", "needs"),
        ("scripts/changed-backends.js", "backend-filter.mjs", "filter.mjs"),
        ("scripts/lib/backend-filter.mjs", "export function filterMatrix", "function filterMatrix"),
        (PULL_REQUESTS, "scripts/changed-backends.js", "scripts/changed.js"),
    ],
)
@pytest.mark.parametrize("base", [None, BASE])
def test_what_others_call_by_another_name(path: str, old: str, new: str, base: Tree | None) -> None:
    text = text_of(BASE, path)
    assert old in text
    assert blind(Overlay(BASE, {path: text.replace(old, new).encode()}), base)


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("base", [None, BASE])
def test_a_file_that_is_gone(path: str, base: Tree | None) -> None:
    found = blind(Overlay(BASE, {path: None}), base)
    assert [f.path for f in found] == [path]
    assert f"{path} is missing" in found[0].message


SUITE = "tests/e2e-backends/backend_test.go"
TESTS = {SUITE: b'package x\n\tIt("loads", f)\n', "tests/e2e-backends/suite_test.go": b"package x\n"}


@pytest.mark.parametrize("path", ["README.md", "docs/content/features/backends.md", SUITE])
@pytest.mark.parametrize("with_base", [True, False])
def test_what_people_and_all_images_are_told_by_is_gone(path: str, *, with_base: bool) -> None:
    whole = Overlay(BASE, TESTS)
    assert blind(whole) == []
    (found,) = blind(Overlay(whole, {path: None}), whole if with_base else None)
    assert found.path == path
    assert found.message.startswith(f"{path} is missing")


def test_what_began_later_is_absent_and_not_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry(BASE)
    now = parts.parts(registry)
    then = [part._replace(size=0) if part.since > "2026-02" else part for part in now]
    monkeypatch.setattr(parts, "parts", lambda _: then)
    assert {part.path for part in parts.missing(registry)} >= {CAPABILITIES, PREF_ONLY}, "the matrix is young"
    then = [part._replace(proves="") for part in then]
    assert parts.missing(registry) == []


def test_what_the_base_has_is_asked_for_even_so() -> None:
    young = dict.fromkeys((CAPABILITIES,))
    before = Registry(BASE)
    after = Registry(Overlay(BASE, young))
    assert {part.path for part in parts.lost(before, after)} == {CAPABILITIES}
    assert parts.lost(after, before) == []
    assert parts.lost(before, before) == []


@pytest.mark.parametrize(
    ("path", "code"), [("pkg/system/capabilities.go", HARDWARE), ("pkg/downloader/uri.go", CODE)]
)
def test_what_localai_says_itself_is_not_guessed_where_it_is_gone(path: str, code: str) -> None:
    before = Overlay(BASE, {path: code.encode(), "pkg/system/state.go": b"package system\n"})
    result = check.run(Overlay(before, {path: None}), check.Scope(), before, "main")
    new = {f.rule for i, f in enumerate(result.findings) if result.is_new(i)}
    assert SLUG in new
    assert not {slug for slug in new if slug.startswith("gallery-")}
    assert result.repaired == ()


def test_nothing_is_thanked_for_where_a_surface_went_blind() -> None:
    broken = Overlay(BASE, {CAPABILITIES: text_of(BASE, CAPABILITIES).replace('"lark"', '"larch"').encode()})
    assert check.run(BASE, check.Scope(), broken, "main").repaired
    result = check.run(renamed("BackendCapabilities"), check.Scope(), broken, "main")
    assert result.repaired == ()
    assert result.fails(strict=False)


@pytest.mark.parametrize("emptied", [None, b"", b"# gone\n", b"name: tests\non: push\njobs: {}\n"])
def test_nothing_is_thanked_for_in_a_workflow_that_is_gone(emptied: bytes | None) -> None:
    """Nor where it has no jobs any more; a job that is repaired is one."""
    path, scope = ".github/workflows/site.yml", check.Scope(select=["go-version-old"])
    text = (
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/setup-go@v5\n"
    )
    before = Overlay(
        BASE, {path: f"{text}        with: {{go-version: '1.9'}}\n".encode(), "go.mod": b"go 1.26\n"}
    )
    repaired = Overlay(before, {path: f"{text}        with: {{go-version-file: go.mod}}\n".encode()})
    assert [f.path for f in check.run(repaired, scope, before, "main").repaired] == [path]
    assert check.run(Overlay(before, {path: emptied}), scope, before, "main").repaired == ()


def test_nothing_is_thanked_for_where_the_backend_has_a_new_error() -> None:
    broken = Overlay(BASE, {CAPABILITIES: text_of(BASE, CAPABILITIES).replace('"lark"', '"larch"').encode()})
    before = check.run(broken, check.Scope())
    assert {f.backend for f in before.findings} >= {"lark"}
    worse = Overlay(BASE, {"backend/go/lark/run.sh": None})
    repaired = check.run(worse, check.Scope(), broken, "main").repaired
    assert "lark" not in {f.backend for f in repaired}


DELETED = {
    "docker-build-backends:": MAKEFILE,
    "test-extra:": MAKEFILE,
    "prepare-test-extra:": MAKEFILE,
    ".NOTPARALLEL:": MAKEFILE,
}


@pytest.mark.parametrize("head", DELETED)
def test_what_is_gone_is_told_where_it_was_and_nothing_else_is_taken_for_it(head: str) -> None:
    path = DELETED[head]
    lines = text_of(BASE, path).splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.startswith(head))
    result = check.run(
        Overlay(BASE, {path: "".join([*lines[:at], *lines[at + 1 :]]).encode()}), check.Scope(), BASE, "main"
    )
    (found,) = [f for f in result.findings if f.rule == SLUG]
    assert (found.path, result.repaired) == (path, ())
    assert abs(found.line - (at + 1)) <= 3
    assert "here stands" not in found.message


def test_a_like_name_that_is_something_else_is_not_taken_for_it() -> None:
    other = "test-extra-backend:\n\ttrue\ndocker-build-e2e:\n\ttrue\n"
    for name in ("test-extra:", "docker-build-backends:"):
        text = re.sub(rf"(?m)^{name}.*\n(?:\t.*\n)*", "", text_of(BASE, MAKEFILE)) + other
        (found,) = blind(Overlay(BASE, {MAKEFILE: text.encode()}))
        assert "here stands" not in found.message
