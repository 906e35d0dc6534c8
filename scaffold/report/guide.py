"""What `guide` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from typer import style

from scaffold.operations.guide import Guide, Step
from scaffold.report import formats, layout
from scaffold.report.affected import images
from scaffold.report.formats import Format
from scaffold.report.view import counted
from scaffold.text import one_line

CI = "what CI will start"


def rendered(guides: Sequence[Guide], output: Format) -> str:
    """How far some backends are, in one format."""
    if output is Format.json:
        return formats.as_json({"version": 1, "backends": [_as_object(guide) for guide in guides]})
    return "\n\n".join("\n".join(_lines(guide)) for guide in guides)


def _as_object(guide: Guide) -> dict[str, object]:
    return {
        "backend": guide.shown.name,
        "directory": guide.shown.directory,
        "variants": list(guide.shown.variants),
        "steps": [
            {"part": part, "done": step.done, "path": step.path, "line": step.line or None, "what": step.what}
            for part, steps in guide.steps.items()
            for step in steps
        ],
        "jobs": [
            {
                "os": job.os,
                "backend": job.backend,
                "tag_suffix": job.tag_suffix,
                "platform_tag": job.platform_tag,
            }
            for job in guide.jobs
        ],
        "tests": list(guide.tests),
        "unsaid": guide.unsaid,
        "left": len(guide.left),
    }


def _lines(guide: Guide) -> Iterator[str]:
    shown = guide.shown
    summary = "; ".join(filter(None, (shown.lang, shown.directory, " ".join(shown.variants))))
    yield f"{style(one_line(shown.name), bold=True)}  {one_line(summary)}"
    for part, steps in guide.steps.items():
        yield from ("", style(part, bold=True))
        for step in steps:
            yield from _step(step)
    yield from ("", style(CI, bold=True))
    yield from _started(guide)
    yield ""
    total = sum(map(len, guide.steps.values()))
    told = f"{total - len(guide.left)} of {counted(total, 'step')} done."
    if guide.left:
        told += f" Next: {_place(guide.left[0])}"
    yield style(told, bold=True)


def _step(step: Step) -> list[str]:
    mark = style("[x]", fg="green") if step.done else style("[ ]", fg="yellow")
    text = f"{_place(step)}  {one_line(step.what)}"
    return layout.wrapped(text, f"  {mark} ", " " * 6)


def _place(step: Step) -> str:
    return one_line(f"{step.path}:{step.line}" if step.line else step.path)


def _started(guide: Guide) -> list[str]:
    if guide.unsaid:
        return layout.wrapped(f"nobody can tell: {one_line(guide.unsaid)}", "  ", "  ")
    lines = []
    if guide.jobs:
        lines += layout.wrapped(f"images: {', '.join(images(guide.shown.name, guide.jobs))}", "  ", "    ")
    if guide.tests:
        lines += layout.wrapped(f"tests: {', '.join(map(one_line, guide.tests))}", "  ", "    ")
    return lines or ["  nothing of it: nothing that this change has builds it"]
