"""Processes that die, and disks that fail, at any call that changes something on the disk."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CHANGING = ("open", "mkdir", "write", "fchmod", "ftruncate", "fsync", "replace", "unlink", "rmdir")


@contextmanager
def watched(before: Callable[[str, tuple[Any, ...]], None]) -> Iterator[None]:
    """Tell `before` the name and arguments of every such call."""

    def watching(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(*arguments: Any, **named: Any) -> Any:
            if name != "open" or arguments[1] & os.O_CREAT:
                before(name, arguments)
            return real(*arguments, **named)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in CHANGING:
            patch.setattr(os, name, watching(name))
        yield


def dies_at(number: int, action: Callable[[], object]) -> bool:
    """Whether a process that does something is killed at its call of that number, halfway if it writes.

    False where it has done everything before.
    """
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    calls = []
    write = os.write

    def deadly(name: str, arguments: tuple[Any, ...]) -> None:
        calls.append(name)
        if len(calls) == number:
            if name == "write":
                write(arguments[0], arguments[1][: len(arguments[1]) // 2])
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        with watched(deadly):
            action()
    finally:
        os._exit(0)


@contextmanager
def failing_from(number: int, error: int, *, once: bool = False) -> Iterator[list[str]]:
    """A disk whose calls fail from the one of that number on, or only that one.

    Yields the names of the calls that failed.
    """
    calls: list[str] = []
    failed: list[str] = []

    def fail(name: str, arguments: tuple[Any, ...]) -> None:
        calls.append(name)
        if len(calls) == number or (len(calls) > number and not once):
            failed.append(name)
            raise OSError(error, os.strerror(error))

    with watched(fail):
        yield failed
