"""What `.dockerignore` keeps out of the build of an image is missing there."""

from __future__ import annotations

import pytest

from tests.rules.trees import MINIATURE, Altered, findings, text_of

IGNORED = ".dockerignore"
OWN = "backend/Dockerfile.python.dockerignore"


def ignoring(*patterns: str) -> Altered:
    return MINIATURE.append(IGNORED, "\n" + "".join(f"{pattern}\n" for pattern in patterns))


def told(altered: Altered) -> list[tuple[str, str, str]]:
    """(rule, backend, the line that it stands in) of each finding."""
    tree = altered.tree()
    lines = text_of(tree, IGNORED).splitlines()
    return [(f.rule, f.backend, lines[f.line - 1]) for f in findings(tree) if f.path == IGNORED]


@pytest.mark.parametrize(
    ("pattern", "backend"),
    [
        ("backend/python/rookery", "rookery"),
        ("backend/python/rookery/", "rookery"),
        ("/backend/python/rookery", "rookery"),
        ("backend/python/rook*", "rookery"),
        ("backend/python/rooker?", "rookery"),
        ("backend/python/rookery/run.sh", "rookery"),
        ("backend/python/rookery/requirements*.txt", "rookery"),
        ("**/rookery", "rookery"),
        ("backend/python", ""),
        ("backend/*/*/run.sh", ""),
        ("**/*.sh", ""),
        ("**/Makefile", ""),
        ("backend", ""),
    ],
)
def test_a_pattern_that_keeps_a_backend_out(pattern: str, backend: str) -> None:
    assert told(ignoring(pattern)) == [("files-missing", backend, pattern)]


@pytest.mark.parametrize(
    "patterns",
    [
        ("run.sh",),
        ("*.sh",),
        ("backend/python/rook",),
        ("backend/python/rookery/*.md",),
        ("# backend/python/rookery",),
        ("**/sources",),
        ("backend/python/rookery", "!backend/python/rookery"),
        ("backend/*/*/run.sh", "!**/run.sh"),
    ],
)
def test_what_keeps_nothing_out_that_is_needed(patterns: tuple[str, ...]) -> None:
    assert told(ignoring(*patterns)) == []


def test_what_is_taken_in_again_and_left_out_once_more() -> None:
    patterns = "backend/python/rookery", "!backend/python/rookery", "backend/python/rookery/run.sh"
    assert told(ignoring(*patterns)) == [("files-missing", "rookery", patterns[-1])]


def test_a_dockerfile_with_a_list_of_its_own_is_built_by_that() -> None:
    assert told(ignoring("backend/python/rookery").write(OWN, "**/venv\n")) == []
