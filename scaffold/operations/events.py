"""What a CI job compares with: the base that its event names."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from scaffold import cage
from scaffold.checkout import git
from scaffold.errors import UsageError

AUTO = "auto"
"""The name of a base that the event decides."""
MAX_EVENT_BYTES = 16 << 20
NOTHING = "0"
"""All that the name of a commit is made of where there was none before a push."""


def base_named(base: str | None, root: Path) -> str | None:
    """The base that somebody asked for; for `auto` the one of the CI job's event, in the checkout at `root`.

    On GitHub and Forgejo the file GITHUB_EVENT_PATH has it: the base of a pull request or of a merge
    queue, or what was pushed before. GitLab has it in variables. Raises UsageError where nothing has it, and
    where the checkout is not that of the pull request.
    """
    if base != AUTO:
        return base
    if os.environ.get("GITLAB_CI"):
        found = _of_gitlab()
    else:
        event = _event(os.environ.get("GITHUB_EVENT_PATH", ""))
        found = _merged_into(event, root) or _of_event(event)
    if not found:
        raise UsageError(
            "--base auto: no event of a CI job names a base (GITHUB_EVENT_PATH,"
            " CI_MERGE_REQUEST_DIFF_BASE_SHA, CI_COMMIT_BEFORE_SHA): name it, as in --base origin/master"
        )
    return found


def _of_gitlab() -> str:
    """The first has a value where the checkout is the merge of both branches, as GitHub's is."""
    asked = ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "CI_MERGE_REQUEST_DIFF_BASE_SHA", "CI_COMMIT_BEFORE_SHA")
    known = (value for name in asked if (value := os.environ.get(name, "")).strip(NOTHING))
    default = os.environ.get("CI_DEFAULT_BRANCH", "")
    return next(known, f"origin/{default}" if default else "")


def _event(name: str) -> Any:
    if not name:
        return None
    path = Path(name)
    cage.note(name)
    try:
        data = path.read_bytes() if path.is_file() and path.stat().st_size <= MAX_EVENT_BYTES else b""
        return json.loads(data)
    except (OSError, ValueError, RecursionError, MemoryError):
        raise UsageError(f"--base auto: the event in {name} cannot be read") from None


def _merged_into(event: Any, root: Path) -> str:
    """What GitHub has merged a pull request into, where the checkout is that merge; else "".

    That is newer than the base of the event, which is as old as the last push to the pull request: what
    others have merged since is none of its changes.
    """
    pulled = _text(event, "pull_request", "head", "sha")
    head, *parents = git.output(root, "rev-list", "--parents", "--max-count=1", "HEAD").split() or [""]
    if pulled and parents[1:] == [pulled]:
        return parents[0]
    if os.environ.get("GITHUB_EVENT_NAME") == "pull_request_target" and head != pulled:
        raise UsageError(
            "--base auto: the event pull_request_target checks out the base, not the pull request:"
            " use the event pull_request, which needs no token"
        )
    return ""


def _of_event(event: Any) -> str:
    before = _text(event, "before").strip(NOTHING) and _text(event, "before")
    default = _text(event, "repository", "default_branch")
    return (
        _text(event, "pull_request", "base", "sha")
        or _text(event, "merge_group", "base_sha")
        or before
        or (f"origin/{default}" if default else "")
    )


def _text(event: Any, *keys: str) -> str:
    for key in keys:
        event = event.get(key) if isinstance(event, dict) else None
    return event if isinstance(event, str) else ""
