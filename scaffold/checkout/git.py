"""git, asked about a repository: nothing else starts it.

It is asked about the folder that is named, whatever the environment says of another repository, and
takes no path for a pattern. It writes nothing by the way and starts no program that watches files.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

ELSEWHERE = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE",
    "GIT_REPLACE_REF_BASE", "GIT_NO_REPLACE_OBJECTS", "GIT_IMPLICIT_WORK_TREE", "GIT_INTERNAL_SUPER_PREFIX",
)  # fmt: skip
"""What names another repository: hooks are run with some of it."""
LOOKING = {"add", "diff", "grep", "ls-files"}
"""Commands that look at a work tree."""
PATIENCE = 20
"""Seconds for one of them; on LocalAI the slowest takes 0.2."""

QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
_SHA1_LENGTH = 40


def run(
    root: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """What git says in the folder `root`; an error of its own where git is not installed or never ends.

    Looking at a work tree, it waits at a pipe that is called `.gitignore` for whoever writes to it.
    """
    command = _command(root, *arguments)
    seconds = PATIENCE if arguments[0] in LOOKING else None
    try:
        return subprocess.run(
            command, capture_output=True, check=False, env=_environment(environment), timeout=seconds
        )
    except OSError:
        return subprocess.CompletedProcess(command, 127, b"", b"git is not installed")
    except subprocess.TimeoutExpired:
        why = f"git {arguments[0]} took more than {PATIENCE} s"
        return subprocess.CompletedProcess(command, 124, b"", why.encode())


def output(root: Path, *arguments: str) -> str:
    """What git prints, without the blanks around it; "" where it fails."""
    result = run(root, *arguments)
    return result.stdout.decode(errors="replace").strip() if result.returncode == 0 else ""


def complaint(result: subprocess.CompletedProcess[bytes]) -> str:
    """The first line of what git said is wrong."""
    return result.stderr.decode(errors="replace").strip().partition("\n")[0]


def commit(root: Path, rev: str) -> str:
    """The commit that a revision names; "" where it names none."""
    found = output(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}")
    return found if re.fullmatch(r"[0-9a-f]{40,64}", found) else ""  # `^HEAD` is one to leave out


def blob_name(data: bytes, length: int) -> str:
    """The name of an object with this content, in a repository whose names have `length` digits."""
    import hashlib

    kind = hashlib.sha1 if length == _SHA1_LENGTH else hashlib.sha256
    return kind(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def own_folder(root: Path) -> Path | None:
    """Where git keeps its own files of a folder: the top of a work tree, or a repository without one.

    None for any other folder, and where git refuses to look at it, because another user owns it.
    """
    found = os.fsdecode(run(root, "rev-parse", "--absolute-git-dir", "--show-toplevel").stdout).splitlines()
    return Path(found[0]) if found and Path(found[-1]).resolve() == root.resolve() else None


def reader(root: Path) -> subprocess.Popen[bytes]:
    """A process that prints objects, one for each name that it is given (`git cat-file --batch`)."""
    return subprocess.Popen(
        _command(root, "cat-file", "--batch"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(None),
    )


def _command(root: Path, *arguments: str) -> list[str]:
    return ["git", "-C", str(root), "--literal-pathspecs", "-c", "core.fsmonitor=false", *arguments]


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    return {**own, **QUIET, **(more or {})}
