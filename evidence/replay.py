"""Would `new-backend` have written what people wrote? Replays every addition of LocalAI's history.

    LOCALAI_REPO=~/LocalAI python evidence/replay.py [--since 2025-12-01] [--show] [NAME ...]

For each commit of the main line that brings a backend, its parent is taken, `new-backend` is planned with
the answers that the commit implies, and every registration of the commit is compared by value: matrix
entries, gallery items, Makefile lines, the directory that the path filter finds, the pin, importers,
capabilities, test jobs, rows of tables. Prose is not compared: an answer gives it. Prints, as Markdown,
a row per addition and what differs. The clone is read, never written.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from scaffold.backend.answers import NEEDS_UPSTREAM, Backend
from scaffold.checkout.tree import GitTree, Overlay, Tree
from scaffold.errors import ScaffoldError
from scaffold.operations import new, remove
from scaffold.registry import Registry
from scaffold.rules import registration_rules
from scaffold.rules.base import Severity

FILES = (".github/backend-matrix.yml", ".github/workflows/backend.yml", "backend/index.yaml")
"""One of these is changed by every addition."""

README = "README.md"
FEATURES = "docs/content/features/backends.md"

COLUMNS = ("addition", "kind", "registrations", "as people wrote", "more", "check", "apart", "left")

Places = dict[tuple[str, ...], Any]
"""A place, the surface first -> what is registered there."""


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
    differ: list[str]
    """Registrations of people that `new-backend` writes otherwise, or not at all."""
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
    parser.add_argument("--show", action="store_true", help="both values of what differs")
    options = parser.parse_args()
    repository = Path(os.environ["LOCALAI_REPO"])
    outcomes = []
    print(
        "| addition | kind | registrations | as people wrote | more than they wrote | check | apart | left |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for added in additions(repository, options.since):
        if options.names and added.name not in options.names:
            continue
        outcome = replayed(repository, added, options.show)
        outcomes.append(outcome)
        figures = (outcome.same + len(outcome.differ), outcome.same, outcome.more.total())
        judged = (len(outcome.said), len(outcome.apart), len(outcome.left))
        cells = (f"{added.day} {added.commit[:9]} {added.name}", outcome.kind, *figures, *judged)
        print(f"| {' | '.join(map(str, cells))} |", flush=True)
    whole = sum(o.same + len(o.differ) for o in outcomes)
    print(f"\n{sum(o.same for o in outcomes)} of {whole} registrations, {len(outcomes)} additions")
    more = sum((o.more for o in outcomes), Counter[str]())
    print("\nWhat people left out:", ", ".join(f"{surface} {count}" for surface, count in more.most_common()))
    for outcome in outcomes:
        rest = outcome.said + outcome.left + [f"legs apart: {tag}" for tag in outcome.apart]
        for line in outcome.differ + rest:
            print(f"- {outcome.added.name}: {line}")


def additions(repository: Path, since: str) -> Iterator[Added]:
    """The additions of the main line, the oldest first."""
    command = ["git", "-C", str(repository), "log", "--first-parent", "--reverse", f"--since={since}"]
    log = subprocess.run([*command, "--format=%H %cs", "HEAD", "--", *FILES], check=True, capture_output=True)
    for line in log.stdout.decode().splitlines():
        commit, day = line.split()
        before, after = (_built(repository, rev) for rev in (f"{commit}^1", commit))
        yield from (Added(commit, day, name) for name in sorted(after - before))


def _built(repository: Path, rev: str) -> set[str]:
    tree = GitTree(repository, rev)
    matrix = Registry(tree).matrix
    built = {entry.backend for entry in (*matrix.linux, *matrix.darwin)}
    tree.close()
    return built


def replayed(repository: Path, added: Added, show: bool) -> Outcome:
    """The addition made again, and compared."""
    trees = GitTree(repository, f"{added.commit}^1"), GitTree(repository, added.commit)
    before, after = trees[0], Registry(trees[1])
    parent = _without(before, f"{after.directory(added.name)}/")
    answers = implied(after, added.name)
    theirs = places(after, added.name)
    try:
        plan = new.plan(
            parent, {k: v for k, v in answers.items() if k in Backend.model_fields or k == "name"}
        )
    except ScaffoldError as error:
        differ = [f"refused: {' '.join(str(error).split())}"] + [" ".join(place) for place in theirs]
        return Outcome(added, answers["kind"], 0, differ, Counter(), [], [], [])
    overlay = plan.changes.overlay()
    result = Registry(overlay, added.name)
    ours = places(result, added.name)
    differ = []
    for place, value in theirs.items():
        if isinstance(value, dict):  # what nobody has stated is no answer, and cannot be met
            ours[place] = {k: v for k, v in ours.get(place, {}).items() if value.get(k) != ""} or None
            value = {key: said for key, said in value.items() if said != ""}
        if ours.get(place) != value:
            what = (
                "is not written" if ours.get(place) is None else f"differs{_parts(value, ours[place], show)}"
            )
            differ.append(f"{' '.join(place)} {what}")
    torn = _torn(result) - _torn(Registry(parent))
    same = len(theirs) - len(differ)
    more = Counter(place[0] for place in ours if place not in theirs)
    left = _left(parent, overlay, added.name)
    for tree in trees:
        tree.close()
    return Outcome(added, answers["kind"], same, differ, more, sorted(torn), _said(result, added.name), left)


def _without(tree: Tree, folder: str) -> Tree:
    """The tree without what people had put there before they registered it."""
    return Overlay(tree, dict.fromkeys(tree.files(folder.rstrip("/"))))


def _parts(theirs: Any, ours: Any, show: bool) -> str:
    if not (isinstance(theirs, dict) and isinstance(ours, dict)):
        return f": {theirs!r}, here {ours!r}"
    keys = [key for key in {**theirs, **ours} if theirs.get(key) != ours.get(key)]
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


def implied(registry: Registry, name: str) -> dict[str, Any]:
    """The answers with which a commit's author would have called `new-backend`."""
    backend = registry.describe(name)
    meta = next(iter(registry.gallery.base_metas(name)), None)
    answers: dict[str, Any] = {
        "name": name,
        "lang": registry.directories[name],
        "kind": registry.kind(name),
        "modality": _modality(registry, name),
        "variants": backend.variants,
        "imports": _imports(registry, name),
        "description": "What it is, in one sentence.",
        "license": meta.item.fields.get("license", "") if meta else "",
        "urls": meta.item.lists.get("urls", ()) if meta else (),
        "url": next(iter(meta.item.lists.get("urls", ())), "") if meta else "",
        "tags": tuple(re.sub(r"[^A-Za-z0-9._+-]+", "-", tag) for tag in meta.tags) if meta else (),
    }
    upstream = backend.upstream
    if not upstream and answers["kind"] in NEEDS_UPSTREAM:  # people follow it by hand
        on_github = re.findall(r"https://github\.com/([\w.-]+/[\w.-]+)", " ".join(answers["urls"]))
        upstream = on_github[0].removesuffix(".git") if on_github else "acme/engine"
    if upstream:
        pin = backend.pin or "0" * 39 + "1"
        answers |= {"upstream": upstream, "branch": backend.branch or "main", "pin": pin}
    return answers


def _modality(registry: Registry, name: str) -> Any:
    return registry.modality(name) or "none"


def _imports(registry: Registry, name: str) -> str:
    if registry.importers.importer_of(name):
        return "auto"
    return "pref-only" if any(line.name == name for line in registry.importers.pref_only) else "none"


def places(registry: Registry, name: str) -> Places:
    """Every registration of a backend, by its place."""
    found: Places = {}
    for part in (_matrix, _gallery, _makefile, _go, _docs, _rest):
        found |= part(registry, name)
    return found


def _matrix(registry: Registry, name: str) -> Places:
    entries = registry.matrix.entries_of(name)
    found: Places = {("matrix", e.tag_suffix, *e.arches): dict(e.fields) for e in entries}
    inferred = zip(
        (*registry.matrix.linux, *registry.matrix.darwin),
        (*registry.inferred[0], *registry.inferred[1]),
        strict=True,
    )
    own = {directory for entry, directory in inferred if entry.backend == name}
    return found | {("path filter", str(directory)): True for directory in own}


def _gallery(registry: Registry, name: str) -> Places:
    found: Places = {}
    for meta in registry.gallery.metas(name):
        given = () if meta.is_development else ("license", "icon")
        values: dict[str, Any] = {key: meta.item.fields.get(key, "") for key in given}
        if not meta.is_development:
            values["urls"] = meta.item.lists.get("urls", ())
        found["gallery meta", meta.name] = {**values, **meta.capabilities}
    for item in registry.gallery.image_items(name):
        found["gallery image", item.name] = {"uri": item.uri, "mirrors": item.mirrors}
    return found


def _makefile(registry: Registry, name: str) -> Places:
    makefile = registry.makefile
    found: Places = {}
    for definition in makefile.definitions:
        if definition.name == name:
            found["Makefile definition",] = definition._replace(assignment=None)  # type: ignore[arg-type]
            found["Makefile eval",] = definition.variable in makefile.evals
    own = (f"docker-build-{name}", f"docker-save-{name}", f"backends/{name}", f"backends/{name}-darwin")
    for target in own:
        if makefile.rule_with_recipe(target):
            found["Makefile rule", target] = True
    for target in (".NOTPARALLEL", "docker-build-backends"):
        for word in makefile.list_words(target):
            if word.text in (f"backends/{name}", f"docker-build-{name}", f"backends/{name}-darwin"):
                found["Makefile list", target, word.text] = True
    for target in ("prepare-test-extra", "test-extra"):
        if name in makefile.test_lines(target):
            found["Makefile test list", target] = True
    return found


def _go(registry: Registry, name: str) -> Places:
    found: Places = {}
    for line in registry.importers.pref_only:
        if line.name == name:
            found["pref-only line",] = line.modality
    if registry.importers.importer_of(name):
        found["importer",] = True
    entry, source = registry.capabilities.entry(name), registry.capabilities.source
    if entry and source:
        fields = {key: source.text(node) for key, node in source.fields(entry.value).items()}
        lists = {key: sorted(re.findall(r"\b(?:Method|Usecase)\w+", text)) for key, text in fields.items()}
        accepts = {key: text for key, text in fields.items() if key.startswith("Accepts")}
        found["capabilities",] = {key: value for key, value in lists.items() if value} | accepts
    return found


def _docs(registry: Registry, name: str) -> Places:
    found: Places = {}
    for table, row in registry.documented.get(name, ()):
        accelerated = next((c for c in table.columns if c.lower().startswith("acceleration")), None)
        words = registry.docs.accelerations(table, row, accelerated) if accelerated else set()
        found["table row", table.heading] = {"name": row.name, "acceleration": sorted(words)}
    return found


def _rest(registry: Registry, name: str) -> Places:
    found: Places = {}
    for bump in registry.bump_deps.bumps:
        if bump.backend == name:
            found["bump", bump.file] = (bump.repository, bump.branch)
    for place in registry.test_jobs.registrations(name):
        found["extra tests", place.what] = True
    for place in registry.darwin.registrations(name):
        found["macOS build", place.path, place.what] = True
    for place in registry.build_context.registrations(name):
        if place.path != ".gitmodules":
            found["build context", place.path, place.what] = True
    return found


if __name__ == "__main__":
    main()
