"""The script of a workflow's step, as a shell gets to see it."""

from __future__ import annotations

import re
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
