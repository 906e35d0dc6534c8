"""The site: `make site` builds it with Sphinx, from the same pages that are read on GitHub."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from scaffold import __version__

project = "scaffold"
author = "the scaffold authors"
project_copyright = author
release = version = __version__

extensions = ["myst_parser"]
exclude_patterns = ["_static"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 3
suppress_warnings = ["toc.not_included"]  # the pages of rules and commands are in their tables
highlight_language = "none"

html_theme = "furo"
html_title = f"scaffold {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["rules.js"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "source_repository": "https://github.com/localai-scaffold/scaffold",
    "source_branch": "main",
    "source_directory": "docs/",
}

OUTSIDE = ("SECURITY", "CHANGELOG", "CONTRIBUTING")
"""Files beside the README that are pages of the site."""


IMAGE = r"""
```{image} \2
:alt: \1
:class: only-\3
```
"""
"""A picture for one kind of light, as the theme knows it."""


def setup(app: Any) -> None:
    app.connect("source-read", _read)


def _read(app: Any, name: str, source: list[str]) -> None:
    """A page as the site has it: what lies outside of docs/ is one of its own, a rule has its incidents."""
    if name in {outside.lower() for outside in OUTSIDE}:
        text = Path(app.srcdir, "..", f"{name.upper()}.md").read_text(encoding="utf-8")
        source[0] = text.replace("](docs/", "](")
    if name.startswith("rules/"):
        source[0] += _incidents(Path(app.srcdir, "evidence-pipeline.md"), name.removeprefix("rules/"))
    source[0] = re.sub(r"!\[(.*?)\]\((.*?)#gh-(light|dark)-mode-only\)", IMAGE, source[0])
    for outside in OUTSIDE:
        source[0] = re.sub(rf"\]\((\.\./)*{outside}\.md", f"](/{outside.lower()}.md", source[0])


def _incidents(page: Path, rule: str) -> str:
    """Where a rule comes from, as the rows of the evidence have it."""
    rows = re.findall(rf"(?m)^\| {rule} \| ([^|]+) \| ([^|]+) \|[^|]+\|[^|]+\| ([^|]+) \|$", page.read_text())
    if not rows:
        return ""
    told = [f"- {repository}, repaired by {repair}: {what}" for repository, repair, what in rows]
    told = [line.replace("repaired by later", "repaired later") for line in told]
    return "\n".join(["", "## Incidents", "", *told, "", "[All of them](../evidence-pipeline.md)", ""])
