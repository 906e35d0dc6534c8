"""Names by which Go code, the service and the import form know what a backend does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from scaffold.backend.near import nearest
from scaffold.directory.service import PROTO, rpc_place, service_rpcs
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.surfaces.use_cases import use_cases

_ABBREVIATED = 3
"""Letters of the names of groups that are abbreviations."""


class CapabilitiesUndefined(Rule):
    """What backend_capabilities.go names is there: constants, use cases, and RPCs of the service.

    Why: the texts in its constants are compared with what others write: a use case with what a model's
    configuration may say, a method with the service in `backend/backend.proto`. No compiler sees a wrong
    letter in one of them, and the models of every backend with it cannot be chosen for that use. A constant
    that nothing declares ends the build of LocalAI.

    Fails:

        MethodTTS GRPCMethod = "TTTS"

    Passes:

        MethodTTS GRPCMethod = "TTS"

    Where servers answer a method that the service does not have, and the service has one that no constant is
    for, the service is what is wrong. A constant counts as missing only where a letter makes it another one.
    A method that the service does not have is a warning: LocalAI only shows it.

    Fix: write the name that is there.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Constants that are not there, and those whose texts nothing has."""
        surface = registry.capabilities
        for word, meant, place in surface.undeclared:
            yield self.finding(
                place,
                "",
                f"constant {word}",
                f"{surface.path} names {word}, which nothing declares: LocalAI does not compile",
                f"write {meant}",
            )
        rpcs = service_rpcs(registry.tree)
        unmet = [rpc for rpc in rpcs if rpc not in surface.methods]
        for method, constant in surface.methods.items() if rpcs else ():
            if method not in rpcs:
                yield self._method(registry, method, constant, nearest(method, unmet))
        flags = use_cases(registry.tree)
        unflagged = [use for use in flags if use not in surface.usecases]
        for use, constant in surface.usecases.items() if flags else ():
            meant = nearest(use, unflagged) if use not in flags else ""
            if meant:
                yield self.finding(
                    surface.constant_place(constant),
                    "",
                    f"use case {use}",
                    f"{constant} is {use!r}, which no model's configuration can say",
                    f"write {meant!r}",
                )

    def _method(self, registry: Registry, method: str, constant: str, meant: str) -> Finding:
        surface = registry.capabilities
        serving = [name for name in registry.backends if meant and registry.files(name).may_serve(method)]
        if serving:
            return self.finding(
                rpc_place(registry.tree, meant),
                "",
                f"rpc {meant}",
                f"the service has an RPC {meant}, which {len(serving)} servers and {constant} call {method}",
                f"write {method}",
            )
        return self.finding(
            surface.constant_place(constant),
            "",
            f"method {method}",
            f"{constant} is {method!r}, and the service in {PROTO} has no such RPC",
            f"write {meant!r}" if meant else "delete the constant and what uses it, or add the RPC",
            severity=Severity.warning,
        )


class ImporterModality(Rule):
    """The group that a backend is offered in is one that the import form has.

    Why: the form filters its backends by these words. One that no other backend has, a letter away from one
    of many, is in no group: whoever asks for that kind does not see the backend.

    Fails:

        {Name: "rookery", Modality: "ttts", AutoDetect: false, ...},

    Passes:

        {Name: "rookery", Modality: "tts", AutoDetect: false, ...},

    Fix: write the word of the group.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Words of groups that one backend has alone, a letter away from those of several."""
        given = registry.importers.modalities
        times = Counter(word for _, word, _ in given)
        usual = [word for word, count in times.items() if count > 1]
        for name, word, place in given:
            meant = nearest(word, (one for one in usual if _may_mean(word, one))) if times[word] == 1 else ""
            if meant:
                yield self.finding(
                    place,
                    name,
                    f"modality {word}",
                    f"{name} is offered in the group {word!r}, which no other backend is in",
                    f"write {meant!r}",
                )


def _may_mean(word: str, group: str) -> bool:
    """Whether a word may stand for a group: an abbreviation with a letter of its own is another one."""
    return len(word) != len(group) or len(word) > _ABBREVIATED
