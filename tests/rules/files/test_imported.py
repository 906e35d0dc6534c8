"""What a Python backend imports, and what its images install."""

from __future__ import annotations

import pytest

from scaffold.operations import check
from scaffold.rules.base import Severity
from tests.rules.files.trees import FINCH, findings, read, tree

PROFILES = ("cpu", "cublas12", "cublas13", "l4t12", "l4t13", "hipblas", "intel", "mps")
SLUG = "requirement-missing"


def program(*lines: str) -> dict[str, bytes | None]:
    return {f"{FINCH}/backend.py": "\n".join((*lines, read(f"{FINCH}/backend.py"))).encode()}


def named(line: str, *without: str) -> dict[str, bytes | None]:
    """A line in the files of all profiles but some."""
    files = {f"{FINCH}/requirements-{p}.txt": read(f"{FINCH}/requirements-{p}.txt") for p in PROFILES}
    return {
        p: (text + ("" if p.split("-")[-1][:-4] in without else line)).encode() for p, text in files.items()
    }


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("finch_tts", "finch-tts==1.0\n"),
        ("finchtts", "finch-tts[gpu]\n"),
        ("finch_tts.models", "finch_tts_toolkit>=2\n"),
        ("finch_tts", "git+https://github.com/acme/finch-tts@v1\n"),
    ],
)
def test_the_engine_is_missing_in_one_image(module: str, line: str) -> None:
    brings = line if module != "finchtts" else "finchtts[gpu]\n"
    where = tree(program(f"from {module} import Model"), named(brings, "cublas12"))
    (found,) = findings(where, SLUG)
    assert (found.severity, found.path) == (Severity.error, f"{FINCH}/requirements-cublas12.txt")
    assert found.line == 2
    assert findings(tree(program(f"from {module} import Model"), named(brings)), SLUG) == []


@pytest.mark.parametrize(
    ("imported", "found"),
    [
        ("import finch_tts", True),
        ("from finch_tts import Model", True),
        ("try:\n    import finch_tts\nexcept ImportError:\n    pass", False),
        ("def load():\n    import finch_tts", False),
        ("from finch import Model", False),
    ],
)
def test_the_engine_is_missing_everywhere(imported: str, found: bool) -> None:
    told = findings(tree(program(imported)), SLUG)
    assert [(f.severity, f.path, f.line) for f in told] == [
        (Severity.error, f"{FINCH}/backend.py", 1)
    ] * found


@pytest.mark.parametrize(
    "change",
    [
        {f"{FINCH}/finch_tts.py": b"class Model: ...\n"},
        {f"{FINCH}/finch_tts/__init__.py": b"class Model: ...\n"},
        {"backend/python/common/finch_tts.py": b"class Model: ...\n"},
        {f"{FINCH}/install.sh": b"installRequirements\ngit clone https://github.com/acme/Finch-TTS-1.5\n"},
        {f"{FINCH}/requirements.txt": b"grpcio==1.82.1\nfinch-tts\n"},
    ],
)
def test_the_engine_may_come_from_elsewhere(change: dict[str, bytes | None]) -> None:
    assert findings(tree(program("import finch_tts"), change), SLUG) == []


def test_what_the_stubs_are_made_with_is_missing() -> None:
    names = (path for path in tree({}).list(FINCH) if path.startswith("requirements"))
    without = {
        f"{FINCH}/{name}": read(f"{FINCH}/{name}").replace("grpcio", "other").encode() for name in names
    }
    (found,) = findings(tree(without), SLUG)
    assert (found.severity, found.path) == (Severity.warning, f"{FINCH}/backend.py")
    assert found.help == f"add grpcio to {FINCH}/requirements.txt"
    assert findings(tree({}), SLUG) == []


@pytest.mark.parametrize(
    ("module", "line"), [("acme", "acme\n"), ("PIL", "pillow\n"), ("cv2", "opencv-python-headless\n")]
)
def test_another_package_is_missing_in_one_image(module: str, line: str) -> None:
    where = tree(program(f"import {module}"), named(line, "intel"))
    assert [(f.severity, f.path) for f in findings(where, SLUG)] == [
        (Severity.warning, f"{FINCH}/requirements-intel.txt")
    ]
    for quiet in (named(line), named(line, "intel", "mps"), named("", *PROFILES)):
        assert findings(tree(program(f"import {module}"), quiet), SLUG) == []
    assert findings(tree(program("import json"), named(line, "intel")), SLUG) == []


@pytest.mark.parametrize(("unreadable", "told"), [("cpu", True), ("intel", False), ("", False)])
def test_it_follows_from_a_line_of_its_own_image_that_pip_refuses(unreadable: str, told: bool) -> None:
    changes = program("import finch_tts") | named("finch-tts==1.0\n", "intel")
    path = f"{FINCH}/requirements{f'-{unreadable}' if unreadable else ''}.txt"
    text = changes.get(path) or read(path).encode()
    where = tree(changes, {path: text + b"torch=2.1\n"})
    found = {f.rule for f in check.run(where, check.Scope(select=(SLUG, "requirement-unreadable"))).findings}
    assert found == {"requirement-unreadable", SLUG} if told else {"requirement-unreadable"}
