"""What jobs push by themselves, past the pull requests with which a repository works."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.pipeline.called_scripts import scripts_run_by
from scaffold.pipeline.repository import Repository
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.rules.pipeline.scripts import place_in
from scaffold.syntax.shell import Command
from scaffold.syntax.shell_branches import is_certain


class PushPastReview(PipelineRule):
    """What a job changes by itself comes as a pull request, where that is the way of the repository.

    Why: a protected branch refuses a push, also from a workflow, and the job fails as soon as there is
    something to push. LocalAI's counters were refreshed by a push each week, while all its other bots open
    pull requests; the branch refused it (#11572).

    Fails: other workflows with `peter-evans/create-pull-request`, and in a scheduled one

        - run: |
            git commit -am "Refresh the counters"
            git push

    Passes:

        - uses: peter-evans/create-pull-request@v8

    Looked at are workflows that start by the clock or by hand, and pushes to the branch that they start on;
    in a script of the repository those that it always comes to. A repository without such an action, and a
    job that checks out or makes a branch of its own, is left alone.

    Fix: open a pull request, as the others do.
    """

    severity = Severity.info

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Scheduled jobs that push to their own branch, in a repository that opens pull requests."""
        pipeline = registry.pipeline
        if not any(a.endswith("/create-pull-request") for job in pipeline.jobs for a in job.actions):
            return
        by_itself = (
            w for w in registry.runs.workflows if w.events.keys() <= {"schedule", "workflow_dispatch"}
        )
        for job in dict.fromkeys(job for w in by_itself for job in registry.runs.main(w).every_job):
            steps = dict.fromkeys(occurrence.step for occurrence in job.occurrences)
            if any(step.given.keys() & {"ref", "repository"} for step in steps):
                continue
            for step in steps:
                scripts = scripts_run_by(job, step)
                if not any(b"push" in script.data for script in scripts):
                    continue
                commands = [command for script in scripts for command in script.commands]
                pushes = (
                    c for c in commands if _pushes_here(c) and (c.source is step.script or is_certain(c))
                )
                push = next(pushes, None)
                if push is None or any(re.search(_OTHER_BRANCH, command.text) for command in commands):
                    continue
                yield self.finding(
                    place_in(push, step),
                    "",
                    f"{job.id} {step.title}",
                    "this pushes to the branch that it starts on, while other workflows open pull"
                    " requests: a protected branch refuses it",
                    "open a pull request, as they do",
                )


_OTHER_BRANCH = r"^git (?:checkout|switch|clone|worktree|init|remote)\b"


def _pushes_here(command: Command) -> bool:
    """Whether a command pushes to the branch that is checked out, or to the default branch."""
    if not command.starts("git", "push") or not _NO_PUSH.isdisjoint(command.bare):
        return False
    words = [word for word in command.operands if word != "origin"]
    return _BRANCHES.issuperset(words) and (bool(words) or "--tags" not in command.bare)


_NO_PUSH = frozenset({"--delete", "--dry-run", "-d", "-n"})
_BRANCHES = frozenset(
    f"{start}{branch}"
    for branch in ("main", "master")
    for start in ("", "HEAD:", "HEAD:refs/heads/", "refs/heads/")
) | {"HEAD"}
