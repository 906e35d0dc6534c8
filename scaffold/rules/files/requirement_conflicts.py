"""Versions of packages that cannot be installed together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.directory.python import installer_of
from scaffold.directory.requirement_lines import Line, lines
from scaffold.directory.requirement_versions import is_met_by_none
from scaffold.directory.text import Text
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.files.requirements import build_of

Asked = tuple[Text, Line]
_MINOR = re.compile(r"==(\d+)\.(\d+)(?:\.\d+)*(?:\+.*)?")
BEHIND = {"torchaudio": (2, 0), "torchvision": (0, 15)}
"""What has a version of torch 2.0; with each of its releases the second number is one more."""
LAST_TOGETHER = 10
"""The release of torch 2 up to which each had a torchaudio of its own."""
MOST_COMPARED = 20
"""Versions of one package in one image after which no more are compared: no backend asks for three."""


class RequirementConflict(Rule):
    """The versions that the requirements of one image ask for can be installed together.

    Why: torchvision and torchaudio are built for one release of torch. With another one the image is not
    built, or the first import ends the backend. Of a package that a file asks for in two versions, or in
    bounds that no version is between, the installers take none.

    Fails:

        torch==2.7.1
        torchaudio==0.22.1
        accelerate>=1.4.0,<1.0
        huggingface-hub>=1.3.0
        huggingface_hub==0.20.0

    Passes:

        torch==2.7.1
        torchaudio==2.7.1
        torchvision==0.22.1
        accelerate>=1.4.0,<2.0
        huggingface-hub>=1.3.0,<2

    Whether torchaudio and torchvision belong to torch is told of versions with `==`, and torch 2. It is a
    warning where one file of an image asks for another version than a file before it: the second replaces
    the first. What has a marker (`; sys_platform == ...`) may be for other machines.

    Fix: write the versions that belong together, or one of the two.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Pairs of requirements, each once for a backend."""
        installer = installer_of(registry.tree)
        for backend, lang in registry.backends.items():
            files = registry.files(backend)
            entries = registry.matrix.entries_of(backend) if lang == "python" else ()
            builds = {build_of(entry, installer) for entry in entries}
            told = set()
            for build in sorted(builds):
                asked: dict[str, list[Asked]] = {}
                for text in files.texts((*installer.common, *installer.specific(build))):
                    for line in lines(text):
                        if line.version and not line.marker:
                            asked.setdefault(line.name, []).append((text, line))
                for finding in (*self._together(backend, asked), *self._apart(backend, asked)):
                    if finding.subject not in told:
                        told.add(finding.subject)
                        yield finding

    def _together(self, backend: str, asked: dict[str, list[Asked]]) -> Iterator[Finding]:
        """Packages of which no version is all that is asked for."""
        for name, found in asked.items():
            before: dict[str, Asked] = {}
            for text, line in found:
                if is_met_by_none(line.version):
                    yield self.finding(
                        text.place(line.offset),
                        backend,
                        f"{name}{line.version}",
                        f"no version of {name} is {line.version}",
                        "write a lower bound below the upper one",
                    )
                    continue
                nearest = reversed(before.values())
                first = next((one for one in nearest if is_met_by_none(one[1].version, line.version)), None)
                if first:
                    yield self._twice(backend, first, (text, line))
                before.pop(line.version, None)
                before[line.version] = text, line
                if len(before) == MOST_COMPARED:
                    break

    def _twice(self, backend: str, first: Asked, second: Asked) -> Finding:
        """A package whose second requirement takes no version of the first."""
        (other, before), (text, line) = first, second
        here = text is other
        return self.finding(
            text.place(line.offset),
            backend,
            f"{line.name}{line.version} and {before.version}",
            f"{line.name} is {_shown(line)} here, and {_shown(before)} "
            + (f"in line {other.place(before.offset).line}" if here else f"in {other.path}"),
            "write one of them" if line.held and before.held else "write what one version is",
            severity=None if here else Severity.warning,
        )

    def _apart(self, backend: str, asked: dict[str, list[Asked]]) -> Iterator[Finding]:
        """What belongs to another release of torch."""
        torch = _pinned(asked, "torch")
        for (_, line), name in ((one, name) for one in torch for name in BEHIND):
            release = _MINOR.fullmatch(line.held)
            for text, other in _pinned(asked, name):
                version = _MINOR.fullmatch(other.held)
                if release is None or version is None or release[1] != "2":
                    continue
                major, first = BEHIND[name]
                minor = int(release[2])
                is_together = name != "torchaudio" or minor <= LAST_TOGETHER
                if is_together and (int(version[1]), int(version[2])) != (major, first + minor):
                    one, wrong = line.held[2:], other.held[2:]
                    yield self.finding(
                        text.place(other.offset),
                        backend,
                        f"{text.path} {name} {wrong} with torch {one}",
                        f"{name} {wrong} is not built for torch {one}, which this image has",
                        f"write {name}=={major}.{first + minor}, or the torch of {name} {wrong}",
                    )


def _pinned(asked: dict[str, list[Asked]], name: str) -> list[Asked]:
    """The last requirement of a package that holds it to one version, if there is any."""
    return [one for one in asked.get(name, []) if one[1].held][-1:]


def _shown(line: Line) -> str:
    """The version that a requirement asks for, or the versions."""
    return line.held[2:] if line.held else line.version
