"""Names of backends."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.syntax.source import Place


class BackendNameHardware(Rule):
    """A backend's name does not contain a hardware word by accident.

    Why: LocalAI reads hardware from names. `chipmunk` contains `hip`: its images count as ROCm builds
    and are hidden from everyone without an AMD card.

    Fails:

        backend/go/chipmunk/

    Passes:

        backend/go/squirrel/

    A hardware word that stands alone between dashes, as in `mlx-audio`, is meant.

    Fix: rename the backend before its first release.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Names with a hardware word inside one of their words."""
        tokens = sorted(registry.hardware.tokens)
        for name in registry.names:
            words = name.split("-")
            inside = next((t for t in tokens if any(t in w and t != w for w in words)), None)
            if inside is not None:
                yield self.finding(
                    Place(registry.first_file(name)),
                    name,
                    inside,
                    f"the name {name} contains {inside!r}: LocalAI takes it for a {inside} build",
                    "choose a name without hardware words",
                )
