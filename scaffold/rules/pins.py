"""Rules about pins of upstream engines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from scaffold.directory.pins import Version, upstreams, versions
from scaffold.rules.base import Finding, Fix, Rule, Severity
from scaffold.surfaces.bump_deps import FIELDS

if TYPE_CHECKING:
    from scaffold.registry import Registry

BRANCHES = ("main", "master", "develop", "dev", "HEAD", "origin/main", "origin/master")


def _versions(registry: Registry) -> Iterator[tuple[str, Version]]:
    """(backend, version) of every version that a backend's Makefile pins."""
    for name in registry.backends:
        for version in versions(registry.tree, f"{registry.directory(name)}/Makefile"):
            yield name, version


class BumpMissingEntry(Rule):
    """The bump bot knows every pin of a commit, or a comment says why it is held.

    Why: a pin that the bot does not see stays where it is. LocalAI's ds4 was bumped by hand until
    somebody noticed, weeks after it had come in without an entry.

    Fails:

        ROOKERY_VERSION?=0123456789abcdef0123456789abcdef01234567
        # and no entry of bump_deps.yaml with variable: "ROOKERY_VERSION"

    Passes:

        - repository: "example/rookery"
          variable: "ROOKERY_VERSION"
          branch: "main"
          file: "backend/go/rookery/Makefile"

    A commented entry with the variable's name, and the reason, is a pin that is held.

    Fix: `scaffold check --fix` adds the entry where the Makefile names the upstream; look at its branch.
    """

    severity = Severity.warning
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Shas under a `*_VERSION` name without an entry."""
        surface = registry.bump_deps
        if surface.source is None:
            return
        known = {pin.variable for pin in surface.pins if pin.file}
        commented = set(re.findall(r"\w+", surface.comments))
        for backend, pin in _versions(registry):
            if pin.is_commit and pin.variable not in known and pin.variable not in commented:
                yield self.finding(
                    pin,
                    backend,
                    pin.variable,
                    f"{pin.variable} pins a commit that {surface.path} does not follow",
                    f"add an entry with variable: {pin.variable!r} and file: {pin.path!r}, "
                    "or a commented one that says why it is held",
                    fix=_follow(registry, backend, pin),
                )


def _follow(registry: Registry, backend: str, pin: Version) -> Fix | None:
    """An entry for a version, where its Makefile names one upstream."""
    upstream = upstreams(registry.tree, pin.path)
    if len(upstream) != 1:
        return None
    entry = dict(zip(FIELDS, (*upstream, pin.variable, "main", pin.path), strict=True))
    return registry.adding(backend, partial(registry.bump_deps.follow, entry=entry))


class BumpPinNotFound(Rule):
    """The file of a bump entry holds the pin in the form that the bot looks for.

    Why: `bump_deps.sh` greps `^<variable>?=` in the file. Where it finds nothing it says so in a log
    that nobody reads and ends green.

    Fails:

        variable: "ROOKERY_VERSION"          # the Makefile says ROOKERY_VERSION ?= ...

    Passes:

        ROOKERY_VERSION?=0123456789abcdef0123456789abcdef01234567

    Fix: write the pin at the start of a line, without blanks, or correct the entry.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Entries whose file is missing or lacks the pin."""
        for pin in registry.bump_deps.pins:
            found = registry.bump_deps.finds(pin)
            if found:
                continue
            absent = found is None
            problem = "does not exist" if absent else f"has no line that starts with {pin.variable}?="
            yield self.finding(
                pin.at("file" if absent else "variable"),
                _backend(registry, pin.backend, pin.repository),
                f"{pin.variable} {pin.file}",
                f"the pin {pin.variable} is looked for in {pin.file or 'no file'}, which {problem}",
                f"write `{pin.variable}?=<sha>` there, or correct variable and file",
            )


def _backend(registry: Registry, name: str, repository: str) -> str:
    """The backend of an entry: of its file, else of its repository, whose name a removed one had too."""
    if name in registry.directories:
        return name
    stem = re.sub(r"[^a-z0-9]", "", repository.rpartition("/")[2].lower())
    near = [b for b in registry.backends if re.sub(r"[^a-z0-9]", "", b) == stem]
    if near or name:
        return near[0] if near else name
    return re.sub(r"[^a-z0-9]+", "-", repository.rpartition("/")[2].lower()).strip("-")


class BumpDuplicateVariable(Rule):
    """No variable has two bump entries.

    Why: the bot names its files and its pull request after the variable; two entries of one name
    overwrite each other's, and one of the pins stands still.

    Fails:

        variable: "WHISPER_VERSION"     # twice

    Passes:

        variable: "WHISPER_CPP_VERSION"

    Fix: give one of the pins another variable, here and in its Makefile.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Entries whose variable an earlier one has."""
        first: dict[str, int] = {}
        for pin in registry.bump_deps.pins:
            if pin.variable in first:
                yield self.finding(
                    pin.at("variable"),
                    pin.backend,
                    pin.variable,
                    f"{pin.variable} has an earlier entry too",
                    f"give this pin, or the one in line {first[pin.variable]}, a variable of its own",
                )
            first.setdefault(pin.variable, pin.line)


class BumpPinNotSha(Rule):
    """A pin that the bot follows, or could follow, is a full commit sha.

    Why: the bot compares and replaces full shas. A short one, a tag or a branch cannot be fetched at
    depth 1, and a branch is another program every night: LocalAI's vibevoice-cpp was built from
    `master` until upstream changed a signature and it crashed (#9682).

    Fails:

        ROOKERY_VERSION?=main

    Passes:

        ROOKERY_VERSION?=0123456789abcdef0123456789abcdef01234567

    A version number without a bump entry, such as that of a library's release, is no such pin.

    Fix: write the full sha of the commit that is meant, and add a bump entry.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Pins of bump entries that are no sha, and branches in the place of a native engine's pin."""
        known = {(pin.variable, pin.file) for pin in registry.bump_deps.pins}
        for backend, pin in _versions(registry):
            native = registry.backends[backend] != "python"
            meant = (pin.variable, pin.path) in known or (native and pin.value in BRANCHES)
            if meant and not pin.is_commit:
                yield self.finding(
                    pin,
                    backend,
                    pin.variable,
                    f"{pin.variable} is {pin.value!r}, not a full commit sha",
                    "write the 40 hex digits of the commit",
                )


class BumpRepositoryMismatch(Rule):
    """The bot follows the repository that the Makefile clones.

    Why: a sha of one repository written into the pin of another makes every build of the backend fail
    from the next night on.

    Fails:

        repository: "example/rokery"        # the Makefile clones example/rookery

    Passes:

        repository: "example/rookery"

    Another owner of the same repository is information: GitHub redirects a project that moved.

    Fix: name the repository that the Makefile clones, in both places.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Entries whose repository the pin's Makefile does not name."""
        for pin in registry.bump_deps.pins:
            cloned = upstreams(registry.tree, pin.file) if pin.file else ()
            if not cloned or pin.repository.lower() in {name.lower() for name in cloned}:
                continue
            project = pin.repository.rpartition("/")[2].lower()
            moved = any(name.rpartition("/")[2].lower() == project for name in cloned)
            yield self.finding(
                pin.at("repository"),
                pin.backend,
                f"{pin.variable} {pin.repository}",
                f"{pin.variable} follows {pin.repository}, its Makefile clones {', '.join(cloned)}",
                "name one repository in both places",
                severity=Severity.info if moved else Severity.warning,
            )


class BumpBranchMissing(Rule):
    """A bump entry names a repository and a branch.

    Why: without one of them the bot asks GitHub for nothing and refuses the answer, every night.

    Fails:

        - repository: "example/rookery"
          variable: "ROOKERY_VERSION"

    Passes:

        - repository: "example/rookery"
          variable: "ROOKERY_VERSION"
          branch: "main"

    Fix: add what is missing.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Entries without repository or branch, or with a repository that is no owner/name."""
        for pin in registry.bump_deps.pins:
            good = re.fullmatch(r"[\w.-]+/[\w.-]+", pin.repository)
            if not good or not pin.branch:
                what = "repository" if not good else "branch"
                yield self.finding(
                    pin.at(what),
                    pin.backend,
                    f"{pin.variable} {what}",
                    f"the entry of {pin.variable} has no {what} that GitHub knows",
                    f"write {what}: as " + ('"owner/name"' if not good else "the branch to follow"),
                )


RULES: tuple[type[Rule], ...] = (
    BumpMissingEntry,
    BumpPinNotFound,
    BumpDuplicateVariable,
    BumpPinNotSha,
    BumpRepositoryMismatch,
    BumpBranchMissing,
)
"""In the order of the catalogue."""
