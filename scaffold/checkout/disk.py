"""Writing files so that each is there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def read_bytes(path: Path) -> bytes | None:
    """The content of a file; None where there is none."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def digest(content: bytes) -> str:
    """A content's name in the journal."""
    import hashlib

    return hashlib.sha256(content).hexdigest()


def write_durably(path: Path, content: bytes) -> None:
    """Write a file that outlives a power cut."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def mode_of(path: Path) -> int:
    """The permissions of a file."""
    return path.stat().st_mode & 0o777


def write_atomically(path: Path, content: bytes, mode: int | None) -> None:
    """Replace or create `path`; `mode` is None where the present one stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(path)
    try:
        write_durably(part, content)
        part.chmod(mode_of(path) if mode is None else mode)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def remove(path: Path, root: Path) -> None:
    """Delete a file, and the folders below `root` that it leaves empty."""
    path.unlink()
    remove_empty_parents(path.parent, root)


def part_of(path: Path) -> Path:
    """Where the new content of a file is written before it takes the file's place."""
    return path.with_name(f".{path.name}.scaffold-part")


def remove_empty_parents(folder: Path, root: Path) -> None:
    """Delete an empty folder below `root`, and those above it that it leaves empty."""
    while folder != root and folder.is_relative_to(root):
        try:
            folder.rmdir()
        except FileNotFoundError:
            pass
        except OSError:
            return
        folder = folder.parent


def set_folder(folder: Path, there: bool, root: Path) -> None:
    """Make an empty folder, or delete it."""
    if there:
        folder.mkdir(parents=True, exist_ok=True)
    else:
        remove_empty_parents(folder, root)
