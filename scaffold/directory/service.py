"""The gRPC service: its RPCs, and the methods by which a server serves them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

from scaffold.checkout.tree import Tree
from scaffold.directory.text import Text
from scaffold.syntax.cpp import CppSource
from scaffold.syntax.golang import GoSource
from scaffold.syntax.python import PythonSource
from scaffold.syntax.source import Type

PROTO = "backend/backend.proto"
CONTEXTS = ("ServerContext", "CallbackServerContext")
"""What gRPC gives a method of a C++ server first."""


def service_rpcs(tree: Tree) -> tuple[str, ...]:
    """The RPCs of the service that every backend implements."""
    return _rpcs(tree.read(PROTO) or b"")


@lru_cache(maxsize=4)
def _rpcs(proto: bytes) -> tuple[str, ...]:
    code = re.sub(rb"//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?", b" ", proto)
    return tuple(match[1].decode() for match in re.finditer(rb"\brpc\s+(\w+)\s*\(", code))


def is_source(name: str) -> bool:
    """Whether a file of this name may define methods of the server."""
    return name.endswith((".py", ".go", ".cpp", ".cc")) and not re.search(r"^test|_test\.|_pb2", name)


def served(texts: Collection[Text], rpcs: Iterable[str]) -> frozenset[str]:
    """Of some RPCs, those that the sources of a server define a method for."""
    wanted = {rpc: [text for text in texts if _has_function(text.data, rpc.encode())] for rpc in rpcs}
    defining = {text.path for found in wanted.values() for text in found}
    if not defining:
        return frozenset()
    types = (b"base.", b"Servicer")
    read = (t for t in texts if t.path in defining or any(word in t.data for word in types))
    return frozenset(wanted) & {*_methods(read)}


def _has_function(data: bytes, name: bytes) -> bool:
    """Whether a source may define a function."""
    return name in data and re.search(re.escape(name) + rb"\s*\(", data) is not None


def _methods(texts: Iterable[Text]) -> Iterator[str]:
    """The methods of servers: in Python and Go by what a type inherits, in C++ by what a function gets."""
    types: dict[str, list[Type]] = {}
    for text in texts:
        if text.path.endswith(".py"):
            found = text.read(PythonSource, PythonSource.types)
        elif text.path.endswith(".go"):
            found = text.read(GoSource, GoSource.types)
        else:
            yield from text.read(CppSource, lambda source: source.functions_of(*CONTEXTS))
            continue
        for one in found:
            types.setdefault(one.name, []).append(one)
    pending = [name for name, parts in types.items() if any(map(_is_server, parts))]
    while pending:
        for part in types.pop(pending.pop(), ()):
            yield from part.methods
            pending += (base.rpartition(".")[2] for base in part.bases)


_SERVER = re.compile(r"base\.\w+|(?:\w+\.)*\w*Servicer")
"""What a server embeds in Go (`base.SingleThread`), and what gRPC generates for one in Python."""


def _is_server(part: Type) -> bool:
    return any(_SERVER.fullmatch(base) for base in part.bases)


STAGING = "core/services/nodes/file_transfer_server.go"


def renames_outputs(tree: Tree) -> bool:
    """Whether LocalAI has a remote backend write what it makes to a file that ends in `.tmp`."""
    return b'-*.tmp"' in (tree.read(STAGING) or b"")
