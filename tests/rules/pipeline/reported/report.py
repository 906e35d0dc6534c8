"""A report, and workflows that several reports have in common."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import NamedTuple


class Report(NamedTuple):
    rule: str
    """What must be told of it; "" where nothing is."""
    files: dict[str, str]
    repair: tuple[tuple[str, str], ...] = ()
    """What stands in the files, and what the repair writes instead."""

    @property
    def repaired(self) -> dict[str, str]:
        """The files after the repair."""
        files = dict(self.files)
        for old, new in self.repair:
            assert any(old in text for text in files.values()), old
            files = {path: text.replace(old, new) for path, text in files.items()}
        return files


class Reports(dict[str, Report]):
    def add(self, name: str, rule: str, files: str | dict[str, str], *repair: tuple[str, str]) -> None:
        """One more, under the name of the project and the number of the issue."""
        texts = {"ci": files} if isinstance(files, str) else files
        self[name] = Report(rule, {path: dedent(text).lstrip("\n") for path, text in texts.items()}, repair)


def legs(steps: str, on: str = "push: {branches: [main]}", rest: str = "") -> str:
    """A job for amd64 and arm64, on a runner of each."""
    return f"""\
on:
  {on}
jobs:
  image:
    strategy:
      fail-fast: false
      matrix:
        include:
          - {{arch: amd64, platform: linux/amd64, runner: ubuntu-24.04}}
          - {{arch: arm64, platform: linux/arm64, runner: ubuntu-24.04-arm}}
    runs-on: ${{{{ matrix.runner }}}}
    steps:
      - uses: actions/checkout@v4
{indent(dedent(steps).strip(chr(10)), "      ")}
{rest}"""


def two(first: str, second: str, needs: str = "lint") -> str:
    """A job that makes something, and one that uses it and waits for others."""
    return f"""\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
{indent(dedent(first).strip(chr(10)), "      ")}
  lint:
    runs-on: ubuntu-latest
    steps: [{{run: make lint}}]
  use:
    needs: [{needs}]
    runs-on: ubuntu-latest
    steps:
{indent(dedent(second).strip(chr(10)), "      ")}
"""
