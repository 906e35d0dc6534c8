"""`remove-backend`: the directory, every registration, and what is left for a person."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from scaffold import verify
from scaffold.edits import ChangeSet
from scaffold.errors import UsageError
from scaffold.operations import check
from scaffold.registry import Registry
from scaffold.rules import registration_rules
from scaffold.surfaces.base import Manual, Removal
from scaffold.surfaces.matrix import SHARED_DOCKERFILES
from scaffold.tree import Tree, WorkTree


@dataclass(frozen=True, slots=True)
class Mention:
    """A file that goes on naming a backend, and the line of each time."""

    path: str
    lines: tuple[int, ...]

    @property
    def line(self) -> int:
        """The first one."""
        return self.lines[0]

    @property
    def count(self) -> int:
        """How often it is named."""
        return len(self.lines)


@dataclass(frozen=True, slots=True)
class LifecyclePlan:
    """A planned change of an existing backend, not yet written."""

    changes: ChangeSet
    manual: tuple[Manual, ...] = ()
    mentions: tuple[Mention, ...] = ()


def plan(tree: WorkTree, name: str) -> LifecyclePlan:
    """Plan a backend away, with everything that registers it.

    Raises UsageError where nothing is known of it, ShapeError where a file has an unknown shape; the
    plan is proved before it is returned.
    """
    registry = Registry(tree)
    require_known(registry, name)
    removal = as_removal(registry, name, ChangeSet(tree))
    for path in own_files(registry, name):
        removal.changes.delete(path)
    for path in (f"backend/Dockerfile.{dockerfile}" for dockerfile in removal.dockerfiles):
        if tree.read(path) is not None:  # a language's Dockerfile came with its first backend
            removal.changes.delete(path)
    for surface in registry.surfaces:
        surface.remove(removal)
    for watched in registry.dependabot.folders:
        if watched.is_backend and watched.directory == removal.directory:
            registry.dependabot.drop(removal.changes, watched)
    verify.prove_removal(removal.changes)
    _ask_what_breaks(removal, registry)
    mentions = tuple(find_mentions(registry, removal.changes, name))
    return LifecyclePlan(removal.changes, tuple(removal.manual), mentions)


def as_removal(registry: Registry, name: str, changes: ChangeSet) -> Removal:
    """What surfaces need to know of a backend that they take away."""
    others = frozenset(registry.names) - {name}
    return Removal(
        name,
        frozenset(registry.aliases_of(name)) - others,
        registry.directory(name),
        others,
        tuple((row.start, row.end) for _, row in registry.documented.get(name, ())),
        _source_folder(registry, name),
        changes,
        _own_dockerfiles(registry, name),
    )


def _own_dockerfiles(registry: Registry, name: str) -> frozenset[str]:
    """Suffixes of the Dockerfiles that build this backend and no other one."""
    used = {(entry.dockerfile_type, entry.backend) for entry in registry.matrix.linux}
    own = {dockerfile for dockerfile, backend in used if backend == name and dockerfile}
    return frozenset(own - {dockerfile for dockerfile, backend in used if backend != name})


def _source_folder(registry: Registry, name: str) -> str:
    """The folder that only this C++ backend clones its upstream into."""
    if registry.directories.get(name) != "cpp":
        return ""
    folders = {
        other: registry.describe(other).source_folder
        for other, lang in registry.directories.items()
        if lang == "cpp"
    }
    own = folders.pop(name)
    return "" if own in folders.values() else own


def require_known(registry: Registry, name: str) -> None:
    """Raises UsageError where a checkout has nothing of that name."""
    if not name or (name not in registry.directories and not registry.registrations(name)):
        from difflib import get_close_matches

        near = get_close_matches(name, registry.names)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {' '.join(registry.names)}"
        raise UsageError(f"no backend is called {name!r}; {hint}")


def own_files(registry: Registry, name: str) -> Iterator[str]:
    """The files that are this backend's alone: its directory, Dockerfile and build scripts.

    What git ignores, such as a build's output, stays where it is.
    """
    tree = registry.tree
    folder = registry.directory(name)
    yield from _kept_by_git(tree, folder) if folder else ()
    shared = {*SHARED_DOCKERFILES, *(e.dockerfile_type for e in registry.matrix.linux if e.backend != name)}
    own = {name, *_own_dockerfiles(registry, name)} - shared
    candidates = [f"backend/Dockerfile.{dockerfile}" for dockerfile in sorted(own)]
    candidates += [f".docker/{name}-compile.sh", f"scripts/build/{name}-darwin.sh"]
    yield from (path for path in candidates if tree.read(path) is not None)


def _kept_by_git(tree: Tree, folder: str) -> Iterator[str]:
    """The files below a folder, without those that git ignores."""
    if isinstance(tree, WorkTree) and (tree.root / ".git").exists():
        command = ["git", "-C", str(tree.root), "ls-files", "-z", "-co", "--exclude-standard", "--", folder]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode == 0:
            listed = {path for path in result.stdout.split("\0") if path}
            yield from (path for path in sorted(listed) if tree.read(path) is not None)
            return
    yield from tree.files(folder)


def _ask_what_breaks(removal: Removal, before: Registry) -> None:
    """Findings about the backends that stay and that the removal would bring."""
    known = Counter(f.identity for f in check.find(before, registration_rules()))
    for finding in check.find(Registry(removal.changes.overlay()), registration_rules()):
        if known[finding.identity]:
            known[finding.identity] -= 1
        else:
            removal.ask(finding.path, f"{finding.rule} {finding.backend}: {finding.message}")


def find_mentions(registry: Registry, changes: ChangeSet, name: str, *also_known: str) -> Iterator[Mention]:
    """Files that name a backend after the change, alone or in a longer word such as `latest-cpu-NAME`.

    The names of others, and those that are `also_known`, mean these also where they hold this one.
    """
    after = changes.overlay()
    spelled = _spelled(name)
    known = {alias for other in {*registry.names} - {name} for alias in registry.aliases_of(other)}
    longer = {
        other for other in known.union(also_known) if re.search(spelled, other.encode()) and other != name
    }
    others = b"|".join(_spelled(other) for other in sorted(longer, key=len, reverse=True)) or rb"(?!)"
    word = re.compile(rb"(?<![A-Za-z0-9])(?:" + others + rb"|(?P<own>" + spelled + rb"))(?![A-Za-z0-9])")
    for path in _files_with(registry.tree, name):
        data = after.read(path)
        if data and b"\0" not in data:
            lines = []
            line, counted = 1, 0
            for match in word.finditer(data):
                if match["own"]:
                    line += data.count(b"\n", counted, match.start())
                    counted = match.start()
                    lines.append(line)
            if lines:
                yield Mention(path, tuple(lines))


def _spelled(name: str) -> bytes:
    """A pattern for a name as people write it, and as an identifier of code."""
    return re.escape(name.encode()).replace(rb"\-", b"[-_]")


def _files_with(tree: Tree, name: str) -> list[str]:
    if isinstance(tree, WorkTree) and (tree.root / ".git").exists():
        command = ["git", "-C", str(tree.root), "grep", "-z", "-l", "-I", "-F", "--untracked"]
        command += ["-e", name, "-e", name.replace("-", "_")]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        return sorted(path for path in result.stdout.split("\0") if path)
    return list(tree.files(""))
