"""git, asked about a repository: nothing else starts it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


def run(
    root: Path, *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """What git says in the folder `root`. Raises FileNotFoundError where git is not installed."""
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, check=False, env=environment)


def output(root: Path, *arguments: str) -> str:
    """What git prints, without the blanks around it; "" where it fails."""
    result = run(root, *arguments)
    return result.stdout.decode(errors="replace").strip() if result.returncode == 0 else ""


def complaint(result: subprocess.CompletedProcess[bytes]) -> str:
    """The first line of what git said is wrong."""
    return result.stderr.decode(errors="replace").strip().partition("\n")[0]


def commit(root: Path, rev: str) -> str:
    """The commit that a revision names; "" where it names none."""
    return output(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}")


def is_installed() -> bool:
    """Whether there is a git to ask."""
    return shutil.which("git") is not None


def has_top(root: Path) -> bool:
    """Whether a folder is the top of a git work tree."""
    top = output(root, "rev-parse", "--show-toplevel") if is_installed() else ""
    return bool(top) and Path(top).resolve() == root.resolve()


def reader(root: Path) -> subprocess.Popen[bytes]:
    """A process that prints objects, one for each name that it is given (`git cat-file --batch`)."""
    command = ["git", "-C", str(root), "cat-file", "--batch"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
