"""Notes about the instructions for contributors."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.checkout.door import Kind
from scaffold.checkout.ignores import ignored
from scaffold.pipeline.repository import Repository
from scaffold.rules.base import Finding
from scaffold.rules.pipeline.notes.note import Note
from scaffold.syntax.source import Place

ABSENT = re.compile(r"(?i)\b(?:missing|to-?do|out of scope|there is no|does not exist|not yet)\b")
"""What a line or a heading says of files that are not there, and need not be."""


class DocsStale(Note):
    """A file or folder that the instructions for contributors name exists.

    Why: who follows them looks for it, and learns that the page is not to be trusted. The pages are
    written once, and the pipeline that they describe moves on.

    Fails:

        Add the entry to `.github/matrix.yml`.        # there is no such file

    Passes:

        Add the entry to `.github/backend-matrix.yml`.

    Looked at are `AGENTS.md`, `CONTRIBUTING.md` and `.agents/*.md`, and paths in backticks that begin with a
    folder of the repository and hold no placeholder. What a build makes, which a `.gitignore` names, is fine,
    and so is what the line or its heading says to be missing.

    Fix: name what is there now.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Backticked paths that are neither a file nor a folder."""
        tree = registry.tree
        pages = [name for name in ("AGENTS.md", "CONTRIBUTING.md") if tree.kind(name) is Kind.file]
        pages += [f".agents/{name}" for name in tree.list(".agents") if name.endswith(".md")]
        folders = {name for name in tree.list("") if tree.is_dir(name)} if pages else set()
        for page in pages:
            heading = ""
            for number, line in enumerate((tree.read(page) or b"").decode(errors="replace").split("\n"), 1):
                heading = line if line.startswith("#") else heading
                if ABSENT.search(heading) or ABSENT.search(line):
                    continue
                for text in re.findall(r"`((?:\./)?[\w.-]+/[\w./-]+)(?::\d+(?:-\d+)?|#[\w-]+)?`", line):
                    path = posixpath.normpath(text)
                    if path.partition("/")[0] not in folders or ".." in path or "..." in text:
                        continue
                    if tree.kind(path) is None and not ignored(tree, path):
                        yield self.finding(
                            Place(page, number),
                            "",
                            f"{page} {path}",
                            f"{page} names {path}, which does not exist",
                            "name what is there now",
                        )
