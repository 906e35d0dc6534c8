"""A Rust backend: its implementations of the gRPC service."""

from __future__ import annotations

from scaffold.directory.text import Text
from scaffold.syntax.rust import Implementation, RustSource

TRAIT = "Backend"
"""What tonic makes of the service; the trait has no default methods."""


def services(text: Text) -> tuple[Implementation, ...]:
    """What implements the service in a source."""
    if b"impl" not in text.data or TRAIT.encode() not in text.data:
        return ()
    return text.read(RustSource, lambda source: source.implementations(TRAIT))


def generates_stubs(build: Text | None) -> bool:
    """Whether build.rs may ask tonic for the methods that are not written."""
    method = "generate_default_stubs"
    if build is None or method.encode() not in build.data:
        return False
    return any(given != "false" for given in build.read(RustSource, lambda source: source.arguments(method)))
