"""Would `new-backend` have written what people wrote? Replays every addition of LocalAI's history.

    LOCALAI_REPO=~/LocalAI python evidence/replay.py [--since 2025-12-01] [--show] [--undo] [NAME ...]

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

from scaffold.backend import variants
from scaffold.backend.answers import NEEDS_UPSTREAM
from scaffold.backend.modalities import ACCEPTS, EVERY
from scaffold.backend.variants import VARIANTS
from scaffold.checkout.tree import GitTree, Overlay, Tree
from scaffold.errors import ScaffoldError
from scaffold.operations import new, remove
from scaffold.registry import Registry
from scaffold.rules import registration_rules
from scaffold.rules.base import Severity
from scaffold.surfaces.gallery.items import DEVELOPMENT
from scaffold.surfaces.importers import drop_ins

FILES = (".github/backend-matrix.yml", ".github/workflows/backend.yml", "backend/index.yaml")
"""One of these is changed by every addition."""

COLUMNS = (
    "addition", "kind", "registrations", "equal", "theirs wrong", "differ", "more", "check", "apart", "left",
)  # fmt: skip

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
    parser.add_argument("--show", action="store_true", help="both values of what differs")
    parser.add_argument("--undo", action="store_true", help="remove each again, which takes longest")
    options = parser.parse_args()
    repository = Path(os.environ["LOCALAI_REPO"])
    outcomes = []
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for added in additions(repository, options.since):
        if options.names and added.name not in options.names:
            continue
        outcome = replayed(repository, added, options.show, options.undo)
        outcomes.append(outcome)
        whole = outcome.same + len(outcome.wrong) + len(outcome.differ)
        figures = (whole, outcome.same, len(outcome.wrong), len(outcome.differ), outcome.more.total())
        judged = (len(outcome.said), len(outcome.apart), len(outcome.left) if options.undo else "-")
        cells = (f"{added.day} {added.commit[:9]} {added.name}", outcome.kind, *figures, *judged)
        print(f"| {' | '.join(map(str, cells))} |", flush=True)
    same, wrong = sum(o.same for o in outcomes), sum(len(o.wrong) for o in outcomes)
    whole = same + wrong + sum(len(o.differ) for o in outcomes)
    print(
        f"\n{whole} registrations of {len(outcomes)} additions: {same} equal, {wrong} where people's is wrong"
    )
    more = sum((o.more for o in outcomes), Counter[str]())
    print("\nWhat people left out:", ", ".join(f"{surface} {count}" for surface, count in more.most_common()))
    for outcome in outcomes:
        rest = outcome.said + outcome.left + [f"legs apart: {tag}" for tag in outcome.apart]
        for line in outcome.differ + rest + [f"{line} (theirs is wrong)" for line in outcome.wrong]:
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


def replayed(repository: Path, added: Added, show: bool, undo: bool) -> Outcome:
    """The addition made again, and compared."""
    trees = GitTree(repository, f"{added.commit}^1"), GitTree(repository, added.commit)
    before, after = trees[0], Registry(trees[1])
    parent = _without(before, added.name, f"{after.directory(added.name)}/")
    answers = implied(after, added.name)
    theirs = places(after, added.name)
    try:
        plan = _planned(parent, answers)
    except ScaffoldError as error:
        differ = [f"refused: {' '.join(str(error).split())}"] + [" ".join(place) for place in theirs]
        return Outcome(added, answers["kind"], 0, differ, [], Counter(), [], [], [])
    overlay = plan.changes.overlay()
    result = Registry(overlay, added.name)
    ours = places(result, added.name)
    wrong, differ = [], []
    judged = _judged(Registry(trees[1], added.name), added.name)
    for place, value in theirs.items():
        if isinstance(value, dict):  # what nobody has stated is no answer, and cannot be met
            ours[place] = {k: v for k, v in ours.get(place, {}).items() if value.get(k) != ""} or None
            value = {key: said for key, said in value.items() if said != ""}
        if ours.get(place) != value:
            written = ours.get(place)
            keys = _keys(value, written)
            new_use = place == ("capabilities",) and _declares(trees, value)
            what = "is not written" if written is None else f"differs{_parts(value, written, keys, show)}"
            what += " (the commit itself declares the use case)" if new_use else ""
            named = [word.removesuffix(DEVELOPMENT) for word in place[1:2]]  # one report is for both channels
            bad = any(all(word in said for word in (*named, key)) for said in judged for key in keys)
            (wrong if bad else differ).append(f"{' '.join(place)} {what}")
    torn = _torn(result) - _torn(Registry(parent))
    same = len(theirs) - len(differ) - len(wrong)
    more = Counter(place[0] for place in ours if place not in theirs)
    left = _left(parent, overlay, added.name) if undo else []
    for tree in trees:
        tree.close()
    return Outcome(
        added, answers["kind"], same, differ, wrong, more, sorted(torn), _said(result, added.name), left
    )


def _planned(parent: Tree, answers: dict[str, Any]) -> new.NewBackend:
    """The plan; without what people gave to hardware where that is a defect, and refused."""
    try:
        return new.plan(parent, answers)
    except ScaffoldError:
        return new.plan(parent, answers | {"capabilities": ()})


def _without(tree: Tree, name: str, folder: str) -> Tree:
    """The tree without what people had put there before the CI built it."""
    bare = Overlay(tree, dict.fromkeys(tree.files(folder.rstrip("/"))))
    return remove.plan(tree, name).changes.overlay() if Registry(tree).registrations(name) else bare


def _judged(registry: Registry, name: str) -> list[str]:
    """What `check` says of the backend as people wrote it."""
    found = (finding for rule in registration_rules() for finding in rule.check(registry))
    return [f"{finding.message} {finding.help}" for finding in found if finding.backend == name]


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


def implied(registry: Registry, name: str) -> dict[str, Any]:
    """The answers with which a commit's author would have called `new-backend`."""
    backend = registry.describe(name)
    meta = next(iter(registry.gallery.base_metas(name)), None)
    fields, lists = (meta.item.fields, meta.item.lists) if meta else ({}, {})
    urls = lists.get("urls", ())
    called = meta.name if meta else name
    answers: dict[str, Any] = {
        "name": name,
        "lang": registry.directories[name],
        "kind": registry.kind(name),
        "variants": tuple(_variants(registry, name)),
        "imports": _imports(registry, {name, called}),
        "summary": "What it is, in one sentence.",
        "description": "What users read\nin several lines.",
        "license": fields.get("license", ""),
        "url": urls,
        "icon": fields.get("icon", ""),
        "gallery_name": called if called != name else "",
        "tags": tuple(re.sub(r"[^A-Za-z0-9._+-]+", "-", tag) for tag in meta.tags) if meta else (),
        "capabilities": _capabilities(registry, name, meta.capabilities if meta else {}),
        "prebuilt": _prebuilt(registry, name),
        "test_model": _test_model(registry, name),
        **_uses(registry, called),
    }
    upstream = backend.upstream
    if not upstream and answers["kind"] in NEEDS_UPSTREAM:  # people follow it by hand
        on_github = re.findall(r"https://github\.com/([\w.-]+/[\w.-]+)", " ".join(urls))
        upstream = on_github[0].removesuffix(".git") if on_github else "acme/engine"
    if upstream:
        pin = backend.pin or "0" * 39 + "1"
        answers |= {"upstream": upstream, "branch": backend.branch or "main", "pin": pin}
    return answers


def _prebuilt(registry: Registry, name: str) -> bool:
    """Whether a gRPC server of its own is compiled on an image that has gRPC."""
    return registry.kind(name) == "grpc" and any(e.prebuilt for e in registry.matrix.entries_of(name))


def _variants(registry: Registry, name: str) -> Iterator[str]:
    entries = registry.matrix.entries_of(name)
    bespoke = registry.makefile.rule_with_recipe(f"backends/{name}-darwin")
    for variant in sorted({*registry.variants(name), *(["metal"] if bespoke else ())}):
        built = {arch for entry in entries if entry.variant == variant for arch in entry.arches}
        few = variant != "metal" and len(built) < len(VARIANTS[variant].arches)
        yield f"{variant}:{next(iter(built))}" if few else variant


def _capabilities(registry: Registry, name: str, keys: dict[str, str]) -> tuple[str, ...]:
    """What hardware gets where that does not follow from the variants."""
    images = {image: variant for variant, image in registry.gallery.release_images(name).items()}
    theirs = {key: images[image] for key, image in keys.items() if image in images}
    usual = variants.capabilities(set(registry.variants(name)))
    changed = {key: variant for key, variant in theirs.items() if usual.get(key) != variant}
    return tuple(f"{key}={variant}" for key, variant in changed.items())


def _uses(registry: Registry, called: str) -> dict[str, Any]:
    """Modalities, and what a capability entry says besides."""
    keys = {row.import_key: row.name for row in reversed(EVERY.values())}
    key = next((line.modality for line in registry.importers.pref_only if line.name == called), "")
    for importer in registry.importers.importers:
        text = (registry.tree.read(importer.path) or b"").decode()
        offer = re.search(rf'\{{Name: "{re.escape(called)}", Modality: "([^"]*)"', text)
        own = importer.name == called and re.search(
            rf'{importer.type_name}\) Modality\(\) +string +{{ return "([^"]*)"', text
        )
        key = key or (offer[1] if offer else "") or (own[1] if own else "")
    owner = registry.backend_called(called) or called
    plain = (key and keys.get(key)) or registry.modality(owner) or "none"
    source, entry = registry.capabilities.source, registry.capabilities.entry(called)
    if entry is None or source is None:
        return {"modality": (plain,)}
    fields = {field: source.text(node) for field, node in source.fields(entry.value).items()}
    use = {constant: word for word, constant in registry.capabilities.usecases.items()}
    rpc = {constant: word for word, constant in registry.capabilities.methods.items()}
    words = {field: re.findall(r"\b(?:Method|Usecase)\w+", text) for field, text in fields.items()}
    defaults = [use[constant] for constant in words.get("DefaultUsecases", ())]
    possible = [use[constant] for constant in words.get("PossibleUsecases", ())]
    first = [row.usecases[0] for row in EVERY.values() if row.import_key == key and row.usecases]
    left = [*(u for u in defaults if u in first), *defaults, *possible]
    rows = []
    while left:
        fitting = (r for r in registry.modalities.values() if left[0] in r.usecases)
        row = max((r for r in fitting if {*r.usecases} <= {*possible}), key=lambda r: len(r.usecases))
        rows.append(row)
        left = [usecase for usecase in left if usecase not in row.usecases]
    methods = [rpc[constant] for constant in words.get("GRPCMethods", ())]
    return {
        "modality": tuple(row.name for row in rows),
        "rpcs": tuple(m for m in methods if not any(m in row.methods for row in rows)),
        "accepts": tuple(word for word, (field, _) in ACCEPTS.items() if field in fields),
        "defaults": tuple(defaults),
    }


def _test_model(registry: Registry, name: str) -> str:
    """The model with which CI tests the image."""
    makefile = (registry.tree.read("Makefile") or b"").decode()
    rule = re.search(rf"(?m)^test-extra-backend-{re.escape(name)}:(?:.*\n\t)+", makefile)
    model = re.search(r"BACKEND_TEST_MODEL_URL=(https?://\S+)", rule[0]) if rule else None
    tested = rule or any(job.key == f"tests-{name}-grpc" for job in registry.test_jobs.jobs)
    return model[1] if model else "https://example.com/model.gguf" if tested else ""


def _imports(registry: Registry, called: set[str]) -> str:
    importers = registry.importers
    if any(importers.importer_of(name) for name in called):
        return "auto"
    for importer in importers.importers:
        text = (registry.tree.read(importer.path) or b"").decode()
        if called & {*drop_ins.offered(text)}:
            return f"drop-in:{importer.name}"
    return "pref-only" if any(line.name in called for line in importers.pref_only) else ""


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
            fields = definition._asdict()
            del fields["assignment"]
            found["Makefile definition", definition.variable] = fields
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
    called = {name, *(meta.name for meta in registry.gallery.base_metas(name))}
    if any(registry.importers.importer_of(each) for each in called):
        found["importer",] = True
    for importer in registry.importers.importers:
        if called & {*drop_ins.offered((registry.tree.read(importer.path) or b"").decode())}:
            found["drop-in", importer.name] = True
    source = registry.capabilities.source
    entry = next(filter(None, map(registry.capabilities.entry, called)), None)
    if entry and source:
        fields = {key: source.text(node) for key, node in source.fields(entry.value).items()}
        lists = {key: sorted(re.findall(r"\b(?:Method|Usecase)\w+", text)) for key, text in fields.items()}
        accepts = {key: text for key, text in fields.items() if key.startswith(("Accepts", "Voice"))}
        found["capabilities",] = {key: value for key, value in lists.items() if value} | accepts
    return found


def _docs(registry: Registry, name: str) -> Places:
    found: Places = {}
    for table, row in registry.documented.get(name, ()):
        accelerated = next((c for c in table.columns if c.lower().startswith("acceleration")), None)
        words = registry.docs.accelerations(table, row, accelerated) if accelerated else set()
        found["table row", table.heading] = {"name": row.name, "acceleration": sorted(words)}
    engine = registry.engines.row(registry.called_alone(name))
    if engine is not None:
        found["own engine",] = (engine.name, engine.url)
    for place in registry.features.references(name):
        found["backend type", place.what] = True
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
