"""How many broken registrations does `check` find? Breaks a LocalAI clone, one registration at a time.

    LOCALAI_REPO=~/LocalAI python -m evidence.mutation [--rev HEAD] [--sample 1] [--processes 2] [--base] \
        [--into FILE]

Every registration is deleted or corrupted in memory; nothing is written to the clone. A mutation is
killed when the check finds something that it does not find in the clone as it is, and that names the
backend; with `--base` it is asked what the change did, too. Mutations of different backends are made
together, and what is not found then is made alone.
Prints the kill rate per surface and each survivor, as Markdown. All of them take the better part of an hour:
with `--into` what is known goes to a file as it comes, and what the file has is not made again.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from evidence.file_mutants import file_mutations
from evidence.mutants import Mutation, mutations
from scaffold.checkout.tree import GitTree, Overlay, Tree
from scaffold.errors import ShapeError
from scaffold.operations import check
from scaffold.operations.workers import find
from scaffold.registry import Registry
from scaffold.rules.base import ChangeRule

TASKS = 150
"""Batches after which a process begins anew: what it remembers of all of them slows it down."""
Identity = tuple[str, str, str, str]


def known_findings(tree: Tree) -> Counter[Identity]:
    """What the check finds in a tree as it is."""
    return Counter(f.identity for f in find(Registry(tree), check.Scope().rules()))


def mutated(tree: Tree, *together: Mutation) -> Overlay:
    """The tree with one registration broken, or several that do not touch each other."""
    contents: dict[str, bytes | None] = {}
    for mutation in sorted(together, key=lambda m: m.start, reverse=True):
        data = contents.get(mutation.path, tree.read(mutation.path)) or b""
        changed = data[: mutation.start] + mutation.text.encode() + data[mutation.end :]
        contents[mutation.path] = None if mutation.gone else changed
    return Overlay(tree, contents)


def killer(
    tree: Tree,
    known: Counter[Identity],
    mutation: Mutation,
    beside: Registry | None = None,
    base: Registry | None = None,
) -> str | None:
    """The rule that finds a mutation; None where none does."""
    return killers(tree, known, [mutation], beside, base)[mutation]


def killers(
    tree: Tree,
    known: Counter[Identity],
    together: Sequence[Mutation],
    beside: Registry | None = None,
    base: Registry | None = None,
) -> dict[Mutation, str | None]:
    """The rule that finds each of some mutations of different backends, made at once; None where none does.

    One that is not found among others is made once more, alone: what they do may hide it. With a base the
    rules about changes look, too.
    """
    alone = len(together) == 1
    found: dict[Mutation, str | None] = dict.fromkeys(together)
    try:
        changed, rules = Registry(mutated(tree, *together), beside=beside), check.Scope().rules()
        findings = find(changed, rules)
        for rule in rules if base else ():
            findings += rule.compare(base, changed) if base and isinstance(rule, ChangeRule) else ()
    except ShapeError as error:
        if alone:
            return {together[0]: f"exit 3: {error.path}"}
        first, rest = _first(tree, together, error)
        return {first: killer(tree, known, first, beside, base)} | killers(tree, known, rest, beside, base)
    left = Counter(known)
    new = []
    for finding in findings:
        if left[finding.identity]:
            left[finding.identity] -= 1
        else:
            new.append(finding)
    for mutation in together:
        own = (
            f.rule
            for f in new
            if (_names(mutation.backend, f.backend, f.message) if alone else f.backend == mutation.backend)
        )
        found[mutation] = next(own, None)
        if found[mutation] is None and not alone:
            found[mutation] = killer(tree, known, mutation, beside, base)
    return found


def _first(tree: Tree, together: Sequence[Mutation], error: ShapeError) -> tuple[Mutation, list[Mutation]]:
    """The mutation that stands nearest to an error, and the others."""

    def distance(mutation: Mutation) -> tuple[bool, int]:
        data = tree.read(mutation.path) or b""
        return mutation.path != error.path, abs(data.count(b"\n", 0, mutation.start) + 1 - error.line)

    first = min(together, key=distance)
    return first, [mutation for mutation in together if mutation is not first]


def batches(mutations: Iterable[Mutation], size: int) -> list[list[Mutation]]:
    """Mutations to be made together: of different backends, in places that do not touch.

    What concerns several backends is alone.
    """
    found: list[list[Mutation]] = []
    open_now: list[list[Mutation]] = []
    for mutation in mutations:
        if not mutation.backend or mutation.gone:
            found.append([mutation])
            continue
        batch = next((b for b in open_now if all(_apart(mutation, other) for other in b)), None)
        if batch is None:
            batch = []
            open_now.append(batch)
            found.append(batch)
        batch.append(mutation)
        if len(batch) == size:
            open_now.remove(batch)
    return found


def _apart(one: Mutation, other: Mutation) -> bool:
    near = one.path == other.path and one.start <= other.end + 1 and other.start <= one.end + 1
    return one.backend != other.backend and not near


_state: dict[str, tuple[GitTree, Counter[Identity], Registry, bool]] = {}


def _start(repository: str, rev: str, is_base: bool) -> None:
    gc.disable()
    tree = GitTree(Path(repository), rev)
    registry = Registry(Overlay(tree, {}))
    known = Counter(f.identity for f in find(registry, check.Scope().rules()))
    _state["clone"] = tree, known, registry, is_base


def _killed(together: Sequence[Mutation]) -> dict[Mutation, str | None]:
    tree, known, registry, is_base = _state["clone"]
    found = killers(tree, known, together, registry, registry if is_base else None)
    gc.collect()
    return found


def _names(name: str, backend: str, message: str) -> bool:
    return name in ("", backend) or re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", message) is not None


def _key(mutation: Mutation) -> str:
    """What names a mutation in a file."""
    return " ".join(map(str, (mutation.path, mutation.start, mutation.end, mutation.gone, mutation.text)))


def _known(file: Path | None) -> dict[str, str | None]:
    """What a file has: mutation -> the rule that finds it; None where none does."""
    if file is None or not file.exists():
        return {}
    return dict(json.loads(line) for line in file.read_text().splitlines())


def main() -> None:
    """Run every mutation and print the tables."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rev", default="HEAD")
    options.add_argument("--sample", type=int, default=1, help="take every n-th mutation")
    options.add_argument("--surface", action="append", help="only of this one; repeatable")
    options.add_argument("--together", type=int, default=10, help="most mutations that are made at once")
    options.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options.add_argument("--base", action="store_true", help="with the clone as it is for a base")
    options.add_argument("--into", type=Path, help="a file of what is known, a line of JSON each")
    given = options.parse_args()
    repository = os.environ["LOCALAI_REPO"]
    tree = GitTree(Path(repository), given.rev)
    registry = Registry(tree)
    every = [*mutations(registry), *file_mutations(registry)]
    every = [m for m in every if m.surface in (given.surface or [m.surface])]
    chosen = every[:: given.sample]
    tree.close()
    made = Counter(mutation.surface for mutation in chosen)
    known = _known(given.into)
    work = batches([one for one in chosen if _key(one) not in known], given.together)
    with multiprocessing.get_context("spawn").Pool(
        given.processes, _start, (repository, given.rev, given.base), maxtasksperchild=TASKS
    ) as pool:
        for result in pool.imap_unordered(_killed, work):
            new = {_key(mutation): rule for mutation, rule in result.items()}
            known |= new
            if given.into:
                with given.into.open("a") as file:
                    file.writelines(f"{json.dumps(line)}\n" for line in new.items())
    found: Counter[str] = Counter()
    survivors: dict[str, list[Mutation]] = defaultdict(list)
    for mutation in chosen:
        if known[_key(mutation)] is None:
            survivors[mutation.surface].append(mutation)
        else:
            found[mutation.surface] += 1
    print(f"LocalAI {tree.commit[:9]}, {sum(made.values())} mutations\n")
    print("| surface | mutations | found | rate |\n|---|---|---|---|")
    for surface, count in made.items():
        print(f"| {surface} | {count} | {found[surface]} | {found[surface] / count:.1%} |")
    total = sum(made.values())
    print(f"| all | {total} | {sum(found.values())} | {sum(found.values()) / total:.1%} |")
    for surface, left in survivors.items():
        print(f"\n{surface}, not found:\n")
        for mutation in left:
            print(f"- {mutation.backend}: {mutation.what}")


if __name__ == "__main__":
    main()
