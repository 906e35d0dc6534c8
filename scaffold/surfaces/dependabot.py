"""The folders whose requirements dependabot watches, `.github/dependabot.yml`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.tree import Tree
from scaffold.surfaces.base import YamlRecord
from scaffold.surfaces.gallery.loading import TEXT, Refusal, Type
from scaffold.surfaces.parts import Part
from scaffold.syntax.yaml import YamlSource
from scaffold.syntax.yaml_items import read

FILE = ".github/dependabot.yml"
_KINDS: dict[str, Type] = {
    "version": TEXT,
    "updates": [
        {
            **dict.fromkeys(["package-ecosystem", "directory", "target-branch"], TEXT),
            "directories": [TEXT],
            "schedule": dict.fromkeys(("interval", "day", "time", "timezone", "cronjob"), TEXT),
        }
    ],
}
"""Key -> kind of its value (docs.github.com: Dependabot options reference)."""
_NEEDED = ("package-ecosystem",), ("directory", "directories"), ("schedule", "multi-ecosystem-group")
"""The keys of which an entry has one; a group of ecosystems has a schedule of its own."""


@dataclass(slots=True, eq=False)
class Folder(YamlRecord):
    """One entry of `updates`."""

    directory: str
    """The folder, without the leading slash."""

    @property
    def is_backend(self) -> bool:
        """Whether it is the folder of a backend."""
        return re.fullmatch(r"backend/[\w-]+/[\w.-]+", self.directory) is not None


class Dependabot:
    """The entries. A new backend is not added: most backends are not watched."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    @cached_property
    def source(self) -> YamlSource | None:
        """The file; None where it is absent."""
        data = self.tree.read(FILE)
        return None if data is None else YamlSource(FILE, data)

    @cached_property
    def folders(self) -> list[Folder]:
        """Every entry, in file order."""
        items = read(self.source, "updates") if self.source is not None else ()
        return [Folder(item, item.fields.get("directory", "").strip("/")) for item in items]

    @property
    def refusals(self) -> Iterator[Refusal]:
        """Values of a kind that GitHub does not take, keys that stand twice, and keys that an entry lacks."""
        from scaffold.surfaces.gallery.decoding import decoded

        if self.source is None:
            return
        yield from decoded(self.source, _KINDS)
        for folder in (f for f in self.folders if f.item.fields):
            said = {key for key, value in folder.item.fields.items() if value not in ("~", "null")}
            kind = folder.item.fields.get("package-ecosystem", "")
            for keys in _NEEDED:
                if not said.intersection(keys):
                    subject = f"{keys[0]} of {kind} {folder.directory}".strip()
                    problem = f"an entry has no `{keys[0]}`"
                    yield Refusal(folder.line, subject, problem, f"add `{keys[0]}`, or delete the entry")

    name = "dependabot"

    @property
    def parts(self) -> Iterable[Part]:
        watched = [folder for folder in self.folders if folder.is_backend]
        yield Part(FILE, "folder of a backend", len(watched), line=watched[0].line if watched else 0)

    def drop(self, changes: ChangeSet, folder: Folder) -> None:
        """Plan an entry away."""
        folder.delete(changes)
