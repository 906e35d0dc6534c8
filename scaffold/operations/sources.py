"""Where a browser shows the files of a checkout: at the commit that is looked at, on the host that has it."""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from scaffold.checkout import git

_REMOTE = r"(?:(?:https|ssh|git)://(?:[\w.-]+@)?|[\w.-]+@)(github\.com)[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?"


class Sources:
    """The pages of one commit.

    The host is the one that a CI job names in GITHUB_SERVER_URL and GITHUB_REPOSITORY, or GitHub where
    `origin` is there. The commit is the one that git has checked out, or `rev`: a job may check out another
    one than GITHUB_SHA, which counts where there is no git.
    """

    def __init__(self, root: Path, rev: str | None = None) -> None:
        self.root = root
        self._own = git.commit(root, rev or "HEAD") if git.own_folder(root) else ""

    def address(self, path: str, line: int, content: bytes | None) -> str:
        """The page of a file at a line; "" where it is not known, or shows something else than `content`."""
        if content is None or not self._prefix:
            return ""
        there = self._files.get(path, "")
        if self._own and there != git.blob_name(content, len(there)):
            return ""
        return f"{self._prefix}{quote(os.fsencode(path))}#L{line}"

    @cached_property
    def _files(self) -> dict[str, str]:
        """Path -> name of its content, of the files that the commit has."""
        listed = (
            git.run(self.root, "ls-tree", "-r", "-z", "--full-tree", self._own).stdout if self._own else b""
        )
        records = (record.partition("\t") for record in os.fsdecode(listed).split("\0"))
        return {path: meta.rpartition(" ")[2] for meta, _, path in records}

    @cached_property
    def _prefix(self) -> str:
        """What stands before the path of a file; "" where host or commit are not known."""
        commit = self._own or os.environ.get("GITHUB_SHA", "")
        server, name = (os.environ.get(f"GITHUB_{what}", "") for what in ("SERVER_URL", "REPOSITORY"))
        remote = re.fullmatch(_REMOTE, git.output(self.root, "config", "--get", "remote.origin.url"))
        if re.fullmatch(r"https?://[\w.:-]+", server) and re.fullmatch(r"[\w.-]+/[\w.-]+", name):
            home = f"{server}/{name}"
        elif remote:
            home = f"https://{remote[1]}/{remote[2]}"
        else:
            return ""
        return f"{home}/blob/{quote(commit)}/" if commit else ""
