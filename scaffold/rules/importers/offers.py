"""Which importer, or line of the import form, offers a backend."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial

from scaffold.backend.modalities import EVERY
from scaffold.backend.near import nearest
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.importers.servers import is_proxy, served_by
from scaffold.surfaces.base import Addition
from scaffold.surfaces.importers.reading import GENERIC, PREF_ONLY, PREF_ONLY_FILE, REGISTRY, REGISTRY_FILE
from scaffold.syntax.source import Place

CHIPS = frozenset(
    {"text", "asr", "tts", "image", "video", "embeddings", "reranker", "detection", "vad"}
)  # fmt: skip
"""What the import form groups backends by (`ModalityChips.jsx`); it has one place for all others."""


class ImporterUnknownBackend(Rule):
    """A backend that an importer or a pref-only line names is in the gallery.

    Why: the import writes a model file with a `backend:` that nobody can install. The importer of a
    backend that LocalAI had removed went on recognising models for months.

    Fails:

        func (i *RookeryImporter) Name() string { return "rokery" }

    Passes:

        func (i *RookeryImporter) Name() string { return "rookery" }

    The aliases of pkg/model/initializers.go count as names. Where the gallery has nothing of a backend
    that is built, gallery-missing-meta tells it.

    Fix: name the gallery's item, or delete the importer of a backend that is gone.
    """

    severity = Severity.error
    explained_by = ("gallery-missing-meta",)

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Names without a gallery item."""
        known = set(registry.gallery.by_name) | registry.model_aliases()
        if not registry.gallery.items:
            return
        offered = registry.importers.emitted.keys() | {line.name for line in registry.importers.pref_only}
        others = (registry.backends.keys() & registry.gallery.by_name.keys()) - offered
        for name, place in registry.importers.emitted.items():
            if name not in known:
                yield self.finding(
                    place,
                    name,
                    f"importer {name}",
                    f"an importer writes backend: {name}, and the gallery has no such item",
                    _right_name(registry, name, others)
                    or "name a gallery item, or delete the importer of a backend that is gone",
                )
        for line in registry.importers.pref_only:
            if line.name not in known:
                yield self.finding(
                    registry.importers.pref_only_place(line),
                    line.name,
                    f"pref-only {line.name}",
                    f"{PREF_ONLY} offers {line.name}, and the gallery has no such item",
                    _right_name(registry, line.name, others) or "name a gallery item, or delete the line",
                )


def _right_name(registry: Registry, name: str, others: Collection[str]) -> str:
    """What to do where the gallery calls a backend otherwise, or one of others is meant; "" for neither."""
    for meta in registry.gallery.base_metas(name):
        if not meta.name:
            return f"the item in line {meta.line} of {meta.path} has no name: name it {name}"
        return f"the gallery calls it {meta.name}: write that here, or name the item {name}"
    meant = nearest(name, others)
    return f"write {meant}" if meant else ""


class ImporterUnregistered(Rule):
    """Every importer of the folder is registered, and each that is registered is there.

    Why: an importer that `defaultImporters` does not list compiles, passes its own test, and is never
    asked. With one that no file defines LocalAI does not compile.

    Fails:

        type RookeryImporter struct{}       // and no &RookeryImporter{} in defaultImporters

    Passes:

        var defaultImporters = []Importer{
            &RookeryImporter{},

    Fix: register it, before the importers that claim a whole format.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Importer types that the registry lacks."""
        listed = {name for name, _ in registry.importers.registry}
        source = registry.importers.registry_source
        for importer in registry.importers.importers if listed and source else ():
            if source and importer.type_name not in listed:
                yield self.finding(
                    source.place(registry.importers.registry[-1][1].node),
                    importer.name or importer.type_name,
                    importer.type_name,
                    f"{importer.type_name} ({importer.path}) is not in {REGISTRY}: it is never asked",
                    f"add `&{importer.type_name}{{}},` to {REGISTRY} in {REGISTRY_FILE}, before those that"
                    " take a whole format",
                )
        for name, element in registry.importers.registry if source else ():
            if source and name.isidentifier() and name not in registry.importers.types:
                yield self.finding(
                    source.place(element.node),
                    name,
                    name,
                    f"{REGISTRY} has {name}, which no file beside it defines: LocalAI does not compile",
                    "restore the file of the importer, or delete the line",
                )


class ImporterMissing(Rule):
    """A backend that serves models can be chosen when a model is imported.

    Why: without an importer or a pref-only line the import form does not offer the backend; its users
    write model files by hand.

    Fails:

        "rookery": {GRPCMethods: ...}       // in BackendCapabilities, and no importer knows it

    Passes:

        {Name: "rookery", Modality: "tts", AutoDetect: false, Description: "..."},

    A backend with neither an entry in BackendCapabilities nor the gallery tags of a modality nor an RPC that
    has a use case, such as a store, serves no model of its own; nor does one that hands requests on
    (`Forward`). One that LocalAI's workers start is set up by hand, on each machine. What an importer offers
    beside its own, and what a branch of it takes by name, are the same backends.

    Fix: `scaffold check --fix` adds a pref-only line with the words of the gallery or of
    BackendCapabilities, where the modality is one of the import form; an importer is better. A fork that
    builds another backend's sources goes into the offers of that one's importer, which takes its models.
    """

    severity = Severity.warning
    fixable = True
    explained_by = ("capabilities-missing",)

    def follows(self, finding: Finding, cause: Finding) -> bool:  # noqa: ARG002
        """Where its server alone tells what it serves: that somebody says so comes first."""
        return finding.message.endswith(_BY_SERVER)

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Backends that serve models and that neither an importer nor a pref-only line names."""
        importers = registry.importers
        if not importers.pref_only:
            return
        known = importers.mentioned | {line.name for line in importers.pref_only}
        half = importers.halves
        for name in registry.backends:
            in_vain = next((half[a] for a in sorted(registry.aliases_of(name)) if a in half), None)
            if in_vain and in_vain[1]:
                yield self._offered_in_vain(name, in_vain[0])
            is_known = not registry.aliases_of(name).isdisjoint(known) and not (in_vain and not in_vain[1])
            if is_known or _is_worker(registry, name):
                continue
            entry = registry.capabilities.entry(name)
            declared = entry is not None or registry.modality(name) is not None
            serves = declared or served_by(registry, name)
            if serves and (entry is not None or not is_proxy(registry, name)):
                where, add, draft = _way(registry, name)
                place, line = draft or (importers.pref_only_place(importers.pref_only[-1]), "")
                certain = where != PREF_ONLY or _has_one_modality(registry, name)  # that of its lender
                yield self.finding(
                    place,
                    name,
                    "importer",
                    f"no importer and no pref-only line {'offers' if in_vain else 'names'} {name}: "
                    "a model cannot be imported for it" + ("" if declared else _BY_SERVER),
                    f"add `{line.removesuffix(',')}` to {where}, or write an importer"
                    if line and certain
                    else f"add a line with its modality to {PREF_ONLY}, or write an importer",
                    fix=registry.adding(name, add)
                    if line
                    and registry.summary(name)
                    and _has_chip(registry, name)
                    and certain
                    and declared
                    and (entry is not None or served_by(registry, name))
                    else None,  # where it serves nothing, its entry is no loss
                )

    def _offered_in_vain(self, name: str, place: Place) -> Finding:
        return self.finding(
            place,
            name,
            "importer",
            f"{place.path} offers {name}, and no branch takes it as it takes the others: "
            "a model that is imported for it becomes one of another backend",
            f"add {name} to the branch that lists the others",
        )


_BY_SERVER = ", though its server has the RPCs"


def _way(registry: Registry, name: str) -> tuple[str, Callable[[Addition], None], tuple[Place, str] | None]:
    """Where a backend is offered, what plans it and the draft: beside its lender's importer, or alone."""
    importers = registry.importers
    for path in registry.borrowed.get(name, ()):
        lender = path.split("/")[-2]
        host = importers.importer_of(lender) if importers.takes_drop_ins(lender) else None
        add = partial(importers.add_drop_in, name=lender)
        draft = registry.drafted(name, host[0], add) if host else None
        if host and draft:
            return f"AdditionalBackends in {host[0]}, or a line to {PREF_ONLY_FILE}", add, draft
    add_line = importers.add_pref_only
    return PREF_ONLY, add_line, registry.drafted(name, PREF_ONLY_FILE, add_line)


def _has_chip(registry: Registry, name: str) -> bool:
    """Whether the import form knows the modality of a backend, or a line of another backend has it."""
    key = EVERY[registry.modality(name) or "none"].import_key
    return key in CHIPS or any(line.modality == key for line in registry.importers.pref_only)


def _has_one_modality(registry: Registry, name: str) -> bool:
    """Whether what its entry declares, or its server answers, is of one modality of the import form."""
    declared = set(registry.capabilities.possible_usecases(name))
    constants = registry.capabilities.usecases
    served = {*served_by(registry, name)} if registry.capabilities.entry(name) is None else set()
    uses = (
        m.import_key
        for m in EVERY.values()
        if declared & {constants.get(use) for use in m.usecases} or served & {*m.methods}
    )
    return len({*filter(None, uses)}) <= 1


def _is_worker(registry: Registry, name: str) -> bool:
    """Whether LocalAI's workers start a backend."""
    named = f'"{name}"'.encode()
    sources = (n for n in registry.tree.list(WORKERS) if n.endswith(".go") and not n.endswith("_test.go"))
    return any(named in (registry.tree.read(f"{WORKERS}/{source}") or b"") for source in sources)


WORKERS = "core/cli/worker"
"""Where LocalAI's worker commands stand."""


class ImporterOrder(Rule):
    """Importers stand from specific to generic.

    Why: the first importer that matches wins, and llama-cpp's claims every GGUF file. An importer
    behind it is never asked for its own models.

    Fails:

        &LlamaCPPImporter{},
        &RookeryImporter{},

    Passes:

        &RookeryImporter{},
        &LlamaCPPImporter{},

    Fix: `scaffold check --fix` moves the line before the first importer that claims a whole format.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Specific importers behind a generic one."""
        importers = registry.importers
        names = {importer.type_name: importer.name for importer in importers.importers}
        first = next((e for name, e in importers.registry if name in GENERIC), None)
        for type_name, element in importers.registry:
            late = first is not None and element.node.start_byte > first.node.start_byte
            if late and type_name not in GENERIC and first is not None:
                assert importers.registry_source is not None
                yield self.finding(
                    importers.registry_source.place(element.node),
                    names.get(type_name) or type_name,
                    type_name,
                    f"{type_name} stands behind {importers.registry_source.text(first.node)}, "
                    "which claims its models first",
                    f"move it before line {importers.registry_source.line(first.node.start_byte)}",
                    fix=partial(importers.move, element=element, before=first),
                )


class ImporterShadowedPref(Rule):
    """No pref-only line names a backend that has an importer.

    Why: the import form lists such a backend once, from the importer; the line is dead and its
    description is never read.

    Fails:

        &RookeryImporter{}, and {Name: "rookery", ...} in knownPrefOnlyBackends

    Passes:

        &RookeryImporter{} alone

    Fix: `scaffold check --fix` deletes the line, unless somebody has written a comment on it.
    """

    severity = Severity.info
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Pref-only lines that a registered importer shadows."""
        importers = registry.importers
        listed = {name for name, _ in importers.registry}
        own = {i.name for i in importers.importers if i.type_name in listed}
        for line in importers.pref_only:
            if line.name in own:
                yield self.finding(
                    importers.pref_only_place(line),
                    line.name,
                    line.name,
                    f"{line.name} has an importer: its pref-only line is never read",
                    "delete the line",
                    fix=partial(importers.drop_pref_only, line=line)
                    if importers.comment_on(line) is None
                    else None,
                )
