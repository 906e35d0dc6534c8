"""Where a command prints may be full, closed, or no file at all: that is told, and is no bug of the program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import in_process

COMMANDS = (
    ("check",),
    ("check", "--format", "json"),
    ("status",),
    ("rules",),
    ("--help",),
    ("affected", "backend"),
)
FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full disk")  # noqa: PTH110


def ended(root: Path, arguments: tuple[str, ...], streams: str) -> tuple[int, str]:
    """The exit code of a command whose streams a shell has set, and its errors."""
    at = () if {"rules", "--help"} & {*arguments} else ("--repo", str(root))
    script = f'"$@" {streams}'
    command = ["bash", "-c", script, "bash", sys.executable, "-m", "scaffold", *arguments, *at]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in result.stderr
    assert "bug of scaffold" not in result.stderr
    return result.returncode, result.stderr


@FULL
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_full_disk_is_told(miniature: Path, arguments: tuple[str, ...]) -> None:
    assert ended(miniature, arguments, ">/dev/full") == (
        3,
        "error: standard output cannot be written: No space left on device\n",
    )


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_closed_output_is_told(miniature: Path, arguments: tuple[str, ...]) -> None:
    assert ended(miniature, arguments, ">&-") == (3, "error: standard output is closed; nothing was done\n")


def test_a_closed_output_changes_nothing(miniature: Path) -> None:
    new = ("new-backend", "ibex", "--lang", "go", "--no-input")
    assert ended(miniature, new, ">&-")[0] == 3
    assert not (miniature / "backend/go/ibex").exists()


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_nobody_reads_on(miniature: Path, arguments: tuple[str, ...]) -> None:
    code, errors = ended(miniature, arguments, "| true; exit ${PIPESTATUS[0]}")
    assert code in (0, 1, 141)
    assert errors == ""


@pytest.mark.parametrize("streams", ["2>&-", "2>/dev/full", "<&-", "2>&- <&-"])
def test_other_streams_may_be_missing(miniature: Path, streams: str) -> None:
    expected = ended(miniature, ("check", "--rev", "NOSUCH"), "")[0]
    assert expected == 2
    assert ended(miniature, ("check", "--rev", "NOSUCH"), streams)[0] == expected
    assert ended(miniature, ("check",), f">/dev/null {streams}")[0] == 0


def report_links(root: Path) -> Path:
    """Folders and files of a checkout for reports that are links, one of them to a folder inside; a folder outside."""
    outside = root.parent / "outside"
    (outside / "in").mkdir(parents=True)
    (root / "reports").symlink_to(outside)
    (root / "x.json").symlink_to(outside / "x.json")
    (root / "inside").symlink_to("backend")
    return outside


@pytest.mark.parametrize("place", ["reports/x.json", "reports/in/x.json", "x.json", "inside/x.json"])
@pytest.mark.parametrize("wrong", [(), ("--no-such",), ("--base", "NOSUCH")], ids=["right", "usage", "base"])
def test_a_report_goes_through_no_link_of_the_checkout(
    place: str,
    wrong: tuple[str, ...],
    miniature: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    outside = report_links(miniature)
    monkeypatch.chdir(miniature / "docs")
    call = in_process(monkeypatch, capfd)
    for name in (f"../{place}", str(miniature / place)):
        code, out, errors = call("check", "--format", "json", "--output-file", name, *wrong)
        assert (code, out) == (2 if wrong else 3, "")
        assert wrong or "is a symbolic link, and links are not followed" in errors
        assert [*outside.rglob("*")] == [outside / "in"]
        assert not (miniature / "backend/x.json").exists()


def test_a_report_goes_where_its_user_has_links_of_their_own(
    miniature: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    outside = report_links(miniature)
    (tmp_path / "mine").symlink_to(outside)
    (tmp_path / "checkout").symlink_to(miniature)
    monkeypatch.chdir(miniature)
    call = in_process(monkeypatch, capfd)
    for name in (f"{tmp_path}/mine/1.txt", "../outside/2.txt", f"{tmp_path}/checkout/3.txt", "docs/4.txt"):
        assert call("check", "--output-file", name)[:2] == (0, ""), name
    assert {path.name for path in outside.iterdir()} == {"in", "1.txt", "2.txt"}
    assert (miniature / "3.txt").read_bytes() == (miniature / "docs/4.txt").read_bytes()


def test_a_summary_goes_through_no_link_of_the_checkout(
    miniature: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    outside = report_links(miniature)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(miniature / "reports/summary"))
    errors = in_process(monkeypatch, capfd)("check", "--format", "github", "--repo", str(miniature))[2]
    assert "the job summary cannot be written: reports is a symbolic link" in errors
    assert [*outside.iterdir()] == [outside / "in"]


@pytest.mark.parametrize("kind", ["pipe", "link", "folder", "device"])
def test_a_summary_that_is_no_file_is_told(
    kind: str,
    miniature: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    place = tmp_path / "summary"
    target = tmp_path / "target"
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "link":
        target.write_text("as it was")
        place.symlink_to(target)
    elif kind == "folder":
        place.mkdir()
    elif kind == "device":
        place = Path("/dev/null")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(place))
    code, _, errors = in_process(monkeypatch, capfd)("check", "--format", "github", "--repo", str(miniature))
    assert code == 0
    assert "the job summary cannot be written: " in errors
    assert not target.exists() or target.read_text() == "as it was"


def test_a_pipe_that_somebody_reads_is_no_summary_either(
    miniature: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "summary")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    reader = os.open(tmp_path / "summary", os.O_RDONLY | os.O_NONBLOCK)
    try:
        call = in_process(monkeypatch, capfd)
        assert "it is no file" in call("check", "--format", "github", "--repo", str(miniature))[2]
        assert os.read(reader, 1) == b""
    finally:
        os.close(reader)


def test_a_summary_grows(
    miniature: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "summary").write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    in_process(monkeypatch, capfd)("check", "--format", "github", "--repo", str(miniature))
    assert (tmp_path / "summary").read_text().startswith("before\n")
    assert "found nothing" in (tmp_path / "summary").read_text()
