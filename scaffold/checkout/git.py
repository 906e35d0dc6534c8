"""git, asked about a repository: nothing else starts it.

It is asked about the folder that is named, whatever the environment says of another repository, and
takes no path for a pattern. It writes nothing by the way, fetches nothing and starts no program that the
repository names: an archive may bring a `.git` of its own. What would need one, a comparison with the work
tree, is made from a folder of our own (`apart`).
"""

from __future__ import annotations

import os
import re
import select
import signal
import stat
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from scaffold import cage
from scaffold.errors import ShapeError, WriteError

ELSEWHERE = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE",
    "GIT_REPLACE_REF_BASE", "GIT_NO_REPLACE_OBJECTS", "GIT_IMPLICIT_WORK_TREE", "GIT_INTERNAL_SUPER_PREFIX",
)  # fmt: skip
"""What names another repository: hooks are run with some of it."""
QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
LAZY = "GIT_NO_LAZY_FETCH"
"""Environment variable with which git fetches no missing objects; who trusts a repository sets it to 0."""
OFFLINE = {LAZY: "1", "GIT_ALLOW_PROTOCOL": "none"}
"""Nothing is fetched: no protocol is called `none`, and a git before 2.45 does not know the other one."""
SETTINGS = (
    "core.fsmonitor=false", f"core.hooksPath={os.devnull}", "submodule.recurse=false",
    "core.preloadIndex=false", "index.threads=1", "grep.threads=1", "core.deltaBaseCacheLimit=16m",
)  # fmt: skip
"""Nothing is started, and little memory is taken: each thread would ask for some."""
HARMLESS = r"^(core\.(autocrlf|eol|filemode|ignorecase|symlinks|precomposeunicode)|extensions\.objectformat)$"
"""The settings of a repository that decide whether a file is the same, and name no program."""
INDEX_BYTES = 64 << 20
"""What an index and its parts have; that of LocalAI has 600 KB."""
YOUNG = 10
"""Seconds."""
NETWORK_PATIENCE = 20
"""Seconds that a repository elsewhere gets for its answer."""
_SHA1_LENGTH = 40


def run(
    root: Path, *arguments: str, environment: Mapping[str, str] | None = None, patience: int = 0
) -> subprocess.CompletedProcess[bytes]:
    """What git says in the folder `root`; an error of its own where git is not installed.

    Raises ShapeError where it does not end within the time that is left, or within `patience` seconds: it
    waits for whoever writes to a pipe in the place of a file.
    """
    command = _command(root, *arguments)
    try:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment(environment)
        )
    except OSError:
        return subprocess.CompletedProcess(command, 127, b"", b"git is not installed")
    with process:
        cage.share(process.pid)
        try:
            out, complaint = process.communicate(timeout=patience or max(cage.left(), 1))
        except subprocess.TimeoutExpired:
            process.kill()
            raise _endless(arguments[0]) from None
    cage.count()
    if process.returncode == -signal.SIGXCPU:
        raise _endless(arguments[0])
    return subprocess.CompletedProcess(command, process.returncode, out, complaint)


def output(root: Path, *arguments: str) -> str:
    """What git prints, without the blanks around it; "" where it fails."""
    result = run(root, *arguments)
    return result.stdout.decode(errors="replace").strip() if result.returncode == 0 else ""


def remote_head(address: str, branch: str = "") -> tuple[str, str]:
    """The default branch of a repository elsewhere, or the given one, and the commit at its head.

    Only this asks the network, and only for an address that a person gave. Two empty texts where nothing
    is said.
    """
    asked = f"refs/heads/{branch}" if branch else "HEAD"
    protocol = {"GIT_ALLOW_PROTOCOL": address.partition(":")[0]}
    words = ("ls-remote", "--symref", "--", address, asked)
    with cage.asking(address):
        try:
            result = run(Path("/"), *words, environment=protocol, patience=NETWORK_PATIENCE)
        except ShapeError:
            return "", ""
    said = result.stdout.decode(errors="replace")
    name = re.search(r"(?m)^ref: refs/heads/(\S+)\tHEAD$", said)
    commit = re.search(rf"(?m)^([0-9a-f]{{40}})\t{re.escape(asked)}$", said)
    found = branch or (name[1] if name else "")
    return (found, commit[1]) if found and commit else ("", "")


def complaint(result: subprocess.CompletedProcess[bytes]) -> str:
    """The first line of what git said is wrong."""
    return result.stderr.decode(errors="replace").strip().partition("\n")[0]


def commit(root: Path, rev: str) -> str:
    """The commit that a revision names; "" where it names none."""
    try:
        found = output(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}")
    except ValueError:  # no command line holds NUL, or half a pair of surrogates
        return ""
    return found if re.fullmatch(r"[0-9a-f]{40,64}", found) else ""  # `^HEAD` is one to leave out


def shallow(root: Path) -> str:
    """What to do about a clone that has only the newest commits, as the end of a message; "" for others."""
    if output(root, "rev-parse", "--is-shallow-repository") != "true":
        return ""
    return (
        "; this clone is shallow: `git fetch --unshallow`, or `git fetch --deepen=1` for the commit before,"
        " brings what is missing (actions/checkout: fetch-depth: 0, or 2)"
    )


def is_cut(root: Path, commit: str) -> bool:
    """Whether a commit has parents of which a shallow clone has none."""
    written = output(root, "cat-file", "commit", commit).partition("\n\n")[0]
    return "\nparent " in written and not output(root, "rev-parse", "--verify", "--quiet", f"{commit}^1")


def blob_name(data: bytes, length: int) -> str:
    """The name of an object with this content, in a repository whose names have `length` digits."""
    import hashlib

    kind = hashlib.sha1 if length == _SHA1_LENGTH else hashlib.sha256
    return kind(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def own_folder(root: Path) -> Path | None:
    """Where git keeps its own files of a folder: the top of a work tree, or a repository without one.

    None for any other folder, where git refuses to look at it, because another user owns it, and where
    what leads there is not known to it: `.git` may be a file or a link to a repository of somebody else.
    """
    found = os.fsdecode(run(root, "rev-parse", "--absolute-git-dir", "--show-toplevel").stdout).splitlines()
    if not found or Path(found[-1]).resolve() != root.resolve():
        return None
    own = Path(found[0])
    if own == root.resolve() / ".git" and _leads_away(own):
        return None
    return own if own in (root.resolve(), root.resolve() / ".git") or _knows(own, root) else None


def _leads_away(own: Path) -> bool:
    """Whether a folder `.git` has its commits in another repository, as none that git makes has."""
    parts = ("HEAD", "objects", "refs", "packed-refs")
    return os.path.lexists(own / "commondir") or any((own / part).is_symlink() for part in parts)


def _knows(own: Path, root: Path) -> bool:
    """Whether a git folder elsewhere is that of a work tree at `root`, as one more or as a submodule."""
    named = own / "gitdir"
    if named.is_file():
        return Path(named.read_text(errors="replace").strip()).resolve() == (root / ".git").resolve()
    work_tree = output(root, "config", "core.worktree")
    return bool(work_tree) and (own / work_tree).resolve() == root.resolve()


@contextmanager
def apart(root: Path) -> Iterator[dict[str, str]]:
    """An environment in which git compares the work tree at `root` as the repository there would.

    The repository's objects, index and excludes are used, and its hooks, filters and other settings are
    not; nothing is written into it.
    """
    asked = ("--git-path", "objects", "--git-path", "index", "--git-path", "info/exclude")
    where = [root / os.fsdecode(line) for line in run(root, "rev-parse", *asked).stdout.splitlines()]
    settings = output(root, "config", "-z", "--get-regexp", HARMLESS).split("\0")
    with cage.temporary() as folder:
        for made in ("refs", "objects/info", "info"):
            (folder / made).mkdir(parents=True)
        (folder / "HEAD").write_text("ref: refs/heads/none\n")
        lines = ["[core]", "repositoryformatversion = 1"]
        for setting in settings:
            key, _, value = setting.partition("\n")
            section, _, word = key.partition(".")
            if re.fullmatch(r"\w+", value, re.ASCII):
                lines += [f"[{section}]", f"{word} = {value}"]
        (folder / "config").write_text("\n".join(lines))
        if len(where) == len(asked) // 2:
            objects, index, exclude = where
            (folder / "objects/info/alternates").write_bytes(os.fsencode(objects.resolve()) + b"\n")
            room = _copy(exclude, folder / "info/exclude", INDEX_BYTES)
            for own in (index, *index.parent.glob("sharedindex.*")):
                room = _copy(own, folder / own.name, room)
        yield {"GIT_DIR": str(folder), "GIT_WORK_TREE": str(root)}


def _copy(path: Path, to: Path, room: int) -> int:
    """Copy a regular file of at most `room` bytes; how much room is left.

    A young one keeps its time: git reads again what was written in the second of its index. Later on it is
    hardly ever a change, and in a fresh clone everything was. Raises ShapeError for a larger file, WriteError
    where it cannot be copied.
    """
    import shutil

    try:
        status = path.lstat()
    except OSError:
        return room
    if not stat.S_ISREG(status.st_mode):
        return room
    if status.st_size > room:
        raise ShapeError(f".git/{path.name}", 0, f"is too large: git needs {INDEX_BYTES >> 20} MiB at most")
    cage.note(f".git/{path.name}")
    try:
        shutil.copyfile(path, to, follow_symlinks=False)
    except OSError as error:
        raise WriteError(f"{path} cannot be copied: {error.strerror}; nothing was changed") from None
    if time.time() - status.st_mtime < YOUNG:
        os.utime(to, ns=(status.st_atime_ns, status.st_mtime_ns))
    return room - status.st_size


def reader(root: Path) -> subprocess.Popen[bytes]:
    """A process that prints objects, one for each name that it is given (`git cat-file --batch`)."""
    process = subprocess.Popen(
        _command(root, "cat-file", "--batch"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(None),
    )
    cage.share(process.pid)
    return process


def wait(reader: subprocess.Popen[bytes]) -> None:
    """Wait until a reader says something. Raises ShapeError where it never does."""
    assert reader.stdout
    waiting = select.poll()  # select() knows no more than 1,024 descriptors
    waiting.register(reader.stdout, select.POLLIN)
    if not waiting.poll(max(cage.left(), 1) * 1000):
        reader.kill()
        raise _endless("cat-file")


def _endless(command: str) -> ShapeError:
    return ShapeError(".git", 0, f"git {command} took more than {cage.seconds()} s; {cage.ADVICE}")


def _command(root: Path, *arguments: str) -> list[str]:
    settings = [word for setting in SETTINGS for word in ("-c", setting)]
    return ["git", "-C", str(root), "--literal-pathspecs", *settings, *arguments]


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    offline = {} if own.get(LAZY) == "0" else OFFLINE
    return {**own, **QUIET, **offline, **(more or {})}
