"""The cage: a command runs in a child process with hard limits, and its parent only waits.

What a checkout holds is a stranger's, and what reads it is in good part C: parsers, a JavaScript engine.
They may loop, take all memory or crash where no exception can be caught. So the kernel counts the
processor time, the memory and the wall clock of the child and ends it; the parent, which has read
nothing, says which file was looked at. One limit for everything is simpler than one for each parser, and
costs one fork of a process that has imported nothing yet.

The limits are soft, so that the child can begin a new count where a person was waited for. What processes
that it starts take (git, the second one of a check) counts as its own. Where the system has no fork,
there is no cage; macOS has no limit on memory.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from scaffold.errors import ShapeError, WriteError

if TYPE_CHECKING:
    import mmap

MEMORY_BYTES = 340 << 20
"""Private memory of a command; a check of LocalAI takes 90 MB, planning all its fixes 140 MB."""
HELPER_BYTES = 96 << 20
"""The same for a process that it starts; git takes 20 MB for LocalAI."""
LAST_BYTES = 16 << 20
PATIENCE = 300
"""Seconds of wall clock for a command: of waiting, since computing is limited much earlier."""
SETTING = "SCAFFOLD_SECONDS"
"""Environment variable with the processor time that a command may take, for slow machines."""
DEFAULT_SECONDS = 12
"""Processor time for a command; those on LocalAI take between 0.2 and 1.7 s, on a busy machine up to 6 s."""
MOST_SECONDS = 100_000
"""More than a day; what waits for git counts milliseconds in 31 bits."""
UNKNOWN = "the checkout"
"""What is named where no file is known."""
ADVICE = f"on a slow or busy machine {SETTING}=60 raises the limit"
LIMITS = {
    signal.SIGXCPU: f"took more than {{seconds}} s of processor time, which no honest file does; {ADVICE}",
    signal.SIGALRM: f"took more than {PATIENCE} s",
}
CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE, signal.SIGTRAP)
PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""A terminal sends these to both processes; who sends one to the parent alone means the command."""

_NOTE_BYTES = 1024
_LARGEST = 2 * _NOTE_BYTES
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_TOKEN = os.urandom(8).hex()
"""What nobody can foretell."""

_end = 0
"""Processor time at which this process ends, that of its children included; 0 for no limit."""
_page: mmap.mmap | None = None
"""Shared with the parent: what each of at most two processes looks at, and the largest file."""
_slot = 0
_largest = 0, UNKNOWN


class Ended(NamedTuple):
    """A command that a limit or a crash has ended."""

    number: signal.Signals
    path: str
    """What it looked at last; "" where that is not known."""
    largest: str = ""
    """The largest file that it had read: what took the time may come long after the reading."""

    @property
    def error(self) -> ShapeError:
        """What happened, and to which file."""
        return ShapeError(self.path or UNKNOWN, None, self._problem)

    @property
    def _problem(self) -> str:
        limit = LIMITS.get(self.number)
        if limit:
            known = self.largest not in ("", self.path)
            largest = f" (the largest file that was read is {self.largest})" if known else ""
            return f"reading it {limit.format(seconds=seconds())}{largest}"
        if self.number is signal.SIGKILL:
            return f"reading it was ended from outside ({self.number.name}), perhaps because memory ran out"
        why = "it is no such file, takes too much memory, or its reader has a bug"
        return f"reading it crashed ({self.number.name}): {why}"


def seconds() -> int:
    """The processor time that a command may take."""
    given = os.environ.get(SETTING, "")
    if not (given.isascii() and given.isdigit()):
        return DEFAULT_SECONDS
    return max(int(given), 1) if len(given) < len(str(MOST_SECONDS)) else MOST_SECONDS


def left() -> float:
    """Seconds of processor time that are left; those of a whole command where there is no limit."""
    return _end - spent() if _end else seconds()


def run(command: Callable[[], int]) -> int | Ended:
    """The exit code of a command that runs in the cage, or how it ended without one.

    A signal that somebody sent to end the command ends this process in the same way.
    """
    if not hasattr(os, "fork"):
        return command()
    import mmap

    global _page  # noqa: PLW0603 - one process is in one cage
    _page = mmap.mmap(-1, 3 * _NOTE_BYTES)
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    child = os.fork()
    if not child:
        code = 70
        try:
            _enter()
            code = command()
        finally:
            os._exit(code)
    for passed_on in PASSED_ON:
        signal.signal(passed_on, lambda number, _: os.kill(child, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        return os.waitstatus_to_exitcode(status)
    number = signal.Signals(os.WTERMSIG(status))
    _end_orphans()
    _forget(child)
    if number in LIMITS or number in CRASHES or number == signal.SIGKILL:
        return Ended(number, _read(0), _read(_LARGEST))
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    return 128 + number


def _enter() -> None:
    import resource

    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _interrupt)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    _end_with_parent()
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_DATA, MEMORY_BYTES)
    renew()


def _limit(kind: int, limit: int) -> None:
    import resource

    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (_below(limit, hard), hard))


def _below(limit: int, hard: int) -> int:
    """A limit that a process may have."""
    return min(filter(lambda one: one >= 0, (limit, hard)), default=hard)  # infinity is -1


def _interrupt(number: int, _: object) -> None:
    """The first interrupt counts; the parent passes on another one."""
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _end_with_parent() -> None:
    """A parent that is killed takes this process along: nobody is left who knows that it writes."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _end_orphans() -> None:
    """End what a command had started that could not end it any more, such as a git that waits for a pipe."""
    with suppress(OSError):
        while orphans := Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
            for orphan in map(int, orphans):
                os.kill(orphan, signal.SIGKILL)
                os.waitpid(orphan, 0)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value)


def renew() -> None:
    """Begin a new count of processor time and wall clock: a person was waited for."""
    global _end  # noqa: PLW0603
    if _page is not None:
        _end = int(spent() + 0.8) + seconds()  # the kernel counts whole seconds
        count()
        signal.alarm(PATIENCE)


def spent() -> float:
    """Seconds of processor time that this process has taken, and those of its children that have ended."""
    children = os.times()
    return time.process_time() + children.children_user + children.children_system


def count() -> None:
    """What processes took that have ended is counted from now on."""
    if _end:
        import resource

        _limit(resource.RLIMIT_CPU, max(_end - int(spent() - time.process_time()), 1))


def share(process: int) -> None:
    """Let a process that was just started take its memory and the processor time that is left, no more."""
    if _end and sys.platform == "linux":
        import resource

        limits = {resource.RLIMIT_CPU: max(int(left()), 1), resource.RLIMIT_DATA: HELPER_BYTES}
        with suppress(ProcessLookupError):
            for kind, limit in limits.items():
                _, hard = resource.getrlimit(kind)
                resource.prlimit(process, kind, (_below(limit, hard), hard))


@contextmanager
def waiting() -> Iterator[None]:
    """No wall clock runs: a person or a network is waited for."""
    if _page is None:
        yield
        return
    signal.alarm(0)
    try:
        yield
    finally:
        signal.alarm(PATIENCE)


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Neither wall clock nor processor time is counted: a network is asked, by who keeps a time limit."""
    if _page is None:
        yield
        return
    import resource

    note(what)
    signal.alarm(0)
    _limit(resource.RLIMIT_CPU, resource.RLIM_INFINITY)
    try:
        yield
    finally:
        renew()


@contextmanager
def temporary() -> Iterator[Path]:
    """A new folder outside of every checkout, which is gone afterwards, however the command ends.

    Raises WriteError where there is no place for one.
    """
    try:
        folder = _temporary(os.getpid())
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise WriteError(
            f"there is no place for temporary files: {error.strerror}; nothing was changed"
        ) from None
    try:
        yield folder
    finally:
        _forget(os.getpid())


def _temporary(process: int) -> Path:
    import tempfile

    return Path(tempfile.gettempdir()) / f"scaffold-{_TOKEN}-{process}"


def _forget(process: int) -> None:
    """Delete the temporary folder of a process."""
    import shutil

    with suppress(OSError):
        shutil.rmtree(_temporary(process), ignore_errors=True)


def out_of_memory() -> ShapeError:
    """What to say of a MemoryError: the largest file is the one to look at, whichever came last.

    There is a little more memory from now on, to say it.
    """
    if _page is not None:
        import resource

        _limit(resource.RLIMIT_DATA, MEMORY_BYTES + LAST_BYTES)
    size, path = _largest
    problem = f"reading the checkout takes more than {MEMORY_BYTES >> 20} MiB of memory"
    return ShapeError(path, None, f"{problem}; this is its largest file" if size else problem)


def note(path: str, size: int = 0) -> None:
    """Say what is looked at now, should this process end, and how many bytes it has.

    What has no path is a part of the file before it.
    """
    global _largest  # noqa: PLW0603
    if not path:
        return
    slots = [_slot]
    if size > _largest[0]:
        _largest = size, path
        slots.append(_LARGEST)
    if _page is not None:
        text = path.encode(errors="surrogateescape")[: _NOTE_BYTES - 1] + b"\0"
        for slot in slots:
            _page[slot : slot + len(text)] = text


def _read(slot: int) -> str:
    assert _page is not None
    return _page[slot : slot + _NOTE_BYTES].partition(b"\0")[0].decode(errors="replace")


@contextmanager
def shared() -> Iterator[None]:
    """Two processes run, and each has half of the memory: this one, and a second one that it starts here."""
    if _page is None:
        yield
        return
    import resource

    _limit(resource.RLIMIT_DATA, MEMORY_BYTES // 2)
    try:
        yield
    finally:
        _limit(resource.RLIMIT_DATA, MEMORY_BYTES)


def second(before: float) -> None:
    """This process is a second one in the cage: it takes notes of its own.

    `before` is what the first had spent when it started this one.
    """
    global _end, _slot  # noqa: PLW0603
    if _page is not None:
        _slot = _NOTE_BYTES
        _end_with_parent()
        _end = max(round(_end - before), 1)
        count()
        signal.alarm(PATIENCE)


def follow(status: int) -> None:
    """End as the second process ended, where a limit or a crash did it: this one would only meet the same.

    What one that has failed otherwise took is counted: this one does its work.
    """
    if status:
        count()
    number = os.WTERMSIG(status)
    if _page is not None and (number in LIMITS or number in CRASHES):
        note(_read(_NOTE_BYTES))
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
