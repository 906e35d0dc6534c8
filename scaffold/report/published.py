"""What `published` prints: a table backend x variant, the worst first, and what is wrong with which image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from typer import style

from scaffold.backend.variants import VARIANTS
from scaffold.operations.published import OTHER, Grade, Image, Mirror, Published, Remark, State
from scaffold.report import formats, github, layout, markdown, tables
from scaffold.report.formats import Summary
from scaffold.report.markdown import escaped
from scaffold.report.view import counted
from scaffold.surfaces.gallery.items import CHANNELS
from scaffold.text import one_line, shown

TITLE = "what the registries hold"
MARKS = {
    "M": "missing",
    "N": "no image",
    "P": "lacks a platform",
    "?": "not known",
    "w": "warning",
    ".": "as it should be",
    tables.NOTHING: "not offered",
}
"""What a cell has for each channel, the worst first."""
COLOURS = {Grade.error: "red", Grade.unknown: "magenta", Grade.warning: "yellow"}
LISTED = 12
"""Images that a terminal is shown of each warning; errors are shown whole."""
TYPES = {Grade.error: "error", Grade.unknown: "warning", Grade.warning: "warning"}
GRADES = [*Grade]


def rendered(found: Published, output: Summary) -> str:
    """What is published, in one format."""
    forms = {Summary.json: as_json, Summary.markdown: as_markdown, Summary.github: as_github}
    return forms.get(output, as_text)(found)


def as_json(found: Published) -> str:
    """Version 1 of the machine-readable result."""
    result = {
        "version": 1,
        "rev": found.rev,
        "registries": list(found.hosts),
        "since_days": found.days,
        "images": [_image(image) for image in found.images],
        "summary": {
            "images": len(found.images),
            "states": {state.value: sum(i.state is state for i in found.images) for state in State},
            "complete": found.complete,
            **{f"{grade.value}s": sum(i.worst is grade for i in found.images) for grade in GRADES},
        },
    }
    return formats.as_json(result)


def _image(image: Image) -> dict[str, Any]:
    wanted, found = image.wanted, image.found
    return {
        "name": wanted.name,
        "backend": wanted.backend,
        "variant": wanted.variant,
        "channel": wanted.channel,
        "uri": wanted.uri,
        "path": wanted.path,
        "line": wanted.line,
        "offered": bool(wanted.name),
        "state": image.state.value,
        "platforms_built": list(wanted.platforms),
        "platforms": list(found.platforms),
        "lacks": image.lacks,
        "digest": found.digest or None,
        "media_type": found.media_type or None,
        "created": found.created.isoformat() if found.created else None,
        "old": image.old,
        "compressed_bytes": found.sizes,
        "problem": image.problem or None,
        "mirrors": [_mirror(mirror) for mirror in image.mirrors],
        "remarks": [{"grade": remark.grade.value, "text": remark.text} for remark in image.remarks],
    }


def _mirror(mirror: Mirror) -> dict[str, Any]:
    return {
        "uri": mirror.uri,
        "there": mirror.found.there if mirror.found else None,
        "digest": (mirror.found and mirror.found.digest) or None,
        "same": mirror.same,
        "problem": mirror.problem or None,
    }


def _by_backend(found: Published) -> list[tuple[str, list[Image]]]:
    """Backend -> its images, the backend with the worst and with most of them first."""
    groups: dict[str, list[Image]] = {}
    for image in found.images:
        groups.setdefault(image.wanted.backend, []).append(image)

    def badness(group: tuple[str, list[Image]]) -> tuple[object, ...]:
        worst = [image.worst for image in group[1]]
        return (*(-worst.count(grade) for grade in GRADES), group[0])

    return sorted(groups.items(), key=badness)


def _mark(image: Image) -> str:
    states = {State.missing: "M", State.no_image: "N", State.incomplete: "P"}
    grades = {Grade.error: states.get(image.state, "?"), Grade.unknown: "?", Grade.warning: "w", None: "."}
    return grades[image.worst]


def _columns(found: Published) -> list[str]:
    present = {image.wanted.variant for image in found.images}
    return [variant for variant in (*VARIANTS, OTHER) if variant in present]


def _channel(image: Image) -> str:
    return image.wanted.channel if image.wanted.channel in CHANNELS.values() else OTHER


def _channels(found: Published) -> list[str]:
    """The channels that there are; images of strange tags have one of their own."""
    present = {_channel(image) for image in found.images}
    return [channel for channel in (*CHANNELS.values(), OTHER) if channel in present]


def _cells(found: Published, images: Sequence[Image]) -> Iterator[str]:
    """A cell for each column: a mark for each channel, that of its worst image."""
    channels, order = _channels(found), [*MARKS]
    for column in _columns(found):
        own = [image for image in images if image.wanted.variant == column]
        marks = [[_mark(i) for i in own if _channel(i) == channel] for channel in channels]
        yield "".join(min(mark, key=order.index, default=tables.NOTHING) for mark in marks)


def _legend(found: Published) -> str:
    """What the marks mean that there are."""
    marks = {mark for _, images in _by_backend(found) for cell in _cells(found, images) for mark in cell}
    meanings = "; ".join(f"{mark} {meaning}" for mark, meaning in MARKS.items() if mark in marks)
    return f"a mark each for {' and '.join(_channels(found))}: {meanings}"


def _remarks(found: Published) -> list[tuple[Remark, list[Image]]]:
    """What is wrong -> with which images; the worst first, and then what most images share."""
    groups: dict[Remark, list[Image]] = {}
    for image in found.images:
        for remark in image.remarks:
            groups.setdefault(remark, []).append(image)
    return sorted(groups.items(), key=lambda g: (GRADES.index(g[0].grade), -len(g[1]), g[0].text))


def _summary(found: Published) -> str:
    backends = counted(len({image.wanted.backend for image in found.images}), "backend")
    total = f"{counted(len(found.images), 'image')} of {backends}"
    words = {Grade.error: "error", Grade.unknown: "not known", Grade.warning: "warning"}
    parts = []
    for grade, word in words.items():
        number = sum(image.worst is grade for image in found.images)
        if number:
            parts.append(f"{number} {word}" if grade is Grade.unknown else counted(number, word))
    return f"{total}: {', '.join(parts) if parts else 'all as they should be'}."


def _asked(found: Published) -> str:
    return f"asked: {', '.join(map(one_line, found.hosts)) or 'nobody'}"


def _detail(image: Image) -> str:
    """What there is of an image: platforms with their compressed sizes, date, mirrors."""
    found = image.found
    sizes = ((p, found.sizes.get(p)) for p in found.platforms)
    parts = [", ".join(f"{p} {size / 1e6:.1f} MB" if size else p for p, size in sizes)]
    parts += [f"built {found.created:%Y-%m-%d}"] if found.created else []
    same = sum(mirror.same is True for mirror in image.mirrors)
    parts += [f"the same in {counted(same, 'mirror')}"] if same else []
    told = "; ".join(filter(None, parts)) or image.state.value.replace("-", " ")
    return one_line(f"{image.wanted.tag or image.wanted.uri}  {told}")


def _label(image: Image) -> str:
    """A tag, where it stands, and how old it is."""
    wanted, created = image.wanted, image.found.created
    built = f", built {created:%Y-%m-%d}" if image.old and created else ""
    return one_line(f"{wanted.tag or wanted.uri}  {wanted.path}:{wanted.line}{built}")


def as_text(found: Published) -> str:
    """For people."""
    from rich.text import Text

    table = tables.table(_columns(found))
    for backend, images in _by_backend(found):
        marks = [Text(cell, style=_style(cell)) for cell in _cells(found, images)]
        table.add_row(Text(one_line(backend)), *marks)
    legend = layout.wrapped(_legend(found))
    parts: list[Any] = [
        Text(f"{TITLE} ({_asked(found)})", style="bold"),
        *(Text(line, style="dim") for line in legend),
        table,
    ]
    lines = [tables.page(parts), ""] if found.images else []
    if len(_by_backend(found)) == 1:
        lines += [*map(_detail, found.images), ""]
    for remark, images in _remarks(found):
        grade = style(remark.grade.value, fg=COLOURS[remark.grade], bold=True)
        lines.append(f"{grade} {one_line(remark.text)}: {counted(len(images), 'image')}")
        number = len(images) if remark.grade is Grade.error else LISTED
        lines += [f"  {_label(image)}" for image in images[:number]]
        if len(images) > number:
            lines.append(f"  and {len(images) - number} more; --format json has them")
    return "\n".join([*lines, style(_summary(found), bold=True)])


def _style(cell: str) -> str:
    worst = min(cell, key=[*MARKS].index)
    return {"?": "bold magenta", "w": "yellow", ".": "", tables.NOTHING: "dim"}.get(worst, "bold red")


def as_markdown(found: Published, limit: int = markdown.COMMENT_LIMIT) -> str:
    """The text of an issue, of at most `limit` bytes; it changes only where what is published changes."""
    verdict = "fails" if found.fails else "passes" if found.complete else "has no complete answer"
    text = f"**scaffold published {verdict}**: {escaped(_summary(found))}\n\n{escaped(_asked(found))}\n"
    rows = [row for remark, images in _remarks(found) for row in _rows(remark, images)]
    if rows:
        head = "\n" + _row("", "backend", "image", "what", "where") + "| --- | --- | --- | --- | --- |\n"
        text += head + _fitting(rows, (limit - len(text.encode()) - len(head)) * 2 // 3, "image")
    columns = _columns(found)
    if columns:
        heads = [tables.HEADS.get(column, column) for column in columns]
        head = f"\n{escaped(_legend(found))}\n\n{_row('backend', *heads)}| --- |{' --- |' * len(columns)}\n"
        lines = [_row(backend, *_cells(found, images)) for backend, images in _by_backend(found)]
        text += head + _fitting(lines, limit - len(text.encode()) - len(head), "backend")
    return text


def _rows(remark: Remark, images: Sequence[Image]) -> Iterator[str]:
    """A row for each image; one for all where a registry says nothing of many."""
    if remark.grade is Grade.unknown and len(images) > LISTED:
        yield _row(remark.grade.value, "", counted(len(images), "image"), remark.text, "")
        return
    for wanted in (image.wanted for image in images):
        tag, where = wanted.tag or wanted.uri, f"{wanted.path}:{wanted.line}"
        yield _row(remark.grade.value, wanted.backend, tag, remark.text, where)


def _fitting(rows: Sequence[str], room: int, noun: str) -> str:
    """As many rows as there is room for, in bytes, and how many there are beside them."""
    text = ""
    size = 100
    for position, row in enumerate(rows):
        size += len(row.encode())
        if size > room:
            return f"{text}\n{counted(len(rows) - position, f'more {noun}')} not listed here.\n"
        text += row
    return text


def _row(*cells: str) -> str:
    return f"| {' | '.join(map(escaped, cells))} |\n"


def as_github(found: Published) -> str:
    """Annotations at the lines of the gallery, and the summary for the log."""
    images = [(remark, image) for remark, group in _remarks(found) for image in group]
    lines = [
        github.command(
            TYPES[remark.grade], image.wanted.path, image.wanted.line, image.wanted.tag, remark.text
        )
        for grades in ((Grade.error,), (Grade.unknown, Grade.warning))
        for remark, image in [pair for pair in images if pair[0].grade in grades][: github.CAP]
    ]
    return "\n".join([*lines, shown(_summary(found))])


def job_summary(found: Published, used: int) -> str:
    """The whole report for the summary of the job, of which `used` bytes are taken; "" where it is full."""
    room = markdown.SUMMARY_LIMIT - used
    return as_markdown(found, room) if room >= markdown.LEAST else ""
