"""JavaScript modules without a module loader: imports become look-ups, exports a returned object.

An embedded engine has no files to import from. So a module is rewritten to the body of an async
function that gets its imports from a function `__import`, hands what it does at its top level to
`__pending`, and returns what it exports. Everything else of it stays as it is.
"""

from __future__ import annotations

import json
import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scaffold.syntax.javascript import JsSource
from scaffold.syntax.source import walk

if TYPE_CHECKING:
    from tree_sitter import Node

PARAMETERS = "__import, __pending, process, console, Buffer"


@dataclass(frozen=True, slots=True)
class Module:
    """One module, rewritten."""

    path: str
    body: str
    imports: tuple[str, ...]
    """The specifiers that it imports, as it writes them."""
    literals: tuple[str, ...]
    """The plain strings of it."""

    def local(self, specifier: str) -> str | None:
        """Path of an imported file of the repository; None for a package."""
        if not specifier.startswith("."):
            return None
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.path), specifier))

    @property
    def function(self) -> str:
        """The module as an async function."""
        return f"async ({PARAMETERS}) => {{\n{self.body}\n}}"


def rewrite(source: JsSource) -> Module:
    """The module of a source. Raises ShapeError where it does not parse, or has an unknown form of export."""
    source.require_clean(source.root, "the script")
    head: list[str] = ['"use strict";']
    body: list[str] = []
    exported: dict[str, str] = {}
    imports: list[str] = []
    for node in source.root.named_children:
        if node.type == "import_statement":
            specifier = _string(source, node.child_by_field_name("source"))
            imports.append(specifier)
            head.append(_import(source, node, specifier))
        elif node.type == "export_statement":
            body.append(_export(source, node, exported))
        elif node.type == "expression_statement":
            body.append(f"__pending({source.text(node).rstrip().rstrip(';')});")
        elif node.type != "comment":
            body.append(source.text(node))
    pairs = ", ".join(f"{json.dumps(name)}: {local}" for name, local in exported.items())
    literals = {_string(source, node) for node in walk(source.root) if node.type == "string"}
    return Module(
        source.path,
        "\n".join([*head, *body, f"return {{{pairs}}};"]),
        tuple(imports),
        tuple(sorted(literals)),
    )


def _import(source: JsSource, node: Node, specifier: str) -> str:
    found = f"(await __import({json.dumps(specifier)}))"
    clause = next((child for child in node.named_children if child.type == "import_clause"), None)
    lines = [f"{found};"]
    for child in clause.named_children if clause is not None else ():
        if child.type == "identifier":
            lines.append(f"const {source.text(child)} = {found}.default;")
        elif child.type == "namespace_import":
            lines.append(f"const {source.text(child.named_children[0])} = {found};")
        elif child.type == "named_imports":
            names = ", ".join(": ".join(_specifier(source, name)) for name in child.named_children)
            lines.append(f"const {{{names}}} = {found};")
    return "\n".join(lines)


def _export(source: JsSource, node: Node, exported: dict[str, str]) -> str:
    """What stays of an export statement; `exported` learns its names."""
    declaration = node.child_by_field_name("declaration")
    value = node.child_by_field_name("value")
    clause = next((child for child in node.named_children if child.type == "export_clause"), None)
    if node.child_by_field_name("source") is None:
        if value is not None:
            exported["default"] = "__default"
            return f"const __default = {source.text(value)};"
        if declaration is not None:
            names = [declaration.child_by_field_name("name")]
            names += [child.child_by_field_name("name") for child in declaration.named_children]
            own = names[:1] if names[0] is not None else names[1:]
            exported.update((source.text(name), source.text(name)) for name in own if name is not None)
            return source.text(declaration)
        if clause is not None:
            for name in clause.named_children:
                local, public = _specifier(source, name)
                exported[public] = local
            return ""
    raise source.shape_error(node, "expected an export of something that this file declares")


def _specifier(source: JsSource, node: Node) -> tuple[str, str]:
    """The two names of `a as b`; twice the same of `a`."""
    name, alias = node.child_by_field_name("name"), node.child_by_field_name("alias")
    text = source.text(name or node)
    return text, source.text(alias) if alias is not None else text


def _string(source: JsSource, node: Node | None) -> str:
    return source.text(node)[1:-1] if node is not None else ""
