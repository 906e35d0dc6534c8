"""What a Python backend imports, and what its images install."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from scaffold.directory.directory import Directory
from scaffold.directory.imports import bringing, imports, installing, is_called_after, is_named
from scaffold.directory.python import COMMON_INSTALLER, Build, installer_of
from scaffold.directory.text import Text
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.files.requirements import build_of
from scaffold.syntax.source import Place

PROGRAM = "backend.py"
COMMON = COMMON_INSTALLER.rpartition("/")[0]
"""The modules that every backend is given."""
MANY_OTHERS = 2
"""So many other profiles show what a backend needs."""
_SHARED = re.compile(r"requirements(?:-(?:install|after))?\.txt")
"""The files that every profile has."""


SERVED_BY, BRINGS_IT = "grpc", "grpcio"
"""What every server imports, and the stubs of the service are made with; and its package."""


class RequirementMissing(Rule):
    """Each image of a Python backend installs what `backend.py` imports.

    Why: nothing tries an image before it is pushed. One whose requirements lack a package is built, starts,
    and ends at the first `import`.

    Fails: `from finch import Model` in `backend.py`, and in `requirements-cublas12.txt`

        torch

    Passes:

        torch
        finch

    Looked at are imports at the beginning of a line. The module that is called after the backend must come
    from some requirement, or from `install.sh`; so must `grpc`, as a warning. Of other modules it is a
    warning where all other profiles, two or more, have a requirement of that name: another package may bring
    them.

    Fix: add the requirement to the files of that profile.
    """

    severity = Severity.error
    explained_by = ("matrix-no-requirements", "requirements-empty", "requirement-unreadable")

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """Where a file of that profile, or one that all profiles have, is gone, empty or not read."""
        profiles = finding.subject.split(" ")[1:]
        if cause.rule == "matrix-no-requirements":
            named = all(profile in cause.message.split() for profile in profiles)
            return cause.severity is Severity.error and (named or profiles == ["anywhere"])
        file = cause.path.rpartition("/")[2]
        return (
            profiles == ["anywhere"]
            or _SHARED.fullmatch(file) is not None
            or all(file.startswith(f"requirements-{profile}") for profile in profiles)
        )

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Modules that images of a backend lack."""
        installer = installer_of(registry.tree)
        shared = {name.removesuffix(".py") for name in registry.tree.list(COMMON)}
        for name, lang in registry.backends.items() if installer.common else ():
            files = registry.files(name)
            program = files.text(PROGRAM) if lang == "python" else None
            builds = sorted({build_of(entry, installer) for entry in registry.matrix.entries_of(name)})
            if program is not None and builds:
                packages = {b: files.packages((*installer.common, *installer.specific(b))) for b in builds}
                yield from self._judge(files, program, packages, shared)

    def _judge(
        self,
        files: Directory,
        program: Text,
        packages: Mapping[Build, frozenset[str]],
        shared: Collection[str],
    ) -> Iterator[Finding]:
        own = {name.removesuffix(".py") for name in files.names}.union(shared)
        modules = {module: offset for module, offset in imports(program).items() if module not in own}
        engine = [module for module in modules if is_called_after(module, files.name)]
        others = [[module] for module in modules if module not in engine]
        every = frozenset().union(*packages.values())
        for together in [engine, *others] if engine else others:
            bring = {package for module in together for package in bringing(module, every)}
            serves = together == [SERVED_BY]
            if serves:
                bring = {BRINGS_IT}
            if not bring and together is not engine:
                continue
            lacking = [build for build, has in packages.items() if bring.isdisjoint(has)]
            have = {build.profile for build in packages if build not in lacking}
            profiles = {build.profile for build in lacking} - have
            is_alone = len(profiles) == 1 and len(have) >= MANY_OTHERS
            if not profiles or not (together is engine or is_alone or (serves and not have)):
                continue
            code = installing(files.text("install.sh"))
            if any(is_named(module, code) for module in together):
                continue
            without = sorted({b.profile for b in lacking if not files.installs_itself(b)} - have)
            if without:
                place = _end_of(files, without[0]) if have else None
                package = BRINGS_IT if serves else "the package that brings it"
                images = f"the {' and '.join(without)} image{'s' if len(without) > 1 else ''}"
                yield self.finding(
                    place or program.place(modules[together[0]]),
                    files.name,
                    f"{together[0]} {' '.join(without) if have else 'anywhere'}",
                    f"{PROGRAM} imports {together[0]}, and "
                    + (
                        f"{images} install{'s' if len(without) == 1 else ''} no "
                        f"{' or '.join(sorted(bring))}, as the others do"
                        if have
                        else "no requirement and no line of install.sh has a package of that name"
                    ),
                    f"add {min(bring)} to {files.path}/requirements-{without[0]}.txt"
                    if have
                    else f"add {package} to {files.path}/requirements.txt",
                    severity=None if together is engine else Severity.warning,
                )


def _end_of(files: Directory, profile: str) -> Place | None:
    """The last line of the requirements of a profile."""
    text = files.text(f"requirements-{profile}.txt")
    return text.place(len(text.data.rstrip())) if text else None
