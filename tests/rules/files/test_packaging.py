"""What packaging takes along."""

from __future__ import annotations

import pytest

from scaffold.directory.packaged import OPENED
from tests.rules.files.trees import HERON, LARK, findings, only, read, tree

PACKAGE = f"{LARK}/package.sh"
SLUG = "packaged-partly"


def packaging(*lines: str) -> dict[str, bytes | None]:
    return {PACKAGE: (read(PACKAGE) + "".join(f"{line}\n" for line in lines)).encode()}


def test_three_of_eight() -> None:
    names = ('cp -a /cuda/libcudnn.so* "$LIB/"', "cp -a /cuda/libcudnn_ops.so* /cuda/libcudnn_cnn.so* .")
    found = only(tree(packaging(*names)), SLUG, "lark", PACKAGE, "libcudnn.so")
    assert found.subject == "parts of libcudnn"
    assert "libcudnn_adv" in found.message


@pytest.mark.parametrize(
    ("lines", "libraries"),
    [
        (["cp -a /cuda/libcudnn*.so* ."], []),
        (["cp -a /cuda/libcudnn.so* /cuda/libcudnn_*.so* ."], []),
        ([f"for lib in libcudnn.so.9 {' '.join(OPENED['libcudnn'])}; do cp $lib .; done"], []),
        ([f"cp libcudnn.so.9 {'.so.9 '.join(OPENED['libcudnn'][:-1])}.so.9 ."], ["libcudnn"]),
        (["cp -a libnvrtc.so* ."], ["libnvrtc"]),
        (["cp -a libnvrtc.so* libnvrtc-builtins.so* ."], []),
        (["cp -a librocblas.so* libhipblaslt.so* .", "cp -r /opt/rocm/lib/rocblas ."], ["libhipblaslt"]),
        (["cp -a libhipblaslt.so* .", "cp -r /opt/rocm/lib/hipblaslt ."], []),
        (["# libcudnn.so* stays on the host"], []),
        (["case $1 in libcudnn.so*|libnvrtc.so*) cp $1 . ;; esac"], []),
        (["rm -f package/lib/libcudnn.so*"], []),
        (["for part in adv cnn; do cp libcudnn_${part}.so* .; done", "cp libcudnn.so* ."], []),
        (["cp libcudnn.so.9 libnvrtc.so.12 ."], ["libcudnn", "libnvrtc"]),
        (['echo "libcudnn.so is on the host"'], []),
    ],
)
def test_what_a_library_opens(lines: list[str], libraries: list[str]) -> None:
    found = findings(tree(packaging(*lines)), SLUG)
    assert [f.subject for f in found] == [f"parts of {library}" for library in libraries]


def test_a_script_for_many_backends() -> None:
    path = "scripts/build/gpu.sh"
    found = findings(
        tree({path: b'libs=(\n    "libnvrtc.so*"\n)\n', "scripts/build/gpu_test.sh": b"libcudnn.so.9"}), SLUG
    )
    assert [(f.backend, f.path, f.line) for f in found] == [("", path, 2)]


LINKING = "find_library(GRPCPP_LIB grpc++ REQUIRED)\n"


@pytest.mark.parametrize(
    ("cmake", "line", "is_told"),
    [
        (LINKING, "cp -L /lib/libc.so.6 /lib/libm.so.6 package/lib/", True),
        ("find_library(A NAMES grpc++ grpc REQUIRED)\n", "cp -L /lib/libc.so.6 package/lib/", True),
        (LINKING, "cp -L /lib/libc.so.6 /lib/libgrpc++.so.1 package/lib/", False),
        (LINKING, "ldd heron | grep libc.so.6", False),
        (LINKING, "cp -L /lib/*.so package/lib/", False),
        (f"# {LINKING}", "cp -L /lib/libc.so.6 package/lib/", False),
        ("find_library(A grpc++)\n", "cp -L /lib/libc.so.6 package/lib/", False),
        ("find_library(A Foundation REQUIRED)\n", "cp -L /lib/libc.so.6 package/lib/", False),
    ],
)
def test_what_is_linked_is_packaged(cmake: str, line: str, is_told: bool) -> None:
    path = f"{HERON}/CMakeLists.txt"
    where = tree({path: cmake.encode(), f"{HERON}/package.sh": f"#!/bin/bash\n{line}\n".encode()})
    found = findings(where, "linked-unpackaged")
    assert [(f.backend, f.path, f.line) for f in found] == ([("heron", path, 1)] if is_told else [])


ASKS = "needed() {\n    ldd \"$1\" | awk '{ print $3 }'\n}\n"
NAMES = " ".join(f"lib{name}.so*" for name in ("a", "b", "c", "d", "e"))
VULKAN = "vulkan() {\n    cp libvulkan.so* .\n    needed libvulkan.so\n}\n"


@pytest.mark.parametrize(
    ("script", "functions"),
    [
        (f"{ASKS}{VULKAN}rocm() {{\n    cp {NAMES} .\n}}\n", ["rocm"]),
        (f"{ASKS}{VULKAN}rocm() {{\n    cp {NAMES} .\n    needed .\n}}\n", []),
        (f"{ASKS}{VULKAN}rocm() {{\n    cp {NAMES} .\n    sweep\n}}\nsweep() {{\n    needed .\n}}\n", []),
        (f"{ASKS}{VULKAN}core() {{\n    case $1 in {NAMES.replace(' ', '|')}) return 0 ;; esac\n}}\n", []),
        (f"{ASKS}{VULKAN}rocm() {{\n    cp liba.so* libb.so* .\n}}\n", []),
        (f"{ASKS}rocm() {{\n    cp {NAMES} .\n}}\n", []),
        (f"rocm() {{\n    cp {NAMES} .\n}}\n", []),
    ],
)
def test_what_libraries_need(script: str, functions: list[str]) -> None:
    found = findings(tree({"scripts/build/gpu.sh": script.encode()}), "packaged-unasked")
    assert [f.subject for f in found] == functions


C_LIBRARY = ("libc.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1")


@pytest.mark.parametrize(
    ("own", "others", "lacks"),
    [
        (C_LIBRARY[:1], 3, "libdl.so.2, libpthread.so.0, librt.so.1"),
        (C_LIBRARY[:3], 3, "librt.so.1"),
        (C_LIBRARY, 3, ""),
        (C_LIBRARY[:1], 2, ""),
        ((), 3, ""),
        ((*C_LIBRARY[:1], "$(ldd lark)"), 3, ""),
    ],
)
def test_the_c_library_without_what_others_package(own: tuple[str, ...], others: int, lacks: str) -> None:
    names = ("backend/go/nest-store", "backend/go/wren-cpp", HERON)[:others]
    files: dict[str, bytes | None] = {
        f"{name}/package.sh": f"cp /lib/{' /lib/'.join(libraries)} package/lib\n".encode()
        if libraries
        else b"true\n"
        for name, libraries in ((LARK, own), *((name, C_LIBRARY) for name in names))
    }
    told = [(f.backend, f.message) for f in findings(tree(files), SLUG)]
    expected = f"libc is packaged without {lacks}, which all others package"
    assert told == ([("lark", expected)] if lacks else [])
