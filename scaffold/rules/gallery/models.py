"""The backends that the model gallery asks for."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.surfaces.models import LIST, Use
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
    nothing is gallery-missing-meta's, and a name that an importer writes too, where the gallery calls that
    backend otherwise, is importer-unknown-backend's. There is one finding for a name.

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
        known |= {n.lower() for n in registry.importers.emitted if registry.gallery.base_metas(n)}
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


class GalleryModelDuplicate(Rule):
    """No two models of the gallery have one name.

    Why: LocalAI takes the first item of a name, whatever its case. The other one is listed and never
    installed. LocalAI removed such repetitions twice (#10996, #11670).

    Fails:

        - name: "wren-7b"
        ...
        - name: "Wren-7B"

    Passes:

        - name: "wren-7b"
        ...
        - name: "wren-7b-q8"

    Fix: delete the repetition, or give it a name of its own.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Models that an earlier one hides."""
        first: dict[str, int] = {}
        for model in registry.models.models if registry.only is None else ():
            key = model.name.lower()
            earlier = first.setdefault(key, model.line)
            if key and earlier != model.line:
                yield self.finding(
                    Place(LIST, model.line),
                    "",
                    f"model {key}",
                    f"{model.name} is the name of an earlier model too: this one is never seen",
                    f"delete the repetition; the other one is in line {earlier}",
                )


class GalleryModelFile(Rule):
    """A model of the gallery downloads the file that it loads.

    Why: an installation fetches what `files` lists, and the backend opens `parameters.model`. Where that is
    none of the files, loading ends with "no such file". An address that is the page of a repository gives a
    page in the file's place, and the checksum fails (#11313, #11480).

    Fails:

        overrides:
          parameters:
            model: wren-7b-Q4.gguf
        files:
          - filename: wren-7b-q4.gguf
            uri: https://huggingface.co/acme/wren-7b

    Passes:

        overrides:
          parameters:
            model: wren-7b-q4.gguf
        files:
          - filename: wren-7b-q4.gguf
            uri: https://huggingface.co/acme/wren-7b/resolve/main/wren-7b-q4.gguf

    Looked at are files of weights that are downloaded as they are, not archives. What the configuration
    lists that the model is based on counts.

    Fix: give both one name, and the address of the file.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Files that are loaded and not downloaded, and addresses of no file."""
        if registry.only is not None:
            return
        for model in registry.models.models:
            if model.weights and model.weights not in model.files:
                yield self.finding(
                    Place(LIST, model.weights_line),
                    "",
                    f"{model.name} {model.weights}",
                    f"{model.name} loads {model.weights}, which is none of the files that it downloads",
                    "give the file one name in parameters.model and files",
                )
        for address, line in registry.models.pages:
            yield self.finding(
                Place(LIST, line),
                "",
                f"page {address}",
                f"{address} is the page of a repository, not a file of it",
                f"write {address}/resolve/main/<file>",
            )
