"""affected on LocalAI's history: what it says is what the script says when node runs it.

Runs where LOCALAI_REPO names a clone with its history. For each of some 250 commits the script of that
very commit is run by node on the commit's own change, with its matrix and its proto before and after.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import pytest

from scaffold.errors import ShapeError
from scaffold.operations import affected
from scaffold.operations.affected import Kind
from scaffold.operations.changes import change
from tests.conftest import real_repository
from tests.node_filter import NodeFilter, renamed_files

pytestmark = pytest.mark.skipif(
    real_repository() is None, reason="LOCALAI_REPO does not name a clone of LocalAI: skipped"
)

SINCE = "2025-08-19"
"""The script exists since the day before."""
WANTED = 250
ALWAYS = (
    ".github/backend-matrix.yml",
    "backend/backend.proto",
    "scripts/changed-backends.js",
    "scripts/lib/backend-filter.mjs",
)
"""Every commit that touches one of these is asked."""
OFTEN = ("backend", ".github/workflows", "scripts", "pkg", ".docker", "Makefile")


def repository() -> Path:
    found = real_repository()
    assert found is not None
    return found


def git(*arguments: str) -> list[str]:
    command = ["git", "-C", str(repository()), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def commits() -> list[str]:
    """Commits of the whole time, those that edit the matrix, the proto or the script first."""
    listing = ("rev-list", "--first-parent", f"--since={SINCE}", "HEAD", "--")
    always = git(*listing, *ALWAYS)
    others = [commit for commit in git(*listing, *OFTEN) if commit not in always]
    step = max(len(others) // max(WANTED - len(always), 1), 1)
    return always + others[::step]


def test_affected_is_what_node_says(tmp_path: Path, node_modules: Path) -> None:
    node = NodeFilter(tmp_path / "ci", node_modules)
    asked = commits()
    assert len(asked) >= 200
    wrong: list[str] = []
    reasons: Counter[str] = Counter()
    edits: Counter[str] = Counter()
    for commit in asked:
        files = renamed_files(repository(), f"{commit}^1", commit)
        expected, outputs = node.started(repository(), commit, f"{commit}^1", files)
        with change(repository(), commit, f"{commit}^1", ()) as found:
            if sorted(found.files) != sorted(files):
                wrong.append(f"{commit}: other files: {set(found.files) ^ set(files)}")
            answer = affected.run(found)
        got = {(j.os, j.backend, j.tag_suffix, j.platform_tag) for j in answer.jobs}
        if got != expected:
            wrong.append(
                f"{commit}: {len(got)} jobs, node starts {len(expected)}: {sorted(got ^ expected)[:5]}"
            )
        if answer.run_all is not (outputs.get("run-all") == "true"):
            wrong.append(f"{commit}: run_all is {answer.run_all}")
        if set(answer.backends) != {
            n for n, v in outputs.items() if v == "true" and not n.startswith("has-")
        }:
            wrong.append(f"{commit}: other backends are called changed")
        reasons.update({reason.kind.value for reason in answer.jobs.values()})
        edits.update(path for path in ALWAYS if path in files)
        edits.update(["jobs"] if expected else [])
        reasons.update(["none found"] if any(not r.file for r in answer.jobs.values()) else [])
    print(f"\n{len(asked)} commits; {dict(edits)}; reasons {dict(reasons)}")  # noqa: T201
    assert not wrong, "\n".join(wrong)
    assert edits[".github/backend-matrix.yml"] >= 20
    assert edits["backend/backend.proto"] >= 20
    assert edits["jobs"] >= 100
    assert reasons["none found"] == 0
    assert {kind.value for kind in Kind} - set(reasons) <= {"everything"}


def test_edited_matrices_and_protos(tmp_path: Path, node_modules: Path) -> None:
    """Each of the last matrix and proto edits as a change of that file alone, and with its state unknown."""
    node = NodeFilter(tmp_path / "ci", node_modules)
    for path in ALWAYS[:2]:
        for commit in git("rev-list", "--first-parent", "-12", "HEAD", "--", path):
            for base in (f"{commit}^1", None):
                expected, _ = node.started(repository(), commit, base, [path])
                with change(repository(), commit, f"{commit}^1", [path]) as found:
                    known = found if base else type(found)(found.head, None, found.files)
                    answer = affected.run(known)
                got = {(j.os, j.backend, j.tag_suffix, j.platform_tag) for j in answer.jobs}
                assert got == expected, (commit, path, base)


def test_a_checkout_without_the_script_says_so() -> None:
    old = git("rev-list", "-1", "--first-parent", "--before=2025-08-01", "HEAD")[0]
    with change(repository(), old, None, ()) as found, pytest.raises(ShapeError, match="is missing"):
        affected.run(found)
