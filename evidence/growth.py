"""Would `add-variant` have written what people wrote? Replays each platform that LocalAI added.

    LOCALAI_REPO=~/LocalAI python -m evidence.growth [--since DAY] [--until DAY] [--show] [NAME ...]

For each commit of the main line after which the CI builds a backend for more, its parent is taken,
`add-variant` is planned, and every registration of the backend that the commit makes or changes is compared
by value. Prints, as Markdown, a row per commit and backend, and what differs. The clone is read, never
written.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

from evidence.registrations import architectures, places
from evidence.replay import Lines, commits, compared, judged
from scaffold.checkout.tree import GitTree
from scaffold.errors import ScaffoldError
from scaffold.operations import variants
from scaffold.registry import Registry


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--since", default="2025-12-01")
    parser.add_argument("--until", default="now")
    parser.add_argument("--show", action="store_true", help="both values of what differs")
    options = parser.parse_args()
    repository = Path(os.environ["LOCALAI_REPO"])
    print("| commit | backend | platforms | registrations | equal | theirs wrong | differ |")
    print("|---|---|---|---|---|---|---|")
    total, lines = [0, 0, 0], []
    for commit, day in commits(repository, options.since, options.until):
        for name, grown in grew(repository, commit):
            if options.names and name not in options.names:
                continue
            whole, wrong, differ = replayed(repository, commit, name, grown, options.show)
            figures = (whole, whole - len(wrong) - len(differ), len(wrong), len(differ))
            total = [sum(pair) for pair in zip(total, figures[1:], strict=True)]
            cells = (f"{day} {commit[:9]}", name, " ".join(grown), *figures)
            print(f"| {' | '.join(map(str, cells))} |", flush=True)
            lines += [f"- {commit[:9]} {name}: {line}" for _, line in differ]
            lines += [f"- {commit[:9]} {name}: {line} (theirs is wrong)" for _, line in wrong]
    print(f"\n{sum(total)} registrations: {total[0]} equal, {total[1]} where people's is wrong\n")
    print(*lines, sep="\n")


def grew(repository: Path, commit: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The backends that are there before a commit and built for more after it, and for what."""
    trees = [GitTree(repository, rev) for rev in (f"{commit}^1", commit)]
    before, after = (Registry(tree) for tree in trees)
    for name in (n for n in after.names if n in before.names):
        built = before.variants(name)
        grown = tuple(variant for variant in after.variants(name) if variant not in built)
        if built and grown:
            yield name, grown
    for tree in trees:
        tree.close()


def replayed(
    repository: Path, commit: str, name: str, grown: tuple[str, ...], show: bool
) -> tuple[int, Lines, Lines]:
    """How many registrations a commit made or changed; what of them is wrong, and what else differs."""
    trees = [GitTree(repository, rev) for rev in (f"{commit}^1", commit)]
    before, after = (places(Registry(tree, name), name) for tree in trees)
    theirs = {place: value for place, value in after.items() if before.get(place) != value}
    try:
        plan = variants.add(trees[0], name, architectures(Registry(trees[1]), name, grown))
    except ScaffoldError as error:
        return len(theirs), [], [((), f"refused: {' '.join(str(error).split())}")] * len(theirs)
    ours = places(Registry(plan.changes.overlay(), name), name)
    wrong, differ = compared(theirs, ours, judged(Registry(trees[1], name), name), show)
    for tree in trees:
        tree.close()
    return len(theirs), wrong, differ


if __name__ == "__main__":
    main()
