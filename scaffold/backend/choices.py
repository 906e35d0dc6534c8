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

LANG_WORDS = {
    "python": "an engine that is a Python package",
    "go": "all Go, or a native library that Go loads",
    "cpp": "a server in C++ around a C or C++ engine",
    "rust": "a server in Rust around a crate",
}
"""What a backend of a language is."""

KIND_WORDS = {
    "plain": "a Python package behind a gRPC server",
    "pure": "all Go, no native library",
    "purego": "a native library with a C ABI, loaded at run time",
    "grpc": "a gRPC server of its own around a C or C++ engine",
    "llama-fork": "the llama-cpp backend compiled against a fork of llama.cpp",
    "tonic": "a Rust engine behind a tonic server",
}
"""What a kind is."""

NATIVE = tuple(lang for lang in KINDS if lang != "python")
"""The languages that are compiled."""

Channel = Literal["latest", "master"]
"""The first part of an image's tag: built from a release, or from master."""

IMPORT_WORDS = {
    "auto": "an importer recognises its models, with a test",
    "pref-only": "who imports a model chooses it in the form",
    "none": "its models are not imported",
}
"""How a model finds a backend."""

IMPORTS = tuple(IMPORT_WORDS)

DROP_IN = "drop-in:"
"""What stands before the backend whose importer offers a new one in that one's place."""

LENDER = "llama-cpp"
"""The backend whose server a fork of llama.cpp builds."""

ASKED = {
    "name": "Name of the backend, as model configurations will spell it",
    "lang": "Language",
    "modality": "What is it for?",
    "upstream": "Engine on GitHub, OWNER/REPO or its address; empty for none",
    "kind": "Kind of backend",
    "branch": "Branch of the engine that LocalAI follows",
    "pin": "Commit to pin, 40 hexadecimal digits",
    "ggml": "Is the engine on ggml? Then it is built for several kinds of CPU",
    "shim": "Put a C interface before the engine? Say no where it exports one itself",
    "prebuilt": "Compile on the image with gRPC that LocalAI's CI has made before?",
    "variants": "Platforms to build for",
    "imports": "How does a model find it?",
    "summary": "One sentence about the backend; may stay empty",
    "license": "License of the engine, as SPDX names it; may stay empty",
    "url": "Home page of the engine",
}
"""Answer -> how it is asked for, by the wizard and by the templates."""
