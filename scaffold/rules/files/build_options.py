"""Options of native builds: what is done for the hardware of an image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scaffold.backend.choices import NATIVE
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.directory.cuda import newest_only
from scaffold.directory.native import Flag, default_of, emptied
from scaffold.directory.text import Spot
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Fix, Rule, Severity
from scaffold.rules.words import enumerated, some


class BuildTypeUnhandled(Rule):
    """The matrix builds an image for hardware that the backend's own build does nothing for.

    Why: a `BUILD_TYPE` that no line of the Makefile tells from others gives the default build: a CPU
    library in an image that is named, listed and chosen as a GPU image. Nobody sees it but users who
    wonder about the speed. LocalAI builds SYCL images of five ggml backends like this: ced,
    face-detect, moss-transcribe-cpp, parakeet-cpp, voice-detect.

    On macOS ggml chooses Metal by itself. An engine that has options of its own in front of ggml's
    (`-DFINCH_GGML_CUDA=ON`) does not: parakeet-cpp's macOS image was for the CPU until #11492. Such an engine
    overwrites a bare `-DGGML_CUDA=ON` with its own option: its other GPU images were (#10120).

    Read are the Makefile with its includes, CMake files, build scripts, the scripts that the backend's
    own Dockerfile runs, and a neighbour whose sources are borrowed. A build type that is handed on to
    an upstream's Makefile is taken to be handled there. Python has matrix-no-requirements instead.

    Fails: `build-type: 'vulkan'` in the matrix, and

        ifeq ($(BUILD_TYPE),cublas)
            CMAKE_ARGS+=-DGGML_CUDA=ON
        endif

    Passes: the same with

        else ifeq ($(BUILD_TYPE),vulkan)
            CMAKE_ARGS+=-DGGML_VULKAN=ON

    It is a warning for macOS, where the engine's own default may be Metal.

    Fix: add the branch, or drop the matrix entry and its images.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        for name, lang in registry.backends.items():
            files = registry.files(name)
            if lang not in NATIVE or not files.build_files:
                continue
            for family, silent in registry.unhandled(name).items():
                yield self.finding(
                    files.build_type_place,
                    name,
                    f"build type {family}",
                    f"nothing here is done for BUILD_TYPE {some(silent)}, which the matrix builds: "
                    "the image has the CPU build",
                    "add "
                    + enumerated([f"`else ifeq ($(BUILD_TYPE),{kind})`" for kind in silent])
                    + " with the engine's options, or drop the matrix entries and their images",
                    severity=Severity.warning if family == "metal" else None,
                )
            yield from self._overwritten(registry, name)

    def _overwritten(self, registry: Registry, name: str) -> Iterator[Finding]:
        """Options of ggml that do nothing alone: for other hardware the engine's own stand in their place."""
        files = registry.files(name)
        gates = files.gated_options
        engine = min((gate.partition("_GGML_")[0] for gate in gates), default="")
        both = any(flag.spot.text.removeprefix(f"{engine}_") in flag.beside for flag in files.flags(gates))
        built = {entry.fields.get("build-type", "") for entry in registry.matrix.entries_of(name)}
        for flag in files.flags(_GATED) if len(gates) > 1 and not both else ():
            option = flag.spot.text
            own = any(gate.endswith(f"_{option}") for gate in gates)
            if not own and not flag.is_off and not built.isdisjoint(HARDWARE[option]):
                yield self.finding(
                    flag.spot,
                    name,
                    f"build type {HARDWARE[option][0]}",
                    f"{option} alone is overwritten by the engine, which has options of its own"
                    f" ({min(gates)}): the image has the CPU build",
                    f"write -D{engine}_{option}=ON",
                )


_GATED = frozenset({"GGML_CUDA", "GGML_HIP", "GGML_VULKAN"})
"""Options of ggml in front of which engines have their own."""

RENAMED = {
    "GGML_HIPBLAS": "GGML_HIP",
    "GGML_CUBLAS": "GGML_CUDA",
    **{f"{old}_{name}": "GGML_CUDA" for old in ("LLAMA", "WHISPER") for name in ("CUBLAS", "CUDA")},
    **{f"{old}_HIPBLAS": "GGML_HIP" for old in ("LLAMA", "WHISPER")},
    **{f"WHISPER_{name}": f"GGML_{name}" for name in ("METAL", "VULKAN", "SYCL")},
    **{
        f"LLAMA_{name}": f"GGML_{name}"
        for name in (
            "METAL", "METAL_EMBED_LIBRARY", "VULKAN", "SYCL", "SYCL_F16", "BLAS", "NATIVE", "RPC",
            "AVX", "AVX2", "AVX512", "FMA", "F16C",
        )
    },
}  # fmt: skip
"""Option that ggml, llama.cpp and whisper.cpp no longer read -> the one that they read."""

UNDERSTOOD = {f"LLAMA_{name}" for name in ("CUDA", "SYCL", "SYCL_F16")}
"""Of these for hardware, those that llama.cpp still turns into the new one, with a warning.

whisper.cpp warns too, and turns nothing: it sets the new one inside a function, where nobody sees it.
"""

REFUSED = {"LLAMA_CUBLAS", "WHISPER_CUBLAS"}
"""Of these, those with which llama.cpp and whisper.cpp end the build."""

HARDWARE = {
    "GGML_HIP": ("hipblas",),
    "GGML_CUDA": ("cublas", "l4t"),
    "GGML_VULKAN": ("vulkan",),
    "GGML_SYCL": ("sycl_f16", "sycl_f32", "intel"),
    "GGML_SYCL_F16": ("sycl_f16",),
}
"""Option -> the build types that are nothing without it."""


class BuildFlagObsolete(Rule):
    """A build sets an option that its engine no longer reads.

    Why: CMake ignores an option that nobody declares. When ggml renamed `GGML_HIPBLAS` to `GGML_HIP`,
    the ROCm images of four LocalAI backends became CPU images without one failing build (#10666), and
    new backends went on copying the old name from their neighbours.

    Fine where the new name stands beside the old one, for an old pin, and where the engine has an
    option of its own (`-DSD_HIPBLAS=ON`, `-DFINCH_GGML_HIP=ON`) that sets it.

    It is an error where images for some hardware need the option: nobody reads `GGML_CUBLAS` any more, and
    with `LLAMA_CUBLAS` or `WHISPER_CUBLAS` the engine ends the build. It is a warning where llama.cpp still
    understands the old name (`LLAMA_CUDA`), and for options of no hardware; an info where the matrix has no
    image of that hardware, or the option is off.

    Fails:

        CMAKE_ARGS+=-DGGML_HIPBLAS=ON

    Passes:

        CMAKE_ARGS+=-DGGML_HIP=ON

    Fix: `check --fix` writes the new name. A build that was silently for the CPU becomes one for the
    GPU: for HIP it needs `CC`, `CXX` and `AMDGPU_TARGETS` as its neighbours set them, and where they are
    not there a person writes all of it.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        for name in registry.backends:
            by_file: dict[tuple[str, str], list[Flag]] = {}
            for flag in registry.files(name).flags(RENAMED):
                if not _covered(flag):
                    by_file.setdefault((flag.spot.path, flag.spot.text), []).append(flag)
            for (path, old), flags in by_file.items():
                new = RENAMED[old]
                built = {e.fields.get("build-type", "") for e in registry.matrix.entries_of(name)}
                gated = registry.files(name).gated_options  # the engine's own option may be needed too
                complete = new != "GGML_HIP" or (not gated and all(flag.compiles_hip for flag in flags))
                is_gpu = new in HARDWARE
                matters = not is_gpu or (
                    not built.isdisjoint(HARDWARE[new]) and not all(flag.is_off for flag in flags)
                )
                certain = Severity.error if is_gpu and old not in UNDERSTOOD else Severity.warning
                yield self.finding(
                    flags[0].spot,
                    name,
                    f"{old} in {path}",
                    f"{old} ends the build of the engine; it reads {new}"
                    if old in REFUSED
                    else f"{old} is not read by the engine any more; it reads {new}",
                    f"write {new}"
                    if complete
                    else f"write {new}, with the engine's own option where it has one, and CC, CXX and "
                    "AMDGPU_TARGETS as its neighbours set them",
                    severity=certain if matters else Severity.info,
                    fix=_rename([flag.spot for flag in flags], new)
                    if complete and flags[0].text.is_utf8
                    else None,
                )


def _covered(flag: Flag) -> bool:
    """Whether the new option, or the engine's own for the same, is set beside an old one."""
    new = RENAMED[flag.spot.text]
    old = flag.spot.text
    ends = (old.partition("_")[2], new.partition("_")[2])
    return new in flag.beside or any(
        other.endswith(f"_{new}") or ("GGML" not in other and other.endswith(ends) and other not in RENAMED)
        for other in flag.beside
    )


def _rename(spots: Sequence[Spot], new: str) -> Fix:
    def fix(changes: ChangeSet) -> None:
        changes.add(*(Edit(spot.path, spot.start, spot.end, new) for spot in spots))

    return fix


class CudaArchitectures(Rule):
    """A CUDA build makes code for more than the newest cards.

    Why: a card that the list of architectures leaves out is not slower, it fails at the first request: "no
    kernel image is available for execution on the device". The gallery offers the image to every host with an
    NVIDIA card, whatever that is. LocalAI's vllm-cpp was built for Blackwell alone (#11512).

    Fails: an entry with `build-type: 'cublas'` in the matrix, and

        CMAKE_ARGS+="-DCMAKE_CUDA_ARCHITECTURES=120a;121a"

    Passes:

        CMAKE_ARGS+="-DCMAKE_CUDA_ARCHITECTURES=80;86;89;90a;100a;120a;121a"

    Looked at are lists that are written out in the Makefile, the scripts and the CMake files of a native
    backend. There is one finding for a backend.

    Fix: add what the engine supports, such as 80, 86, 89 and 90, and on arm64 Jetson's 87 and 110.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        for name, lang in registry.backends.items():
            kinds = {entry.fields.get("build-type", "") for entry in registry.matrix.entries_of(name)}
            if lang in NATIVE and not kinds.isdisjoint(HARDWARE["GGML_CUDA"]):
                texts = registry.files(name).build_files
                found = [(text.place(at), listed) for text in texts for listed, at in newest_only(text)]
                if found:
                    place, listed = found[0]
                    yield self.finding(
                        place,
                        name,
                        "CUDA architectures",
                        f"the CUDA images are built for {listed} alone: every card before Blackwell fails"
                        ' with "no kernel image is available"',
                        "add the architectures that the engine supports, such as 80, 86, 89 and 90",
                    )


class BuildArgEmpty(Rule):
    """A Dockerfile gives no variable without a value to a Makefile that has a default for it.

    Why: an `ARG` without a value that nobody hands on is empty, and `ENV` makes it a variable that is set.
    `?=` takes that for an answer: the default is never used. Every ROCm image of LocalAI's llama-cpp was
    built for one card like this, whatever list its Makefile has (#9445).

    Fails: `AMDGPU_TARGETS?=gfx1030,gfx1100` in the Makefile, no workflow with `AMDGPU_TARGETS=` among its
    `build-args`, and in the Dockerfile

        ARG AMDGPU_TARGETS
        ENV AMDGPU_TARGETS=${AMDGPU_TARGETS}

    Passes: the same, and in the workflow

        build-args: |
          AMDGPU_TARGETS=${{ inputs.amdgpu-targets }}

    Fix: hand the argument on in every workflow that builds from the Dockerfile, or drop the `ENV`.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        handed = registry.builds.build_args
        found: dict[str, list[tuple[str, int]]] = {}
        for name, lang in registry.backends.items() if handed else ():
            files = registry.files(name)
            entries = registry.matrix.entries_of(name)
            paths = {entry.fields.get("dockerfile", "").removeprefix("./") for entry in entries}
            for text in map(files.at, sorted(paths - {""})) if lang in NATIVE else ():
                if text is not None and text.path not in found:
                    found[text.path] = [one for one in emptied(text) if one[0] not in handed]
                for variable, offset in found[text.path] if text else ():
                    default = default_of(files.makefiles, variable)
                    if text and default:
                        yield self.finding(
                            text.place(offset),
                            name,
                            f"{variable} empty",
                            f"{variable} is set and empty in every build, for no workflow hands it on: the"
                            f" default of the Makefile, {default}, is never used",
                            f"add {variable}=... to the build-args of the workflows, or drop this line",
                        )
