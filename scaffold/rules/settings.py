"""What a repository asks of every check: `select`, `ignore` and `strict` in its `.scaffold.toml`."""

from __future__ import annotations

from typing import NamedTuple

from scaffold.checkout.tree import Tree
from scaffold.errors import ShapeError, UsageError
from scaffold.rules import rules_called
from scaffold.rules.suppressions import PATH, settings_of


class Settings(NamedTuple):
    """What holds where the command line says nothing else."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    strict: bool = False

    @classmethod
    def read(cls, tree: Tree) -> Settings:
        """Those of a tree. Raises ShapeError where they are wrong, or a name stands for no rule."""
        document, _ = settings_of(tree)
        named = {key: document.get(key, []) for key in ("select", "ignore")}
        for key, names in named.items():
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise ShapeError(PATH, None, f"{key!r}: expected a list of rules or groups")
            try:
                rules_called(names)
            except UsageError as error:
                raise ShapeError(PATH, None, f"{key!r}: {error}") from None
        strict = document.get("strict", False)
        if not isinstance(strict, bool):
            raise ShapeError(PATH, None, "'strict': expected true or false")
        return cls(tuple(named["select"]), tuple(named["ignore"]), strict)
