"""One process at a time writes into a checkout."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from scaffold.errors import BusyError, WriteError

NAME = "scaffold-lock"
PATIENCE = 0.5
"""Seconds for which a writer waits for another one to end."""

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_UNKNOWN = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}
"""What a file system answers that has no locks: there, nobody is kept out."""


@contextmanager
def locked(folder: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Keep every other process from what `folder` stands for; the lock ends with the process, however.

    Raises BusyError where another process has it for longer than `patience` seconds, WriteError where
    the folder cannot be written.
    """
    try:
        lock = _lock(folder, time.monotonic() + patience)
    except OSError as error:
        raise WriteError(
            f"{folder / NAME} cannot be written: {error.strerror}; nothing was changed"
        ) from error
    try:
        yield
    finally:
        with suppress(OSError):
            (folder / NAME).unlink()
        os.close(lock)


def _lock(folder: Path, end: float) -> int:
    """A descriptor that holds the lock."""
    while True:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / NAME, _FLAGS, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            status = os.fstat(lock)
            if status.st_nlink > 1 or not stat.S_ISREG(status.st_mode):
                raise OSError(errno.EMLINK, "it is no file of its own")
            if status.st_nlink:
                os.ftruncate(lock, 0)
                os.write(lock, b"%d\n" % os.getpid())
                return lock
        except BlockingIOError:
            if time.monotonic() > end:
                raise BusyError(_told(lock)) from None
            time.sleep(PATIENCE / 10)
        except OSError as error:
            if error.errno in _UNKNOWN:
                return lock
            os.close(lock)
            raise
        os.close(lock)  # its owner has deleted it, or still has it


def busy(folder: Path) -> str:
    """What to say of a process that has the lock; "" where none has it. Nothing is written."""
    try:
        lock = os.open(folder / NAME, _READ)
    except OSError:
        return ""
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _told(lock)
    except OSError:
        return ""
    finally:
        os.close(lock)
    return ""


def _told(lock: int) -> str:
    owner = os.read(lock, 20).strip().decode(errors="replace")
    return "another scaffold is writing here" + (f" (pid {owner})" if owner.isdigit() else "")
