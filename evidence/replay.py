"""Would `new-backend` have written what people wrote? Replays every addition of LocalAI's history.

    LOCALAI_REPO=~/LocalAI python -m evidence.replay [--since DAY] [--until DAY] [--show] [--undo] [NAME ...]

For each commit of the main line that brings a backend, its parent is taken, `new-backend` is planned with
the answers that the commit implies, and every registration of the commit is compared by value: matrix
entries, gallery items, Makefile lines, the directory that the path filter finds, the pin, importers,
capabilities, test jobs, rows of tables. Prose is not compared: an answer gives it. Prints, as Markdown,
a row per addition and what differs. The clone is read, never written.
"""

from __future__ import annotations

import argparse
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from evidence.registrations import Places, chosen, implied, places
from scaffold.checkout.tree import GitTree, Overlay, Tree
from scaffold.errors import ScaffoldError
from scaffold.operations import new, remove
from scaffold.registry import Registry
from scaffold.rules import registration_rules
from scaffold.rules.base import Severity
from scaffold.surfaces.gallery.items import DEVELOPMENT

FILES = (".github/backend-matrix.yml", ".github/workflows/backend.yml", "backend/index.yaml")
"""One of these is changed by every addition."""

FLAGS = {
    "path filter": "filter-unmapped-backend", "table row": "docs-acceleration",
    "gallery image": "gallery-image-", "pref-only line": "importer-shadowed-pref",
}  # fmt: skip
"""Surface -> the rules whose findings say that a whole registration of it is wrong."""

COLUMNS = (
    "addition", "kind", "registrations", "equal", "with --set", "theirs wrong", "differ", "more", "check",
    "apart", "left",
)  # fmt: skip


class Added(NamedTuple):
    """A backend, and the commit that brought it."""

    commit: str
    day: str
    name: str


class Outcome(NamedTuple):
    """What came of one replayed addition."""

    added: Added
    kind: str
    same: int
    chosen: int
    """Registrations that are equal where `--set` repeats what people chose and siblings have not."""
    differ: list[str]
    """Registrations of people that `new-backend` writes otherwise, or not at all."""
    wrong: list[str]
    """Those that differ in what `check` says of people's."""
    more: Counter[str]
    """Surface -> the registrations that people left out."""
    apart: list[str]
    """Images whose legs stand apart, of any backend, and did not before."""
    said: list[str]
    """What `check --strict` says of the new backend."""
    left: list[str]
    """Files that `remove-backend` does not make what they were."""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--since", default="2025-12-01")
    parser.add_argument("--until", default="now")
    parser.add_argument("--show", action="store_true", help="both values of what differs")
    parser.add_argument("--undo", action="store_true", help="remove each again, which takes longest")
    options = parser.parse_args()
    repository = Path(os.environ["LOCALAI_REPO"])
    outcomes = []
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for added in additions(repository, options.since, options.until):
        if options.names and added.name not in options.names:
            continue
        outcome = replayed(repository, added, options.show, options.undo)
        outcomes.append(outcome)
        whole = outcome.same + outcome.chosen + len(outcome.wrong) + len(outcome.differ)
        figures = (
            whole,
            outcome.same,
            outcome.chosen,
            len(outcome.wrong),
            len(outcome.differ),
            outcome.more.total(),
        )
        judged = (len(outcome.said), len(outcome.apart), len(outcome.left) if options.undo else "-")
        cells = (f"{added.day} {added.commit[:9]} {added.name}", outcome.kind, *figures, *judged)
        print(f"| {' | '.join(map(str, cells))} |", flush=True)
    same, wrong = sum(o.same for o in outcomes), sum(len(o.wrong) for o in outcomes)
    sets = sum(o.chosen for o in outcomes)
    whole = same + sets + wrong + sum(len(o.differ) for o in outcomes)
    print(
        f"\n{whole} registrations of {len(outcomes)} additions: {same} equal, {sets} more with `--set`, "
        f"{wrong} where people's is wrong"
    )
    more = sum((o.more for o in outcomes), Counter[str]())
    print("\nWhat people left out:", ", ".join(f"{surface} {count}" for surface, count in more.most_common()))
    for outcome in outcomes:
        rest = outcome.said + outcome.left + [f"legs apart: {tag}" for tag in outcome.apart]
        for line in outcome.differ + rest + [f"{line} (theirs is wrong)" for line in outcome.wrong]:
            print(f"- {outcome.added.name}: {line}")


def additions(repository: Path, since: str, until: str) -> Iterator[Added]:
    """The additions of the main line, the oldest first."""
    for commit, day in commits(repository, since, until):
        before, after = (_built(repository, rev) for rev in (f"{commit}^1", commit))
        yield from (Added(commit, day, name) for name in sorted(after - before))


def commits(repository: Path, since: str, until: str) -> Iterator[tuple[str, str]]:
    """The commits of the main line that change what is built or offered, the oldest first, and their days."""
    when = (f"--since={since}", f"--until={until}", "--format=%H %cs", "HEAD", "--", *FILES)
    command = ("git", "-C", str(repository), "log", "--first-parent", "--reverse", *when)
    for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
        commit, day = line.split()
        yield commit, day


def _built(repository: Path, rev: str) -> set[str]:
    tree = GitTree(repository, rev)
    matrix = Registry(tree).matrix
    built = {entry.backend for entry in (*matrix.linux, *matrix.darwin)}
    tree.close()
    return built


def replayed(repository: Path, added: Added, show: bool, undo: bool) -> Outcome:
    """The addition made again, and compared."""
    trees = GitTree(repository, f"{added.commit}^1"), GitTree(repository, added.commit)
    before, after = trees[0], Registry(trees[1])
    parent = without(before, added.name, f"{after.directory(added.name)}/")
    kind = after.kind(added.name)
    theirs = places(after, added.name)
    found = judged(Registry(trees[1], added.name), added.name)
    try:
        plans = list(planned(parent, after, added.name, found))
    except ScaffoldError as error:
        lacking = [f"refused: {' '.join(str(error).split())}"] + [" ".join(place) for place in theirs]
        return Outcome(added, kind, 0, 0, lacking, [], Counter(), [], [], [])
    results = [Registry(plan.changes.overlay(), added.name) for plan in plans]
    wrong, differ = compared(theirs, places(results[0], added.name), found, show)
    usual = {place for place, _ in (*wrong, *differ)}
    plan, result = plans[-1], results[-1]
    wrong, differ = compared(theirs, places(result, added.name), found, show)
    by_choice = len(usual - {place for place, _ in (*wrong, *differ)})
    overlay, ours = plan.changes.overlay(), places(result, added.name)
    declared = ("capabilities",) in theirs and _declares(trees, theirs["capabilities",])
    note = " (the commit itself declares the use case)"
    differ = [(place, line + note * (declared and place == ("capabilities",))) for place, line in differ]
    torn = _torn(result) - _torn(Registry(parent))
    same = len(theirs) - len(differ) - len(wrong) - by_choice
    more = Counter(place[0] for place in ours if place not in theirs)
    left = _left(parent, overlay, added.name) if undo else []
    for tree in trees:
        tree.close()
    lines = [[line for _, line in part] for part in (differ, wrong)]
    said = _said(result, added.name)
    return Outcome(added, kind, same, by_choice, *lines, more, sorted(torn), said, left)


Lines = list[tuple[tuple[str, ...], str]]
"""Place -> what of it is not as people wrote it."""

Findings = list[tuple[str, str]]
"""Rule, and what it says."""


def compared(theirs: Places, ours: Places, found: Findings, show: bool) -> tuple[Lines, Lines]:
    """What of people's registrations `check` calls wrong, and what else is not written, or otherwise."""
    wrong: Lines = []
    differ: Lines = []
    for place, value in theirs.items():
        written = ours.get(place)
        if isinstance(value, dict):  # what nobody has stated is no answer, and cannot be met
            written = {k: v for k, v in (written or {}).items() if value.get(k) != ""} or None
            value = {key: said for key, said in value.items() if said != ""}
        if written == value:
            continue
        keys = _keys(value, written)
        what = "is not written" if written is None else f"differs{_parts(value, written, keys, show)}"
        named = [word.removesuffix(DEVELOPMENT) for word in place[1:2]]  # one report is for both channels
        bad = any(_is_flagged(found, *named, key) for key in keys if place[0] != "table row")
        words = named if place[0] == "gallery image" else []
        bad |= _is_flagged([f for f in found if f[0].startswith(FLAGS.get(place[0], "-"))], *words)
        (wrong if bad else differ).append((place, f"{' '.join(place)} {what}"))
    return wrong, differ


def _is_flagged(found: Findings, *words: str) -> bool:
    """Whether something that `check` says of people's has these words."""
    return any(all(word in said for word in words) for _, said in found)


def planned(parent: Tree, after: Registry, name: str, found: Findings) -> Iterator[new.NewBackend]:
    """The plan of a backend that `after` has, and the one in which `--set` repeats what people chose."""
    answers = implied(after, name)
    plan = _planned(parent, answers)
    yield plan
    sets = chosen(after, Registry(plan.changes.overlay(), name), name)
    asked = tuple(answer for answer, words in sets.items() if not _is_flagged(found, *words))
    if asked:
        yield _planned(parent, answers | {"entries": asked})


def _planned(parent: Tree, answers: dict[str, Any]) -> new.NewBackend:
    """The plan; without what people gave to hardware where that is a defect, and refused."""
    try:
        return new.plan(parent, answers)
    except ScaffoldError:
        return new.plan(parent, answers | {"capabilities": ()})


def without(tree: Tree, name: str, folder: str) -> Tree:
    """The tree without what people had put there before the CI built it."""
    bare = Overlay(tree, dict.fromkeys(tree.files(folder.rstrip("/"))))
    return remove.plan(tree, name).changes.overlay() if Registry(tree).registrations(name) else bare


def judged(registry: Registry, name: str) -> Findings:
    """What `check` says of the backend as people wrote it: the rule, and its words."""
    found = (finding for rule in registration_rules() for finding in rule.check(registry))
    return [
        (finding.rule, f"{finding.message} {finding.help}") for finding in found if finding.backend == name
    ]


def _declares(trees: tuple[Tree, Tree], entry: dict[str, Any]) -> bool:
    """Whether a capability entry has constants that its commit declares."""
    before = Registry(trees[0]).capabilities
    known = {*before.usecases.values(), *before.methods.values()}
    return not {word for words in entry.values() if isinstance(words, list) for word in words} <= known


def _keys(theirs: Any, ours: Any) -> list[str]:
    if not (isinstance(theirs, dict) and isinstance(ours, dict)):
        return []
    return [key for key in {**theirs, **ours} if theirs.get(key) != ours.get(key)]


def _parts(theirs: Any, ours: Any, keys: list[str], show: bool) -> str:
    if not keys:
        return f": {theirs!r}, here {ours!r}"
    if not show:
        return f" in {', '.join(keys)}"
    return ": " + "; ".join(f"{key} {theirs.get(key)!r}, here {ours.get(key)!r}" for key in keys)


def _torn(registry: Registry) -> set[str]:
    """Tag suffixes whose entries do not stand together."""
    runs = Counter(tag for tag, _ in groupby(entry.tag_suffix for entry in registry.matrix.linux))
    return {tag for tag, count in runs.items() if count > 1}


def _said(registry: Registry, name: str) -> list[str]:
    found = (finding for rule in registration_rules() for finding in rule.check(registry))
    strict = (f for f in found if f.backend == name and f.severity is not Severity.info)
    return [f"check: {finding.rule}: {finding.message}" for finding in strict]


def _left(parent: Tree, overlay: Tree, name: str) -> list[str]:
    try:
        gone = remove.plan(overlay, name).changes
    except ScaffoldError as error:
        return [f"remove-backend: {error}"]
    contents = {path: gone.overlay().content(path) for path in {*gone.edited_paths(), *gone.deleted}}
    return [f"remove-backend leaves {path}" for path, now in contents.items() if now != parent.content(path)]


if __name__ == "__main__":
    main()
