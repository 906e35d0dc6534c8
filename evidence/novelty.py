"""What would `check --base PARENT` have called new, commit by commit? Replays it over a LocalAI clone.

    LOCALAI_REPO=~/LocalAI python -m evidence.novelty [--since 2025-12-01] [--processes 2] [--all]

Every commit of the main line that touches a registration file is compared with its parent. Prints, as
Markdown, how many findings were new, and those that a person has to judge: of a backend that the commit
does not add, in a file that it does not touch or where it makes another finding of that rule disappear;
with `--all` every one. Read-only.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

from evidence.history import commits
from scaffold.checkout.tree import GitTree
from scaffold.operations import check
from scaffold.rules.base import Finding


class Replayed(NamedTuple):
    """What the check of one commit says against its parent."""

    sha: str
    known: int
    """Findings that the parent has too."""
    new: list[Finding]
    doubtful: list[Finding]
    """Those of the new ones that a person has to judge."""


def replayed(sha: str) -> Replayed:
    """The check of a commit with its parent as base."""
    repository = Path(os.environ["LOCALAI_REPO"])
    before = GitTree(repository, f"{sha}^1")
    after = GitTree(repository, sha, beside=before)
    try:
        result = check.run(after, check.Scope(), before, "parent")
    finally:
        before.close()
        after.close()
        gc.collect()
    command = ["git", "-C", str(repository), "diff", "--name-only", f"{sha}^1", sha]
    touched = set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines())
    better = {finding.rule for finding in result.repaired}
    new = [f._replace(fix=None) for i, f in enumerate(result.findings) if result.is_new(i)]
    doubtful = [
        f for f in new if f.backend not in result.added and (f.path not in touched or f.rule in better)
    ]
    return Replayed(sha, len(result.old), new, doubtful)


def main() -> None:
    """Replay every commit and print what is new."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--since", default="2025-12-01")
    options.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options.add_argument("--all", action="store_true", help="print every new finding")
    given = options.parse_args()
    chosen = [commit.sha for commit in commits(Path(os.environ["LOCALAI_REPO"]), given.since)]
    with multiprocessing.get_context("spawn").Pool(given.processes, gc.disable) as pool:
        history = list(pool.imap(replayed, chosen, chunksize=4))
    known, new, doubtful = (sum(counts) for counts in zip(*map(_counts, history), strict=True))
    print(f"{len(history)} commits, {known} findings known, {new} new, {doubtful} to judge\n")
    for one in history:
        for f in one.new if given.all else one.doubtful:
            print(f"- {one.sha[:9]} {f.severity} {f.rule} {f.backend} {f.path}:{f.line}: {f.subject}")


def _counts(one: Replayed) -> tuple[int, int, int]:
    return one.known, len(one.new), len(one.doubtful)


if __name__ == "__main__":
    main()
