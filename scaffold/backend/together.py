"""What several answers must not be together: said once, for the options, the wizard and the templates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from scaffold.backend.answers import NEEDS_UPSTREAM
from scaffold.backend.limits import MACOS_ENGINE
from scaffold.backend.variants import DARWIN


class Holds(StrEnum):
    """How an answer is looked at."""

    given = "given"
    one_of = "is one of the words"
    with_word = "is a list with the word"
    with_part = "has the word between its dashes"


class Term(NamedTuple):
    """Something about one answer."""

    answer: str
    holds: Holds = Holds.given
    words: tuple[str, ...] = ()
    so: bool = True
    """Whether it is so, or is not."""

    def is_met(self, answers: Mapping[str, Any]) -> bool:
        """Whether it holds for these answers, of which each may be missing."""
        answer = answers.get(self.answer) or ()
        match self.holds:
            case Holds.given:
                found = bool(answer)
            case Holds.one_of:
                found = answer in self.words
            case Holds.with_word:
                found = self.words[0] in answer
            case Holds.with_part:
                found = self.words[0] in re.split("-", answer or "")
        return found is self.so


class Clash(NamedTuple):
    """Terms that must not all hold."""

    terms: tuple[Term, ...]
    why: str
    """In less than a line."""
    instead: str
    """What to say on a command line."""

    @property
    def answers(self) -> set[str]:
        """The answers that it is about."""
        return {term.answer for term in self.terms}

    def __str__(self) -> str:
        """What is wrong, and what to do."""
        return f"{self.why}: {self.instead}"


_NO_MODEL = Term("modality", Holds.one_of, ("none",))
_FORK = Term("kind", Holds.one_of, ("llama-fork",))

CLASHES = (
    Clash(
        (_FORK, _NO_MODEL), "a fork of llama.cpp serves what llama.cpp does", "give --modality",
    ),
    Clash(
        (Term("variants", so=False),), "a backend needs at least one variant", "give --variant",
    ),
    Clash(
        (_FORK, Term("variants", Holds.with_word, (DARWIN,))),
        "a fork of llama.cpp has no build for macOS", f"leave variant {DARWIN!r} out",
    ),
    Clash(
        (
            Term("name", Holds.with_part, (MACOS_ENGINE,)),
            Term("variants", Holds.with_word, (DARWIN,), so=False),
        ),
        f"LocalAI takes what has {MACOS_ENGINE!r} in its name for macOS",
        f"give --variant {DARWIN}, or another name",
    ),
    Clash(
        (Term("kind", Holds.one_of, tuple(sorted(NEEDS_UPSTREAM))), Term("upstream", so=False)),
        "this kind wraps an upstream engine", "give --upstream OWNER/REPO and --pin SHA",
    ),
    Clash(
        (Term("upstream"), Term("pin", so=False)),
        "an upstream needs a pin", "give --pin with the full sha of one of its commits",
    ),
    Clash(
        (Term("pin"), Term("upstream", so=False)),
        "a pin needs the repository that it is a commit of", "give --upstream OWNER/REPO",
    ),
    Clash(
        (Term("prebuilt"), Term("kind", Holds.one_of, ("grpc",), so=False)),
        "only a gRPC server of its own is compiled on LocalAI's image that has gRPC",
        "leave --prebuilt out",
    ),
    Clash(
        (Term("accepts"), _NO_MODEL),
        "what serves no model takes nothing besides text", "give --modality, or leave --accepts out",
    ),
    Clash(
        (Term("defaults"), _NO_MODEL),
        "a use case is of a modality", "give --modality, or leave --default-use out",
    ),
    Clash(
        (Term("match"), Term("imports", Holds.one_of, ("auto",), so=False)),
        "what a model is recognised by is for an importer", "give --import auto",
    ),
)  # fmt: skip


def clashes(answers: Mapping[str, Any]) -> Iterator[Clash]:
    """Those of the answers that are there; what else a clash is about may still be answered."""
    for clash in CLASHES:
        if clash.answers <= answers.keys() and all(term.is_met(answers) for term in clash.terms):
            yield clash
