"""Rules about the jobs that test backends."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.surfaces.test_jobs import DETECT, Use

BUILT_IN = {"run-all"}
"""Outputs of the path filter that are about no backend."""


class TestjobsUnknownOutput(Rule):
    """What a test job refers to exists: outputs of the path filter, directories, make targets.

    Why: GitHub takes a misspelled output for an empty string. The job's condition is never true, and
    the job is never run, in green.

    Fails:

        if: needs.detect-changes.outputs.rokery == 'true'

    Passes:

        if: needs.detect-changes.outputs.rookery == 'true'

    There is one finding for a name, however many jobs wait for it.

    Fix: correct the name, or declare the output.
    """

    severity = Severity.error
    explained_by = ("matrix-missing-entry",)

    def check(self, registry: Registry) -> Iterator[Finding]:
        """References to outputs, directories and make targets that do not exist."""
        jobs = registry.test_jobs
        declared = {output.key for output in jobs.outputs}
        undeclared: dict[str, list[Use]] = {}
        for use in jobs.output_uses if declared else ():
            if use.name not in declared:
                undeclared.setdefault(use.name, []).append(use)
        for use, *others in undeclared.values():
            more = f" (and {len(others)} more)" if others else ""
            yield self.finding(
                use,
                _job_backend(registry, use.job, use.name),
                f"{use.job} {use.name}",
                f"job {use.job}{more} waits for output {use.name}, which {DETECT} does not declare",
                f"correct the name, or declare {use.name} in the outputs of {DETECT}",
            )
        for output in jobs.outputs:
            name = jobs.emitted(output)
            if name != output.key and output.key in registry.names:
                yield self.finding(
                    jobs.place(output),
                    output.key,
                    f"{output.key} value",
                    f"output {output.key} is the filter's output {name or 'nothing'}",
                    f"write {output.key}: ${{{{ steps.detect.outputs.{output.key} }}}}",
                )
            if output.key not in BUILT_IN and output.key not in registry.matrix.by_backend:
                yield self.finding(
                    jobs.place(output),
                    output.key,
                    output.key,
                    f"output {output.key} is never set: no matrix entry builds such a backend",
                    "delete it with the jobs that wait for it, or correct its name",
                )
        for command in jobs.make_commands:
            if not registry.tree.is_dir(command.name):
                yield self.finding(
                    command,
                    command.name.rpartition("/")[2],
                    f"{command.job} {command.name}",
                    f"job {command.job} runs make in {command.name}, which does not exist",
                    "correct the path, or delete the job of a backend that is gone",
                )
        targets = registry.makefile.source is not None
        for call in jobs.make_targets if targets else ():
            if not registry.makefile.makes(call.name):
                yield self.finding(
                    call,
                    _job_backend(registry, call.job, ""),
                    f"{call.job} {call.name}",
                    f"job {call.job} runs make {call.name}, and the Makefile has no such target",
                    "correct the name of the target",
                )


def _job_backend(registry: Registry, job: str, otherwise: str) -> str:
    """The backend that a job is for: the longest name that its own name holds."""
    words = f"-{job.removeprefix('tests-')}-"
    return max((n for n in registry.names if f"-{n}-" in words), key=len, default=otherwise)


class TestjobsUnusedOutput(Rule):
    """Every output of the path filter that test-extra.yml declares is used by a job.

    Why: an output without a job looks like a tested backend and tests nothing. Mostly the job was
    forgotten, or removed and its output not.

    Fails:

        outputs:
          rookery: ${{ steps.detect.outputs.rookery }}     # and no job waits for it

    Passes:

        tests-rookery:
          if: needs.detect-changes.outputs.rookery == 'true'

    Fix: add the job, or delete the output.
    """

    severity = Severity.info
    explained_by = ("addition-incomplete",)

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """Where a new backend has no test job at all, that is what is missing."""
        return cause.subject == finding.path

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Declared outputs that no condition reads."""
        jobs = registry.test_jobs
        used = {use.name for use in jobs.output_uses}
        for output in jobs.outputs:
            if output.key not in used:
                yield self.finding(
                    jobs.place(output),
                    output.key,
                    output.key,
                    f"output {output.key} is declared, and no job waits for it",
                    f"add a job for {output.key}, or delete the output",
                )


class TestjobsConditionMismatch(Rule):
    """A test job waits for the backend that it tests.

    Why: a copied job that still waits for its model's output runs when the other backend changes,
    and not when its own does.

    Fails:

        tests-rookery:
          if: needs.detect-changes.outputs.lark == 'true'
          ... make -C backend/python/rookery test

    Passes:

        tests-rookery:
          if: needs.detect-changes.outputs.rookery == 'true'

    Fix: wait for the output of the backend whose directory the job enters.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Jobs that enter one backend's directory and wait for others only."""
        jobs = registry.test_jobs
        declared = {output.key for output in jobs.outputs}
        waits: dict[str, set[str]] = {}
        for use in jobs.output_uses:
            waits.setdefault(use.job, set()).add(use.name)
        entered: dict[str, set[str]] = {}
        for command in jobs.make_commands:
            entered.setdefault(command.job, set()).add(command.name.rpartition("/")[2])
        for command in jobs.make_commands:
            name = command.name.rpartition("/")[2]
            awaited = waits.get(command.job, set()) - BUILT_IN
            lonely = len(entered[command.job]) == 1
            if lonely and awaited and name not in awaited and name in declared:
                entered[command.job] = set()
                yield self.finding(
                    command,
                    name,
                    command.job,
                    f"job {command.job} tests {name} and waits for {', '.join(sorted(awaited))}",
                    f"wait for needs.{DETECT}.outputs.{name}",
                )


RULES: tuple[type[Rule], ...] = (
    TestjobsUnknownOutput,
    TestjobsUnusedOutput,
    TestjobsConditionMismatch,
)
"""In the order of the catalogue."""
