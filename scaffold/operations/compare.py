"""The two states that `check` compares: what is checked, and what the change started from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

from scaffold.checkout import git
from scaffold.checkout.tree import GitTree, Tree, WorkTree
from scaffold.errors import ShapeError, UsageError
from scaffold.operations.refusals import explained

T = TypeVar("T")


class States(NamedTuple):
    """The checked state, and its base where one was asked for."""

    head: Tree
    base: GitTree | None = None
    base_name: str | None = None

    def judge(self, look: Callable[[Tree | None, str | None], T]) -> tuple[T, str]:
        """What `look` makes of the base and its name, and why it had to do without them, if it had to.

        A base that cannot be read is no fault of the change: then `look` gets no base. Raises
        ShapeError where the checked state itself cannot be read.
        """
        try:
            return look(self.base, self.base_name), ""
        except ShapeError as error:
            if self.base is None:
                raise
            without = look(None, None)
            return without, (
                f"the base is broken, not this change: {self.base_name} (commit {self.base.commit[:12]})"
                f" cannot be read ({error}); every finding counts as new"
            )


@contextmanager
def states(root: Path, rev: str | None, base: str | None) -> Iterator[States]:
    """The work tree below `root`, or the commit `rev`, and what it shares with `base`.

    Raises UsageError where a revision names no commit, or a shallow clone lacks the common one.
    """
    if rev is None and base is None:
        state = States(WorkTree(root))
        with explained(state.head):
            yield state
        return
    require_git_root(root, "--rev and --base need")
    opened: list[GitTree] = []
    try:
        head: Tree = WorkTree(root)
        if rev is not None:
            opened.append(GitTree(root, rev))
            head = opened[0]
        if base is None:
            with explained(head):
                yield States(head)
            return
        tip = GitTree(root, base, beside=head)
        grown_from = opened[0].commit if opened else "HEAD"
        start = git.output(root, "merge-base", tip.commit, grown_from)
        if not start and (hint := git.shallow(root)):
            raise UsageError(f"{base} and {grown_from[:12]} have no commit in common here{hint}")
        opened.append(GitTree(root, start, beside=head) if start not in ("", tip.commit) else tip)
        with explained(head):
            yield States(head, opened[-1], base)
    finally:
        for tree in opened:
            tree.close()


def require_git_root(root: Path, needs: str) -> None:
    """Raises UsageError, with what git says, for a folder that is not the root of a repository.

    `needs` says what for, as the beginning of a sentence.
    """
    if git.own_folder(root) is not None:
        return
    asked = git.run(root, "rev-parse", "--show-toplevel")
    if asked.returncode:  # it may also be one that git refuses, because another user owns it
        why = git.complaint(asked)
        raise UsageError(f"{needs} a git repository at {root}; git says: {why}")
    top = os.fsdecode(asked.stdout).strip()
    if Path(top).resolve() == root.resolve():
        raise UsageError(f"{needs} a git repository at {root}; its .git is that of another folder")
    raise UsageError(f"{needs} the root of a git repository; that of {root} is {top}")
