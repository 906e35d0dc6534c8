"""The backends that the model gallery asks for."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.surfaces.models import Use
from scaffold.syntax.source import Place


class GalleryModelBackend(Rule):
    """The backend of every model in the gallery can be installed.

    Why: LocalAI installs a model's backend with it, by that name. Where the backend gallery has no such
    item the installation ends with "no backend found with name", after the download. LocalAI went on
    offering models of parler-tts, which it had removed.

    Fails: in `gallery/index.yaml`

        overrides:
          backend: rokery

    Passes:

        overrides:
          backend: rookery

    Names and aliases of items count, and the `Aliases` of pkg/model/initializers.go. A model with a
    `pii_detection` of its own needs no backend. A backend that is built and of which the backend gallery has
    nothing is gallery-missing-meta's. There is one finding for a name.

    Fix: correct the name, or delete the models of a backend that is gone.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Names in the model gallery without an item."""
        items = registry.gallery.items
        if not items:
            return
        known = {name.lower() for item in items for name in (item.name, item.alias)}
        known |= {name.lower() for name in registry.model_aliases()}
        known |= {n.lower() for n in registry.matrix.by_backend if not registry.gallery.base_metas(n)}
        found: dict[str, list[Use]] = {}
        for use in registry.models.uses(known, others=True):
            if registry.only in (None, use.name):
                found.setdefault(use.name, []).append(use)
        for name, uses in found.items():
            others = f" (and {len(uses) - 1} more)" if len(uses) > 1 else ""
            yield self.finding(
                Place(uses[0].path, uses[0].line),
                name,
                f"models of {name}",
                f"a model of the gallery{others} is for {name}, and {registry.gallery.path} has no such item:"
                " it cannot be installed",
                _right_name(registry, name),
            )


def _right_name(registry: Registry, name: str) -> str:
    metas = [meta.name for meta in registry.gallery.base_metas(name)]
    if metas:
        return f"the backend gallery calls it {metas[0]}: write that here, or name the item {name}"
    return "correct the name, or delete the models of a backend that is gone"
