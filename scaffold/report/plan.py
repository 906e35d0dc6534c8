"""A new backend before it is written, for who is asked about it: a tree with counts, and what CI would do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from typer import style

from scaffold.operations.new import NewBackend
from scaffold.operations.started import Started
from scaffold.report.new_backend import headline, started_lines
from scaffold.report.view import counted
from scaffold.text import one_line


def as_text(plan: NewBackend, started: Started | None) -> str:
    """What would be made, where it would be registered, and which jobs a pull request would start."""
    changes, folder = plan.changes, f"{plan.backend.directory}/"
    own = [path for path in changes.created if path.startswith(folder)]
    files = {path: style("+", fg="green") for path in changes.created if path not in own}
    told = {folder.rstrip("/"): (style("+", fg="green"), f"{counted(len(own), 'file')}")}
    told |= {path: (mark, "new") for path, mark in files.items()}
    places = 0
    for path in changes.edited_paths():
        added, removed = changes.line_counts(path)
        places += (here := len(changes.lines(path)))
        grown = f", {removed} grown" if removed else ""
        told[path] = (style("~", fg="yellow"), f"{counted(here, 'place')}, +{added - removed}{grown}")
    edited = len(changes.edited_paths())
    registered = f"{counted(places, 'registration')} in {counted(edited, 'file')}"
    lines = [
        headline(plan, dry_run=True),
        f"{counted(len(changes.created), 'file')} made, and {registered}:",
        "",
        *_tree(told),
    ]
    if plan.relative:
        lines += ["", f"placed beside {one_line(plan.relative)}, its nearest relative"]
    return "\n".join([*lines, *(started_lines(plan.backend.name, started) if started else ())])


def _tree(told: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """Paths as a tree, each with its mark and what is told of it; a folder with one entry is a part of it."""
    rows: list[tuple[str, str, str]] = []

    def walk(paths: list[tuple[str, ...]], depth: int, above: str) -> None:
        while paths:
            first = paths[0]
            group = [path for path in paths if path[0] == first[0]]
            paths = [path for path in paths if path[0] != first[0]]
            shared = 1
            while len({path[: shared + 1] for path in group}) == 1 and len(group[0]) > shared + 1:
                shared += 1
            name = "/".join(first[:shared])
            whole = f"{above}{name}"
            indent = "  " * depth
            if len(group) == 1:
                whole = above + "/".join(first)
                mark, text = told[whole]
                rows.append((f"{indent}{mark} ", one_line("/".join(first)), text))
            else:
                rows.append((indent, one_line(name) + "/", ""))
                walk([path[shared:] for path in group], depth + 1, f"{whole}/")

    walk([tuple(path.split("/")) for path in sorted(told)], 1, "")
    width = max(_indented(before) + len(name) for before, name, _ in rows)
    for before, name, text in rows:
        space = " " * (width - _indented(before) - len(name) + 2)
        yield f"{before}{name}{space}{text}".rstrip()


def _indented(before: str) -> int:
    """Columns in front of a name: its indent, and its mark with a space."""
    indent = len(before) - len(before.lstrip(" "))
    return indent if indent == len(before) else indent + 2
