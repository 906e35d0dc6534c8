"""`new-backend`: the directory from its template, and every registration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scaffold.backend.answers import Backend
from scaffold.backend.names import require_name
from scaffold.backend.variants import supported
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.tree import Tree, kept_by_git
from scaffold.errors import UsageError
from scaffold.operations import proof
from scaffold.operations.refusals import told
from scaffold.registry import Registry
from scaffold.surfaces.base import Addition, Manual, Registration
from scaffold.template import facts, render


@dataclass(frozen=True, slots=True)
class NewBackend:
    """A planned new backend, not yet written; `existing` where it is there already."""

    backend: Backend
    relative: str | None
    changes: ChangeSet
    manual: tuple[Manual, ...] = ()
    existing: tuple[Registration, ...] = ()

    def commit(self, root: Path) -> None:
        """Write it below `root`, or nothing."""
        if not self.existing:
            self.changes.commit(root)


@told
def plan(tree: Tree, answers: dict[str, Any], like: str | None = None) -> NewBackend:
    """Plan a new backend in `tree` from the answers that were given.

    Raises UsageError for wrong answers and taken names, ShapeError where the checkout has no
    place for a registration; the plan is proved before it is returned.
    """
    if like is not None:
        require_name(like)
    registry = Registry(tree)
    backend = Backend.create(**_completed(registry, answers, like))
    existing = registry.registrations(backend.name)
    if tree.is_dir(backend.directory):
        return NewBackend(backend, None, ChangeSet(tree), existing=tuple(existing))
    require_free(registry, backend, existing)
    kin = registry.relatives(backend.lang, backend.kind, backend.modality, backend.variants, like)
    addition = Addition(backend, kin, ChangeSet(tree))
    for file in render.render(backend.lang, template_answers(backend, tree)):
        addition.changes.create(file.path, file.content, file.executable)
    for surface in registry.surfaces:
        surface.add(addition)
    _ask_the_rest(addition, registry)
    proof.prove(addition, registry)
    return NewBackend(backend, kin[0] if kin else None, addition.changes, tuple(addition.manual))


def _completed(registry: Registry, answers: dict[str, Any], like: str | None) -> dict[str, Any]:
    """The answers, with what `like` and the language give for those that were not given."""
    given = {key: value for key, value in answers.items() if key == "name" or value not in (None, "", ())}
    lang = given.get("lang")
    if like is not None:
        if like not in registry.directories:
            raise registry.unknown(like)
        lang = given.setdefault("lang", registry.directories[like])
        if registry.directories[like] != lang:
            raise UsageError(f"--like {like}: is a {registry.directories[like]} backend, not {lang}")
        given.setdefault("kind", registry.kind(like))
        given.setdefault("modality", registry.modality(like) or "none")
        variants = tuple(v for v in registry.variants(like) if v in supported(str(lang)))
        if variants:
            given.setdefault("variants", variants)
    if not lang:
        raise UsageError("which language? give --lang python|go|cpp|rust, or --like BACKEND")
    given.setdefault("variants", default_variants(str(lang), given.get("kind", "")))
    return given


def default_variants(lang: str, kind: str) -> tuple[str, ...]:
    """What a backend is built for where nobody says: every CPU, and macOS where it can be built there."""
    return ("cpu",) if lang == "rust" or kind == "llama-fork" else ("cpu", "metal")


def require_free(registry: Registry, backend: Backend, existing: list[Registration]) -> None:
    """Raises UsageError where something has the name of a backend already."""
    name = backend.name
    taken = [f"{r.path}:{r.line}: {r.what}" for r in existing]
    there = registry.directory(name)
    if there and any(kept_by_git(registry.tree, there)):
        taken.insert(0, f"{there}: a {registry.directories[name]} backend")
    for variable in (
        d for d in registry.makefile.definitions if d.variable == backend.make_variable and d.name != name
    ):
        taken.append(f"Makefile: {variable.variable} is {variable.name}")
    for bump in registry.bump_deps.bumps:
        if backend.upstream and bump.variable == backend.pin_variable:
            taken.append(f"{registry.bump_deps.path}:{bump.line}: pin variable {bump.variable}")
    if name in registry.model_aliases():
        taken.append(f"pkg/model/initializers.go: alias {name}")
    if registry.tree.read(f"backend/Dockerfile.{name}") is not None:
        taken.append(f"backend/Dockerfile.{name}")
    if taken:
        raise UsageError(f"name {name!r} is taken:\n" + "\n".join(f"  {place}" for place in taken))


def template_answers(backend: Backend, tree: Tree) -> dict[str, Any]:
    """What a template is rendered with: the backend's answers and the checkout's facts."""
    asked = backend.model_dump(include={"name", "kind", "modality", "upstream", "pin", "license"})
    return {
        **asked,
        **facts.answers(tree),
        "variants": list(backend.variants),
        "description": backend.summary,
        "url": backend.home,
        "pin_variable": backend.pin_variable,
        "repo_variable": backend.repo_variable,
        "source": backend.source_folder,
    }


def _ask_the_rest(addition: Addition, registry: Registry) -> None:
    """What a complete pull request has and no tool can write."""
    backend = addition.backend
    addition.ask(
        backend.directory,
        "put the model where the one TODO is, and let LoadModel refuse everything else",
    )
    addition.ask("gallery/index.yaml", f"add a model that uses backend: {backend.name}")
    if registry.tree.is_dir("docs/content/features"):
        addition.ask("docs/content/features", f"describe {backend.name} on the page of its modality")
    if backend.upstream.partition("/")[0] in ("mudler", "localai-org"):
        addition.ask("README.md", f"add {backend.upstream} to the table of the project's own engines")
    if not backend.description:
        addition.ask(
            "backend/index.yaml",
            "replace the generated description by one for users, and the owner's picture by an icon",
        )
    if not backend.license:
        addition.ask("backend/index.yaml", "replace NOASSERTION by the license of the engine (--license)")
    if not backend.darwin and backend.lang != "rust":
        addition.ask(
            ".github/backend-matrix.yml",
            "say in the pull request why it is not built for macOS, or add it (--variant metal)",
        )
