"""`completion`, and the words that a shell may complete: nothing here reads more than names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from scaffold.cli import printer

COMPLETE = "complete"
"""What the scripts call: `scaffold complete -- WORD...`, the last word being incomplete."""

SCRIPTS = {
    "bash": r"""_scaffold() {
    local IFS=$'\n'
    COMPREPLY=($(scaffold complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _scaffold scaffold
""",
    "zsh": r"""#compdef scaffold
_scaffold() {
    local -a found
    found=("${(@f)$(scaffold complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    compadd -a found
}
compdef _scaffold scaffold
""",
    "fish": "complete -c scaffold -f"
    " -a '(scaffold complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'\n",
}


class Shell(StrEnum):
    """The shells that there is a script for."""

    bash = "bash"
    zsh = "zsh"
    fish = "fish"


def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Print the script with which a shell completes commands, options and names."""
    printer.result(SCRIPTS[shell])


def candidates(words: list[str], commands: list[str], params_of: Callable[[str], list[Any]]) -> list[str]:
    """What the last word behind `scaffold` may become; `params_of` has the parameters of a command."""
    *before, partial = words or [""]
    if not before:
        found: Iterable[str] = [*commands, "--help", "--version"]
    elif before[0] not in commands:
        found = ()
    else:
        params = params_of(before[0])
        taking = [p for p in params if before[-1] in p.opts and not getattr(p, "is_flag", False)]
        if taking and before[-1].startswith("-"):
            found = _values(taking[0])
        elif partial.startswith("-"):
            options = (p for p in params if p.param_type_name == "option")
            found = [name for p in options for name in (*p.opts, *p.secondary_opts)] + ["--help"]
        else:
            arguments = [p for p in params if p.param_type_name == "argument"]
            found = dict.fromkeys(value for p in arguments for value in _values(p))
    return [word for word in found if word.startswith(partial)]


def _values(param: Any) -> Iterable[str]:
    choices = getattr(param.type, "choices", ())
    if choices:
        return [str(getattr(choice, "value", choice)) for choice in choices]
    metavar = (param.metavar or "").strip("[].")
    named: dict[str, Callable[[], Iterable[str]]] = {
        "BACKEND": _backends, "NAME": _backends, "OLD": _backends, "M": _modalities, "RULE": rules,
        "V": _variants,
    }  # fmt: skip
    if param.name == "name" and metavar == "NAME" and param.help and "result" in param.help:
        from scaffold.report.schemas import SCHEMAS

        return list(SCHEMAS)
    return named[metavar]() if metavar in named else ()


def _backends() -> Iterable[str]:
    """Only what a command would take as a name: a shell may put it into the line as it is."""
    from scaffold.backend.names import is_name
    from scaffold.checkout.tree import WorkTree, find_root

    tree = WorkTree(find_root(Path.cwd()))
    languages = [f"backend/{name}" for name in tree.list("backend")]
    named = ((folder, name) for folder in languages for name in tree.list(folder) if is_name(name))
    return sorted({name for folder, name in named if tree.is_dir(f"{folder}/{name}")})


def _variants() -> Iterable[str]:
    from scaffold.backend.variants import VARIANTS

    return list(VARIANTS)


def _modalities() -> Iterable[str]:
    from scaffold.backend.modalities import EVERY

    return list(EVERY)


def rules() -> list[str]:
    """The names of all rules, read from the sources: to import them takes longer than one waits."""
    slug = r"(?<=[a-z0-9])(?=[A-Z])|(?<=[a-z])(?=[0-9])"
    folder = Path(__file__).parents[1] / "rules"
    texts = (path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    bases = r"(?:Rule|PipelineRule|ChangeRule|Note|_\w+)"
    names = (name for text in texts for name in re.findall(rf"(?m)^class ([A-Z]\w+)\({bases}\)", text))
    kinds = ("PipelineRule", "ChangeRule", "Note")
    return sorted(re.sub(slug, "-", name).lower() for name in names if name not in kinds)
