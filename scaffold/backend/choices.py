"""The answers of which there are few: one table each."""

from __future__ import annotations

from typing import Literal

Lang = Literal["python", "go", "cpp", "rust"]
"""The language of a backend, and the folder of `backend/` that holds it."""

KINDS: dict[str, tuple[str, ...]] = {
    "python": ("plain",),
    "go": ("pure", "purego"),
    "cpp": ("grpc", "llama-fork"),
    "rust": ("tonic",),
}
"""Kinds of each language, the default first; a Go backend with an upstream is purego by default."""

NATIVE = tuple(lang for lang in KINDS if lang != "python")
"""The languages that are compiled."""

Channel = Literal["latest", "master"]
"""The first part of an image's tag: built from a release, or from master."""

IMPORTS = ("auto", "pref-only", "none")
"""How a model finds a backend."""

DROP_IN = "drop-in:"
"""What stands before the backend whose importer offers a new one in that one's place."""
