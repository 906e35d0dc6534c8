"""What registries send: manifests, lists of them and configurations. Strangers wrote all of them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

LISTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
CONFIGS = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)
"""Media types of an image's configuration; a manifest with another is a chart or the like."""
_FIRST_YEAR = 2013
"""Images are no older: a year before it means that the builder wrote none."""


class Child(NamedTuple):
    """An image of a list."""

    platform: str
    """`linux/arm64`."""
    digest: str


class Manifest(NamedTuple):
    """One image."""

    config: str
    """Digest of its configuration."""
    config_type: str
    size: int
    """Compressed bytes that a pull takes."""


class Config(NamedTuple):
    """What an image says of itself."""

    platform: str
    created: datetime | None


def is_digest(text: str) -> bool:
    """Whether a text is a digest that can be verified; it is safe in a path then."""
    return re.fullmatch(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}", text) is not None


def digest(data: bytes, algorithm: str) -> str:
    """The digest of some bytes by `sha256` or `sha512`."""
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def parsed(data: bytes) -> dict[str, Any] | None:
    """A document; None where the bytes are none."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def children(document: dict[str, Any]) -> list[Child] | None:
    """The images of a list, the first for each platform, without attestations; None for what is no list."""
    if not isinstance(document.get("manifests"), list):
        return None
    found: dict[str, Child] = {}
    for entry in _items(document, "manifests"):
        described = entry.get("platform")
        platform = _platform(described) if isinstance(described, dict) else ""
        digest = _text(entry, "digest")
        if platform and is_digest(digest) and _text(entry, "mediaType") not in LISTS:
            found.setdefault(platform, Child(platform, digest))
    return list(found.values())


def manifest(document: dict[str, Any]) -> Manifest | None:
    """One image; None for what is none."""
    config = document.get("config")
    if not isinstance(config, dict) or not is_digest(_text(config, "digest")):
        return None
    sizes = (part.get("size") for part in (config, *_items(document, "layers")))
    size = sum(size for size in sizes if isinstance(size, int) and size > 0)
    return Manifest(_text(config, "digest"), _text(config, "mediaType"), size)


def config(document: dict[str, Any]) -> Config:
    """The configuration of an image."""
    try:
        created = datetime.fromisoformat(_text(document, "created"))
        created = created.astimezone(UTC) if created.tzinfo else created.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return Config(_platform(document), None)
    return Config(_platform(document), created if created.year >= _FIRST_YEAR else None)


def _platform(described: dict[str, Any]) -> str:
    """`linux/arm64`; "" where it is not known."""
    words = [_text(described, key) for key in ("os", "architecture")]
    return "" if "unknown" in words or not all(words) else "/".join(words)


def _items(document: dict[str, Any], key: str) -> Iterator[dict[str, Any]]:
    found = document.get(key)
    return (item for item in found if isinstance(item, dict)) if isinstance(found, list) else iter(())


def _text(document: dict[str, Any], key: str) -> str:
    found = document.get(key)
    return found if isinstance(found, str) else ""
