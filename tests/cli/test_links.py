"""Commands that write, in a checkout full of links and pipes: nothing is written, or deleted, behind one.

Each command is run once to see what it touches. Then each of these files, and each folder above them, is
replaced by a link, of every kind in turn, and the command is run again. It does its work and says what it
left out, or it does nothing and says why. The same goes for what it reads, many places at a time.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import stat
from collections.abc import Callable, Mapping
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import typer

from evidence.mutation import mutated
from scaffold.checkout.door import Door, Kind, outside
from scaffold.checkout.tree import WorkTree
from scaffold.cli.main import program
from scaffold.operations import adopt
from scaffold.resources import miniature_dir
from scaffold.template import render as rendering
from scaffold.template.render import GeneratedFile
from tests.conftest import PIN, in_process
from tests.consumers import run
from tests.lifecycle import as_repository
from tests.operations.test_fix import DELETIONS
from tests.rules.trees import BASE

UPSTREAM = ("--upstream", "acme/ibex", "--pin", PIN)
COMMANDS = {
    "new cpp": ("new-backend", "ibex", "--lang", "cpp", *UPSTREAM, "--variant", "cpu", "--variant", "metal"),
    "new go": ("new-backend", "ibex", "--lang", "go", "--import", "auto", *UPSTREAM),
    "new python": ("new-backend", "ibex", "--lang", "python", "--modality", "tts"),
    "new rust": ("new-backend", "ibex", "--lang", "rust"),
    "fix": ("check", "--fix"),
    "remove": ("remove-backend", "heron", "--force"),
    "rename": ("rename-backend", "heron", "egret", "--force"),
    "add variant": ("add-variant", "night-heron", "vulkan", "metal"),
    "remove variant": ("remove-variant", "heron", "metal"),
    "adopt": ("adopt",),
    "adopt away": ("adopt", "--remove"),
}
READING = {
    "show", "status", "affected", "flows", "guide", "published", "rules", "explain", "doctor", "schema", "options",
    "completion", "demo",
}  # fmt: skip
"""The other commands; `demo` writes a folder of its own."""
Found = dict[str, tuple[int, bytes]]


@pytest.fixture(autouse=True)
def _rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a template makes of some answers is the same in every checkout: it reads none."""

    original = rendering.render

    def render(lang: str, answers: Mapping[str, Any]) -> list[GeneratedFile]:
        key = lang, json.dumps(answers, sort_keys=True, default=str)
        if key not in RENDERED:
            RENDERED[key] = original(lang, answers)
        return RENDERED[key]

    monkeypatch.setattr(rendering, "render", render)


RENDERED: dict[tuple[str, str], list[GeneratedFile]] = {}


def copied(root: Path, to: Path) -> Path:
    """A checkout elsewhere. Its files are second names of the same ones: nothing writes into one."""
    return Path(shutil.copytree(root, to / "LocalAI", symlinks=True, copy_function=os.link))


def look(root: Path) -> Found:
    """Everything below a folder, links as links, without git's own."""
    found: Found = {}
    for where, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name != ".git"]
        for path in (Path(where, name) for name in (*folders, *names)):
            content = os.fsencode(path.readlink()) if path.is_symlink() else b""
            content = path.read_bytes() if path.is_file() and not content else content
            found[path.relative_to(root).as_posix()] = path.lstat().st_mode, content
    return found


def checkout(folder: Path, command: str) -> Path:
    """The miniature as a repository; for the fixes, with something to repair, for `--remove`, with what it removes."""
    root = Path(shutil.copytree(miniature_dir(), folder / "LocalAI"))
    if command == "fix":
        for path, loss in {loss.path: loss for loss in DELETIONS}.items():
            (root / path).write_bytes(mutated(BASE, loss).read(path) or b"")
    if command == "adopt away":
        adopt.plan(WorkTree(root)).changes.commit(root)
    as_repository(root)
    run("git", "repack", "-adq", cwd=root)
    shutil.rmtree(root / ".git/hooks")
    return root


def moved(path: Path, target: Path, is_folder: bool) -> None:
    """What is at a path is at the target, empty where nothing was there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(path):
        path.rename(target)
    elif is_folder:
        target.mkdir()
    else:
        target.touch()


def gone(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


def absolute(path: Path, root: Path, is_folder: bool) -> None:
    moved(path, root.parent / "outside/target", is_folder)
    path.symlink_to(root.parent / "outside/target")


def relative(path: Path, root: Path, is_folder: bool) -> None:
    moved(path, root.parent / "outside/target", is_folder)
    path.symlink_to("../" * path.relative_to(root).as_posix().count("/") + "../outside/target")


def inside(path: Path, root: Path, is_folder: bool) -> None:
    moved(path, root / "elsewhere/target", is_folder)
    path.symlink_to("../" * path.relative_to(root).as_posix().count("/") + "elsewhere/target")


def dangling(path: Path, root: Path, is_folder: bool) -> None:
    gone(path)
    path.symlink_to(root.parent / "outside/new")


def other_kind(path: Path, root: Path, is_folder: bool) -> None:
    gone(path)
    moved(root.parent / "nothing", root.parent / "outside/target", not is_folder)
    path.symlink_to(root.parent / "outside/target")


def loop(path: Path, root: Path, is_folder: bool) -> None:
    gone(path)
    path.symlink_to(path.name)


def to_git(path: Path, root: Path, is_folder: bool) -> None:
    gone(path)
    path.symlink_to(root / (".git/refs" if is_folder else ".git/config"))


def pipe(path: Path, root: Path, is_folder: bool) -> None:
    gone(path)
    os.mkfifo(path)


KINDS = (absolute, relative, inside, dangling, other_kind, loop, to_git, pipe)


def test_every_command_that_writes_is_among_them() -> None:
    commands = {name: {param.name for param in command.params} for name, command in every_command().items()}
    writing = {name for name, params in commands.items() if params & {"dry_run", "fix"}}
    assert writing == {words[0] for words in COMMANDS.values()}
    assert commands.keys() - writing == READING


def every_command() -> dict[str, Any]:
    """The commands of the program, by name."""
    group: Any = typer.main.get_command(program())
    return dict(group.commands)


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_is_written_behind_a_link(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    call = in_process(monkeypatch, capfd)
    (tmp_path / "first").mkdir()
    first = checkout(tmp_path / "first", command)
    before = look(first)
    clean = Path(shutil.copytree(first, tmp_path / "clean/LocalAI"))
    assert call(*COMMANDS[command], "--repo", str(clean))[0] == 0
    after = look(clean)
    written = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    folders = {parent.as_posix() for path in written for parent in Path(path).parents} - {"."}
    assert len(written) > 2
    git = {path: path.read_bytes() for path in (first / ".git").rglob("*") if path.is_file()}
    kinds = cycle(KINDS)
    for number, place in enumerate(sorted(written | folders)):
        kind = next(kinds)
        label = f"{place}: {kind.__name__}"
        root = copied(first, tmp_path / str(number))
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        kind(root / place, root, place in folders)
        planted = look(root.parent)
        code, out, err = call(*COMMANDS[command], "--repo", str(root))
        result = look(root.parent)
        assert result[f"LocalAI/{place}"] == planted[f"LocalAI/{place}"], label
        safe = ("outside", "LocalAI/elsewhere")
        assert [
            p for p in {*planted, *result} if p.startswith(safe) and planted.get(p) != result.get(p)
        ] == [], label
        assert {p: (root / ".git" / p.relative_to(first / ".git")).read_bytes() for p in git} == git, label
        if code == 0:
            assert f"{place}: is " in out or (result == planted and "is a backend already" in out), label
        else:
            assert result == planted, label
            assert place in out + err, label
            assert "symbolic link" in out + err or "neither a file nor a folder" in out + err, label
        shutil.rmtree(root.parent)
    assert look(first) == before


@pytest.mark.parametrize("command", COMMANDS)
def test_what_has_another_name_outside_stays_as_it_was_there(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    call = in_process(monkeypatch, capfd)
    root = checkout(tmp_path, command)
    clean = Path(shutil.copytree(root, tmp_path / "clean/LocalAI"))
    others = tmp_path / "outside"
    for path in [p for p in root.rglob("*") if p.is_file() and ".git" not in p.parts]:
        other = others / path.relative_to(root)
        other.parent.mkdir(parents=True, exist_ok=True)
        os.link(path, other)
    before = look(others)
    assert call(*COMMANDS[command], "--repo", str(root))[0] == 0
    assert call(*COMMANDS[command], "--repo", str(clean))[0] == 0
    assert (look(others), look(root)) == (before, look(clean))


SECRET = "secretly-said"
TOGETHER = 25
"""Places of links at a time."""


def read_by(
    command: str, folder: Path, monkeypatch: pytest.MonkeyPatch, call: Callable[..., object]
) -> list[str]:
    """The files that a command reads, and the folders that it lists."""
    places: set[str] = set()
    read, names = Door.read, Door.names

    def reading(door: Door, path: str, limit: int) -> bytes | None:
        places.add(path)
        return read(door, path, limit)

    def listing(door: Door, path: str) -> dict[str, Kind]:
        places.add(path)
        return names(door, path)

    root = checkout(folder, command)
    with monkeypatch.context() as patch:
        patch.setattr(os, "sched_getaffinity", lambda _: {0})  # one process does it all
        patch.setattr(Door, "read", reading)
        patch.setattr(Door, "names", listing)
        call(*COMMANDS[command], "--repo", str(root))
    return sorted(place for place in places if place and not outside(place))


def secret(path: Path, root: Path, is_folder: bool, absolute: bool) -> None:
    """A link out of the checkout, to something of its kind that says a secret."""
    target = root.parent / "outside" / path.name
    if not os.path.lexists(target):
        target.parent.mkdir(exist_ok=True)
        content = f"{SECRET}: {SECRET} # {SECRET}\n"
        if is_folder:
            target.mkdir()
            for name in (SECRET, "run.sh", "Makefile", f"{SECRET}.yml", f"{SECRET}.go"):
                (target / name).write_text(content)
        else:
            target.write_text(content)
    gone(path)
    up = "../" * path.relative_to(root).as_posix().count("/")
    path.symlink_to(target if absolute else f"{up}../outside/{path.name}")


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_is_read_behind_a_link(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    call = in_process(monkeypatch, capfd)
    places = read_by(command, tmp_path / "first", monkeypatch, call)
    original = checkout(tmp_path / "original", command)
    assert len(places) > (1 if command.startswith("adopt") else 50)
    random.Random(command).shuffle(places)
    for number in range(0, len(places), TOGETHER):
        root = copied(original, tmp_path / str(number))
        for at, place in enumerate(places[number : number + TOGETHER]):
            path = root / place
            if os.path.lexists(path) and path.resolve() == path:  # nothing above it is a link yet
                secret(path, root, path.is_dir(), absolute=at % 2 == 0)
        planted = look(root.parent)
        code, out, err = call(*COMMANDS[command], "--repo", str(root))
        assert code in (0, 1, 2, 3)
        assert SECRET not in out + err
        found = look(root.parent)
        links = {p for p, (mode, _) in planted.items() if stat.S_ISLNK(mode) or p.startswith("outside")}
        assert {p: found.get(p) for p in links} == {p: planted[p] for p in links}
        assert {p for p in found if p.startswith("outside")} <= links
        shutil.rmtree(root.parent)
