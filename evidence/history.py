"""What would `check` have said, commit by commit? Replays it over a LocalAI clone.

    LOCALAI_REPO=~/LocalAI python evidence/history.py [--since 2025-12-01] [--processes 2] [--select RULE ...]

Every commit of the main line that touches a registration file is checked as it was. A finding that a
commit has and the one before it has not was introduced there, and repaired where it is gone again.
Prints, as Markdown: crashes and unknown shapes (there should be none), findings over time, what was
introduced and repaired by rule, and the defects that stayed longest. Read-only.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import statistics
import subprocess
import traceback
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

from scaffold.checkout.tree import GitTree
from scaffold.errors import ScaffoldError
from scaffold.operations import check
from scaffold.operations.workers import find
from scaffold.registry import Registry

PATHS = (
    ".github/backend-matrix.yml",
    ".github/dependabot.yml",
    ".github/workflows",
    "Makefile",
    "backend/index.yaml",
    "core/config/backend_capabilities.go",
    "core/gallery/importers",
    "core/http/endpoints/localai/backend.go",
    "docs/content/reference/compatibility-table.md",
    "pkg/system/capabilities.go",
    "scripts/changed-backends.js",
    "scripts/lib",
)
"""The files in which backends are registered."""

Identity = tuple[str, str, str, str]


@dataclass(slots=True)
class Commit:
    """One checked commit."""

    sha: str
    day: date
    problem: str = ""
    severities: dict[str, int] = field(default_factory=dict)
    findings: Counter[tuple[str, Identity]] = field(default_factory=Counter)
    """Severity and identity of each finding."""


def commits(repository: Path, since: str) -> list[Commit]:
    """The commits to check, the oldest first."""
    command = [
        "git",
        "-C",
        str(repository),
        "log",
        "--first-parent",
        "--reverse",
        f"--since={since}",
        "--format=%H %cs",
        "HEAD",
        "--",
        *PATHS,
    ]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")
    return [Commit(line[:40], date.fromisoformat(line[41:])) for line in lines if line]


def checked(commit: Commit, select: Sequence[str] = ()) -> Commit:
    """The commit with what the check finds in it, or some of its rules."""
    tree = GitTree(Path(os.environ["LOCALAI_REPO"]), commit.sha)
    try:
        found = find(Registry(tree), check.Scope(select=select).rules())
        commit.findings = Counter((f.severity.value, f.identity) for f in found)
        commit.severities = Counter(f.severity.value for f in found)
    except ScaffoldError as error:
        commit.problem = f"exit {error.exit_code}: {error}"
    except Exception:
        commit.problem = f"crash: {traceback.format_exc().splitlines()[-1]}"
    finally:
        tree.close()
        gc.collect()
    return commit


@dataclass(frozen=True, slots=True)
class Life:
    """A finding from the commit that introduced it to the one that repaired it."""

    severity: str
    identity: Identity
    introduced: Commit
    repaired: Commit | None

    @property
    def days(self) -> int:
        """How long it stayed."""
        return (self.repaired.day - self.introduced.day).days if self.repaired else 0


def lives(history: list[Commit]) -> list[Life]:
    """Every finding that some commit introduced; those of the first commit were there before."""
    alive: dict[tuple[str, Identity], Commit] = {}
    found = []
    before = set(history[0].findings)
    for commit in history[1:]:
        for key in set(alive) - set(commit.findings):
            found.append(Life(*key, alive.pop(key), commit))
        for key in set(commit.findings) - before - set(alive):
            alive[key] = commit
        before = set(commit.findings)
    return found + [Life(*key, commit, None) for key, commit in alive.items()]


def main() -> None:
    """Check every commit and print the tables."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--since", default="2025-12-01")
    options.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options.add_argument("--select", nargs="*", default=(), metavar="RULE")
    given = options.parse_args()
    chosen = commits(Path(os.environ["LOCALAI_REPO"]), given.since)
    with multiprocessing.get_context("spawn").Pool(given.processes, gc.disable) as pool:
        history = list(pool.imap(partial(checked, select=given.select), chosen, chunksize=4))
    good = [commit for commit in history if not commit.problem]
    print(f"{len(history)} commits from {history[0].day} to {history[-1].day}; ", end="")
    print(f"{len(history) - len(good)} crashed or had an unknown shape")
    for commit in history:
        if commit.problem:
            print(f"\n- {commit.sha[:9]} ({commit.day}): {commit.problem}")
    months: dict[str, list[Commit]] = defaultdict(list)
    for commit in good:
        months[f"{commit.day:%Y-%m}"].append(commit)
    print("\n| month | commits | errors | warnings | infos |\n|---|---|---|---|---|")
    for month, of_month in months.items():
        last = of_month[-1].severities
        counts = " | ".join(str(last.get(name, 0)) for name in ("error", "warning", "info"))
        print(f"| {month} | {len(of_month)} | {counts} |")
    _print_lives(lives(good))


def _print_lives(found: list[Life]) -> None:
    by_rule: dict[str, list[Life]] = defaultdict(list)
    for life in found:
        if life.severity != "info":
            by_rule[life.identity[0]].append(life)
    print("\n| rule | introduced | repaired | median days until repaired |\n|---|---|---|---|")
    for rule, of_rule in sorted(by_rule.items()):
        days = [life.days for life in of_rule if life.repaired]
        median = f"{statistics.median(days):.0f}" if days else ""
        print(f"| {rule} | {len(of_rule)} | {len(days)} | {median} |")
    errors = [life for life in found if life.severity == "error" and life.repaired]
    print("\n| error | introduced | repaired | days |\n|---|---|---|---|")
    for life in sorted(errors, key=lambda life: -life.days)[:40]:
        rule, backend, _, subject = life.identity
        assert life.repaired is not None
        ends = f"{life.introduced.sha[:9]} | {life.repaired.sha[:9]} | {life.days}"
        print(f"| {rule} {backend}: {subject} | {ends} |")


if __name__ == "__main__":
    main()
