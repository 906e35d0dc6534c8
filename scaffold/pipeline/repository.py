"""A repository with workflows: any, LocalAI or not."""

from __future__ import annotations

from functools import cached_property

from scaffold.checkout.tree import Tree
from scaffold.pipeline.model import Pipeline
from scaffold.pipeline.runs import Runs


class Repository:
    """Any repository: its workflows."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every backend; none in a repository that is no checkout of LocalAI."""
        return ()

    def read_ahead(self) -> None:
        """Read what nearly every rule asks for, and load the parser that the rest is read with."""
        import tree_sitter_yaml  # noqa: F401

    @cached_property
    def pipeline(self) -> Pipeline:
        """Its workflows."""
        return Pipeline(self.tree)

    @cached_property
    def runs(self) -> Runs:
        """What events make of its workflows."""
        return Runs(self.pipeline)
