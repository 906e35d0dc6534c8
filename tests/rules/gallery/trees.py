"""Altered galleries."""

from __future__ import annotations

from tests.rules.trees import MINIATURE, Altered, item

HARDWARE = """package system

const (
	fallback = "default"
	nvidia = "nvidia"
	amd = "amd"
	intel = "intel"
	metal = "metal"
	vulkan = "vulkan"
	cuda12 = "nvidia-cuda-12"
	cuda13 = "nvidia-cuda-13"
	jetson = "nvidia-l4t"

	backendTokenMetal = "metal"
	backendTokenHIP = "hip"
)

func served(keys map[string]string) string { return keys["cpu"] }
"""

ROOKERY, ROOKERY_DEV = item("rookery"), item("rookery-development")
LARK, LARK_DEV = item("lark"), item("lark-development")
KESTREL, KESTREL_DEV = item("cpu-kestrel"), item("cpu-kestrel-development")
META, DEV = '  name: "{}"', '  name: "{}-development"'


def in_both(name: str, *pairs: tuple[str, str], of: Altered = MINIATURE) -> Altered:
    """A meta and its development twin altered alike."""
    twin = tuple((a.replace('"\n', '-development"\n'), b.replace('"\n', '-development"\n')) for a, b in pairs)
    return of.edit_in(item(name), *pairs).edit_in(item(f"{name}-development"), *twin)
