"""The C++ backends: they compile, serve, test themselves, and package; and a fork's wrapper."""

from __future__ import annotations

import itertools
import json
import os
import platform
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from evidence.engines import ENGINES
from scaffold.backend.limits import CPP_TAKEN
from scaffold.template.render import render
from tests.templates import harness
from tests.templates.harness import MODALITIES, NAMES, PIN, run, run_ok

UPSTREAM = {"upstream": "acme/tiny.cpp", "pin": PIN}
ALL_VARIANTS = [
    "cpu",
    "cuda12",
    "cuda13",
    "rocm",
    "sycl-f16",
    "sycl-f32",
    "vulkan",
    "l4t",
    "l4t-cuda13",
    "metal",
]
FORK_VARIANTS = [variant for variant in ALL_VARIANTS if variant != "metal"]
AWKWARD_NAMES = (*NAMES, "new", "std", "import", "server", "this", "errno", "linux", "unix")

# What is built and started; the real protocol takes a minute to compile, so fewer of those.
BUILT = {
    "class": "llm",
    "x-3d-2": "tts",
    "a-name-of-exactly-forty-characters-12345": "asr",
    "extern": "detection",
}
BUILT_ON_CHECKOUT = ("class", "x-3d-2")

MEDIA = ("tts", "asr", "image", "video", "detection")
FLAVOURS = ("fallback", "avx", "avx2", "avx512", "cpu-all", "grpc")

# The version of a Debian package depends on the base image.
UNAVOIDABLE = {"DL3008"}

TINY_CMAKE = """\
cmake_minimum_required(VERSION 3.20)
project(tiny LANGUAGES CXX)
add_library(tiny tiny.cpp)
target_include_directories(tiny PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
add_executable(never_built does_not_compile.cpp)
"""


# Compiling takes most of the time here, and optimising takes most of that.
QUICK = {"CMAKE_ARGS": "-DCMAKE_CXX_FLAGS_RELEASE=-O0"}


def make(folder: Path, *words: str, **env: str) -> str:
    return run_ok(["make", *words], cwd=folder, env={**QUICK, **env}, timeout=1800)


@pytest.fixture(scope="session")
def toolchain(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Compilers and gRPC for C++; ccache, if there is one, compiles the protocol once for all."""
    for tool in ("g++", "make", "cmake", "git", "ldd", "protoc", "grpc_cpp_plugin", "pkg-config"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    if run(["pkg-config", "--exists", "grpc++", "protobuf"], cwd=Path("/")).returncode != 0:
        pytest.skip("the gRPC and protobuf libraries for C++ are not installed")
    if shutil.which("ccache") is not None:
        os.environ["CMAKE_CXX_COMPILER_LAUNCHER"] = "ccache"
        os.environ["CCACHE_BASEDIR"] = str(tmp_path_factory.getbasetemp())
        os.environ["CCACHE_NOHASHDIR"] = "1"


def tiny_repository(folder: Path) -> tuple[str, str]:
    """URL and commit of a git repository with a CMake library, whose newest commit is another."""
    folder.mkdir()
    (folder / "CMakeLists.txt").write_text(TINY_CMAKE)
    (folder / "tiny.h").write_text("int tiny();\n")
    (folder / "tiny.cpp").write_text('#include "tiny.h"\nint tiny() { return 42; }\n')
    (folder / "does_not_compile.cpp").write_text("int main() { return nothing; }\n")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"]
    run_ok(["git", "init", "-q"], cwd=folder)
    run_ok(["git", "add", "."], cwd=folder)
    run_ok([*git, "commit", "-q", "-m", "first"], cwd=folder)
    commit = run_ok(["git", "rev-parse", "HEAD"], cwd=folder).strip()
    run_ok([*git, "commit", "-q", "--allow-empty", "-m", "second"], cwd=folder)
    return f"file://{folder}", commit


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return tiny_repository(tmp_path_factory.mktemp("upstream") / "tiny.cpp")


def generate(tree: Path, name: str, **answers: Any) -> Path:
    return harness.generate(tree, "cpp", **{**UPSTREAM, "name": name, **answers})


def variable(name: str, suffix: str) -> str:
    return f"{name.upper().replace('-', '_')}_{suffix}"


def pins(name: str, tiny: tuple[str, str]) -> list[str]:
    return [f"{variable(name, 'REPO')}={tiny[0]}", f"{variable(name, 'VERSION')}={tiny[1]}"]


# --- text: every modality and name -----------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name"),
    [("grpc", name) for name in AWKWARD_NAMES]
    + [("llama-fork", name) for name in ("extern", "x-3d-2", max(NAMES, key=len))],
)
def test_renders(kind: str, name: str) -> None:
    modality = MODALITIES[AWKWARD_NAMES.index(name) % len(MODALITIES)]
    variants = ALL_VARIANTS if kind == "grpc" else FORK_VARIANTS
    files = render(
        "cpp", {**UPSTREAM, "name": name, "kind": kind, "modality": modality, "variants": variants}
    )
    for file in files:
        text = file.content.decode()
        assert re.search(r"[^\n]\n\Z", text), file.path
        assert "\r" not in text, file.path
        assert not re.search(r"\[%|%\]|\[\[ |\[#", text), file.path
        assert not re.search(r"[ \t]$", text, re.MULTILINE), file.path
        assert file.executable == file.path.endswith(".sh"), file.path
    paths = {file.path for file in files}
    folder = f"backend/cpp/{name}"
    expected = {
        "grpc": {"CMakeLists.txt", "grpc-server.cpp", "engine.h", "engine.cpp", "serving_test.cpp"},
        "llama-fork": {"apply-patches.sh", "patches/README.md", "README.md"},
    }[kind]
    for file_name in {"Makefile", "run.sh", "package.sh", ".gitignore"} | expected:
        assert f"{folder}/{file_name}" in paths
    assert f"backend/Dockerfile.{name}" in paths
    assert (f"scripts/build/{name}-darwin.sh" in paths) == (kind == "grpc")
    assert (f"{folder}/compile.sh" in paths) == (kind == "llama-fork")

    makefile = next(file for file in files if file.path == f"{folder}/Makefile").content.decode()
    version, repo = variable(name, "VERSION"), variable(name, "REPO")
    assert f"\n{version}?={PIN}\n" in makefile
    assert f"\n{repo}?=https://github.com/acme/tiny.cpp\n" in makefile
    for pinned in (version, repo):
        assert len(re.findall(rf"{pinned}\s*[?:+]?=", makefile)) == 1, "bump_deps.sh edits them all"


def test_every_name_is_an_identifier(tmp_path: Path) -> None:
    """All of them in one program: they are valid, and no two are the same."""
    compiler = harness.find_tool("g++")
    modality = itertools.cycle(MODALITIES)
    for name in AWKWARD_NAMES:
        generate(tmp_path_tree(tmp_path), name, modality=next(modality))
    program = tmp_path / "program.cpp"
    headers = [tmp_path / "backend" / "cpp" / name / "engine.h" for name in AWKWARD_NAMES]
    program.write_text("".join(f'#include "{header}"\n' for header in headers))
    protocol = f"-I{harness.pristine_tree('miniature') / 'backend'}"
    run_ok([harness.find_tool("protoc"), protocol, "--cpp_out=.", "backend.proto"], cwd=tmp_path)
    warnings = ("-Wall", "-Wextra", "-Werror")
    run_ok([compiler, "-std=c++17", "-fsyntax-only", "-isystem.", *warnings, program], cwd=tmp_path)


@pytest.mark.parametrize("modality", MODALITIES)
def test_one_todo(modality: str) -> None:
    files = render("cpp", {**UPSTREAM, "name": "one", "modality": modality})
    assert [f.path for f in files for _ in range(f.content.count(b"TODO"))] == ["backend/cpp/one/engine.cpp"]
    media = {f.path for f in files if f.path.endswith(("media.h", "media_test.cpp"))}
    assert bool(media) == (modality in MEDIA)


def test_sources_do_not_take_the_place_of_anything() -> None:
    """A repository may be called as one of our targets or files is."""
    answers = {**UPSTREAM, "name": "a", "modality": "image", "upstream": "acme/package"}
    files = {Path(file.path): file.content.decode() for file in render("cpp", answers)}
    makefile = files[Path("backend/cpp/a/Makefile")]
    assert "\nSOURCE := package-src\n" in makefile
    ours = {path.name for path in files if path.parent == Path("backend/cpp/a")}
    targets = set(re.findall(r"^([a-z0-9-]+):", makefile, re.MULTILINE))
    assert ours | targets <= set(CPP_TAKEN)


@pytest.mark.parametrize("variants", [["cpu"], ALL_VARIANTS], ids=["cpu", "all"])
def test_shell_is_clean(tmp_path: Path, variants: list[str]) -> None:
    for name, kind in (("class", "grpc"), ("x-3d-2", "llama-fork")):
        chosen = variants if kind == "grpc" else [v for v in variants if v != "metal"]
        generate(tmp_path_tree(tmp_path), name, kind=kind, variants=chosen)
    harness.assert_shell_clean(tmp_path)


def tmp_path_tree(folder: Path) -> Path:
    """The least that the harness reads of a tree."""
    source = harness.pristine_tree("miniature") / "backend" / "backend.proto"
    (folder / "backend").mkdir(exist_ok=True)
    shutil.copy(source, folder / "backend" / "backend.proto")
    return folder


@pytest.mark.parametrize("kind", ["grpc", "llama-fork"])
@pytest.mark.parametrize("variants", [["cpu"], FORK_VARIANTS], ids=["cpu", "all"])
@pytest.mark.parametrize(
    "scripts", [[], ["apt-mirror.sh"], ["apt-mirror.sh", "install-base-deps.sh"]], ids=len
)
def test_dockerfile(tmp_path: Path, kind: str, variants: list[str], scripts: list[str]) -> None:
    """It mounts no script that the checkout does not have; older ones have neither."""
    hadolint = harness.find_tool("hadolint")
    tree = tmp_path_tree(tmp_path)
    generate(tree, "x-3d-2", kind=kind, variants=variants, docker_scripts=scripts)
    file = tmp_path / "backend" / "Dockerfile.x-3d-2"
    printed = run([hadolint, "-f", "json", file], cwd=tmp_path).stdout
    found = {f"{rule['code']} line {rule['line']}" for rule in json.loads(printed)}
    assert {rule.split()[0] for rule in found} <= UNAVOIDABLE, found
    text = file.read_text()
    for argument in ("BASE_IMAGE", "BUILD_TYPE", "SKIP_DRIVERS", "APT_MIRROR", "APT_PORTS_MIRROR"):
        assert f"\nARG {argument}" in "\n" + text
    assert set(re.findall(r"source=\.docker/([a-z.-]+),", text)) <= {*scripts}
    assert ("target=/usr/local/sbin/apt-mirror" in text) == ("apt-mirror.sh" in scripts)
    assert text.endswith("FROM scratch\nCOPY --from=builder /LocalAI/backend/cpp/x-3d-2/package/. /\n")


BUILD_FLAGS = {
    "": ["-DGGML_NATIVE=OFF"],
    "BUILD_TYPE=cublas": ["-DGGML_CUDA=ON", '"-DCMAKE_CUDA_ARCHITECTURES=native"'],
    "BUILD_TYPE=cublas CUDA_MAJOR_VERSION=12": ["-DGGML_CUDA=ON", "61-virtual;", ";90-virtual"],
    "BUILD_TYPE=cublas CUDA_MAJOR_VERSION=13": ["-DGGML_CUDA=ON", "75-virtual;", ";120-virtual"],
    "BUILD_TYPE=hipblas": ["-DGGML_HIP=ON", "gfx908;gfx90a;", "/opt/rocm/llvm/bin/clang++"],
    "BUILD_TYPE=hipblas AMDGPU_TARGETS=gfx1,gfx2": ['"-DAMDGPU_TARGETS=gfx1;gfx2"'],
    "BUILD_TYPE=hipblas AMDGPU_TARGETS=": [";gfx1201"],
    "BUILD_TYPE=sycl_f16": ["-DGGML_SYCL=ON", "-DGGML_SYCL_F16=ON", "icpx", "setvars.sh"],
    "BUILD_TYPE=sycl_f32": ["-DGGML_SYCL=ON", "icpx", "setvars.sh"],
    "BUILD_TYPE=vulkan": ["-DGGML_VULKAN=ON"],
    "UNAME_S=Darwin": ["-DGGML_METAL=ON"],
}


@pytest.fixture(scope="module")
def makefile_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = generate(tmp_path_tree(tmp_path_factory.mktemp("makefile")), "x-3d-2", variants=["cpu", "metal"])
    (folder / "tiny.cpp").mkdir()
    return folder


@pytest.mark.parametrize("words", BUILD_FLAGS, ids=lambda words: words or "cpu")
def test_build_flags(makefile_folder: Path, words: str) -> None:
    plan = make(makefile_folder, "-n", "grpc-server", "package", *words.split(), JOBS="3")
    for flag in BUILD_FLAGS[words]:
        assert flag in plan
    accelerators = set(re.findall(r"-DGGML_(CUDA|HIP|SYCL|VULKAN|METAL)=ON", plan))
    assert len(accelerators) == (1 if words else 0)
    assert ("-DGGML_SYCL_F16=ON" in plan) == ("sycl_f16" in words)


@pytest.mark.skipif(
    platform.machine() != "x86_64" or sys.platform != "linux", reason="flavours are for x86-64"
)
def test_a_server_for_each_kind_of_cpu(makefile_folder: Path, tmp_path: Path) -> None:
    def plan(folder: Path, *words: str) -> str:
        return make(folder, "-n", "grpc-server", "package", "ENGINE_TARGETS=tiny", *words)

    commands = [line for line in plan(makefile_folder).splitlines() if "cmake -S" in line]
    assert [re.findall(r"-DGGML_(AVX\w*)=ON", line) for line in commands] == [
        [], ["AVX"], ["AVX", "AVX2"], ["AVX", "AVX2", "AVX512"]
    ]  # fmt: skip
    assert all("-DGGML_NATIVE=OFF" in line for line in commands)
    for words in (("BUILD_TYPE=vulkan",), ("NATIVE=true",)):
        planned = plan(makefile_folder, *words)
        assert planned.count("cmake -S") == 1
        assert ("-DGGML_AVX2=OFF" in planned) == ("NATIVE=true" not in words)
    other = generate(tmp_path_tree(tmp_path), "x-3d-2", ggml=False)
    (other / "tiny.cpp").mkdir()
    assert plan(other).count("cmake -S") == 1
    assert "AVX" not in plan(other)
    assert "flavour" not in (other / "run.sh").read_text() + (other / "package.sh").read_text()


def test_native_build_keeps_the_cpu(makefile_folder: Path) -> None:
    assert "GGML_NATIVE" not in make(makefile_folder, "-n", "grpc-server", "NATIVE=true")


def test_every_target_is_phony(makefile_folder: Path) -> None:
    """A file of the same name, or make's own rule for `run.sh`, must not stand in for a target."""
    for target in ("all", "grpc-server", "package", "run", "test", "clean", "purge"):
        (makefile_folder / target).touch()
    try:
        for target in ("all", "grpc-server", "package", "run", "test", "clean", "purge"):
            assert make(makefile_folder, "-n", target).count("\n") >= 1
            assert "up to date" not in make(makefile_folder, "-n", target)
    finally:
        for target in ("all", "grpc-server", "package", "run", "test", "clean", "purge"):
            (makefile_folder / target).unlink()


@pytest.mark.usefixtures("toolchain")
@pytest.mark.parametrize("modality", [*MEDIA, "none"])
def test_unit_tests_need_the_standard_library_only(tmp_path: Path, modality: str) -> None:
    """Compiled as backend/cpp/run-unit-tests.sh does, and not one warning."""
    folder = generate(tmp_path_tree(tmp_path), "match", modality=modality)
    test = folder / ("serving_test.cpp" if modality == "none" else "media_test.cpp")
    flags = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-pthread", f"-I{folder}"]
    run_ok(["g++", *flags, test, "-o", tmp_path / "test"], cwd=tmp_path)
    assert re.search(r"\d+ checks passed, 0 failed", run_ok([tmp_path / "test"], tmp_path))


def test_darwin_script(tmp_path: Path) -> None:
    """Run with stand-ins for the tools of a Mac: the closure is complete and nothing more."""
    generate(tmp_path_tree(tmp_path), "class", variants=["cpu", "metal"])
    script = tmp_path / "scripts" / "build" / "class-darwin.sh"
    brew = tmp_path / "brew"
    tools = tmp_path / "tools"
    for folder in (brew, tools, tmp_path / "backend" / "cpp" / "class" / "package"):
        folder.mkdir()
    for library in ("libgrpc.1.dylib", "libabsl.dylib", "libengine.dylib"):
        (brew / library).write_text(library)
    needs = {
        "grpc-server": f"{brew}/libgrpc.1.dylib @rpath/libengine.dylib /usr/lib/libSystem.B.dylib",
        "libgrpc.1.dylib": f"{brew}/libgrpc.1.dylib @loader_path/libabsl.dylib",
    }
    otool = ['#!/bin/bash\nname=$(basename "$2")\nif [ "$1" = -l ]; then']
    otool.append(f'echo "cmd LC_RPATH"; echo "path {brew} (offset 12)"; exit\nfi\necho "$2:"')
    for name, libraries in needs.items():
        for library in libraries.split():
            otool.append(f'[ "$name" != {name} ] || echo "  {library} (version 1)"')
    stand_ins = {
        tools / "otool": "\n".join(otool) + "\n",
        tools / "make": "#!/bin/bash\ntouch backend/cpp/class/package/{run.sh,grpc-server}\n",
        tmp_path / "local-ai": '#!/bin/bash\necho "$@"\nfind "$3" -type f\n',
    }
    for path, text in stand_ins.items():
        path.write_text(text)
        path.chmod(0o755)
    env = {"PATH": f"{tools}:{os.environ['PATH']}"}
    printed = run_ok(["bash", script], cwd=Path("/"), env=env)
    assert "--output ./backend-images/class.tar --image-name localai/class-darwin" in printed
    assert {line.rpartition("build/darwin/./")[2] for line in printed.splitlines()[1:]} == {
        "run.sh",
        "grpc-server",
        "lib/libgrpc.1.dylib",
        "lib/libabsl.dylib",
        "lib/libengine.dylib",
    }
    (brew / "libabsl.dylib").unlink()
    broken = run(["bash", script], cwd=Path("/"), env=env)
    assert broken.returncode != 0
    assert "libabsl.dylib" in broken.stdout


# --- built -----------------------------------------------------------------------------


@pytest.fixture(scope="module", params=BUILT)
def built(
    request: pytest.FixtureRequest,
    toolchain: None,
    tree_kind: str,
    shared_tree: Path,
    tiny: tuple[str, str],
) -> tuple[str, str, Path]:
    """(name, modality, folder) of a backend that is compiled and packaged."""
    name = request.param
    if tree_kind == "checkout" and name not in BUILT_ON_CHECKOUT:
        pytest.skip("built on the miniature")
    folder = generate(shared_tree, name, modality=BUILT[name])
    make(folder, "grpc-server", "package", *pins(name, tiny))
    return name, BUILT[name], folder


def test_serves(built: tuple[str, str, Path], tmp_path: Path) -> None:
    name, modality, folder = built
    with harness.served(folder / "run.sh") as client:
        harness.exercise(client, modality, name, tmp_path)
    assert client.exit_code == 0


def test_package_serves_anywhere(built: tuple[str, str, Path], shared_tree: Path, tmp_path: Path) -> None:
    name, modality, folder = built
    moved = tmp_path / "Application Support" / name
    shutil.copytree(folder / "package", moved)
    command: list[str | Path] = ["env", "-i", moved / "run.sh"]
    with harness.served(command, cwd=Path("/"), tree=shared_tree, address_style="equals") as client:
        harness.exercise(client, modality, name, tmp_path)
        maps = Path(f"/proc/{client.process.pid}/maps").read_text()
        libraries = {line.split(maxsplit=5)[5] for line in maps.splitlines() if ".so" in line}
        assert libraries
        assert all(path.startswith(str(moved)) for path in libraries), libraries
    assert client.exit_code == 0


def test_package_refuses_a_missing_library(built: tuple[str, str, Path], tmp_path: Path) -> None:
    """With an ldd that knows less than the loader, package.sh must notice by itself."""
    _, _, folder = built
    ldd = tmp_path / "ldd"
    ldd.write_text(f'#!/bin/bash\n{shutil.which("ldd")} "$@" | grep -v libprotobuf\n')
    ldd.chmod(0o755)
    copy = tmp_path / "a" / "b" / "c"
    copy.mkdir(parents=True)
    for file in ("grpc-server", "run.sh", "package.sh"):
        shutil.copy(folder / file, copy / file)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = run(["bash", copy / "package.sh"], cwd=Path("/"), env={"PATH": path})
    assert done.returncode != 0
    assert "libprotobuf" in done.stdout


def test_authorization(built: tuple[str, str, Path]) -> None:
    harness.assert_auth(built[2] / "run.sh")


def test_dies_with_its_parent(built: tuple[str, str, Path]) -> None:
    harness.assert_dies_with_parent(built[2] / "run.sh")


def test_stops_every_time(built: tuple[str, str, Path]) -> None:
    for _ in range(5):
        with harness.served(built[2] / "run.sh") as client:
            pass
        assert client.exit_code == 0, client.exit_code


def test_refuses_a_port_in_use(built: tuple[str, str, Path]) -> None:
    with harness.served(built[2] / "run.sh") as client:
        second = run([built[2] / "run.sh", "--addr", client.address], cwd=Path("/"), timeout=30)
    assert second.returncode == 1
    assert second.stdout.strip().splitlines()[-1].endswith(f"cannot listen on {client.address}")


# --- the generated backend's own tests, and its upstream -------------------------------


@pytest.fixture
def scratch(toolchain: None, localai_tree: Path) -> Path:
    """A backend to be edited and broken; one that was built before, so that ccache knows it."""
    return generate(localai_tree, "class", modality="llm")


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


BREAKS = {
    "LoadModel refuses a foreign file": ("engine.cpp", "if (start != expected &&", "if (false && start != expected &&"),
    "no answer for another model": ("grpc-server.cpp", "meant != model_", "meant == \"nobody's\""),
    "no answer before a model is loaded": (
        "grpc-server.cpp", 'FAILED_PRECONDITION, "', 'UNAVAILABLE, "'
    ),
    "Status answers READY": ("grpc-server.cpp", "backend::StatusResponse::READY", "backend::StatusResponse::BUSY"),
    "PredictStream answers": ("grpc-server.cpp", "reply.set_message(piece);", "reply.clear_message();"),
    "Predict answers": ("grpc-server.cpp", "text += piece;", "static_cast<void>(piece);"),
    "SIGTERM ends it with status 0": ("grpc-server.cpp", "std::signal(SIGTERM,", "std::signal(SIGHUP,"),
}  # fmt: skip
"""By check of the generated test: what of the backend it must miss."""


def test_make_test_is_a_test(scratch: Path) -> None:
    printed = make(scratch, "test")
    assert re.search(r"serving_test: \d+ checks passed, 0 failed", printed)
    assert re.search(r"server_ctest: \d+ checks passed, 0 failed", printed)
    assert "warning:" not in printed
    assert not (scratch / "tiny.cpp").exists(), "the placeholder's test downloads nothing"

    harness.spoil(scratch, BREAKS.values())
    broken = run(["make", "test"], cwd=scratch, env=QUICK, timeout=1800)
    assert broken.returncode != 0
    failed = set(re.findall(r"^FAILED  (.*)", broken.stdout, re.MULTILINE))
    assert set(BREAKS) <= failed, broken.stdout

    replace(scratch / "serving.h", "return difference == 0;", "return difference != 1;")
    broken = run(["make", "test"], cwd=scratch, env=QUICK, timeout=1800)
    assert broken.returncode != 0
    assert "FAILED: another token" in broken.stdout


def test_upstream(scratch: Path, tiny: tuple[str, str], tmp_path: Path) -> None:
    source = scratch / "tiny.cpp"
    failed = run(["make", "CLASS_REPO=file:///nonexistent"], cwd=scratch)
    assert failed.returncode != 0
    assert not source.exists(), "a failed download passes for the sources"

    included = '#include "engine.h"\n#include "tiny.h"\n#include <unistd.h>'
    replace(scratch / "engine.cpp", '#include "engine.h"', included)
    replace(scratch / "engine.cpp", "if (!emit(", "sleep(tiny() > 0 ? 600 : 0);\n        if (!emit(")
    words = ["ENGINE_TARGETS=tiny", *pins("class", tiny)]
    make(scratch, *words)
    assert run_ok(["git", "rev-parse", "HEAD"], cwd=source).strip() == tiny[1]
    assert (scratch / "build" / "upstream" / "libtiny.a").is_file()

    make(scratch, "purge")
    assert not any((scratch / left).exists() for left in ("tiny.cpp", "build", "grpc-server"))
    make(scratch, *words)
    assert source.is_dir()
    with harness.served(scratch / "run.sh") as client:
        harness.load(client, harness.own_model("class", tmp_path))
        harness.occupy(client, "x")
    assert client.exit_code == 0, "a call that is in the engine holds it up"


def test_grpc_without_cmake_files(scratch: Path) -> None:
    """Some distributions describe gRPC to pkg-config only."""
    flag = "-DCMAKE_DISABLE_FIND_PACKAGE_gRPC=ON"
    run_ok(["cmake", "-S", ".", "-B", "build", flag], cwd=scratch)
    assert "PkgConfig::GRPCPP" in (scratch / "CMakeLists.txt").read_text()
    cache = (scratch / "build" / "CMakeCache.txt").read_text()
    assert re.search(r"^pkgcfg_lib_GRPCPP_grpc\+\+:\w+=/", cache, re.MULTILINE)


@pytest.mark.usefixtures("toolchain")
def test_older_protocol(tmp_path: Path) -> None:
    """Before ModelIdentity, Free, Status and the description of an embedding."""
    tree = tmp_path_tree(tmp_path)
    proto = tree / "backend" / "backend.proto"
    newer = r"ModelIdentity|EmbeddingLayout layout|rpc (Free|Status)\("
    newer += r"|  int32 (tokens = 2|dim = 3|prompt_tokens = 4);"
    lines = proto.read_text().splitlines(keepends=True)
    proto.write_text("".join(line for line in lines if not re.search(newer, line)))
    folder = generate(tree, "match", modality="embeddings")
    outputs = [f"--cpp_out={folder}", f"--grpc_out={folder}"]
    plugin = f"--plugin=protoc-gen-grpc={shutil.which('grpc_cpp_plugin')}"
    run_ok(["protoc", f"-I{proto.parent}", *outputs, plugin, proto], cwd=tmp_path)
    for source in ("grpc-server.cpp", "server_ctest.cpp"):
        flags = ["-std=c++17", "-fsyntax-only", "-Wall", "-Wextra", "-Werror"]
        run_ok(["g++", *flags, folder / source], cwd=folder)


@pytest.mark.parametrize("modality", MODALITIES)
def test_leaves_out_what_the_protocol_lacks(modality: str) -> None:
    answers = {**UPSTREAM, "name": "match", "modality": modality, "rpcs": ["Health", "LoadModel"]}
    for file in render("cpp", answers):
        if file.path.endswith(("grpc-server.cpp", "server_ctest.cpp")):
            called = set(re.findall(rb"(?:stub\(\)\.|::grpc::Status )(\w+)\(", file.content))
            assert called <= {b"Health", b"LoadModel", b"authorize"}, file.path


# --- a fork of llama.cpp ---------------------------------------------------------------

LLAMA_CPP_MAKEFILE = """\
clean:
\trm -rf llama.cpp grpc-server
llama.cpp:
\tmkdir -p llama.cpp/build/bin
\tcp PROGRAM llama.cpp/build/bin/rpc-server
\techo one >llama.cpp/file
grpc-server: llama.cpp
\techo "repo=$(LLAMA_REPO) commit=$(LLAMA_VERSION) type=$(BUILD_TYPE)"
\techo "args=$(CMAKE_ARGS) shared=$(SHARED_LIBS) extra=$(EXTRA_CMAKE_ARGS) target=$(TARGET)"
\tgrep patched llama.cpp/file
\tcp PROGRAM grpc-server
\techo >llama.cpp/build/libggml-cpu-x.so
"""

PATCH = """\
--- a/file
+++ b/file
@@ -1 +1 @@
-one
+patched
"""


@pytest.fixture
def fork(tmp_path: Path) -> Path:
    """A generated wrapper beside a stand-in for backend/cpp/llama-cpp."""
    folder = generate(tmp_path_tree(tmp_path), "apply", kind="llama-fork", variants=FORK_VARIANTS)
    llama = folder.parent / "llama-cpp"
    (llama / "patches").mkdir(parents=True)
    (llama / "patches" / "0001-not-for-the-fork.patch").write_text("nonsense")
    (llama / "Makefile").write_text(LLAMA_CPP_MAKEFILE.replace("PROGRAM", shutil.which("true") or ""))
    (llama / "grpc-server.cpp").write_text("score tts\n")
    for task in ("score", "tts"):
        (llama / f"disable-{task}-task.sh").write_text(f'sed -i "s/{task}/-/" "$1"\n')
    (folder / "patches" / "0001-x.patch").write_text(PATCH)
    return folder


def test_fork_flavours(fork: Path) -> None:
    for flavour in FLAVOURS:
        plan = make(fork, "-n", f"apply-{flavour}", "BUILD_TYPE=cublas")
        assert f"LLAMA_VERSION={PIN}" in plan
        assert "BUILD_TYPE=cublas" in plan
        assert "LLAMA_REPO=https://github.com/acme/tiny.cpp" in plan
        assert ("-DGGML_AVX512=on" in plan) == (flavour == "avx512")
        assert ("-DGGML_AVX=on" in plan) == flavour.startswith("avx")
        assert ("-DGGML_CPU_ALL_VARIANTS=ON" in plan) == (flavour == "cpu-all")
        assert ("-DGGML_RPC=ON" in plan) == (flavour == "grpc")
    for target in ("apply-rpc-server", "package", "clean", "purge"):
        assert make(fork, "-n", target)


def test_fork_is_compiled_from_a_copy_of_llama_cpp(fork: Path) -> None:
    printed = make(fork, "apply-cpu-all", "BUILD_TYPE=vulkan", "CMAKE_ARGS=-DX=1")
    assert f"repo=https://github.com/acme/tiny.cpp commit={PIN} type=vulkan" in printed
    assert "args=-DX=1 shared=ON" in printed
    assert "--target ggml" in printed
    copy = fork.parent / "apply-cpu-all-build"
    assert (copy / "grpc-server.cpp").read_text() == "- -\n"
    assert (fork.parent / "llama-cpp" / "grpc-server.cpp").read_text() == "score tts\n"
    assert (fork / "ggml-shared-libs" / "libggml-cpu-x.so").is_file()
    make(fork, "apply-rpc-server")

    other = fork.parent / "apply-patches-build"  # of a backend whose name starts like ours
    other.mkdir()
    make(fork, "purge")
    left = {path.name for path in fork.iterdir()}
    assert {"apply-patches.sh", "Makefile"} <= left
    assert "apply-cpu-all" not in left
    assert other.is_dir()
    assert not copy.exists()


def test_fork_stops_at_a_patch_that_does_not_apply(fork: Path) -> None:
    (fork / "patches" / "0001-x.patch").write_text(PATCH.replace("one", "two"))
    assert run(["make", "apply-fallback"], cwd=fork).returncode != 0


def test_fork_package(fork: Path, tmp_path: Path) -> None:
    if shutil.which("ldd") is None:
        pytest.skip("ldd is not installed")
    nothing = run(["make", "package"], cwd=fork)
    assert nothing.returncode != 0
    assert "nothing to package" in nothing.stdout
    make(fork, "apply-fallback")
    make(fork, "package")
    package = tmp_path / "Application Support"
    shutil.copytree(fork / "package", package)
    assert {path.name for path in package.iterdir()} == {"run.sh", "apply-fallback", "lib"}
    assert {"ld.so", "libc.so.6"} <= {path.name for path in (package / "lib").iterdir()}
    run_ok(["env", "-i", package / "run.sh", "--addr", "127.0.0.1:1"], cwd=Path("/"))

    (package / "lib" / "ld.so").unlink()
    for flavour in ("fallback", "cpu-all", "grpc"):
        (package / f"apply-{flavour}").write_text(f"#!/bin/bash\necho {flavour}\n")
        (package / f"apply-{flavour}").chmod(0o755)
    assert run_ok([package / "run.sh"], cwd=Path("/")) == "cpu-all\n"
    servers = {"LLAMACPP_GRPC_SERVERS": "host:1"}
    assert run_ok([package / "run.sh"], cwd=Path("/"), env=servers) == "grpc\n"


@pytest.mark.parametrize(
    ("arch", "build_type", "flavour"),
    [
        ("amd64", "", "cpu-all"),
        ("arm64", "", "cpu-all"),
        ("amd64", "cublas", "cpu-all"),
        ("arm64", "cublas", "fallback"),
        ("amd64", "hipblas", "fallback"),
        ("amd64", "sycl_f16", "fallback"),
    ],
)
def test_fork_compile_script(tmp_path: Path, arch: str, build_type: str, flavour: str) -> None:
    """What the image compiles, with stand-ins for its tools."""
    generate(tmp_path_tree(tmp_path), "a-fork", kind="llama-fork", variants=FORK_VARIANTS)
    script = tmp_path / "backend/cpp/a-fork/compile.sh"
    script.write_text(script.read_text().replace("/LocalAI/", f"{tmp_path}/"))
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("ccache", "apt-get", "make"):
        text = f'#!/bin/bash\necho "{tool} $* CC=$CC CMAKE_ARGS=$CMAKE_ARGS" >>{tmp_path}/log\n'
        (tools / tool).write_text(text)
        (tools / tool).chmod(0o755)
    env = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "TARGETARCH": arch,
        "BUILD_TYPE": build_type,
        "CUDA_DOCKER_ARCH": "75;86",
        "CC": "",
        "CMAKE_ARGS": "-DX=1",
    }
    run_ok(["bash", script], cwd=tmp_path, env=env)
    log = (tmp_path / "log").read_text()
    targets = re.findall(r"^make (\S+)", log, re.MULTILINE)
    assert targets == [f"a-fork-{flavour}", "a-fork-rpc-server"]
    assert "-DX=1 -DCMAKE_C_COMPILER_LAUNCHER=ccache" in log
    assert r"75\;86" in log
    assert ("CC=gcc-14" in log) == (arch == "arm64" and flavour == "cpu-all")


def test_a_real_engine(
    toolchain: None, shared_tree: Path, espeak: tuple[str, str, Path], tmp_path: Path
) -> None:
    """espeak-ng; the generated tests pass with it too."""
    repository, commit, voice = espeak
    (engine,) = (engine for engine in ENGINES if engine.lang == "cpp")
    folder = harness.put(engine, shared_tree)
    pinned = pins(engine.name, (repository, commit))
    printed = make(folder, "test", "package", *pinned, TEST_MODEL=str(voice))
    assert re.search(r"server_ctest: \d+ checks passed, 0 failed", printed)
    assert "warning:" not in printed
    with harness.served(folder / "package" / "run.sh", cwd=Path("/"), tree=shared_tree) as client:
        harness.exercise(client, "tts", engine.name, tmp_path, voice)
    assert client.exit_code == 0
    harness.assert_audible(tmp_path / "a b.wav")
