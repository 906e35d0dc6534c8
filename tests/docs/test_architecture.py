"""What the page of the architecture says of the files is so."""

from __future__ import annotations

import re

from tests.docs import PROJECT

UNSAID = {"__init__.py", "__pycache__", "py.typed"}


def test_the_layout_is_the_folder_list() -> None:
    layout = (PROJECT / "docs/architecture.md").read_text().partition("## The files")[2]
    named = re.findall(r"(?m)^([\w./-]+)  +\S", layout)
    files = (path for path in (PROJECT / "scaffold").iterdir() if path.name not in UNSAID)
    there = {f"scaffold/{path.name}{'/' if path.is_dir() else ''}" for path in files}
    assert {name for name in named if name.startswith("scaffold/")} == there
    assert [name for name in named if not (PROJECT / name).exists()] == []
    assert len(named) == len({*named})


def test_no_module_has_more_lines_than_one_reads_at_a_time() -> None:
    modules = (path for path in (PROJECT / "scaffold").rglob("*.py") if "miniature" not in path.parts)
    lines = {str(path): path.read_text(encoding="utf-8").count("\n") for path in modules}
    assert [path for path, count in lines.items() if count > 400] == []
