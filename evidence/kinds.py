"""Is `check --strict` silent on every new backend? Plans one of each kind and modality on LocalAI's commits.

    LOCALAI_REPO=~/LocalAI python -m evidence.kinds [--rev HEAD ...] [--every 1]

Each is planned twice: for the platforms that one gets by default, with a pref-only line, and for all that
its kind may be built for, with an importer. Prints, as Markdown, a row per commit and kind, and what is
said of a new backend or is new of another one. The clone is read, never written.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from scaffold.backend.answers import NEEDS_UPSTREAM
from scaffold.backend.choices import KINDS
from scaffold.checkout.tree import GitTree, Tree
from scaffold.errors import ScaffoldError
from scaffold.operations import new
from scaffold.operations.workers import find
from scaffold.registry import Registry
from scaffold.rules import registration_rules
from scaffold.rules.base import Finding, Severity

NAME = "quill-wort"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rev", nargs="+", default=["HEAD"])
    parser.add_argument("--every", type=int, default=1, help="a sample: each n-th modality")
    options = parser.parse_args()
    repository = Path(os.environ["LOCALAI_REPO"])
    print("| commit | kind | modalities | backends | silent |\n|---|---|---|---|---|")
    wrong: list[str] = []
    every = [(lang, kind) for lang, kinds in KINDS.items() for kind in kinds]
    for rev in options.rev:
        tree = GitTree(repository, rev)
        registry = Registry(tree)
        known = {finding.identity for finding in _strict(registry)}
        for lang, kind in every:
            modalities = [*islice(registry.modalities, None, None, options.every)]
            said = {
                f"{rev[:9]} {what}": [*_said(tree, known, a)] for what, a in asked(lang, kind, modalities)
            }
            silent = sum(not lines for lines in said.values())
            print(f"| {rev[:9]} | {kind} | {len(modalities)} | {len(said)} | {silent} |", flush=True)
            wrong += [f"- {what}: {line}" for what, lines in said.items() for line in lines]
    print("", *wrong, sep="\n")


def asked(lang: str, kind: str, modalities: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What to make: in words, and as answers."""
    engine = {"upstream": "acme/Quill.cpp", "pin": "0" * 39 + "1"} if kind in NEEDS_UPSTREAM else {}
    for modality in modalities:
        if kind == "llama-fork" and modality == "none":
            continue
        for imports, variants in (("pref-only", ()), ("auto", new.usable(lang, kind))):
            how = {"imports": "none" if modality == "none" else imports, "variants": variants}
            more = {"summary": "What it is, in one sentence.", "license": "MIT"}
            answers = {
                "name": NAME,
                "lang": lang,
                "kind": kind,
                "modality": modality,
                **how,
                **engine,
                **more,
            }
            yield f"{kind} {modality} {how['imports']} {' '.join(variants)}", answers


def _said(tree: Tree, known: set[tuple[str, ...]], answers: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a new backend."""
    try:
        plan = new.plan(tree, answers)
    except ScaffoldError as error:
        yield f"refused: {error}"
        return
    result = Registry(plan.changes.overlay())
    for finding in _strict(result):
        if finding.backend == NAME or finding.identity not in known:
            yield f"{finding.rule}: {finding.message}"
    for tag, runs in groupby(sorted(_runs(result))):
        if len([*runs]) > 1 and tag not in _torn(tree):
            yield f"legs apart: {tag}"


def _strict(registry: Registry) -> list[Finding]:
    return [f for f in find(registry, registration_rules()) if f.severity is not Severity.info]


def _runs(registry: Registry) -> Iterator[str]:
    """The tag suffix of each run of entries that stand together."""
    for tag, _ in groupby(entry.tag_suffix for entry in registry.matrix.linux):
        yield tag


def _torn(tree: Tree) -> set[str]:
    runs = [*_runs(Registry(tree))]
    return {tag for tag in runs if runs.count(tag) > 1}


if __name__ == "__main__":
    main()
