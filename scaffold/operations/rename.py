"""`rename-backend`: what a removal would take away, under another name."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from scaffold import verify
from scaffold.backend import RULES
from scaffold.edits import ChangeSet, Edit
from scaffold.errors import UsageError
from scaffold.operations import check
from scaffold.operations.new import require_free
from scaffold.operations.remove import (
    LifecyclePlan,
    as_removal,
    find_mentions,
    own_files,
    require_known,
)
from scaffold.registry import Registry
from scaffold.rules import registration_rules
from scaffold.surfaces.base import Manual
from scaffold.surfaces.bump_deps import BumpDepsSurface
from scaffold.surfaces.gallery import GallerySurface
from scaffold.surfaces.importers import FOLDER
from scaffold.syntax.source import Source
from scaffold.tree import WorkTree

OWN_PATHS = r"(?m:^/)|backend/(?:python|go|cpp|rust)/|backend/Dockerfile\.|backends/|scripts/build/|\.docker/"
"""What stands before a backend's name where a path is LocalAI's own, and not the engine's address."""

KEYED = {*GallerySurface.paths, *BumpDepsSurface.paths}
FOREIGN_KEYS = {"description", "urls", "icon", "tags", "license", "repository", "variable", "branch"}
"""Keys of a meta and of a bump entry that speak of the engine, which keeps its name."""


def plan(tree: WorkTree, old: str, new: str) -> LifecyclePlan:
    """Plan another name for a backend: its directory, its files and every registration.

    What the backend's own sources call themselves stays as it is: it works under any directory.

    Raises UsageError for a name that is unknown, taken or not allowed, ShapeError where the path
    filter would not map the new one; the plan is proved before it is returned.
    """
    registry = Registry(tree)
    require_known(registry, old)
    for rule in RULES["name"]:
        problem = rule.broken_by(new)
        if problem:
            raise UsageError(f"name {new!r} {problem}")
    _require_free(registry, old, new)
    changes = ChangeSet(tree)
    _rename_registrations(registry, changes, old, new)
    _move_files(registry, changes, old, new)
    _prove(registry, changes, new)
    manual = _new_findings(registry, changes, old, new)
    return LifecyclePlan(changes, tuple(manual), tuple(find_mentions(registry, changes, old, new)))


def _rename_registrations(registry: Registry, changes: ChangeSet, old: str, new: str) -> None:
    """Rename what the surfaces would take away, and each line besides that registers the backend."""
    tree = registry.tree
    rename = _renamer(registry, old, new)
    removal = as_removal(registry, old, ChangeSet(tree))
    for surface in registry.surfaces:
        surface.remove(removal)
    spans = [(e.path, e.start, e.end) for e in removal.changes.edits if e.path != registry.path_filter.path]
    spans = [span for span in spans if not span[0].startswith(f"{FOLDER}/")]
    spans += [(registry.path_filter.path, n.start_byte, n.end_byte) for n in registry.path_filter.strings]
    spans += [
        (watched.path, watched.node.start_byte, watched.end)
        for watched in registry.dependabot.folders
        if watched.directory == removal.directory
    ]
    spans += [
        (registry.darwin.path, step.condition_node.start_byte, step.condition_node.end_byte)
        for step in registry.darwin.steps
        if step.condition_node is not None and step.only != old
    ]
    elsewhere = (r for r in registry.registrations(old) if not r.path.startswith(f"{FOLDER}/"))
    for registration in elsewhere:
        source = Source(registration.path, tree.read(registration.path) or b"")
        start = source.offset(registration.line)
        line = (registration.path, start, source.line_end(start))
        if line not in spans and not any(p == line[0] and s < line[2] and line[1] < e for p, s, e in spans):
            spans.append(line)
    for path, start, end in _outermost(spans):
        before = (tree.read(path) or b"")[start:end].decode()
        after = _renamed_items(before, rename) if path in KEYED else rename(before)
        if after != before:
            changes.add(Edit(path, start, end, after))
    own = {f"{i.path.removesuffix('.go')}_test.go" for i in registry.importers.importers if i.name == old}
    for path in (f"{FOLDER}/{name}" for name in tree.list(FOLDER)):
        if path in own or (path.endswith(".go") and not path.endswith("_test.go")):
            _edit_quoted(changes, path, old, new)


def _outermost(spans: Iterable[tuple[str, int, int]]) -> Iterator[tuple[str, int, int]]:
    """The spans that lie in no other one."""
    last = ("", 0, 0)
    for span in sorted(spans, key=lambda span: (span[0], span[1], -span[2])):
        if span[0] != last[0] or span[2] > last[2]:
            yield span
            last = span


def _require_free(registry: Registry, old: str, new: str) -> None:
    backend = registry.describe(old).model_copy(update={"name": new, "upstream": ""})
    if next(iter(registry.tree.files(backend.directory)), None) is not None:
        raise UsageError(f"name {new!r} is taken: {backend.directory} exists")
    require_free(registry, backend, registry.registrations(new))


def _renamer(registry: Registry, old: str, new: str) -> Callable[[str], str]:
    """Replaces a name in text that is the backend's alone, and no other backend's name that holds it."""
    others = sorted((n for n in registry.names if old in n and n != old), key=len, reverse=True)
    skipped = "|".join(re.escape(other) for other in others)
    longer = rf"(?!(?:{skipped})\b)" if skipped else ""
    word = rf"(?:(?<![\w/])|(?P<path>{OWN_PATHS})){longer}{re.escape(old)}(?!\w|\.\w|-grpc\b)"
    variable = rf"\bBACKEND_{re.escape(_identifier(old))}\b"
    pattern = re.compile(rf"(?P<other>{skipped or '(?!)'})|{word}|(?P<variable>{variable})")

    def replaced(match: re.Match[str]) -> str:
        if match["other"]:
            return match[0]
        if match["variable"]:
            return f"BACKEND_{_identifier(new)}"
        return f"{match['path'] or ''}{new}"

    return lambda text: pattern.sub(replaced, text)


def _identifier(name: str) -> str:
    return name.upper().replace("-", "_")


def _renamed_items(text: str, rename: Callable[[str], str]) -> str:
    """Items of a list under another name; what they say of the engine stays."""
    lines = []
    key = ""
    indent = re.search(r"(?m)^ *(?=- )", text)
    for line in text.splitlines(keepends=True):
        found = re.match(rf"{indent[0] if indent else ''}(?:- |  )([\w-]+):", line)
        if found:
            key = found[1]
        elif line.startswith(("-", "#")):
            key = ""
        lines.append(line if key in FOREIGN_KEYS else rename(line))
    return "".join(lines)


def _edit_quoted(changes: ChangeSet, path: str, old: str, new: str) -> None:
    """Replace a name where Go code gives, asks for or offers it; a part of a path is not the backend's."""
    data = changes.tree.read(path) or b""
    for match in re.finditer(rb'"' + re.escape(old.encode()) + rb'"', data):
        line = data[data.rfind(b"\n", 0, match.start()) + 1 : match.start()]
        if not re.search(rb"\b(?:Join|HasPrefix|HasSuffix|Contains)\(", line):
            changes.add(Edit(path, match.start() + 1, match.end() - 1, new))


def _move_files(registry: Registry, changes: ChangeSet, old: str, new: str) -> None:
    """Move the backend's own files; in them, LocalAI's paths to them follow."""
    word = rf"({OWN_PATHS}){re.escape(old)}(?![\w.]|-(?!darwin\.sh|compile\.sh))"
    in_path = re.compile(word)
    in_text = re.compile(word.encode())
    tree = registry.tree
    assert isinstance(tree, WorkTree)
    for path in own_files(registry, old):
        content = in_text.sub(rb"\g<1>" + new.encode(), tree.read(path) or b"")
        changes.create(in_path.sub(rf"\g<1>{new}", path), content, os.access(tree.root / path, os.X_OK))
        changes.delete(path)


def _prove(before: Registry, changes: ChangeSet, new: str) -> None:
    verify.prove_syntax(changes)
    after = Registry(changes.overlay())
    for entries, results, old_results in (
        (after.matrix.linux, after.inferred[0], before.inferred[0]),
        (after.matrix.darwin, after.inferred[1], before.inferred[1]),
    ):
        for entry, now, then in zip(entries, results, old_results, strict=True):
            expected = f"{after.directory(new)}/" if entry.backend == new else then
            if now != expected:
                problem = f"under that name the path filter would map {entry.tag_suffix} to {now}"
                raise verify.ProofError(
                    after.path_filter.path, None, f"{problem}: choose another than {new!r}"
                )


def _new_findings(before: Registry, changes: ChangeSet, old: str, new: str) -> list[Manual]:
    """What the rules find after the change and did not find before it."""
    known = Counter(f.rule for f in check.find(before, registration_rules()) if f.backend == old)
    found = [
        f for f in check.find(Registry(changes.overlay()), registration_rules()) if f.backend in (old, new)
    ]
    asked = []
    for finding in found:
        if known[finding.rule]:
            known[finding.rule] -= 1
        else:
            asked.append(Manual(finding.path, f"{finding.rule}: {finding.message}; {finding.help}"))
    return asked
