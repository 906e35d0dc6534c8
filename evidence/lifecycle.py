"""Do backends come, go and change without debris? Tries it on every backend of a LocalAI clone.

    LOCALAI_REPO=~/LocalAI python evidence/lifecycle.py [--rev HEAD ...] [--processes 2] [NAME ...]

In scratch clones of the commit: each backend is removed, and what `check` then says of it and new of others,
and the command itself has not said, is counted; renamed, the same counted, and renamed back; built for each
further platform, alone and all at once, and taken back. Prints one row per commit and what was not as it
should be, as Markdown. The clone itself is read, never written.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from scaffold.backend.variants import supported
from scaffold.checkout.tree import Tree, WorkTree
from scaffold.errors import ScaffoldError, UsageError
from scaffold.operations import remove, rename, variants
from scaffold.operations.remove import LifecyclePlan
from scaffold.operations.workers import find
from scaffold.registry import Registry
from scaffold.rules import registration_rules
from scaffold.rules.base import Finding

NEW = "quill-wort"

Plan = Callable[[Tree], LifecyclePlan]


class Outcome(NamedTuple):
    """What came of one trial."""

    trial: str
    what: str
    result: str
    """`good`, `refused`, or what was wrong."""


def main() -> None:
    """Print the table of each commit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--rev", nargs="+", default=["HEAD"])
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    options = parser.parse_args()
    print("| commit | backends | removed | renamed and back | variants and back | refused |")
    print("|---|---|---|---|---|---|")
    wrong: list[str] = []
    for rev in options.rev:
        outcomes = list(_outcomes(rev, options.names, options.processes))
        cells = [rev, str(len({o.what.split()[0] for o in outcomes}))]
        for trial in ("remove", "rename", "variant"):
            tried = [o for o in outcomes if o.trial == trial and o.result != "refused"]
            cells.append(f"{sum(o.result == 'good' for o in tried)} of {len(tried)}")
        cells.append(str(sum(o.result == "refused" for o in outcomes)))
        print(f"| {' | '.join(cells)} |", flush=True)
        wrong += [
            f"- {rev}: {o.trial} {o.what}: {o.result}"
            for o in outcomes
            if o.result not in ("good", "refused")
        ]
    print("", *wrong, sep="\n")


def _outcomes(rev: str, names: list[str], processes: int) -> Iterator[Outcome]:
    with tempfile.TemporaryDirectory() as folder:
        known = Registry(WorkTree(_clone(rev, Path(folder)))).names
        with multiprocessing.Pool(processes) as pool:
            for outcomes in pool.imap_unordered(partial(_try, rev), names or known):
                yield from outcomes


def _clone(rev: str, folder: Path) -> Path:
    root = folder / "LocalAI"
    clone = ["git", "clone", "-q", "--shared", os.environ["LOCALAI_REPO"], str(root)]
    subprocess.run(clone, check=True)
    subprocess.run(["git", "-C", str(root), "checkout", "-q", rev], check=True)
    return root


def _try(rev: str, name: str) -> list[Outcome]:
    """Everything that is tried with one backend."""
    with tempfile.TemporaryDirectory() as folder:
        root = _clone(rev, Path(folder))
        tree = WorkTree(root)
        registry = Registry(tree)
        found = find(registry, registration_rules())
        result = [Outcome("remove", name, _removed(root, name, found))]
        result.append(Outcome("rename", name, _renamed(root, name, found)))
        built = registry.variants(name)
        lang = registry.directories.get(name)
        free = [variant for variant in supported(lang) if variant not in built] if lang and built else []
        for chosen in [[variant] for variant in free] + ([free] if len(free) > 1 else []):
            there = partial(variants.add, name=name, wanted=chosen)
            back = partial(variants.remove, name=name, unwanted=chosen)
            result.append(
                Outcome("variant", f"{name} {' '.join(chosen)}", _there_and_back(root, there, back))
            )
        return result


def _removed(root: Path, name: str, before: list[Finding]) -> str:
    try:
        plan = remove.plan(WorkTree(root), name)
        plan.changes.commit(root)
        left = Counter(finding.identity for finding in before)
        told = {(manual.path, manual.what.partition(":")[0]) for manual in plan.manual}
        found = find(Registry(WorkTree(root)), registration_rules())
        said = {
            f"{f.rule} {f.backend}"
            for f in found
            if (f.backend == name or not left[f.identity]) and (f.path, f"{f.rule} {f.backend}") not in told
        }
        return "; ".join(sorted(said)) or "good"
    except ScaffoldError as error:
        return str(error)
    finally:
        _restore(root)


def _renamed(root: Path, name: str, before: list[Finding]) -> str:
    def new_findings(plan: LifecyclePlan) -> str:
        known = Counter((f.rule, f.backend.replace(name, NEW)) for f in before)
        told = Counter((manual.path, manual.what.partition(":")[0]) for manual in plan.manual)
        said = set()
        for finding in find(Registry(WorkTree(root)), registration_rules()):
            kind, place = (finding.rule, finding.backend.replace(name, NEW)), (finding.path, finding.rule)
            if not remove.take(known, kind) and not remove.take(told, place):
                said.add(f"{finding.rule} {finding.backend}")
        return "; ".join(sorted(said))

    there, back = (partial(rename.plan, old=a, new=b) for a, b in ((name, NEW), (NEW, name)))
    return _there_and_back(root, there, back, new_findings)


def _there_and_back(
    root: Path, there: Plan, back: Plan, between: Callable[[LifecyclePlan], str] = lambda _: ""
) -> str:
    try:
        plan = there(WorkTree(root))
        plan.changes.commit(root)
    except UsageError:
        return "refused"
    except ScaffoldError as error:
        return str(error)
    try:
        problem = between(plan)
        back(WorkTree(root)).changes.commit(root)
        changed = subprocess.run(
            ["git", "-C", str(root), "status", "--porcelain"], check=True, capture_output=True, text=True
        ).stdout
        return problem or " ".join(changed.split()) or "good"
    except ScaffoldError as error:
        return str(error)
    finally:
        _restore(root)


def _restore(root: Path) -> None:
    subprocess.run(["git", "-C", str(root), "reset", "-q", "--hard"], check=True)
    subprocess.run(["git", "-C", str(root), "clean", "-qfd"], check=True)


if __name__ == "__main__":
    main()
