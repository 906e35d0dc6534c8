"""What `affected` prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from typer import style

from scaffold.operations.affected import Affected, Kind, Reason
from scaffold.pipeline.changed_backends import Job
from scaffold.report import formats, layout
from scaffold.report.formats import Format
from scaffold.report.view import counted
from scaffold.text import one_line

MANY = 12
"""A reason that starts more backends than this names them only."""


def rendered(found: Affected, output: Format) -> str:
    """What a change starts, in one format."""
    return (_as_json if output is Format.json else _as_text)(found)


def _as_json(found: Affected) -> str:
    """Version 1 of the machine-readable result."""
    result = {
        "version": 1,
        "run_all": found.run_all,
        "files": list(found.files),
        "jobs": [
            {
                "os": job.os,
                "backend": job.backend,
                "tag_suffix": job.tag_suffix,
                "platform_tag": job.platform_tag,
                "reason": str(reason),
                "kind": reason.kind.value,
                "file": reason.file,
            }
            for job, reason in found.jobs.items()
        ],
        "backends": list(found.backends),
        "tests": list(found.tests),
        "unknown": list(found.unknown),
    }
    return formats.as_json(result)


def _as_text(found: Affected) -> str:
    """For people: by reason, then by backend."""
    files = counted(len(found.files), "changed file")
    lines: list[str] = []
    for (kind, file, detail), jobs in _grouped(found).items():
        lines += [*_reason(kind, file, detail, jobs), ""]
    for path in found.unknown:
        lines += _wrapped(
            f"{path}: its earlier state is unknown, so the script plays safe; --base REV tells."
        )
    if found.tests:
        lines += _wrapped(f"extra tests: {', '.join(map(one_line, found.tests))}")
    if not found.jobs:
        return "\n".join([*lines, style(f"{files.capitalize()}: no image is built.", bold=True)])
    linux = sum(job.os == "linux" for job in found.jobs)
    backends = counted(len({job.backend for job in found.jobs}), "backend")
    total = f"{files.capitalize()}: {counted(len(found.jobs), 'job')}"
    split = f"{linux} on Linux, {len(found.jobs) - linux} on macOS"
    return "\n".join([*lines, style(f"{total} of {backends}, {split}.", bold=True)])


def _grouped(found: Affected) -> dict[tuple[Kind, str, str], list[Job]]:
    """Reason -> its jobs; what names single backends first."""
    groups: dict[tuple[Kind, str, str], list[Job]] = {}
    for job, reason in found.jobs.items():
        groups.setdefault(_key(reason), []).append(job)
    return dict(sorted(groups.items(), key=lambda group: (len(group[1]), group[0])))


def _key(reason: Reason) -> tuple[Kind, str, str]:
    return reason.kind, reason.file, reason.detail


def _reason(kind: Kind, file: str, detail: str, jobs: list[Job]) -> Iterator[str]:
    by_backend: dict[str, list[Job]] = {}
    for job in jobs:
        by_backend.setdefault(job.backend, []).append(job)
    where = ": ".join(one_line(text) for text in (file, detail) if text)
    yield f"{style(kind.value, bold=True)}  {where}  ({counted(len(jobs), 'job')})"
    if len(by_backend) > MANY:
        names = " ".join(f"{one_line(name)}({len(own)})" for name, own in by_backend.items())
        yield from _wrapped(names, "  ")
        return
    for backend, own in by_backend.items():
        yield from _wrapped(f"{one_line(backend)}: {', '.join(images(backend, own))}", "  ")


def images(backend: str, jobs: Iterable[Job]) -> list[str]:
    """What the jobs of a backend build: one image each, with its legs."""
    tags: dict[str, list[str]] = {}
    for job in jobs:
        tags.setdefault(job.tag_suffix, []).append(job.platform_tag)
    return [_image(backend, tag, legs) for tag, legs in tags.items()]


def _image(backend: str, tag_suffix: str, legs: list[str]) -> str:
    """`gpu-vulkan (amd64 arm64)`: an image without the name of its backend, with its legs."""
    name = tag_suffix.removesuffix(backend).strip("-") or tag_suffix.strip("-")
    arches = " ".join(filter(None, legs))
    return one_line(f"{name} ({arches})" if arches else name)


def _wrapped(text: str, indent: str = "") -> list[str]:
    return layout.wrapped(text, indent, f"{indent}    ")
