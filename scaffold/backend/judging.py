"""Raw answers, judged: their types, what each must not be, alone and beside others, and what follows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
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

from scaffold.backend.answers import Backend
from scaffold.backend.choices import DROP_IN, IMPORTS, KINDS
from scaffold.backend.limits import one_of, problem, repository, require_architecture, wrong
from scaffold.backend.modalities import ACCEPTS, EVERY, Modality, also_called
from scaffold.backend.together import clashes
from scaffold.backend.variants import ENTRY_FIELDS, IMAGE, VARIANTS, supported
from scaffold.errors import UsageError

RULED = {
    "name": "name", "gallery_name": "name", "upstream": "upstream", "branch": "branch", "pin": "pin",
    "urls": "url", "icon": "url", "test_model": "url",
    "summary": "line", "title": "line", "section": "line", "license": "line", "match": "match",
    "description": "text",
}  # fmt: skip
"""Field of a backend -> the rules that it keeps; of a list, each item does."""


class _Rules(BaseModel):
    """What the fields of a backend must be."""

    model_config = ConfigDict(extra="forbid")

    @field_validator(*RULED, check_fields=False)
    @classmethod
    def _ruled(cls, answer: str | tuple[str, ...], info: ValidationInfo) -> str | tuple[str, ...]:
        field = str(info.field_name)
        one = field.removesuffix("s") if field == "urls" else field
        for each in (answer,) if isinstance(answer, str) else answer:
            given = each or cls.model_fields[field].default != ""
            if given and (found := problem(one, each, RULED[field])):
                raise ValueError(found)
        return answer

    @field_validator("upstream", check_fields=False)
    @classmethod
    def _repository(cls, upstream: str) -> str:
        return repository(upstream)

    @field_validator("summary", "title", "section", "license", "description", check_fields=False)
    @classmethod
    def _stripped(cls, text: str) -> str:
        return "\n".join(line.rstrip() for line in text.strip().splitlines())

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
            known = info.context or EVERY
            one_of("modality", modality, known, also_called(known))
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
        _require_choices(backend.lang, backend.kind, backend.variants)
        for clash in clashes(_as_asked(vars(backend))):
            raise ValueError(str(clash))
        _require_fitting(backend)
    except ValidationError as error:
        raise UsageError("\n".join(_worded(e) for e in error.errors())) from None
    except ValueError as error:
        raise UsageError(str(error)) from None
    return backend


def require_sound(known: Mapping[str, Modality] = EVERY, **answers: Any) -> None:
    """Raises UsageError for answers that are wrong whatever those will be that are missing.

    A name may be chosen anew, so it is judged beside the others alone.
    """
    data = {**answers, "name": "name"}
    try:
        _Answers.model_validate(dict(data), context=known)
    except ValidationError as error:
        if told := [_worded(e) for e in error.errors() if e["type"] != "missing"]:
            raise UsageError("\n".join(told)) from None
    try:
        _require_choices(answers.get("lang", ""), answers.get("kind", ""), answers.get("variants", ()))
    except ValueError as error:
        raise UsageError(str(error)) from None
    for clash in clashes(_as_asked(answers)):
        raise UsageError(str(clash))


def refused(question: str, answer: Any, answers: Mapping[str, Any]) -> str | None:
    """Why an answer to a question is refused, in less than a line, beside the others that are there."""
    rules = RULED.get(question, "")
    if rules and answer and (found := wrong(rules, answer)):
        return found
    together = _as_asked({**answers, question: answer})
    return next((clash.why for clash in clashes(together) if question in clash.answers), None)


def _as_asked(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers under the names by which they are asked for."""
    asked = dict(answers)
    modalities = asked.get("modalities") or asked.get("modality")
    if modalities:
        several = (modalities,) if isinstance(modalities, str) else modalities
        asked["modality"] = next((each for each in several if each != "none"), "none")
    if asked.get("gallery_name"):  # it is what LocalAI reads then
        asked["name"] = asked["gallery_name"]
    return asked


def _require_choices(lang: str, kind: str, variants: Iterable[str]) -> None:
    """Raises ValueError for a kind or variant that a language does not have; "" is for what is not known."""
    if lang:
        one_of("language", lang, KINDS)
    if lang and kind:
        one_of(f"kind of a {lang} backend", kind, KINDS[lang])
    for variant in (each.partition(":")[0] for each in variants):
        one_of("variant", variant, VARIANTS)
        if lang and variant not in supported(lang):
            raise ValueError(
                f"variant {variant!r} is not built for {lang}; {lang} has: {' '.join(supported(lang))}"
            )


def _require_fitting(backend: Backend) -> None:
    for each in backend.only:
        require_architecture(each)
    for each in backend.capabilities:
        if (variant := each.partition("=")[2]) not in backend.variants:
            raise ValueError(f"capability {each!r}: it is not built for {variant}")
    for each in backend.entries:
        _require_entry(backend, *each.partition("=")[::2])


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
