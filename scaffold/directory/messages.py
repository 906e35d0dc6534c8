"""What a Python servicer reads of its requests, beside what `backend.proto` says that they have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from scaffold.checkout.tree import Tree
from scaffold.directory.service import PROTO
from scaffold.directory.text import Text

OF_EVERY_MESSAGE = frozenset(
    {
        "ByteSize", "Clear", "ClearExtension", "ClearField", "CopyFrom", "DESCRIPTOR", "DiscardUnknownFields",
        "Extensions", "FindInitializationErrors", "FromString", "HasExtension", "HasField", "IsInitialized",
        "ListFields", "MergeFrom", "MergeFromString", "ParseFromString", "RegisterExtension",
        "SerializePartialToString", "SerializeToString", "SetInParent", "UnknownFields", "WhichOneof",
    }
)  # fmt: skip
"""What protobuf gives every message in Python."""

_COMMENT = re.compile(rb"//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?")


def without_comments(proto: bytes) -> bytes:
    """What a proto says."""
    return _COMMENT.sub(b" ", proto)


_RPC = re.compile(rb"\brpc\s+(\w+)\s*\(\s*(\w+)\s*\)")
_MESSAGE = re.compile(rb"(?m)^message\s+(\w+)\s*\{")
_FIELD = re.compile(rb"\b(\w+)\s*=\s*\d+\s*[;\[]")


def request_fields(tree: Tree) -> Mapping[str, frozenset[str]]:
    """RPC with one request -> the names in its message, those of messages and enums in it included."""
    return _request_fields(tree.read(PROTO) or b"")


@lru_cache(maxsize=4)
def _request_fields(proto: bytes) -> Mapping[str, frozenset[str]]:
    code = without_comments(proto)
    starts = [*_MESSAGE.finditer(code)]
    ends = [*(start.start() for start in starts[1:]), len(code)]
    fields = {
        start[1]: frozenset(name.decode() for name in _FIELD.findall(code, start.end(), end))
        for start, end in zip(starts, ends, strict=False)
    }
    return {rpc[1].decode(): fields[rpc[2]] for rpc in _RPC.finditer(code) if rpc[2] in fields}


_SERVICE = re.compile(rb"(?m)^[ \t]*service\s+(\w+)\s*\{")
_GENERATED = re.compile(rb"\bbackend_pb2_grpc\.(add_\w+_to_server|[A-Z][a-z]\w*)")
"""A name that the generated module has by a service; its other names are small, or large throughout."""


def unknown_names(text: Text, tree: Tree) -> Iterator[tuple[str, int]]:
    """(name, offset) of what a source takes of `backend_pb2_grpc` that no service of the proto makes."""
    services = [name.decode() for name in _SERVICE.findall(without_comments(tree.read(PROTO) or b""))]
    known = {name for s in services for name in (s, f"{s}Stub", f"{s}Servicer", f"add_{s}Servicer_to_server")}
    if not known or b"AttributeError" in text.data or b"attr(backend_pb2_grpc" in text.data:
        return
    told: set[str] = set()
    for found in _GENERATED.finditer(_blanked(text.data)):
        name = found[1].decode()
        if name not in known | told:
            told.add(name)
            yield name, found.start(1)


def _blanked(data: bytes) -> bytes:
    """A source with its comments and long texts as blanks."""
    return _TEXT.sub(lambda found: re.sub(rb"[^\n]", b" ", found[0]), data)


_TEXT = re.compile(rb"\"\"\".*?\"\"\"|'''.*?'''|(?m:^[ \t]*#[^\n]*)", re.DOTALL)
_METHOD = re.compile(rb"(?m)^([ ]+)(?:async[ ]+)?def[ ]+(\w+)\(self,[ ]*request\b")
_READ = re.compile(rb"request\.(?<![\w.]request\.)([A-Za-z_]\w*)")
_UNSURE = re.compile(
    rb"\brequest[ ]*(?::[^=\n]{1,200})?=(?!=)|\bAttributeError\b|\b[gs]etattr\(request\b|\brequest[ ]+in\b"
)


def unknown_reads(text: Text, fields: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, str, int]]:
    """(RPC, name, offset) of what a method reads of its request that the message has not, each once.

    What it asks for with `hasattr` is not there on purpose, and a method that catches the error is fine.
    """
    if b"request." in text.data and any(_unknown(text.data, fields)):
        yield from _unknown(_blanked(text.data), fields)


def methods(code: bytes) -> Iterator[tuple[str, int, int]]:
    """(name, start, end) of every method that takes one request; the span is that of what it does."""
    for method in _METHOD.finditer(code):
        after = re.compile(rb"(?m)^[ ]{0,%d}[^\s]" % len(method[1]))
        header = code.find(b"\n", method.end())
        stop = after.search(code, header) if header >= 0 else None
        yield method[2].decode(), method.end(), stop.start() if stop else len(code)


def guessed_format(text: Text) -> int | None:
    """Where the method that makes an image saves it under the name of the request and says no format."""
    if b".save(" not in text.data:
        return None
    for name, start, end in methods(text.data):
        found = _SAVED.search(text.data, start, end) if name == "GenerateImage" else None
        if found:
            return found.start(1)
    return None


_SAVED = re.compile(rb"(?m)^[ ]+(\w+\.save\((?:request\.)?dst\))")


def _unknown(code: bytes, fields: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, str, int]]:
    for rpc, start, end in methods(code):
        known = fields.get(rpc)
        if known is None:
            continue
        reads = [(read[1].decode(), read.start(1)) for read in _READ.finditer(code, start, end)]
        reads = [read for read in reads if read[0] not in known | OF_EVERY_MESSAGE]
        if not reads or _UNSURE.search(code, start, end):
            continue
        asked = {name.decode() for name in re.findall(rb"hasattr\(request, *[\"'](\w+)", code[start:end])}
        told: set[str] = set()
        for name, offset in reads:
            if name not in asked | told and not name.startswith("__"):
                told.add(name)
                yield rpc, name, offset
