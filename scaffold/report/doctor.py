"""What `doctor` prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer import style

from scaffold.errors import BrokenError
from scaffold.operations.doctor import Diagnosis, Examined, Sign, State
from scaffold.report import formats, layout
from scaffold.report.formats import Format
from scaffold.report.view import counted
from scaffold.text import one_line

LEAST = 12
"""Characters of an expectation that are shown however narrow the terminal is."""
BEFORE = "before November 2025"
MARKS = {State.found: ("ok", "green"), State.absent: ("-", "white"), State.failed: ("FAILED", "red")}


def rendered(found: Diagnosis, output: Format) -> str:
    """A diagnosis in one format."""
    return (_as_json if output is Format.json else _as_text)(found)


def _as_json(found: Diagnosis) -> str:
    """Version 1 of the machine-readable result."""
    return formats.as_json(
        {
            "version": 1,
            "rev": found.rev,
            "since": found.age or None,
            "failed": found.failed,
            "readers": [
                {
                    "name": reader.name,
                    "module": reader.module,
                    "error": str(reader.error) if reader.error else None,
                    "parts": [_part(sign) for sign in reader.signs],
                }
                for reader in found.readers
            ],
        }
    )


def _part(sign: Sign) -> dict[str, Any]:
    part = sign.part
    return {
        "what": part.what,
        "path": part.path,
        "line": part.line or None,
        "entries": part.size,
        "since": part.age or None,
        "state": sign.state.value,
        "namesakes": list(sign.namesakes),
    }


def _as_text(found: Diagnosis) -> str:
    """For people: reader by reader, what it finds where; the failures last, in full."""
    lines = []
    for reader in found.readers:
        mark = "" if reader.is_well else style("  FAILED", fg="red", bold=True)
        lines.append(f"{style(reader.name, bold=True)}  {style(reader.module, dim=True)}{mark}")
        lines += [_line(sign) for sign in reader.signs]
        lines.append("")
    for reader in found.readers:
        lines += _failures(reader)
    size = sum(len(reader.signs) for reader in found.readers)
    age = f"youngest shape: {found.age or BEFORE}"
    failed = f"{counted(found.failed, 'expectation')} failed" if found.failed else "nothing failed"
    total = f"{counted(size, 'expectation')} of {counted(len(found.readers), 'reader')}: {failed}; {age}."
    lines.append(style(total, fg="red" if found.failed else "green", bold=True))
    return "\n".join(lines)


def _line(sign: Sign) -> str:
    part = sign.part
    mark, colour = MARKS[sign.state]
    where = f"{part.path}:{part.line}" if part.line else part.path
    since = f"  since {part.age}" if part.age else ""
    told = f"{part.size:5} x" if part.size else "nothing"
    room = layout.width() - len(f"  {mark:6} {told}   {one_line(where)}")
    since = since if room - len(since) >= LEAST else ""
    what = layout.cut(part.what, max(room - len(since), LEAST))
    text = layout.cut(f"{told} {what}  {one_line(where)}{since}", layout.width() - len(f"  {mark:6} "))
    return f"  {style(f'{mark:6}', fg=colour)} {text}"


def _failures(reader: Examined) -> Iterator[str]:
    if reader.error is not None:
        is_broken = isinstance(reader.error, BrokenError)
        what = "cannot do without a file that is broken" if is_broken else "met a shape that it does not know"
        yield from layout.wrapped(f"{reader.module} {what}: {one_line(str(reader.error))}", "", "  ")
    for sign in reader.signs:
        if sign.state is State.failed:
            part = sign.part
            text = f"{reader.module} expected in {one_line(part.path)}: {part.what} (LocalAI has it since"
            text += f" {part.since or BEFORE})"
            if sign.namesakes:
                text += f"; is it {' or '.join(map(one_line, sign.namesakes))} now?"
            yield from layout.wrapped(text, "", "  ")
