"""What the server of a backend does for models."""

from __future__ import annotations

import re

from scaffold.directory.service import service_rpcs
from scaffold.registry import Registry

WITHOUT_USE_CASE = re.compile(
    r"Health|Free|Status|LoadModel|ModelMetadata|GetMetrics|Forward|(?:De)?[Tt]okenize\w*|Stores\w+"
    r"|Audio(?:En|De)code|\w*?(?:FineTun|Quantiz|Export|Checkpoint)(?s:.*)"
)
"""RPCs that no use case of a model is about: the process itself, stores, codecs, training."""


def is_proxy(registry: Registry, name: str) -> bool:
    """Whether a backend hands requests on to servers elsewhere: it has no models of its own."""
    return bool(registry.files(name).serves(["Forward"]))


def served_by(registry: Registry, name: str) -> list[str]:
    """The RPCs with a use case that a backend's own server defines."""
    rpcs = {rpc for rpc in service_rpcs(registry.tree) if not WITHOUT_USE_CASE.fullmatch(rpc)}
    return sorted(registry.files(name).serves(rpcs))
