"""The gRPC service: its RPCs, and the methods by which a server serves them."""

from __future__ import annotations

import re

from scaffold.checkout.tree import Tree
from scaffold.directory.text import Text, blank_c_comments

PROTO = "backend/backend.proto"


def service_rpcs(tree: Tree) -> tuple[str, ...]:
    """The RPCs of the service that every backend implements."""
    code = blank_c_comments(tree.read(PROTO) or b"")
    return tuple(match[1].decode() for match in re.finditer(rb"\brpc\s+(\w+)\s*\(", code))


_RPC_METHODS = {
    "python": re.compile(rb"(?m)^[ \t]+(?:async[ \t]+)?def[ \t]+(\w+)[ \t]*\([ \t]*self[ \t]*,[ \t]*request"),
    "go": re.compile(rb"(?m)^func[ \t]*\([^)\n]*\)[ \t]*([A-Z]\w*)\("),
    "cpp": re.compile(rb"\bStatus[ \t]+(\w+)[ \t]*\([^){};]{0,40}(?:ServerContext|CallbackServerContext)"),
}
_SOURCE_ENDINGS = (".py", ".go", ".cpp", ".cc")


def is_source(name: str) -> bool:
    """Whether a file of this name may define methods of the server."""
    return name.endswith(_SOURCE_ENDINGS) and not re.search(r"^test|_test\.|_pb2", name)


def methods(text: Text, lang: str) -> frozenset[str]:
    """The methods that a source defines in the way in which a server in `lang` defines an RPC."""
    pattern = _RPC_METHODS.get(lang)
    return frozenset(m[1].decode() for m in pattern.finditer(text.data)) if pattern else frozenset()
