"""A backend as its author describes it, and every name that follows from the answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scaffold.backend.choices import DROP_IN, Lang
from scaffold.backend.limits import CPP_TAKEN
from scaffold.backend.modalities import EVERY, Modality
from scaffold.backend.names import identifier, make_variable
from scaffold.backend.variants import VARIANTS, Variant

NEEDS_UPSTREAM = {"purego", "grpc", "llama-fork"}
"""Kinds that build an upstream engine, cloned at a pin."""


@dataclass(frozen=True, kw_only=True)
class Backend:
    """The answers. A new one is made by `judging.create`, which judges them."""

    name: str
    lang: Lang
    kind: str = ""
    modalities: tuple[str, ...] = ("llm",)
    """The first one is what the template serves, and decides the placement."""
    variants: tuple[str, ...] = ("cpu",)
    only: tuple[str, ...] = ()
    """`cpu:amd64`: the one architecture that a variant is built for."""
    upstream: str = ""
    branch: str = "main"
    pin: str = ""
    imports: str = "pref-only"
    match: tuple[str, ...] = ()
    """What its importer recognises: `owner/*` and names of repositories, `*.file`, `tag:pipeline-tag`."""
    rpcs: tuple[str, ...] = ()
    """RPCs besides those of its modalities."""
    accepts: tuple[str, ...] = ()
    defaults: tuple[str, ...] = ()
    """Use cases of a model that states none; the first one of its modalities, if none is named."""
    capabilities: tuple[str, ...] = ()
    """`intel=sycl-f32`: the variant that a kind of hardware gets."""
    entries: tuple[str, ...] = ()
    """`cuda12.runs-on=bigger-runner`: what a variant is built with, where that is not what siblings have."""
    summary: str = ""
    """One sentence, for tables and lists."""
    description: str = ""
    """What users read in the gallery, of one line or several."""
    license: str = ""
    urls: tuple[str, ...] = ()
    icon: str = ""
    title: str = ""
    """What people call its engine, in tables and lists; by default, what its repository is called."""
    section: str = ""
    """Words of the heading of its part of the compatibility table, where its modality does not tell."""
    gallery_name: str = ""
    """What the gallery calls it, where that is not its name."""
    tags: tuple[str, ...] = ()
    ggml: bool = True
    """Whether its engine is on ggml, which is built for several kinds of CPU."""
    shim: bool = True
    """Whether a C interface of its own stands before its engine, which exports none."""
    prebuilt: bool = False
    """Whether CI compiles it on an image that has gRPC already."""
    progress: bool = False
    """Whether a local build of its image prints all that it does: for one that takes long."""
    test_model: str = ""
    """A small model, with which CI tests the whole image."""

    known: Mapping[str, Modality] = field(default_factory=lambda: EVERY, compare=False, repr=False)
    """The modalities of the checkout."""

    @property
    def directory(self) -> str:
        """`backend/<lang>/<name>`."""
        return f"backend/{self.lang}/{self.name}"

    @property
    def uses(self) -> tuple[Modality, ...]:
        """The rows of its modalities."""
        return tuple(self.known[modality] for modality in self.modalities)

    @property
    def use(self) -> Modality:
        """The row of its first modality."""
        return self.uses[0]

    @property
    def modality(self) -> str:
        """The first one."""
        return self.modalities[0]

    @property
    def methods(self) -> tuple[str, ...]:
        """Every RPC that it answers."""
        return tuple(dict.fromkeys((*(m for use in self.uses for m in use.methods), *self.rpcs)))

    @property
    def usecases(self) -> tuple[str, ...]:
        """Every use case of its modalities."""
        return tuple(dict.fromkeys(usecase for use in self.uses for usecase in use.usecases))

    @property
    def known_as(self) -> str:
        """What model configurations call it: its name in the gallery."""
        return self.gallery_name or self.name

    def arches(self, variant: Variant) -> tuple[str, ...]:
        """The architectures that a variant is built for."""
        only = [each.partition(":")[2] for each in self.only if each.partition(":")[0] == variant.name]
        return tuple(arch for arch in variant.arches if arch in only) or variant.arches

    def given(self, variant: str, field: str) -> str | None:
        """What the answers say of a field of a variant's matrix entries."""
        known = (each.partition("=")[::2] for each in self.entries)
        return next((value for key, value in known if key == f"{variant}.{field}"), None)

    @property
    def on_builder_image(self) -> bool:
        """Whether CI compiles it on an image that has gRPC already."""
        return self.prebuilt or self.kind == "llama-fork"

    @property
    def drop_ins(self) -> tuple[str, ...]:
        """The backends whose importers offer it in their place."""
        forms = self.imports.split(",")
        return tuple(form.removeprefix(DROP_IN) for form in forms if form.startswith(DROP_IN))

    @property
    def linux_variants(self) -> tuple[str, ...]:
        """Its variants without metal, in table order."""
        return tuple(name for name in VARIANTS if name in self.variants and name != "metal")

    @property
    def darwin(self) -> bool:
        """Whether it is built on macOS."""
        return "metal" in self.variants

    @property
    def own_dockerfile(self) -> bool:
        """Whether it has `backend/Dockerfile.<name>`."""
        return self.lang == "cpp"

    @property
    def dockerfile_type(self) -> str:
        """The suffix of its Dockerfile."""
        return self.name if self.own_dockerfile else {"go": "golang"}.get(self.lang, self.lang)

    @property
    def bespoke_darwin(self) -> bool:
        """Whether macOS builds it by a make target of its own: C++ has no generic macOS build."""
        return self.darwin and self.lang == "cpp"

    @property
    def identifier(self) -> str:
        """`MY_BACKEND`, the stem of its make variables."""
        return identifier(self.name)

    @property
    def make_variable(self) -> str:
        """`BACKEND_MY_BACKEND`."""
        return make_variable(self.name)

    @property
    def pin_variable(self) -> str:
        """The variable that holds the pin in the backend's own Makefile."""
        return f"{self.identifier}_VERSION"

    @property
    def repo_variable(self) -> str:
        """The variable that holds the upstream's address."""
        return f"{self.identifier}_REPO"

    @property
    def anchor(self) -> str:
        """Its YAML anchor in the gallery: the name without dashes."""
        return self.known_as.replace("-", "")

    @property
    def source_folder(self) -> str:
        """Folder of the upstream's clone inside its directory; the same word must not be taken."""
        repository = self.upstream.rpartition("/")[2]
        taken = map(str.lower, CPP_TAKEN)  # macOS has one file for both
        return f"{repository}-src" if repository.lower() in taken else repository

    @property
    def sentence(self) -> str:
        """Its summary, the first line of its description, or a plain sentence made of what is known."""
        if self.summary or self.description:
            return self.summary or self.description.partition("\n")[0]
        what = "LocalAI backend" if self.modality == "none" else f"{self.use.called} backend"
        return f"{self.name}: {what}" + (f" on {self.upstream}" if self.upstream else "")

    @property
    def text(self) -> list[str]:
        """The lines that users read in the gallery."""
        return (self.description or self.sentence).split("\n")

    @property
    def home(self) -> str:
        """Its web address: the given one, else the upstream's, else LocalAI's."""
        return self.urls[0] if self.urls else f"https://github.com/{self.upstream or 'mudler/LocalAI'}"
