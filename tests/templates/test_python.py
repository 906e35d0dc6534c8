"""The Python template: what it renders, and that the rendered backend builds and serves."""

from __future__ import annotations

import functools
import json
import math
import os
import re
import shutil
import socket
import struct
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from evidence.engines import ENGINES
from scaffold.template.render import render
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
    run,
    run_ok,
    served,
)

LONGEST = max(NAMES, key=len)
PROFILES = {
    "cpu": "cpu",
    "cuda12": "cublas12",
    "cuda13": "cublas13",
    "rocm": "hipblas",
    "intel": "intel",
    "l4t": "l4t12",
    "l4t-cuda13": "l4t13",
    "metal": "mps",
}
FACTS: dict[str, dict[str, Any]] = {
    "today": {},
    "token only": {"python_common": ["grpc_auth", "parent_watch"]},
    "before distributed mode": {
        "python_common": [],
        "rpcs": [],
        "model_identity": False,
        "detect_fields": ["src"],
    },
}
# the modalities that are installed by a `make` of their own, and for what
BUILT = {
    "llm": {},
    "tts": {"BUILD_TYPE": "cublas", "CUDA_MAJOR_VERSION": "12"},
    "detection": {"BUILD_TYPE": "mps"},
}


@pytest.fixture(scope="session")
def build_env() -> dict[str, str]:
    """What the checkout's libbackend.sh needs to build with the running Python."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    env = {"PYTHON_VERSION": f"{sys.version_info.major}.{sys.version_info.minor}"}
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    if uv := shutil.which("uv", path=places):
        return {**env, "PATH": os.pathsep.join([str(Path(uv).parent), os.environ["PATH"]])}
    return {**env, "USE_PIP": "true"}


@pytest.fixture(scope="module")
def built(shared_tree: Path, build_env: dict[str, str]) -> Path:
    """The backend of the first of `BUILT`, installed by a bare `make`."""
    return build(shared_tree, "llm", build_env)[0]


def build(tree: Path, modality: str, build_env: dict[str, str]) -> tuple[Path, str]:
    """Generate and install; returns the folder and what the installation printed."""
    name = f"built-{modality}"
    variants = ["cpu", "cuda12", "metal"]
    folder = generate(tree, "python", name=name, modality=modality, variants=variants)
    return folder, run_ok(["make"], folder, {**build_env, **BUILT[modality]})


def lend(built: Path, folder: Path) -> Path:
    """Let `folder` use the environment and the stubs of a backend that is already built."""
    if not (folder / "venv").exists():
        (folder / "venv").symlink_to(built / "venv")
    for stub in built.glob("backend_pb2*"):
        shutil.copy(stub, folder)
    return folder


write = functools.partial(harness.write, "python")


# --- rendering -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "modality"),
    [(name, "llm") for name in NAMES]
    + [(name, modality) for name in ("async", "x-3d-2", LONGEST) for modality in MODALITIES[1:]],
)
def test_renders(name: str, modality: str) -> None:
    files = {file.path: file for file in render("python", {"name": name, "modality": modality})}
    folder = f"backend/python/{name}"
    assert sorted(files) == [
        f"{folder}/{file}"
        for file in (
            ".gitignore",
            "Makefile",
            "README.md",
            "backend.py",
            "engine.py",
            "install.sh",
            "protogen.sh",
            "requirements-cpu.txt",
            "requirements.txt",
            "run.sh",
            "test.py",
            "test.sh",
        )
    ]
    for path, file in files.items():
        text = file.content.decode()
        assert re.search(r"[^\r\n]\n\Z", text)
        assert not re.search(r"\[%|%\]|\[\[|\]\]|\[#|#\]", text), path
        assert file.executable == path.endswith((".sh", "/backend.py"))
        if path.endswith(".py"):
            compile(text, path, "exec")
    todos = [path for path, file in files.items() if b"TODO" in file.content]
    assert todos == [f"{folder}/engine.py"]
    assert files[todos[0]].content.count(b"TODO") == 1


def test_renders_the_same_code_for_any_description() -> None:
    answers = {"name": "my-backend2", "license": "MIT", "url": "https://example.org/x"}
    plain = render("python", {**answers, "description": "Plain."})
    odd = render("python", {**answers, "description": "A \"b\" 'c' \\n %d ${e} {{ f }} [[ g ]] ü"})
    for one, other in zip(plain, odd, strict=True):
        assert one.path == other.path
        assert (one.content == other.content) != one.path.endswith("README.md"), one.path


@pytest.mark.parametrize("facts", FACTS.values(), ids=FACTS)
@pytest.mark.parametrize("name", ["if", LONGEST])
def test_python_is_clean(tmp_path: Path, name: str, facts: dict[str, Any]) -> None:
    ruff = find_tool("ruff")
    for modality in MODALITIES:
        folder = write(tmp_path / modality, name=name, modality=modality, **facts)
        for stub in ("backend_pb2.py", "backend_pb2_grpc.py"):
            (folder / stub).touch()
        run_ok([ruff, "check", "--isolated", "--line-length=100", "."], folder)
        run_ok([ruff, "format", "--isolated", "--line-length=100", "--diff", "."], folder)


@pytest.mark.parametrize("variants", [["cpu"], list(PROFILES)], ids=["cpu", "all"])
def test_shell_is_clean(tmp_path: Path, variants: list[str]) -> None:
    assert_shell_clean(write(tmp_path, name=LONGEST, variants=variants))


def test_requirements(tmp_path: Path) -> None:
    folder = write(tmp_path, name="x-3d-2", variants=list(PROFILES), grpcio_version="1.99.1")
    files = {path.name: path.read_text() for path in folder.glob("requirements*.txt")}
    expected = {f"requirements-{profile}.txt" for profile in PROFILES.values()}
    assert set(files) == expected | {"requirements.txt"}
    found = {}
    for name, text in files.items():
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        options = [line for line in lines if line.startswith("-")]
        found[name] = [str(Requirement(line)) for line in lines if line not in options]
        assert all(re.fullmatch(r"--extra-index-url https://\S+", line) for line in options)
        assert len(options) == (name not in {"requirements.txt", "requirements-mps.txt"})
    assert found.pop("requirements.txt") == ["certifi", "grpcio==1.99.1", "protobuf"]
    assert not any(found.values()), "the placeholder needs nothing more"


# --- the Makefile ----------------------------------------------------------------------

TARGETS = ("install", "run", "test", "protogen", "protogen-clean", "clean")


@pytest.mark.parametrize("upstream", [{}, {"upstream": "Some-One/thing.cpp", "pin": PIN}], ids=str)
def test_makefile(tmp_path: Path, upstream: dict[str, str]) -> None:
    folder = write(tmp_path, name="my-backend2", **upstream)
    text = (folder / "Makefile").read_text()
    printed = {target: run_ok(["make", "-n", target], folder) for target in TARGETS}
    assert run_ok(["make", "-n"], folder) == printed["install"]
    assert "git" not in printed["test"], "building must not need the upstream"
    assert set(TARGETS) <= set(re.findall(r"^\.PHONY: (\S+)$", text, re.MULTILINE))
    pins = re.findall(r"^.*\?=.*$", text, re.MULTILINE)
    assert pins == (
        [
            f"MY_BACKEND2_VERSION?={PIN}",
            "MY_BACKEND2_REPO?=https://github.com/Some-One/thing.cpp",
        ]
        if upstream
        else []
    )


def test_makefile_fetches_the_pinned_upstream(tmp_path: Path) -> None:
    assert_fetches_the_pinned_upstream("python", tmp_path)


def test_make_says_what_is_missing(tmp_path: Path) -> None:
    """LocalAI's shared part would say no more than that a command is not found."""
    folder = write(tmp_path, name="my-backend2")
    (folder / "common").mkdir()
    (folder / "common" / "libbackend.sh").write_text("installRequirements() { echo installed; }\n")
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("bash", "dirname"):
        (tools / tool).symlink_to(find_tool(tool))
    make = find_tool("make")
    without = run([make, "install"], folder, {"PATH": str(tools), "USE_PIP": ""})
    assert without.returncode != 0
    assert "pip install uv" in without.stdout
    assert "installed\n" in run_ok([make, "install"], folder, {"PATH": str(tools), "USE_PIP": "true"})
    (tools / "uv").symlink_to(find_tool("true"))
    assert "installed\n" in run_ok([make, "install"], folder, {"PATH": str(tools), "USE_PIP": ""})


# --- building and serving --------------------------------------------------------------


def assert_tests_run(output: str) -> None:
    found = re.search(r"^Ran (\d+) tests", output, re.MULTILINE)
    assert found, output
    assert int(found[1]) >= 5


@pytest.mark.parametrize("modality", [modality for modality in BUILT if BUILT[modality]])
def test_installs_and_serves(
    shared_tree: Path, build_env: dict[str, str], tmp_path: Path, modality: str
) -> None:
    """Built for a GPU: its requirements name an index, and nothing is fetched from it yet."""
    folder, output = build(shared_tree, modality, build_env)
    profile = {"tts": "cublas12", "detection": "mps"}[modality]
    assert f"requirements-{profile}.txt" in output
    assert "requirements-cpu.txt" not in output
    with served(folder / "run.sh", cwd=Path("/")) as client:
        exercise(client, modality, folder.name, tmp_path)
    assert client.exit_code == 0
    assert_tests_run(run_ok([folder / "test.sh"], tmp_path))


@pytest.mark.parametrize("modality", [modality for modality in MODALITIES if not BUILT.get(modality)])
def test_serves(shared_tree: Path, built: Path, tmp_path: Path, modality: str) -> None:
    name = f"{modality}-{LONGEST}"
    folder = lend(built, generate(shared_tree, "python", name=name, modality=modality))
    with served(folder / "run.sh", cwd=Path("/")) as client:
        exercise(client, modality, name, tmp_path)
    assert client.exit_code == 0
    assert_tests_run(run_ok([folder / "test.sh"], tmp_path))


BREAKS = {
    "test_is_healthy_before_loading": ("backend.py", 'b"OK"', 'b"KO"'),
    "test_refuses_what_it_cannot_serve": ("engine.py", "        check_model(request.ModelFile)\n", ""),
    "test_accepts_its_own_model_and_ignores_unknown_options": (
        "backend.py",
        'if ":" in option',
        'if option != "cache_reuse:256" or 1 / 0',
    ),
    "test_answers": ("engine.py", "yield from self._pieces(request.Prompt)", "yield from ()"),
    "test_tokenizes": ("backend.py", "length=len(tokens)", "length=len(tokens) + 1"),
    "test_refuses_requests_for_another_model": ("backend.py", "and wanted != self.identity", "and False"),
    "test_ends_cleanly": ("backend.py", "    server.stop(STOP_SECONDS).wait()", "    sys.exit(3)"),
}
"""By test: what of the backend it must miss."""

# one break hides what another one does
ROUNDS = (
    (
        "test_is_healthy_before_loading",
        "test_refuses_what_it_cannot_serve",
        "test_answers",
        "test_ends_cleanly",
    ),
    ("test_tokenizes", "test_refuses_requests_for_another_model"),
    ("test_accepts_its_own_model_and_ignores_unknown_options",),
)


def failed_tests(output: str) -> set[str]:
    """Names of the tests that failed, of those that `make test` ran."""
    assert_tests_run(output)
    return set(re.findall(r"^(?:FAIL|ERROR): (\w+)", output, re.MULTILINE))


@pytest.mark.parametrize("broken", ROUNDS, ids=lambda broken: broken[0])
def test_each_of_its_tests_can_fail(
    shared_tree: Path, built: Path, build_env: dict[str, str], broken: tuple[str, ...]
) -> None:
    # where LocalAI compares identities itself the backend has no line for it
    folder = generate(shared_tree, "python", name="broken", modality="llm", python_common=[])
    harness.spoil(folder, (BREAKS[test] for test in broken))
    done = run(["make", "test"], lend(built, folder), build_env)
    assert done.returncode != 0
    assert set(broken) <= failed_tests(done.stdout), done.stdout


def test_all_of_its_tests_are_broken_somewhere(tmp_path: Path) -> None:
    folder = write(tmp_path, name="whole", modality="llm", python_common=[])
    declared = re.findall(r"def (test_\w+)", (folder / "test.py").read_text())
    assert set(declared) == set(BREAKS) == {test for broken in ROUNDS for test in broken}


WRONG_ANSWERS = {
    "embeddings": ("embeddings=vector)", "embeddings=[])"),
    "rerank": ("reverse=True", "reverse=False"),
    "tts": ("audio.writeframes(pcm)", "pass"),
    "asr": ("round(end * NANOSECONDS)", "round(end)"),
    "vad": ("VADSegment(start=start, end=end)", "VADSegment(start=end, end=start)"),
    "image": ("file.write(picture)", "pass"),
    "video": ("file.writelines(video)", "pass"),
    "detection": ("height=height,", "height=height + 1,"),
}
"""By modality: a line of its call, and one that spoils the answer."""


@pytest.mark.parametrize("modality", WRONG_ANSWERS)
def test_its_tests_find_a_wrong_answer(
    shared_tree: Path, built: Path, build_env: dict[str, str], modality: str
) -> None:
    folder = lend(built, generate(shared_tree, "python", name=f"wrong-{modality}", modality=modality))
    harness.spoil(folder, [("backend.py", *WRONG_ANSWERS[modality])])
    done = run(["make", "test"], folder, build_env)
    assert done.returncode != 0
    assert len(failed_tests(done.stdout)) == 1, done.stdout


OTHERWISE = {
    "llm": ("(request.Prompt)", "(request.Prompt.upper())"),
    "embeddings": ("value / length for", "2 * value for"),
    "rerank": ("[len(wanted & self._words(document)) /", "[-1 / (1 + len(wanted & self._words(document))) /"),
    "asr": ("        yield 0.0, seconds,", "        return\n        yield 0.0, seconds,"),
    "vad": ("return segments", "return []"),
    "detection": ("return [(0, 0,", "return [] and [(0, 0,"),
}
"""By modality: a line of the placeholder's answer, and one that answers as an engine may."""


@pytest.mark.parametrize("modality", OTHERWISE)
def test_its_tests_hold_with_other_answers(
    shared_tree: Path, built: Path, tmp_path: Path, modality: str
) -> None:
    """Nobody who puts an engine in has to change them."""
    folder = lend(built, generate(shared_tree, "python", name=f"other-{modality}", modality=modality))
    harness.spoil(folder, [("engine.py", *OTHERWISE[modality])])
    model = harness.own_model(folder.name, tmp_path)
    assert_tests_run(run_ok([folder / "test.sh"], tmp_path, {"TEST_MODEL": str(model)}))


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("backend.py", "    server.start()\n", "    sys.exit(0)\n"),
        ("backend.py", "interceptors=get_auth_interceptors()", "interceptors=[]"),
        ("engine.py", "class Engine:", "class Engine"),
    ],
)
def test_make_test_fails_with_a_broken_server(
    shared_tree: Path, built: Path, build_env: dict[str, str], file: str, right: str, wrong: str
) -> None:
    folder = generate(shared_tree, "python", name="broken-server", modality="llm")
    harness.spoil(folder, [(file, right, wrong)])
    done = run(["make", "test"], lend(built, folder), build_env)
    assert done.returncode != 0
    assert ("test_demands_the_token" in failed_tests(done.stdout)) or "the server has ended" in done.stdout


def test_the_generator_stays_out_of_the_environment(built: Path) -> None:
    python = built / "venv" / "bin" / "python"
    assert run([python, "-c", "import grpc, certifi"], built).returncode == 0
    assert run([python, "-c", "import grpc_tools"], built).returncode != 0


def test_free_releases_the_model(built: Path, tmp_path: Path) -> None:
    import grpc

    with served(built / "run.sh") as client:
        pb2, stub = client.pb2, client.stub
        states = pb2.StatusResponse
        assert stub.Status(pb2.HealthMessage()).state == states.UNINITIALIZED
        harness.load(client, harness.own_model("built-llm", tmp_path))
        assert stub.Status(pb2.HealthMessage()).state == states.READY
        assert stub.Free(pb2.HealthMessage()).success
        assert stub.Status(pb2.HealthMessage()).state == states.UNINITIALIZED
        harness.expect_status(
            grpc.StatusCode.FAILED_PRECONDITION, stub.Predict, pb2.PredictOptions(Prompt="x")
        )


def test_checks_identity_itself_where_nothing_shared_does(
    shared_tree: Path, built: Path, tmp_path: Path
) -> None:
    for modality in ("llm", "tts", "asr"):
        folder = generate(shared_tree, "python", name=f"bare-{modality}", modality=modality, python_common=[])
        assert "grpc_auth" not in (folder / "backend.py").read_text()
        with served(lend(built, folder) / "run.sh") as client:
            exercise(client, modality, f"bare-{modality}", tmp_path)
        assert client.exit_code == 0


def test_serves_an_old_checkout(shared_tree: Path, built: Path, tmp_path: Path) -> None:
    folder = generate(
        shared_tree,
        "python",
        name="older",
        modality="tts",
        **FACTS["before distributed mode"],
    )
    with served(lend(built, folder) / "run.sh") as client:
        harness.load(client, harness.own_model("older", tmp_path))
        path = tmp_path / "speech.wav"
        request = client.pb2.TTSRequest(text="Hello", dst=str(path), ModelIdentity="another")
        assert client.stub.TTS(request).success
        assert path.stat().st_size
    assert_tests_run(run_ok([folder / "test.sh"], tmp_path))


def test_runs_as_an_image_below_a_path_with_spaces(shared_tree: Path, built: Path, tmp_path: Path) -> None:
    """LocalAI unpacks an image into its backends folder: `common` is then inside."""
    image = tmp_path / "Application Support" / "cpu backends" / "built-llm"
    shutil.copytree(built, image, symlinks=True)
    shutil.copytree(shared_tree / "backend" / "python" / "common", image / "common")
    with served(image / "run.sh", cwd=image, tree=shared_tree) as client:
        exercise(client, "llm", "built-llm", tmp_path)
    assert client.exit_code == 0
    assert_tests_run(run_ok(["./test.sh"], image))


def test_demands_the_token(built: Path) -> None:
    assert_auth(built / "run.sh")


def test_dies_with_its_parent(built: Path) -> None:
    assert_dies_with_parent(built / "run.sh")


def test_refuses_a_busy_port(built: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run([built / "run.sh", "--addr", address], built, timeout=30)
    assert done.returncode != 0
    assert address in done.stdout.strip().splitlines()[-1]


def test_two_servers_do_not_share_a_port(built: Path) -> None:
    with served(built / "run.sh") as client:
        done = run([built / "run.sh", "--addr", client.address], built, timeout=30)
    assert done.returncode != 0


def test_stops_during_a_call(built: Path, tmp_path: Path) -> None:
    with served(built / "run.sh") as client:
        harness.load(client, harness.own_model("built-llm", tmp_path))
        replies = client.stub.PredictStream(client.pb2.PredictOptions(Prompt="x " * 100_000))
        next(replies)
    assert client.exit_code == 0


def test_ends_though_a_call_is_in_the_engine(shared_tree: Path, built: Path, tmp_path: Path) -> None:
    folder = lend(built, generate(shared_tree, "python", name="slow", modality="llm"))
    sleep = '__import__("time").sleep(600)\n        '
    harness.spoil(folder, [("engine.py", "yield from self", f"{sleep}yield from self")])
    with served(folder / "run.sh") as client:
        harness.load(client, harness.own_model("slow", tmp_path))
        harness.occupy(client, "x")
    assert client.exit_code == 0


def token_vectors(folder: Path) -> Path:
    """A table in the safetensors format, with the tokenizer that belongs to it."""
    words = ["[UNK]", "first", "longer", "cat", "kitten", "law"]
    table = [[0.1, 0.1, 0.1], [1, 0, 0.2], [0.3, 1, 0], [0, 0.9, 0.4], [0, 0.8, 0.5], [0.9, -0.3, 0]]
    values = struct.pack(f"<{3 * len(words)}f", *(value for vector in table for value in vector))
    header = json.dumps(
        {"embedding.weight": {"dtype": "F32", "shape": [len(words), 3], "data_offsets": [0, len(values)]}}
    ).encode()
    path = folder / "model.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + values)
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = {
        "version": "1.0",
        "added_tokens": [],
        "pre_tokenizer": {"type": "Whitespace"},
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"},
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    return path


def test_a_real_engine(shared_tree: Path, build_env: dict[str, str], tmp_path: Path) -> None:
    """Static embeddings; the generated tests pass with them too."""
    (engine,) = (engine for engine in ENGINES if engine.lang == "python")
    folder = harness.put(engine, shared_tree)
    model = token_vectors(tmp_path)
    assert_tests_run(run_ok(["make", "test"], folder, {**build_env, "TEST_MODEL": str(model)}))
    with served(folder / "run.sh", cwd=Path("/")) as client:
        exercise(client, "embeddings", engine.name, tmp_path, model)

        def embed(text: str) -> list[float]:
            return list(client.stub.Embedding(client.pb2.PredictOptions(Embeddings=text)).embeddings)

        cat, kitten, law = embed("the cat"), embed("the kitten"), embed("the law")
        assert math.dist(cat, kitten) < 0.3 < math.dist(cat, law)
        stray = tmp_path / "stray.bin"
        stray.write_bytes(model.read_bytes()[:20])
        harness.load_refused(client, Model="cut off", ModelFile=str(stray))
    assert client.exit_code == 0
