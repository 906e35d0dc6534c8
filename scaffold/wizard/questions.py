"""The questions of `new-backend` on a terminal: what was not given, and cannot be derived."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import questionary

from scaffold.backend.answers import NEEDS_UPSTREAM
from scaffold.backend.choices import ASKED, DROP_IN, IMPORT_WORDS, KIND_WORDS, KINDS, LANG_WORDS
from scaffold.backend.judging import refused
from scaffold.backend.limits import repository
from scaffold.backend.proposals import proposed
from scaffold.backend.variants import choices, supported
from scaffold.checkout import git
from scaffold.operations import new
from scaffold.registry import Registry
from scaffold.wizard import asking

Answers = dict[str, Any]


def complete(registry: Registry, answers: Answers, like: str | None) -> None:
    """Ask for what is missing, into `answers`: who stops has given those that are there.

    A default is what the nearest relative has: the one that `like` names, else the nearest backend of
    the language and modality. Raises UsageError for what was given and is wrong, Stopped where the person
    stops.
    """
    new.require_sound(registry, answers, like)
    known = new.of_relative(registry, like, "") if like is not None else {}
    known.pop("variants", None)
    _ask_name(registry, answers, again=bool(answers["lang"] or like))
    given = {**known, **{key: value for key, value in answers.items() if value not in (None, "", ())}}

    def ask(key: str, question: Callable[[], Any]) -> None:
        if key not in given:
            answers[key] = given[key] = question()

    ask("lang", lambda: _select("lang", LANG_WORDS, given))
    uses = {name: use.words for name, use in registry.modalities.items()}
    ask("modality", lambda: (_select("modality", uses, given),))
    if given.get("kind", "") in ("", *NEEDS_UPSTREAM):
        ask("upstream", lambda: _text("upstream", given))
    ask("kind", lambda: _kind(given))
    if given.get("upstream"):
        _ask_engine(answers, given)
        ask("branch", lambda: _text("branch", given, "main"))
        ask("pin", lambda: _text("pin", given))
    if given["kind"] in ("purego", "grpc"):
        ask("ggml", lambda: _agree("ggml"))
    if given["kind"] == "purego":
        ask("shim", lambda: _agree("shim"))
    ask("variants", lambda: _variants(registry, given, like))
    serves = given["modality"] not in ("none", ("none",))
    usual = new.default_import(registry, given["kind"]) if serves else "none"
    ask("imports", lambda: _select("imports", _imports(usual), given))
    ask("summary", lambda: _text("summary", given))
    ask("license", lambda: _text("license", given))


def _ask_name(registry: Registry, answers: Answers, *, again: bool) -> None:
    """Ask for a name, also in the place of a bad one, or of a taken one.

    One that a backend has may be meant where it is made `again`.
    """
    name = answers["name"]
    while not name or (why := new.name_problem(registry, name)):
        if name and again and new.is_there(registry, name):
            break
        proposal = ""
        if name:
            asking.say(f"name {name!r} {why}")
            answers["name"] = ""  # who stops here is told a command that can be run
            proposal = proposed(name, lambda other: new.name_problem(registry, other) is None)
        name = _asked("name", lambda answer: new.name_problem(registry, answer), proposal)
    answers["name"] = name


def _ask_engine(answers: Answers, given: Answers) -> None:
    """Take what is missing of branch and commit from the upstream, where the person agrees and it answers."""
    if "pin" in given:
        return
    if not asking.answer(questionary.confirm("Ask GitHub for its newest commit?", default=True)):
        return
    address = f"https://github.com/{repository(given['upstream'])}"
    branch, commit = git.remote_head(address, given.get("branch", ""))
    if not commit:
        wanted = f"no branch {given['branch']}" if "branch" in given else "no branch"
        asking.say(f"{address} tells of {wanted}: there is no such repository, or no network")
        return
    asking.say(f"{branch} is at {commit}")
    for key, value in (("branch", branch), ("pin", commit)):
        answers[key] = given[key] = value


def _kind(given: Answers) -> str:
    kinds = {kind: KIND_WORDS[kind] for kind in KINDS[given["lang"]]}
    possible = {kind: words for kind, words in kinds.items() if refused("kind", kind, given) is None}
    usual = "purego" if given.get("upstream") else next(iter(kinds))
    return _select("kind", _usual_first(possible or kinds, usual), given)


def _variants(registry: Registry, given: Answers, like: str | None) -> tuple[str, ...]:
    lang, kind = given["lang"], given["kind"]
    possible = [v for v in supported(lang) if v in new.usable(lang, kind)]
    kin = registry.relatives(lang, kind, given["modality"][0], (), like)
    usual = [v for v in registry.variants(kin[0]) if v in possible] if kin else []
    usual = usual or list(new.default_variants(lang, kind))
    beside = f" ({kin[0]} has those that are ticked)" if kin else ""
    titles = _titles(choices(possible))
    offered = [questionary.Choice(title, value=name, checked=name in usual) for name, title in titles.items()]
    question = questionary.checkbox(
        f"{ASKED['variants']}{beside}",
        choices=offered,
        validate=lambda chosen: refused("variants", tuple(chosen), given) or True,
    )
    return tuple(asking.answer(question))


def _select(key: str, words: Mapping[str, str], given: Answers) -> str:
    """One of some choices, each with what it is; what cannot be chosen beside other answers is left out."""
    titles = _titles(words)
    choices = [
        questionary.Choice(title, value=value)
        for value, title in titles.items()
        if refused(key, (value,) if key == "modality" else value, given) is None
    ]
    if len(choices) == 1:
        return str(choices[0].value)
    return str(asking.answer(questionary.select(ASKED[key], choices=choices)))


def _titles(words: Mapping[str, str]) -> dict[str, str]:
    width = max(map(len, words))
    return {value: f"{value:<{width}}  {what}" for value, what in words.items()}


def _imports(usual: str) -> dict[str, str]:
    """The ways in which a model finds a backend, the usual one first."""
    lender = usual.removeprefix(DROP_IN)
    words = IMPORT_WORDS if lender == usual else {usual: f"as models of {lender}", **IMPORT_WORDS}
    return _usual_first(words, usual)


def _usual_first(words: Mapping[str, str], usual: str) -> dict[str, str]:
    order: Iterable[str] = sorted(words, key=lambda value: value != usual)
    return {value: words[value] for value in order}


def _text(key: str, given: Answers, default: str = "") -> str:
    return _asked(key, lambda answer: refused(key, answer, given), default)


def _asked(key: str, problem: Callable[[str], str | None], default: str = "") -> str:
    def validate(answer: str) -> bool | str:
        return problem(answer) or True

    return str(asking.answer(questionary.text(ASKED[key], default=default, validate=validate)))


def _agree(key: str) -> bool:
    return bool(asking.answer(questionary.confirm(ASKED[key], default=True)))
