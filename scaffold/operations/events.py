"""What a CI job compares with: the base that its event names."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from scaffold.errors import UsageError

AUTO = "auto"
"""The name of a base that the event decides."""
MAX_EVENT_BYTES = 16 << 20
NOTHING = "0"
"""All that the name of a commit is made of where there was none before a push."""


def base_named(base: str | None) -> str | None:
    """The base that somebody asked for; for `auto` the one of the CI job's event.

    On GitHub and Forgejo the file GITHUB_EVENT_PATH has it: the base of a pull request or of a merge
    queue, or what was pushed before. GitLab has it in variables. Raises UsageError where nothing has it.
    """
    if base != AUTO:
        return base
    found = _of_gitlab() if os.environ.get("GITLAB_CI") else _of_file(os.environ.get("GITHUB_EVENT_PATH", ""))
    if not found:
        raise UsageError(
            "--base auto: no event of a CI job names a base (GITHUB_EVENT_PATH,"
            " CI_MERGE_REQUEST_DIFF_BASE_SHA, CI_COMMIT_BEFORE_SHA): name it, as in --base origin/master"
        )
    return found


def _of_gitlab() -> str:
    asked = ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "CI_COMMIT_BEFORE_SHA")
    known = (value for name in asked if (value := os.environ.get(name, "")).strip(NOTHING))
    default = os.environ.get("CI_DEFAULT_BRANCH", "")
    return next(known, f"origin/{default}" if default else "")


def _of_file(name: str) -> str:
    if not name:
        return ""
    path = Path(name)
    try:
        data = path.read_bytes() if path.is_file() and path.stat().st_size <= MAX_EVENT_BYTES else b""
        event = json.loads(data)
    except (OSError, ValueError, RecursionError):
        raise UsageError(f"--base auto: the event in {name} cannot be read") from None
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
