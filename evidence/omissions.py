"""What people forgot when they registered a backend, and whether `check` says it of that very commit.

    LOCALAI_REPO=~/LocalAI python -m evidence.omissions [--since DAY] [--until DAY] [--all] [NAME ...]

Looked at is each commit of the main line that adds a backend, builds one for more, or renames one. Left
out is what a later commit adds for what was there by then, and what `new-backend`, `add-variant` or
`rename-backend` writes where the commit has nothing. What goes with something else that is left out is not
counted beside it: images without a meta, lines of a backend that nothing builds. Prints, as Markdown, how
many there are for each surface and how `check --base PARENT` says them, and those that it does not say; with
`--all` every one. The clone is read, never written.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from evidence.history import PATHS
from evidence.registrations import architectures, places
from evidence.replay import judged, planned, without
from scaffold.backend.variants import DARWIN, VARIANTS
from scaffold.checkout.tree import GitTree, Tree
from scaffold.errors import ScaffoldError
from scaffold.operations import check, rename, variants
from scaffold.registry import Registry
from scaffold.rules.base import SEVERITIES, Finding
from scaffold.rules.repository.renames import renamed
from scaffold.surfaces.gallery.items import DEVELOPMENT

Place = tuple[str, ...]

SAYING: dict[str, tuple[str, ...]] = {
    "matrix": (
        "matrix-missing-entry", "matrix-duplicate-tag", "matrix-tag-suffix", "gallery-image-not-built",
    ),
    "path filter": ("filter-unmapped-backend",),
    "gallery meta": ("gallery-missing-meta", "gallery-dev-meta-missing", "gallery-image-as-meta"),
    "gallery image": (
        "gallery-image-missing", "gallery-missing-meta", "gallery-capability-target",
        "gallery-image-not-built", "matrix-duplicate-tag",
    ),
    "capability": (
        "gallery-capability-", "gallery-dev-meta-drift", "gallery-no-default", "gallery-image-as-meta",
        "gallery-image-missing",
    ),
    "Makefile definition": ("makefile-missing-definition",),
    "Makefile list": ("makefile-docker-build-list", "makefile-not-parallel"),
    "Makefile test list": ("makefile-test-lists",),
    "Makefile rule": ("darwin-bespoke-wiring",),
    "pref-only line": ("importer-missing",),
    "importer": ("importer-missing",),
    "drop-in": ("importer-missing",),
    "capabilities": ("capabilities-missing",),
    "table row": ("docs-missing-row",),
    "acceleration": ("docs-acceleration",),
    "bump": ("bump-missing-entry", "bump-pin-"),
    "extra tests": ("addition-incomplete",),
    "macOS build": ("darwin-bespoke-wiring", "matrix-darwin-missing"),
    "build context": ("addition-incomplete",),
    "own engine": ("addition-incomplete",),
    "backend type": ("addition-incomplete",),
}  # fmt: skip
"""Surface -> the rules, or the beginnings of their names, that say what is left out there, the best first."""


class Event(NamedTuple):
    """A backend that a commit adds, builds for more, or renames."""

    commit: str
    day: str
    name: str
    kind: str
    """`added`, `grew` or `renamed`."""
    grown: tuple[str, ...] = ()
    """The platforms that it is built for since, or the old name."""
    unasked: tuple[str, ...] = ()
    """Surfaces on which it needs nothing: it has no tests, or a job runs them; it has an importer."""


class State(NamedTuple):
    """What is registered in one commit."""

    commit: str
    day: str
    flat: Mapping[str, Mapping[Place, str]]
    """Backend -> place -> the platform that it is for; "" where it is for none in particular."""
    built: Mapping[str, tuple[str, ...]]


class Omission(NamedTuple):
    """A registration that a commit left out."""

    event: Event
    place: Place
    repaired: str
    """The commit that brought it; "" where none did."""


def flat(registry: Registry, name: str) -> dict[Place, str]:
    """Every registration of a backend that stands or falls alone -> the platform that it is for."""
    found: dict[Place, str] = {}
    images = {image: variant for variant, image in registry.gallery.release_images(name).items()}
    by_tag = {entry.tag_suffix: entry.variant or "" for entry in registry.matrix.entries_of(name)}
    words = {row.acceleration: variant for variant, row in reversed(VARIANTS.items())}
    for place, value in places(registry, name).items():
        match place:
            case "matrix", tag, *arches:
                found |= dict.fromkeys((("matrix", tag, arch) for arch in arches), by_tag[tag])
            case "path filter", "None":
                pass
            case "gallery meta", meta:
                found[place] = ""
                keys = {k: v for k, v in value.items() if k not in ("license", "icon", "urls")}
                for key, image in keys.items():
                    found["capability", meta, key] = images.get(image.removesuffix(DEVELOPMENT), "")
            case "gallery image", image:
                release = image.removesuffix(DEVELOPMENT)
                variant = images.get(release, "")
                found["gallery image", variant or release, image.removeprefix(release)] = variant
            case "table row", _:
                found["table row",] = ""
                for word in value["acceleration"]:
                    found["acceleration", word] = words.get(word, "")
            case "Makefile eval", *_:
                pass  # it goes with the definition
            case (("Makefile rule" | "Makefile list"), *_, target) if target.endswith(f"-{DARWIN}"):
                found[place] = DARWIN
            case (("Makefile test list" | "extra tests"), *_):
                found[place[:1]] = ""
            case _:
                found[place] = ""
    return found


def states(repository: Path, since: str, until: str) -> Iterator[tuple[State, Registry, Registry]]:
    """Each commit that touches what registers backends, its parent and itself."""
    when = (f"--since={since}", f"--until={until}", "--format=%H %cs", "HEAD", "--", *PATHS)
    command = ("git", "-C", str(repository), "log", "--first-parent", "--reverse", *when)
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    for line in lines:
        commit, day = line.split()
        trees = [GitTree(repository, f"{commit}^1"), GitTree(repository, commit)]
        before = Registry(trees[0])
        after = Registry(trees[1], beside=before)
        places_of = {name: flat(after, name) for name in after.names}
        built = {name: tuple(after.variants(name)) for name in after.names}
        yield State(commit, day, places_of, built), before, after
        for tree in trees:
            tree.close()
        gc.collect()


def events(state: State, before: Registry, after: Registry) -> Iterator[Event]:
    """What a commit does to backends."""
    new_names = renamed(before, after)
    at = state.commit, state.day
    yield from (Event(*at, new, "renamed", (old,)) for old, new in new_names.items())
    for name in after.names:
        had = before.variants(name) if name in before.names else []
        grown = tuple(v for v in after.variants(name) if v not in had)
        if name in new_names.values():
            continue
        if name not in before.names or (grown and not had):
            yield Event(*at, name, "added", grown, _unasked(after, name))
        elif grown:
            yield Event(*at, name, "grew", grown, _unasked(after, name))


def _unasked(registry: Registry, name: str) -> tuple[str, ...]:
    tests = registry.files(name).has_make_rule("test")
    run = registry.directory(name) in {use.name for use in registry.test_jobs.make_commands}
    imported = bool(registry.aliases_of(name) & registry.importers.mentioned)
    given = {"extra tests": not tests, "Makefile test list": run or not tests, "pref-only line": imported}
    return tuple(kind for kind, is_given in given.items() if is_given)


def defined(event: Event, before: Registry, after: Registry) -> dict[Place, str]:
    """What the tool registers where people did the same."""
    tree: Tree = before.tree
    try:
        if event.kind == "renamed":
            changes = rename.plan(tree, event.grown[0], event.name).changes
        elif event.kind == "grew":
            changes = variants.add(tree, event.name, architectures(after, event.name, event.grown)).changes
        elif event.grown:
            parent = without(tree, event.name, f"{after.directory(event.name)}/")
            found = judged(Registry(after.tree, event.name), event.name)
            changes = [*planned(parent, after, event.name, found)][-1].changes
        else:
            return {}  # nothing builds it
    except ScaffoldError:
        return {}
    return flat(Registry(changes.overlay(), event.name), event.name)


def said(repository: Path, commit: str) -> list[tuple[Finding, str]]:
    """What `check --base PARENT` says of a commit, and how: by itself, with its cause, or as known before."""
    before = GitTree(repository, f"{commit}^1")
    after = GitTree(repository, commit, beside=before)
    result = check.run(after, check.Scope(), before, "parent")
    before.close()
    after.close()
    found = [(f, "" if result.is_new(i) else ", known before") for i, f in enumerate(result.findings)]
    return sorted(found, key=lambda pair: pair[1]) + [(f, ", with its cause") for f in result.folded]


def omissions(
    history: Sequence[tuple[State, Sequence[tuple[Event, Mapping[Place, str]]]]],
) -> Iterator[Omission]:
    """What each event left out, by what came later and by what the tool writes."""
    for position, (state, found) in enumerate(history):
        for event, definition in found:
            have = state.flat[event.name]
            wanted = {
                place for place in definition if event.kind != "grew" or definition[place] in event.grown
            }
            later: dict[Place, str] = {}
            name, before = event.name, have
            for other, others in history[position + 1 :]:
                name = next((e.name for e, _ in others if e.kind == "renamed" and e.grown[0] == name), name)
                now = other.flat.get(name)
                if now is None:
                    break
                lost = {place[0] for place in before.keys() - now.keys()}
                for place in now.keys() - before.keys():
                    if place[0] not in lost and place not in have:
                        later.setdefault(place, other.commit)
                        if _is_due(place, now[place], event, state):
                            wanted.add(place)
                before = now
            for place in _apart({p for p in wanted if p not in have and p[0] not in event.unasked}, have):
                yield Omission(event, place, later.get(place, ""))


def _is_due(place: Place, variant: str, event: Event, state: State) -> bool:
    """Whether a registration that came later belongs to what was there by then."""
    if event.kind == "grew" and variant not in event.grown:
        return False
    part = slice(None) if place[0] == "backend type" else slice(1)  # a list may have had no names yet
    known = any(place[part] == other[part] for places_of in state.flat.values() for other in places_of)
    fresh = place[0] in ("matrix", "importer", "drop-in") and place[0] in {
        p[0] for p in state.flat[event.name]
    }
    return known and not fresh and (not variant or variant in state.built[event.name])


def _apart(places_of: set[Place], have: Mapping[Place, str]) -> list[Place]:
    """Places without those that go with another one which is left out, too."""
    there = {place[0] for place in have}
    if "matrix" not in there:  # nothing is built yet: whoever builds it has to do the rest
        return [("matrix",)]
    built = {variant for place, variant in have.items() if place[0] == "matrix"}
    left = []
    for place in sorted(places_of):
        match place:
            case ("Makefile test list",) if ("extra tests",) in places_of:
                pass
            case "acceleration", _ if "table row" not in there:
                pass
            case "gallery image", variant, _ if variant in VARIANTS and variant not in built:
                pass
            case (("gallery image" | "capability"), *_) if "gallery meta" not in there:
                pass
            case ("capability", meta, _) if ("gallery meta", meta) not in have:
                pass
            case (("Makefile rule" | "Makefile list"), *_) if "Makefile definition" not in there:
                pass
            case _:
                left.append(place)
    return left


def verdict(omission: Omission, findings: Sequence[tuple[Finding, str]]) -> str:
    """The rule that says an omission, with its severity; "" where none does."""
    kind, *words = omission.place
    spelled = [*_spellings(kind, words, omission.event.name)]
    for rule in SAYING[kind]:
        for finding, how in findings:
            text = f"{finding.subject} {finding.path} {finding.message} {finding.help}"
            own = finding.backend == omission.event.name and finding.rule.startswith(rule)
            if own and any(word in text for word in spelled):
                return f"{finding.rule} ({finding.severity}{how})"
    return ""


def _spellings(kind: str, words: Sequence[str], name: str) -> Iterator[str]:
    """What a finding about a place has one of."""
    match kind, *words:
        case "capability", meta, key:
            base = meta.removesuffix(DEVELOPMENT)  # one report is for both channels
            yield from (key, f"{base} has a uri", f"{base} is one image")
        case "gallery image", variant, *_ if variant in VARIANTS:
            yield from (form.replace("{n}", name) for form in VARIANTS[variant][2:4])
        case (("gallery image" | "acceleration" | "Makefile list" | "build context"), word, *_):
            yield word
        case _:
            yield ""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--since", default="2025-12-01")
    parser.add_argument("--until", default="now")
    parser.add_argument("--all", action="store_true", help="print every omission")
    options = parser.parse_args()
    repository = Path(os.environ["LOCALAI_REPO"])
    history, findings = [], {}
    for state, before, after in states(repository, options.since, options.until):
        found = [
            event for event in events(state, before, after) if event.name in (options.names or after.names)
        ]
        history.append((state, [(event, defined(event, before, after)) for event in found]))
        if found:
            findings[state.commit] = said(repository, state.commit)
    left = list(omissions(history))
    report([(one, verdict(one, findings[one.event.commit])) for one in left], options.all)


def report(judged_ones: Sequence[tuple[Omission, str]], every: bool) -> None:
    """The summary, and each omission that is not said, or each of all."""
    severities = [severity.value for severity in SEVERITIES]
    columns = (
        "surface",
        "left out",
        "repaired later",
        *severities,
        "with its cause",
        "known before",
        "not said",
    )
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    kinds = dict.fromkeys(sorted(one.place[0] for one, _ in judged_ones))
    for kind in (*kinds, ""):
        own = [(one, told) for one, told in judged_ones if kind in ("", one.place[0])]
        how = Counter(
            (told or " (not said").partition("(")[2].rstrip(")").rpartition(", ")[2] for _, told in own
        )
        figures = (len(own), sum(bool(one.repaired) for one, _ in own), *(how[name] for name in columns[3:]))
        print(f"| {kind or 'all'} | {' | '.join(map(str, figures))} |")
    print("\n| commit | backend | left out | repaired | said by |\n|---|---|---|---|---|")
    for one, told in judged_ones:
        if every or not told:
            at = f"{one.event.day} {one.event.commit[:9]}"
            cells = (at, one.event.name, " ".join(one.place).strip(), one.repaired[:9], told or "-")
            print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
