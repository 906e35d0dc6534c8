"""What decides how a native backend is built."""

from __future__ import annotations

import pytest

from scaffold.directory import native
from scaffold.directory.text import Text


@pytest.mark.parametrize(
    ("build_type", "code", "named"),
    [
        ("cublas", "ifeq ($(BUILD_TYPE),cublas)", True),
        ("cublas", "$(filter cublas% hipblas,$(BUILD_TYPE))", True),
        ("cublas", "libcublas.so /opt/cublas my-cublas cublas12", False),
        ("sycl_f16", "ifeq ($(BUILD_TYPE),sycl_f16)", True),
        ("sycl_f16", "$(filter sycl_%,$(BUILD_TYPE))", True),
        ("sycl_f16", "case sycl*)", True),
        ("sycl_f16", "findstring sycl,", True),
        ("sycl_f16", "sycl_f32", False),
    ],
)
def test_a_build_type_as_a_word(build_type: str, code: str, named: bool) -> None:
    assert (native.build_type_word(build_type).search(code.encode()) is not None) is named


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("CMAKE_ARGS+=-DGGML_HIPBLAS=ON -DGGML_HIP=ON", [("GGML_HIPBLAS", {"GGML_HIP"})]),
        ("cmake -D GGML_HIPBLAS:BOOL=ON \\\n  -DX=1", [("GGML_HIPBLAS", {"X"})]),
        ("set(GGML_HIPBLAS ON)", [("GGML_HIPBLAS", set())]),
        ("# -DGGML_HIPBLAS=ON", []),
        ("unset(GGML_HIPBLAS)", []),
        ("-DGGML_HIPBLAS_X=ON -DSD_HIPBLAS=ON", []),
        ("echo GGML_HIPBLAS", []),
    ],
)
def test_options_that_a_build_sets(line: str, found: list[tuple[str, set[str]]]) -> None:
    text = Text("Makefile", f"all:\n\ttrue\n{line}\n".encode())
    flags = [*native.flags([text], {"GGML_HIPBLAS": ""})]
    assert [(flag.spot.text, flag.beside) for flag in flags] == found
    assert all(text.data[flag.spot.start : flag.spot.end] == b"GGML_HIPBLAS" for flag in flags)


@pytest.mark.parametrize(
    ("line", "hands_on"),
    [
        ("cmake -DBUILD_TYPE=$(BUILD_TYPE)", True),
        ("\t$(MAKE) -C sources/lark lib", True),
        ("\tFLAGS=$(X) make -j4 -C sources/lark", True),
        ("\tbash build.sh $(BUILD_TYPE)", True),
        ("ifneq ($(BUILD_TYPE),)", True),
        ("ifeq ($(BUILD_TYPE),cublas)", False),
        ("\t@echo building $(BUILD_TYPE)", False),
        ("# -DBUILD_TYPE", False),
        ("\tcp -C sources/lark", False),
    ],
)
def test_a_build_type_that_is_handed_on(line: str, hands_on: bool) -> None:
    assert native.hands_on_build_type(Text("Makefile", f"all:\n{line}\nend:\n".encode())) is hands_on
