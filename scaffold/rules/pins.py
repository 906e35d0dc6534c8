"""Rules about pins of upstream engines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from scaffold.backend.near import nearest
from scaffold.directory.pins import Pin, upstreams
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Fix, Rule, Severity
from scaffold.surfaces.bump_deps import FIELDS
from scaffold.syntax.source import Place

NEAR = 0.7
"""How much of a name another one has that may be meant for it."""

SCRIPTS = ".github"
"""Where the scripts of the bot lie."""

BRANCHES = ("main", "master", "develop", "dev", "HEAD", "origin/main", "origin/master")


def _pins(registry: Registry) -> Iterator[tuple[str, Pin]]:
    """(backend, pin) of every pin of a backend's Makefile."""
    return ((name, pin) for name in registry.backends for pin in registry.files(name).makefile_pins)


def _unfollowed(registry: Registry) -> Iterator[tuple[str, Pin]]:
    """(backend, pin) of every commit that no entry follows and no comment holds."""
    surface = registry.bump_deps
    known = {bump.variable for bump in surface.bumps if bump.file}
    known.update(re.findall(r"\w+", surface.comments))
    for backend, pin in _pins(registry):
        if pin.is_commit and pin.variable not in known and not pin.by_hand:
            yield backend, pin


def _alike(one: str, other: str) -> bool:
    """Whether one name may be meant for another."""
    from difflib import SequenceMatcher

    return SequenceMatcher(None, one, other).ratio() >= NEAR


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

    A commented entry with the variable's name, and the reason, is a pin that is held; so is one above which
    a comment says that people bump it, and when.

    Fix: add the entry. `scaffold check --fix` does where the Makefile names the upstream and another entry
    says which branch of it is followed.
    """

    severity = Severity.warning
    fixable = True
    explained_by = ("bump-pin-not-found",)

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """Where an entry for the same file has nearly this variable."""
        variable, _, file = cause.subject.partition(" ")
        return _alike(variable, finding.subject) and f"({file}:" in finding.message

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Shas under a `*_VERSION` name without an entry."""
        surface = registry.bump_deps
        if surface.source is None:
            return
        for backend, pin in _unfollowed(registry):
            upstream = upstreams(registry.tree, pin.spot.path)
            single = upstream[0] if len(upstream) == 1 else ""
            last = surface.bumps[-1] if surface.bumps else None
            yield self.finding(
                Place(surface.path, last.last_line) if last else pin.spot,
                backend,
                pin.variable,
                f"{pin.variable} pins a commit ({pin.spot.path}:{pin.spot.line}) that no entry of"
                f" {surface.path} follows",
                "add an entry with "
                + (f"repository: {single!r}, " if single else "")
                + f"variable: {pin.variable!r}, file: {pin.spot.path!r} and the branch that it follows, "
                "or a commented one that says why it is held",
                fix=_follow(registry, backend, pin, single) if single else None,
            )


def _follow(registry: Registry, backend: str, pin: Pin, upstream: str) -> Fix | None:
    """An entry for a version, where another entry says which branch of its upstream is followed."""
    branches = {bump.branch for bump in registry.bump_deps.bumps if bump.repository == upstream}
    if len(branches) != 1:
        return None
    entry = dict(zip(FIELDS, (upstream, pin.variable, *branches, pin.spot.path), strict=True))
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
        for bump in registry.bump_deps.bumps:
            if registry.pinned(bump) is not None:
                continue
            absent = not bump.file or registry.tree.read(bump.file) is None
            problem = "does not exist" if absent else f"has no line that starts with {bump.variable}?="
            own = [pin.variable for _, pin in _unfollowed(registry) if pin.spot.path == bump.file]
            meant = next((variable for variable in own if _alike(bump.variable, variable)), "")
            holding = {pin.spot.path for _, pin in _pins(registry) if pin.variable == bump.variable}
            file = nearest(bump.file, holding) if absent else ""
            yield self.finding(
                bump.at("file" if absent else "variable"),
                _backend(registry, bump.backend, bump.repository),
                f"{bump.variable} {bump.file}",
                f"the pin {bump.variable} is looked for in {bump.file or 'no file'}, which {problem}",
                f"write file: {file!r}"
                if file
                else f"write variable: {meant!r}, which that file has and no entry follows"
                if meant
                else f"write `{bump.variable}?=<sha>` there, or correct variable and file",
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
        for bump in registry.bump_deps.bumps:
            if bump.variable in first:
                yield self.finding(
                    bump.at("variable"),
                    bump.backend,
                    bump.variable,
                    f"{bump.variable} has an earlier entry too",
                    f"give this pin, or the one in line {first[bump.variable]}, a variable of its own",
                )
            first.setdefault(bump.variable, bump.line)


class BumpPinNotSha(Rule):
    """A pin that the bot follows, or could follow, is a full commit sha.

    Why: the bot compares and replaces full shas. A short one, a tag or a branch cannot be fetched at
    depth 1, and a branch is another program every night: LocalAI's vibevoice-cpp was built from
    `master` until upstream changed a signature and it crashed (#9682).

    Fails:

        ROOKERY_VERSION?=main

    Passes:

        ROOKERY_VERSION?=0123456789abcdef0123456789abcdef01234567

    A branch is an error, a tag or a short sha a warning. A version number without a bump entry, such as
    that of a library's release, is no such pin.

    Fix: write the full sha of the commit that is meant, and add a bump entry.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Pins of bump entries that are no sha, and branches in the place of a native engine's pin."""
        known = {(bump.variable, bump.file) for bump in registry.bump_deps.bumps}
        for backend, pin in _pins(registry):
            native = registry.backends[backend] != "python"
            meant = (pin.variable, pin.spot.path) in known or (native and pin.spot.text in BRANCHES)
            if meant and not pin.is_commit:
                yield self.finding(
                    pin.spot,
                    backend,
                    pin.variable,
                    f"{pin.variable} is {pin.spot.text!r}, not a full commit sha",
                    "write the 40 hex digits of the commit",
                    severity=None if pin.spot.text in BRANCHES else Severity.warning,
                )


class BumpRepositoryMismatch(Rule):
    """The bot follows the repository that the Makefile clones.

    Why: a sha of one repository written into the pin of another makes every build of the backend fail
    from the next night on.

    Fails:

        repository: "example/rokery"        # the Makefile clones example/rookery

    Passes:

        repository: "example/rookery"

    Another owner of the same repository is information where the checkout knows it from elsewhere: GitHub
    redirects a project that moved. An owner that no other entry, Makefile or gallery item names is a slip.

    Fix: name the repository that the Makefile clones, in both places.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Entries whose repository the pin's Makefile does not name."""
        for bump in registry.bump_deps.bumps:
            cloned = upstreams(registry.tree, bump.file) if bump.file else ()
            if not cloned or bump.repository.lower() in {name.lower() for name in cloned}:
                continue
            project = bump.repository.rpartition("/")[2].lower()
            moved = any(name.rpartition("/")[2].lower() == project for name in cloned)
            known = moved and _is_known(registry, bump.repository.partition("/")[0])
            yield self.finding(
                bump.at("repository"),
                bump.backend,
                f"{bump.variable} {bump.repository}",
                f"{bump.variable} follows {bump.repository}, its Makefile clones {', '.join(cloned)}",
                "name one repository in both places",
                severity=Severity.info if known else Severity.warning,
            )


def _is_known(registry: Registry, owner: str) -> bool:
    """Whether another entry, a Makefile of a backend or the gallery names an owner of repositories."""
    owners = [bump.repository.partition("/")[0] for bump in registry.bump_deps.bumps]
    address = f"github.com/{owner}/".encode()
    paths = {bump.file for bump in registry.bump_deps.bumps} | {registry.gallery.path}
    return owners.count(owner) > 1 or any(address in (registry.tree.read(p) or b"") for p in sorted(paths))


class BumpBranchMissing(Rule):
    """A bump entry names a repository and a branch, and each field as the bot does.

    Why: without one of them the bot asks GitHub for nothing and refuses the answer, every night.

    Fails:

        - repository: "example/rookery"
          variable: "ROOKERY_VERSION"

    Passes:

        - repository: "example/rookery"
          variable: "ROOKERY_VERSION"
          branch: "main"

    A key that is a letter away from one of an entry's, `varible`, is told as such.

    Fix: add what is missing, or correct the key.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Entries without repository or branch, a repository that is no owner/name, and unknown keys."""
        for bump in registry.bump_deps.bumps:
            for field, key in bump.misspelt.items():
                yield self.finding(
                    bump.at(key),
                    bump.backend,
                    f"{bump.variable} {key}",
                    f"the entry of {bump.variable} has the unknown key {key}, and no {field}",
                    f"write {field}",
                )
            good = re.fullmatch(r"[\w.-]+/[\w.-]+", bump.repository)
            if not good or not bump.branch:
                what = "repository" if not good else "branch"
                yield self.finding(
                    bump.at(what),
                    bump.backend,
                    f"{bump.variable} {what}",
                    f"the entry of {bump.variable} has no {what} that GitHub knows",
                    f"write {what}: as " + ('"owner/name"' if not good else "the branch to follow"),
                )


class BumpScriptUnused(Rule):
    """A script that moves a pin is run by a workflow.

    Why: some pins are no commit in a Makefile, and the list of the bot cannot hold them. A script moves each
    in a job of its own. Where the job is gone, or names the script wrongly, the pin stays.

    Fails: `.github/bump_wren_wheel.sh`, and no workflow names it.

    Passes:

        bump-wren-wheel:
          steps:
            - run: bash .github/bump_wren_wheel.sh example/wren requirements.txt WREN_VERSION

    Fix: restore the job, or delete the script.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Scripts `bump_*.sh` that nothing names; of a bot that has lost its list, that is told alone."""
        tree = registry.tree
        if registry.only is not None or not registry.bump_deps.bumps:
            return
        scripts = [name for name in tree.list(SCRIPTS) if re.fullmatch(r"bump_\w+\.sh", name)]
        paths = (*registry.pipeline.paths, *(f"{SCRIPTS}/{name}" for name in scripts)) if scripts else ()
        texts = {path: tree.read(path) or b"" for path in paths}
        for name in scripts:
            path = f"{SCRIPTS}/{name}"
            named = re.compile(rb"(?m)^[^#\n]*(?<![\w.-])%s(?![\w.-])" % re.escape(name.encode()))
            if not any(named.search(data) for other, data in texts.items() if other != path):
                yield self.finding(
                    Place(path, 1),
                    "",
                    f"script {name}",
                    f"no workflow runs {path}: the pin that it moves stays as it is",
                    "restore the job that runs it, or delete the script",
                )


RULES: tuple[type[Rule], ...] = (
    BumpMissingEntry,
    BumpPinNotFound,
    BumpDuplicateVariable,
    BumpPinNotSha,
    BumpRepositoryMismatch,
    BumpBranchMissing,
    BumpScriptUnused,
)
"""In the order of the catalogue."""
