"""The script of a workflow's step, as a shell gets to see it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.shell import ShellSource
from scaffold.syntax.yaml import YamlSource


def script_of(step: yaml.Mapping) -> ShellSource:
    """The script that a step runs; one for another interpreter has no commands."""
    shell = step.text("shell").partition(" ")[0]
    return _script(step.text("run"), shell in ("", "bash", "sh"))


def raw_script(spelled: str) -> ShellSource:
    """A script as it is written in a workflow, indented and with the sign of its block."""
    sign, newline, rest = spelled.partition("\n")
    is_block = sign.startswith(("|", ">"))
    return _script(" " * len(sign) + newline + rest if is_block else spelled, True)


def line_of(source: YamlSource, step: yaml.Mapping, offset: int) -> int:
    """The line of a workflow in which an offset of a step's script stands."""
    run = step.values["run"]
    first = source.line(run.start)
    block = isinstance(run, yaml.Scalar) and run.style in ("|", ">")
    return first + script_of(step).line(offset) if block else first


def appended(script: ShellSource, file: str) -> dict[str, str]:
    """What a script certainly writes to a file that a variable names: `echo "name=value" >> "$file"`.

    Where the script writes otherwise, or may end well before, nothing is certain.
    """
    found: dict[str, list[str]] = {}
    writes = 0
    for command in script.commands:
        if command.starts("return") or (command.starts("exit") and not _is_failure(command.words)):
            return {}
        around = script.parent(command.node)
        if around is None or around.type != "redirected_statement" or file not in script.text(around):
            continue
        name, sign, value = command.words[-1].partition("=")
        writes += command.words[:1] == ("echo",) and bool(sign) and "$" not in name
        top = script.parent(around)
        single = len(command.words) == 2 and top is not None and top.type == "program"  # noqa: PLR2004
        found.setdefault(name, []).extend([value] if single else [value, value])
    known = writes == script.data.count(file.encode())
    return {name: values[0] for name, values in found.items() if known and len(values) == 1}


def _is_failure(words: Sequence[str]) -> bool:
    """Whether an `exit` certainly tells that the step failed."""
    return len(words) > 1 and re.fullmatch(r"[1-9]\d*", words[1]) is not None


@lru_cache(maxsize=1024)
def _script(text: str, is_shell: bool) -> ShellSource:
    """A script in which expressions are letters: GitHub puts their values in before a shell starts."""
    data = text.encode()
    seen = bytearray(data if is_shell else b" " * len(data))
    start = data.find(b"${{")
    while start >= 0:
        found = _EXPRESSION.match(data, start)
        end = found.end() if found else data.find(b"}}", start) + 2
        if end < start:
            break
        seen[start:end] = b"_" * (end - start)
        start = data.find(b"${{", end)
    return ShellSource("", data, bytes(seen))


_EXPRESSION = re.compile(rb"\$\{\{(?:[^'}]|'[^']*'|\}(?!\}))*+\}\}")
