"""Where the files that ship with the package are: templates and the miniature LocalAI."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def template_dir(lang: str) -> Path:
    """Folder of the copier template for `lang` (inside a wheel, or the checkout's top level)."""
    installed = _PACKAGE / "templates" / lang
    return installed if installed.is_dir() else _PACKAGE.parent / "templates" / lang


def miniature_dir() -> Path:
    """Folder of the miniature LocalAI that ships with the package."""
    return _PACKAGE / "miniature"
