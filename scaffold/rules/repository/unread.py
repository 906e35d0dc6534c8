"""Files that the check wanted to read and did not."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.checkout.tree import Tree
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.syntax.source import Place

PARTS = 3
"""Steps of `backend/<lang>/<name>`."""


_REPLACE = "put a regular file, or a folder, in its place"
_TO_DO = {
    "is larger": "put a shorter file in its place: split it, or take out of the checkout what a program made",
    "is one too many": "take out of the checkout what a program made: a build's output, models",
    "cannot be read": "let it be read: see who owns it, and its permissions",
}
"""What helps, by how the reason begins."""


class FileUnread(Rule):
    """What the check needs to read is a regular file of a sensible size, and so is every folder above it.

    Why: a link may lead anywhere, so none is followed, and a file of more than 2 MiB is none that a person
    wrote. What such a file says was not looked at, so nobody can say that it is right. It is left as it is
    by every command. No suppression and no setting of the checkout silences it.

    Fails:

        backend/python/finch-tts/run.sh -> ../common/run.sh

    Passes:

        a copy of the file

    In a repository that is no checkout of LocalAI it is an info: links are common there.

    Fix: put a regular file, or a folder, in its place. What is too large is shortened, or is what a program
    made, and goes out of the checkout.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:  # noqa: ARG002
        """Nothing: what was not read is known when every other rule has asked for it."""
        return iter(())

    def met(self, tree: Tree, severity: Severity = Severity.error) -> Iterator[Finding]:
        """A finding for each thing that was asked for and not read."""
        for path, why in sorted(tree.refused.items()):
            parts = path.split("/")
            backend = parts[PARTS - 1] if parts[0] == "backend" and len(parts) >= PARTS else ""
            yield self.finding(
                Place(path),
                backend,
                path,
                f"{path} {why}: it was not read",
                next((do for begin, do in _TO_DO.items() if why.startswith(begin)), _REPLACE),
                severity=severity,
            )
