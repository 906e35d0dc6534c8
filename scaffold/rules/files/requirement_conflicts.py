"""Versions of packages that cannot be installed together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise, zip_longest

from scaffold.directory.python import installer_of
from scaffold.directory.requirement_lines import Line, lines
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


class RequirementConflict(Rule):
    """The versions that the requirements of one image ask for can be installed together.

    Why: torchvision and torchaudio are built for one release of torch. With another one the image is not
    built, or the first import ends the backend. Of a package that a file asks for in two versions the
    installers take none.

    Fails:

        torch==2.7.1
        torchaudio==0.22.1

    Passes:

        torch==2.7.1
        torchaudio==2.7.1
        torchvision==0.22.1

    Looked at are versions with `==`, and torch 2. It is a warning where one file of an image asks for another
    version than the one before: the second replaces the first. What has a marker (`; sys_platform == ...`)
    may be for other machines.

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
                        if line.version.startswith("==") and line.held and not line.marker:
                            asked.setdefault(line.name, []).append((text, line))
                for finding in (*self._twice(backend, asked), *self._apart(backend, asked)):
                    if finding.subject not in told:
                        told.add(finding.subject)
                        yield finding

    def _twice(self, backend: str, asked: dict[str, list[Asked]]) -> Iterator[Finding]:
        """Packages with two versions."""
        for name, found in asked.items():
            for (text, line), (other, second) in pairwise(found):
                if not _is_one(line.held, second.held):
                    here = text is other
                    yield self.finding(
                        other.place(second.offset),
                        backend,
                        f"{name}{second.held} and {line.held}",
                        f"{name} is {second.held[2:]} here, and {line.held[2:]} "
                        + (f"in line {text.place(line.offset).line}" if here else f"in {text.path}"),
                        "write one of them",
                        severity=None if here else Severity.warning,
                    )

    def _apart(self, backend: str, asked: dict[str, list[Asked]]) -> Iterator[Finding]:
        """What belongs to another release of torch."""
        torch = asked.get("torch", [])[-1:]
        for (_, line), name in ((one, name) for one in torch for name in BEHIND):
            release = _MINOR.fullmatch(line.held)
            for text, other in asked.get(name, [])[-1:]:
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


def _is_one(one: str, other: str) -> bool:
    """Whether two pins are met by one version: `==2.7` and `==2.7.0`, `==2.9.1` and `==2.9.1+cpu`."""
    (short, _, local), (other_short, _, other_local) = (held.partition("+") for held in (one, other))
    numbers = zip_longest(short.split("."), other_short.split("."), fillvalue="0")
    return all(a == b for a, b in numbers) and (local == other_local or not local or not other_local)
