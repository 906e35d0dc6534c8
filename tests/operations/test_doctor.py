"""What `doctor` recognises of a checkout, and what it says of one that is not as it expects."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scaffold.operations import doctor
from scaffold.operations.doctor import State
from scaffold.registry import Registry
from scaffold.rules.repository.parts import parts
from tests.conftest import in_process
from tests.moves import Move
from tests.rules.trees import BASE, CAPABILITIES, FILTER, MATRIX, text_of

PROJECT = Path(__file__).parents[2]


def test_every_expectation_is_met_and_where_it_says() -> None:
    found = doctor.run(BASE, None)
    assert found.failed == 0
    signs = [sign for reader in found.readers for sign in reader.signs]
    assert [sign.part for sign in signs] == list(parts(Registry(BASE)))
    assert {sign.state for sign in signs} == {State.found, State.absent}
    for reader in found.readers:
        assert (PROJECT / reader.module).is_file()
        assert "def parts" in (PROJECT / reader.module).read_text()
    for sign in signs:
        if sign.part.line:
            assert text_of(BASE, sign.part.path).splitlines()[sign.part.line - 1].strip()
    (matrix,) = [sign.part for sign in signs if sign.part.what == "build matrix"]
    assert text_of(BASE, MATRIX).splitlines()[matrix.line - 1].startswith("  - ")


def test_a_file_that_moved_is_looked_for() -> None:
    moved = Move(CAPABILITIES).made(BASE)
    assert moved is not None
    found = doctor.run(moved, None)
    (reader,) = [reader for reader in found.readers if not reader.is_well]
    assert reader.module == "scaffold/surfaces/capabilities.py"
    assert {sign.namesakes for sign in reader.signs} == {(f"moved/{CAPABILITIES}",)}


def test_the_command_says_which_module_has_to_learn_it(
    miniature: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    call = in_process(monkeypatch, capfd)
    code, out, _ = call("doctor", "--repo", str(miniature))
    assert code == 0
    assert f"ok        44 x build matrix  {MATRIX}:" in out
    assert ": nothing failed; youngest shape: 2026-07-20." in out
    path = miniature / FILTER
    path.write_text(path.read_text().replace("inferBackendPathDarwin", "pathOnMac"))
    code, out, _ = call("doctor", "--repo", str(miniature))
    assert code == 3
    told = " ".join(out.split())
    assert "scaffold/surfaces/path_filter/reading.py met a shape that it does not know: " in told
    assert "expected a function inferBackendPathDarwin" in told
    (miniature / CAPABILITIES).unlink()
    code, out, _ = call("doctor", "--repo", str(miniature), "--format", "json")
    answer = json.loads(out)
    assert code == 3
    assert answer["failed"] > 1
    by_name = {reader["name"]: reader for reader in answer["readers"]}
    assert {part["state"] for part in by_name["capabilities"]["parts"]} == {"failed"}
    assert by_name["path filter"]["error"]
    code, _, err = call("check", "--repo", str(miniature))
    assert code == 3
    assert "`scaffold doctor` tells what of this checkout is recognised" in err


@pytest.mark.parametrize(
    ("path", "line", "said"),
    [
        ("Makefile", "<<<<<<< HEAD", "is a conflict marker, <<<<<<<: resolve the merge first"),
        (CAPABILITIES, 'a := "b', "is no valid Go: what begins here does not end"),
    ],
)
def test_a_broken_file_is_no_new_shape(
    miniature: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    path: str,
    line: str,
    said: str,
) -> None:
    call = in_process(monkeypatch, capfd)
    with (miniature / path).open("a") as file:
        file.write(f"{line}\n")
    for command in ("check", "show lark"):
        code, _, err = call(*command.split(), "--repo", str(miniature))
        assert code == 3
        assert said in err
        assert "scaffold doctor" not in err
    code, out, _ = call("doctor", "--repo", str(miniature))
    assert code == 3
    told = " ".join(out.split())
    assert "cannot do without a file that is broken" in told
    assert said in told
    assert "a shape that it does not know" not in told
