"""`rename-backend`: what a removal would take away, under another name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from scaffold.backend.limits import HARDWARE_WORDS, MACOS_ENGINE, READS_HARDWARE, RULES, is_for_macos
from scaffold.backend.names import FOLDER, make_variable, require_name
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.checkout.tree import Tree
from scaffold.errors import UsageError
from scaffold.operations import proof, submodules
from scaffold.operations.mentions import find_named, spelled, whole_word
from scaffold.operations.moved import from_here, moved_back
from scaffold.operations.new import require_free
from scaffold.operations.refusals import told
from scaffold.operations.remove import LifecyclePlan, as_removal, require_known, take
from scaffold.operations.unsaved import find as find_unsaved
from scaffold.operations.unsaved import left_behind
from scaffold.operations.workers import find
from scaffold.registry import OWN_SCRIPTS, Registry
from scaffold.rules import registration_rules
from scaffold.surfaces.base import Manual
from scaffold.surfaces.bump_deps import BumpDepsSurface
from scaffold.surfaces.gallery.editing import GallerySurface
from scaffold.surfaces.importers.reading import FOLDER as IMPORTERS
from scaffold.surfaces.matrix.reading import MATRIX_FILE, WORKFLOW_FILE
from scaffold.surfaces.test_jobs import TestJobsSurface
from scaffold.syntax.source import Source

BEFORE = (
    rf"(?m:^/)|(?<![\w-])(?:{FOLDER}|backend/Dockerfile\.|backend-images/|backends/|scripts/build/|\.docker/"
    r"|(?:docker-(?:build|save)|extract-backend)-|local-ai-backend:|BACKEND=)"
)
"""What stands before a backend's name where LocalAI's files mean the backend, and not its engine."""

_SCRIPTS = "|".join(re.escape(script.partition("{n}-")[2]) for script in OWN_SCRIPTS)
BEHIND = rf"(?=\.tar\b|-darwin\b|-(?:{_SCRIPTS})|(?![\w.-]))"
"""What follows it there."""

_COMMENTED = (*TestJobsSurface.paths, MATRIX_FILE, WORKFLOW_FILE)
"""Files whose comments are about backends, as their entries are."""

KEYED = {*GallerySurface.paths, *BumpDepsSurface.paths}
FOREIGN_KEYS = {"description", "urls", "icon", "tags", "license", "repository", "variable", "branch"}
"""Keys of a meta and of a bump entry that speak of the engine, which keeps its name."""


@told
def plan(tree: Tree, old: str, new: str) -> LifecyclePlan:
    """Plan another name for a backend: its directory, its files and every registration.

    What the backend's own sources call themselves stays as it is: it works under any directory. A directory
    that has been moved already stays where it is.

    Raises UsageError for a name that is unknown, taken or not allowed, ShapeError where the path
    filter would not map the new one; the plan is proved before it is returned.
    """
    require_name(old)
    registry = Registry(tree)
    before = moved_back(registry, old, new)
    if before is not None:
        made = _plan(Registry(before), old, new)
        changes = from_here(made.changes, tree)
        return replace(made, changes=changes, unsaved=find_unsaved(changes, lines=False))
    return _plan(registry, old, new)


def _plan(registry: Registry, old: str, new: str) -> LifecyclePlan:
    tree = registry.tree
    require_known(registry, old)
    _require_good(registry, old, new)
    _require_free(registry, old, new)
    changes = ChangeSet(tree)
    _rename_registrations(registry, changes, old, new)
    _rename_in_makefiles(registry, changes, old, new)
    _move_files(registry, changes, old, new)
    _prove(registry, changes, new)
    manual = [*_move_submodules(registry, changes, old, new), *_new_findings(registry, changes, old, new)]
    manual += left_behind(tree, registry.directory(old))
    named = tuple(find_named(registry, changes.overlay(), old, new))
    return LifecyclePlan(changes, tuple(manual), named, find_unsaved(changes, lines=False))


def _rename_registrations(registry: Registry, changes: ChangeSet, old: str, new: str) -> None:
    """Rename what the surfaces would take away, and each line besides that registers the backend."""
    tree = registry.tree
    rename = _renamer(registry, old, new)
    removal = as_removal(registry, old, ChangeSet(tree))
    for surface in registry.surfaces:
        surface.remove(removal)
    spans = [(e.path, e.start, e.end) for e in removal.changes.edits]
    others = {registry.path_filter.path, registry.makefile.path}
    spans = [span for span in spans if span[0] not in others and not span[0].startswith(f"{IMPORTERS}/")]
    spans += [(registry.path_filter.path, n.start_byte, n.end_byte) for n in registry.path_filter.strings]
    spans += [
        (watched.path, watched.start, watched.end)
        for watched in registry.dependabot.folders
        if watched.directory == removal.directory
    ]
    spans += [
        (registry.darwin.path, step.condition_node.start_byte, step.condition_node.end_byte)
        for step in registry.darwin.steps
        if step.condition_node is not None and step.only != old
    ]
    spans += [(path, *span) for path in _COMMENTED for span in _comments(tree.read(path) or b"")]
    for registration in registry.registrations(old):
        if registration.path == registry.makefile.path or registration.path.startswith(f"{IMPORTERS}/"):
            continue
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
    for use in registry.models.uses({old.lower()}):
        changes.add(Edit(use.path, use.start, use.end, new))
    own = {f"{i.path.removesuffix('.go')}_test.go" for i in registry.importers.importers if i.name == old}
    for path in (f"{IMPORTERS}/{name}" for name in tree.list(IMPORTERS)):
        if path in own or (path.endswith(".go") and not path.endswith("_test.go")):
            _edit_quoted(changes, path, old, new)


def _comments(data: bytes) -> Iterator[tuple[int, int]]:
    """The spans of the lines that are comments: some say why a backend is not built or tested."""
    return (match.span() for match in re.finditer(rb"(?m)^[ \t]*#.*$", data))


def _rename_in_makefiles(registry: Registry, changes: ChangeSet, old: str, new: str) -> None:
    """Rename what LocalAI's Makefile makes of a backend, and the folder where another's Makefile takes it.

    A target of a test keeps its name, as do the options of the engine: others ask for them by it.
    """
    variable = make_variable(old)
    made = rf"(?:{BEFORE}){re.escape(old)}{BEHIND}"
    defined = rf"(?m:^{variable}\s*=.*)|\b{variable}\b"
    rename = _renamer(registry, old, new)
    source = registry.makefile.source
    for match in re.finditer(rf"(?P<defined>{defined})|{made}", source.data.decode() if source else ""):
        start, end = (len(match.string[:at].encode()) for at in match.span())
        text = rename(match[0]) if match["defined"] else f"{match[0].removesuffix(old)}{new}"
        changes.add(Edit(registry.makefile.path, start, end, text))
    for path in (f"{registry.directory(name)}/Makefile" for name in registry.names):
        beside = rb"(?<=\.\./)" + re.escape(old.encode()) + rb"(?![\w.-])"
        borrowed = registry.tree.read(path) if f"{registry.directory(old)}/Makefile" != path else None
        for found in re.finditer(beside, borrowed or b""):
            changes.add(Edit(path, found.start(), found.end(), new))


def _outermost(spans: Iterable[tuple[str, int, int]]) -> Iterator[tuple[str, int, int]]:
    """The spans that lie in no other one."""
    last = ("", 0, 0)
    for span in sorted(spans, key=lambda span: (span[0], span[1], -span[2])):
        if span[0] != last[0] or span[2] > last[2]:
            yield span
            last = span


def _require_good(registry: Registry, old: str, new: str) -> None:
    for rule in RULES["name"]:
        problem = rule.broken_by(new)
        if problem and not (rule is READS_HARDWARE and _is_read_already(registry, old, new)):
            raise UsageError(f"name {new!r} {problem}")
    if is_for_macos(new) and not (registry.describe(old).darwin or _is_read_already(registry, old, new)):
        raise UsageError(f"name {new!r} contains {MACOS_ENGINE!r}, and {old} is not built for macOS")


def _is_read_already(registry: Registry, old: str, new: str) -> bool:
    """Whether LocalAI reads the same hardware in the old name, or the backend's own files use the new one."""
    words = {word for word in HARDWARE_WORDS if word in new}
    return all(word in old for word in words) or _calls_itself(registry, old, new)


def _calls_itself(registry: Registry, backend: str, name: str) -> bool:
    """Whether a backend's own files use a word as a name."""
    word = whole_word(spelled(name))
    return any(word.search(registry.tree.read(path) or b"") for path in registry.all_files(backend))


def _require_free(registry: Registry, old: str, new: str) -> None:
    backend = replace(registry.describe(old), name=new, upstream="")
    require_free(registry, backend, registry.registrations(new))


def _renamer(registry: Registry, old: str, new: str) -> Callable[[str], str]:
    """Replaces a name in text that is the backend's alone, and no other backend's name that holds it."""
    others = sorted((n for n in registry.names if old in n and n != old), key=len, reverse=True)
    skipped = "|".join(re.escape(other) for other in others)
    longer = rf"(?!(?:{skipped})\b)" if skipped else ""
    place = rf"(?:(?<![\w/])(?<!test-extra-backend-)|(?P<path>{BEFORE}))"
    word = rf"{place}{longer}{re.escape(old)}(?!\w|\.\w|(?<!\btests-{re.escape(old)})-grpc\b)"
    variable = rf"\b{make_variable(old)}\b"
    pattern = re.compile(rf"(?P<other>{skipped or '(?!)'})|{word}|(?P<variable>{variable})")

    def replaced(match: re.Match[str]) -> str:
        if match["other"]:
            return match[0]
        if match["variable"]:
            return make_variable(new)
        return f"{match['path'] or ''}{new}"

    return lambda text: pattern.sub(replaced, text)


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
        engines = key in FOREIGN_KEYS or line.startswith("  #")  # a comment inside of an item
        lines.append(line if engines else rename(line))
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
    word = rf"({BEFORE}){re.escape(old)}{BEHIND}"
    in_path = re.compile(word)
    in_text = re.compile(word.encode())
    tree = registry.tree
    for path in registry.all_files(old):
        content = in_text.sub(rb"\g<1>" + new.encode(), tree.read(path) or b"")
        changes.move(path, in_path.sub(rf"\g<1>{new}", path), content)


def _move_submodules(registry: Registry, changes: ChangeSet, old: str, new: str) -> Iterator[Manual]:
    """Move the folders of engines that are submodules."""
    directory = registry.directory(old)
    for folder in registry.build_context.submodules(directory):
        there = f"{directory.removesuffix(old)}{new}{folder.removeprefix(directory)}"
        changes.move_folder(folder, there)
        yield from submodules.to_move(registry, folder, there, folder.removeprefix(directory))


def _prove(before: Registry, changes: ChangeSet, new: str) -> None:
    proof.prove_syntax(changes)
    after = Registry(changes.overlay())
    for entries, results, old_results in (
        (after.matrix.linux, after.inferred[0], before.inferred[0]),
        (after.matrix.darwin, after.inferred[1], before.inferred[1]),
    ):
        for entry, now, then in zip(entries, results, old_results, strict=True):
            expected = f"{after.directory(new)}/" if entry.backend == new else then
            if now != expected:
                problem = f"under that name the path filter would map {entry.tag_suffix} to {now}"
                raise proof.ProofError(
                    after.path_filter.path, None, f"{problem}: choose another than {new!r}"
                )


def _new_findings(before: Registry, changes: ChangeSet, old: str, new: str) -> list[Manual]:
    """What the rules find after the change and did not find before it.

    Of what is about something else than before, as a variable of make with another name, the number counts.
    """
    own, rules = (old, new), registration_rules()
    was, now = find(before, rules), find(Registry(changes.overlay()), rules)
    said = Counter(finding.identity for finding in was)
    changed = [finding for finding in now if not take(said, finding.identity)]
    known = Counter((rule, about not in own and about) for rule, about, *_ in said.elements())
    return [
        Manual(finding.path, f"{finding.rule}: {finding.message}; {finding.help}")
        for finding in changed
        if not take(known, (finding.rule, finding.backend not in own and finding.backend))
    ]
