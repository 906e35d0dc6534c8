"""The entry: which commands there are, and how the program is run."""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from contextlib import suppress
from importlib import import_module
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Annotated, Any

import typer

from scaffold import __version__, cage
from scaffold.cli import printer
from scaffold.cli.completion import COMPLETE, candidates
from scaffold.cli.manners import epilog
from scaffold.errors import INTERRUPTED, BugError, ScaffoldError, Stopped, UsageError, WriteError, meant
from scaffold.text import harmless

FAMILIES = {
    "new": "new-backend",
    "check": "check",
    "views": "show status affected flows",
    "guide": "guide",
    "published": "published",
    "rules": "rules explain",
    "lifecycle": "remove-backend rename-backend add-variant remove-variant",
    "adopt": "adopt",
    "doctor": "doctor",
    "machine": "schema options",
    "completion": "completion",
    "demo": "demo",
}
"""Module of this package -> its commands, each a function of that name; in the order of `--help`."""

UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}
"""What a stream says, which has no name, of a full or broken disk and of a terminal that is gone."""


def program(called: str = "") -> typer.Typer:
    """The command line, with the command that is called or with all of them.

    The others would cost what the called one does: typer inspects the signature of each.
    """
    app = _empty()
    families = _families()
    for command in [called] if called in families else families:
        module = import_module(f"scaffold.cli.{families[command]}")
        app.command(command, epilog=epilog(command))(getattr(module, command.replace("-", "_")))
    return app


def outline() -> typer.Typer:
    """The command line as its own `--help` lists it; what the commands do is read from the sources.

    To import them and to inspect their signatures would take a third of the time of `--help`. An
    installation that is compiled and has no sources takes that time.
    """
    app = _empty()
    for command, family in _families().items():
        try:
            text = Path(__file__).with_name(f"{family}.py").read_text(encoding="utf-8")
        except OSError:
            return program()
        head = rf'(?s)^def {command.replace("-", "_")}\(.*?\) -> None:\n    """(.*?)"""'
        found = re.search(head, text, re.MULTILINE)
        app.command(command, help=found[1] if found else "")(lambda: None)
    return app


def _families() -> dict[str, str]:
    """Command -> the module that it is in."""
    return {command: family for family, commands in FAMILIES.items() for command in commands.split()}


def _empty() -> typer.Typer:
    app = typer.Typer(
        name="scaffold",
        help="Add backends to LocalAI: the directory, and every registration that makes it exist.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,  # rich would take half the time of --help
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)  # with which a single command keeps its name
    return app


def completed(words: list[str]) -> list[str]:
    """What the last of some words behind `scaffold` may become."""

    def params_of(command: str) -> list[Any]:
        group: Any = typer.main.get_command(program(command))
        return list(group.commands[command].params)

    return candidates(words, " ".join(FAMILIES.values()).split(), params_of)


def _version(asked_for: bool) -> None:
    if asked_for:
        printer.result(f"scaffold {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_version, help="Print the version."),
    ] = False,
    color: Annotated[
        printer.Colour, typer.Option(help="Colours; here or behind a command. NO_COLOR counts for auto.")
    ] = printer.Colour.auto,
) -> None:
    """Add backends to LocalAI: the directory, and every registration that makes it exist."""


def refuse(error: ScaffoldError) -> int:
    """Print why the command ends without doing its work; its exit code."""
    if isinstance(error, Stopped):
        printer.stopped(error)
        return error.exit_code
    printer.error(error)
    return answer(error)


def answer(error: ScaffoldError) -> int:
    """Print an error once more as what a program, a CI job or a comment waits for; the exit code."""
    output = asked("--format")
    if output:
        from scaffold.checkout.tree import find_root
        from scaffold.report import failures

        text, kind = failures.rendered(error, output)
        with suppress(OSError, WriteError):  # then there is nobody to tell
            root = find_root(Path(asked("--repo") or "."))
            printer.result(text, kind, asked("--output-file"), root)
    return error.exit_code


def asked(option: str) -> str:
    """The value that the command line has for an option, whether or not it could be read; "" where none."""
    words = list(takewhile(lambda word: word != "--", sys.argv[1:]))
    given = [word.partition("=")[2] for word in words if word.startswith(f"{option}=")]
    given += [value for word, value in pairwise(words) if word == option]
    return given[-1] if given else ""


def confess() -> int:
    """Print what to report of an exception that nothing should have let through; the exit code."""
    import platform
    import shlex
    import traceback

    system = f"Python {platform.python_version()}, {platform.platform()}"
    called = shlex.join(["scaffold", *sys.argv[1:]])
    return refuse(
        BugError(
            "this is a bug of scaffold, whatever the checkout holds; nothing is half written. Please"
            f" report it:\n{called}\nscaffold {__version__}, {system}\n{traceback.format_exc()}"
        )
    )


def main() -> None:
    """Run the command that the program was called with; raises SystemExit."""
    _prepare_streams()
    try:
        arguments = printer.choose_colours(sys.argv[1:])
        if arguments[:2] == [COMPLETE, "--"]:
            printer.result("\n".join(completed(arguments[2:])))
            sys.exit(0)
        called = arguments[0] if arguments else "--help"
        app = outline() if called in ("-h", "--help", "--version") else program(called)
        sys.exit(app(arguments, standalone_mode=False) or 0)
    except ScaffoldError as error:
        sys.exit(refuse(error))
    except (MemoryError, ImportError) as error:
        if isinstance(error, ImportError) and "failed to map segment" not in str(error):
            sys.exit(confess())
        sys.exit(refuse(cage.out_of_memory()))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
    except OSError as error:
        if error.filename is not None or error.errno not in UNWRITABLE:
            sys.exit(confess())
        sys.exit(refuse(WriteError(f"standard output cannot be written: {error.strerror}")))
    except typer.Abort:
        printer.note("Aborted!")
        sys.exit(INTERRUPTED)
    except Exception as error:
        sys.exit(_misused(error) if hasattr(error, "show") else confess())


def _prepare_streams() -> None:
    """Let the streams take any text; what is closed is none that a later file might become."""
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115
    if sys.stdin is None:
        sys.stdin = open(os.devnull)  # noqa: PTH123, SIM115
    if sys.stdout is None:
        sys.exit(refuse(WriteError("standard output is closed; nothing was done")))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a report may hold what the terminal cannot show


def _misused(error: Any) -> int:
    """Print what typer says of a wrong command line, whose words may be a stranger's; the exit code."""
    choices = getattr(getattr(getattr(error, "param", None), "type", None), "choices", ())
    given = re.match(r"'(.*)' is not one of ", str(getattr(error, "message", "")), re.DOTALL)
    if given and (hint := meant(given[1], [str(getattr(choice, "value", choice)) for choice in choices])):
        error.message = f"{error.message.removesuffix('.')}; {hint}"
    said = io.StringIO()
    error.show(file=said)
    printer.note(harmless(said.getvalue().rstrip("\n")))
    return answer(UsageError(error.format_message()))
