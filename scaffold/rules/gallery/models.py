"""The backends that the model gallery asks for."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.words import enumerated
from scaffold.surfaces.model_keys import VITAL
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
    nothing is gallery-missing-meta's, and a name that an importer writes too is told there. There is one
    finding for a name.

    Fix: correct the name, or delete the models of a backend that is gone.
    """

    severity = Severity.error
    explained_by = ("importer-unknown-backend", "gallery-missing-meta")

    def follows(self, finding: Finding, cause: Finding) -> bool:  # noqa: ARG002
        """Where the gallery calls the backend otherwise, has it no more, or has nothing of it yet."""
        return cause.rule == "gallery-missing-meta" or cause.subject.startswith("importer ")

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Names in the model gallery without an item."""
        items = registry.gallery.items
        if not items:
            return
        known = {name.lower() for item in items for name in (item.name, item.alias)}
        known |= {name.lower() for name in registry.model_aliases()}
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
    lists that the model is based on counts. A file has a `filename` and a `uri`. The `options` of a model
    stand for all those of its base: what of these names a file that the model downloads has to be among them
    (9e44944cc). A checksum that is not 64 hexadecimal digits fits no file, and an address that begins as none
    which `pkg/downloader/uri.go` knows is asked for as a web page.

    Fix: give both one name, and the address of the file.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Files that are loaded and not downloaded, and addresses of no file."""
        if registry.only is not None:
            return
        unread = {one.model for one in registry.models.misspelt if one.meant == "filename"}
        for model in registry.models.models:
            if model.weights and model.weights not in model.files and model.name not in unread:
                yield self.finding(
                    Place(LIST, model.weights_line),
                    "",
                    f"{model.name} {model.weights}",
                    f"{model.name} loads {model.weights}, which is none of the files that it downloads",
                    "give the file one name in parameters.model and files",
                )
        for model_name, options, base, line in registry.models.dropped:
            files = [option.partition(":")[2].strip() for option in options]
            yield self.finding(
                Place(LIST, line),
                "",
                f"{model_name} {' '.join(options)}",
                f"the options of {model_name} stand for those of {base}, and lack {enumerated(options)}:"
                f" {enumerated(files)} {'is' if len(files) == 1 else 'are'} downloaded and not loaded",
                f"add the options of {base}",
            )
        for address, line in registry.models.pages:
            yield self.finding(
                Place(LIST, line),
                "",
                f"page {address}",
                f"{address} is the page of a repository, not a file of it",
                f"write {address}/resolve/main/<file>",
            )
        for known, key, line in registry.models.halves:
            yield self.finding(
                Place(LIST, line),
                "",
                f"{known} {key}",
                f"the file of `{known}` has no {key}: it cannot be downloaded",
                f"add `{key}:`",
            )
        for value, line in registry.models.sums:
            yield self.finding(
                Place(LIST, line),
                "",
                f"sum {value}",
                f"{value} is no SHA-256, which has 64 hexadecimal digits: no file fits it",
                "write what `sha256sum` says of the file, or leave it empty",
            )
        for address, line in registry.models.addresses(registry.downloader.prefixes):
            yield self.finding(
                Place(LIST, line),
                "",
                f"address {address}",
                f"{address} begins as no address that LocalAI can download from",
                "correct its beginning",
            )


class GalleryModelTag(Rule):
    """A model that is served with a feature by which LocalAI chooses has its tag.

    Why: among the builds of a model LocalAI prefers those that are served faster, and looks at nothing but
    their tags. A build that guesses several tokens ahead and does not say so in its tags comes last, and the
    lists of models do not tell it from the plain one (#11653).

    Fails:

        tags: [llm, gguf]
        overrides:
          options:
            - spec_type:draft-mtp

    Passes:

        tags: [llm, gguf, mtp]

    The features are those that `pkg/system/capabilities.go` names. Models that take tags from others by a
    merge are not looked at, nor are tags that are not written one a line.

    Fix: add the tag.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Features that are turned on and not tagged."""
        for feature in registry.model_tags.features if registry.only is None else ():
            if not feature.is_tagged:
                yield self.finding(
                    feature.place,
                    "",
                    f"{feature.model} {feature.name}",
                    f"{feature.model} is served with {feature.name} and has no such tag: LocalAI, which looks"
                    " at tags alone, does not prefer it",
                    f"add `- {feature.name}` to its tags",
                )


class GalleryModelUseCase(Rule):
    """A model that is tagged after a use case says that it has it, where LocalAI would not guess it.

    Why: a model without `known_usecases` has those that LocalAI guesses by its backend. One for videos, on a
    backend that is known for images, is offered for images and not for videos (#11214).

    Fails:

        tags:
          - text-to-video
        overrides:
          backend: rookery

    Passes:

        overrides:
          backend: rookery
          known_usecases: [video]

    What the configuration says that a model is based on counts, and there is one finding for it. Looked at
    are tags that are the name of a task, such as `text-to-video`, `video-generation` or `text-to-speech`.

    Fix: add `known_usecases` where the backend is named.
    """

    severity = Severity.warning
    explained_by = ("gallery-model-backend",)

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Use cases that only a tag names, of backends for which they are not guessed."""
        guessed = registry.model_tags.guessed
        told: set[tuple[Place, str]] = set()
        for claim in registry.model_tags.claims if guessed else ():
            key = (claim.place, claim.use_case)
            is_known = claim.backend in guessed.get(claim.use_case, {claim.backend})
            if is_known or key in told or registry.only not in (None, claim.backend):
                continue
            told.add(key)
            yield self.finding(
                claim.place,
                claim.backend,
                f"{claim.model if claim.place.path == LIST else claim.place.path} {claim.use_case}",
                f"{claim.model} is tagged {claim.tag}, and neither its configuration says `{claim.use_case}`"
                f" nor does LocalAI guess it of {claim.backend}: it is not offered for that",
                f"add `known_usecases: [{claim.use_case}]` beside the backend",
            )


class GalleryModelUnreadable(Rule):
    """LocalAI can load the list of models, and what each of them is based on.

    Why: LocalAI fetches `gallery/index.yaml` and hands it to Go's yaml.v3, with the kind of each value laid
    down in a struct. One value that yaml.v3 refuses, and there is no model to install. Of a model that is
    based on a file of this folder it fetches that file too: where it is gone the model cannot be installed.

    Fails:

        - <<: *wren                # and no item above it has &wren
          name: "wren-7b"
          url: "github:mudler/LocalAI/gallery/gone.yaml@master"
          tags: chat

    Passes:

        - <<: *wren                # and &wren stands above
          name: "wren-7b"
          url: "github:mudler/LocalAI/gallery/virtual.yaml@master"
          tags:
            - chat

    A key that stands twice is reported by duplicate-key. A model with a variant that is no model of the list
    cannot be installed either, nor one without a name, nor one that LocalAI has nothing to make a
    configuration of: without `url` and `config_file`, until it took `overrides` and `files` for enough.
    A key that LocalAI does not know is told where it is a letter away from one that is absent there.

    Fix: the message says what was found and what LocalAI takes there.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """What LocalAI refuses, and bases and variants that are not there."""
        models = registry.models
        if registry.only is not None:
            return
        repeated = {line for _, _, line in models.repeated}
        refusals = [*models.refusals]
        for path, refusal in refusals:
            if path == LIST and refusal.line in repeated:
                continue
            what = "the list of models" if path == LIST else "what models are based on"
            yield self.finding(
                Place(path, refusal.line),
                "",
                refusal.subject,
                f"LocalAI cannot load {what}: {refusal.problem}",
                refusal.help,
            )
        for line in models.nameless if not refusals else ():
            yield self.finding(
                Place(LIST, line),
                "",
                "nameless",
                "a model has no name: nobody can ask for it",
                "add `name:`",
            )
        for model, key, meant, line in models.misspelt:
            yield self.finding(
                Place(LIST, line),
                "",
                f"key {model} {key}",
                f"LocalAI knows no key `{key}`: it passes over it in {model or 'a model'}",
                f"write `{meant}`",
                severity=None if meant in VITAL else Severity.warning,
            )
        for model, line, keys in models.baseless:
            yield self.finding(
                Place(LIST, line),
                "",
                f"nothing of {model}",
                f"{model} has no {keys}: it cannot be installed",
                'base it on gallery/virtual.yaml: `url: "github:mudler/LocalAI/gallery/virtual.yaml@master"`',
            )
        for path, line in models.bases.items():
            if registry.tree.kind(path) is None:
                yield self.finding(
                    Place(LIST, line),
                    "",
                    f"base {path}",
                    f"a model is based on {path}, which is not there: it cannot be installed",
                    "restore the file, or base the model on gallery/virtual.yaml",
                )
        for model, variant, line in models.unlisted_variants:
            yield self.finding(
                Place(LIST, line),
                "",
                f"variant {model} {variant}",
                f"{model} has the variant {variant}, which is no model of the list: it cannot be installed",
                "correct the name, or delete the variant",
            )
