"""Workflows of a repository that has nothing else."""

from __future__ import annotations

from pathlib import Path

from scaffold.checkout.tree import Overlay, Tree, WorkTree

W = ".github/workflows/"


def tree(**files: str) -> Tree:
    """Workflows by name, in a repository that has nothing else."""
    texts = {f"{W}{name}.yml": text.encode() for name, text in files.items()}
    return Overlay(WorkTree(Path("/nonexistent")), dict(texts))
