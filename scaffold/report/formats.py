"""The formats in which results are printed, as the command line names them."""

from __future__ import annotations

import json
from enum import Enum, StrEnum
from typing import Any


class Format(StrEnum):
    """How the result is printed."""

    text = "text"
    json = "json"


class Table(StrEnum):
    """How a table is printed."""

    text = "text"
    json = "json"
    markdown = "markdown"


class Summary(StrEnum):
    """How the result of a job that runs every night is printed."""

    text = "text"
    json = "json"
    markdown = "markdown"
    github = "github"


class Report(StrEnum):
    """How findings are printed."""

    text = "text"
    json = "json"
    sarif = "sarif"
    github = "github"
    markdown = "markdown"


class Kind(Enum):
    """What a printed text is."""

    report = "for people or programs"
    diff = "exact to the byte"
    commands = "for the log of a CI job: some lines are meant to act"


def as_json(report: Any) -> str:
    """A report as JSON in ASCII, in which the log of a CI job finds no workflow command."""
    return json.dumps(report, indent=2).replace("##[", "#\\u0023[")
