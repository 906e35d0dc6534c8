"""The formats in which results are printed, as the command line names them."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """How the result is printed."""

    text = "text"
    json = "json"


class Table(StrEnum):
    """How a table is printed."""

    text = "text"
    json = "json"
    markdown = "markdown"


class Report(StrEnum):
    """How findings are printed."""

    text = "text"
    json = "json"
    sarif = "sarif"
    github = "github"
    markdown = "markdown"
