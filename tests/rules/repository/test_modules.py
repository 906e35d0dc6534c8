"""Go modules that sources of the repository need."""

from __future__ import annotations

import pytest

from tests.rules.trees import MINIATURE, Altered, Case, assert_fine, assert_found

SLUG = "go-module-missing"
AGENT = ".github/agent/main.go"
MODULE = "\nrequire example.org/known v1.2.0\n"


def importing(*paths: str, at: str = AGENT, block: bool = True) -> Altered:
    lines = "".join(f'\t"{path}"\n' for path in paths)
    text = f"import (\n{lines})\n" if block else "".join(f'import a "{path}"\n' for path in paths)
    return MINIATURE.append("go.mod", MODULE).write(at, f"package main\n\n{text}")


LARK = "backend/go/lark/more.go"
CASES = {
    "a program of a workflow": Case(
        SLUG, "", AGENT, ("example.org/yaml/v3",), importing("os", "example.org/yaml/v3"), says="go.mod"
    ),
    "a backend, in one line": Case(
        SLUG, "lark", LARK, ("example.org/yaml",), importing("example.org/yaml", at=LARK, block=False)
    ),
    "a module that begins alike": Case(
        SLUG, "", AGENT, ("example.org/knownly",), importing("example.org/knownly")
    ),
}
LEFT_OUT = '//go:build ignore\n\npackage main\n\nimport "example.org/yaml"\n'
FINE = {
    "what there is": importing("os", "net/http", "example.org/known/deep", "github.com/mudler/LocalAI/pkg/a"),
    "a module of its own": importing("example.org/yaml").write(
        ".github/agent/go.mod", "module example.org/agent\n"
    ),
    "a text of a program": MINIATURE.append("go.mod", MODULE).write(
        AGENT, 'package main\n\nconst text = `\nimport "example.org/yaml"\n`\n'
    ),
    "a folder that Go leaves out": importing("example.org/yaml", at="backend/go/lark/_old/main.go"),
    "a workspace": importing("example.org/yaml").write("go.work", "go 1.26\nuse .\n"),
    "a file that is left out": MINIATURE.append("go.mod", MODULE).write(AGENT, LEFT_OUT),
    "a replacement": importing("example.org/yaml").append("go.mod", "replace example.org/yaml => ./yaml\n"),
}


@pytest.mark.parametrize("name", CASES)
def test_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_fine(name: str) -> None:
    assert_fine(FINE[name], SLUG)
