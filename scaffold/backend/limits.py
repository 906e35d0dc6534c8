"""What a single answer must not be, in words: judged here, by the wizard and by the templates alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scaffold.backend.names import CHANNEL_WORDS, FILE_TYPES, RESERVED
from scaffold.backend.variants import VARIANTS
from scaffold.errors import meant

GITHUB = (
    r"(?i)\A\s*(?:(?:(?:https?|ssh|git)://)?(?:git@)?(?:www\.)?github\.com[:/]/?|github:)|"
    r"(?:/(?:tree|blob|commits?|releases|issues|pulls?|wiki)\b.*)?(?:\.git)?/*\s*\Z"
)
"""What an address of a repository on GitHub has around OWNER/REPO, in any spelling."""

HARDWARE_WORDS = (
    "darwin", "mlx", "metal", "l4t", "cuda", "nvidia", "rocm", "hip", "amd", "sycl", "intel",
)  # fmt: skip
"""LocalAI reads hardware from names (`IsBackendCompatible` in pkg/system/capabilities.go)."""

MACOS_ENGINE = "mlx"
"""One of these words, which is an engine as well: where it is a word of its own in the name of a backend
that is built for macOS, it may stay."""

GALLERY_PREFIXES = (
    "cpu-", "cuda12-", "cuda13-", "rocm-", "vulkan-", "metal-", "intel-", "nvidia-l4t-",
)  # fmt: skip
"""LocalAI cuts these off a name to find its capabilities (core/config/backend_capabilities.go)."""

PLATFORMS = tuple(dict.fromkeys(word for v in VARIANTS.values() for word in (v.name, *v.capabilities)))
"""Variants, and the keys by which the gallery gives hardware its image."""

MAX_NAME = 63
"""An image tag has at most 128 characters, and the longest variant prefix takes about 40."""

CPP_TAKEN = (
    "all", "build", "clean", "grpc-server", "grpc-server-avx", "grpc-server-avx2", "grpc-server-avx512",
    "package", "purge", "run", "test",
    ".gitignore", "CMakeLists.txt", "Makefile", "engine.cpp", "engine.h", "grpc-server.cpp",
    "README.md", "media.h", "media_test.cpp", "package.sh", "run.sh", "server_ctest.cpp", "serving.h",
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


@dataclass(frozen=True, slots=True)
class Unprintable:
    """Characters that nobody sees, which an answer must not have."""

    why: str
    lines: bool = False
    """Whether it may have several lines."""

    def broken_by(self, answer: str) -> str | None:
        """What is wrong with `answer`, if it has some."""
        shown = "".join(answer.splitlines()) if self.lines else answer
        return None if shown.isprintable() else self.why


READS_HARDWARE = Rule(
    "|".join(w if w != MACOS_ENGINE else rf"(?<=[^-]){w}|{w}(?=[^-])" for w in HARDWARE_WORDS),
    "contains '{found}': LocalAI reads hardware from names",
)

RULES: dict[str, tuple[Rule | Unprintable, ...]] = {
    "name": (
        Rule(
            r"\A(?![a-z][a-z0-9]*(-[a-z0-9]+)*\Z)",
            "must be lower-case words, with dashes between, and a letter first",
        ),
        Rule(rf".{{{MAX_NAME + 1}}}", f"has more than {MAX_NAME} characters: no more fit into an image tag"),
        Rule(r"-development\Z", "ends in {found}, which names a channel of another backend"),
        Rule(
            rf"\A({'|'.join(GALLERY_PREFIXES)})",
            "starts with '{found}', which marks a variant of another backend",
        ),
        READS_HARDWARE,
        Rule(rf"\A({'|'.join(RESERVED)})\Z", "is taken: LocalAI or the build of every backend uses it"),
        Rule(rf"\A({'|'.join(PLATFORMS)})\Z", "is what LocalAI calls a platform, in keys and in tags"),
        Rule(rf"\A({'|'.join(CHANNEL_WORDS)})\Z", "is what LocalAI calls a channel or a kind of item"),
        Rule(
            rf"\A({'|'.join(FILE_TYPES)})\Z",
            "is a type of files, for which tools would take Dockerfile.{found}",
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
            "is not a full commit sha: 40 hex digits in lower case, no tag, no branch",
        ),
    ),
    "url": (
        Rule(r"\A(?!https?://\S+\Z)", "is not an http(s) address"),
        Unprintable("is not one line of printable text"),
    ),
    "match": (
        Rule(
            r"\A(?!tag:[\w.-]+\Z|(?!tag:)[^/]+/[^/]+\Z|[^/]*[.*?\[][^/]*\Z)|\[[^\]]*\Z",
            "is none of *.FILE, OWNER/REPOSITORY* and tag:TAG: nothing could match",
        ),
        Unprintable("is not one line of printable text"),
    ),
    "line": (Unprintable("is not one line of printable text"),),
    "text": (Unprintable("has a line that is not a line of printable text", lines=True),),
}  # fmt: skip
"""What an answer must not be, the first broken rule being the one to report."""


def repository(address: str) -> str:
    """OWNER/REPO of an address on GitHub; what is none, as it is."""
    return re.sub(GITHUB, "", address)


def is_for_macos(name: str) -> bool:
    """Whether LocalAI takes what has a name for a backend of macOS."""
    return MACOS_ENGINE in name.split("-")


def wrong(rules: str, answer: str) -> str | None:
    """The first of some rules that `answer` breaks, without the answer; None for a good one."""
    judged = repository(answer) if rules == "upstream" else answer
    return next(filter(None, (rule.broken_by(judged) for rule in RULES[rules])), None)


def problem(question: str, answer: str, rules: str = "") -> str | None:
    """The first rule that `answer` breaks, in words; None for a good one."""
    why = wrong(rules or question, answer)
    return f"{question} {answer!r} {why}" if why else None


def require_architecture(chosen: str) -> None:
    """Raises ValueError where a variant is not built for the one architecture behind its colon."""
    variant, colon, arch = chosen.partition(":")
    arches = VARIANTS[variant].arches
    if colon:
        one_of(f"architecture of {variant}", arch, arches)
        if len(arches) == 1:
            raise ValueError(f"variant {chosen!r}: it is built for {arch} anyway; say {variant!r}")


def one_of(
    what: str, value: str, choices: Iterable[str], others: Mapping[str, str] = MappingProxyType({})
) -> str:
    """`value`. Raises ValueError where it is none of the choices; `others` are words for some of them."""
    if value not in choices:
        known = [*choices]
        word = others.get(value.lower())
        near = f"did you mean {word}?" if word else meant(value, {name: name for name in known} | {**others})
        raise ValueError(f"unknown {what} {value!r}; {f'{near} ' if near else ''}known: {' '.join(known)}")
    return value
