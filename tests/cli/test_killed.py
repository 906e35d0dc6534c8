"""Commands that write and are killed meanwhile leave the old tree or the new one, once another one has looked."""

from __future__ import annotations

import shutil
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from scaffold.checkout.journal import Journal, unfinished, writing
from scaffold.cli.main import main
from tests import faults
from tests.cli.test_links import COMMANDS, checkout, look

POINTS = 6


@pytest.mark.parametrize("command", COMMANDS)
def test_a_killed_command_leaves_the_old_tree_or_the_new_one(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "first").mkdir()
    first = checkout(tmp_path / "first", command)
    root = tmp_path / "LocalAI"

    def run() -> None:
        monkeypatch.setattr(sys, "argv", ["scaffold", *COMMANDS[command], "--repo", str(root)])
        with suppress(SystemExit):
            main()

    shutil.copytree(first, root, symlinks=True)
    before = look(root)
    calls: list[str] = []
    with faults.watched(lambda _, arguments: calls.append(str(arguments[0]))):
        run()
    after = look(root)
    assert after != before
    begin = next(n for n, path in enumerate(calls) if path.endswith("plan.json.part"))
    end = len(calls) - calls[::-1].index("plan.json")  # where it is forgotten
    seen = []
    for point in range(POINTS):
        shutil.rmtree(root)
        shutil.copytree(first, root, symlinks=True)
        assert faults.dies_at(begin + (end - begin) * point // (POINTS - 1), run)
        seen += [look(root)] if unfinished(root) else []
        with writing(root) as journal:
            journal.recover()
        assert look(root) in (before, after)
        assert not Journal(root).folder.exists()
    assert any(tree not in (before, after) for tree in seen), "it was never killed half-way"
