"""`affected`: the image builds that a change starts, and why each.

The answer is the script's own. So is the reason: it is found by asking the script again, for one
changed file alone, for another file of the same folder, for the same change with a file as it was.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from scaffold.operations.changes import Change
from scaffold.pipeline.changed_backends import CiScript, Job, Outcome
from scaffold.surfaces.test_jobs import TestJobsSurface

SECONDS = 2
"""CPU time for the reasons; what is left after it has the whole change as its reason."""
FOLDER_DEPTH = 3
"""`backend/<lang>/<name>`: the depth of a backend's folder."""
_PROBE = "a file that no script knows"


class Kind(StrEnum):
    """What about a changed file starts a job."""

    directory = "own directory"
    dockerfile = "Dockerfile"
    matrix = "matrix entry"
    proto = "proto"
    shared = "shared input"
    everything = "everything"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a job starts."""

    kind: Kind
    file: str
    """The first file that starts it alone; "" where no single one does."""
    detail: str = ""

    def __str__(self) -> str:
        """The reason in one line."""
        return ": ".join(filter(None, (self.kind.value, self.file, self.detail)))


@dataclass(frozen=True, slots=True)
class Affected:
    """What a change starts."""

    files: tuple[str, ...]
    run_all: bool
    jobs: dict[Job, Reason]
    """In the order of system, backend and tag."""
    backends: tuple[str, ...]
    """The backends that the script calls changed."""
    tests: tuple[str, ...]
    """The jobs of the extra tests that wait for one of those."""
    unknown: tuple[str, ...]
    """Files whose earlier state the script wanted and could not get."""


def run(change: Change) -> Affected:
    """Ask the script of a checkout. Raises ShapeError where it has none, or one that cannot be run."""
    script = CiScript(change.head, change.base)
    outcome = script.ask(change.files)
    found = _Reasons(script, change.files, outcome).find()
    uses = TestJobsSurface(change.head).output_uses
    started = set(outcome.flagged) | ({use.name for use in uses} if outcome.run_all else set())
    return Affected(
        change.files,
        outcome.run_all,
        {job: found[job] for job in sorted(outcome.jobs)},
        outcome.flagged,
        tuple(dict.fromkeys(use.job for use in uses if use.name in started)),
        tuple(sorted(p for p in outcome.asked if script.text(p, before=True) is None)),
    )


class _Reasons:
    """The search for the reasons."""

    def __init__(self, script: CiScript, files: Sequence[str], outcome: Outcome) -> None:
        self.script = script
        self.files = files
        self.outcome = outcome
        self.left = outcome.jobs
        self.found: dict[Job, Reason] = {}
        self.end = time.process_time() + SECONDS

    def find(self) -> dict[Job, Reason]:
        """A reason for every job."""
        if self.outcome.run_all:
            self._give(self.left, Reason(Kind.everything, "", "the script runs all jobs"))
        self._own_directories()
        self._narrow(sorted(self.files, key=self._rank), self.left)
        whole = f"together, the {len(self.files)} changed files start it"
        self._give(self.left, Reason(Kind.shared, "", whole))
        return self.found

    def _give(self, jobs: Set[Job], reason: Reason) -> None:
        self.found.update((job, reason) for job in jobs)
        self.left = self.left - jobs

    @property
    def _late(self) -> bool:
        return time.process_time() > self.end

    def _own_directories(self) -> None:
        """The jobs that a file of their own directory starts, whatever the file."""
        first: dict[str, str] = {}
        for file in self.files:
            if file.count("/") >= FOLDER_DEPTH:
                first.setdefault("/".join(file.split("/")[:FOLDER_DEPTH]), file)
        for folder, file in first.items():
            own = {job for job in self.left if job.backend == folder.rpartition("/")[2]}
            if own and not self._late:
                started = own & self.script.ask([file]).jobs & self.script.ask([f"{folder}/{_PROBE}"]).jobs
                self._give(started, Reason(Kind.directory, file))

    def _rank(self, file: str) -> int:
        """What names single jobs before what names many."""
        return 0 if file in self._by_dockerfile else 1 if file in self.outcome.asked else 2

    def _narrow(self, files: Sequence[str], wanted: frozenset[Job]) -> None:
        """The first file that starts each of the wanted jobs, by halving the list."""
        wanted = wanted & self.left
        if not wanted or not files or self._late:
            return
        started = self.script.ask(files).jobs & wanted
        if started and len(files) == 1:
            for reason, jobs in self._told_apart(files[0], started):
                self._give(jobs, reason)
        elif started:
            half = len(files) // 2
            self._narrow(files[:half], started)
            self._narrow(files[half:], started)

    def _told_apart(self, file: str, started: frozenset[Job]) -> Iterator[tuple[Reason, Set[Job]]]:
        """What about one file starts these jobs."""
        by_content: frozenset[Job] = frozenset()
        if file in self.outcome.asked:  # the script compares its two states
            by_content = started - self.script.ask([file], [file]).jobs
            is_matrix = file.endswith((".yml", ".yaml"))
            kind = Kind.matrix if is_matrix else Kind.proto if file.endswith(".proto") else Kind.shared
            known = self.script.text(file, before=True) is not None
            for job in by_content if is_matrix and known else ():
                yield Reason(kind, file, self._edit(file, job)), {job}
            if not known:
                yield Reason(kind, file, "its earlier state is unknown"), by_content
            elif not is_matrix:
                yield Reason(kind, file, "something that was there changed"), by_content
        rest = started - by_content
        built = {job for job in rest if job in self._by_dockerfile.get(file, ())}
        yield Reason(Kind.dockerfile, file), built
        kind = Kind.proto if file.endswith(".proto") else Kind.shared
        yield Reason(kind, file), rest - built

    def _edit(self, file: str, job: Job) -> str:
        """How the entry of a job differs from the one before."""
        now = self._entries(self.script.values(file)).get((job.tag_suffix, job.platform_tag), {})
        before = self._entries(self.script.values(file, before=True)).get((job.tag_suffix, job.platform_tag))
        if before is None:
            return "it is new"
        fields = sorted(k for k in {*now, *before} if now.get(k) != before.get(k))
        return f"{', '.join(fields)} changed" if fields else ""

    @cached_property
    def _by_dockerfile(self) -> dict[str, set[Job]]:
        """Dockerfile -> the jobs that build it."""
        found: dict[str, set[Job]] = {}
        tags = {(job.tag_suffix, job.platform_tag): job for job in self.outcome.jobs if job.os == "linux"}
        for path in self.script.reads:
            for key, entry in self._entries(self.script.values(path)).items():
                file = str(entry.get("dockerfile", "")).removeprefix("./")
                if file and key in tags:
                    found.setdefault(file, set()).add(tags[key])
        return found

    @staticmethod
    def _entries(value: Any) -> dict[tuple[str, str], dict[str, Any]]:
        """Tag and platform -> matrix entry, of every entry anywhere in a YAML value."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        pending = [value]
        while pending:
            node = pending.pop()
            if isinstance(node, dict) and "tag-suffix" in node:
                found.setdefault((str(node["tag-suffix"]), str(node.get("platform-tag") or "")), node)
            elif isinstance(node, (dict, list)):
                pending += reversed(list(node.values()) if isinstance(node, dict) else node)
        return found
