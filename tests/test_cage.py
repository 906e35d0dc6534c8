"""A command in the cage ends with its own exit code, or with one that says what ended it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold import cage

LOOP = "while True: pass"
ENDLESS_IN_C = "'a' * 10 in itertools.repeat('b')"


def caged(body: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What is printed around a command in the cage."""
    return subprocess.run(
        [sys.executable, "-c", script(body)],
        env={**os.environ, cage.SETTING: "1", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def script(body: str) -> str:
    return (
        "import itertools, os, signal, sys, time\nfrom scaffold import cage\n"
        f"def command():\n{textwrap.indent(body, '    ')}\n    return 0\n"
        "end = cage.run(command)\n"
        "print(end if isinstance(end, int) else (end.number.name, str(end.error)))\n"
    )


def told(body: str, **environment: str) -> str:
    result = caged(body, **environment)
    assert "Traceback" not in result.stderr
    return result.stdout.strip()


@pytest.mark.parametrize("code", [0, 1, 3, 70])
def test_a_command_that_ends_by_itself_keeps_its_exit_code(code: int) -> None:
    assert told(f"return {code}") == str(code)


@pytest.mark.parametrize("loop", [LOOP, ENDLESS_IN_C])
def test_what_never_ends_is_ended_and_named(loop: str) -> None:
    said = told(f"cage.note('before.yml'); cage.note('a/b.yml'); cage.note('')\n{loop}")
    assert said.startswith("('SIGXCPU', 'a/b.yml:1: reading it took more than 1 s")
    assert "largest" not in said


def test_what_takes_time_after_all_reading_may_be_the_largest_file() -> None:
    said = told(f"cage.note('a', 5); cage.note('b', 9); cage.note('c', 1)\n{LOOP}")
    assert said.startswith("('SIGXCPU', 'c:1: reading it took more than 1 s")
    assert said.endswith("(the largest file that was read is b)')")
    assert "largest" not in told(f"cage.note('a', 5); cage.note('b', 9)\n{LOOP}")


def test_a_new_look_begins_a_new_count() -> None:
    assert told(f"{BURN.format(0.7)}cage.renew()\n" * 3) == "0"


def test_a_setting_that_is_no_number_is_none() -> None:
    assert told("return cage.seconds()", **{cage.SETTING: "-1"}) == str(cage.DEFAULT_SECONDS)
    assert told("return cage.seconds()", **{cage.SETTING: "9"}) == "9"


@pytest.mark.parametrize("given", ["100000", "9" * 20, "9" * 5000])
def test_a_setting_that_no_clock_can_count_is_a_day(given: str) -> None:
    body = "assert cage.left() * 1000 < 2**31\n"
    body += "return int(cage.seconds() == cage.MOST_SECONDS)"
    assert told(body, **{cage.SETTING: given}) == "1"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts a process's private memory")
def test_memory_has_a_limit() -> None:
    assert told(f"bytearray({cage.MEMORY_BYTES // 2})\nreturn 7") == "7"
    assert told(f"try:\n    bytearray({cage.MEMORY_BYTES})\nexcept MemoryError:\n    return 8") == "8"


@pytest.mark.parametrize("number", cage.CRASHES)
def test_a_crash_is_told_with_the_file(number: signal.Signals) -> None:
    said = told(f"cage.note('c.yml')\nos.kill(os.getpid(), {int(number)})")
    assert said.startswith(f"('{number.name}', 'c.yml:1: reading it crashed")


def test_of_memory_the_largest_file_is_named() -> None:
    body = "cage.note('a', 5)\ncage.note('b', 9)\ncage.note('c', 1)\nprint(cage.out_of_memory())\n"
    assert told(body).startswith(
        f"b:1: reading the checkout takes more than {cage.MEMORY_BYTES >> 20} MiB of memory"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts a process's private memory")
def test_two_processes_have_the_memory_of_one() -> None:
    tried = f"try:\n        bytearray({cage.MEMORY_BYTES * 2 // 3})\n    except MemoryError:\n        print('half')"
    assert told(f"with cage.shared():\n    {tried}\nbytearray({cage.MEMORY_BYTES * 2 // 3})\nreturn 7").split() == [
        "half", "7",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "end", [LOOP, "os.abort()", "os.kill(os.getpid(), signal.SIGTERM)", "return 0", "raise OSError"]
)
def test_a_temporary_folder_is_gone_however_a_command_ends(end: str, tmp_path: Path) -> None:
    caged(
        f"with cage.temporary() as folder:\n    (folder / 'a').write_text('b')\n    {end}",
        TMPDIR=str(tmp_path),
    )
    assert [*tmp_path.iterdir()] == []


def test_without_a_place_for_temporary_files_there_is_none(tmp_path: Path) -> None:
    body = "try:\n    with cage.temporary():\n        pass\nexcept WriteError as error:\n    print(error)\n"
    gone = f"import tempfile\nfrom scaffold.errors import WriteError\ntempfile.tempdir = {str(tmp_path / 'gone')!r}\n"
    assert told(gone + body).startswith("there is no place for temporary files: No such file or directory;")


def test_a_note_of_any_text_is_kept() -> None:
    assert told(r"cage.note('\udcff' * 5000 + '\n')" + "\nreturn 5") == "5"


def test_a_limit_that_the_second_process_meets_ends_the_first() -> None:
    said = told(
        "cage.note('first.yml')\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    cage.second(0)\n"
        "    cage.note('second.yml')\n"
        f"    {LOOP}\n"
        "cage.follow(os.waitpid(child, 0)[1])\n"
        "return 4"
    )
    assert said.startswith("('SIGXCPU', 'second.yml:1: ")


SECOND = "cage.follow(os.waitpid(child, 0)[1])\nreturn 4"


def test_a_crash_of_the_second_process_would_only_be_met_by_the_first_again() -> None:
    body = "child = os.fork()\nif not child:\n    cage.second(0)\n    cage.note('c.yml')\n    os.abort()\n"
    assert told(body + SECOND).startswith("('SIGABRT', 'c.yml:1: reading it crashed")


def test_what_ends_a_second_process_otherwise_is_left_to_the_first() -> None:
    assert told(f"child = os.fork()\nif not child:\n    os._exit(1)\n{SECOND}") == "4"


BURN = "end = time.process_time() + {}\nwhile time.process_time() < end: pass\n"


LIMIT = "resource.getrlimit(resource.RLIMIT_CPU)[0]"


def test_a_second_process_has_what_the_first_has_left() -> None:
    body = f"import resource\nbefore = {LIMIT}\ncage.second({{}})\nreturn before - {LIMIT}"
    assert told(body.format(2.0), **{cage.SETTING: "9"}) == "2"
    assert told(body.format(100), **{cage.SETTING: "9"}) in ("8", "9"), "a second is always left"


def test_what_children_took_is_counted() -> None:
    body = (
        f"import resource\nbefore = {LIMIT}\ncage.spent = lambda: time.process_time() + 3.5\ncage.count()\n"
    )
    assert told(f"{body}cage.count()\nreturn before - {LIMIT}", **{cage.SETTING: "9"}) == "3"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process that runs already")
def test_what_is_started_has_what_is_left() -> None:
    body = (
        f"import subprocess\ngit = subprocess.Popen([sys.executable, '-c', {LOOP!r}])\ncage.share(git.pid)\n"
    )
    assert told(f"{body}print(git.wait())\nreturn 4").split() == [str(-signal.SIGXCPU), "4"]


SLEEP = "print(os.getpid(), flush=True); time.sleep(60)"


def started(body: str) -> tuple[subprocess.Popen[str], int]:
    """A command in the cage that prints its process id, and that id."""
    process = subprocess.Popen(
        [sys.executable, "-c", script(body)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_hear_signals,  # noqa: PLW1509
    )
    assert process.stdout
    return process, int(process.stdout.readline())


def _hear_signals() -> None:
    """What runs the tests may ignore a signal (nohup, a job in the background), and children inherit that."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def eventually(condition: Callable[[], bool]) -> bool:
    for _ in range(600):
        if condition():
            return True
        time.sleep(0.05)
    return False


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_who_ends_the_parent_ends_the_command(number: signal.Signals) -> None:
    process, _ = started(SLEEP)
    process.send_signal(number)
    assert process.wait(timeout=60) == -number


def test_an_interrupt_is_one_that_the_command_can_handle() -> None:
    process, _ = started(f"try:\n    {SLEEP}\nexcept KeyboardInterrupt:\n    time.sleep(0.2)\n    return 9")
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[0].strip() == "9"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives orphans to somebody")
@pytest.mark.parametrize(
    "end", ["os.abort()", "os.kill(os.getpid(), signal.SIGTERM)", "os.kill(os.getpid(), signal.SIGKILL)"]
)
def test_what_a_command_had_started_ends_with_it(end: str) -> None:
    started = f"import subprocess\nshell = ['sh', '-c', 'sleep 60; sleep 60']\nfor _ in range(3):\n    print(subprocess.Popen(shell).pid, flush=True)\n{end}"
    pids = [int(word) for word in caged(started).stdout.split() if word.isdigit()]
    assert len(pids) == 3
    assert all(map(is_gone, pids))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's death")
def test_a_parent_that_is_killed_leaves_nobody_behind() -> None:
    process, child = started(SLEEP)
    process.kill()
    process.wait(timeout=60)
    assert eventually(lambda: is_gone(child))


def test_outside_the_cage_nothing_is_limited() -> None:
    cage.note("x")
    cage.renew()
    cage.second(0)
    with cage.waiting():
        pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
