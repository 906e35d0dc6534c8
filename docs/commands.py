"""The pages of the commands, made from the program: python -m docs.commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from scaffold.cli.main import program
from scaffold.cli.manners import EXIT_CODES

FOLDER = Path(__file__).with_name("commands")
INDEX = "README.md"

CODES = f"""\
## Exit codes

| code | |
| --- | --- |
{"".join(f"| {code} | {meaning} |{chr(10)}" for code, meaning in EXIT_CODES.items())}
[Troubleshooting](../troubleshooting.md) has what each message means."""


def pages() -> dict[str, str]:
    """Name of each page -> its text."""
    group: Any = typer.main.get_command(program())
    made = {f"{name}.md": page(name, command) for name, command in group.commands.items()}
    return {INDEX: index(group.commands), **made}


def index(commands: dict[str, Any]) -> str:
    """The table of all commands."""
    lines = [
        "# Commands",
        "",
        "Made from the program by `make docs`. `scaffold COMMAND --help` prints the same.",
        "",
        "| command | |",
        "| --- | --- |",
    ]
    lines += [f"| [{name}]({name}.md) | {cell(command.help)} |" for name, command in commands.items()]
    return "\n".join([*lines, "", CODES, ""])


def page(name: str, command: Any) -> str:
    """What a command does, its arguments and its options."""
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and not p.hidden]
    usage = " ".join([f"scaffold {name}", *(p.metavar or p.name.upper() for p in arguments), "[OPTIONS]"])
    lines = [f"# {name}", "", command.help.strip(), "", "```text", usage, "```", ""]
    for title, params in (("argument", arguments), ("option", options)):
        if params:
            lines += [f"| {title} | |", "| --- | --- |", *(row(param) for param in params), ""]
    return "\n".join([*lines, f"[Exit codes]({INDEX}#exit-codes)", ""])


def row(param: Any) -> str:
    """A parameter: how it is written, and what it is for."""
    if param.param_type_name == "argument":
        return f"| `{param.metavar or param.name.upper()}` | {cell(param.help)} |"
    names = ", ".join(f"`{name}`" for name in (*param.opts, *param.secondary_opts))
    return f"| {names}{cell(_value(param))} | {cell(' '.join(_said(param)))} |"


def _value(param: Any) -> str:
    if param.is_flag:
        return ""
    choices = getattr(param.type, "choices", None)
    return f" `{param.metavar or ('|'.join(map(_plain, choices)) if choices else 'TEXT')}`"


def _said(param: Any) -> Iterator[str]:
    yield param.help or ""
    if param.multiple and "repeatable" not in (param.help or ""):
        yield "Repeatable."
    default = param.default
    if default not in (None, "", (), []) and not param.is_flag and not callable(default):
        yield f"Default: `{_plain(default)}`."


def _plain(value: Any) -> str:
    return str(getattr(value, "value", value))


def cell(text: str) -> str:
    """A text in a cell of a table: nothing outside its code spans is Markdown's."""
    spans = re.split(r"(`[^`]*`)", re.sub(r"\s+", " ", text.rstrip()))
    plain = [re.sub(r"[*_<]", r"\\\g<0>", span) if not n % 2 else span for n, span in enumerate(spans)]
    return "".join(plain).replace("|", r"\|")


def write(folder: Path) -> None:
    """Write all pages, and delete those of commands that are gone."""
    folder.mkdir(exist_ok=True)
    wanted = pages()
    for file in folder.iterdir():
        if file.name not in wanted:
            file.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(FOLDER)
