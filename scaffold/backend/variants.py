"""The build variants: one row says how a variant is spelled in every surface.

A variant is what a user chooses a backend for: a kind of hardware with its toolkit version. The
spellings are LocalAI's; they are the fallback and the classification, while field values such as
the base image come from the sibling entries of the checkout.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Variant(NamedTuple):
    """One build variant. `{n}` stands for the backend's name."""

    name: str
    build_type: str
    """`build-type` of the matrix entry for Go, C++ and Rust."""
    tag_suffix: str
    image: str
    """Name of the gallery item, without `-development`."""
    capabilities: tuple[str, ...]
    """Gallery capability keys that resolve to this image, the plain one first."""
    acceleration: str
    """Its word in the acceleration column of the compatibility table."""
    profile: str
    """Suffix of the python requirements file that serves it."""
    arches: tuple[str, ...] = ("amd64",)
    cuda: tuple[str, str] = ("", "")
    """Major and minor version of the CUDA toolkit."""
    python_build_type: str | None = None
    """`build-type` for python where it differs; a variant without one is not built for python."""
    base_image: str = "ubuntu:24.04"
    """Fallback where no sibling of the checkout tells."""
    toolkit_image: str | None = None
    """Base image that brings the toolkit itself, for a Dockerfile that installs none."""

    @property
    def words(self) -> str:
        """What it is, for who has to choose."""
        system = "macOS" if self.name == DARWIN else "Linux"
        return f"{self.acceleration} on {system}, {' and '.join(self.arches)}"


VARIANTS: dict[str, Variant] = {
    variant.name: variant
    for variant in (
        Variant(
            "cpu", "", "-cpu-{n}", "cpu-{n}", ("default",), "CPU", "cpu",
            arches=("amd64", "arm64"), python_build_type="",
        ),
        Variant(
            "cuda12", "cublas", "-gpu-nvidia-cuda-12-{n}", "cuda12-{n}",
            ("nvidia", "nvidia-cuda-12"), "CUDA 12", "cublas12",
            cuda=("12", "8"), python_build_type="cublas",
            toolkit_image="nvidia/cuda:12.8.1-devel-ubuntu24.04",
        ),
        Variant(
            "cuda13", "cublas", "-gpu-nvidia-cuda-13-{n}", "cuda13-{n}",
            ("nvidia", "nvidia-cuda-13"), "CUDA 13", "cublas13",
            cuda=("13", "0"), python_build_type="cublas",
            toolkit_image="nvidia/cuda:13.0.0-devel-ubuntu24.04",
        ),
        Variant(
            "rocm", "hipblas", "-gpu-rocm-hipblas-{n}", "rocm-{n}", ("amd",), "ROCm", "hipblas",
            python_build_type="hipblas", base_image="rocm/dev-ubuntu-24.04:7.2.1",
        ),
        Variant(
            "intel", "intel", "-gpu-intel-{n}", "intel-{n}", ("intel",), "Intel SYCL", "intel",
            python_build_type="intel",
            base_image="intel/oneapi-basekit:2025.3.0-0-devel-ubuntu24.04",
        ),
        Variant(
            "sycl-f16", "sycl_f16", "-gpu-intel-sycl-f16-{n}", "intel-sycl-f16-{n}", ("intel",),
            "Intel SYCL", "sycl_f16",
            base_image="intel/oneapi-basekit:2025.3.0-0-devel-ubuntu24.04",
        ),
        Variant(
            "sycl-f32", "sycl_f32", "-gpu-intel-sycl-f32-{n}", "intel-sycl-f32-{n}", ("intel",),
            "Intel SYCL", "sycl_f32",
            base_image="intel/oneapi-basekit:2025.3.0-0-devel-ubuntu24.04",
        ),
        Variant(
            "vulkan", "vulkan", "-gpu-vulkan-{n}", "vulkan-{n}", ("vulkan",), "Vulkan", "vulkan",
            arches=("amd64", "arm64"),
        ),
        Variant(
            "l4t", "cublas", "-nvidia-l4t-arm64-{n}", "nvidia-l4t-arm64-{n}",
            ("nvidia-l4t", "nvidia-l4t-cuda-12"), "Jetson L4T", "l4t12",
            arches=("arm64",), cuda=("12", "0"), python_build_type="l4t",
            base_image="nvcr.io/nvidia/l4t-jetpack:r36.4.0",
        ),
        Variant(
            "l4t-cuda13", "cublas", "-nvidia-l4t-cuda-13-arm64-{n}",
            # Not the plain key, which an older board reports: CUDA 13 does not run there.
            "cuda13-nvidia-l4t-arm64-{n}", ("nvidia-l4t-cuda-13",), "Jetson L4T",
            "l4t13",
            arches=("arm64",), cuda=("13", "0"), python_build_type="l4t",
            toolkit_image="nvidia/cuda:13.0.0-devel-ubuntu24.04",
        ),
        Variant(
            "metal", "metal", "-metal-darwin-arm64-{n}", "metal-{n}", ("metal",), "Metal", "mps",
            arches=("arm64",), python_build_type="mps",
        ),
    )
}  # fmt: skip


def choices(names: Iterable[str]) -> dict[str, str]:
    """What one may choose of some variants, and what that is.

    Each of them; and `cpu:amd64`, one architecture alone, of those that are built for several.
    """
    found = {name: VARIANTS[name].words for name in names}
    for name in [*found]:
        variant = VARIANTS[name]
        several = variant.arches if len(variant.arches) > 1 else ()
        found |= {f"{name}:{arch}": variant._replace(arches=(arch,)).words + " alone" for arch in several}
    return found


DARWIN = "metal"
"""The one variant that is built on macOS."""

REFINED_KEYS = {
    "nvidia": ("nvidia-cuda-12", "nvidia-cuda-13"),
    "nvidia-l4t": ("nvidia-l4t-cuda-12", "nvidia-l4t-cuda-13"),
}
"""Plain key -> the keys that LocalAI reports in its place where it sees the toolkit."""

ACCELERATIONS = ("CPU", "CUDA 12", "CUDA 13", "ROCm", "Intel SYCL", "Vulkan", "Metal", "Jetson L4T")
"""Order of the words in the acceleration column."""


ENTRY_FIELDS = ("runs-on", "base-image", "tag-suffix", "skip-drivers", "ubuntu-version")
"""Fields of a Linux matrix entry that a person may choose."""

IMAGE = "image"
"""The name of an item of the gallery, which is chosen as those are."""


def supported(lang: str) -> tuple[str, ...]:
    """The variants that a language is built for in LocalAI, in table order."""
    if lang == "python":
        return tuple(v.name for v in VARIANTS.values() if v.python_build_type is not None)
    names = tuple(name for name in VARIANTS if name != "intel")
    return tuple(name for name in names if name != DARWIN) if lang == "rust" else names


def build_type(variant: Variant, lang: str) -> str:
    """`build-type` of the variant's Linux matrix entry."""
    return (variant.python_build_type or "") if lang == "python" else variant.build_type


def classify(entry: Mapping[str, str]) -> str | None:
    """Variant of a Linux matrix entry, from its own fields; None for one that is not in the table."""
    arm_only = entry.get("platforms") == "linux/arm64"
    kind = entry.get("build-type", "")
    major = entry.get("cuda-major-version", "")
    if kind in ("cublas", "l4t"):
        names = (
            {"12": "l4t", "13": "l4t-cuda13"}
            if arm_only or kind == "l4t"
            else {"12": "cuda12", "13": "cuda13"}
        )
        return names.get(major)
    names = {
        "": "cpu",
        "hipblas": "rocm",
        "intel": "intel",
        "sycl_f16": "sycl-f16",
        "sycl_f32": "sycl-f32",
        "vulkan": "vulkan",
    }
    return names.get(kind)


def toolkit(entry: Mapping[str, str]) -> tuple[str, str]:
    """Family and CUDA version of the toolkit that the build type of an entry needs."""
    kind = entry.get("build-type", "")
    if kind in ("cublas", "l4t"):
        return "cuda", entry.get("cuda-major-version", "")
    return ("sycl" if kind.startswith(("sycl", "intel")) else kind), ""


def capabilities(built: set[str]) -> dict[str, str]:
    """Capability key -> variant, for a set of built variants.

    Where two built variants serve one key, the first of the table wins: CUDA 12 for `nvidia`
    (its driver requirement is the lower one), sycl-f16 for `intel`.
    """
    keys: dict[str, str] = {}
    for variant in VARIANTS.values():
        if variant.name in built:
            for key in variant.capabilities:
                keys.setdefault(key, variant.name)
    return keys


def serves(variant: str | None, key: str) -> bool:
    """Whether hardware of a capability key may run a variant's image; Vulkan runs on any GPU.

    Nothing is known of an image whose variant is not in the table, None: it may.
    """
    return variant in (None, "vulkan") or key in VARIANTS[variant].capabilities


def acceleration(built: set[str]) -> str:
    """The acceleration cell of the compatibility table for a set of built variants."""
    return listed({VARIANTS[name].acceleration for name in built})


def listed(words: set[str]) -> str:
    """Accelerations as the compatibility table writes them."""
    cells = [word for word in ACCELERATIONS if word in words]
    return ", ".join(cells).replace("CUDA 12, CUDA 13", "CUDA 12/13")
