"""The templates ask what the command line asks, refuse what it refuses, and work alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from copier import run_copy
from jinja2 import Environment, meta

from scaffold.backend.answers import NEEDS_UPSTREAM
from scaffold.backend.choices import KINDS
from scaffold.backend.judging import create
from scaffold.backend.limits import problem
from scaffold.backend.modalities import MODALITIES, UNSERVED
from scaffold.errors import UsageError
from scaffold.resources import template_dir
from scaffold.template import questions
from tests.conftest import PIN

BAD_NAMES = (
    "",
    "Upper",
    "2-digits",
    "a--b",
    "a_b",
    "dash-",
    "a.b",
    "new\nline",
    "trailing\n",
    "ünder",
    "x" * 64,
    "lark-development",
    "cpu-lark",
    "cuda13-lark",
    "nvidia-l4t-lark",
    "chip-tts",
    "metallic",
    "mlxlark",
    "amd",
    "test",
    "grpc",
    "vendor",
    "engine",
)


def alone(lang: str, folder: Path, **answers: Any) -> Path:
    """What `copier copy templates/<lang> FOLDER` writes for the answers."""
    run_copy(str(template_dir(lang)), folder, data=answers, defaults=True, quiet=True)
    return folder


@pytest.mark.parametrize("lang", KINDS)
def test_the_questions_are_the_generated_ones(lang: str) -> None:
    written = (template_dir(lang) / "copier.yml").read_text(encoding="utf-8")
    assert written == questions.text(lang), "stale: run `make templates`"
    original, copy = (template_dir(each) / questions.EXPECTS for each in ("python", lang))
    assert copy.read_bytes() == original.read_bytes(), "stale: run `make templates`"


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("lang", KINDS)
def test_a_bad_name_is_refused_with_its_rule(lang: str, name: str, tmp_path: Path) -> None:
    expected = problem("name", name)
    assert expected
    needed = {"upstream": "acme/tiny", "pin": PIN} if lang == "cpp" else {}
    with pytest.raises(UsageError) as refused:
        create(name=name, lang=lang, **needed)
    assert str(refused.value) == expected
    with pytest.raises(ValueError, match="name") as refused_alone:
        alone(lang, tmp_path, name=name, **needed)
    assert expected.removeprefix(f"name {name!r} ") in str(refused_alone.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "answers",
    [
        {"kind": "other"},
        {"modality": "smell"},
        {"variants": ["abacus"]},
        {"variants": []},
        {"variants": ["metal"], "kind": "llama-fork", "upstream": "a/b", "pin": PIN},
        {"modality": "none", "kind": "llama-fork", "upstream": "a/b", "pin": PIN},
        {"variants": ["sycl-f16"], "lang": "python"},
        {"variants": ["metal"], "lang": "rust"},
        {"name": "mlx-lark", "variants": ["cpu"]},
        {"upstream": "only-a-name", "pin": PIN},
        {"upstream": "a/..", "pin": PIN},
        {"upstream": "a/-b", "pin": PIN},
        {"upstream": "a/b", "pin": "main"},
        {"upstream": "a/b", "pin": PIN[:12]},
        {"upstream": "a/b"},
        {"kind": "purego", "lang": "go"},
        {"kind": "grpc", "lang": "cpp"},
        {"name": "go", "lang": "go", "upstream": "a/b", "pin": PIN},
        {"url": "ftp://somewhere"},
    ],
    ids=str,
)
def test_both_refuse_the_same_answers(answers: dict[str, Any], tmp_path: Path) -> None:
    kind = answers.get("kind", "")
    langs = [answers["lang"]] if "lang" in answers else [lang for lang in KINDS if kind in KINDS[lang]]
    asked = {"name": "lark"} | {key: value for key, value in answers.items() if key != "lang"}
    for lang in langs or ["python", "rust"]:
        with pytest.raises(UsageError):
            create(lang=lang, **asked)
        with pytest.raises(ValueError, match=r"Validation error|Invalid choice"):
            alone(lang, tmp_path, **asked)


@pytest.mark.parametrize(("lang", "kind"), [(lang, kind) for lang in KINDS for kind in KINDS[lang]])
def test_a_template_works_alone(lang: str, kind: str, tmp_path: Path) -> None:
    """With the answers that nothing gives a default to, and no more."""
    needed = {"upstream": "acme/Tiny.cpp", "pin": PIN} if kind in NEEDS_UPSTREAM else {}
    folder = alone(lang, tmp_path, name="type-2", kind=kind, **needed)
    backend = create(name="type-2", lang=lang, kind=kind, **needed)
    made = {path.relative_to(folder): path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert Path(backend.directory, "Makefile") in made
    if needed:
        makefile = made[Path(backend.directory, "Makefile")]
        assert f"{backend.pin_variable}?={PIN}\n" in makefile
        assert f"{backend.repo_variable}?=https://github.com/acme/Tiny.cpp\n" in makefile
    if kind == "plain":
        readme = made[Path(backend.directory, "README.md")]
        assert backend.summary in readme
        assert f"<{backend.home}>" in readme


@pytest.mark.parametrize(
    "address",
    [
        "acme/Tiny.cpp",
        "https://github.com/acme/Tiny.cpp",
        "http://www.github.com/acme/Tiny.cpp.git",
        "github.com/acme/Tiny.cpp/",
        "git@github.com:acme/Tiny.cpp.git",
        "ssh://git@github.com/acme/Tiny.cpp.git",
        "https://github.com/acme/Tiny.cpp/tree/main/src",
        "github:acme/Tiny.cpp",
    ],
)
def test_any_spelling_of_an_address_is_the_same_repository(address: str, tmp_path: Path) -> None:
    wanted = {"name": "lark", "upstream": address, "pin": PIN}
    backend = create(lang="go", **wanted)
    assert backend.upstream == "acme/Tiny.cpp"
    folder = alone("go", tmp_path, kind="purego", **wanted)
    makefile = (folder / backend.directory / "Makefile").read_text()
    assert "LARK_REPO?=https://github.com/acme/Tiny.cpp\n" in makefile
    assert "SOURCE_DIR=sources/Tiny.cpp\n" in makefile


@pytest.mark.parametrize("modality", UNSERVED)
@pytest.mark.parametrize("lang", KINDS)
def test_a_modality_without_code_is_accepted_by_both(lang: str, modality: str, tmp_path: Path) -> None:
    needed = {"upstream": "acme/tiny", "pin": PIN} if lang == "cpp" else {}
    backend = create(name="lark", lang=lang, modality=modality, **needed)
    rpc = backend.methods[0]
    folder = alone(lang, tmp_path, name="lark", modality=modality, rpcs=["Health", rpc], **needed)
    texts = [file.read_text() for file in folder.rglob("*") if file.is_file()]
    has_code = any(rpc in use.methods[:1] for use in MODALITIES.values())
    left = " and ".join(f"{one}()" for one in backend.methods if one in ("Health", rpc))
    assert sum(text.count(f"Then answer {left} in ") for text in texts) == (not has_code)
    assert sum(text.count("TODO") for text in texts) == 1


@pytest.mark.parametrize("lang", KINDS)
def test_what_a_template_uses_is_asked(lang: str) -> None:
    """Jinja takes a name that it does not know for an empty text, so nothing else would tell."""
    environment = Environment(
        autoescape=False,
        extensions=[
            "jinja2_ansible_filters.AnsibleCoreFiltersExtension",
            "copier._jinja_ext.YieldExtension",
        ],
        **questions.SETTINGS["_envops"],
    )
    asked = questions.questions(lang)
    texts = [str(question.get("default")) for question in asked.values()]
    files = [path for path in template_dir(lang).rglob("*") if path.is_file() and path.name != "copier.yml"]
    texts += [str(path.relative_to(template_dir(lang))) for path in files]
    texts += [path.read_text() for path in files if path.suffix == ".jinja" or path.parent.name == "shared"]
    used = {name for text in texts for name in meta.find_undeclared_variables(environment.parse(text))}
    local = {"profile", *(name for text in texts for name in re.findall(r"\[%-? set (\w+)", text))}
    assert used - local <= set(asked)
    assert set(questions.USES[lang]) <= used
