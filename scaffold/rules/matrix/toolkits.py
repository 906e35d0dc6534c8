"""CUDA toolkits of the build matrix: where an entry's image gets the one that its build type needs."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from scaffold.backend.variants import toolkit
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.causes import WRONG_DOCKERFILE, is_wrong_dockerfile
from scaffold.surfaces.matrix.reading import Entry

_BRINGS_CUDA = re.compile(r"(?i)cuda|l4t|nvidia|jetson|tensorrt|pytorch")


class MatrixCudaToolkit(Rule):
    """A CUDA entry gets its own toolkit, from its base image, its builder image or the Dockerfile.

    Why: `skip-drivers: 'true'` leaves the toolkit to the base image. An image that brings none compiles
    for the CPU or not at all, and one that brings the other major version makes libraries that do not load
    on the hosts that the tag promises. A Python entry for Jetson with build type `cublas` installs the
    requirements of desktop cards.

    Fails:

        - build-type: 'cublas'
          cuda-major-version: "13"
          base-image: "nvidia/cuda:12.8.1-devel-ubuntu24.04"
          skip-drivers: 'true'

    Passes:

        - build-type: 'cublas'
          cuda-major-version: "13"
          base-image: "nvidia/cuda:13.0.0-devel-ubuntu24.04"
          skip-drivers: 'true'

    What of several entries on one image is wrong is told by the version in its tag, else by the fewest.

    Fix: name a base image of that toolkit, or let the Dockerfile install it (`skip-drivers: 'false'`).
    """

    severity = Severity.warning
    explained_by = WRONG_DOCKERFILE

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """A build type of another language, where it is the Dockerfile that is wrong."""
        return is_wrong_dockerfile(cause) and finding.subject.endswith(" build-type")

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Entries whose image has no toolkit, or another entry's; requirements of another hardware."""
        served: dict[str, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
        for entry in registry.matrix.linux:
            family, major = toolkit(entry.fields)
            if family != "cuda" or not major:
                continue
            image = entry.fields.get("base-image", "")
            skips = entry.fields.get("skip-drivers") == "true"
            if entry.lang == "python" and _is_jetson(entry) and entry.fields["build-type"] == "cublas":
                yield self._finding(
                    entry,
                    "build-type",
                    f"{entry.tag_suffix} is for Jetson, and build type 'cublas' installs the requirements of "
                    "desktop cards",
                    "set build-type: 'l4t'",
                )
            if entry.prebuilt:
                continue
            if skips and image and not _BRINGS_CUDA.search(image):
                yield self._finding(
                    entry,
                    "skip-drivers",
                    f"{entry.tag_suffix} skips the toolkit, and {image} brings none",
                    "set skip-drivers: 'false', or name a base image with CUDA",
                )
            elif skips and image:
                served[image][major].append(entry)
        for image, majors in served.items():
            yield from self._strangers(image, majors)

    def _strangers(self, image: str, majors: dict[str, list[Entry]]) -> Iterator[Finding]:
        """The entries of an image that are for another CUDA than it brings."""
        tags = re.finditer(r"(?<![\w/.-])([\w/.-]++):(\d+)\.", image)
        tagged = next((tag for tag in tags if "cuda" in tag[1]), None)
        right = tagged[2] if tagged else max(majors, key=lambda major: len(majors[major]))
        if not tagged and len(majors[right]) == min(map(len, majors.values())) and len(majors) > 1:
            right = ""
        for major, entries in majors.items():
            for entry in entries if major != right else ():
                others = "" if tagged else f", on which others are for CUDA {right or 'of another version'}"
                yield self._finding(
                    entry,
                    "base-image",
                    f"{entry.tag_suffix} is for CUDA {major}, and its toolkit comes with {image}{others}",
                    f"name a base image with CUDA {major}, or set skip-drivers: 'false'",
                )

    def _finding(self, entry: Entry, field: str, message: str, answer: str) -> Finding:
        subject = f"{entry.tag_suffix} {entry.fields.get('platform-tag', '')} {field}"
        return self.finding(entry.at(field), entry.backend, subject, message, answer)


def _is_jetson(entry: Entry) -> bool:
    """Whether the tag of an entry says that its image is for Jetson."""
    return "-l4t-" in entry.tag_suffix
