"""What `check` prints, in the format that was asked for."""

from __future__ import annotations

from typing import NamedTuple

from scaffold.report import findings_text
from scaffold.report.formats import Kind, Report
from scaffold.report.view import View


class Printed(NamedTuple):
    """A report, and what is said beside it because the format has no place for it."""

    result: str
    notes: tuple[str, ...] = ()
    kind: Kind = Kind.report


def rendered(view: View, output: Report) -> Printed:
    """A check in one format; only the module of that format is imported."""
    fixes = tuple(findings_text.fixes(view))
    match output:
        case Report.text if view.diff is not None:  # so that `git apply` can read it
            return Printed(view.diff, tuple(findings_text.summary(view)), Kind.diff)
        case Report.text:
            return Printed(findings_text.render(view))
        case Report.json:
            from scaffold.report import findings_json

            return Printed(findings_json.render(view))
        case Report.sarif:
            from scaffold.report import sarif

            return Printed(sarif.render(view), fixes)
        case Report.github:
            from scaffold.report import github

            return Printed(github.render(view), fixes, Kind.commands)
        case Report.markdown:
            from scaffold.report import markdown

            return Printed(markdown.render(view), fixes)
