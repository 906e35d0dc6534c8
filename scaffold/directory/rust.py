"""A Rust backend: its implementation of the service."""

from __future__ import annotations

import re
from typing import NamedTuple

from scaffold.directory.text import Text, blank_c_comments
from scaffold.syntax.source import Place


class RustService(NamedTuple):
    """A tonic service: `impl Backend for ...`."""

    place: Place
    methods: frozenset[str]
    complete: bool
    """Whether missing methods are generated, by tonic or by a macro in the block."""


_DEFAULT_STUBS = re.compile(rb"generate_default_stubs\s*\(\s*true")


def generates_stubs(build: Text | None) -> bool:
    """Whether build.rs asks tonic for the methods that are not written."""
    return build is not None and _DEFAULT_STUBS.search(blank_c_comments(build.data)) is not None


_RUST_SERVICE = re.compile(rb"\bimpl\s+(?:\w+::)*Backend\s+for\s+[\w:]++[^{;]{0,500}\{")
_RUST_METHOD = re.compile(rb"\bfn\s+(\w+)")
_RUST_MACRO = re.compile(rb"(?m)^[ \t]{0,4}\w+![ \t]*[{(\[]")


def service(text: Text) -> RustService | None:
    """The implementation of the gRPC service, if a source holds it."""
    if b"Backend for" not in text.data:
        return None
    code = blank_c_comments(text.data)
    head = _RUST_SERVICE.search(code)
    if head is None:
        return None
    end = code.find(b"\n}", head.end())
    block = code[head.end() : end if end >= 0 else len(code)]
    methods = frozenset(m[1].decode() for m in _RUST_METHOD.finditer(block))
    return RustService(text.place(head.start()), methods, _RUST_MACRO.search(block) is not None)
