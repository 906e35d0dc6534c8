"""Jobs of the build matrix: how workflows hand its entries to the builds."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from scaffold.pipeline.image_builds import LINUX_BUILD, MATRIX_LIMIT, Caller
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.surfaces.matrix.reading import Entry
from scaffold.syntax.source import Place


class MatrixShardLimit(Rule):
    """Every matrix stays below GitHub's 256 jobs, and script and workflows agree on the shards.

    Why: from 256 entries on GitHub starts none of the jobs and reports nothing; a release of LocalAI
    went out with 268 single-arch entries and not one single-arch image. The script deals the entries
    among `SINGLEARCH_SHARDS` jobs, and a shard that no workflow has a job for is never built.

    Fails:

        const SINGLEARCH_SHARDS = 5;     // backend.yml has backend-jobs-singlearch-1 to -4

    Passes:

        const SINGLEARCH_SHARDS = 4;     // and four jobs in backend.yml and backend_pr.yml

    Fix: raise the number of shards in the script and add the jobs to both workflows.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Matrices that are too large, and shards without a job."""
        shards = registry.builds.shards
        where = Place(registry.matrix.file)
        linux = registry.matrix.linux
        multi = sum(bool(entry.fields.get("platform-tag")) for entry in linux)
        callers = [c for c in registry.builds.callers if c.builds == LINUX_BUILD]
        sizes = {"Darwin": len(registry.matrix.darwin)}
        if shards is not None:
            single = math.ceil((len(linux) - multi) / max(shards[0], 1))
            sizes |= {"multi-arch": multi, "single-arch shard": single}
            where = shards[1]
        elif any("singlearch" in caller.job for caller in callers):
            sizes |= {"multi-arch": multi, "single-arch": len(linux) - multi}
        elif any(caller.static_entries for caller in callers):
            sizes |= {"Linux": max(caller.static_entries for caller in callers)}
        else:
            sizes |= {"Linux": len(linux)}
        for what, size in sizes.items():
            if size >= MATRIX_LIMIT:
                yield self.finding(
                    where,
                    "",
                    what,
                    f"the {what} matrix has {size} entries; from {MATRIX_LIMIT} on GitHub starts none",
                    "raise the number of shards in script and workflows, or split the matrix",
                )
        if shards is not None:
            yield from self._jobs(registry, shards[0])

    def _jobs(self, registry: Registry, shards: int) -> Iterator[Finding]:
        for all_callers, job, lost in (
            (registry.builds.callers, "backend-jobs", "built"),
            (registry.builds.merges, "backend-merge-jobs", "tagged"),
        ):
            for path in dict.fromkeys(caller.path for caller in all_callers):
                callers = [c for c in all_callers if c.path == path]
                numbered = {
                    int(match[1]): caller
                    for caller in callers
                    if (match := re.fullmatch(rf"{job}-singlearch-(\d{{1,4}})", caller.job))
                }
                for number, caller in numbered.items():
                    taken = {o.rpartition("-")[2] for o in caller.reads if "matrix-singlearch-" in o}
                    if taken and str(number) not in taken:
                        yield self.finding(
                            caller,
                            "",
                            f"{path} {caller.job} other",
                            f"job {caller.job} takes shard {min(taken)}: shard {number} is never {lost}",
                            f"let it read matrix-singlearch-{number}",
                        )
                for number in sorted(set(range(1, shards + 1)) ^ set(numbered)):
                    place = numbered.get(number, callers[-1])
                    yield self.finding(
                        place,
                        "",
                        f"{path} {number}" if lost == "built" else f"{path} merge {number}",
                        f"shard {number} of the single-arch matrix has no job here: its images are"
                        f" never {lost}"
                        if number not in numbered
                        else f"job {place.job} waits for a shard that the script does not make"
                        f" ({shards} shards)",
                        f"give the workflow one {job}-singlearch-<n> job per shard",
                    )


class MatrixUnforwardedField(Rule):
    """Both workflows hand every field that an entry may use on to the build.

    Why: a field that is not handed on has no effect. The entry looks right, the image is built with
    the default.

    Fails:

        - amdgpu-targets: 'gfx1100'        # and no `amdgpu-targets: ${{ matrix.amdgpu-targets }}`

    Passes:

        with:
          amdgpu-targets: ${{ matrix.amdgpu-targets }}

    A field that no entry uses yet, and that one of the two workflows hands on, is a warning: what is
    released is then built otherwise than what was tried (#9626).

    Fix: hand the field on in each job that calls the build workflow, in backend.yml and backend_pr.yml.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Fields that some job does not hand on."""
        for entries, linux in ((registry.matrix.linux, True), (registry.matrix.darwin, False)):
            used: dict[str, Entry] = {}
            users: dict[str, set[str]] = {}
            for entry in entries:
                for field in entry.fields:
                    used.setdefault(field, entry)
                    users.setdefault(field, set()).add(entry.backend)
            callers = [c for c in registry.builds.callers if (c.builds == LINUX_BUILD) is linux]
            handed = {field: caller for caller in callers for field in caller.fields}
            for caller in callers:
                for field in sorted((used.keys() | handed.keys()) - caller.fields):
                    if field == "platform-tag" and "singlearch" in caller.job:
                        continue
                    if field not in used:
                        yield self._unequal(caller, handed[field], field)
                        continue
                    yield self.finding(
                        caller,
                        next(iter(users[field])) if len(users[field]) == 1 else "",
                        f"{caller.job} {field}",
                        f"job {caller.job} does not hand on {field}, which {len(users[field])} backends set "
                        f"({used[field].path}:{used[field].at(field).line})",
                        f"add `{field}: ${{{{ matrix.{field} }}}}` to its inputs, or delete the field",
                    )

    def _unequal(self, caller: Caller, other: Caller, field: str) -> Finding:
        return self.finding(
            caller,
            "",
            f"{caller.job} {field}",
            f"job {caller.job} does not hand on {field}, which job {other.job} of {other.path} does",
            f"add `{field}: ${{{{ matrix.{field} }}}}` to its inputs, as there",
            severity=Severity.warning,
        )
