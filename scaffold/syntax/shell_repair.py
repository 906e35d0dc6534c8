"""What the grammar of shell misreads, and how it is given what it reads right."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

_INNER_NAME = re.compile(rb"\$(?<=[^\s\"'`$(=]\$)\w[^\s\"'`$(){}\[\];&|<>\\]*")
"""A variable behind other text, with the text behind it."""


def without_misread(seen: bytes, root: Node) -> bytes:
    """What a shell gets to see, with a longer name for each that the grammar lost.

    It reads the second `$` of `$A/$B/c` as a letter at the end of a word.
    """
    names = {found.start(): found.end() for found in _INNER_NAME.finditer(seen)}
    if not names:
        return seen
    repaired = bytearray(seen)
    for node, _ in holding(root, [*names], lambda node: node.type not in _LEAVES):
        last = node.children[-1] if node.type == "concatenation" else None
        if last is not None and last.type == "$" and last.start_byte in names:
            start, end = last.end_byte, names[last.start_byte]
            repaired[start:end] = b"_" * (end - start)
    return bytes(repaired)


_LEAVES = frozenset({"simple_expansion", "word", "variable_name", "$", '"', "comment", "string_content"})
"""Types of most nodes in which there is no concatenation."""


_NESTING = re.compile(rb"\b(?:ba)?sh[ \t]+-")
_SHELLS = frozenset({b"bash", b"sh", b"/bin/bash", b"/bin/sh"})
_OPTIONS = rb"(?:-\w*[ \t]+(?:pipefail[ \t]+)?)*-\w*c[ \t]*"
_PLAIN = re.compile(rb"(?:(?!<<)[^#\\]|\\\r?\n)*+")
"""A text that is the same to the shell that gets it: without comments, escapes and texts of their own."""


def without_nested(seen: bytes, root: Node) -> bytes:
    """What a shell gets to see, with the script of each `bash -c '...'` in its place."""
    nested = [found.start() for found in _NESTING.finditer(seen)]
    opened = bytearray(seen)
    for node, _ in holding(root, nested) if nested else ():
        name = node.child_by_field_name("name") if node.type == "command" else None
        if name is None or node.children[-1].type not in ("raw_string", "string"):
            continue
        if name.start_byte > node.start_byte:
            continue  # behind `A=1` there is no `if` or `for`
        last = node.children[-1]
        shell = seen[name.start_byte : name.end_byte]
        options = seen[name.end_byte : last.start_byte].lstrip()
        if shell == b"sudo":
            shell, _, options = options.partition(b" ")
        start, end = last.start_byte + 1, last.end_byte - 1
        if shell in _SHELLS and re.fullmatch(_OPTIONS, options) and _PLAIN.fullmatch(seen, start, end):
            opened[name.start_byte : start] = b" " * (start - name.start_byte)
            opened[end : end + 1] = b" "
    return bytes(opened)


def holding(
    root: Node, offsets: list[int], is_entered: Callable[[Node], bool] = lambda _: True
) -> Iterator[tuple[Node, Node]]:
    """The nodes that hold one of some ascending offsets, each with its parent, in file order."""
    pending = [(root, root)]
    while pending:
        node, parent = pending.pop()
        at = bisect_left(offsets, node.start_byte)
        if at < len(offsets) and offsets[at] < node.end_byte:
            yield node, parent
            if is_entered(node):
                pending.extend((child, node) for child in reversed(node.children))
