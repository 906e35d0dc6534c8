"""A file that is not what readers take it for is one report: what they say of it is void."""

from __future__ import annotations

import re

import pytest

from scaffold.checkout.tree import Overlay, Tree
from scaffold.operations import check
from scaffold.rules.base import Finding
from tests.rules.trees import BASE, BUMP, CAPABILITIES, GALLERY, IMPORTERS, MATRIX, MINIATURE, Altered

COMMON = "backend/python/common"
CAUSE = "registration-file-missing"


def renamed(path: str, old: str, new: str) -> Altered:
    return MINIATURE.rewrite(path, lambda text: re.sub(old, new, text, count=1))


def without(folder: str) -> Tree:
    return Overlay(BASE, dict.fromkeys(BASE.files(folder)))


def new(tree: Tree, base: Tree | None = BASE) -> list[Finding]:
    result = check.run(tree, check.Scope(), base, "main" if base else None)
    return [finding for at, finding in enumerate(result.findings) if result.is_new(at)]


KEYS = {
    "the matrix": (renamed(MATRIX, r"(?m)^include:", "includes:"), MATRIX, "includes:", "'include'"),
    "the matrix for macOS": (renamed(MATRIX, "includeDarwin:", "includeMac:"), MATRIX, "includeMac:", "'includeDarwin'"),
    "the pins": (renamed(BUMP, "include:", "included:"), BUMP, "included:", "'include'"),
    "what the pins stand below": (renamed(BUMP, "matrix:", "matrices:"), BUMP, "matrices:", "'matrix'"),
    "a definition of make": (
        renamed("Makefile", "define generate-docker-build-target", "define generate-docker-target"),
        "Makefile", "define generate-docker-target", "'generate-docker-build-target'",
    ),
    "a definition of make and its calls": (
        MINIATURE.each("Makefile", "generate-docker-build-target", "generate-docker-targets"),
        "Makefile", "define generate-docker-targets", "'generate-docker-build-target'",
    ),
    "a list of make": (renamed("Makefile", r"\.NOTPARALLEL:", ".NOTPARALEL:"), "Makefile", ".NOTPARALEL:", "'.NOTPARALLEL'"),
    "a table of Go": (
        renamed(CAPABILITIES, "var BackendCapabilities ", "var BackendCaps "),
        CAPABILITIES, "var BackendCaps ", "'BackendCapabilities'",
    ),
    "a list of Go": (
        MINIATURE.each(IMPORTERS, "defaultImporters", "defaultImporterList"),
        IMPORTERS, "defaultImporterList", "'defaultImporters'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("base", [BASE, None])
def test_a_name_that_is_changed_is_told_where_it_stands(name: str, base: Tree | None) -> None:
    altered, path, line, looked_for = KEYS[name]
    tree = altered.tree()
    (cause,) = (finding for finding in new(tree, base) if finding.severity.value == "error")
    text = (tree.read(path) or b"").decode()
    assert (cause.rule, cause.path) == (CAUSE, path)
    assert line in text.splitlines()[cause.line - 1]
    assert looked_for in cause.message


GONE = (
    COMMON,
    ".docker",
    "core/gallery/importers",
    f"{COMMON}/libbackend.sh",
    "backend/Dockerfile.python",
    "backend/Dockerfile.golang",
    "scripts/build/package-gpu-libs.sh",
    ".docker/install-base-deps.sh",
    ".github/workflows/backend_build.yml",
    "scripts/changed-backends.js",
)


@pytest.mark.parametrize("path", GONE)
def test_what_is_gone_is_missed_once(path: str) -> None:
    tree = Overlay(BASE, {path: None}) if BASE.read(path) is not None else without(path)
    (found,) = new(tree)
    assert found.severity.value == "error"
    assert path in f"{found.path} {found.message}"


def test_two_files_that_are_gone_are_two_reports() -> None:
    paths = "backend/Dockerfile.golang", ".docker/install-base-deps.sh"
    assert len(new(Overlay(BASE, dict.fromkeys(paths)))) == len(paths)


@pytest.mark.parametrize("at", [0.2, 0.5, 0.8])
def test_a_gallery_of_two_documents_is_one_report(at: float) -> None:
    tree = MINIATURE.rewrite(GALLERY, lambda text: half(text, at)).tree()
    (found,) = new(tree)
    assert found.rule == "gallery-unreadable"
    assert (tree.read(GALLERY) or b"").splitlines()[found.line - 1] == b"---"


def half(text: str, at: float) -> str:
    """The gallery with the beginning of another document before an item."""
    place = text.index("\n- ", int(len(text) * at)) + 1
    return f"{text[:place]}---\n{text[place:]}"


def test_two_files_that_are_no_such_files_are_two_reports() -> None:
    lost = renamed(BUMP, "include:", "included:").rewrite(
        MATRIX, lambda text: text.replace("includeDarwin:", "mac:")
    )
    assert [(f.rule, f.path) for f in new(lost.tree())] == [(CAUSE, MATRIX), (CAUSE, BUMP)]


def test_what_does_not_stand_on_the_file_is_told_beside_it() -> None:
    lost = renamed(BUMP, "include:", "included:")
    script = "backend/python/rookery/run.sh"
    assert {finding.rule for finding in new(lost.write(script, "#!/bin/bash\n").tree())} > {CAUSE}


def test_what_stands_on_it_comes_back_when_the_cause_is_silenced() -> None:
    entry = f'[[suppress]]\nrule = "{CAUSE}"\nreason = "it is read elsewhere"\n'
    silenced = renamed(MATRIX, r"(?m)^include:", "includes:").write(".scaffold.toml", entry)
    assert {"gallery-image-not-built", "matrix-missing-entry"} <= {f.rule for f in new(silenced.tree(), None)}


def test_a_cause_of_the_base_hides_nothing_new() -> None:
    lost = renamed(BUMP, "include:", "included:")
    more = lost.write("backend/Dockerfile.golang", None)
    assert {finding.rule for finding in new(more.tree(), lost.tree())} == {"matrix-missing-dockerfile"}


def test_the_cause_says_how_much_is_not_listed() -> None:
    (cause,) = new(renamed(BUMP, "include:", "included:").tree())
    assert re.search(
        r"until then what is judged by it is not listed, \d+ findings? of \d+ rules?", cause.help
    )


@pytest.mark.parametrize("select", ["gallery", "gallery-image-not-built"])
def test_what_was_not_asked_for_is_told_where_what_was_stands_on_it(select: str) -> None:
    lost = renamed(MATRIX, r"(?m)^include:", "includes:").tree()
    for base in (BASE, None):
        result = check.run(lost, check.Scope(select=(select,)), base, "main" if base else None)
        assert [f.rule for f in result.findings] == [CAUSE]
        alone = check.run(lost, check.Scope(select=(select,), ignore=(CAUSE,)), base)
        assert {f.rule for f in alone.findings} - {CAUSE}
    assert check.run(lost, check.Scope(select=("docs-stale",))).findings == ()
    whole = check.run(BASE, check.Scope(select=(select,)))
    assert (whole.findings, whole.rules) == ((), len(check.Scope(select=(select,)).rules()))


def test_what_a_backend_has_in_a_file_that_is_gone_is_told_once() -> None:
    lost = renamed(MATRIX, r"(?m)^include:", "includes:").tree()
    assert [f.rule for f in check.run(lost, check.Scope(("rookery",)), BASE, "main").findings] == [CAUSE]
    assert check.run(BASE, check.Scope(("rookery",))).findings == ()
