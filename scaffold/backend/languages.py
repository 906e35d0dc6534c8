"""The languages of backends: one row says what kinds there are, and where they lie."""

from __future__ import annotations

KINDS: dict[str, tuple[str, ...]] = {
    "python": ("plain",),
    "go": ("pure", "purego"),
    "cpp": ("grpc", "llama-fork"),
    "rust": ("tonic",),
}
"""Kinds of each language, the default first; a Go backend with an upstream is purego by default."""

NATIVE = tuple(lang for lang in KINDS if lang != "python")
"""The languages that are compiled."""

FOLDER = rf"backend/(?:{'|'.join(KINDS)})/"
"""A pattern for what stands before a backend's name in the path of its directory."""
