"""Requirements of a Python backend: what each of its images installs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from scaffold.backend.variants import VARIANTS
from scaffold.directory import requirements
from scaffold.directory.directory import Directory
from scaffold.directory.python import Build, PythonInstaller, installer_of
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.words import some
from scaffold.surfaces.matrix.reading import Entry
from scaffold.syntax.source import Place


class MatrixNoRequirements(Rule):
    """A Python image installs no requirements file of its own although the others do.

    Why: `installRequirements` installs `requirements.txt` and then whichever of
    `requirements-<build type>.txt` and `requirements-<profile>.txt` exists; one that is missing is
    skipped without a word, and one that is empty adds nothing. The image is built, starts, and fails at
    the first `import torch`: so did LocalAI's chatterbox on macOS until e7fc604db, and
    so does rfdetr on JetPack 6.

    A missing file is fine, and no finding, where `requirements.txt` already has what the files of
    the other builds add, or where `install.sh` installs in a branch of its own for that build.

    It is a warning where a file is there and lacks two packages or more that every other build installs, two
    builds or more, and has none that those lack: its end may be missing.

    Fails: `build-type: 'l4t'` with `cuda-major-version: "12"` in the matrix, and

        requirements.txt            grpcio
        requirements-cublas12.txt   torch, finch

    Passes: the same with

        requirements-l4t12.txt      torch, finch

    Fix: write the file that the help names, with the packages of that hardware's index; or drop the
    matrix entry and its images.
    """

    severity = Severity.error
    explained_by = ("requirement-unreadable",)

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """Where all that is lacking is misspelt in the file that every image installs."""
        meant = re.match(r"write (\S+), if that is meant", cause.help)
        is_common = cause.path.endswith("/requirements.txt")
        return is_common and meant is not None and f" it lacks {meant[1]}, which " in finding.message

    def check(self, registry: Registry) -> Iterator[Finding]:
        installer = installer_of(registry.tree)
        if not installer.common:
            return
        for name, lang in registry.backends.items():
            if lang == "python":
                yield from self._judge(registry.files(name), registry.matrix.entries_of(name), installer)

    def _judge(
        self, files: Directory, entries: Sequence[Entry], installer: PythonInstaller
    ) -> Iterator[Finding]:
        builds: dict[Build, Entry] = {}
        for entry in entries:
            builds.setdefault(build_of(entry, installer), entry)
        specific = {
            build: [
                name
                for name in installer.specific(build)
                if (text := files.text(name)) is not None and text.data.strip()
            ]
            for build in builds
        }
        yield from self._partly(files, builds, specific, installer)
        if all(specific.values()):
            return
        added = [files.packages(names) for names in specific.values() if names]
        missing = frozenset.intersection(*added) - files.packages(installer.common) if added else None
        if not missing:
            return
        for build, entry in builds.items():
            if specific[build] or files.installs_itself(build):
                continue
            wanted = f"requirements-{build.profile}.txt"
            yield self.finding(
                entry,
                files.name,
                wanted,
                f"the {build.profile} image installs no requirements file but the common ones: "
                f"it lacks {some(sorted(missing))}, which every other build of {files.name} installs",
                f"write {files.path}/{wanted}, or drop the entry",
            )

    def _partly(
        self,
        files: Directory,
        builds: Mapping[Build, Entry],
        specific: Mapping[Build, Sequence[str]],
        installer: PythonInstaller,
    ) -> Iterator[Finding]:
        """Builds with less than every other one."""
        packages = {build: files.packages((*installer.common, *names)) for build, names in specific.items()}
        script = files.text("install.sh")
        for build, own in packages.items():
            others = [packages[other] for other in builds if other.profile != build.profile]
            lacking = frozenset.intersection(*others) - own if len(others) > 1 else frozenset()
            named = script.data.decode(errors="replace") if lacking and script else ""
            lacking = frozenset(package for package in lacking if package not in named)
            is_less = len(lacking) > 1 and specific[build] and own <= frozenset.union(*others)
            if is_less and not files.installs_itself(build):
                name = specific[build][0]
                yield self.finding(
                    Place(f"{files.path}/{name}"),
                    files.name,
                    f"{name} partly",
                    f"the {build.profile} image lacks {some(sorted(lacking))}, which every other build of "
                    f"{files.name} installs",
                    f"restore them in {files.path}/{name}",
                    severity=Severity.warning,
                )


class RequirementsUnused(Rule):
    """A requirements file is installed by no image.

    Why: somebody wrote down what the backend needs on some hardware, and nobody built it. LocalAI's
    kokoro had a file for the CPU long before #11161 built it, so that a host without a GPU could
    install it.

    Fails: `requirements-cpu.txt` in `backend/python/finch`, and only entries with a GPU in the matrix.

    Passes: the same, and an entry with `build-type: ''`.

    It is an error where no installer tries the name of a file, and the image of that hardware lacks what
    every other one has. vLLM's ROCm image was without vLLM like this (#10651).

    Other files that no build type of the checkout reads are not looked at. A backend whose tests CI runs
    is installed for them without a build type, so its `requirements-cpu.txt` is used.

    Fix: add the matrix entries and the images of that hardware, or delete the file.
    """

    severity = Severity.info
    explained_by = ("gallery-image-not-built", "matrix-missing-directory", "matrix-tag-suffix")

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """Where the build of that hardware was forgotten, or its entry is wrong."""
        tags = cause.subject.split(" ")
        built = (v for v in VARIANTS.values() if v.tag_suffix.format(n=cause.backend) in tags)
        return any(re.fullmatch(rf"requirements-{v.profile}\b.*\.txt", finding.subject) for v in built)

    def check(self, registry: Registry) -> Iterator[Finding]:
        installer = installer_of(registry.tree)
        read: dict[str, set[str]] = {}
        for entry in (*registry.matrix.linux, *registry.matrix.darwin) if installer.common else ():
            names = installer.specific(build_of(entry, installer))
            read.setdefault(entry.backend, set()).update(names)
        anywhere = set().union(*read.values())
        for backend in _tested(registry) & read.keys():
            read[backend].update(installer.specific(installer.build("", "", linux=True)))
        for backend, lang in registry.backends.items():
            if lang == "python" and backend in read:
                files = registry.files(backend)
                yield from self._never_tried(registry, files, installer)
                for name in sorted((anywhere & set(files.names)) - read[backend]):
                    yield self.finding(
                        Place(f"{files.path}/{name}"),
                        backend,
                        name,
                        f"no image of {backend} installs {name}",
                        "add the matrix entries and images of that hardware, or delete the file",
                    )

    def _never_tried(
        self, registry: Registry, files: Directory, installer: PythonInstaller
    ) -> Iterator[Finding]:
        """Files of a built profile that no installer tries, with packages that only its image lacks."""
        builds = sorted({build_of(entry, installer) for entry in registry.matrix.entries_of(files.name)})
        tried = {build: (*installer.common, *installer.specific(build)) for build in builds}
        untried = {build: list(self._of_profile(files, build, names)) for build, names in tried.items()}
        plain = [b for b in builds if any(untried.values()) and not files.installs_itself(b)]
        for build in plain:
            if not any(name in files.names for name in installer.specific(build)):
                continue  # which is matrix-no-requirements
            others = [files.packages(tried[other]) for other in plain if other != build]
            usual = frozenset.intersection(*others) - files.packages(tried[build]) if others else ()
            for name in untried[build]:
                lacking = files.packages([name]) & {*usual}
                if lacking:
                    yield self.finding(
                        Place(f"{files.path}/{name}"),
                        files.name,
                        f"{name} never tried",
                        f"no installer tries {name}: the {build.profile} image lacks "
                        f"{some(sorted(lacking))}, which every other build of {files.name} installs",
                        f"move its lines to requirements-{build.profile}.txt, or install it in install.sh",
                        severity=Severity.error,
                    )

    def _of_profile(self, files: Directory, build: Build, tried: Collection[str]) -> Iterator[str]:
        """The files that are called after the profile of a build, and that it does not install."""
        own = re.compile(rf"requirements-{re.escape(build.profile)}\b.*\.txt")
        for name in files.names:
            if own.fullmatch(name) and name not in tried and not files.names_file(name):
                yield name


def _tested(registry: Registry) -> set[str]:
    """The backends that the extra tests install: by `prepare-test-extra`, `test-extra` or a job."""
    targets = ("prepare-test-extra", "test-extra")
    if registry.makefile.source is None:  # then nobody can say
        return {*registry.backends}
    names = {name for target in targets for name in registry.makefile.test_lines(target)}
    return names | {use.name.rpartition("/")[2] for use in registry.test_jobs.make_commands}


class RequirementUnpinned(Rule):
    """What a Python backend installs from a git repository has a tag or a commit.

    Why: without one, every build of the image installs what the repository's default branch holds on that
    day. An image that was right yesterday is broken today, and no change of LocalAI is to blame; it has
    had to pin four of them.

    Fails:

        git+https://github.com/acme/finch

    Passes:

        git+https://github.com/acme/finch@v1.4.0

    `@main` is none, nor is another name without a digit: that is a branch. So is `archive/main.zip`. A `git
    clone` in `install.sh` counts too, where no tag or commit is checked out, and so does what `install.sh`
    installs itself: a variable for its ref has the value that the Makefile gives it, or its default. There is
    one finding for a backend and address, in whichever of its files it stands.

    Fix: add `@` and the tag or the commit with which the backend works. Of a clone check it out, by a
    variable that `bump_deps.yaml` follows, or with a comment that says why it is held.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        installer = installer_of(registry.tree)
        for backend, lang in registry.backends.items():
            files = registry.files(backend)
            found: dict[tuple[str, str], list[Place]] = {}
            cloned: set[Place] = set()
            names = filter(requirements.is_requirements, files.names)
            for text in files.texts(names) if lang == "python" else ():
                for address, branch, offset in requirements.moving(text.data):
                    found.setdefault((address, branch), []).append(text.place(offset))
                for address, branch, offset in requirements.moving_archives(text.data):
                    found.setdefault((address, branch), []).append(text.place(offset))
            if lang == "python":
                builds = {build_of(entry, installer) for entry in registry.matrix.entries_of(backend)}
                for address, branch, place in files.unpinned_installs(sorted(builds)):
                    found.setdefault((address, branch), []).append(place)
                for address, place in files.unpinned_clones(sorted(builds)):
                    cloned.add(place)
                    found.setdefault((address, ""), []).append(place)
            for (address, branch), places in found.items():
                where = f" ({len(places)} places)" if len(places) > 1 else ""
                held = f"its branch {branch}" if branch else "its default branch"
                yield self.finding(
                    places[0],
                    backend,
                    f"{address} without a version",
                    f"{address} is installed at whatever {held} holds{where}",
                    "check out the tag or the commit with which the backend works, by a `<NAME>_VERSION?=` "
                    "of its Makefile that the bot follows, or with a comment that says why it is held"
                    if places[0] in cloned
                    else f"write the tag or the commit with which the backend works in the place of {branch}"
                    if branch
                    else "write `@` and the tag or the commit with which the backend works",
                )


def build_of(entry: Entry, installer: PythonInstaller) -> Build:
    """The build of a matrix entry."""
    kind, cuda = (entry.fields.get(name, "") for name in ("build-type", "cuda-major-version"))
    return installer.build(kind, cuda, entry.linux)
