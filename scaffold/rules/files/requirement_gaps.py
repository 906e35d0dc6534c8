"""Packages that one profile lacks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from scaffold.directory.directory import Directory
from scaffold.directory.imports import installing, says
from scaffold.directory.python import Build, installer_of
from scaffold.directory.requirement_lines import lines
from scaffold.directory.requirements import is_requirements, normal
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.files.requirements import build_of

MANY_OTHERS = 4
"""So many other profiles show what a backend needs."""
OF_TORCH = frozenset({"torch", "torchaudio", "torchvision"})
WITHOUT_GPU = frozenset({"cpu", "mps"})
LEFT_TO_USERS = {"coqui-tts": ("torch", "torchaudio")}
"""Package -> what it imports, and leaves to whoever installs it."""


class RequirementLeftOut(Rule):
    """A profile of a Python backend has the packages that all its other profiles have.

    Why: what is added for a model is added to the file that somebody tries. The image of one kind of hardware
    lacks it, and fails at the first model that needs it: LocalAI's diffusers on Jetson had no sentencepiece
    (#6005), and coqui on a CPU no torchaudio (#9142).

    Fails: `sentencepiece` in `requirements-cpu.txt`, `-cublas12`, `-cublas13` and `-hipblas`, and in
    `requirements-l4t12.txt` only

        diffusers
        torch

    Passes:

        diffusers
        torch
        sentencepiece

    Four other profiles or more must have it, and the matrix build them all. It is fine where a comment in
    the file, or install.sh, names the package, where that installs packages for this profile itself, and
    where the others ask for it with extras. What all have but the one for CPUs may be for GPUs alone, unless
    one for macOS has it. What belongs to torch may stand there for its index. Of a few packages it is known
    what they leave to whoever installs them: coqui-tts needs torch and torchaudio.

    Fix: add the package, or say in a comment why that hardware does without.
    """

    severity = Severity.warning
    explained_by = (
        "matrix-no-requirements",
        "requirements-empty",
        "requirement-missing",
        "requirement-unreadable",
    )

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """Where the file is gone, empty or not read, or the package is told already."""
        if cause.rule == "requirement-missing":
            return finding.subject.partition(" ")[0] in cause.message
        return cause.path == finding.path or cause.rule == "matrix-no-requirements"

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Packages of all profiles but one, and those that a package leaves out."""
        installer = installer_of(registry.tree)
        for name, lang in registry.backends.items() if installer.common else ():
            if lang == "python":
                files = registry.files(name)
                builds = sorted({build_of(entry, installer) for entry in registry.matrix.entries_of(name)})
                common = files.packages(installer.common)
                has = {build: files.packages(installer.specific(build)) - common for build in builds}
                yield from self._gaps(files, has)
                yield from self._left(files, common)

    def _gaps(self, files: Directory, has: Mapping[Build, frozenset[str]]) -> Iterator[Finding]:
        profiles: dict[str, frozenset[str]] = {}
        for build, packages in has.items():
            profiles[build.profile] = packages | profiles.get(build.profile, frozenset())
        for one, own in profiles.items():
            others = [packages for profile, packages in profiles.items() if profile != one]
            text = files.text(f"requirements-{one}.txt")
            if len(others) < MANY_OTHERS or text is None or not own:
                continue
            if one in WITHOUT_GPU and WITHOUT_GPU.isdisjoint(profiles.keys() - {one}):
                continue  # what all others have may be for GPUs alone
            code = installing(files.text("install.sh"))
            every = b"\n".join(other.data for other in files.texts(filter(is_requirements, files.names)))
            if any(build.profile == one and files.installs_itself(build) for build in has):
                continue
            for package in sorted(frozenset.intersection(*others) - own - OF_TORCH):
                with_extras = re.search(rf"(?m)^{package}\[", normal(every.decode(errors="replace")))
                if not (says(code, package) or says(text.data, package) or with_extras):
                    yield self.finding(
                        text.place(len(text.data.rstrip())),
                        files.name,
                        f"{package} {one}",
                        f"{one} has no {package}, which the other {len(others)} profiles have",
                        f"add {package} to {text.path}, or say in a comment why it does without",
                    )

    def _left(self, files: Directory, common: frozenset[str]) -> Iterator[Finding]:
        for text in files.texts(filter(is_requirements, files.names)):
            names = {line.name: line for line in lines(text) if not line.is_index}
            for package in sorted(name for name in LEFT_TO_USERS if name in names and not names[name].held):
                missing = [one for one in LEFT_TO_USERS[package] if one not in names and one not in common]
                if missing and len(missing) < len(LEFT_TO_USERS[package]):
                    yield self.finding(
                        text.place(names[package].offset),
                        files.name,
                        f"{' '.join(missing)} of {text.path}",
                        f"{package} imports {' and '.join(missing)}, and leaves it to whoever installs it",
                        f"add {' and '.join(missing)}",
                    )
