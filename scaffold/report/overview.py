"""What `show` and `status` print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from typer import style

from scaffold.operations.overview import Line, Shown, Status
from scaffold.report import formats, layout, tables
from scaffold.report.findings_text import COLOURS
from scaffold.report.formats import Table
from scaffold.report.markdown import escaped
from scaffold.report.view import by_severity, counted
from scaffold.surfaces.base import Registration
from scaffold.text import one_line

ARCHES = {"amd64": "x", "arm64": "a"}
SURFACES = "where each backend is registered"
PLATFORMS = "what LocalAI ships where"
SURFACE_LEGEND = f"number of places; {tables.NOTHING} none of its own; ! check finds errors or warnings there"
PLATFORM_LEGEND = f"x amd64, a arm64; {tables.NOTHING} not built; ! built, but not offered by the gallery"


def show(shown: Shown, output: Table) -> str:
    """Where one backend is registered, in one format."""
    return {Table.text: show_text, Table.json: show_json, Table.markdown: show_markdown}[output](shown)


def status(found: Status, output: Table) -> str:
    """The coverage of a checkout, in one format."""
    return {Table.text: status_text, Table.json: status_json, Table.markdown: status_markdown}[output](found)


def show_json(shown: Shown) -> str:
    """Version 1 of the machine-readable result of `show`."""
    registrations = [r for found in shown.surfaces.values() for r in found]
    result = {
        "version": 1,
        "rev": shown.rev,
        "backend": shown.name,
        "language": shown.lang,
        "directory": shown.directory,
        "metas": list(shown.metas),
        "variants": list(shown.variants),
        "surfaces": list(shown.surfaces),
        "registrations": [_registration(r) for r in registrations],
        "mentions": [_registration(r) for r in shown.mentions],
        "findings": [
            {
                "rule": f.rule,
                "severity": f.severity.value,
                "path": f.path,
                "line": f.line,
                "message": f.message,
                "fixable": f.fix is not None,
            }
            for f in shown.findings
        ],
    }
    return formats.as_json(result)


def _registration(found: Registration) -> dict[str, Any]:
    end = max(found.end, found.line)
    return {
        "surface": found.surface,
        "path": found.path,
        "line": found.line,
        "end_line": end,
        "what": found.what,
    }


def show_text(shown: Shown) -> str:
    """For people: by surface, each place on a line of its own that a terminal can follow."""
    name = one_line(shown.name)
    first, *rest = layout.wrapped(_summary(shown), f"{name}  ", "  ")
    lines = [f"{style(name, bold=True)}{first.removeprefix(name)}", *rest, ""]
    for surface, found in shown.surfaces.items():
        if found:
            lines.append(style(surface, bold=True))
            lines += _places(found)
        else:
            lines.append(f"{style(surface, bold=True)}  {style('nothing', dim=True)}")
    if shown.mentions:
        lines.append(style("also named in", bold=True))
        lines += _places(shown.mentions)
    lines.append("")
    for finding in shown.findings:
        severity = style(finding.severity.value, fg=COLOURS[finding.severity], bold=True)
        lines.append(f"{severity} {finding.rule}  {one_line(finding.path)}:{finding.line}")
        lines += layout.wrapped(one_line(finding.message), "  ", "  ")
    total = sum(map(len, shown.surfaces.values()))
    missing = f"check finds {by_severity(shown.findings)}" + (
        f"; `scaffold check {one_line(shown.name)}` says more" if shown.findings else ""
    )
    lines.append(style(f"{counted(total, 'registration')}; {missing}.", bold=True))
    return "\n".join(lines)


def _summary(shown: Shown) -> str:
    metas = [f"in the gallery as {', '.join(shown.metas)}"] if set(shown.metas) - {shown.name} else []
    parts = [shown.lang, shown.directory, *metas, " ".join(shown.variants)]
    return one_line("; ".join(filter(None, parts)))


def _places(found: Iterable[Registration]) -> Iterator[str]:
    for place in found:
        text = f"  {one_line(place.path)}:{place.line}  "
        yield text + layout.cut(one_line(place.what), max(layout.width() - len(text), 20))


def show_markdown(shown: Shown) -> str:
    """A section with a table of the places and one of the findings."""
    text = f"## {escaped(shown.name)}\n\n{escaped(_summary(shown))}\n\n"
    text += "| surface | where | what |\n| --- | --- | --- |\n"
    for surface, found in (*shown.surfaces.items(), ("mentions", shown.mentions)):
        for place in found:
            text += _row(
                surface, f"{place.path}:{place.line}", layout.cut(one_line(place.what), layout.USUAL)
            )
        if not found and surface in shown.surfaces:
            text += _row(surface, "", "nothing")
    if shown.findings:
        text += "\n| | rule | where | what |\n| --- | --- | --- | --- |\n"
        for f in shown.findings:
            text += _row(f.severity.value, f.rule, f"{f.path}:{f.line}", f.message)
    return f"{text}\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(map(escaped, cells))} |\n"


def status_json(status: Status) -> str:
    """Version 1 of the machine-readable result of `status`."""
    result = {
        "version": 1,
        "rev": status.rev,
        "surfaces": list(status.surfaces),
        "platforms": list(status.platforms),
        "backends": [
            {
                "name": line.name,
                "language": line.lang,
                "surfaces": line.counts,
                "findings": line.wrong,
                "platforms": {
                    platform: {"arches": list(build.arches), "offered": build.offered}
                    for platform, build in line.builds.items()
                },
            }
            for line in status.lines
        ],
        "totals": {
            "backends": len(status.lines),
            "surfaces": {s: _registered(status, s) for s in status.surfaces},
            "platforms": {p: _built(status, p) for p in status.platforms},
        },
    }
    return formats.as_json(result)


def _registered(status: Status, surface: str) -> int:
    return sum(line.counts[surface] > 0 for line in status.lines)


def _built(status: Status, platform: str) -> int:
    return sum(platform in line.builds for line in status.lines)


def _surface_cells(status: Status, line: Line) -> list[str]:
    cells = []
    for surface in status.surfaces:
        count = str(line.counts[surface]) if line.counts[surface] else tables.NOTHING
        cells.append(f"{count}!" if line.wrong.get(surface) else count)
    return cells


def _platform_cells(status: Status, line: Line) -> list[str]:
    cells = []
    for platform in status.platforms:
        build = line.builds.get(platform)
        arches = "".join(ARCHES.get(arch, "?") for arch in build.arches) if build else ""
        cells.append(f"{arches}!" if build and not build.offered else arches or tables.NOTHING)
    return cells


_TABLES = (
    (SURFACES, SURFACE_LEGEND, _surface_cells, _registered, "surfaces"),
    (PLATFORMS, PLATFORM_LEGEND, _platform_cells, _built, "platforms"),
)


def status_text(status: Status) -> str:
    """Two tables of one line a backend."""
    from rich.text import Text

    styles = {tables.NOTHING: "dim"}
    parts: list[Any] = []
    for title, legend, cells, total, columns in _TABLES:
        table = tables.table(getattr(status, columns))
        lang = None
        for line in status.lines:
            if line.lang != lang:
                lang = line.lang
                number = sum(other.lang == lang for other in status.lines)
                table.add_row(Text(f"{lang or 'no directory'} ({number})", style="bold"))
            row = cells(status, line)
            marks = [Text(cell, style="bold red" if "!" in cell else styles.get(cell, "")) for cell in row]
            table.add_row(Text(f" {one_line(line.name)}"), *marks)
        totals = [str(total(status, column)) for column in getattr(status, columns)]
        table.add_row(Text(f"of {counted(len(status.lines), 'backend')}"), *totals, style="bold")
        parts += [Text(title, style="bold"), Text(legend, style="dim"), table, ""]
    return tables.page(parts)


def status_markdown(status: Status) -> str:
    """The same tables as Markdown."""
    text = ""
    for title, legend, cells, total, columns in _TABLES:
        heads = ["backend", "language", *getattr(status, columns)]
        text += f"## {title[:1].upper()}{title[1:]}\n\n{escaped(legend)}\n\n"
        text += _row(*heads) + f"| --- | --- |{' ---: |' * (len(heads) - 2)}\n"
        for line in status.lines:
            text += _row(line.name, line.lang, *cells(status, line))
        text += _row("total", "", *(str(total(status, column)) for column in getattr(status, columns))) + "\n"
    return text.rstrip("\n")
