"""The journal of a commit: originals and results are staged in it before the first write.

A run killed between two writes is rolled back by the next one (`recover`).
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from scaffold.checkout import disk, git
from scaffold.errors import ScaffoldError


class Journal:
    """What a commit is about to do, kept outside the work tree until it is done."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = _private_folder(root) / "scaffold-journal"

    def begin(
        self, changes: dict[str, tuple[bytes | None, bytes | None]], folders: dict[str, bool] | None = None
    ) -> None:
        """Record the content of every file before and after; None where there is no such file.

        Of each empty folder, whether it is there after.
        """
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        entries = []
        for number, (path, (before, after)) in enumerate(sorted(changes.items())):
            if before is not None:
                disk.write_durably(self.folder / f"{number}.before", before)
            entry = {
                "path": path,
                "new": before is None,
                "after": None if after is None else disk.digest(after),
            }
            if after is None:
                entry["mode"] = disk.mode_of(self.root / path)
            entries.append(entry)
        entries += [{"path": path, "folder": there} for path, there in (folders or {}).items()]
        disk.write_durably(self.folder / "plan.json.part", json.dumps(entries).encode())
        os.replace(self.folder / "plan.json.part", self.folder / "plan.json")

    def end(self) -> None:
        """Forget the plan: the change is complete."""
        (self.folder / "plan.json").unlink()
        self._clear()

    def _clear(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.folder.parent == self.root / ".scaffold":
            shutil.rmtree(self.folder.parent, ignore_errors=True)

    def recover(self) -> list[str]:
        """Undo what an interrupted commit had written; returns the paths that were put back.

        Raises ScaffoldError where such a file was changed since: it is left alone, and the
        originals stay in the journal.
        """
        plan = disk.read_bytes(self.folder / "plan.json")
        if plan is None:
            self._clear()
            return []
        restored: list[str] = []
        conflicts: list[str] = []
        for number, entry in enumerate(json.loads(plan)):
            target = self.root / entry["path"]
            if "folder" in entry:  # these come last: putting files back may empty folders
                disk.set_folder(target, not entry["folder"], self.root)
                continue
            disk.part_of(target).unlink(missing_ok=True)
            current = disk.read_bytes(target)
            before = None if entry["new"] else (self.folder / f"{number}.before").read_bytes()
            if current == before:
                disk.remove_empty_parents(target.parent, self.root)
            elif (None if current is None else disk.digest(current)) == entry["after"]:
                if before is None:
                    disk.remove(target, self.root)
                else:
                    disk.write_atomically(target, before, entry.get("mode"))
                restored.append(entry["path"])
            else:
                conflicts.append(entry["path"])
        if conflicts:
            raise ScaffoldError(
                "an interrupted run cannot be rolled back, because these files changed since: "
                f"{', '.join(conflicts)}; their originals are in {self.folder}, delete it when done"
            )
        self.end()
        return restored


def _private_folder(root: Path) -> Path:
    """A folder that no commit holds: git's own, else one that is gone after every run."""
    if git.has_top(root):
        return Path(git.output(root, "rev-parse", "--absolute-git-dir"))
    return root / ".scaffold"
