"""Packages that one profile lacks."""

from __future__ import annotations

import pytest

from scaffold.rules.base import Severity
from tests.rules.files.trees import FINCH, findings, read, tree
from tests.rules.files.trees import OWN as RULES

SLUG = "requirement-left-out"
PROFILES = ("cpu", "cublas12", "cublas13", "hipblas", "intel", "l4t12", "l4t13", "mps")
OWN = f"{FINCH}/requirements-l4t12.txt"


def naming(line: str, own: str, others: tuple[str, ...] = PROFILES) -> dict[str, bytes | None]:
    """The miniature with a line in the files of profiles, and another in that of one."""
    paths = {name: f"{FINCH}/requirements-{name}.txt" for name in PROFILES}
    said = {path: line if name in others else "" for name, path in paths.items()} | {OWN: own}
    return {path: f"{read(path)}{text}\n".encode() for path, text in said.items()}


@pytest.mark.parametrize(
    ("line", "own", "others", "is_told"),
    [
        ("sentencepiece", "", PROFILES, True),
        ("sentencepiece==0.2", "", PROFILES, True),
        ("sentencepiece", "sentencepiece==0.2", PROFILES, False),
        ("sentencepiece", "# there is no sentencepiece for Jetson", PROFILES, False),
        ("sentencepiece[cuda]", "", PROFILES, False),
        ("torchaudio", "", PROFILES, False),
        ("sentencepiece", "", PROFILES[1:], False),
    ],
)
def test_a_package_that_all_other_profiles_have(
    line: str, own: str, others: tuple[str, ...], is_told: bool
) -> None:
    told = findings(tree(naming(line, own, others)), SLUG)
    expected = [(Severity.warning, OWN, "sentencepiece l4t12")] if is_told else []
    assert [(f.severity, f.path, f.subject) for f in told] == expected


def test_what_may_be_for_gpus_alone() -> None:
    gpus = PROFILES[1:-1]
    files = naming("bitsandbytes", "bitsandbytes", gpus)
    assert findings(tree(files), SLUG) == []


def test_what_install_sh_installs() -> None:
    script: dict[str, bytes | None] = {
        f"{FINCH}/install.sh": f"{read(f'{FINCH}/install.sh')}uv pip install sentencepiece\n".encode()
    }
    assert findings(tree(naming("sentencepiece", ""), script), SLUG) == []


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("torch\ncoqui-tts\n", "torchaudio"),
        ("coqui_tts\ntorchaudio\n", "torch"),
        ("torch\ntorchaudio\ncoqui-tts\n", ""),
        ("torch\ncoqui-tts==0.26.0\n", ""),
        ("coqui-tts\n", ""),
    ],
)
def test_what_a_package_leaves_to_whoever_installs_it(text: str, missing: str) -> None:
    told = findings(tree({OWN: text.encode()}), SLUG)
    assert [f.subject for f in told] == ([f"{missing} of {OWN}"] if missing else [])


def test_what_the_program_imports_is_told_once() -> None:
    program: dict[str, bytes | None] = {
        f"{FINCH}/backend.py": read(f"{FINCH}/backend.py")
        .replace("import grpc\n", "import grpc\nimport beak\n")
        .encode()
    }
    told = {f.rule: f for f in findings(tree(naming("beak", ""), program))}
    left, missing = told.pop(SLUG), told.pop("requirement-missing")
    assert RULES[SLUG].follows(left, missing)
    assert not RULES[SLUG].follows(left, missing._replace(message="another"))
    assert not told
