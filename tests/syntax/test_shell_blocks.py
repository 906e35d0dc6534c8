"""Blocks of shell scripts, whole and not."""

from __future__ import annotations

import time

import pytest

from scaffold.syntax.shell_blocks import flaw


@pytest.mark.parametrize(
    "script",
    [
        "if a; then b; elif c; then d; else e; fi",
        "if (a) then b; fi; if [[ c ]] then d; fi; if if a; then b; fi then c; fi",
        "for a in if then; do b; done; for ((i = 1 << 2; i < 3; i++)); do c; done",
        "while read a; do b; done < <(c) | until d; do e; done",
        "case $a in\n  b|if) c ;;\n  (done) if d; then e; fi ;&\n  *) f\nesac",
        "case a in b) for c in d; do e; done;; esac",
        'a="$(if b; then echo "c \'d"; fi)" b=`if c; then d; fi`',
        "echo if; echo 'fi' \"done\" \\fi # then",
        "# a \\\nif b; then c; fi",
        "cat <<A <<-'B'\nif\nA\ndone\n\tB\nif c; then d; fi",
        "foo() { if a; then b; fi }",
        "a <<<if; b $((1 << 2)) ${#c} $#",
        'a "b',
    ],
)
def test_whole(script: str) -> None:
    assert flaw(script.encode()) is None


@pytest.mark.parametrize(
    ("script", "at", "problem"),
    [
        ("a; if b; then c", 3, "`if` has no `fi`"),
        ("a; if b; c; fi", 3, "`if` has no `then`"),
        ("if a; then\n b \\\n fi\nc", 17, "`\\` before it makes `fi` a word of the command"),
        ("if a; then for b in c; do d; fi", 11, "`for` has no `done`"),
        ("a; fi", 3, "nothing begins that `fi` belongs to"),
        ("a <<B\nb", 2, "the heredoc B does not end"),
        ("a <<B", 2, "the heredoc B does not end"),
        ("ä; case a in b) c;;", 4, "`case` has no `esac`"),
    ],
)
def test_not_whole(script: str, at: int, problem: str) -> None:
    assert flaw(script.encode()) == (at, problem)


@pytest.mark.parametrize(
    "part", ["((", "$((a ", '"$(', "<<A ", "if a; then ", "case a in (", "a \\\n", "'", "${ "]
)
def test_garbage_takes_no_time(part: str) -> None:
    start = time.process_time()
    flaw(part.encode() * 20_000)
    assert time.process_time() - start < 2
