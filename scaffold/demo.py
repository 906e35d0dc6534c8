"""`demo`: the main job, on the miniature LocalAI that ships with the package."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from scaffold.checkout import git
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.tree import WorkTree
from scaffold.errors import UsageError
from scaffold.operations import check, fix, new
from scaffold.report import findings_text
from scaffold.report import new_backend as report
from scaffold.report.view import View
from scaffold.resources import miniature_dir
from scaffold.surfaces.path_filter.editing import PathFilterSurface
from scaffold.surfaces.path_filter.reading import LINUX

ANSWERS = {
    "name": "ds4",
    "lang": "cpp",
    "upstream": "antirez/ds4",
    "pin": "0123456789abcdef0123456789abcdef01234567",
    "variants": ("cpu", "cuda13", "metal"),
    "description": "DeepSeek V4 Flash inference engine",
    "license": "MIT",
}


def run(folder: Path | None, registry: str | None = None) -> Iterator[str]:
    """Copy the miniature to `folder`, add one backend to it, and tell what happened.

    A `registry` is asked what it has of the backend. Raises UsageError where it is none, or where `folder`
    holds something already.
    """
    if registry is not None:
        from scaffold.oci.references import Registries

        Registries((registry,))  # raises where it is none
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="scaffold-demo-")) / "LocalAI"
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not an empty folder")
    shutil.copytree(miniature_dir(), folder, dirs_exist_ok=True)
    git.run(folder, "init", "--quiet", "--initial-branch", "main")
    _commit(folder, "A miniature LocalAI")
    variants = " ".join(f"--variant {variant}" for variant in ANSWERS["variants"])
    yield f"A miniature LocalAI is in {folder}"
    yield (
        f"$ scaffold new-backend ds4 --lang cpp {variants}"
        f" --upstream {ANSWERS['upstream']} --pin {ANSWERS['pin']}\n"
    )
    plan = new.plan(WorkTree(folder), dict(ANSWERS))
    plan.commit(folder)
    yield report.as_text(plan, dry_run=False)
    yield from _check(folder)
    committed = _commit(folder, f"Add {ANSWERS['name']}")
    yield "\nSomebody loses the ds4 branch of the path filter: pull requests would start no ds4 job."
    _forget_branch(folder)
    yield from _check(folder)
    yield "\n$ scaffold check --fix --diff\n"
    yield fix.repair(WorkTree(folder), check.Scope()).changes.diff()
    if registry is not None:
        yield from _published(folder, registry)
    yield f"Look around in {folder}." + committed * (
        f" It is a git repository whose last commit adds {ANSWERS['name']}:"
        " `scaffold check --base HEAD` tells what was lost since, and"
        " `scaffold affected --rev HEAD` what it builds."
    )


def _commit(folder: Path, message: str) -> bool:
    """Commit everything; returns whether git is there to do it."""
    who = ("-c", "user.name=scaffold", "-c", "user.email=scaffold@localhost", "-c", "commit.gpgsign=false")
    git.run(folder, "add", "--all")
    return git.run(folder, *who, "commit", "--quiet", "--message", message).returncode == 0


def _check(folder: Path) -> Iterator[str]:
    """A check of the miniature as it is now."""
    yield "\n$ scaffold check\n"
    tree = WorkTree(folder)
    yield findings_text.render(View(check.run(tree, check.Scope()), tree, str(folder)))


def _published(folder: Path, registry: str) -> Iterator[str]:
    """What a registry has of the new backend: nothing, before CI has built it."""
    from scaffold.operations import published
    from scaffold.report import published as report

    name = ANSWERS["name"]
    yield f"\n$ scaffold published {name} --registry {registry}\n"
    yield report.as_text(
        published.run(WorkTree(folder), published.Scope((str(name),), registries=(registry,)))
    )


def _forget_branch(folder: Path) -> None:
    tree = WorkTree(folder)
    surface = PathFilterSurface(tree)
    branch = next(b for b in surface.branches(LINUX) if b.suffix == ANSWERS["name"])
    changes = ChangeSet(tree)
    surface.drop(changes, branch)
    changes.commit(folder)
