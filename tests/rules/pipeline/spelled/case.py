"""A small repository in which a rule tells something, or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from textwrap import dedent, indent
from typing import NamedTuple

Cases = dict[str, str | dict[str, str]]
"""`rule: kind` -> the files in which the rule tells something, or nothing if the kind begins with `not `;
a text alone is the workflow `a`."""


class Case(NamedTuple):
    """Files, and whether a rule tells something of them."""

    rule: str
    told: bool
    files: dict[str, str]


def case(name: str, files: str | dict[str, str]) -> Case:
    """A case, with what its name says."""
    rule, kind = name.split(": ", 1)
    return Case(rule, not kind.startswith("not "), {"a": files} if isinstance(files, str) else files)


def workflow(text: str) -> Callable[..., str]:
    """What makes workflows that are alike but for what is `...` here: as many texts; "" leaves the line out."""

    def made(*parts: str) -> str:
        left = iter(parts)

        def filled(place: re.Match[str]) -> str:
            part = dedent(next(left)).strip("\n")
            return part if place[1] is None else part and indent(part, place[1]) + "\n"

        return re.sub(r"(?m)^( *)\.\.\.\n|\.\.\.", filled, text)

    return made


on_push = workflow("""
on: push
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      ...
""")

each_arch = workflow("""
on: push
jobs:
  b:
    strategy:
      matrix: {arch: [amd64, arm64]}
    runs-on: ubuntu-latest
    steps:
      ...
""")
