"""Options of native builds."""

from __future__ import annotations

import pytest

from scaffold.rules.base import Severity
from tests.rules.files.trees import HERON, WREN, assert_fixed, findings, only, read, replaced, tree


def without_branch(build_type: str) -> dict[str, bytes | None]:
    """The Makefile of wren-cpp with a condition that never holds in place of one build type."""
    text = read(f"{WREN}/Makefile")
    assert build_type in text
    return {f"{WREN}/Makefile": text.replace(build_type, "nothing").encode()}


@pytest.mark.parametrize("build_type", ["cublas", "hipblas", "vulkan", "sycl"])
def test_a_build_type_that_nothing_is_done_for(build_type: str) -> None:
    found = findings(tree(without_branch(build_type)))
    assert [(f.rule, f.backend, f.path, f.subject) for f in found] == [
        ("build-type-unhandled", "wren-cpp", f"{WREN}/Makefile", f"build type {build_type}")
    ]


def test_it_stands_at_the_last_branch() -> None:
    lines = ["BUILD_TYPE?=", "ifeq ($(BUILD_TYPE),cublas)", "else ifeq ($(BUILD_TYPE),hipblas)", "endif"]
    where = tree({f"{WREN}/Makefile": "\n".join([*lines, "X=1", "test:", ""]).encode()})
    found = findings(where, "build-type-unhandled")
    assert [(f.line, f.subject) for f in found] == [(3, "build type sycl"), (3, "build type vulkan")]
    assert "sycl_f16, sycl_f32" in found[0].message


@pytest.mark.parametrize(
    "elsewhere",
    [
        {f"{WREN}/CMakeLists.txt": 'if(BUILD_TYPE STREQUAL "vulkan")\nendif()\n'},
        {f"{WREN}/build.sh": 'case "$BUILD_TYPE" in\n    vulkan) cmake -DGGML_VULKAN=ON ;;\nesac\n'},
        {f"{WREN}/gpu.mk": "ifeq ($(BUILD_TYPE),vulkan)\nendif\n"},
    ],
)
def test_a_build_type_may_be_handled_elsewhere(elsewhere: dict[str, str]) -> None:
    makefile = without_branch("vulkan")[f"{WREN}/Makefile"]
    assert makefile is not None
    change: dict[str, bytes | None] = {path: text.encode() for path, text in elsewhere.items()}
    if f"{WREN}/gpu.mk" in elsewhere:
        assert findings(tree(change, {f"{WREN}/Makefile": makefile}))
        makefile += b"include gpu.mk\n"
    assert findings(tree(change, {f"{WREN}/Makefile": makefile})) == []


@pytest.mark.parametrize(
    "line",
    [
        "\t$(MAKE) -C sources/wren.cpp lib\n",
        "CMAKE_ARGS+=-DBUILD_TYPE=$(BUILD_TYPE)\n",
        "ifneq ($(BUILD_TYPE),)\nendif\n",
    ],
)
def test_a_build_type_may_be_handed_on(line: str) -> None:
    makefile = without_branch("vulkan")[f"{WREN}/Makefile"]
    assert makefile is not None
    assert findings(tree({f"{WREN}/Makefile": makefile + b"x:\n" + line.encode()})) == []
    for said in (b'\t@echo "for $(BUILD_TYPE)"\n', b"# $(MAKE) -C sources/wren.cpp vulkan\n"):
        assert findings(tree({f"{WREN}/Makefile": makefile + b"x:\n" + said}))


def test_a_fork_builds_with_the_makefile_that_it_borrows() -> None:
    path = "backend/cpp/llama-cpp/Makefile"
    where = tree(replaced(path, ("cublas", "nothing")))
    assert {f.backend for f in findings(where, "build-type-unhandled")} == {"llama-cpp", "meadow-lark"}


def test_a_flag_that_the_engine_has_renamed() -> None:
    where = tree(replaced(f"{WREN}/Makefile", ("DGGML_HIP=", "DGGML_HIPBLAS=")))
    found = only(where, "build-flag-obsolete", "wren-cpp", f"{WREN}/Makefile", "GGML_HIPBLAS")
    assert found.severity is Severity.error
    assert found.fix is None, "a build with HIP needs a compiler and targets too"
    assert "AMDGPU_TARGETS" in found.help


def test_a_renamed_flag_is_renamed_where_all_that_it_needs_is_there() -> None:
    right = "export CXX=/opt/rocm/llvm/bin/clang++\n\tCMAKE_ARGS+=-DGGML_HIP=ON -DAMDGPU_TARGETS=gfx1100"
    good = replaced(f"{WREN}/Makefile", ("CMAKE_ARGS+=-DGGML_HIP=ON", right))
    assert findings(tree(good)) == []
    where = tree({path: text and text.replace(b"GGML_HIP=", b"GGML_HIPBLAS=") for path, text in good.items()})
    found = only(where, "build-flag-obsolete", "wren-cpp", f"{WREN}/Makefile", "GGML_HIPBLAS")
    assert assert_fixed(where, found).read(f"{WREN}/Makefile") == good[f"{WREN}/Makefile"]


@pytest.mark.parametrize(
    ("old", "severity", "words"),
    [
        ("GGML_CUBLAS=ON", Severity.error, "not read"),
        ("LLAMA_CUBLAS=ON", Severity.error, "ends the build"),
        ("WHISPER_CUBLAS=1", Severity.error, "ends the build"),
        ("WHISPER_CUDA=ON", Severity.error, "not read"),
        ("LLAMA_CUDA=ON", Severity.warning, "not read"),
        ("LLAMA_CUBLAS=OFF", Severity.info, ""),
        ("LLAMA_CUBLAS:BOOL=off", Severity.info, ""),
        ("LLAMA_AVX=OFF", Severity.warning, "not read"),
    ],
)
def test_an_old_name_is_an_error_where_nobody_understands_it(
    old: str, severity: Severity, words: str
) -> None:
    where = tree(replaced(f"{WREN}/Makefile", ("DGGML_CUDA=ON", f"D{old}")))
    (found,) = findings(where, "build-flag-obsolete")
    assert found.severity is severity
    assert words in found.message


def test_a_renamed_flag_for_hardware_that_is_not_built_is_an_info() -> None:
    text = read(f"{HERON}/Makefile").replace("-DHERON_CUDA=ON", "-DHERON_CUDA=ON -DGGML_HIPBLAS=ON")
    found = only(
        tree({f"{HERON}/Makefile": text.encode()}),
        "build-flag-obsolete",
        "heron",
        f"{HERON}/Makefile",
        "HIPBLAS",
    )
    assert found.severity is Severity.info


@pytest.mark.parametrize(
    "line",
    [
        "CMAKE_ARGS+=-DGGML_HIP=ON -DGGML_HIPBLAS=ON",
        "CMAKE_ARGS+=-DGGML_HIPBLAS=ON \\\n\t-DGGML_HIP=ON",
        "CMAKE_ARGS+=-DWREN_HIPBLAS=ON -DGGML_HIPBLAS=ON",
        "CMAKE_ARGS+=-DWREN_GGML_HIPBLAS=ON",
        "CMAKE_ARGS+=-DGGML_HIPBLAS=ON -DWREN_GGML_HIP=ON",
        "# CMAKE_ARGS+=-DGGML_HIPBLAS=ON is not read any more",
        "CMAKE_ARGS+=-DGGML_CLBLAST=ON -DGGML_OPENCL=ON",
    ],
)
def test_flags_that_are_fine(line: str) -> None:
    where = tree({f"{WREN}/Makefile": (read(f"{WREN}/Makefile") + f"\n{line}\n").encode()})
    assert findings(where) == []


@pytest.mark.parametrize(
    ("path", "line", "is_told"),
    [
        ("Makefile", '\tcmake "-DCMAKE_CUDA_ARCHITECTURES=120a;121a"', True),
        ("Makefile", "CUDA_ARCHITECTURES ?= 120a-real", True),
        ("CMakeLists.txt", "set(CMAKE_CUDA_ARCHITECTURES 100a,121f)", True),
        ("Makefile", '\tcmake "-DCMAKE_CUDA_ARCHITECTURES=80;86;120a"', False),
        ("Makefile", "CUDA_ARCHITECTURES ?= 75-virtual;121a-real", False),
        ("Makefile", "CUDA_ARCHITECTURES ?= native", False),
        ("Makefile", "CUDA_ARCHITECTURES ?= $(ARCHITECTURES)", False),
        ("Makefile", "# CUDA_ARCHITECTURES=121a", False),
    ],
)
def test_cuda_for_the_newest_cards_alone(path: str, line: str, is_told: bool) -> None:
    name = f"{WREN}/{path}"
    old = read(name) if path == "Makefile" else ""
    found = findings(tree({name: f"{old}\nx:\n{line}\n".encode()}), "cuda-architectures")
    assert [(f.backend, f.path, f.subject) for f in found] == (
        [("wren-cpp", name, "CUDA architectures")] if is_told else []
    )


def test_a_backend_without_cuda_may_say_what_it_likes() -> None:
    path = "backend/go/lark/Makefile"
    where = tree({path: f"{read(path)}\nCUDA_ARCHITECTURES ?= 121a\n".encode()})
    assert findings(where, "cuda-architectures") == []


ARG = "ARG LARK_CARDS\nENV LARK_CARDS=${LARK_CARDS}\n"
DEFAULT = "\tLARK_CARDS?=a,b\n"
BUILD = ".github/workflows/backend_build.yml"


@pytest.mark.parametrize(
    ("argument", "default", "handed", "is_told"),
    [
        (ARG, DEFAULT, False, True),
        (ARG, DEFAULT, True, False),
        (ARG, "LARK_CARDS?=\n", False, False),
        (ARG, "LARK_CARDS=a,b\n", False, False),
        ("ARG LARK_CARDS=a\nENV LARK_CARDS=${LARK_CARDS}\n", DEFAULT, False, False),
        ("ARG LARK_CARDS\n", DEFAULT, False, False),
        (f"ARG LARK_CARDS=a\nFROM scratch\n{ARG}", DEFAULT, False, False),
        (ARG.replace("LARK_CARDS", "TARGETARCH"), "TARGETARCH?=amd64\n", False, False),
    ],
)
def test_an_argument_that_is_always_empty(argument: str, default: str, handed: bool, is_told: bool) -> None:
    docker, makefile = "backend/Dockerfile.golang", f"{WREN}/Makefile"
    workflow = read(BUILD)
    line = next(line for line in workflow.splitlines() if "BUILD_TYPE=" in line)
    more = f"{line}\n{line.replace('BUILD_TYPE=', 'LARK_CARDS=')}"
    where = tree(
        {
            docker: f"{read(docker)}\n{argument}".encode(),
            makefile: f"{default}{read(makefile)}".encode(),
            BUILD: (workflow.replace(line, more) if handed else workflow).encode(),
        }
    )
    found = findings(where, "build-arg-empty")
    assert [(f.backend, f.path, f.subject) for f in found] == (
        [("wren-cpp", docker, "LARK_CARDS empty")] if is_told else []
    )


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("\tCMAKE_ARGS+=-DGGML_CUDA=ON\n", "\tCMAKE_ARGS+=\n", ["cublas"]),
        ("\tCMAKE_ARGS+=-DGGML_VULKAN=ON\n", "", ["vulkan"]),
        ("\tCMAKE_ARGS+=-DGGML_HIP=ON\n", "", ["hipblas"]),
        ("-DGGML_SYCL=ON ", "", ["sycl"]),
        ("-DGGML_CUDA=ON", "-DGGML_CUDA=OFF", ["cublas"]),
        ("-DGGML_CUDA=ON", "-DWREN_GGML_CUDA:BOOL=ON", []),
        ("\tCMAKE_ARGS+=-DGGML_CUDA=ON\n", "ifeq ($(A),)\nelse\n\tCMAKE_ARGS+=-DGGML_CUDA=1\nendif\n", []),
    ],
)
def test_a_branch_without_its_option(old: str, new: str, found: list[str]) -> None:
    told = findings(tree(replaced(f"{WREN}/Makefile", (old, new))), "build-type-unhandled")
    assert [f.subject for f in told] == [f"build type {family}" for family in found]


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        (("-DWREN_GGML_HIP=ON", "-DWREN_GGML_VULKAN=ON"), ["cublas"]),
        (("-DWREN_GGML_HIP=ON", "-DGGML_VULKAN=ON"), []),  # of one nobody knows
        (("-DWREN_GGML_HIP=ON -DGGML_HIP=ON", "-DWREN_GGML_VULKAN=ON -DGGML_VULKAN=ON"), []),
    ],
)
def test_an_option_that_the_engine_overwrites(flags: tuple[str, str], found: list[str]) -> None:
    pairs = (("-DGGML_HIP=ON", flags[0]), ("-DGGML_VULKAN=ON", flags[1]))
    told = findings(tree(replaced(f"{WREN}/Makefile", *pairs)), "build-type-unhandled")
    assert [f.subject for f in told] == [f"build type {family}" for family in found]
    assert all("write -DWREN_GGML_CUDA=ON" in f.help and "GGML_CUDA alone" in f.message for f in told)
