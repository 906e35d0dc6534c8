"""The Rust template: what it renders, and that the rendered backend builds and serves."""

from __future__ import annotations

import functools
import itertools
import os
import re
import shutil
import socket
import tomllib
from pathlib import Path

import pytest

from evidence.engines import ENGINES
from scaffold.backend.limits import MAX_NAME
from tests.templates import harness
from tests.templates.harness import (
    MODALITIES,
    NAMES,
    PIN,
    assert_auth,
    assert_dies_with_parent,
    assert_fetches_the_pinned_upstream,
    assert_shell_clean,
    exercise,
    find_tool,
    generate,
    render,
    run,
    run_ok,
    served,
)

LONGEST = max(NAMES, key=len)
MODULES = {
    "tts": ["wav"],
    "asr": ["wav"],
    "image": ["png"],
    "detection": ["png"],
    "video": ["y4m"],
}
FACTS = {"today": {}, "older": {"rpcs": [], "model_identity": False}}
TESTED = ("llm", "asr")  # by their own `make test` too, which compiles three times; images with a real engine
SERVED = tuple(modality for modality in MODALITIES if modality not in TESTED)


@pytest.fixture(scope="session")
def build_env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A quick build, with one target folder: the dependencies are compiled once."""
    for tool, package in (("cargo", "rustup"), ("make", "make"), ("protoc", "protobuf-compiler")):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed (package {package})")
    return {
        "CARGO_TARGET_DIR": os.environ.get("CARGO_TARGET_DIR")
        or str(tmp_path_factory.mktemp("cargo target")),
        "MAKEFLAGS": "e",  # the Makefile lets no backend share it by itself
        "CARGO_PROFILE": "dev",
        "CARGO_PROFILE_DEV_DEBUG": "0",
        "CARGO_INCREMENTAL": "0",
        "CARGO_TERM_COLOR": "never",
    }


@pytest.fixture(scope="module")
def package(shared_tree: Path, build_env: dict[str, str]) -> Path:
    """The package of a backend that a bare `make` has built."""
    folder = generate(shared_tree, "rust", name="built-once", modality="llm")
    run_ok(["make"], folder, build_env)
    return folder / "package"


write = functools.partial(harness.write, "rust")


# --- rendering -------------------------------------------------------------------------


@pytest.mark.parametrize(("modality", "name"), list(zip(itertools.cycle(MODALITIES), NAMES, strict=False)))
def test_renders(modality: str, name: str) -> None:
    files = {file.path: file for file in render("rust", {"name": name, "modality": modality})}
    folder = f"backend/rust/{name}"
    modules = ["auth", "engine", "main", "parent_watch", "service", *MODULES.get(modality, [])]
    assert sorted(files) == sorted(
        f"{folder}/{file}"
        for file in (
            ".gitignore",
            "Cargo.lock",
            "Cargo.toml",
            "Makefile",
            "README.md",
            "build.rs",
            "package.sh",
            "run.sh",
            "tests/server.rs",
            *(f"src/{module}.rs" for module in modules),
        )
    )
    for path, file in files.items():
        text = file.content.decode()
        assert re.fullmatch(r"[^\r]*[^\r\n]\n", text), path
        assert not re.search(r"\[%|%\]|\[# |[^#]\[\[ | \]\]", text), path
        assert file.executable == path.endswith(".sh")
    todos = [path for path, file in files.items() if b"TODO" in file.content]
    assert todos == [f"{folder}/src/engine.rs"]
    assert files[todos[0]].content.count(b"TODO") == 1
    manifest = tomllib.loads(files[f"{folder}/Cargo.toml"].content.decode())
    assert manifest["bin"] == [{"name": f"{name}-grpc", "path": "src/main.rs"}]


def test_renders_the_same_code_for_any_description() -> None:
    answers = {"name": "my-backend2", "license": "MIT", "url": "https://example.org/x"}
    odd_text = "A \"b\" 'c' \\n %d ${e} {{ f }} [[ g ]] <&> ü 🦀"
    plain = render("rust", {**answers, "description": "Plain."})
    odd = render("rust", {**answers, "description": odd_text})
    for one, other in zip(plain, odd, strict=True):
        assert one.path == other.path
        has_text = one.path.endswith(("README.md", "Cargo.toml"))
        assert (one.content == other.content) != has_text, one.path
        if other.path.endswith("Cargo.toml"):
            manifest = tomllib.loads(other.content.decode())
            assert manifest["package"]["description"] == odd_text


@pytest.mark.parametrize(("facts", "name"), [("today", "x" * MAX_NAME), ("older", "if")])
def test_rust_is_formatted(tmp_path: Path, facts: str, name: str) -> None:
    cargo = find_tool("cargo")
    for modality in MODALITIES:
        folder = write(tmp_path / modality, name=name, modality=modality, **FACTS[facts])
        run_ok([cargo, "fmt", "--check"], folder)


def test_shell_is_clean(tmp_path: Path) -> None:
    assert_shell_clean(write(tmp_path, name=LONGEST))


def test_dockerfile_is_written_where_there_is_none(tmp_path: Path) -> None:
    dockerfile = tmp_path / "backend" / "Dockerfile.rust"
    write(tmp_path, name="if")
    assert not dockerfile.exists()
    write(tmp_path, name="if", dockerfile_rust=True)
    assert "FROM scratch" in dockerfile.read_text()
    # versions of Debian packages are not pinned in any of LocalAI's images
    run_ok([find_tool("hadolint"), "--ignore", "DL3008", dockerfile], tmp_path)


# --- the Makefile ----------------------------------------------------------------------

TARGETS = ("build", "package", "run", "test", "clean")


@pytest.mark.parametrize("upstream", [{}, {"upstream": "Some-One/thing.cpp", "pin": PIN}], ids=str)
def test_makefile(tmp_path: Path, upstream: dict[str, str]) -> None:
    folder = write(tmp_path, name="my-backend2", **upstream)
    (tmp_path / "backend" / "backend.proto").touch()
    text = (folder / "Makefile").read_text()
    targets = (*TARGETS, "my-backend2-grpc")
    printed = {target: run_ok(["make", "-n", target], folder) for target in targets}
    assert run_ok(["make", "-n"], folder) == printed["build"]
    assert "git" not in printed["build"] + printed["test"], "building must not need the upstream"
    assert set(targets) <= set(re.findall(r"^\.PHONY: (\S+)$", text, re.MULTILINE))
    pins = re.findall(r"^.*MY_BACKEND2_\w+\s*\?=.*$", text, re.MULTILINE)
    assert pins == (
        [
            f"MY_BACKEND2_VERSION?={PIN}",
            "MY_BACKEND2_REPO?=https://github.com/Some-One/thing.cpp",
        ]
        if upstream
        else []
    )


def test_makefile_fetches_the_pinned_upstream(tmp_path: Path) -> None:
    assert_fetches_the_pinned_upstream("rust", tmp_path)


# --- building and serving --------------------------------------------------------------


def failed_tests(output: str) -> list[str]:
    """Names of the failed tests of `make test`, which must have run."""
    counts = re.findall(r"^test result: \w+\. (\d+) passed; (\d+) failed", output, re.MULTILINE)
    assert sum(int(count) for pair in counts for count in pair) >= 7, output
    return sorted(re.findall(r"^test (\S+) \.\.\. FAILED", output, re.MULTILINE))


@pytest.mark.parametrize("modality", TESTED)
def test_builds_tests_and_serves(
    shared_tree: Path, build_env: dict[str, str], tmp_path: Path, modality: str
) -> None:
    name = NAMES[MODALITIES.index(modality) % len(NAMES)]
    folder = generate(shared_tree, "rust", name=name, modality=modality)
    assert not failed_tests(run_ok(["make", "test"], folder, build_env))
    run_ok(["make"], folder, build_env)
    with served(folder / "package" / "run.sh", cwd=Path("/")) as client:
        exercise(client, modality, name, tmp_path)
    assert client.exit_code == 0


@pytest.mark.parametrize("modality", SERVED)
def test_builds_and_serves(
    shared_tree: Path, build_env: dict[str, str], tmp_path: Path, modality: str
) -> None:
    name = NAMES[MODALITIES.index(modality) % len(NAMES)]
    folder = generate(shared_tree, "rust", name=name, modality=modality)
    run_ok(["make"], folder, build_env)
    with served(folder / "package" / "run.sh") as client:
        exercise(client, modality, name, tmp_path)
    assert client.exit_code == 0


BREAKS = {
    "health_is_ok": ("src/service.rs", 'b"OK"', 'b"KO"'),
    "foreign_models_are_refused": ("src/engine.rs", "next() == ours", 'next() != Some(b"")'),
    "its_own_model_is_loaded": (
        "src/service.rs",
        "*self.model.lock().await = None",
        "self.model.lock().await",
    ),
    "large_messages_pass": ("src/main.rs", "50 * 1024 * 1024", "1024 * 1024"),
    "requests_need_the_token": ("src/auth.rs", '"Bearer {token}"', '"Bearer {token}!"'),
    "sigterm_ends_it_cleanly": ("src/main.rs", "SignalKind::terminate()", "SignalKind::hangup()"),
    "text_is_tokenized": ("src/service.rs", "length: tokens.len() as i32", "length: 0"),
    "the_answer_is_streamed": (
        "src/service.rs",
        "|piece| emit(reply(piece))",
        "|_| emit(reply(String::new()))",
    ),
    "the_model_answers_once_it_is_loaded": ("src/service.rs", "identity != model", "identity == model"),
}
"""By test: what of the backend it must miss."""


def test_each_of_its_tests_can_fail(shared_tree: Path, build_env: dict[str, str]) -> None:
    folder = generate(shared_tree, "rust", name="broken", modality="llm")
    harness.spoil(folder, BREAKS.values())
    done = run(["make", "test"], folder, build_env)
    assert done.returncode != 0
    assert failed_tests(done.stdout) == sorted(BREAKS)
    declared = re.findall(r"^async fn (\w+)", (folder / "tests" / "server.rs").read_text(), re.MULTILINE)
    assert set(declared) == set(BREAKS)


def test_two_backends_share_nothing(tmp_path: Path) -> None:
    """Cargo would take the tests of one for those of the other, which has the same package name."""
    (tmp_path / "backend").mkdir()
    (tmp_path / "backend" / "backend.proto").touch()
    folder = write(tmp_path, name="alone")
    cargo = tmp_path / "cargo"
    cargo.write_text('#!/bin/bash\necho "target=$CARGO_TARGET_DIR"\n')
    cargo.chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "CARGO_TARGET_DIR": "/shared", "MAKEFLAGS": ""}
    assert f"target={folder}/target\n" in run_ok(["make", "test"], folder, env)


def older(proto: str) -> str:
    """`proto` without what LocalAI added later."""
    rpcs = "Free|Status|PredictStream|TokenizeString|TTSStream|AudioTranscriptionStream"
    proto = re.sub(rf"^ *rpc ({rpcs})\(.*\n", "", proto, flags=re.MULTILINE)
    proto = re.sub(r"^ *string ModelIdentity = .*\n", "", proto, flags=re.MULTILINE)
    proto = re.sub(r"(?<=^  string text = 2;\n)  string language = 3;[^}]*", "", proto, flags=re.MULTILINE)
    proto = re.sub(r"^ *EmbeddingLayout layout = .*\n", "", proto, flags=re.MULTILINE)
    return re.sub(r"^enum EmbeddingLayout \{.*?^\}\n", "", proto, flags=re.MULTILINE | re.DOTALL)


CLIPPY = ("cargo", "clippy", "--locked", "--quiet")


@pytest.mark.parametrize("modality", MODALITIES)
def test_clippy_finds_nothing(shared_tree: Path, build_env: dict[str, str], modality: str) -> None:
    folder = generate(shared_tree, "rust", name=f"clippy-{modality}", modality=modality)
    run_ok(["make", "proto/backend.proto"], folder)
    run_ok([*CLIPPY, "--", "-D", "warnings"], folder, build_env)


@pytest.mark.parametrize("modality", ["llm", "embeddings", "asr"])
def test_clippy_finds_nothing_in_an_old_checkout(
    shared_tree: Path, build_env: dict[str, str], tmp_path: Path, modality: str
) -> None:
    folder = write(tmp_path, name="older", modality=modality, **FACTS["older"])
    proto = older((shared_tree / "backend" / "backend.proto").read_text())
    assert not re.search("ModelIdentity =|EmbeddingLayout [l{]", proto)
    (tmp_path / "backend" / "backend.proto").write_text(proto)
    run_ok(["make", "proto/backend.proto"], folder)
    run_ok([*CLIPPY, "--all-targets", "--", "-D", "warnings"], folder, build_env)


@pytest.mark.parametrize("name", NAMES)
def test_lock_file_fits_every_name(
    tmp_path: Path, package: Path, build_env: dict[str, str], name: str
) -> None:
    folder = write(tmp_path, name=name)
    run_ok(["cargo", "metadata", "--locked", "--format-version=1"], folder, build_env)


# --- the package -----------------------------------------------------------------------


def test_package_brings_its_libraries(package: Path, tmp_path: Path) -> None:
    """It serves from elsewhere, with an empty environment and no library of the host."""
    place = tmp_path / "Application Support" / "backends" / "built-once"
    shutil.copytree(package, place)
    with served(["env", "-i", f"PATH={os.environ['PATH']}", place / "run.sh"], cwd=place) as client:
        maps = Path(f"/proc/{client.process.pid}/maps")
        if not maps.is_file():
            pytest.skip("no /proc")
        libraries = {line.split(maxsplit=5)[5] for line in maps.read_text().splitlines() if ".so" in line}
        assert libraries
        assert all(library.startswith(str(place)) for library in libraries), libraries
        exercise(client, "llm", "built-once", tmp_path)
    assert client.exit_code == 0


def test_builds_in_an_old_checkout_below_a_path_with_spaces(
    shared_tree: Path, build_env: dict[str, str], tmp_path: Path
) -> None:
    """Older checkouts have no scripts/build/package-system-libs.sh."""
    folder = write(tmp_path / "old checkout", name="x-3d-2")
    shutil.copy(shared_tree / "backend" / "backend.proto", folder.parents[1])
    run_ok(["make"], folder, build_env)
    libraries = {path.name for path in (folder / "package" / "lib").iterdir()}
    assert {"ld.so", "libc.so.6"} <= libraries
    with served(folder / "package" / "run.sh") as client:
        exercise(client, "llm", "x-3d-2", tmp_path)
    assert client.exit_code == 0


def test_demands_the_token(package: Path) -> None:
    assert_auth(package / "run.sh")


def test_dies_with_its_parent(package: Path) -> None:
    assert_dies_with_parent(package / "run.sh")


def test_accepts_an_address_with_a_host_name_in_one_word(package: Path) -> None:
    with served(package / "run.sh", address_style="equals") as client:
        address = client.address.replace("127.0.0.1", "localhost")
        done = run([package / "run.sh", "--addr", address], package, timeout=30)
    assert done.returncode == 1
    assert address in done.stdout.strip().splitlines()[-1], "the port is taken"


def test_refuses_a_busy_port(package: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run([package / "run.sh", "--addr", address], package, timeout=30)
    assert done.returncode == 1
    assert address in done.stdout.strip().splitlines()[-1]


def test_free_releases_the_model(package: Path, tmp_path: Path) -> None:
    import grpc

    with served(package / "run.sh") as client:
        pb2, stub = client.pb2, client.stub
        states = pb2.StatusResponse
        assert stub.Status(pb2.HealthMessage()).state == states.UNINITIALIZED
        harness.load(client, harness.own_model("built-once", tmp_path))
        assert stub.Status(pb2.HealthMessage()).state == states.READY
        assert stub.Free(pb2.HealthMessage()).success
        assert stub.Status(pb2.HealthMessage()).state == states.UNINITIALIZED
        harness.expect_status(
            grpc.StatusCode.FAILED_PRECONDITION, stub.Predict, pb2.PredictOptions(Prompt="x")
        )
        harness.expect_status(
            grpc.StatusCode.UNIMPLEMENTED, stub.Embedding, pb2.PredictOptions(Embeddings="x")
        )


def test_stops_during_a_call(package: Path, tmp_path: Path) -> None:
    with served(package / "run.sh") as client:
        harness.load(client, harness.own_model("built-once", tmp_path))
        replies = client.stub.PredictStream(client.pb2.PredictOptions(Prompt="x " * 1_000_000))
        next(replies)
    assert client.exit_code == 0


def test_a_real_engine(shared_tree: Path, build_env: dict[str, str], tmp_path: Path) -> None:
    """A crate that writes in TrueType fonts; the generated tests pass with it too."""
    fonts = sorted(Path("/usr/share/fonts/truetype").rglob("DejaVuSans.ttf"))
    if not fonts:
        pytest.skip("no font is installed (package fonts-dejavu-core)")
    (engine,) = (engine for engine in ENGINES if engine.lang == "rust")
    folder = harness.put(engine, shared_tree)
    run_ok(["cargo", "metadata", "--format-version=1"], folder, build_env)  # brings Cargo.lock up to date
    run_ok(["cargo", "fmt", "--check"], folder)
    assert not failed_tests(run_ok(["make", "test"], folder, {**build_env, "TEST_MODEL": str(fonts[0])}))
    run_ok(["make"], folder, build_env)
    with served(folder / "package" / "run.sh", cwd=Path("/")) as client:
        exercise(client, "image", engine.name, tmp_path, fonts[0])
        sizes = {}
        for text in ("i", "MMMMMMMM"):
            path = tmp_path / f"{text}.png"
            request = client.pb2.GenerateImageRequest(
                positive_prompt=text, width=300, height=40, dst=str(path)
            )
            assert client.stub.GenerateImage(request).success
            sizes[text] = harness.darkness(path)
        assert 0 < sizes["i"] < sizes["MMMMMMMM"]
    assert client.exit_code == 0
