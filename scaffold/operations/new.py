"""`new-backend`: the directory from its template, and every registration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scaffold.backend import judging
from scaffold.backend.answers import Backend
from scaffold.backend.choices import DROP_IN, LENDER
from scaffold.backend.judging import create
from scaffold.backend.limits import MACOS_ENGINE, is_for_macos, one_of, repository, wrong
from scaffold.backend.modalities import EVERY, MODALITIES, Modality
from scaffold.backend.names import identifier, make_variable, require_name
from scaffold.backend.variants import DARWIN, supported
from scaffold.checkout import git
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.ignores import kept_by_git
from scaffold.checkout.tree import Tree
from scaffold.errors import UsageError, meant
from scaffold.operations import proof
from scaffold.operations.again import differences
from scaffold.operations.refusals import told
from scaffold.registry import Registry
from scaffold.rules.gallery.capabilities import known_keys
from scaffold.surfaces.base import Addition, Manual, Registration
from scaffold.template import facts, render

AT_HEAD = "HEAD"
"""The pin that is asked of the upstream itself."""


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
    backend = create(registry.modalities, **_completed(registry, answers, like))
    _require_declared(registry, backend)
    existing = registry.registrations(backend.name)
    if registry.directory(backend.name) == backend.directory and is_there(registry, backend.name):
        if others := differences(registry, backend, _given(answers)):
            listed = "".join(f"\n  {each}" for each in others)
            raise UsageError(f"{backend.name} is a backend already, with other answers:{listed}")
        return NewBackend(backend, None, ChangeSet(tree), existing=tuple(existing))
    require_free(registry, backend, existing)
    kin = registry.relatives(backend.lang, backend.kind, backend.modality, backend.variants, like)
    alike = tuple(name for name in kin if registry.kind(name) == backend.kind)
    addition = Addition(backend, kin, ChangeSet(tree), alike=alike)
    for file in render.render(backend.lang, template_answers(backend, tree)):
        addition.changes.create(file.path, file.content, file.executable)
    for surface in registry.surfaces:
        surface.add(addition)
    _ask_the_rest(addition, registry)
    proof.prove(addition, registry)
    return NewBackend(backend, kin[0] if kin else None, addition.changes, tuple(addition.manual))


def _require_declared(registry: Registry, backend: Backend) -> None:
    """Raises UsageError for an RPC, a use case or a kind of hardware that the checkout has nowhere.

    What its modalities bring may still be declared.
    """
    table = registry.capabilities
    declared = (*table.methods, *facts.answers(registry.tree)["rpcs"]) if backend.rpcs else ()
    rpcs = [*dict.fromkeys((*declared, *(method for use in backend.uses for method in use.methods)))]
    try:
        for rpc in backend.rpcs if declared else ():
            one_of("RPC", rpc, rpcs)
        for usecase in backend.defaults if table.usecases else ():
            one_of("use case", usecase, [*dict.fromkeys((*table.usecases, *backend.usecases))])
        keys = sorted(known_keys(registry) | registry.gallery.capability_keys) if backend.capabilities else ()
        for each in backend.capabilities:
            one_of("kind of hardware", each.partition("=")[0], keys)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _require_no_near_head(given: dict[str, Any]) -> None:
    """Raises UsageError for a pin that is HEAD with a slip of the pen."""
    pin = str(given.get("pin", ""))
    if pin != AT_HEAD and (near := meant(pin, {AT_HEAD.lower(): AT_HEAD})):
        raise UsageError(f"pin {pin!r} is no commit; {near}")


def require_sound(registry: Registry, answers: dict[str, Any], like: str | None) -> None:
    """Raises UsageError for answers that are wrong whatever the missing ones will be, the name apart."""
    given = {key: value for key, value in _given(answers).items() if value != AT_HEAD}
    _require_no_near_head(given)
    if like is not None:
        given = {**of_relative(registry, like, str(given.get("lang") or "")), **given}
    judging.require_sound(registry.modalities, **given)


def name_problem(registry: Registry, name: str) -> str | None:
    """Why a new backend cannot have this name, in less than a line."""
    if found := wrong("name", name):
        return found
    places = taken(registry, name, pinned=False)
    return f"is taken: {places[0]}" if places else None


def is_there(registry: Registry, name: str) -> bool:
    """Whether a backend has this name, a directory, and something that registers it."""
    return bool(registry.directory(name) and registry.registrations(name))


def _given(answers: dict[str, Any]) -> dict[str, Any]:
    """The answers without those that nobody gave."""
    return {key: value for key, value in answers.items() if key == "name" or value not in (None, "", ())}


def of_relative(registry: Registry, like: str, lang: str) -> dict[str, Any]:
    """What a backend has that another one is to be like. Raises UsageError for one of another language."""
    if like not in registry.directories:
        raise registry.unknown(like)
    found = registry.directories[like]
    if lang and found != lang:
        raise UsageError(f"--like {like}: is a {found} backend, not {lang}")
    variants = tuple(v for v in registry.variants(like) if v in supported(found))
    answers = {"lang": found, "kind": registry.kind(like), "modality": registry.modality(like) or "none"}
    return answers | ({"variants": variants} if variants else {})


def _completed(registry: Registry, answers: dict[str, Any], like: str | None) -> dict[str, Any]:
    """The answers, with what `like` and the language give for those that were not given."""
    given = _given(answers)
    _require_no_near_head(given)
    if given.get("pin") == AT_HEAD:
        given |= _at_head(given)
    if like is not None:
        relative = of_relative(registry, like, str(given.get("lang") or ""))
        if "modalities" in given:
            del relative["modality"]
        given = relative | given
    lang = given.get("lang")
    if not lang:
        raise UsageError("which language? give --lang python|go|cpp|rust, or --like BACKEND")
    given.setdefault("variants", default_variants(str(lang), given.get("kind", "")))
    if given.get("kind") == "llama-fork" and not given.get("match"):
        given.setdefault("imports", default_import(registry, "llama-fork"))
    return given


def _at_head(given: dict[str, Any]) -> dict[str, str]:
    """The commit of the upstream, and its branch, as GitHub says. Raises UsageError where it says nothing."""
    address = f"https://github.com/{repository(str(given.get('upstream', '')))}"
    branch, commit = git.remote_head(address, str(given.get("branch", "")))
    if not commit:
        raise UsageError(
            f"--pin {AT_HEAD}: git ls-remote gets no commit from {address}: look at the address and the "
            "network, or give --pin with a full sha"
        )
    return {"branch": branch, "pin": commit}


def default_variants(lang: str, kind: str) -> tuple[str, ...]:
    """What a backend is built for where nobody says: every CPU, and macOS where it can be built there."""
    return ("cpu",) if lang == "rust" or kind == "llama-fork" else ("cpu", "metal")


def default_import(registry: Registry, kind: str) -> str:
    """How a model finds a backend where nobody says: a fork is offered for its lender's models.

    So LocalAI has its forks, and so `check --fix` does it.
    """
    is_offered = kind == "llama-fork" and registry.importers.takes_drop_ins(LENDER)
    return f"{DROP_IN}{LENDER}" if is_offered else "pref-only"


def require_free(registry: Registry, backend: Backend, existing: list[Registration]) -> None:
    """Raises UsageError where something has the name of a backend already."""
    places = taken(registry, backend.name, pinned=bool(backend.upstream), existing=existing)
    if places:
        raise UsageError(f"name {backend.name!r} is taken:\n" + "\n".join(f"  {place}" for place in places))


def taken(
    registry: Registry, name: str, *, pinned: bool, existing: list[Registration] | None = None
) -> list[str]:
    """The places that have a name already; `pinned` asks for its pin variable too."""
    known = registry.registrations(name) if existing is None else existing
    found = [f"{r.path}:{r.line}: {r.what}" for r in known]
    there = registry.directory(name)
    if there and any(kept_by_git(registry.tree, there)):
        found.insert(0, f"{there}: a directory with files")
    for made in registry.makefile.definitions:
        if made.variable == make_variable(name) and made.name != name:
            found.append(f"Makefile: {made.variable} is {made.name}")
    for bump in registry.bump_deps.bumps:
        if pinned and bump.variable == f"{identifier(name)}_VERSION":
            found.append(f"{registry.bump_deps.path}:{bump.line}: pin variable {bump.variable}")
    if name in registry.model_aliases():
        found.append(f"pkg/model/initializers.go: alias {name}")
    if registry.tree.read(f"backend/Dockerfile.{name}") is not None:
        found.append(f"backend/Dockerfile.{name}")
    return found


def template_answers(backend: Backend, tree: Tree) -> dict[str, Any]:
    """What a template is rendered with: the backend's answers and the checkout's facts."""
    asked = {
        name: getattr(backend, name)
        for name in ("name", "kind", "upstream", "pin", "license", "ggml", "shim")
    }
    return {
        **asked,
        "prebuilt": backend.prebuilt and backend.kind == "grpc",
        **facts.answers(tree),
        "variants": list(backend.variants),
        "modality": backend.modality,
        "declared": declared(backend.known),
        "description": backend.sentence,
        "url": backend.home,
        "pin_variable": backend.pin_variable,
        "repo_variable": backend.repo_variable,
        "source": backend.source_folder,
    }


def declared(known: Mapping[str, Modality]) -> dict[str, str]:
    """The modalities that only the checkout has, each with its first RPC, as the templates take them."""
    return {use.name: use.methods[0] for use in known.values() if use.name not in EVERY}


def _ask_the_rest(addition: Addition, registry: Registry) -> None:
    """What a complete pull request has and no tool can write. A command in backticks can be run."""
    backend = addition.backend
    if backend.kind == "llama-fork":
        what = "compile it: only that tells whether llama-cpp's server fits the fork (patches/README.md)"
    else:
        what = "put the model where the one TODO is, and let LoadModel refuse everything else"
    addition.ask(backend.directory, what)
    served = MODALITIES[backend.modality].methods if backend.modality in MODALITIES else ()
    missing = [method for method in backend.methods if method not in served]
    if missing and backend.kind != "llama-fork":
        addition.ask(backend.directory, f"answer {', '.join(missing)}, for which no template has code")
    if backend.imports == "none":
        addition.ask(
            "core/http/endpoints/localai/backend.go",
            "nobody can import a model for it: give it a line or an importer if it has models of its own",
        )
    addition.ask("gallery/index.yaml", f"add a model that uses backend: {backend.known_as}")
    if registry.tree.is_dir("docs/content/features"):
        addition.ask("docs/content/features", f"describe {backend.known_as} on the page of its modality")
    if is_for_macos(backend.known_as) and backend.linux_variants:
        addition.ask(
            "pkg/system/capabilities.go",
            f"its models are offered on macOS alone: LocalAI reads {MACOS_ENGINE!r} in {backend.known_as}",
        )
    if not backend.description:
        addition.ask("backend/index.yaml", "write the description that users read (--description)")
    if not backend.icon:
        addition.ask("backend/index.yaml", "replace the owner's picture by an icon of the engine (--icon)")
    if not backend.license:
        addition.ask("backend/index.yaml", "replace NOASSERTION by the license of the engine (--license)")
    said = [meta.item.fields.get("license", "") for meta in registry.gallery.items]
    known = {word.lower(): word for word in said if word}
    if backend.license and known and backend.license.lower() not in known:
        near = meant(backend.license, known)
        what = f"no other backend has the license {backend.license!r}: is that its name in SPDX's list?"
        addition.ask("backend/index.yaml", f"{what} {near}".rstrip())
    if not backend.darwin and DARWIN in usable(backend.lang, backend.kind):
        addition.ask(
            registry.matrix.file,
            f"say in the pull request why it is not built for macOS, or `scaffold add-variant {backend.name} "
            f"{DARWIN}`",
        )


def next_commands(plan: NewBackend) -> tuple[str, ...]:
    """What to run after a backend was made; each can be run as it is."""
    backend = plan.backend
    made = plan.changes.created.get(f"{backend.directory}/Makefile")
    tested = made is not None and re.search(rb"(?m)^test:", made.content)
    first = f"make -C {backend.directory} test" if tested else f"make docker-build-{backend.name}"
    return first, f"scaffold check {backend.name}", f"scaffold guide {backend.name}"


def usable(lang: str, kind: str) -> tuple[str, ...]:
    """The variants that a kind of backend may be built for."""
    return tuple(name for name in supported(lang) if kind != "llama-fork" or name != DARWIN)
