"""A command that ended without its work, in the format in which its result was asked for."""

from __future__ import annotations

from scaffold import __version__
from scaffold.errors import ScaffoldError, ShapeError, told_beside
from scaffold.report.formats import Kind, as_json


def rendered(error: ScaffoldError, output: str) -> tuple[str, Kind]:
    """What stands in the place of the result; "" in a format that has no words for it."""
    match output:
        case "json":
            return _as_json(error), Kind.report
        case "sarif":
            from scaffold.report import sarif

            return sarif.failed(error), Kind.report
        case "github":
            from scaffold.report import github

            path, line = (error.path, error.line or 1) if isinstance(error, ShapeError) else ("", 1)
            text = "\n".join((str(error), *told_beside(error)))
            return github.command("error", path, line, "scaffold could not do its work", text), Kind.commands
        case "markdown":
            from scaffold.report.markdown import escaped

            lines = [
                f"**scaffold could not do its work**: {escaped(str(error))}",
                *map(escaped, told_beside(error)),
            ]
            return "\n\n".join(lines), Kind.report
    return "", Kind.report


def _as_json(error: ScaffoldError) -> str:
    """Version 1 of an error, with which every command answers where JSON was asked for."""
    place = {"path": error.path, "line": error.line or None} if isinstance(error, ShapeError) else {}
    return as_json(
        {
            "version": 1,
            "tool": {"name": "scaffold", "version": __version__},
            "error": {
                "kind": error.kind,
                "message": str(error),
                **place,
                "notes": told_beside(error),
            },
            "exit_code": error.exit_code,
        }
    )
