"""`add-variant`, `remove-variant`: ship an existing backend for one more platform, or one less."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from scaffold.backend.limits import one_of, require_architecture
from scaffold.backend.names import require_name
from scaffold.backend.variants import DARWIN, VARIANTS, supported
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.checkout.tree import GitTree, Tree, WorkTree
from scaffold.errors import ScaffoldError, UsageError
from scaffold.operations import proof
from scaffold.operations.new import template_answers
from scaffold.operations.profiles import profile_file
from scaffold.operations.refusals import told
from scaffold.operations.remove import LifecyclePlan, as_removal, require_known
from scaffold.registry import Registry
from scaffold.surfaces.base import Addition, Removal

if TYPE_CHECKING:
    from scaffold.template.render import GeneratedFile


@told
def add(tree: Tree, name: str, wanted: Iterable[str]) -> LifecyclePlan:
    """Plan one more platform: matrix legs, images, capabilities, macOS wiring, the compatibility table.

    `cpu:amd64` is built for this architecture alone. What is built already stays as it is. Raises UsageError
    for an unknown backend, variant or architecture.
    """
    require_name(name)
    registry = Registry(tree)
    require_known(registry, name)
    asked = tuple(wanted)
    chosen = _known(registry, name, asked)
    built = registry.variants(name)
    already = tuple(variant for variant in chosen if variant in built)
    added = tuple(variant for variant in chosen if variant not in built)
    if not added:
        return LifecyclePlan(ChangeSet(tree), already=already)
    addition = _addition(registry, name, added, tuple(each for each in asked if ":" in each))
    proof.prove_insertion(addition)
    proof.ask_what_rules_find(addition, registry)
    for path in sorted(addition.changes.created):
        what = " ".join(addition.backend.variants)
        of = profile_file(registry, name, path, b"")[1] if path.endswith(".txt") else ""
        addition.ask(
            path,
            f"look through it: it has what {of} has, in the versions that siblings have for {what}"
            if of
            else f"complete it: it is what a new backend gets for {what}",
        )
    return LifecyclePlan(addition.changes, tuple(addition.manual), already=already)


def _addition(registry: Registry, name: str, added: tuple[str, ...], only: tuple[str, ...] = ()) -> Addition:
    """The planned addition, not yet proved. Raises UsageError for what can be no variant of the backend."""
    built = set(registry.variants(name))
    if DARWIN in added and registry.builds_foreign_sources(name):
        raise UsageError(f"{name} builds llama.cpp's sources, which have no generic build for macOS")
    addition = registry.addition(name, ChangeSet(registry.tree))
    for variant in added:
        tag_suffix = registry.matrix.tag_suffix(addition.backend, VARIANTS[variant])
        if tag_suffix in registry.other_tags:
            addition.ask(registry.matrix.file, f"a job of its own pushes {tag_suffix} already: delete it")
    addition.backend = replace(addition.backend, variants=added, only=only)
    registry.matrix.add(addition)
    registry.gallery.add_images(addition)
    if DARWIN in added and addition.backend.lang == "cpp":
        _wire_darwin(registry, addition)
    _add_files(registry, addition, built | set(added))
    _update_table(registry, name, addition.changes, built, built | set(added))
    return addition


@told
def remove(tree: Tree, name: str, unwanted: Iterable[str]) -> LifecyclePlan:
    """Plan one platform less; the inverse of `add`.

    What `add` did since the last commit is undone, to the byte: only that commit says what was there
    before, such as an image that the gallery offered and nothing built.

    What is not built is so already. Raises UsageError for an unknown backend or variant, and where nothing
    would be left.
    """
    require_name(name)
    registry = Registry(tree)
    require_known(registry, name)
    chosen = _known(registry, name, unwanted)
    built = set(registry.variants(name))
    already = tuple(variant for variant in chosen if variant not in built)
    gone = tuple(variant for variant in chosen if variant in built)
    if not gone:
        return LifecyclePlan(ChangeSet(tree), already=already)
    if built <= set(gone):
        raise UsageError(f"nothing of {name} would be left: use `scaffold remove-backend {name}`")
    undone = _undone(tree, name, gone)
    if undone is not None:
        return LifecyclePlan(undone, already=already)
    removal = as_removal(registry, name, ChangeSet(tree))
    registry.matrix.remove_variants(removal, set(gone))
    registry.gallery.remove_variants(removal, set(gone), built - set(gone))
    if DARWIN in gone and registry.directories.get(name) == "cpp":
        registry.darwin.remove(removal)
        registry.makefile.remove_darwin(removal)
        registry.path_filter.remove_darwin(removal)
        script = f"scripts/build/{name}-darwin.sh"
        if tree.read(script) is not None:
            removal.changes.delete(script)
    _remove_profiles(registry, removal, gone, built)
    _update_table(registry, name, removal.changes, built, built - set(gone))
    proof.prove_removal(removal, texts_change=True)
    return LifecyclePlan(removal.changes, tuple(removal.manual), already=already)


def _undone(tree: Tree, name: str, gone: tuple[str, ...]) -> ChangeSet | None:
    """The change that takes an uncommitted `add` back; None where that is not all that happened there."""
    if not isinstance(tree, WorkTree):
        return None
    try:
        before = Registry(GitTree(tree.root, "HEAD"))
        if set(gone) & set(before.variants(name)):
            return None
        added = _addition(before, name, gone, _alone(Registry(tree), name, gone)).changes
    except (ScaffoldError, OSError):  # no git, no commit, or the backend is not in it
        return None
    if any(tree.read(path) != content for path, content in added.contents().items()):
        return None
    return added.undone(tree)


def _alone(registry: Registry, name: str, variants: Iterable[str]) -> tuple[str, ...]:
    """`cpu:amd64` for each variant that a backend is built for on one architecture alone, of several."""
    entries = registry.matrix.entries_of(name)
    built = {v: {arch for e in entries if e.variant == v for arch in e.arches} for v in variants}
    few = {v: arches for v, arches in built.items() if len(arches) == 1 < len(VARIANTS[v].arches)}
    return tuple(f"{variant}:{arch}" for variant, arches in few.items() for arch in arches)


def _known(registry: Registry, name: str, variants: Iterable[str]) -> tuple[str, ...]:
    """The variants in table order. Raises UsageError for one that the language is not built for."""
    lang = registry.directories.get(name, "")
    known = supported(lang)
    chosen = []
    try:
        for each in variants:
            chosen.append(one_of(f"variant of {lang} backends", each.partition(":")[0], known))
            require_architecture(each)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return tuple(variant for variant in VARIANTS if variant in chosen)


def _wire_darwin(registry: Registry, addition: Addition) -> None:
    """What a C++ backend needs on macOS besides its matrix entry."""
    registry.makefile.add_darwin_rule(addition)
    registry.path_filter.map_darwin(addition)
    registry.path_filter.add_to_bespoke_set(addition)
    registry.path_filter.add_shared_input(addition)
    registry.darwin.add(addition)


def _add_files(registry: Registry, addition: Addition, built: set[str]) -> None:
    """The files that a new backend of these variants has and this one lacks: profiles, the macOS script."""
    backend = addition.backend
    wanted = set(_profiles(registry, backend.name, backend.variants)) if backend.lang == "python" else set()
    if backend.bespoke_darwin:
        wanted.add(f"scripts/build/{backend.name}-darwin.sh")
    missing = {path for path in wanted if registry.tree.read(path) is None}
    made = {file.path: file for file in _rendered(registry, backend.name, built)} if missing else {}
    for path in sorted(missing):
        if path in made:
            content = made[path].content
            if path.endswith(".txt"):
                content = profile_file(registry, backend.name, path, content)[0]
            addition.changes.create(path, content, made[path].executable)
        else:
            addition.ask(path, f"write it: the template makes none for {backend.name}")
    if DARWIN in backend.variants and not registry.files(backend.name).darwin_code():
        _bring_darwin(registry, addition, built)


def _bring_darwin(registry: Registry, addition: Addition, built: set[str]) -> None:
    """Plan what the template's files have for macOS into those that are as the template made them."""
    name = addition.backend.name
    before = {file.path: file.content for file in _rendered(registry, name, built - {DARWIN})}
    for file in _rendered(registry, name, built):
        now = registry.tree.read(file.path)
        if now is None or b"Darwin" not in file.content:
            continue
        if now == before.get(file.path):
            addition.changes.add(Edit(file.path, 0, len(now), file.content.decode()))
        else:
            addition.ask(file.path, "give it what macOS needs: it has nothing for it")


def _remove_profiles(registry: Registry, removal: Removal, gone: Iterable[str], built: set[str]) -> None:
    """The requirements files that nothing installs any more: those go that are as the template made them."""
    if registry.directories.get(removal.name) != "python":
        return
    left = set(_profiles(registry, removal.name, built - set(gone)))
    useless = {p for p in _profiles(registry, removal.name, gone) if registry.tree.read(p)} - left
    made = {file.path: file.content for file in _rendered(registry, removal.name, built)} if useless else {}
    for path in sorted(useless):
        own = profile_file(registry, removal.name, path, made.get(path, b""))[0]
        if registry.tree.read(path) in (made.get(path), own):
            removal.changes.delete(path)
        else:
            removal.ask(path, "delete it, or keep it: no image installs it any more")


def _rendered(registry: Registry, name: str, built: set[str]) -> list[GeneratedFile]:
    """What the template makes of an existing backend; nothing where it refuses one of that name.

    Nothing for one without a folder either: it has no language.
    """
    if name not in registry.directories:
        return []
    from scaffold.template import render

    variants = tuple(variant for variant in VARIANTS if variant in built)
    backend = replace(registry.describe(name), variants=variants)
    if backend.bespoke_darwin:  # what a fork lacks; a server of its own is built the same on any base image
        backend = replace(backend, kind="grpc")
    try:
        return render.render(backend.lang, template_answers(backend, registry.tree))
    except ValueError:
        return []


def _profiles(registry: Registry, name: str, variants: Iterable[str]) -> Iterator[str]:
    """The requirements files that serve some variants of a python backend."""
    folder = registry.directory(name)
    for variant in variants:
        yield f"{folder}/requirements-{VARIANTS[variant].profile}.txt"


def _update_table(
    registry: Registry, name: str, changes: ChangeSet, before: set[str], after: set[str]
) -> None:
    """The acceleration cells of a backend: the words of what is new, without those of what is gone."""
    words = [{VARIANTS[variant].acceleration for variant in built} for built in (before, after)]
    new, gone = words[1] - words[0], words[0] - words[1]
    for table, row in registry.documented.get(name, ()):
        column = next((c for c in table.columns if c.lower().startswith("acceleration")), None)
        told = registry.docs.accelerations(table, row, column) if column is not None else set()
        # A cell without any such word says something else; one that claims more is a person's to mend.
        if column is not None and told and told <= words[0] | words[1]:
            registry.docs.set_accelerations(changes, table, row, column, new, gone)
