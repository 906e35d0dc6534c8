"""What packaging takes along."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scaffold.backend.choices import NATIVE
from scaffold.directory.packaged import linked, packages_by_name, partial, unasked, without_parts
from scaffold.directory.scripts import build_scripts
from scaffold.directory.text import Text, is_cmake
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.words import some


class PackagedPartly(Rule):
    """A library is packaged with what it opens when it runs.

    Why: cuDNN, NVRTC and the BLAS libraries of ROCm open others, or files of kernels, by name. No list of
    dependencies has those, so what packages a library by its name has to name them too. Where they are
    missing the backend starts, and fails at the first call that needs one, or falls back to what is slow;
    where the host has others, versions mix. Every CUDA image of LocalAI had three of the eight libraries of
    cuDNN (#10946), and no ROCm image the kernels of hipBLASLt (#10672).

    Fails:

        cp -a /usr/local/lib/libcudnn.so* "$LIB/"

    Passes:

        cp -a /usr/local/lib/libcudnn*.so* "$LIB/"

    Looked at are `package.sh` of backends and the scripts in `scripts/build`. A `package.sh` that takes
    `libc.so.6` by its name takes the other parts of the C library that those of all other backends take
    (#9099).

    Fix: take the others too, by a pattern that fits all, or by their names.
    """

    severity = Severity.warning
    by_siblings = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        texts = [("", text) for text in _scripts(registry)]
        for name in registry.backends:
            texts += [(name, text) for text in registry.files(name).texts(["package.sh"])]
        lacking = {
            text.path: [("libc", missing, offset)]
            for text, missing, offset in without_parts([text for name, text in texts if name])
        }
        for backend, text in texts:
            for library, missing, offset in (*partial(text), *lacking.get(text.path, ())):
                yield self.finding(
                    text.place(offset),
                    backend,
                    f"parts of {library}",
                    f"{library} is packaged without {some(missing)}, "
                    + ("which all others package" if library == "libc" else "which it opens when it runs"),
                    "package them with it",
                )


class PackagedUnasked(Rule):
    """What packages libraries by name packages what they need, too.

    Why: a list of names has what somebody knew. The next release of a toolkit links its libraries with one
    more, and no backend of that hardware starts: "cannot open shared object file". LocalAI's script for GPU
    libraries asked `ldd` for the drivers of Vulkan, and for ROCm, CUDA and Intel it had names alone (#10539).

    Fails: a script in `scripts/build` with a function that asks `ldd` what a library needs, one that calls it
    for what it packages, and

        package_rocm_libs() {
            for lib in librocblas.so* libhipblas.so* ...; do copy_lib "$lib"; done
        }

    Passes:

        package_rocm_libs() {
            for lib in librocblas.so* libhipblas.so* ...; do copy_lib "$lib"; done
            copy_needed_libs "$TARGET"
        }

    Fix: call what asks, as the other function does.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        for text in _scripts(registry):
            for function, offset in unasked(text):
                yield self.finding(
                    text.place(offset),
                    "",
                    function,
                    f"{function} packages libraries by name, and not what they need: others of {text.path}"
                    " ask `ldd`",
                    "call what asks, as they do",
                )


class LinkedUnpackaged(Rule):
    """What packages libraries one by one packages all that the program is linked with.

    Why: the image of a native backend holds nothing but its package. A program whose build takes a library of
    the system does not start where the package lacks it. LocalAI's ds4 was linked with gRPC of the builder
    image, and its package had the C library alone (#10783).

    Fails: `find_library(GRPCPP_LIB grpc++ REQUIRED)` in `CMakeLists.txt`, and in `package.sh`

        for lib in libc.so.6 libstdc++.so.6; do cp -L "$LIBDIR/$lib" package/lib/; done

    Passes:

        ldd grpc-server | awk '$2 == "=>" { print $3 }' | xargs -I{} cp -L {} package/lib/

    A library that `package.sh` names is packaged, and so is everything where it asks what a program needs.

    Fix: take what `ldd` says that the program needs.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        for name, lang in registry.backends.items():
            files = registry.files(name)
            script = files.text("package.sh") if lang in NATIVE else None
            if script is None or not any(map(is_cmake, files.names)) or not packages_by_name(script):
                continue
            for library, (text, offset) in linked(files.texts(filter(is_cmake, files.names))).items():
                if f"lib{library}".encode() not in script.code:
                    yield self.finding(
                        text.place(offset),
                        name,
                        f"library {library}",
                        f"the program is linked with lib{library} of the builder image, and {script.path}"
                        " packages by name, without it",
                        "package what `ldd` says that the program needs",
                    )
                    break


def _scripts(registry: Registry) -> Iterable[Text]:
    """The scripts that build and package for many backends."""
    return build_scripts(registry.tree) if registry.only is None else ()
