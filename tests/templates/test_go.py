"""The Go backends: they compile on both systems, serve, test themselves, and package."""

from __future__ import annotations

import itertools
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.engines import ENGINES
from scaffold.template.render import render
from tests.templates import harness
from tests.templates.harness import MODALITIES, PIN, run, run_ok

UPSTREAM = {"upstream": "acme/tiny.cpp", "pin": PIN, "variants": ["cpu", "metal"]}
KINDS = {"pure": {}, "purego": UPSTREAM}

# Also what the specs' dot imports bring in.
NAMES = (*harness.NAMES, "string", "describe", "expect", "server", "import")


@pytest.fixture(scope="module")
def go_tree(shared_tree: Path, protoc_plugins: Path) -> Path:
    """A LocalAI tree with the Go code of its protocol."""
    harness.compile_go_protocol(shared_tree, protoc_plugins)
    return shared_tree


@pytest.fixture
def generated(go_tree: Path) -> Iterator[_Generated]:
    """Renders into the shared tree; what was rendered is gone after the test."""
    maker = _Generated(go_tree)
    yield maker
    for folder in maker.folders:
        shutil.rmtree(folder)


class _Generated:
    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self.folders: list[Path] = []

    def __call__(self, name: str, kind: str, modality: str, **answers: object) -> Path:
        answers = {**KINDS[kind], **answers}
        folder = harness.generate(self.tree, "go", name=name, kind=kind, modality=modality, **answers)
        self.folders.append(folder)
        return folder


def make(folder: Path, *arguments: str, **env: str) -> str:
    return run_ok(["make", *arguments], cwd=folder, env=env)


def pinned(folder: Path, upstream: tuple[Path, list[str]], commit: int = 1) -> list[str]:
    """Make variables that put a local repository in the place of the upstream."""
    prefix = folder.name.upper().replace("-", "_")
    repository, commits = upstream
    return [f"{prefix}_REPO=file://{repository}", f"{prefix}_VERSION={commits[commit]}"]


def relocated(folder: Path, tmp_path: Path) -> Path:
    """The package alone, under a path with a space, as LocalAI on macOS has it."""
    target = tmp_path / "Application Support" / folder.name
    shutil.copytree(folder / "package", target)
    return target


def specs_run(output: str) -> int:
    match = re.search(r"Ran (\d+) of (\d+) Specs", output)
    assert match, output
    assert match[1] == match[2], output
    return int(match[1])


# --- what is written -------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("modality", MODALITIES)
def test_one_todo_and_one_pin(kind: str, modality: str) -> None:
    files = render("go", {"name": "my-b2", "kind": kind, "modality": modality, **KINDS[kind]})
    texts = {file.path: file.content.decode() for file in files}
    assert [text.count("TODO") for text in texts.values() if "TODO" in text] == [1]
    assert all(path.startswith("backend/go/my-b2/") for path in texts)
    assert all(text.endswith("\n") and not text.endswith("\n\n") for text in texts.values())

    makefile = texts["backend/go/my-b2/Makefile"]
    pins = re.findall(r"^.*(?:_VERSION|_REPO)\?=.*$", makefile, re.MULTILINE)
    assert pins == (
        [f"MY_B2_VERSION?={PIN}", "MY_B2_REPO?=https://github.com/acme/tiny.cpp"] if kind == "purego" else []
    )
    phony = re.search(r"^\.PHONY:(.*)$", makefile, re.MULTILINE)
    assert phony
    assert {"all", "my-b2", "build", "package", "test", "clean", "purge"} <= set(phony[1].split())


def test_upstream_of_a_pure_backend_is_pinned() -> None:
    files = render("go", {"name": "my-b2", "modality": "llm", **UPSTREAM})
    makefile = next(f.content.decode() for f in files if f.path.endswith("/Makefile"))
    assert makefile.startswith(f"MY_B2_VERSION?={PIN}\nMY_B2_REPO?=https://github.com/acme/tiny.cpp\n")
    assert "\nengine: $(SOURCE_STAMP)\n" in makefile


@pytest.mark.parametrize("kind", KINDS)
def test_an_older_checkout_gets_what_it_knows(kind: str, tmp_path: Path) -> None:
    gofmt = harness.find_tool("gofmt")
    for modality in MODALITIES:
        answers = {
            "go_packages": ["base"],
            "model_identity": False,
            "transcription_context": False,
            "rpcs": ["Health", "LoadModel", "Predict", "TTS", "AudioTranscription"],
        }
        files = render(
            "go",
            {"name": f"old-{modality}", "kind": kind, "modality": modality, **KINDS[kind], **answers},
        )
        for file in files:
            path = tmp_path / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
            text = file.content.decode()
            for absent in (
                "grpcerrors",
                "ModelIdentity",
                "TTSStream",
                "AudioTranscriptionStream",
                "TokenizeString",
                "context.Context, req *pb.TranscriptRequest",
            ):
                assert absent not in text, f"{file.path} has {absent}"
    assert run_ok([gofmt, "-l", "."], cwd=tmp_path) == ""


def test_what_the_server_does_not_hand_on_is_not_answered() -> None:
    """Free came to LocalAI's server for Go months after it came to the protocol."""
    routes = {"rpcs": ["Health", "LoadModel", "Free", "TTSStream"], "go_routes": ["Health", "LoadModel"]}
    for modality, frees in (("tts", False), ("rerank", True)):
        files = render("go", {"name": "old", "modality": modality, **routes})
        texts = "".join(file.content.decode() for file in files)
        assert ("client.Free(" in texts) == ("Free()" in texts) == frees
        assert "TTSStream" not in texts


@pytest.mark.parametrize("system", ["linux/amd64", "darwin/arm64"])
def test_every_backend_compiles(system: str, generated: _Generated) -> None:
    go, gofmt = harness.find_tool("go"), harness.find_tool("gofmt")
    combinations = [(kind, modality) for kind in KINDS for modality in MODALITIES]
    assert len(NAMES) >= len(combinations)
    folders = [
        generated(name, kind, modality)
        for name, (kind, modality) in zip(NAMES, itertools.cycle(combinations), strict=False)
    ]
    assert run_ok([gofmt, "-l", *folders], cwd=generated.tree) == ""
    goos, goarch = system.split("/")
    # what they import for another system is compiled for this test alone: nobody runs it, nothing makes it fast
    quick = ["-gcflags=all=-N -l"] if goos != sys.platform else []
    run_ok(
        [go, "vet", *quick, *(f"./backend/go/{folder.name}" for folder in folders)],
        cwd=generated.tree,
        env={"GOOS": goos, "GOARCH": goarch, "CGO_ENABLED": "0"},
        timeout=1800,
    )


@pytest.mark.parametrize(
    ("build_type", "present", "absent"),
    [
        ("", ["-DGGML_NATIVE=OFF"], ["GGML_CUDA", "GGML_HIP", "GGML_SYCL", "GGML_VULKAN"]),
        ("cublas", ["-DGGML_CUDA=ON", "-DCMAKE_CUDA_ARCHITECTURES=75-virtual;"], ["GGML_HIP"]),
        ("hipblas", ["-DGGML_HIP=ON", "-DAMDGPU_TARGETS=gfx908;gfx90a;"], ["GGML_HIPBLAS"]),
        ("sycl_f16", ["-DGGML_SYCL=ON", "-DGGML_SYCL_F16=ON", "icpx"], []),
        ("sycl_f32", ["-DGGML_SYCL=ON", "icpx"], ["GGML_SYCL_F16"]),
        ("vulkan", ["-DGGML_VULKAN=ON"], []),
        ("metal", ["-DGGML_METAL=ON", "-DGGML_METAL_EMBED_LIBRARY=ON"], []),
    ],
)
def test_build_type_reaches_cmake(
    build_type: str, present: list[str], absent: list[str], tmp_path: Path
) -> None:
    tree = tmp_path
    (tree / "backend").mkdir()
    (tree / "backend" / "backend.proto").touch()
    folder = harness.generate(tree, "go", name="flags", kind="purego", **UPSTREAM)
    plan = make(folder, "-n", "engine", f"BUILD_TYPE={build_type}", "UNAME_M=x86_64")
    assert all(flag in plan for flag in present), plan
    assert not any(flag in plan for flag in absent), plan


def test_make_variables_of_the_image(tmp_path: Path) -> None:
    (tmp_path / "backend").mkdir()
    (tmp_path / "backend" / "backend.proto").touch()
    folder = harness.generate(tmp_path, "go", name="flags", kind="purego", **UPSTREAM)

    def plan(*arguments: str, **env: str) -> str:
        return make(folder, "-n", "engine", *arguments, **env)

    jetson = ["BUILD_TYPE=cublas", "UNAME_M=aarch64"]
    assert '"-DCMAKE_CUDA_ARCHITECTURES=87-real"' in plan(*jetson, CUDA_MAJOR_VERSION="12")
    assert "=87-real;110-real;121-real" in plan(*jetson, CUDA_MAJOR_VERSION="13")
    assert '=gfx1;gfx2"' in plan("BUILD_TYPE=hipblas", AMDGPU_TARGETS="gfx1,gfx2")
    assert "=gfx908;gfx90a;" in plan("BUILD_TYPE=hipblas", AMDGPU_TARGETS="")
    assert "-DX=1" in plan("CMAKE_ARGS=-DX=1")
    assert "-DGGML_NATIVE=OFF" in plan("CMAKE_ARGS=-DX=1")
    assert "-DGGML_NATIVE" not in plan("NATIVE=true")
    assert "libflags_capi.dylib" in plan("UNAME_S=Darwin")


# --- what it does ----------------------------------------------------------------------


@pytest.mark.parametrize("modality", MODALITIES)
def test_a_pure_backend_serves(modality: str, generated: _Generated, tmp_path: Path) -> None:
    folder = generated(f"{modality}-x-3d-2", "pure", modality)
    make(folder, "build")
    harness.assert_shell_clean(folder)
    package = relocated(folder, tmp_path)
    assert {path.name for path in package.iterdir()} == {"run.sh", folder.name}
    with harness.served(package / "run.sh", cwd=Path("/"), tree=generated.tree) as client:
        harness.exercise(client, modality, folder.name, tmp_path)
    assert client.exit_code == 0, client.exit_code
    if modality in ("none", "rerank"):  # LocalAI's server, and our own
        harness.assert_auth(package / "run.sh", tree=generated.tree)
        harness.assert_dies_with_parent(package / "run.sh")


@pytest.mark.parametrize("modality", ["llm", "detection", "none"])
def test_a_purego_backend_serves(
    modality: str, generated: _Generated, upstream: tuple[Path, list[str]], tmp_path: Path
) -> None:
    harness.find_tool("cmake")
    folder = generated(f"my-{modality}2-cpp", "purego", modality)
    make(folder, *pinned(folder, upstream), "build")
    harness.assert_shell_clean(folder)
    package = relocated(folder, tmp_path)
    assert {path.name for path in package.iterdir()} == {"run.sh", folder.name, "lib"}
    bare = {"LD_LIBRARY_PATH": ""}
    with harness.served(package / "run.sh", env=bare, cwd=Path("/"), tree=generated.tree) as client:
        harness.exercise(client, modality, folder.name, tmp_path)
        maps = Path(f"/proc/{client.process.pid}/maps").read_text()
    assert client.exit_code == 0
    libraries = {line.split(maxsplit=5)[5] for line in maps.splitlines() if ".so" in line}
    assert libraries
    assert all(path.startswith(str(package)) for path in libraries), libraries


@pytest.mark.skipif(
    platform.machine() != "x86_64" or sys.platform != "linux", reason="flavours are for x86-64"
)
def test_a_library_for_each_kind_of_cpu(
    generated: _Generated, upstream: tuple[Path, list[str]], tmp_path: Path
) -> None:
    harness.find_tool("cmake")
    folder = generated("my-engine", "purego", "none")
    make(folder, *pinned(folder, upstream), "build")
    package = relocated(folder, tmp_path)
    flavours = {f"libmy_engine_capi{end}.so" for end in ("", "-avx", "-avx2", "-avx512")}
    assert {path.name for path in (package / "lib").iterdir() if "capi" in path.name} == flavours
    flags = {word for line in Path("/proc/cpuinfo").read_text().splitlines() for word in line.split()}
    best = [
        f"-{name}"
        for name, flag in (("avx", "avx"), ("avx2", "avx2"), ("avx512", "avx512f"))
        if flag in flags
    ]
    with harness.served(package / "run.sh", cwd=Path("/"), tree=generated.tree) as client:
        maps = Path(f"/proc/{client.process.pid}/maps").read_text()
    assert f"libmy_engine_capi{['', *best][-1]}.so" in maps

    for words in (("BUILD_TYPE=vulkan",), ("NATIVE=true",)):
        planned = make(folder, "-n", "-B", "engine", *words)
        assert planned.count("cmake -S") == 1
        assert ("-DGGML_AVX2=OFF" in planned) == ("NATIVE=true" not in words)
    other = generated("other-engine", "purego", "none", ggml=False)
    assert make(other, "-n", "engine").count("cmake -S") == 1
    assert "AVX" not in make(other, "-n", "engine")
    assert "flavour" not in (other / "run.sh").read_text()


@pytest.mark.parametrize("ggml", [True, False])
def test_an_engine_that_exports_its_interface_itself(
    ggml: bool, generated: _Generated, upstream: tuple[Path, list[str]], tmp_path: Path
) -> None:
    """Without a shim the placeholder answers alone; once it is named, the engine's library is built and opened."""
    harness.find_tool("cmake")
    folder = generated("my-own", "purego", "tts", shim=False, ggml=ggml)
    assert not (folder / "shim").exists()
    assert not (folder / "CMakeLists.txt").exists()
    assert sum(file.read_text().count("TODO") for file in folder.iterdir() if file.is_file()) == 1
    arguments = pinned(folder, upstream)
    assert specs_run(make(folder, *arguments, "test"))
    make(folder, *arguments, "build")
    harness.assert_shell_clean(folder)
    package = relocated(folder, tmp_path)
    assert not [path for path in (package / "lib").iterdir() if "capi" in path.name]
    with harness.served(package / "run.sh", cwd=Path("/"), tree=generated.tree) as client:
        harness.exercise(client, "tts", folder.name, tmp_path)

    engine = folder / "engine.go"
    binding = 'var functions = []function{{"_Z10tiny_magicv", &tinyMagic}}\n\nvar tinyMagic func() string\n'
    engine.write_text(engine.read_text().replace("var functions []function\n", binding, 1))
    named = ["ENGINE_LIBRARY=libtiny.so", "ENGINE_TARGET=tiny", "CMAKE_ARGS=-DBUILD_SHARED_LIBS=ON"]
    make(folder, *arguments, *named, "build")
    shutil.rmtree(tmp_path / "Application Support")
    package = relocated(folder, tmp_path)
    with harness.served(package / "run.sh", cwd=Path("/"), tree=generated.tree) as client:
        maps = Path(f"/proc/{client.process.pid}/maps").read_text()
    assert "libmy_own_capi" in maps
    assert specs_run(make(folder, *arguments, *named, "test"))


BREAKS = {
    "llm": {
        "refuses what it cannot serve": ("engine.go", "line != modelLine", 'line == ""'),
        "asks for a model first, and again after Free": (
            "backend.go", "b.unload()\n\treturn nil", "return nil"
        ),
        "predicts": ("backend.go", "return answer.String(), failed", 'return "", failed'),
        "streams a prediction": ("backend.go", "{ results <- piece }", "{}"),
        "tokenizes": ("backend.go", "Length: int32(len(tokens))", "Length: 0"),
    },
    "rerank": {
        "is healthy": ("server.go", '[]byte("OK")', '[]byte("KO")'),
        "notices a request for another model": ("server.go", "asked != s.loaded", "asked == s.loaded"),
        "ranks documents": ("backend.go", "cmp.Compare(y.", "cmp.Compare(-y."),
        "asks for the bearer token": ("server.go", "options = append(options, ", "_ = append(options, "),
        "loads its own model and skips unknown options": (
            "options.go",
            "\t\tswitch key {",
            '\t\tif key == "flag" {\n\t\t\treturn parsed, errors.New(key)\n\t\t}\n\t\tswitch key {',
        ),
    },
}  # fmt: skip
"""By modality and spec: what of the backend it must miss."""


@pytest.mark.parametrize("modality", BREAKS)
def test_each_of_its_specs_can_fail(modality: str, generated: _Generated) -> None:
    folder = generated(f"broken-{modality}", "pure", modality)
    harness.spoil(folder, BREAKS[modality].values())
    done = run(["make", "test"], cwd=folder)
    assert done.returncode != 0
    failed = set(
        re.findall(r"\[FAIL\] the backend \S*?\[It\] (.*)", re.sub(r"\x1b\[[\d;]*m", "", done.stdout))
    )
    assert failed == set(BREAKS[modality]), done.stdout


OTHERWISE = {
    "embeddings": ("float32(math.Sqrt(squares))", "float32(2 * math.Sqrt(squares))"),
    "rerank": ("float32(shared) /", "-1 / float32(shared+1) /"),
    "asr": ("emit(segment{start: 0,", "emit = func(segment) {}\n\temit(segment{start: 0,"),
    "vad": ("return found, nil", "return nil, nil"),
    "detection": ("Bounds().Size()", "Bounds().Size()\n\tif size.X > 0 {\n\t\treturn nil, nil\n\t}"),
}
"""By modality: a line of the placeholder's answer, and one that answers as an engine may."""


@pytest.mark.parametrize("modality", OTHERWISE)
def test_its_specs_hold_with_other_answers(modality: str, generated: _Generated, tmp_path: Path) -> None:
    """Nobody who puts an engine in has to change them."""
    folder = generated(f"other-{modality}", "pure", modality)
    harness.spoil(folder, [("engine.go", *OTHERWISE[modality])])
    assert specs_run(make(folder, "test", TEST_MODEL=str(harness.own_model(folder.name, tmp_path)))) >= 5


def test_an_engine_that_fails_has_a_code(generated: _Generated, tmp_path: Path) -> None:
    """INTERNAL with the reason, as in the other languages, or the code that the engine chose."""
    import grpc

    folder = generated("failing", "pure", "embeddings")
    answer = (
        'if text == "early" {\n\t\treturn nil, notLoaded()\n\t}\n\treturn vector, fmt.Errorf("no memory")'
    )
    harness.spoil(folder, [("engine.go", "return vector, nil", answer)])
    make(folder, "build")
    with harness.served(folder / "package" / "run.sh", cwd=Path("/"), tree=generated.tree) as client:
        harness.load(client, harness.own_model(folder.name, tmp_path))
        for text, code, reason in (
            ("any", grpc.StatusCode.INTERNAL, "failing: no memory"),
            ("early", grpc.StatusCode.FAILED_PRECONDITION, "not loaded"),
        ):
            request = client.pb2.PredictOptions(Embeddings=text)
            assert reason in harness.expect_status(code, client.stub.Embedding, request)


@pytest.mark.parametrize("kind", KINDS)
def test_make_test_runs_and_fails(kind: str, generated: _Generated, upstream: tuple[Path, list[str]]) -> None:
    if kind == "purego":
        harness.find_tool("cmake")
    folder = generated("async", kind, "asr")
    # a file that GNU make's built-in rule would take for the recipe
    (folder / "test.sh").write_text("#!/bin/bash\nexit 0\n")
    arguments = [*(pinned(folder, upstream) if kind == "purego" else []), "test"]
    assert specs_run(make(folder, *arguments)) >= 8

    engine = "engine.go" if kind == "pure" else "shim/async_capi.cpp"
    for file, right, wrong, complaint in (
        (engine, "scaffold-model ", "another-model ", "async: model file"),
        ("main.go", "flag.Parse()", "flag.Parse()\n\tos.Exit(3)", "the backend has ended"),
    ):
        text = (folder / file).read_text()
        assert text.count(right) == 1
        (folder / file).write_text(text.replace(right, wrong))
        broken = run(["make", *arguments], cwd=folder)
        (folder / file).write_text(text)
        assert broken.returncode != 0
        assert re.search(r"Ran \d+ of \d+ Specs", broken.stdout)
        assert "FAIL!" in broken.stdout
        assert complaint in broken.stdout


def test_the_clone_follows_the_pin(
    generated: _Generated, upstream: tuple[Path, list[str]], tmp_path: Path
) -> None:
    harness.find_tool("cmake")
    folder = generated("my-engine", "purego", "none")
    clone = folder / "sources" / "tiny.cpp"

    def head() -> str:
        return run_ok(["git", "rev-parse", "HEAD"], cwd=clone).strip()

    make(folder, *pinned(folder, upstream, 0), "engine")
    assert head() == upstream[1][0]
    library = folder / "libmy_engine_capi.so"
    built = library.stat().st_mtime_ns
    make(folder, *pinned(folder, upstream, 0), "engine")
    assert library.stat().st_mtime_ns == built, "an unchanged engine was built again"

    (folder / "sources" / ".cut").touch()
    make(folder, *pinned(folder, upstream, 1), "engine")
    assert head() == upstream[1][1]
    assert library.stat().st_mtime_ns != built
    assert not (folder / "sources" / ".cut").exists()

    make(folder, "clean")
    assert clone.is_dir()
    assert not library.exists()
    before = {path for path in folder.iterdir() if path.name != "sources"}
    make(folder, "purge")
    assert set(folder.iterdir()) == before
    make(folder, *pinned(folder, upstream, 1))
    assert (folder / "package" / "lib" / library.name).is_file()

    missing = pinned(folder, upstream, 1)
    missing[1] = missing[1].split("=")[0] + "=" + "0" * 40
    assert run(["make", *missing, "engine"], cwd=folder).returncode != 0
    assert not list((folder / "sources").glob(".0*"))


def test_the_upstream_is_linked_into_the_one_library(
    generated: _Generated, upstream: tuple[Path, list[str]], tmp_path: Path
) -> None:
    harness.find_tool("cmake")
    nm = harness.find_tool("nm")
    folder = generated("my-engine", "purego", "none")
    shim = folder / "shim" / "my_engine_capi.cpp"
    text = shim.read_text()
    shim.write_text('#include "tiny.h"\n' + text.replace('"scaffold-model my-engine"', "tiny_magic()"))
    cmake = folder / "CMakeLists.txt"
    cmake.write_text(cmake.read_text().replace('UPSTREAM_TARGETS ""', 'UPSTREAM_TARGETS "tiny"'))
    make(folder, *pinned(folder, upstream, 0), "package")

    library = folder / "package" / "lib" / "libmy_engine_capi.so"
    exported = run_ok([nm, "-D", "--defined-only", library], cwd=folder)
    names = {line.split()[-1] for line in exported.splitlines()}
    prefix = "my_engine_capi_"
    assert names == {prefix + name for name in ("abi_version", "load", "free", "release")}

    model = tmp_path / "model"
    model.write_text("tiny one")
    with harness.served(folder / "package" / "run.sh") as client:
        harness.load(client, model)
        harness.load_refused(client, ModelFile=str(harness.own_model("my-engine", tmp_path)))

    # a library of another ABI is told apart at the start, in one last line
    shim.write_text(text.replace("return MY_ENGINE_CAPI_ABI_VERSION;", "return 7;"))
    make(folder, *pinned(folder, upstream, 0), "package")
    refused = run([folder / "package" / "run.sh"], cwd=folder)
    assert refused.returncode == 1
    assert "has ABI version 7, this backend needs 1" in refused.stdout.splitlines()[-1]


# --- how it is started -----------------------------------------------------------------


def start_script(kind: str, folder: Path) -> Path:
    """A package with a binary that prints how it was started."""
    folder.mkdir()
    files = render("go", {"name": "my-b2", "kind": kind, **KINDS[kind]})
    script = folder / "run.sh"
    script.write_bytes(next(f.content for f in files if f.path.endswith("/run.sh")))
    binary = folder / "my-b2"
    binary.write_text('#!/bin/bash\nprintf "%s|" "$0" "$@"; echo; env\n')
    script.chmod(0o755)
    binary.chmod(0o755)
    return script


def start_environment(script: Path, system: str, **env: str) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as tools:
        uname = Path(tools) / "uname"
        uname.write_text(f"#!/bin/bash\necho {system}\n")
        uname.chmod(0o755)
        # env -i: neither library path may come from the caller
        output = subprocess.run(
            [script, "--addr", "a b"],
            cwd="/",
            env={"PATH": f"{tools}:{os.environ['PATH']}", **env},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout
    first, _, rest = output.partition("\n")
    assert first == f"{script.parent / 'my-b2'}|--addr|a b|"
    return dict(line.split("=", 1) for line in rest.splitlines() if "=" in line)


@pytest.mark.parametrize(
    ("system", "variable", "other", "suffix"),
    [
        ("Darwin", "DYLD_LIBRARY_PATH", "LD_LIBRARY_PATH", "dylib"),
        ("Linux", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "so"),
    ],
)
def test_run_sh_finds_the_library(
    system: str, variable: str, other: str, suffix: str, tmp_path: Path
) -> None:
    script = start_script("purego", tmp_path / "with space")
    lib = script.parent / "lib"
    env = start_environment(script, system)
    assert env["MY_B2_LIBRARY"] == str(lib / f"libmy_b2_capi.{suffix}")
    assert env[variable] == str(lib), "an empty element would put the cwd on the path"
    assert other not in env
    assert start_environment(script, system, **{variable: "/x"})[variable] == f"{lib}:/x"


def test_run_sh_goes_through_the_packaged_loader(tmp_path: Path) -> None:
    script = start_script("purego", tmp_path / "with space")
    loader = script.parent / "lib" / "ld.so"
    loader.parent.mkdir()
    loader.write_text('#!/bin/bash\nVIA=loader exec "$@"\n')
    loader.chmod(0o755)
    assert start_environment(script, "Linux")["VIA"] == "loader"
    assert "VIA" not in start_environment(script, "Darwin")


def test_run_sh_of_a_pure_backend(tmp_path: Path) -> None:
    env = start_environment(start_script("pure", tmp_path / "with space"), "Darwin")
    assert not {"DYLD_LIBRARY_PATH", "LD_LIBRARY_PATH"} & set(env)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_the_darwin_build_reads_the_binary_off_run_sh(kind: str, name: str) -> None:
    """It takes the last thing below $CURDIR, braces not allowed, on a line with exec."""
    files = render("go", {"name": name, "kind": kind, **KINDS[kind]})
    script = next(f.content.decode() for f in files if f.path.endswith("/run.sh"))
    started = [
        match
        for line in re.findall(r"^\s*exec\s.*$", script, re.MULTILINE)
        for match in re.findall(r'"?\$CURDIR"?/([A-Za-z0-9._-]+)', line)
        if "ld.so" not in match
    ]
    assert started[-1] == name


def test_packaging_without_the_library_fails(generated: _Generated) -> None:
    folder = generated("my-engine", "purego", "none")
    (folder / "my-engine").touch()
    done = run(["bash", "package.sh"], cwd=folder)
    assert done.returncode != 0
    assert "libmy_engine_capi.so is not built" in done.stdout


def test_a_real_engine(
    go_tree: Path, espeak: tuple[str, str, Path], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """espeak-ng, by its own C interface; the generated tests pass with it too."""
    repository, commit, voice = espeak
    (engine,) = (engine for engine in ENGINES if engine.lang == "go")
    folder = harness.put(engine, go_tree)
    request.addfinalizer(lambda: shutil.rmtree(folder))
    assert run_ok([harness.find_tool("gofmt"), "-l", folder], cwd=go_tree) == ""
    pins = [f"TALKER_REPO={repository}", f"TALKER_VERSION={commit}"]
    make(folder, *pins, "build")
    package = relocated(folder, tmp_path)
    with harness.served(package / "run.sh", cwd=Path("/"), tree=go_tree) as client:
        harness.exercise(client, "tts", engine.name, tmp_path, voice)
        maps = Path(f"/proc/{client.process.pid}/maps").read_text()
    harness.assert_audible(tmp_path / "a b.wav")
    assert str(package / "lib" / "libtalker_capi.so") in maps
    assert specs_run(make(folder, *pins, "test", TEST_MODEL=str(voice)))
