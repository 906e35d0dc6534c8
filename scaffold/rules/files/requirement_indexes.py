"""The indexes of a Python backend's requirements: which build of torch and vllm an image gets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.directory import requirements
from scaffold.directory.directory import Directory
from scaffold.directory.pins import is_reason
from scaffold.directory.python import Build, PythonInstaller, installer_of
from scaffold.directory.text import Text
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.files.requirements import build_of

MANY_BUILDS = {"cpu": (), "mps": (), "l4t13": ("vllm",)}
"""Profile -> the packages whose build there is not simply PyPI's; every other profile has both."""
ELSEWHERE = frozenset({"hipblas", "intel", "l4t12"})
"""Profiles for which PyPI has no torch of any version."""
CUDA = {"cublas12": "12", "cublas13": "13", "l4t13": "13"}
"""Profile -> its CUDA, where PyPI's torch is for that or for another one."""


class RequirementIndexMissing(Rule):
    """A GPU profile says which build of torch or vllm it installs: by a version, or by an index.

    Why: PyPI has one build of them for a platform, for the newest CUDA that they support. A profile that
    names neither a version nor the index of its hardware installs whatever that is on the day of the build.
    LocalAI's chatterbox for CUDA 12 could not be loaded any more, until its versions were pinned (#11074).

    Fails: `requirements-cublas12.txt`

        torch

    Passes:

        --extra-index-url https://download.pytorch.org/whl/cu128
        torch

    It is an error for a version like `2.10.0+rocm7.0`: PyPI takes none. For ROCm, Intel and JetPack 6 no
    version is enough: PyPI has no torch for them. It has 2.11 and later ones for CUDA 13, and older ones for
    CUDA 12. A backend whose `install.sh` names an index for that build is fine, and so is a line with a
    comment at it that says why. There is one finding for a profile.

    Fix: pin the version with which the image works, or name the index; or say in a comment why neither is
    needed.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        installer = installer_of(registry.tree)
        for backend, lang in registry.backends.items():
            if lang != "python":
                continue
            files = registry.files(backend)
            builds = {build_of(entry, installer) for entry in registry.matrix.entries_of(backend)}
            for build in {build.profile: build for build in sorted(builds)}.values():
                found = self._loose(files, build, installer)
                if found:
                    yield found

    def _loose(self, files: Directory, build: Build, installer: PythonInstaller) -> Finding | None:
        """The first package of a build that may be of another hardware."""
        names = [name for name in installer.specific(build) if name in files.names]
        found = next(
            (
                (text, one)
                for text in files.texts(names)
                for one in _missed(text, build.profile)
                if one[-1] is Severity.error or not is_reason(text.comment_above(one[1]))
            ),
            None,
        )
        if found is None or files.names_index(build):
            return None
        text, (package, offset, told, wanted, severity) = found
        subject = f"{build.profile} {package}"
        return self.finding(text.place(offset), files.name, subject, told, wanted, severity=severity)


def _missed(text: Text, profile: str) -> Iterator[tuple[str, int, str, str, Severity | None]]:
    """(package, offset, message, what to do, severity) of what a file lacks an index for."""
    image = f"the {profile} image"
    elsewhere = requirements.local_version(text)
    if elsewhere:
        what, offset = elsewhere
        told = f"{what} of {image} is on no index that {text.path} names"
        yield what, offset, told, f"name the index of that hardware in {text.path}", Severity.error
    loose = requirements.loose(text, MANY_BUILDS.get(profile, ("torch", "vllm")))
    if loose:
        name, offset = loose
        told = f"{name} of {image} has neither a version nor that hardware's index"
        wanted = f"pin {name} to the version that works there, or name its index in {text.path}"
        yield name, offset, told, wanted, None
    torch = requirements.of_no_index(text) if profile in ELSEWHERE else None
    if torch is not None:
        told = f"torch of {image} is PyPI's, which is not for that hardware"
        yield "torch", torch, told, f"name its index in {text.path}", None
    major = CUDA.get(profile, "")
    other = requirements.of_other_cuda(text, major) if major else None
    if other is not None:
        version, offset = other
        told = f"torch {version} of {image} is PyPI's, which is not for CUDA {major}"
        yield "torch", offset, told, f"name the index of CUDA {major} in {text.path}", None


_INDEX_OF = {
    "cpu": "cpu",
    "mps": "cpu",
    "cublas11": "cu11",
    "cublas12": "cu12",
    "cublas13": "cu13",
    "hipblas": "rocm",
    "intel": "xpu",
    "l4t12": "cu12",
    "l4t13": "cu13",
}
"""Profile -> what its indexes are for."""
_PROFILE = re.compile(r"requirements-([a-z][a-z0-9]*)(?:-after)?\.txt")


class RequirementIndexForeign(Rule):
    """The index of a requirements file is that of the hardware after which the file is called.

    Why: an index has the builds for one kind of hardware. With another one the image of a profile is a CPU
    build, or one for a CUDA that the image does not have: CI is green, and the backend fails, or is slow.

    Fails: `requirements-hipblas.txt`

        --extra-index-url https://download.pytorch.org/whl/cu121
        torch

    Passes:

        --extra-index-url https://download.pytorch.org/whl/rocm7.0
        torch

    A file with several indexes may have others beside the right one. Of a file for CPUs it is a warning, and
    so it is of an older CUDA: what is installed may work there too.

    Fix: name the index of the profile's hardware.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Indexes of other hardware."""
        for backend, lang in registry.backends.items():
            files = registry.files(backend)
            for text in files.texts(files.names) if lang == "python" else ():
                profile = _PROFILE.fullmatch(text.path.rpartition("/")[2])
                name = profile[1] if profile else ""
                wanted = _INDEX_OF.get(name, "")
                found = dict(requirements.hardware_of_indexes(text)) if wanted else {}
                for hardware, offset in found.items() if wanted not in found else ():
                    older = hardware[:2] == wanted[:2] and hardware < wanted
                    may_work = wanted == "cpu" or older
                    yield self.finding(
                        text.place(offset),
                        backend,
                        f"{name} index {hardware}",
                        f"the index of {name} is that of {hardware}, and its images need {wanted}",
                        f"name the index of {wanted}",
                        severity=Severity.warning if may_work else Severity.error,
                    )


class RequirementToolkitMoves(Rule):
    """torch of a GPU profile stays with the toolkit of the image that it is installed in.

    Why: an index such as `whl/xpu` has torch for every release of the hardware's toolkit, the newest first.
    The base image has one release. When torch moved on to oneAPI 2026, LocalAI's image of kokoro, with oneAPI
    2025.3, could not be built any more (#10823). An index such as `whl/cu128` has one release alone.

    Fails: `base-image: "intel/oneapi-basekit:2025.3.0"` in the matrix, and in `requirements-intel.txt`

        --extra-index-url https://download.pytorch.org/whl/xpu
        torch

    Passes:

        --extra-index-url https://download.pytorch.org/whl/xpu
        torch==2.11.0+xpu

    Fix: pin torch, and what belongs to it, to the version of that toolkit.
    """

    severity = Severity.info

    def check(self, registry: Registry) -> Iterator[Finding]:
        installer = installer_of(registry.tree)
        for backend, lang in registry.backends.items() if installer.common else ():
            builds: dict[Build, str] = {}
            for entry in registry.matrix.entries_of(backend) if lang == "python" else ():
                image = entry.fields.get("base-image", "")
                if re.search(r"\d\.\d", image.partition(":")[2]) and not image.startswith("ubuntu"):
                    builds.setdefault(build_of(entry, installer), image)
            for build, image in builds.items():
                for text in registry.files(backend).texts(installer.specific(build)):
                    found = requirements.newest_of_index(text)
                    if found:
                        index, offset = found
                        yield self.finding(
                            text.place(offset),
                            backend,
                            f"{build.profile} torch of a moving toolkit",
                            f"torch is the newest of {index}, whatever toolkit that needs; the image's is"
                            f" that of {image}",
                            "pin torch to the version of that toolkit",
                        )
                        break
