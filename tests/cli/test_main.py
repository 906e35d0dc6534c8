"""The entry: nothing heavy is imported before it is needed, and a command is what it is among all."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scaffold import __version__
from scaffold.cli import main as entry
from scaffold.cli import printer
from scaffold.cli.main import FAMILIES, outline, program
from scaffold.cli.manners import EXAMPLES
from scaffold.errors import BugError
from tests.conftest import in_process
from tests.consumers import run


def test_the_command_line_imports_nothing_heavy(tmp_path: Path) -> None:
    heavy = ["copier", "pydantic", "jinja2", "ruamel.yaml", "tree_sitter", "quickjs"]
    script = f"import sys, scaffold.cli.main; scaffold.cli.main.program(); print([m for m in {heavy} if m in sys.modules])"
    assert run(sys.executable, "-c", script, cwd=tmp_path).stdout.strip() == "[]"


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_what_lists_the_commands_imports_none(option: str, tmp_path: Path) -> None:
    script = f"""
import sys, scaffold.cli.main as entry
sys.argv = ["scaffold", {option!r}]
try:
    entry.main()
finally:
    print([m for m in {[f"scaffold.cli.{family}" for family in FAMILIES if family != "completion"]} if m in sys.modules])
"""
    assert run(sys.executable, "-c", script, cwd=tmp_path).stdout.endswith("[]\n")


def test_the_list_of_commands_is_that_of_the_commands() -> None:
    listed, whole = (CliRunner().invoke(app, ["--help"]) for app in (outline(), program()))
    assert listed.output == whole.output
    for command in " ".join(FAMILIES.values()).split():
        assert f"\n  {command} " in listed.output


def test_without_sources_the_list_is_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    listed = CliRunner().invoke(outline(), ["--help"]).output
    monkeypatch.setattr(entry, "__file__", str(tmp_path / "main.pyc"))
    assert CliRunner().invoke(outline(), ["--help"]).output == listed


@pytest.mark.parametrize("command", " ".join(FAMILIES.values()).split())
def test_a_command_is_the_same_alone_and_among_all(command: str) -> None:
    alone, among_all = (CliRunner().invoke(app, [command, "--help"]) for app in (program(command), program()))
    assert alone.exit_code == 0
    assert alone.output == among_all.output
    assert command in CliRunner().invoke(program(), ["--help"]).output


def test_a_library_that_finds_no_memory_is_no_bug(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: str) -> None:
        raise ImportError("/a/_binding.so: failed to map segment from shared object")

    monkeypatch.setattr(entry, "program", fail)
    monkeypatch.setattr(sys, "argv", ["scaffold", "check"])
    with pytest.raises(SystemExit) as end:
        entry.main()
    assert end.value.code == 3
    assert "MiB of memory" in capfd.readouterr().err


@pytest.mark.parametrize(
    "error", [ValueError("a\x1b[2J\n::stop-commands::x"), RecursionError(), AssertionError(), ImportError()]
)
def test_what_nothing_should_have_let_through_is_told_as_a_bug(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: str) -> None:
        raise error

    monkeypatch.setattr(entry, "program", fail)
    monkeypatch.setattr(sys, "argv", ["scaffold", "check", "a b"])
    with pytest.raises(SystemExit) as end:
        entry.main()
    assert end.value.code == BugError.exit_code
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("error: this is a bug")
    assert "\nscaffold check 'a b'\n" in err
    assert __version__ in err
    assert type(error).__name__ in err
    assert all(line.isprintable() and not line.lstrip().startswith("::") for line in err.split("\n"))


def test_version_help_and_exit_codes(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    call = in_process(monkeypatch, capfd)
    assert call("--version")[:2] == (0, f"scaffold {__version__}\n")
    assert call("-h") == call("--help")
    for command in " ".join(FAMILIES.values()).split():
        code, out, _ = call(command, "-h")
        assert code == 0
        assert "Exit codes:" in out
        for example in EXAMPLES.get(command, ()):
            assert f"  scaffold {example}\n" in out
    assert EXAMPLES.keys() <= set(" ".join(FAMILIES.values()).split())


@pytest.mark.parametrize("where", [("--color", "always", "rules"), ("rules", "--color=always")])
def test_colours_are_chosen_anywhere(
    where: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(printer, "_colour", printer.Colour.auto)
    monkeypatch.setenv("NO_COLOR", "1")
    call = in_process(monkeypatch, capfd)
    assert "\x1b[" in call(*where)[1]
    assert "\x1b[" not in call("rules", "--color", "never")[1]
    monkeypatch.setattr(printer, "_colour", printer.Colour.auto)
    assert "\x1b[" not in call("rules")[1]
    code, _, err = call("rules", "--color", "blue")
    assert code == 2
    assert "give auto, always or never" in err


def test_an_interrupt_is_130(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("scaffold.rules.all_rules", interrupted)
    assert in_process(monkeypatch, capfd)("rules")[0] == 130


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("new-backend", "x", "--lang", "pyhton"), "did you mean python?"),
        (("check", "--format", "jsn"), "did you mean json?"),
        (("published", "--channel", "mastr"), "did you mean master or latest?"),
    ],
)
def test_a_value_that_an_option_does_not_have_may_mean_another(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    hint: str,
) -> None:
    code, _, said = in_process(monkeypatch, capfd)(*arguments)
    assert code == 2
    assert said.endswith(f"; {hint}\n")
