"""Which files a check may open, as patterns: what readers look for, and what those files name."""

from __future__ import annotations

import posixpath
import re
from functools import cache

from scaffold.checkout.tree import WorkTree
from scaffold.directory.service import MODEL_FOLDERS, STAGING
from scaffold.registry import Registry
from scaffold.resources import miniature_dir
from scaffold.rules.importers.offers import WORKERS
from scaffold.rules.suppressions import PATH as SETTINGS
from scaffold.surfaces.base import FileSurface
from scaffold.surfaces.downloader import PATH as DOWNLOADER
from scaffold.surfaces.models import INSTALLING
from scaffold.surfaces.test_jobs import SUITE
from scaffold.surfaces.use_cases import MODEL_CONFIG

TYPES = (
    "core/config", "core/schema", "pkg/downloader", "pkg/functions", "pkg/modelartifacts", "pkg/reasoning",
)  # fmt: skip
"""Packages whose types a model's configuration is made of."""
FOLDERS = ("backend", ".docker", ".github", "scripts", "gallery", WORKERS, posixpath.dirname(SUITE), *TYPES)
"""Folders whose files are opened because others name them."""
FILES = (SETTINGS, DOWNLOADER, MODEL_CONFIG, INSTALLING, MODEL_FOLDERS, STAGING)
"""What is read and registers no backend."""
NAMED = ("**/Dockerfile*", "**/*.sh")
"""What workflows and Dockerfiles name, wherever it is."""


@cache
def watched() -> tuple[str, ...]:
    """The patterns, in the language of GitHub's path filters, sorted.

    They are those of the miniature's readers: what each looks for there is what it looks for anywhere.
    """
    registry = Registry(WorkTree(miniature_dir()))
    places = {*FILES, *(part.path for reader in registry.readers for part in reader.parts)}
    for surface in registry.surfaces:
        places.update(surface.paths if isinstance(surface, FileSurface) else ())
    folders = {*FOLDERS, *filter(registry.tree.is_dir, places)}
    below = tuple(f"{folder}/" for folder in folders)
    files = {place for place in places - folders if not place.startswith(below)}
    return tuple(sorted({*NAMED, *files, *(f"{folder}/**" for folder in folders)}))


def expression() -> str:
    """The same as one regular expression, as pre-commit's `files` takes it."""
    return f"^({'|'.join(map(_expression, watched()))})"


def _expression(pattern: str) -> str:
    if pattern.endswith("/**"):
        return re.escape(pattern.removesuffix("**"))
    name = pattern.removeprefix("**/")
    text = re.escape(name).replace(r"\*", "[^/]*")
    return f"{'(.*/)?' if name != pattern else ''}{text}$"
