"""Raw answers, judged one by one: their types, what each must not be, and what follows from others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, get_type_hints

from pydantic import (
    BaseModel,
    ConfigDict,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)

from scaffold.backend.answers import NEEDS_UPSTREAM, Backend
from scaffold.backend.choices import DROP_IN, IMPORTS, KINDS
from scaffold.backend.limits import MACOS_ENGINE, is_for_macos, one_of, problem, repository
from scaffold.backend.modalities import ACCEPTS, EVERY, Modality
from scaffold.backend.variants import ENTRY_FIELDS, IMAGE, VARIANTS, supported
from scaffold.errors import UsageError

RULED = {
    "name": "name", "gallery_name": "name", "upstream": "upstream", "branch": "branch", "pin": "pin",
    "urls": "url", "icon": "url", "test_model": "url",
}  # fmt: skip
"""Field of a backend -> the rules that it keeps; of a list, each item does."""


class _Rules(BaseModel):
    """What the fields of a backend must be."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("upstream", check_fields=False)
    @classmethod
    def _repository(cls, upstream: str) -> str:
        return repository(upstream)

    @field_validator("summary", "title", "section", "license", "match", "test_model", check_fields=False)
    @classmethod
    def _one_line(cls, text: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for line in (text,) if isinstance(text, str) else text:
            if not line.isprintable():
                raise ValueError(f"{line!r} is not one line of printable text")
        return text.strip() if isinstance(text, str) else text

    @field_validator("description", check_fields=False)
    @classmethod
    def _lines(cls, text: str) -> str:
        lines = [line.rstrip() for line in text.strip().splitlines()]
        for line in lines:
            if not line.isprintable():
                raise ValueError(f"{line!r} is not a line of printable text")
        return "\n".join(lines)

    @field_validator(*RULED, check_fields=False)
    @classmethod
    def _ruled(cls, answer: str | tuple[str, ...], info: ValidationInfo) -> str | tuple[str, ...]:
        field = str(info.field_name)
        for each in (answer,) if isinstance(answer, str) else answer:
            wrong = problem(RULED[field], each) if each or cls.model_fields[field].default != "" else None
            if wrong:
                raise ValueError(wrong)
        return answer

    @field_validator("tags", check_fields=False)
    @classmethod
    def _tags(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        for tag in tags:
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]*", tag):
                raise ValueError(f"tag {tag!r} may hold letters, digits and . _ + - only")
        return tags

    @field_validator("modalities", check_fields=False)
    @classmethod
    def _modalities(cls, modalities: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        for modality in modalities:
            one_of("modality", modality, info.context or EVERY)
        return tuple(dict.fromkeys(modalities))

    @field_validator("accepts", check_fields=False)
    @classmethod
    def _accepts(cls, accepts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(one_of("input", each, ACCEPTS) for each in accepts)

    @field_validator("imports", check_fields=False)
    @classmethod
    def _imports(cls, imports: str) -> str:
        forms = imports.split(",")
        return imports if all(f.startswith(DROP_IN) for f in forms) else one_of("import", imports, IMPORTS)

    @field_validator("capabilities", check_fields=False)
    @classmethod
    def _capabilities(cls, capabilities: tuple[str, ...]) -> tuple[str, ...]:
        for each in capabilities:
            key, equals, variant = each.partition("=")
            if not equals or not re.fullmatch(r"[a-z0-9][a-z0-9-]*", key):
                raise ValueError(f"capability {each!r} is not KEY=VARIANT")
            one_of("variant", variant, VARIANTS)
        return capabilities

    @field_validator("entries", check_fields=False)
    @classmethod
    def _entries(cls, entries: tuple[str, ...]) -> tuple[str, ...]:
        for each in entries:
            known = re.fullmatch(r"([\w-]+)\.([\w-]+)=([\w./:-]+)", each, re.ASCII)
            if not known:
                raise ValueError(f"entry {each!r} is not VARIANT.FIELD=VALUE")
            one_of("variant", known[1], VARIANTS)
            one_of("field", known[2], (*ENTRY_FIELDS, IMAGE))
        return entries

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


_TYPES = get_type_hints(Backend)
_ASKED = {
    field.name: (_TYPES[field.name], ... if field.default is MISSING else field.default)
    for field in fields(Backend)
    if field.name != "known"
}
_Answers: type[BaseModel] = create_model("_Answers", __base__=_Rules, **_ASKED)  # type: ignore[call-overload]


def create(known: Mapping[str, Modality] = EVERY, **answers: Any) -> Backend:
    """A backend from raw answers, with the modalities of a checkout.

    Raises UsageError with one line per wrong answer.
    """
    try:
        found = _Answers.model_validate(answers, context=known)
        backend = Backend(known=known, **{name: getattr(found, name) for name in _ASKED})
        _require_consistent(backend)
        _require_fitting(backend)
    except ValidationError as error:
        raise UsageError("\n".join(_worded(e) for e in error.errors())) from None
    except ValueError as error:
        raise UsageError(str(error)) from None
    return backend


def _require_consistent(backend: Backend) -> None:
    one_of(f"kind of a {backend.lang} backend", backend.kind, KINDS[backend.lang])
    if not backend.variants:
        raise ValueError("a backend needs at least one variant")
    for variant in backend.variants:
        one_of("variant", variant, VARIANTS)
        if variant not in supported(backend.lang):
            raise ValueError(
                f"variant {variant!r} is not built for {backend.lang}; "
                f"{backend.lang} has: {' '.join(supported(backend.lang))}"
            )
    if backend.kind == "llama-fork" and backend.darwin:
        raise ValueError("a fork of llama.cpp has no build for macOS: leave variant 'metal' out")


def _require_fitting(backend: Backend) -> None:
    for variant, _, arch in (each.partition(":") for each in backend.only):
        one_of(f"architecture of {variant}", arch, VARIANTS[variant].arches)
    for each in backend.capabilities:
        if (variant := each.partition("=")[2]) not in backend.variants:
            raise ValueError(f"capability {each!r}: it is not built for {variant}")
    for each in backend.entries:
        _require_entry(backend, *each.partition("=")[::2])
    if is_for_macos(backend.known_as) and not backend.darwin:
        raise ValueError(
            f"name {backend.known_as!r} contains {MACOS_ENGINE!r}, which LocalAI takes for macOS: "
            "give --variant metal, or another name"
        )
    if backend.prebuilt and backend.kind != "grpc":
        raise ValueError(
            "only a gRPC server of its own may choose LocalAI's image that has gRPC (--prebuilt)"
        )
    if backend.kind == "llama-fork" and backend.modalities == ("none",):
        raise ValueError("a fork of llama.cpp serves what llama.cpp does: give --modality")
    if backend.modalities == ("none",) and backend.imports != "none":
        raise ValueError(
            "the import form groups backends by modality: give --modality, or --import none with 'none'"
        )
    if backend.match and backend.imports != "auto":
        raise ValueError("what a model is recognised by is for an importer: give --import auto")
    if backend.kind in NEEDS_UPSTREAM and not backend.upstream:
        raise ValueError(
            f"kind {backend.kind!r} wraps an upstream engine: give --upstream OWNER/REPO and --pin SHA"
        )
    if backend.upstream and not backend.pin:
        raise ValueError(
            f"an upstream needs a pin: give --pin with the full sha of a commit of {backend.upstream}"
        )
    if backend.pin and not backend.upstream:
        raise ValueError("a pin needs the repository that it is a commit of: give --upstream OWNER/REPO")


def _require_entry(backend: Backend, which: str, value: str) -> None:
    variant, _, field = which.partition(".")
    if variant not in (backend.variants if field == IMAGE else backend.linux_variants):
        raise ValueError(f"{which}: there is no Linux entry of {variant}")
    if field not in ("tag-suffix", IMAGE):
        return
    dash = "" if field == IMAGE else "-"
    if not re.fullmatch(rf"{dash}([\w.]+-)*{re.escape(backend.name)}", value):
        raise ValueError(f"{which}: {value!r} is not '{dash}WORD-...-' and the name of the backend")
    if value == f"{dash}{backend.known_as}" and len(backend.variants) > 1:
        raise ValueError(f"{which}: only where there is one image may it be called like the backend")


def _worded(error: Any) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    field = ".".join(str(part) for part in error["loc"]) or "answers"
    return f"{field}: {error['msg']} (got {error.get('input')!r})"
