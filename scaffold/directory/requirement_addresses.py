"""Addresses in requirements files that lead nowhere: folders that PyTorch has not, hosts misspelt."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from scaffold.backend.near import is_near

_PYTORCH = re.compile(r"https?://download\.pytorch\.org/([^?#]+)")
_HOST = re.compile(r"://(?:[^/@]*@)?([^/:?#]+)")
_OF_TOOLKIT = re.compile(r"(?:cu|cuda|rocm)[-_]?[\d.]*")
"""What is meant for the folder of a toolkit's release."""
_RELEASE = re.compile(r"cu(?:[7-9]\d|1\d\d)|rocm(?:[3-9]|\d\d)(?:\.\d+){1,2}")
"""How PyTorch calls it: with the minor number."""
_CHANNELS = ("nightly", "test")
_DEVICES = ("cpu", "xpu")
_OTHERS = ("libtorch",)
"""Folders that have releases for toolkits as well; none is an index."""

SEVERAL = 3
"""So many files name a host that is usual."""


def wrong_folder(address: str) -> str:
    """The folder of an address that PyTorch's index does not have; "" where it has it, or nobody knows."""
    found = _PYTORCH.fullmatch(address)
    if not found:
        return ""
    root, *inner = found[1].rstrip("/").split("/")
    if root != "whl":
        is_release = bool(inner) and (_RELEASE.fullmatch(inner[-1]) is not None or inner[-1] in _DEVICES)
        return root if inner and (is_near(root, "whl") or (is_release and root not in _OTHERS)) else ""
    if len(inner) > 1:
        channel = inner.pop(0)
        if any(is_near(channel, one) for one in _CHANNELS) and channel not in _CHANNELS:
            return channel
    folder = inner[0] if len(inner) == 1 else ""
    if _OF_TOOLKIT.fullmatch(folder):
        return "" if _RELEASE.fullmatch(folder) else folder
    return folder if folder not in _DEVICES and any(is_near(folder, one) for one in _DEVICES) else ""


def host(address: str) -> str:
    """The host of an address; "" where it has none."""
    found = _HOST.search(address)
    return found[1].lower() if found else ""


def usual_host(name: str, named: Mapping[str, int]) -> str:
    """The host that is meant by one which a single file names: a letter away, and named by several; or ""."""
    if named.get(name, 0) > 1:
        return ""
    return next((one for one, count in named.items() if count >= SEVERAL and is_near(name, one)), "")


def is_known_there(address: str, meant: str, known: Collection[str]) -> bool:
    """Whether other files name what an address says on the host that is meant."""
    return address.replace(host(address), meant, 1) in known
