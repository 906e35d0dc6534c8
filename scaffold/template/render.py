"""Render a backend directory from its copier template.

The only module that imports copier: the import alone costs about as much as
everything else `new-backend` does, so nothing else may pay for it.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scaffold import cage
from scaffold.resources import template_dir


@dataclass(frozen=True, slots=True)
class GeneratedFile:
    """One rendered file: path relative to the repository root, content, x bit."""

    path: str
    content: bytes
    executable: bool


def render(lang: str, answers: Mapping[str, Any]) -> list[GeneratedFile]:
    """Render the template of `lang` with `answers`; nothing is written to the repository.

    `answers` are the questions of `templates/<lang>/copier.yml`. Returns the files in
    path order, with paths relative to the root of a LocalAI checkout.
    """
    from copier import Settings, run_copy

    with cage.temporary() as root:
        run_copy(
            str(template_dir(lang)),
            root,
            data=dict(answers),
            defaults=True,
            overwrite=True,
            quiet=True,
            unsafe=False,
            settings=Settings(),
        )
        return [
            GeneratedFile(
                path=path.relative_to(root).as_posix(),
                content=path.read_bytes(),
                executable=bool(path.stat().st_mode & stat.S_IXUSR),
            )
            for path in sorted(root.rglob("*"))
            if path.is_file()
        ]
