"""Writing below a door so that each file is there whole or not at all.

Every function raises OSError with the path that it failed at, and ShapeError for one that leads elsewhere.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from scaffold.checkout.door import Door, require_inside

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def write(door: Door, path: str, content: bytes, mode: int = 0o600) -> None:
    """Write a new file that outlives a power cut, in a folder that is made if need be.

    Whatever is at its path already is an error, a link too.
    """
    with _in(door, path, make=True) as (folder, name):
        descriptor = os.open(name, _NEW, 0o600, dir_fd=folder)
        try:
            left = memoryview(content)
            while left:
                left = left[os.write(descriptor, left) :]
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def move(door: Door, part: str, path: str) -> None:
    """Let a file take the place of another one of its folder, or become it."""
    with _in(door, path) as (folder, name):
        os.replace(part.rpartition("/")[2], name, src_dir_fd=folder, dst_dir_fd=folder)


def remove(door: Door, path: str) -> None:
    """Delete a file."""
    with _in(door, path) as (folder, name):
        os.unlink(name, dir_fd=folder)


def remove_if_there(door: Door, path: str) -> None:
    """Delete a file where there is one."""
    with suppress(FileNotFoundError, NotADirectoryError):
        remove(door, path)


def make_folder(door: Door, folder: str) -> None:
    """Make a folder where there is none, and those above it."""
    with door.entered(folder, make=True):
        pass


def remove_folder(door: Door, folder: str) -> bool:
    """Delete a folder; False where it holds something."""
    try:
        with _in(door, folder) as (parent, name):
            os.rmdir(name, dir_fd=parent)
    except FileNotFoundError:
        pass
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
            raise
        return False
    return True


def remove_empty(door: Door, folder: str) -> None:
    """Delete an empty folder, and those above it that it leaves empty; never the root."""
    while folder and remove_folder(door, folder):
        folder = folder.rpartition("/")[0]


@contextmanager
def _in(door: Door, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
    """The descriptor of the folder that holds a path, and the name in it; errors get the path."""
    folder, _, name = path.rpartition("/")
    require_inside(path)
    with door.entered(folder, make=make) as descriptor:
        try:
            yield descriptor, name
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from None
