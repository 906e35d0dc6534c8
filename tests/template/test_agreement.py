"""The three ways to answer accept and refuse the same: the options, the wizard, and `copier copy`.

The values come from the questions: choices of each, what keeps and what breaks its rules. Each is tried
beside good answers, and beside those that it may clash with.
"""

from __future__ import annotations

import tempfile
from typing import Any

import pytest
import questionary
from copier import run_copy
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold.backend.answers import NEEDS_UPSTREAM
from scaffold.backend.choices import ASKED, KINDS
from scaffold.backend.judging import create
from scaffold.backend.limits import RULES, Unprintable
from scaffold.backend.modalities import EVERY
from scaffold.backend.together import CLASHES
from scaffold.backend.variants import VARIANTS
from scaffold.errors import UsageError
from scaffold.operations import new
from scaffold.registry import Registry
from scaffold.resources import template_dir
from scaffold.template import questions
from scaffold.wizard import asking
from scaffold.wizard import questions as wizard
from tests.conftest import PIN
from tests.rules.trees import CAPABILITIES, MINIATURE

_USES = "UsecaseInfoMap = map[string]UsecaseInfo{"
REGISTRY = Registry(
    MINIATURE.edit(CAPABILITIES, (_USES, f'{_USES}\n\t"taste": {{GRPCMethod: MethodPredict}},')).tree()
)
"""A checkout that declares a use case which no table has."""
DECLARED = new.declared(REGISTRY.modalities)
UPSTREAM = {"upstream": "acme/tiny.cpp", "pin": PIN}
OPTION = {"description": "summary"}
"""Question of a template -> the answer of the command line, where that is called otherwise."""
TEXTS = (
    "",
    "plain",
    'It\'s "so" [[ name ]] & $x',
    "two\nlines",
    "a bell \a",
    "tab\t",
    "größe",
    " \n",
    "\u2028x",
)
VALUES: dict[str, tuple[Any, ...]] = {
    "name": ("quail", "vulkan", "latest", "mlx-quail", "quail-mlx", "mlxquail", "Lark", "test", "a-development", "x" * 64, "quail\n"),
    "kind": (*(kind for kinds in KINDS.values() for kind in kinds), "other"),
    "modality": ("llm", "none", "3d", "vision", "chat", "edit", "taste", "smell", "LLM"),
    "variants": (
        [], ["cpu"], ["metal"], ["cpu", "metal"], ["intel"], ["vulkan"], ["sycl-f16", "cpu"], ["cuda11"],
        ["cpu:amd64"], ["cuda12", "cpu:arm64"], ["vulkan:arm64"], ["cuda12:amd64"], ["cpu:s390x"], ["cpu:"],
    ),
    "upstream": (
        "", "acme/tiny.cpp", "https://github.com/acme/tiny.cpp.git", "git@github.com:acme/tiny", "acme", "a/..", "a/b/c",
        " ", "https://gitlab.com/a/b", "a/b.git.git",
    ),
    "pin": ("", PIN, PIN.upper(), PIN[:12], "main", f"{PIN}\n", f" {PIN}"),
    "ggml": (True, False),
    "shim": (True, False),
    "prebuilt": (True, False),
    "description": TEXTS,
    "license": TEXTS,
    "url": ("https://example.org", "http://x", "ftp://x", "https://a b", "x", "https://x\a"),
}  # fmt: skip
ALONE = ("url", "prebuilt")
"""What the wizard does not ask for."""


FREE = ("name", "upstream", "pin", "description", "license")
ANYTHING = st.text(max_size=12) | st.from_regex(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", fullmatch=True)


def base(kind: str) -> dict[str, Any]:
    needed = UPSTREAM if kind in NEEDS_UPSTREAM else {}
    return {"name": "quail", "kind": kind, "modality": "llm", "variants": ["cpu"], **needed}


def copier_takes(lang: str, answers: dict[str, Any]) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        try:
            run_copy(
                str(template_dir(lang)),
                folder,
                data={**answers, "declared": DECLARED},
                defaults=True,
                quiet=True,
                pretend=True,
            )
        except ValueError:
            return False
    return True


def as_options(lang: str, answers: dict[str, Any]) -> dict[str, Any]:
    given = {"lang": lang, **{OPTION.get(key, key): value for key, value in answers.items()}}
    given |= {"modality": (given["modality"],)} if "modality" in given else {}
    return given | ({"url": (given["url"],)} if "url" in given else {})


def options_take(lang: str, answers: dict[str, Any]) -> bool:
    given = as_options(lang, answers)
    try:
        create(REGISTRY.modalities, **given)
    except UsageError:
        return False
    return True


class RefusedError(Exception):
    pass


def wizard_takes(lang: str, answers: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether who answers so gets through; what is not asked cannot be answered."""
    script = as_options(lang, answers)
    words = {text: key for key, text in ASKED.items()}
    usual = {"imports": "none" if answers.get("modality") == "none" else "pref-only", "branch": "main"}
    left = {key for key, value in script.items() if value not in ("", False, True) and key != "lang"}

    def answered(message: str, default: Any = "") -> Any:
        key = words[message if message in words else message.partition(" (")[0]]
        left.discard(key)
        value = script.get(key, usual.get(key, default))
        return value[0] if key == "modality" else value

    def text(message: str, validate: Any, default: str = "") -> Any:
        value = answered(message)
        if validate(value) is not True:
            raise RefusedError(message)
        return value

    def select(message: str, choices: Any) -> Any:
        value = answered(message)
        if value not in [choice.value for choice in choices]:
            raise RefusedError(message)
        return value

    def checkbox(message: str, choices: Any, validate: Any) -> Any:
        value = answered(message, ["cpu"])
        if not {*value} <= {choice.value for choice in choices} or validate(value) is not True:
            raise RefusedError(message)
        return value

    def confirm(message: str, default: bool) -> bool:
        return message in words and bool(answered(message, default))

    for name, fake in (("text", text), ("select", select), ("checkbox", checkbox), ("confirm", confirm)):
        monkeypatch.setattr(questionary, name, fake)
    monkeypatch.setattr(asking, "answer", lambda value: value)
    monkeypatch.setattr(asking, "say", lambda text: None)
    found: dict[str, Any] = dict.fromkeys((*ASKED, "name"), "")
    try:
        wizard.complete(REGISTRY, found, None)
        create(REGISTRY.modalities, **new._completed(REGISTRY, found, None))
    except (RefusedError, UsageError):
        return False
    return all(found[key] == script[key] for key in left)


def agree(lang: str, answers: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> bool:
    taken = options_take(lang, answers)
    assert copier_takes(lang, answers) is taken, answers
    if not {*ALONE} & answers.keys():
        assert wizard_takes(lang, answers, monkeypatch) is taken, answers
    return taken


@pytest.mark.parametrize("question", VALUES)
@pytest.mark.parametrize(("lang", "kind"), [(lang, kind) for lang, kinds in KINDS.items() for kind in kinds])
def test_each_answer_is_judged_alike(
    lang: str, kind: str, question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if question not in questions.questions(lang):
        pytest.skip("this language is not asked for it")
    if question in ("description", "license", "url") and kind != KINDS[lang][0]:
        pytest.skip("it has nothing to do with the kind")
    taken = [agree(lang, {**base(kind), question: value}, monkeypatch) for value in VALUES[question]]
    assert any(taken)
    assert question in ("ggml", "shim", "prebuilt") or not all(taken)


@st.composite
def several(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Good answers with a few others."""
    lang = draw(st.sampled_from([*KINDS]))
    asked = [q for q in VALUES if q in questions.questions(lang) and q not in ALONE]
    changed = draw(st.lists(st.sampled_from(asked), min_size=2, max_size=4, unique=True))
    answers = base(draw(st.sampled_from(KINDS[lang])))
    some = {q: st.sampled_from(VALUES[q]) for q in changed}
    return lang, answers | {q: draw(some[q] | ANYTHING if q in FREE else some[q]) for q in changed}


@settings(max_examples=60)
@given(several())
def test_answers_are_judged_alike_beside_each_other(case: tuple[str, dict[str, Any]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        agree(*case, patch)


def test_whatever_is_said_of_an_answer_fits_a_line() -> None:
    for rules in RULES.values():
        for rule in rules:
            assert (
                len(rule.why if isinstance(rule, Unprintable) else rule.why.format(found="development")) <= 78
            )
    assert all(len(clash.why) <= 78 for clash in CLASHES)
    choices = {**{name: v.words for name, v in VARIANTS.items()}, **{n: m.words for n, m in EVERY.items()}}
    assert all(len(words) <= 56 for words in choices.values())
