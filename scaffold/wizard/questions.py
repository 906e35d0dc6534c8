"""The questions of `new-backend` on a terminal: what was not given, and cannot be derived."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import questionary
from typer import style

from scaffold.backend.answers import NEEDS_UPSTREAM
from scaffold.backend.choices import KINDS
from scaffold.backend.limits import problem
from scaffold.backend.variants import supported
from scaffold.operations.new import NewBackend, default_variants
from scaffold.registry import Registry
from scaffold.report import new_backend as report
from scaffold.wizard import asking


def complete(registry: Registry, answers: dict[str, Any], like: str | None) -> dict[str, Any]:
    """The answers, with those that were asked for.

    A default is what the nearest relative has: the one that `like` names, else the nearest backend of
    the language and modality. Raises UsageError where the person stops.
    """
    given = dict(answers)
    if like in registry.directories:
        given["lang"] = given["lang"] or registry.directories[like]
        given["kind"] = given["kind"] or registry.kind(like)
        given["modality"] = given["modality"] or tuple(filter(None, (registry.modality(like),)))
    lang = given["lang"] = given["lang"] or _select("Language", list(KINDS))
    if lang not in KINDS:
        return given
    given["modality"] = given["modality"] or (_select("What is it for?", list(registry.modalities)),)
    if not given["upstream"] and given["kind"] in ("", *NEEDS_UPSTREAM):
        given["upstream"] = _text("Engine on GitHub (OWNER/REPO, empty for none)", _optional("upstream"))
    kinds = [kind for kind in KINDS[lang] if kind != "llama-fork" or given["modality"] != ("none",)]
    if not given["kind"]:
        usual = "purego" if lang == "go" and given["upstream"] else kinds[0]
        given["kind"] = _select("Kind", list(kinds), usual) if len(kinds) > 1 else usual
    if given["upstream"] and not given["pin"]:
        given["pin"] = _text("Commit to pin (full sha)", lambda answer: problem("pin", answer) or True)
    if not given["variants"]:
        given["variants"] = tuple(_variants(registry, given, like))
    if not given["imports"] and given["modality"] != ("none",):
        given["imports"] = _select("How does a model find it?", ["pref-only", "auto", "none"])
    for key, question in (
        ("description", "One sentence for users (may stay empty)"),
        ("license", "License of the engine, as SPDX names it (may stay empty)"),
    ):
        given[key] = given[key] or _text(question)
    return given


def confirm(plan: NewBackend) -> None:
    """Show a plan, and ask whether to write it. Raises Stopped for a no."""
    print(report.as_text(plan, dry_run=True))  # noqa: T201 - coloured by the report itself
    print(style("Every edit is an insertion; the plan was proved.", dim=True))  # noqa: T201
    asking.agree("Write it?", plan.changes.diff)


def _variants(registry: Registry, given: dict[str, Any], like: str | None) -> Sequence[str]:
    lang, kind = given["lang"], given["kind"]
    possible = [v for v in supported(lang) if not (kind == "llama-fork" and v == "metal")]
    kin = registry.relatives(lang, kind, given["modality"][0], (), like)
    usual = [v for v in registry.variants(kin[0]) if v in possible] if kin else []
    usual = usual or list(default_variants(lang, kind))
    beside = f" ({kin[0]} has those that are ticked)" if kin else ""
    choices = [questionary.Choice(variant, checked=variant in usual) for variant in possible]
    return list(
        asking.answer(
            questionary.checkbox(
                f"Platforms{beside}",
                choices=choices,
                validate=lambda chosen: bool(chosen) or "a backend needs at least one",
            )
        )
    )


def _select(question: str, choices: list[str], default: str | None = None) -> str:
    return str(asking.answer(questionary.select(question, choices=choices, default=default or choices[0])))


def _text(question: str, validate: Callable[[str], bool | str] | None = None) -> str:
    return str(asking.answer(questionary.text(question, validate=validate))).strip()


def _optional(question: str) -> Callable[[str], bool | str]:
    return lambda answer: not answer or problem(question, answer) or True
