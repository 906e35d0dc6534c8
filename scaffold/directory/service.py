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
from scaffold.syntax.source import Place, Type

PROTO = "backend/backend.proto"
CONTEXTS = ("ServerContext", "CallbackServerContext")
"""What gRPC gives a method of a C++ server first."""
GO_METHODS = {"Load": "LoadModel", "Embeddings": "Embedding"}
"""Method by which pkg/grpc/server.go asks a server in Go -> the RPC, where that has another name."""
_GO_NAMES = {rpc: method for method, rpc in GO_METHODS.items()}


def service_rpcs(tree: Tree) -> tuple[str, ...]:
    """The RPCs of the service that every backend implements."""
    return _rpcs(tree.read(PROTO) or b"")


@lru_cache(maxsize=4)
def _rpcs(proto: bytes) -> tuple[str, ...]:
    code = re.sub(rb"//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?", b" ", proto)
    return tuple(match[1].decode() for match in re.finditer(rb"\brpc\s+(\w+)\s*\(", code))


def rpc_place(tree: Tree, rpc: str) -> Place:
    """Where the service has an RPC."""
    proto = tree.read(PROTO) or b""
    found = re.search(rb"(?m)^[ \t]*rpc[ \t]+%s\b" % re.escape(rpc.encode()), proto)
    return Place(PROTO, proto.count(b"\n", 0, found.start()) + 1 if found else 1)


def may_serve(tree: Tree, folders: Iterable[str], rpc: str) -> bool:
    """Whether a source below some folders gives anything the name of an RPC's method, in whatever way."""
    names = (rpc, _GO_NAMES.get(rpc, rpc), f"{rpc}Rich")
    given = re.compile(rf"\b(?:{'|'.join(names)})\s*[(=]".encode())
    for folder in folders:
        for path in tree.files(folder):
            name = path.rpartition("/")[2]
            if is_source(name) or name.endswith((".h", ".hpp", ".rs")):
                data = tree.read(path)
                if data and rpc.encode() in data and given.search(data):
                    return True
    return False


def is_source(name: str) -> bool:
    """Whether a file of this name may define methods of the server."""
    return name.endswith((".py", ".go", ".cpp", ".cc")) and not re.search(r"^test|_test\.|_pb2", name)


def served(texts: Collection[Text], rpcs: Iterable[str]) -> frozenset[str]:
    """Of some RPCs, those that the sources of a server define a method for."""
    wanted = {rpc: [text for text in texts if _has_function(text, rpc)] for rpc in rpcs}
    defining = {text.path for found in wanted.values() for text in found}
    if not defining:
        return frozenset()
    types = (b"base.", b"Servicer")
    read = (t for t in texts if t.path in defining or any(word in t.data for word in types))
    return frozenset(wanted) & {*_methods(read)}


def _has_function(text: Text, rpc: str) -> bool:
    """Whether a source may define what answers an RPC."""
    name = (_GO_NAMES.get(rpc, rpc) if text.path.endswith(".go") else rpc).encode()
    return name in text.data and re.search(re.escape(name) + rb"\s*\(", text.data) is not None


def _methods(texts: Iterable[Text]) -> Iterator[str]:
    """The methods of servers: in Python and Go by what a type inherits, in C++ by what a function gets."""
    types: dict[str, list[Type]] = {}
    for text in texts:
        if text.path.endswith(".py"):
            found = text.read(PythonSource, PythonSource.types)
        elif text.path.endswith(".go"):
            found = tuple(
                one._replace(methods=frozenset(GO_METHODS.get(name, name) for name in one.methods))
                for one in text.read(GoSource, GoSource.types)
            )
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
"""Says under which name a remote backend writes what it makes."""


def renames_outputs(tree: Tree) -> bool:
    """Whether LocalAI has a remote backend write what it makes to a file that ends in `.tmp`."""
    return b'-*.tmp"' in (tree.read(STAGING) or b"")


_FFMPEG = re.compile(rb"\"ffmpeg\"")
_NAMED = re.compile(rb"\"([^\"\n]*)\"|\b(dst|output_path|outputPath)\b|\b(nullptr|NULL)\b")
MAX_ARGUMENTS = 2000
"""Bytes of a list of arguments that are read."""


def guessed_container(text: Text) -> int | None:
    """Where a source gives ffmpeg the name of the request for its output, and names no format."""
    for start in _FFMPEG.finditer(text.data):
        format_at = output_at = -1
        for word in _NAMED.finditer(text.data, start.end(), start.end() + MAX_ARGUMENTS):
            if word[3]:
                break
            if word[1] in (b"-i", b"-f"):
                format_at, output_at = (word.start(), output_at) if word[1] == b"-f" else (-1, -1)
            elif word[2]:
                output_at = word.start()
        else:
            continue  # no list with an end
        if output_at >= 0 and format_at < 0:
            return output_at
    return None


MODEL_FOLDERS = "core/config/model_artifact_inference.go"
"""Lists the backends for which LocalAI fetches a whole repository of weights itself."""
_FOLDERS = re.compile(rb"managedArtifactBackends = map\[string\]struct\{\}\{((?:[^{}]|\{\})*)\n\}")
_LOADS_FOLDER = re.compile(rb"resolve_model_reference\(request|isdir\((?:self\.)?request\.ModelFile\b")


def fetched_as_folders(tree: Tree) -> frozenset[str]:
    """The backends for which LocalAI fetches the folder that they load; none where there is no list."""
    found = _FOLDERS.search(tree.read(MODEL_FOLDERS) or b"")
    return frozenset(re.findall(r'"([^"]+)"', found[1].decode())) if found else frozenset()


def loads_folder(text: Text) -> int | None:
    """Where a Python server takes the file of its request for a folder of weights; None where it does not."""
    for found in _LOADS_FOLDER.finditer(text.data if b"request" in text.data else b""):
        start = found.start()
        if b"#" not in text.data[text.data.rfind(b"\n", 0, start) + 1 : start]:
            return start
    return None


_LOAD = re.compile(rb"(?m)^func \([^()\n]*\) Load\((\w+) \*\w+\.ModelOptions\) error \{\r?\n")


def loads_anything(texts: Iterable[Text]) -> tuple[Text, int] | None:
    """Where a server in Go loads a model without a look at which one; None where it looks, or loads none."""
    for text in texts:
        for found in _LOAD.finditer(text.data if b"ModelOptions" in text.data else b""):
            body = text.data[found.end() : text.data.find(b"\n}", found.end() - 1)]
            code = re.sub(rb"//[^\n]*|(?m:^[ \t]*_ = \w+[ \t]*\r?$)", b"", body)
            loads = re.search(rb"\breturn[ \t]+(?!(?:fmt|errors|status)\.(?:Errorf?|New)\()", code)
            if loads and (found[1] == b"_" or not re.search(rb"\b%s\b" % found[1], code)):
                return text, found.start()
    return None
