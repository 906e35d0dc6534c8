"""Was it said before it was repaired? Checks the repairs of LocalAI's history against their parents.

    LOCALAI_REPO=~/LocalAI python -m evidence.repairs [--processes 2]

`repairs.txt` has a line for every repair of registrations, builds and workflows whose parent shows that it
was wrong, for certain or in part: the commit, `yes` or `part`, the rule whose finding the repair ends (`-`
where there is none), and what was repaired. Each commit is checked with its parent as base; a row counts
where that rule has a finding that is gone. Prints, as Markdown, the share by months and a row for each.
Read-only.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import subprocess
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from scaffold.checkout.tree import GitTree
from scaffold.operations import check

LIST = Path(__file__).with_name("repairs.txt")


class Repair(NamedTuple):
    """A line of the list."""

    sha: str
    decidable: str
    """`yes`, or `part` where it takes more than the tree to be certain."""
    rule: str
    words: str


class Checked(NamedTuple):
    """A repair, its day, and whether its rule said it."""

    repair: Repair
    day: str
    is_said: bool


def listed() -> list[Repair]:
    """The repairs, the newest first."""
    lines = (line.split(None, 3) for line in LIST.read_text().splitlines())
    return [Repair(*line) for line in lines if line and line[0] != "#"]


def checked(repair: Repair) -> Checked:
    """Whether the rule of a repair has a finding in the parent that is gone with it."""
    repository = Path(os.environ["LOCALAI_REPO"])
    command = ["git", "-C", str(repository), "log", "-1", "--format=%cs", repair.sha]
    day = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    if repair.rule == "-":
        return Checked(repair, day, False)
    before = GitTree(repository, f"{repair.sha}^1")
    after = GitTree(repository, repair.sha, beside=before)
    try:
        result = check.run(after, check.Scope(select=[repair.rule]), before, "parent")
    finally:
        before.close()
        after.close()
        gc.collect()
    return Checked(repair, day, bool(result.repaired))


def main() -> None:
    """Check every repair and print the tables."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    with multiprocessing.get_context("spawn").Pool(options.parse_args().processes, gc.disable) as pool:
        found = pool.map(checked, listed(), chunksize=2)
    print("| month | decidable | said before | in part | said before |\n|---|---|---|---|---|")
    for month, of_month in groupby(found, lambda one: one.day[:7]):
        print(f"| {month} | {_shares(list(of_month))} |")
    print(f"| all | {_shares(found)} |")
    print("\n| commit | | repaired | decidable | said by |\n|---|---|---|---|---|")
    for repair, day, is_said in found:
        rule = repair.rule if is_said else "" if repair.rule == "-" else f"not by {repair.rule}"
        print(f"| {day} | {repair.sha} | {repair.words} | {repair.decidable} | {rule} |")


def _shares(found: list[Checked]) -> str:
    cells = []
    for kind in ("yes", "part"):
        said = [one.is_said for one in found if one.repair.decidable == kind]
        cells += [str(len(said)), str(sum(said))]
    return " | ".join(cells)


if __name__ == "__main__":
    main()
