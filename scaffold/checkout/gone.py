"""What of a path is gone."""

from __future__ import annotations

from scaffold.checkout.tree import Tree


def gone_with(tree: Tree, path: str) -> str:
    """The uppermost folder that is gone and that a file or folder was in; else the path itself."""
    while (above := path.rpartition("/")[0]) and not tree.is_dir(above):
        path = above
    return path
