"""`schema` and `options`: what programs and agents have to know."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from scaffold import __version__
from scaffold.cli import printer
from scaffold.cli.manners import EXIT_CODES
from scaffold.report.formats import Format, as_json


def schema(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A result; without one their names are listed.")
    ] = None,
) -> None:
    """Print the JSON schema of what a command prints with `--format json`."""
    from scaffold.report import schemas

    printer.result("\n".join(schemas.SCHEMAS) if name is None else as_json(schemas.schema(name)))


def options(
    output: Annotated[Format, typer.Option("--format", help="How to print them.")] = Format.text,
) -> None:
    """List every command with its options, and the names that they take."""
    found = _options()
    printer.result(as_json(found) if output is Format.json else "\n".join(_lines(found)))


def _options() -> dict[str, Any]:
    from scaffold.backend.choices import IMPORTS, KINDS
    from scaffold.backend.modalities import EVERY
    from scaffold.backend.variants import VARIANTS, supported
    from scaffold.cli.main import program
    from scaffold.rules import all_rules
    from scaffold.severity import SEVERITIES

    group: Any = typer.main.get_command(program())
    rules = all_rules()
    return {
        "version": 1,
        "tool": {"name": "scaffold", "version": __version__},
        "commands": [
            {
                "name": name,
                "help": command.help.strip(),
                "params": [_param(param) for param in command.params if not getattr(param, "hidden", False)],
            }
            for name, command in group.commands.items()
        ],
        "languages": {
            lang: {"kinds": list(KINDS[lang]), "variants": list(supported(lang))} for lang in KINDS
        },
        "variants": {name: {"arches": list(variant.arches)} for name, variant in VARIANTS.items()},
        "modalities": list(EVERY),
        "imports": list(IMPORTS),
        "severities": [severity.value for severity in SEVERITIES],
        "rules": [rule.slug for rule in rules],
        "groups": list(dict.fromkeys(rule.group for rule in rules)),
        "exit_codes": {str(code): meaning for code, meaning in EXIT_CODES.items()},
    }


def _param(param: Any) -> dict[str, Any]:
    default = param.default
    return {
        "name": param.name,
        "argument": param.param_type_name == "argument",
        "opts": [*param.opts, *param.secondary_opts],
        "metavar": param.metavar,
        "help": getattr(param, "help", None) or "",
        "required": bool(param.required),
        "multiple": bool(getattr(param, "multiple", False) or param.nargs == -1),
        "flag": bool(getattr(param, "is_flag", False)),
        "choices": [str(getattr(choice, "value", choice)) for choice in getattr(param.type, "choices", ())],
        "default": default if isinstance(default, (str, int, bool, type(None))) else None,
    }


def _lines(found: dict[str, Any]) -> list[str]:
    lines = []
    for command in found["commands"]:
        lines.append(f"{command['name']}: {command['help'].splitlines()[0]}")
        lines += [f"  {', '.join(param['opts'])}  {param['help']}" for param in command["params"]]
    lines += [
        f"{lang}: {' '.join(of['kinds'])}; {' '.join(of['variants'])}"
        for lang, of in found["languages"].items()
    ]
    lines.append(f"modalities: {' '.join(found['modalities'])}")
    return [*lines, *(f"exit code {code}: {meaning}" for code, meaning in found["exit_codes"].items())]
