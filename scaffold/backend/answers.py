"""A backend as its author describes it, and every name that follows from the answers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator, model_validator

from scaffold.backend.choices import KINDS, Imports, Lang
from scaffold.backend.modalities import MODALITIES, Modality
from scaffold.backend.names import FILE_TYPES, RESERVED, identifier, make_variable
from scaffold.backend.variants import VARIANTS, supported
from scaffold.errors import UsageError

NEEDS_UPSTREAM = {"purego", "grpc", "llama-fork"}
"""Kinds that build an upstream engine, cloned at a pin."""

HARDWARE_WORDS = (
    "darwin", "mlx", "metal", "l4t", "cuda", "nvidia", "rocm", "hip", "amd", "sycl", "intel",
)  # fmt: skip
"""LocalAI reads hardware from names (`IsBackendCompatible` in pkg/system/capabilities.go)."""

GALLERY_PREFIXES = (
    "cpu-", "cuda12-", "cuda13-", "rocm-", "vulkan-", "metal-", "intel-", "nvidia-l4t-",
)  # fmt: skip
"""LocalAI cuts these off a name to find its capabilities (core/config/backend_capabilities.go)."""

MAX_NAME = 63
"""An image tag has at most 128 characters, and the longest variant prefix takes about 40."""

CPP_TAKEN = (
    "all", "build", "clean", "grpc-server", "package", "purge", "run", "test",
    ".gitignore", "CMakeLists.txt", "Makefile", "engine.cpp", "engine.h", "grpc-server.cpp",
    "media.h", "media_test.cpp", "package.sh", "run.sh", "server_ctest.cpp", "serving.h",
    "serving_test.cpp",
)  # fmt: skip
"""Targets and files of a generated C++ backend, where the upstream's clone lies beside them."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that an answer must not be."""

    wrong: str
    """Regular expression that finds something in a wrong answer and nothing in a right one."""
    why: str
    """What is wrong; `{found}` stands for what the expression found."""

    def broken_by(self, answer: str) -> str | None:
        """What is wrong with `answer`, if this is."""
        match = re.search(self.wrong, answer)
        return self.why.format(found=match[0]) if match else None


READS_HARDWARE = Rule("|".join(HARDWARE_WORDS), "contains '{found}': LocalAI reads hardware from names")

RULES: dict[str, tuple[Rule, ...]] = {
    "name": (
        Rule(
            r"\A(?![a-z][a-z0-9]*(-[a-z0-9]+)*\Z)",
            "must be lower-case words of letters and digits, joined by single dashes, a letter first",
        ),
        Rule(rf".{{{MAX_NAME + 1}}}", f"has more than {MAX_NAME} characters: no more fit into an image tag"),
        Rule(r"-development\Z", "ends in {found}, which names a channel of another backend"),
        Rule(
            rf"\A({'|'.join(GALLERY_PREFIXES)})",
            "starts with '{found}', which marks a variant of another backend",
        ),
        READS_HARDWARE,
        Rule(rf"\A({'|'.join(RESERVED)})\Z", "is taken: LocalAI or the build of every backend uses it"),
        Rule(
            rf"\A({'|'.join(FILE_TYPES)})\Z",
            "is a type of files: tools would take backend/Dockerfile.{found} for one",
        ),
    ),
    "upstream": (
        Rule(
            r"\A(?![A-Za-z0-9][A-Za-z0-9-]*/(?!\.{1,2}\Z)[A-Za-z0-9_.][A-Za-z0-9_.-]*\Z)|\.git\Z",
            "is not OWNER/REPO on GitHub",
        ),
    ),
    "branch": (Rule(r"\A(?![A-Za-z0-9][A-Za-z0-9._/-]*\Z)", "is not a git branch name"),),
    "pin": (
        Rule(
            r"\A(?![0-9a-f]{40}\Z)",
            "is not a full commit sha (40 lower-case hex digits); "
            "the bump bot refuses anything shorter, a tag or a branch",
        ),
    ),
    "url": (Rule(r"\A(?!https?://\S+\Z)", "is not an http(s) address"),),
}  # fmt: skip
"""What an answer must not be, the first broken rule being the one to report."""


class Backend(BaseModel):
    """The validated answers. Build one with `Backend.create`, which words its errors for people."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    lang: Lang
    kind: str = ""
    modality: str = "llm"
    variants: tuple[str, ...] = ("cpu",)
    upstream: str = ""
    branch: str = "main"
    pin: str = ""
    imports: Imports = "pref-only"
    description: str = ""
    license: str = ""
    url: str = ""
    tags: tuple[str, ...] = ()

    @classmethod
    def create(cls, **answers: Any) -> Backend:
        """A backend from raw answers. Raises UsageError with one line per wrong answer."""
        try:
            return cls(**answers)
        except ValidationError as error:
            raise UsageError("\n".join(_worded(e) for e in error.errors())) from None

    @field_validator("upstream")
    @classmethod
    def _repository(cls, upstream: str) -> str:
        return re.sub(r"^https://github\.com/|\.git$|/$", "", upstream)

    @field_validator("description", "license", "url")
    @classmethod
    def _one_line(cls, text: str) -> str:
        if not text.isprintable():
            raise ValueError(f"{text!r} is not one line of printable text")
        return text.strip()

    @field_validator(*RULES)
    @classmethod
    def _ruled(cls, answer: str, info: ValidationInfo) -> str:
        field = str(info.field_name)
        wrong = problem(field, answer) if answer or cls.model_fields[field].default != "" else None
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

    @field_validator("modality")
    @classmethod
    def _modality(cls, modality: str) -> str:
        return _one_of("modality", modality, MODALITIES)

    @model_validator(mode="before")
    @classmethod
    def _default_kind(cls, data: Any) -> Any:
        if isinstance(data, dict) and not data.get("kind") and data.get("lang") in KINDS:
            native = data["lang"] == "go" and data.get("upstream")
            data["kind"] = "purego" if native else KINDS[data["lang"]][0]
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
    def use(self) -> Modality:
        """The row of its modality."""
        return MODALITIES[self.modality]

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
        return self.name.replace("-", "")

    @property
    def source_folder(self) -> str:
        """Folder of the upstream's clone inside its directory; the same word must not be taken."""
        repository = self.upstream.rpartition("/")[2]
        taken = map(str.lower, CPP_TAKEN)  # macOS has one file for both
        return f"{repository}-src" if repository.lower() in taken else repository

    @property
    def summary(self) -> str:
        """Its description, or a plain sentence made of what is known."""
        if self.description:
            return self.description
        what = "LocalAI backend" if self.modality == "none" else f"{self.modality} backend"
        return f"{self.name}: {what}" + (f" on {self.upstream}" if self.upstream else "")

    @property
    def home(self) -> str:
        """Its web address: the given one, else the upstream's, else LocalAI's."""
        if self.url:
            return self.url
        return f"https://github.com/{self.upstream or 'mudler/LocalAI'}"


def problem(question: str, answer: str) -> str | None:
    """The first rule that `answer` breaks, in words; None for a good one."""
    for rule in RULES[question]:
        if why := rule.broken_by(answer):
            return f"{question} {answer!r} {why}"
    return None


def _one_of(what: str, value: str, choices: Iterable[str]) -> str:
    if value not in choices:
        raise ValueError(f"unknown {what} {value!r}; known: {' '.join(choices)}")
    return value


def _worded(error: Any) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    field = ".".join(str(part) for part in error["loc"]) or "answers"
    return f"{field}: {error['msg']} (got {error.get('input')!r})"
