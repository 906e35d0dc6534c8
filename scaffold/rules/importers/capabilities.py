"""What LocalAI knows a backend to do."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.directory.service import service_rpcs
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.importers.servers import is_proxy, served_by
from scaffold.syntax.golang import Element

NEAR = 0.7
"""How much of a name another one has that may be meant for it."""


class CapabilitiesMissing(Rule):
    """A backend that serves models has a BackendCapabilities entry.

    Why: LocalAI hides what it does not know a backend to do: the use cases of its models cannot be
    chosen, and a voice is listed among the language models. Five backends were missing at once
    (#10107), two more after that (#10110).

    Fails:

        {Name: "rookery", ...} in knownPrefOnlyBackends, and no "rookery" in BackendCapabilities

    Passes:

        "rookery": {GRPCMethods: []GRPCMethod{MethodTTS}, PossibleUsecases: []string{UsecaseTTS}, ...},

    A backend serves models where an importer or the import form offers it, or where its server defines
    an RPC that has a use case. A store, a codec and a proxy of other servers (`Forward`) do not; nor can
    an entry say what no use case of the checkout is there for.

    Fix: add the entry with the RPCs that the backend serves.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Importable backends without an entry."""
        surface, instead = registry.capabilities, misnamed(registry)
        for name, why in lacking(registry):
            entry = instead.get(name)
            draft = registry.drafted(name, surface.path, surface.add) if entry is None else None
            here = f"; here stands {entry.key!r}, which is no backend" if entry is not None else ""
            yield self.finding(
                draft[0] if draft else surface.place(entry or surface.entries[-1]),
                name,
                "entry",
                f"{name} {why}, and {surface.path} does not say what it serves{here}",
                f'add "{name}" to BackendCapabilities with its RPCs and use cases'
                if entry is None
                else f"write {name!r} for {entry.key!r}, or add an entry with its RPCs and use cases",
            )


def lacking(registry: Registry) -> Iterator[tuple[str, str]]:
    """Each backend that serves models and has no entry, and how it is known to serve them."""
    surface, importers = registry.capabilities, registry.importers
    importable = {*importers.emitted, *(line.name for line in importers.pref_only)}
    for name in registry.backends if surface.entries else ():
        names = registry.aliases_of(name)
        if any(surface.entry(n) for n in names):
            continue
        offered = any(_has_use_case(registry, n) for n in names & importable)
        served = [] if offered else served_by(registry, name)
        if offered or (served and not is_proxy(registry, name)):
            yield name, "can be imported for" if offered else f"serves {', '.join(served[:3])}"


class CapabilitiesUnserved(Rule):
    """A backend's entry in BackendCapabilities names RPCs that its server defines.

    Why: LocalAI offers a model for what the entry says. An RPC that the server does not define answers
    "unimplemented" to whoever chooses it.

    Fails:

        "lark": {GRPCMethods: []GRPCMethod{MethodTTS}, ...}, and no TTS in backend/go/lark

    Passes:

        "lark": {GRPCMethods: []GRPCMethod{MethodVAD}, ...}, and func (l *Lark) VAD(...)

    Nothing is said of a fork, whose patches may add to the server that it borrows, of a server none of whose
    RPCs can be read, nor of an RPC that some source of it has a name like that for, or a comment that calls
    it by `Depth()` where it is still to be written, as `scaffold new-backend` leaves one.

    Fix: take the RPC and its use cases out of the entry, or serve it.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Entries with an RPC of the service that the backend's server does not define."""
        surface, rpcs = registry.capabilities, service_rpcs(registry.tree)
        constants = {constant: rpc for rpc, constant in surface.methods.items() if rpc in rpcs}
        for name in registry.backends if surface.entries else ():
            for entry in filter(None, map(surface.entry, registry.aliases_of(name))):
                said = [constants[c] for c in surface.constants(entry.key, "GRPCMethods") if c in constants]
                files = registry.files(name)
                served = files.serves(rpcs) if not files.borrowed else ()
                lacking = [rpc for rpc in said if served and rpc not in served and not files.may_serve(rpc)]
                if lacking:
                    what, they = " and ".join(lacking), "it" if len(lacking) == 1 else "them"
                    yield self.finding(
                        surface.field_place(entry, "GRPCMethods"),
                        name,
                        " ".join(["rpc", *lacking]),
                        f"{entry.key} is said to answer {what}, which its server does not define",
                        f"take {what} out of the entry, with the use cases of {they}, or serve {they}",
                    )


def known_names(registry: Registry) -> set[str]:
    """The names that an entry may have."""
    return {*registry.gallery.by_name, *registry.directories, *registry.model_aliases()}


def misnamed(registry: Registry) -> dict[str, Element]:
    """Backend that lacks an entry -> the entry of no backend that has nearly its name."""
    from difflib import get_close_matches

    known = known_names(registry)
    others = {entry.key: entry for entry in registry.capabilities.entries if entry.key not in known}
    found: dict[str, Element] = {}
    for name, _ in lacking(registry) if others else ():
        near = get_close_matches(name, others, 1, NEAR)
        found |= {name: others.pop(near[0])} if near else {}
    return found


def _has_use_case(registry: Registry, name: str) -> bool:
    """Whether the checkout has a use case for the group of the import form that lists a backend."""
    group = registry.importers.groups.get(name)
    rows = [row for row in registry.modalities.values() if group and row.import_key == group]
    return not rows or any(
        usecase in registry.capabilities.usecases for row in rows for usecase in row.usecases
    )
