"""The grammars of tree-sitter, each loaded where its language is first read."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tree_sitter import Parser


@cache
def parser(package: str) -> Parser:
    """The parser of the language that a package such as `tree_sitter_go` brings."""
    from tree_sitter import Language, Parser

    return Parser(Language(_binding(package).language()))


def _binding(package: str) -> Any:
    """The extension in the package: what is around it reads queries, and takes longer than a parse."""
    around = PathFinder.find_spec(package)
    folders = around.submodule_search_locations if around is not None else None
    spec = PathFinder.find_spec(f"{package}._binding", folders) if folders else None
    if spec is None or spec.loader is None:
        return import_module(package)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
