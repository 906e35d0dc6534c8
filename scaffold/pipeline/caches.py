"""Caches: the actions that save and restore them, and what a build names as its cache."""

from __future__ import annotations

SAVE = "actions/cache/save"
RESTORE = "actions/cache/restore"
BOTH = "actions/cache"
