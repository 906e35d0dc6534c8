"""A backend as its author describes it, and every name that follows from the answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from scaffold.backend.choices import DROP_IN, IMPORTS, KINDS, Lang
from scaffold.backend.limits import CPP_TAKEN, problem, repository
from scaffold.backend.modalities import ACCEPTS, EVERY, Modality
from scaffold.backend.names import identifier, make_variable
from scaffold.backend.variants import VARIANTS, Variant, supported
from scaffold.errors import UsageError

NEEDS_UPSTREAM = {"purego", "grpc", "llama-fork"}
"""Kinds that build an upstream engine, cloned at a pin."""

RULED = {
    "name": "name", "gallery_name": "name", "upstream": "upstream", "branch": "branch", "pin": "pin",
    "urls": "url", "icon": "url", "test_model": "url",
}  # fmt: skip
"""Field of a backend -> the rules that it keeps; of a list, each item does."""


class Backend(BaseModel):
    """The validated answers. Build one with `Backend.create`, which words its errors for people."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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
    summary: str = ""
    """One sentence, for tables and lists."""
    description: str = ""
    """What users read in the gallery, of one line or several."""
    license: str = ""
    urls: tuple[str, ...] = ()
    icon: str = ""
    gallery_name: str = ""
    """What the gallery calls it, where that is not its name."""
    tags: tuple[str, ...] = ()
    prebuilt: bool = False
    """Whether CI compiles it on an image that has gRPC already."""
    test_model: str = ""
    """A small model, with which CI tests the whole image."""

    _known: Mapping[str, Modality] = PrivateAttr(default_factory=lambda: EVERY)

    @classmethod
    def create(cls, known: Mapping[str, Modality] = EVERY, **answers: Any) -> Backend:
        """A backend from raw answers, with the modalities of a checkout.

        Raises UsageError with one line per wrong answer.
        """
        try:
            backend = cls.model_validate(answers, context=known)
        except ValidationError as error:
            raise UsageError("\n".join(_worded(e) for e in error.errors())) from None
        backend._known = known
        return backend

    @field_validator("upstream")
    @classmethod
    def _repository(cls, upstream: str) -> str:
        return repository(upstream)

    @field_validator("summary", "license", "match", "test_model")
    @classmethod
    def _one_line(cls, text: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for line in (text,) if isinstance(text, str) else text:
            if not line.isprintable():
                raise ValueError(f"{line!r} is not one line of printable text")
        return text.strip() if isinstance(text, str) else text

    @field_validator("description")
    @classmethod
    def _lines(cls, text: str) -> str:
        lines = [line.rstrip() for line in text.strip().splitlines()]
        for line in lines:
            if not line.isprintable():
                raise ValueError(f"{line!r} is not a line of printable text")
        return "\n".join(lines)

    @field_validator(*RULED)
    @classmethod
    def _ruled(cls, answer: str | tuple[str, ...], info: ValidationInfo) -> str | tuple[str, ...]:
        field = str(info.field_name)
        for each in (answer,) if isinstance(answer, str) else answer:
            wrong = problem(RULED[field], each) if each or cls.model_fields[field].default != "" else None
            if wrong:
                raise ValueError(wrong)
        return answer

    @field_validator("tags")
    @classmethod
    def _tags(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        for tag in tags:
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]*", tag):
                raise ValueError(f"tag {tag!r} may hold letters, digits and . _ + - only")
        return tags

    @field_validator("modalities")
    @classmethod
    def _modalities(cls, modalities: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        for modality in modalities:
            _one_of("modality", modality, info.context or EVERY)
        return tuple(dict.fromkeys(modalities))

    @field_validator("accepts")
    @classmethod
    def _accepts(cls, accepts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_one_of("input", each, ACCEPTS) for each in accepts)

    @field_validator("imports")
    @classmethod
    def _imports(cls, imports: str) -> str:
        return imports if imports.startswith(DROP_IN) else _one_of("import", imports, IMPORTS)

    @field_validator("capabilities")
    @classmethod
    def _capabilities(cls, capabilities: tuple[str, ...]) -> tuple[str, ...]:
        for each in capabilities:
            key, equals, variant = each.partition("=")
            if not equals or not re.fullmatch(r"[a-z0-9][a-z0-9-]*", key):
                raise ValueError(f"capability {each!r} is not KEY=VARIANT")
            _one_of("variant", variant, VARIANTS)
        return capabilities

    @model_validator(mode="before")
    @classmethod
    def _spelled(cls, data: Any) -> Any:
        """The answers under the names of the fields: one for several, and what follows from others."""
        if not isinstance(data, dict):
            return data
        for one, several in (("modality", "modalities"), ("url", "urls")):
            if given := data.pop(one, None):
                data[several] = (given,) if isinstance(given, str) else tuple(given)
        if not data.get("kind") and data.get("lang") in KINDS:
            native = data["lang"] == "go" and data.get("upstream")
            data["kind"] = "purego" if native else KINDS[data["lang"]][0]
        if tuple(data.get("modalities", ())) == ("none",):
            data.setdefault("imports", "none")
        variants = tuple(data.get("variants", ()))
        data["only"] = tuple(variant for variant in variants if ":" in variant)
        if variants:
            data["variants"] = tuple(dict.fromkeys(variant.partition(":")[0] for variant in variants))
        return data

    @model_validator(mode="after")
    def _consistent(self) -> Backend:
        _one_of(f"kind of a {self.lang} backend", self.kind, KINDS[self.lang])
        if not self.variants:
            raise ValueError("a backend needs at least one variant")
        for variant in self.variants:
            _one_of("variant", variant, VARIANTS)
            if variant not in supported(self.lang):
                raise ValueError(
                    f"variant {variant!r} is not built for {self.lang}; "
                    f"{self.lang} has: {' '.join(supported(self.lang))}"
                )
        if self.kind == "llama-fork" and self.darwin:
            raise ValueError("a fork of llama.cpp has no build for macOS: leave variant 'metal' out")
        return self

    @model_validator(mode="after")
    def _fitting(self) -> Backend:
        for variant, _, arch in (each.partition(":") for each in self.only):
            _one_of(f"architecture of {variant}", arch, VARIANTS[variant].arches)
        for each in self.capabilities:
            if (variant := each.partition("=")[2]) not in self.variants:
                raise ValueError(f"capability {each!r}: it is not built for {variant}")
        if self.prebuilt and self.kind != "grpc":
            raise ValueError(
                "only a gRPC server of its own may choose LocalAI's image that has gRPC (--prebuilt)"
            )
        if self.modalities == ("none",) and self.imports != "none":
            raise ValueError(
                "the import form groups backends by modality: give --modality, or --import none with 'none'"
            )
        if self.match and self.imports != "auto":
            raise ValueError("what a model is recognised by is for an importer: give --import auto")
        if self.kind in NEEDS_UPSTREAM and not self.upstream:
            raise ValueError(
                f"kind {self.kind!r} wraps an upstream engine: give --upstream OWNER/REPO and --pin SHA"
            )
        if self.upstream and not self.pin:
            raise ValueError(
                f"an upstream needs a pin: give --pin with the full sha of a commit of {self.upstream}"
            )
        if self.pin and not self.upstream:
            raise ValueError("a pin needs the repository that it is a commit of: give --upstream OWNER/REPO")
        return self

    @property
    def directory(self) -> str:
        """`backend/<lang>/<name>`."""
        return f"backend/{self.lang}/{self.name}"

    @property
    def uses(self) -> tuple[Modality, ...]:
        """The rows of its modalities."""
        return tuple(self._known[modality] for modality in self.modalities)

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

    @property
    def on_builder_image(self) -> bool:
        """Whether CI compiles it on an image that has gRPC already."""
        return self.prebuilt or self.kind == "llama-fork"

    @property
    def drop_in(self) -> str:
        """The backend whose importer offers it in that one's place; "" for none."""
        return self.imports.removeprefix(DROP_IN) if self.imports.startswith(DROP_IN) else ""

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
        what = "LocalAI backend" if self.modality == "none" else f"{self.modality} backend"
        return f"{self.name}: {what}" + (f" on {self.upstream}" if self.upstream else "")

    @property
    def text(self) -> list[str]:
        """The lines that users read in the gallery."""
        return (self.description or self.sentence).split("\n")

    @property
    def home(self) -> str:
        """Its web address: the given one, else the upstream's, else LocalAI's."""
        return self.urls[0] if self.urls else f"https://github.com/{self.upstream or 'mudler/LocalAI'}"


def _one_of(what: str, value: str, choices: Iterable[str]) -> str:
    if value not in choices:
        raise ValueError(f"unknown {what} {value!r}; known: {' '.join(choices)}")
    return value


def _worded(error: Any) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    field = ".".join(str(part) for part in error["loc"]) or "answers"
    return f"{field}: {error['msg']} (got {error.get('input')!r})"
