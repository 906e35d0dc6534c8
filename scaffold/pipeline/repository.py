"""A repository with workflows: any, LocalAI or not."""

from __future__ import annotations

from functools import cached_property

from scaffold.checkout.tree import Tree
from scaffold.pipeline.model import Generated, Pipeline
from scaffold.pipeline.runs import Runs
from scaffold.syntax import grammar


class Repository:
    """Any repository: its workflows."""

    def __init__(self, tree: Tree, beside: Repository | None = None) -> None:
        """`beside` is another state of it, with which it shares what is the same."""
        self.tree = tree
        self._beside = beside

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every backend; none in a repository that is no checkout of LocalAI."""
        return ()

    def read_ahead(self) -> None:
        """Read what nearly every rule asks for, and load the parser that the rest is read with."""
        grammar.parser("tree_sitter_yaml")

    @cached_property
    def pipeline(self) -> Pipeline:
        """Its workflows."""
        own = Pipeline(self.tree, self.generated)
        beside = self._beside
        return beside.pipeline if beside is not None and own.same(beside.pipeline) else own

    @property
    def generated(self) -> Generated:
        """What a script of its own makes of the workflows: nothing that is known of any repository."""
        return dict

    @cached_property
    def runs(self) -> Runs:
        """What events make of its workflows."""
        if self._beside is not None and self._beside.pipeline is self.pipeline:
            return self._beside.runs
        return Runs(self.pipeline)
