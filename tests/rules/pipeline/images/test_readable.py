"""Dockerfiles that cannot be read: words that are no instruction, scripts that do not end."""

from __future__ import annotations

import pytest

from scaffold.rules.base import Severity
from tests.rules.pipeline.trees import MINIATURE, Case, assert_case, found, tree

IF = 'FROM a\nRUN <<EOT bash\nif [ "$A" = b ]; then\n    apt-get install -y c{}\nfi\nEOT\n'

CASES: dict[str, Case] = {
    "dockerfile-unreadable": Case(
        tree({"Dockerfile": IF.format(" \\")}), "fi", tree({"Dockerfile": IF.format(" \\\n d")})
    ),
}


@pytest.mark.parametrize("text", ["hello world\n", "ARG A=b\nRUN c\n", "FRMO a\nRUN c\n", "P\x00\x01,\n"])
def test_what_makes_no_image(text: str) -> None:
    path = "backend/Dockerfile.python"
    (told,) = found(tree({path: text}, MINIATURE), "dockerfile-unreadable")
    assert (told.path, told.line, told.severity) == (path, 1, Severity.error)
    assert "has no FROM" in told.message
    assert found(tree({path: text}), "dockerfile-unreadable") == []  # a part of one, or a template


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("FROM a\nRUNN make\nRUN make", [2]),
        ("FROM a\nRUN make \\\n  && make\n  && make", [4]),
        ("FROM a\n# b\nCPY a b", [3]),
        ("FROM a\nRUN <<EOT\nmake\nRUN make", [2]),
        ("FROM a\nRUN <<EOT\nmake\n\nRUN <<EOT\nmake\nEOT\nRUN make", [5]),
        ("FROM a\nRUN if a; then b", [2]),
        ("FROM a\nRUN if a; \\\n # c\n b; \\\n fi", [2]),
        ("FROM a\nRUN a && \\\n b; done", [3]),
        ("FROM a\nRUN for a in b; \\\n do c; \\\n fi", [2]),
        ('FROM a\nRUN ["sh", "-c", "if a; b; fi"]', [2]),
        ("FROM a\nRUN sh <<EOT\ncase a in\nb) c;;\nEOT", [3]),
        ("FROM a\nRUN if a; then b; \\\n fi\nRUN <<EOT\nif c\nthen d # fi\nfi\nEOT", []),
        ("FROM a\nRUN cat <<EOT >b\nif\nEOT\nRUN <<EOT python3\nif a:\n  b\nEOT", []),
        ("FROM a\nRUN <<EOT\n#!/usr/bin/python3\nif a:\n  b\nEOT", []),
        ("# escape=`\nFROM a\nRUN if a `\n b", []),
        ("# syntax=example/other\nFROM a\nINCLUDE b", []),
        ("# syntax=docker/dockerfile:1\nFROM a\nINCLUDE b", [3]),
        ('FROM a\nSHELL ["pwsh", "-c"]\nRUN if (a) { b }', []),
        ("FROM mcr.microsoft.com/windows/nanoserver\nRUN if exist a b", []),
        ("FROM a\n{% if b %}\nRUN c\n{% endif %}", []),
        ("include(a)\nRUNN b", []),
        ('FROM a\nRUN b "if', []),
    ],
)
def test_what_cannot_be_read(text: str, lines: list[int]) -> None:
    findings = found(tree({"Dockerfile": text + "\n"}), "dockerfile-unreadable")
    assert [finding.line for finding in findings] == lines
    assert {finding.severity for finding in findings} <= {Severity.error}


def test_a_heredoc_that_ends_with_its_script_is_a_warning() -> None:
    text = "FROM a\nRUN <<EOT\ncat <<EOF >b\nc\nEOT\n"
    (finding,) = found(tree({"Dockerfile": text}), "dockerfile-unreadable")
    assert (finding.line, finding.severity) == (3, Severity.warning)


def test_the_instruction_that_is_meant() -> None:
    (finding,) = found(tree({"Dockerfile": "FROM a\nRUNN b\n"}), "dockerfile-unreadable")
    assert finding.help == "write RUN"
