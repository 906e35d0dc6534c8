"""Real engines in generated backends: what they change, and what the documentation says of it."""

from __future__ import annotations

import pytest

from evidence import engines

ENGINES_OWN = {
    "go": {"engine.go", "Makefile"},
    "cpp": {"engine.h", "engine.cpp", "Makefile"},
    "python": {"engine.py", "requirements.txt"},
    "rust": {"src/engine.rs", "Cargo.toml"},
}
"""The engine, its model's check, what is linked and what is required."""


@pytest.mark.parametrize("engine", engines.ENGINES, ids=lambda engine: str(engine.lang))
def test_no_plumbing_changes(engine: engines.Engine) -> None:
    changes = {file: (came, went) for file, came, went in engines.differences(engine)}
    assert set(changes) == ENGINES_OWN[engine.lang]
    assert all(went <= 2 for file, (_, went) in changes.items() if "engine" not in file), changes
    assert "TODO" not in "".join(engine.changed().values())


def test_the_page_has_todays_tables() -> None:
    text = engines.PAGE.read_text(encoding="utf-8")
    for _, make in engines.TABLES:
        assert make() in text, "stale: run `python evidence/engines.py --write`"
