"""The folders whose requirements dependabot watches, `.github/dependabot.yml`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.tree import Tree
from scaffold.surfaces.base import Part, YamlRecord
from scaffold.syntax.yaml import YamlSource
from scaffold.syntax.yaml_items import read

FILE = ".github/dependabot.yml"


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
    def folders(self) -> list[Folder]:
        """Every entry, in file order."""
        data = self.tree.read(FILE)
        if data is None:
            return []
        source = YamlSource(FILE, data)
        return [Folder(item, item.fields.get("directory", "").strip("/")) for item in read(source, "updates")]

    name = "dependabot"

    @property
    def parts(self) -> Iterable[Part]:
        watched = [folder for folder in self.folders if folder.is_backend]
        yield Part(FILE, "folder of a backend", len(watched), line=watched[0].line if watched else 0)

    def drop(self, changes: ChangeSet, folder: Folder) -> None:
        """Plan an entry away."""
        folder.delete(changes)
