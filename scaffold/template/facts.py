"""What a template must know of the checkout that it is rendered for."""

from __future__ import annotations

import re
from typing import Any

from scaffold.checkout.tree import Tree

GRPC_FALLBACK = "1.82.1"


def answers(tree: Tree) -> dict[str, Any]:
    """The template answers that the checkout itself gives."""
    proto = (tree.read("backend/backend.proto") or b"").decode(errors="replace")
    calls = re.findall(r"^[ \t]*rpc\s+(\w+)\s*\(\s*(?:stream\s+)?(?:\w+\.)*(\w+)", proto, re.MULTILINE)
    messages = re.split(r"^message\s+(\w+)", proto, flags=re.MULTILINE)[1:]
    fields = dict(zip(messages[::2], messages[1::2], strict=True))
    return {
        "grpcio_version": _newest_grpcio(tree),
        "python_common": [
            name.removesuffix(".py") for name in tree.list("backend/python/common") if name.endswith(".py")
        ],
        "go_module": _go_module(tree),
        "transcription_context": b"AudioTranscription(context.Context"
        in (tree.read("pkg/grpc/interface.go") or b""),
        "go_packages": [name for name in tree.list("pkg/grpc") if tree.is_dir(f"pkg/grpc/{name}")],
        "go_routes": _go_routes(tree),
        "rpcs": [rpc for rpc, _ in calls],
        "identified": [rpc for rpc, request in calls if "string ModelIdentity =" in fields.get(request, "")],
        "detect_fields": re.findall(
            r"^[ \t]+(?:repeated\s+)?\w+\s+(\w+)\s*=", fields.get("DetectOptions", ""), re.MULTILINE
        ),
        "docker_scripts": tree.list(".docker"),
        "dockerfile_rust": tree.read("backend/Dockerfile.rust") is None,
    }


def _newest_grpcio(tree: Tree) -> str:
    """The newest grpcio that a python backend of the checkout pins."""
    versions = set()
    for name in tree.list("backend/python"):
        data = tree.read(f"backend/python/{name}/requirements.txt") or b""
        versions.update(re.findall(rb"^grpcio==([\d.]+)", data, re.MULTILINE))
    newest = max((tuple(map(int, v.split(b"."))) for v in versions), default=None)
    return ".".join(map(str, newest)) if newest else GRPC_FALLBACK


def _go_routes(tree: Tree) -> list[str]:
    """The RPCs that LocalAI's server for Go backends hands on; some came later than to the protocol."""
    server = (tree.read("pkg/grpc/server.go") or b"").decode(errors="replace")
    return re.findall(r"^func \(\w+ \*server\) ([A-Z]\w*)\(", server, re.MULTILINE)


def _go_module(tree: Tree) -> str:
    match = re.search(rb"^module\s+(\S+)", tree.read("go.mod") or b"", re.MULTILINE)
    return match[1].decode() if match else "github.com/mudler/LocalAI"
