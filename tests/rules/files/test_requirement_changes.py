"""What a change takes out of the requirements of a Python backend."""

from __future__ import annotations

import pytest

from scaffold.operations import check
from scaffold.rules.base import Finding, Severity
from tests.rules.files.test_imported import PROFILES, named, program
from tests.rules.files.trees import FINCH, read, tree

INTEL = f"{FINCH}/requirements-intel.txt"


def changed(after: dict[str, bytes | None], before: dict[str, bytes | None] | None = None) -> list[Finding]:
    """What requirement-lost says of a change."""
    since = before or {}
    scope = check.Scope(select=("requirement-lost",))
    return list(check.run(tree(since, after), scope, tree(since)).findings)


def told(found: list[Finding]) -> list[tuple[Severity, str, int]]:
    return [(f.severity, f.path, f.line) for f in found]


@pytest.mark.parametrize(
    ("imported", "line", "above", "severity"),
    [
        ("import finch_tts", "finch-tts\n", 3, Severity.error),
        ("from finch_tts.models import Model", "finch-tts\n", 3, Severity.error),
        ("import acme", "acme\n", 2, Severity.warning),
        ("import json", "acme\n", 2, Severity.warning),
    ],
)
def test_a_line_that_one_profile_loses(imported: str, line: str, above: int, severity: Severity) -> None:
    before = {**program(imported), **named("acme\nfinch-tts\n")}
    (found,) = changed({INTEL: (before[INTEL] or b"").replace(line.encode(), b"")}, before)
    assert told([found]) == [(severity, INTEL, above)]
    assert line.strip() in found.message


def test_a_line_that_all_profiles_lose() -> None:
    before = named("acme\n")
    (found,) = changed(named(""), before)
    assert (found.severity, f"and {len(PROFILES) - 2} more" in found.message) == (Severity.info, True)
    (found,) = changed(named(""), {**before, **program("import acme")})
    assert found.severity is Severity.warning


@pytest.mark.parametrize(
    "after",
    [
        {INTEL: (read(INTEL) + "beak\n").encode()},
        {INTEL: (read(INTEL) + "acme-ng==2\n").encode()},
        {INTEL: (read(INTEL) + "# acme has no build for it\n").encode()},
        {
            INTEL: read(INTEL).encode(),
            f"{FINCH}/requirements.txt": b"grpcio==1.82.1\nprotobuf\ncertifi\nacme\n",
        },
        {INTEL: read(INTEL).encode(), f"{FINCH}/install.sh": b"installRequirements\nuv pip install acme\n"},
        {
            INTEL: None,
            f"{FINCH}/install.sh": b"if [ x${BUILD_PROFILE} = xintel ]; then\n  uv pip install .\n"
            b"else\n  installRequirements\nfi\n",
        },
    ],
)
def test_a_line_that_something_replaces(after: dict[str, bytes | None]) -> None:
    assert changed(after, named("acme\n")) == []


def test_a_comment_that_was_there_says_nothing_of_the_change() -> None:
    before = {**program("import acme"), **named("# acme is what makes the sounds\nacme\n")}
    (found,) = changed({INTEL: (before[INTEL] or b"").replace(b"\nacme\n", b"\n")}, before)
    assert told([found])[0][:2] == (Severity.warning, INTEL)


def test_a_file_that_is_gone() -> None:
    before = {**named("acme\n"), **program("import acme")}
    (found,) = changed({INTEL: None}, before)
    assert found.severity is Severity.warning
    assert found.path.endswith("backend-matrix.yml")
    assert "torch" in found.message


@pytest.mark.parametrize(
    ("line", "other", "found"),
    [
        ("acme==1.2", "acme", True),
        ("acme==1.2", "acme>=1.2", True),
        ("acme[gpu]===1.2", "acme[gpu]", True),
        ("git+https://github.com/a/acme@v1", "git+https://github.com/a/acme", True),
        ("acme @ git+https://github.com/a/acme@v1", "acme @ git+https://github.com/a/acme@main", True),
        ("https://example.org/acme-1.2-py3-none-any.whl", "acme", True),
        ("acme==1.2", "acme==1.3", False),
        ("acme==1.2", "acme~=1.2", False),
        ("acme==1.2", "acme>=1.2,<2", False),
        ("acme==1.2", "# 1.2 is yanked\nacme", False),
        ("acme==1.2", "acme  # 1.2 is yanked", False),
        ("acme==1.2\n# why", "acme\n# why", True),
        ("acme==1.2", "acme\nbeak", False),
        ("acme>=1.2", "acme", False),
    ],
)
def test_a_version_that_is_gone(line: str, other: str, found: bool) -> None:
    before, after = ({INTEL: f"{read(INTEL)}{said}\n".encode()} for said in (line, other))
    assert told(changed(after, before)) == [(Severity.warning, INTEL, 3)] * found


@pytest.mark.parametrize(
    ("after", "found"),
    [
        ("torch==2.12.1\n", True),
        ("--index-url https://example.org/whl/cpu\ntorch==2.12.1\n", False),
        ("# once https://download.pytorch.org/whl/cpu\ntorch==2.12.1\n", False),
        ("# PyPI has these wheels itself\ntorch==2.12.1\n", False),
        ("torch==2.12.1\nacme\n", False),
    ],
)
def test_an_index_that_is_gone(after: str, found: bool) -> None:
    path = f"{FINCH}/requirements-cpu.txt"
    assert told(changed({path: after.encode()})) == [(Severity.warning, path, 1)] * found
    script = b"EXTRA=--index-url=https://example.org\ninstallRequirements\n"
    assert changed({path: after.encode(), f"{FINCH}/install.sh": script}) == []
