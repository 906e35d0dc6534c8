"""Generate a backend into a LocalAI tree, start it the way LocalAI does, and talk to it.

Every template is judged by the same client: `generate` renders it, `served` starts its
`run.sh`, and `exercise` walks through the contract that LocalAI relies on.
"""

from __future__ import annotations

import atexit
import base64
import functools
import hashlib
import io
import math
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import types
import wave
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from evidence.engines import Engine
from scaffold.backend import modalities
from scaffold.checkout.tree import WorkTree
from scaffold.resources import miniature_dir
from scaffold.template import facts
from scaffold.template.render import render

MODALITIES = tuple(modalities.MODALITIES)
# Keywords, digits, dashes and 40 characters; and what Go or cargo reads off file and target names.
NAMES = (
    "class", "if", "match", "async", "type", "x-3d-2", "my-backend2",
    "a-name-of-exactly-forty-characters-12345",
    "func", "self", "crate", "extern", "auto-x", "a1-2b", "a-test", "a-linux", "a-windows-arm64",
    "a-go", "a-rs", "init",
)  # fmt: skip
PIN = "0123456789abcdef0123456789abcdef01234567"
TOKEN_VARIABLE = "LOCALAI_GRPC_AUTH_TOKEN"
MIB = 1024 * 1024

_READY_SECONDS = 40  # LocalAI polls Health 20 times, 2 s apart
_STOP_SECONDS = 30
_RPC_SECONDS = 60
_CHANNEL_OPTIONS = [
    ("grpc.max_send_message_length", 50 * MIB),
    ("grpc.max_receive_message_length", 50 * MIB),
    ("grpc.enable_http_proxy", 0),
    # each channel has a connection of its own, as LocalAI's calls have
    ("grpc.use_local_subchannel_pool", 1),
    # the first attempts meet a port that nobody listens on yet
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
]

# starts what follows the file name in the background and writes its pid to that file
_PARENT = 'file=$1; shift; "$@" & echo $! >"$file.new"; mv "$file.new" "$file"; wait'


# --- trees -----------------------------------------------------------------------------


def checkout_dir() -> Path | None:
    """The real LocalAI checkout named by LOCALAI_REPO, if any."""
    value = os.environ.get("LOCALAI_REPO")
    return Path(value) if value else None


@functools.cache
def pristine_tree(kind: str) -> Path:
    """An unmodified LocalAI tree: the miniature, or HEAD of the real checkout."""
    if kind == "miniature":
        folder = miniature_dir()
        if not (folder / "backend" / "backend.proto").is_file():
            pytest.skip(f"no miniature LocalAI in {folder}")
        return folder
    checkout = checkout_dir()
    assert checkout is not None
    archive = subprocess.run(
        ["git", "-C", str(checkout), "archive", "HEAD", "--", "."]
        + [f":!{name}" for name in ("core", "docs", "gallery", "swagger", "tests", "website")],
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    folder = Path(tempfile.mkdtemp(prefix="scaffold-checkout-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="tar")
    return folder


def copy_tree(kind: str, folder: Path) -> Path:
    """A writable copy of a tree, inside `folder`.

    Its path has a space, as backends have it on macOS. Only the real libbackend.sh cannot install there.
    """
    destination = folder / ("Local AI" if kind == "miniature" else "LocalAI")
    shutil.copytree(pristine_tree(kind), destination, symlinks=True)
    return destination


def write(lang: str, folder: Path, **answers: Any) -> Path:
    """Render a template into `folder` and return the backend's folder."""
    for file in render(lang, answers):
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        path.chmod(0o755 if file.executable else 0o644)
    return folder / "backend" / lang / str(answers["name"])


def put(engine: Engine, tree: Path) -> Path:
    """Generate a backend into `tree`, and put a real engine into it."""
    folder = generate(tree, engine.lang, **engine.all_answers)
    for file, text in engine.changed().items():
        (folder / file).write_text(text)
    return folder


def spoil(folder: Path, breaks: Iterable[tuple[str, str, str]]) -> None:
    """Break a generated backend: in each of the files, text that it has once becomes another."""
    for file, right, wrong in breaks:
        code = (folder / file).read_text()
        assert code.count(right) == 1, f"{file} has {right!r} {code.count(right)} times"
        (folder / file).write_text(code.replace(right, wrong))


def generate(tree: Path, lang: str, **answers: Any) -> Path:
    """Render a template into `tree` (a writable copy), for what that tree has."""
    return write(lang, tree, **{**facts.answers(WorkTree(tree)), **answers})


# --- tools -----------------------------------------------------------------------------


def find_tool(name: str) -> str:
    """Path of a program, looked up beside the interpreter and on PATH; skips when absent."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    found = shutil.which(name, path=places)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(
    command: Sequence[str | Path],
    cwd: Path,
    env: Mapping[str, str] | None = None,
    timeout: float = 600,
) -> subprocess.CompletedProcess[str]:
    """Run to completion with stdout and stderr in one text; never raises on failure."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )


def run_ok(
    command: Sequence[str | Path],
    cwd: Path,
    env: Mapping[str, str] | None = None,
    timeout: float = 600,
) -> str:
    """Run and demand exit status 0; returns what was printed."""
    done = run(command, cwd, env, timeout)
    assert done.returncode == 0, f"{command} in {cwd} ended with {done.returncode}\n{done.stdout}"
    return done.stdout


def assert_shell_clean(folder: Path) -> None:
    """Every shell script below `folder` passes shellcheck and is executable, LF, newline-ended."""
    scripts = sorted(folder.rglob("*.sh"))
    assert scripts, f"no shell script in {folder}"
    for script in scripts:
        content = script.read_bytes()
        assert os.access(script, os.X_OK), f"{script} is not executable"
        assert b"\r" not in content, f"{script} has carriage returns"
        assert content.endswith(b"\n"), f"{script} lacks the final newline"
    run_ok(
        [find_tool("shellcheck"), "-S", "warning", "-e", "SC1090,SC1091", *scripts],
        cwd=folder,
    )


def assert_fetches_the_pinned_upstream(lang: str, tmp_path: Path) -> None:
    """`make sources` clones the upstream at the pin, follows the pin, and `make clean` removes it."""
    git = [find_tool("git"), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    origin = tmp_path / "origin repository"
    run_ok([*git, "init", "-q", origin], tmp_path)
    shas = []
    for version in ("1", "2"):
        (origin / "version").write_text(version)
        run_ok([*git, "add", "."], origin)
        run_ok([*git, "commit", "-q", "-m", version], origin)
        shas.append(run_ok([*git, "rev-parse", "HEAD"], origin).strip())

    folder = write(lang, tmp_path / "with space", name="class", upstream="a/thing", pin=shas[0])
    repo = f"CLASS_REPO=file://{origin}"
    source = folder / "sources" / "thing" / "version"
    run_ok(["make", "sources", repo], folder)
    assert source.read_text() == "1"
    assert "git" not in run_ok(["make", "sources", repo], folder)
    run_ok(["make", "sources", repo, f"CLASS_VERSION={shas[1]}"], folder)
    assert source.read_text() == "2"
    run_ok(["make", "clean"], folder)
    assert not source.exists()


# --- protocol --------------------------------------------------------------------------


def proto_modules(tree: Path) -> tuple[Any, Any]:
    """(pb2, pb2_grpc) for the `backend.proto` of a tree.

    The classes live in a descriptor pool of their own: two trees define the same names, and
    the default pool of a process refuses a second definition.
    """
    return _proto_modules((tree / "backend" / "backend.proto").read_bytes())


@functools.cache
def _proto_modules(proto: bytes) -> tuple[Any, Any]:
    pytest.importorskip("grpc_tools", reason="grpcio-tools is not installed")
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    from google.protobuf.internal import enum_type_wrapper
    from grpc_tools import protoc

    digest = hashlib.sha256(proto).hexdigest()[:16]
    with tempfile.TemporaryDirectory(prefix=f"scaffold-proto-{digest}-") as name:
        folder = Path(name)
        (folder / "backend.proto").write_bytes(proto)
        output = folder / "backend.pb"
        status = protoc.main(["protoc", f"-I{folder}", f"--descriptor_set_out={output}", "backend.proto"])
        assert status == 0, "protoc refused backend.proto"
        descriptors = descriptor_pb2.FileDescriptorSet.FromString(output.read_bytes())

    pool = descriptor_pool.DescriptorPool()
    for file in descriptors.file:
        pool.Add(file)
    file_descriptor = pool.FindFileByName("backend.proto")

    pb2 = types.SimpleNamespace()
    for message in file_descriptor.message_types_by_name.values():
        setattr(pb2, message.name, message_factory.GetMessageClass(message))
    for enum in file_descriptor.enum_types_by_name.values():
        setattr(pb2, enum.name, enum_type_wrapper.EnumTypeWrapper(enum))
        for value in enum.values:
            setattr(pb2, value.name, value.number)

    service = file_descriptor.services_by_name["Backend"]

    class BackendStub:
        def __init__(self, channel: Any) -> None:
            for method in service.methods:
                kind = "_".join(
                    "stream" if streaming else "unary"
                    for streaming in (method.client_streaming, method.server_streaming)
                )
                call = getattr(channel, kind)(
                    f"/{service.full_name}/{method.name}",
                    request_serializer=message_factory.GetMessageClass(method.input_type).SerializeToString,
                    response_deserializer=message_factory.GetMessageClass(method.output_type).FromString,
                )
                setattr(self, method.name, call)

    return pb2, types.SimpleNamespace(BackendStub=BackendStub)


def _tree_of(command: Sequence[str | Path]) -> Path:
    """The tree that a command's program lives in; the miniature for a relocated package."""
    for part in command:
        for parent in Path(part).resolve().parents:
            if (parent / "backend" / "backend.proto").is_file():
                return parent
    return pristine_tree("miniature")


PROTOC_PLUGINS = (
    "google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.11",
    "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.5.1",
)


def compile_go_protocol(tree: Path, plugins: Path) -> None:
    """Write pkg/grpc/proto, as LocalAI's `make protogen-go` does."""
    pytest.importorskip("grpc_tools", reason="grpcio-tools is not installed")
    from grpc_tools import protoc

    output = tree / "pkg" / "grpc" / "proto"
    output.mkdir(exist_ok=True)
    source = tree / "backend"
    status = protoc.main(
        [
            "protoc",
            "--experimental_allow_proto3_optional",
            f"-I{source}",
            *(f"--plugin={plugin}" for plugin in plugins.iterdir()),
            f"--go_out={output}",
            f"--go-grpc_out={output}",
            "--go_opt=paths=source_relative",
            "--go-grpc_opt=paths=source_relative",
            str(source / "backend.proto"),
        ]
    )
    assert status == 0, "protoc refused backend.proto"


# --- serving ---------------------------------------------------------------------------


@dataclass
class Client:
    """A running backend."""

    stub: Any
    pb2: Any
    process: subprocess.Popen[bytes]
    address: str
    log_file: Path
    exit_code: int | None = None

    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _channel(address: str, token: str | None) -> Iterator[Any]:
    import grpc

    class Bearer(
        grpc.UnaryUnaryClientInterceptor,
        grpc.UnaryStreamClientInterceptor,
    ):
        def _call(self, continuation: Any, details: Any, request: Any) -> Any:
            metadata = [*(details.metadata or ()), ("authorization", f"Bearer {token}")]
            return continuation(details._replace(metadata=metadata), request)

        intercept_unary_unary = _call
        intercept_unary_stream = _call

    with grpc.insecure_channel(address, options=_CHANNEL_OPTIONS) as channel:
        yield channel if token is None else grpc.intercept_channel(channel, Bearer())


def _wait_healthy(client: Client) -> None:
    import grpc

    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if client.process.poll() is not None:
            break
        try:
            client.stub.Health(client.pb2.HealthMessage(), timeout=2)
            return
        except grpc.RpcError:
            time.sleep(0.1)
    state = client.process.poll()
    raise AssertionError(
        ("no answer to Health" if state is None else f"the backend ended with {state}")
        + f"; it printed:\n{client.log()}"
    )


@contextmanager
def served(
    command: str | Path | Sequence[str | Path],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    tree: Path | None = None,
    address_style: str = "two-words",
) -> Iterator[Client]:
    """Start `command --addr 127.0.0.1:PORT`, wait for Health, stop it by SIGTERM at the end.

    `env` is laid over the current environment. If it sets LOCALAI_GRPC_AUTH_TOKEN the client
    sends that token. `tree` is the LocalAI tree whose protocol is spoken, by default the one
    the command lives in. `client.exit_code` holds the exit status after the block.
    """
    words = [command] if isinstance(command, str | Path) else list(command)
    pb2, pb2_grpc = proto_modules(tree or _tree_of(words))
    address = f"127.0.0.1:{free_port()}"
    words += [f"--addr={address}"] if address_style == "equals" else ["--addr", address]
    environment = {**os.environ, **(env or {})}
    with tempfile.TemporaryDirectory(prefix="scaffold-served-") as folder:
        log_file = Path(folder) / "log"
        with log_file.open("wb") as log:
            process = subprocess.Popen(
                [str(word) for word in words],
                cwd=cwd,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            with _channel(address, (env or {}).get(TOKEN_VARIABLE)) as channel:
                client = Client(pb2_grpc.BackendStub(channel), pb2, process, address, log_file)
                _wait_healthy(client)
                yield client
                process.send_signal(signal.SIGTERM)
                client.exit_code = process.wait(_STOP_SECONDS)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def assert_auth(command: str | Path | Sequence[str | Path], tree: Path | None = None) -> None:
    """With LOCALAI_GRPC_AUTH_TOKEN set, only its bearer is served, Health included."""
    import grpc

    words = [command] if isinstance(command, str | Path) else list(command)
    pb2, pb2_grpc = proto_modules(tree or _tree_of(words))
    with served(words, env={TOKEN_VARIABLE: "s3cret"}, tree=tree) as client:
        assert client.stub.Health(pb2.HealthMessage(), timeout=_RPC_SECONDS).message == b"OK"
        for token in (None, "wrong"):
            with _channel(client.address, token) as channel:
                stub = pb2_grpc.BackendStub(channel)
                for rpc, request in (
                    (stub.Health, pb2.HealthMessage()),
                    (stub.LoadModel, pb2.ModelOptions(Model="m")),
                ):
                    expect_status(grpc.StatusCode.UNAUTHENTICATED, rpc, request)


def assert_dies_with_parent(command: str | Path | Sequence[str | Path]) -> None:
    """A backend whose parent was killed ends by itself."""
    words = [command] if isinstance(command, str | Path) else list(command)
    with tempfile.TemporaryDirectory(prefix="scaffold-orphan-") as folder:
        pid_file = Path(folder) / "pid"
        parent = subprocess.Popen(
            [
                "bash",
                "-c",
                _PARENT,
                "parent",
                str(pid_file),
                *(str(word) for word in words),
                "--addr",
                f"127.0.0.1:{free_port()}",
            ],
            env={**os.environ, "LOCALAI_BACKEND_PARENT_WATCH_INTERVAL": "200ms"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        _wait_until(pid_file.is_file, 5, "the parent did not start")
        child = int(pid_file.read_text())
        try:
            assert parent.stdout is not None
            for line in parent.stdout:
                if b"listening" in line:
                    break
            else:
                raise AssertionError("the backend never said that it listens")
            parent.kill()
            parent.wait()
            _wait_until(lambda: not _alive(child), _READY_SECONDS, "the orphaned backend is still running")
        finally:
            parent.kill()
            if _alive(child):
                os.kill(child, signal.SIGKILL)


def _wait_until(condition: Callable[[], bool], seconds: float, message: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, message
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.is_file() or status.read_text().rpartition(")")[2].split()[0] != "Z"


# --- the contract ----------------------------------------------------------------------


def _answer(rpc: Any, request: Any) -> Any:
    reply = rpc(request, timeout=_RPC_SECONDS)
    return list(reply) if isinstance(reply, Iterator) else reply


def expect_status(code: Any, rpc: Any, request: Any) -> str:
    """Call, demand that status code, and return the details."""
    import grpc

    with pytest.raises(grpc.RpcError) as caught:
        _answer(rpc, request)
    details = str(caught.value.details() or "")
    assert caught.value.code() == code, details
    return details


def load_refused(client: Client, **options: Any) -> str:
    """LoadModel must fail, by status or by `success=false`; returns the reason."""
    import grpc

    request = client.pb2.ModelOptions(**options)
    try:
        result = client.stub.LoadModel(request, timeout=_RPC_SECONDS)
    except grpc.RpcError as error:
        code = error.code()
        assert code not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED), code
        reason = error.details() or ""
    else:
        assert not result.success, f"LoadModel accepted {options}"
        reason = result.message
    assert reason.strip(), f"LoadModel refused {options} without a reason"
    assert "\n" not in reason.strip(), f"the reason is not one line: {reason!r}"
    return str(reason)


def own_model(name: str, folder: Path) -> Path:
    """The artefact that the placeholder of backend `name` accepts."""
    path = folder / f"{name} own.bin"
    path.write_text(f"scaffold-model {name}\nweights\n", encoding="utf-8")
    return path


def load(client: Client, path: Path, model: str = "models/own", *options: str) -> None:
    result = client.stub.LoadModel(
        client.pb2.ModelOptions(
            Model=model, ModelFile=str(path), ModelPath=str(path.parent), Options=options
        ),
        timeout=_RPC_SECONDS,
    )
    assert result.success, result.message


@dataclass(frozen=True)
class Call:
    """One RPC of a modality: what is sent, and what a right answer is."""

    rpc: str
    fields: dict[str, Any]
    check: Callable[[Any], None]
    message: str = "PredictOptions"
    optional: bool = False


def _invoke(client: Client, call: Call, **extra: Any) -> Any:
    request = getattr(client.pb2, call.message)(**{**call.fields, **extra})
    return _answer(getattr(client.stub, call.rpc), request)


def _unimplemented(client: Client, call: Call) -> bool:
    import grpc

    if not hasattr(client.stub, call.rpc):
        return True
    try:
        _invoke(client, call)
    except grpc.RpcError as error:
        return error.code() == grpc.StatusCode.UNIMPLEMENTED or (
            # LocalAI's Go base answers with a plain error
            error.code() == grpc.StatusCode.UNKNOWN and "unimplemented" in (error.details() or "").lower()
        )
    return False


def exercise(client: Client, modality: str, name: str, tmp_path: Path, model: Path | None = None) -> None:
    """The contract between LocalAI and a generated backend, from start to loaded model.

    `model` is the artefact of a real engine, where there is one in the place of the placeholder.
    """
    import grpc

    pb2, stub = client.pb2, client.stub
    calls = _CALLS[modality](pb2, tmp_path)
    required = [call for call in calls if not call.optional]

    def assert_not_loaded() -> None:
        for call in required:
            request = getattr(pb2, call.message)(**call.fields)
            expect_status(grpc.StatusCode.FAILED_PRECONDITION, getattr(stub, call.rpc), request)

    assert stub.Health(pb2.HealthMessage(), timeout=_RPC_SECONDS).message == b"OK"
    assert_not_loaded()

    foreign = tmp_path / "foreign.gguf"
    foreign.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 0) + bytes(64))
    other = own_model(f"{name}x", tmp_path)
    load_refused(client)
    load_refused(client, Model="some-model")
    load_refused(client, Model="gone", ModelFile=str(tmp_path / "gone.bin"))
    load_refused(client, Model="folder", ModelFile=str(tmp_path))
    for path in (_pipe(tmp_path), Path("/dev/zero")):
        load_refused(client, Model="endless", ModelFile=str(path))
    for path in (foreign, other):
        reason = load_refused(client, Model=path.name, ModelFile=str(path))
        assert model or f"scaffold-model {name}" in reason, f"{reason!r} does not say what was expected"
    assert_not_loaded()
    assert state_of(client) == pb2.StatusResponse.UNINITIALIZED

    own = model or own_model(name, tmp_path)
    load(client, own, "models/own", "cache_reuse:256", "parallel:4", "flag", "url:http://a:1/b")
    assert state_of(client) == pb2.StatusResponse.READY
    for threads in (-1, (1 << 31) - 1):
        request = pb2.ModelOptions(Model="models/own", ModelFile=str(own), Threads=threads)
        assert stub.LoadModel(request, timeout=_RPC_SECONDS).success
    load_refused(client, Model="foreign", ModelFile=str(foreign))
    assert state_of(client) == pb2.StatusResponse.READY, "the loaded model is gone"

    for call in calls:
        if call.optional and _unimplemented(client, call):
            continue
        call.check(_invoke(client, call))
        if "ModelIdentity" not in getattr(pb2, call.message).DESCRIPTOR.fields_by_name:
            continue
        _invoke(client, call, ModelIdentity="models/own")
        request = getattr(pb2, call.message)(**{**call.fields, "ModelIdentity": "another"})
        details = expect_status(grpc.StatusCode.NOT_FOUND, getattr(stub, call.rpc), request)
        assert "model identity mismatch" in details
    _assert_absurd_requests_are_refused(client, required, _pipe(tmp_path))
    unserved = ("Predict", "PredictOptions") if modality == "detection" else ("Detect", "DetectOptions")
    assert _unimplemented(client, Call(unserved[0], {}, print, unserved[1]))
    if modality == "llm":
        _assert_answers_beside_a_call(client)

    load(client, own, "models/own", "unknown:" + "x" * (20 * MIB))
    for call in required:
        call.check(_invoke(client, call))
    if modality == "llm":
        prompt = "x" * (20 * MIB)
        reply = stub.Predict(pb2.PredictOptions(Prompt=prompt), timeout=_RPC_SECONDS)
        assert len(reply.message) >= len(prompt)


def occupy(client: Client, prompt: str) -> Any:
    """Sends a prompt whose answer takes long; returns the call, once it runs."""
    running = client.stub.Predict.future(client.pb2.PredictOptions(Prompt=prompt))
    _wait_until(lambda: state_of(client) == client.pb2.StatusResponse.BUSY, _READY_SECONDS, "it stays idle")
    return running


def state_of(client: Client) -> int:
    """What Status answers."""
    return int(client.stub.Status(client.pb2.HealthMessage(), timeout=5).state)


def _pipe(folder: Path) -> Path:
    """A pipe into which nobody writes."""
    path = folder / "a pipe"
    if not path.exists():
        os.mkfifo(path)
    return path


PIPE = "a pipe into which nobody writes and of which nobody reads"
ABSURD: dict[str, list[dict[str, Any]]] = {
    "Rerank": [{"top_n": -1}],
    "TTS": [{"dst": ""}, {"dst": "/nowhere/at/all"}, {"dst": PIPE}, {"text": " "}],
    "AudioTranscription": [{"dst": dst} for dst in ("", "/nowhere/at/all", "/", "/etc/passwd", PIPE)],
    "GenerateImage": [
        {"dst": ""},
        {"dst": "/nowhere/at/all"},
        {"dst": PIPE},
        *({side: size} for side in ("width", "height") for size in (-1, 1 << 30)),
    ],
    "GenerateVideo": [
        {"dst": ""},
        {"dst": "/nowhere/at/all"},
        {"dst": PIPE},
        *({side: size} for side in ("width", "height", "num_frames", "fps") for size in (-1, 1 << 30)),
    ],
    "Detect": [{"src": ""}, {"src": "/nowhere/at/all"}, {"src": base64.b64encode(b"no picture").decode()}],
}
"""What no backend can do, by RPC: fields that are laid over those of a right request."""


def _assert_absurd_requests_are_refused(client: Client, calls: Sequence[Call], pipe: Path) -> None:
    """They are errors with a code, of the call alone: the next right one is answered."""
    import grpc

    for call in calls:
        for wrong in ABSURD.get(call.rpc, []):
            named = {field: str(pipe) if value == PIPE else value for field, value in wrong.items()}
            request = getattr(client.pb2, call.message)(**{**call.fields, **named})
            details = expect_status(grpc.StatusCode.INVALID_ARGUMENT, getattr(client.stub, call.rpc), request)
            assert details.strip(), f"no reason is given for {call.rpc} with {wrong}"
        call.check(_invoke(client, call))


def _assert_answers_beside_a_call(client: Client) -> None:
    """LocalAI takes a backend for dead whose Health waits until a call has ended."""
    pb2 = client.pb2
    # what nobody reads may stop a whole connection
    with _channel(client.address, None) as one, _channel(client.address, None) as other:
        stub = type(client.stub)(other)
        endless = type(client.stub)(one).PredictStream(pb2.PredictOptions(Prompt="word " * (2 * MIB)))
        next(endless)
        waiting = [stub.Predict.future(pb2.PredictOptions(Prompt="x")) for _ in range(20)]
        assert client.stub.Health(pb2.HealthMessage(), timeout=5).message == b"OK"
        assert state_of(client) == pb2.StatusResponse.BUSY
        endless.cancel()
        assert all(reply.result(_RPC_SECONDS).message for reply in waiting)
    _wait_until(lambda: state_of(client) == pb2.StatusResponse.READY, 10, "the backend stays busy")


def _llm(pb2: Any, folder: Path) -> list[Call]:
    prompt = "Grüße aus 東京, one two three"

    def predicted(reply: Any) -> None:
        assert prompt in reply.message.decode()

    def streamed(replies: list[Any]) -> None:
        assert len(replies) >= 2
        assert prompt in b"".join(reply.message for reply in replies).decode()

    def tokenized(reply: Any) -> None:
        assert reply.length == len(reply.tokens) > 0

    return [
        Call("Predict", {"Prompt": prompt}, predicted),
        Call("PredictStream", {"Prompt": prompt}, streamed),
        Call("TokenizeString", {"Prompt": prompt}, tokenized, optional=True),
    ]


def _embeddings(pb2: Any, folder: Path) -> list[Call]:
    seen: dict[str, list[float]] = {}

    def embedded(text: str) -> Callable[[Any], None]:
        def check(reply: Any) -> None:
            vector = list(reply.embeddings)
            assert math.isclose(math.sqrt(sum(x * x for x in vector)), 1, abs_tol=1e-3)
            if "layout" in pb2.EmbeddingResult.DESCRIPTOR.fields_by_name:
                assert reply.layout == pb2.EMBEDDING_LAYOUT_FINAL
            assert seen.setdefault(text, vector) == vector, "the same text, another vector"
            assert len({len(other) for other in seen.values()}) == 1
            assert len({tuple(other) for other in seen.values()}) == len(seen)

        return check

    return [
        Call("Embedding", {"Embeddings": text}, embedded(text))
        for text in ("a first text", "another, longer text; Grüße")
    ]


def _rerank(pb2: Any, folder: Path) -> list[Call]:
    documents = ["nothing in common", "the quick brown fox", "a quick look"]

    def ranked(expected: list[int]) -> Callable[[Any], None]:
        def check(reply: Any) -> None:
            scores = [result.relevance_score for result in reply.results]
            assert [result.index for result in reply.results] == expected
            assert scores == sorted(scores, reverse=True)
            assert all(result.text == documents[result.index] for result in reply.results)

        return check

    query = {"query": "quick brown fox", "documents": documents}
    return [
        Call("Rerank", query, ranked([1, 2, 0]), "RerankRequest"),
        Call("Rerank", {**query, "top_n": 2}, ranked([1, 2]), "RerankRequest"),
        Call("Rerank", {**query, "top_n": 9}, ranked([1, 2, 0]), "RerankRequest"),
    ]


def _tts(pb2: Any, folder: Path) -> list[Call]:
    lengths: dict[str, int] = {}

    def spoken(text: str, path: Path) -> Callable[[Any], None]:
        def check(reply: Any) -> None:
            assert reply.success, reply.message
            with wave.open(str(path)) as audio:
                assert (audio.getnchannels(), audio.getsampwidth()) == (1, 2)
                assert audio.getframerate() in (22050, 24000)
                lengths[text] = audio.getnframes()
                assert len(audio.readframes(lengths[text])) == 2 * lengths[text] > 0
            ordered = [lengths[key] for key in sorted(lengths, key=len)]
            assert ordered == sorted(set(ordered)), "a longer text is not a longer recording"

        return check

    def streamed(replies: list[Any]) -> None:
        assert sum(len(reply.audio) for reply in replies) > 0

    texts = ("Hello", "Hello, this is a longer sentence.")
    return [
        Call("TTS", {"text": text, "dst": str(path)}, spoken(text, path), "TTSRequest")
        for text, path in zip(texts, (folder / "a b.wav", folder / "c.wav"), strict=True)
    ] + [Call("TTSStream", {"text": texts[0]}, streamed, "TTSRequest", optional=True)]


def _asr(pb2: Any, folder: Path) -> list[Call]:
    path = folder / "in put.wav"
    seconds = 1.25
    with wave.open(str(path), "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(16000)
        audio.writeframes(bytes(2 * int(16000 * seconds)))

    def transcribed(reply: Any) -> None:
        assert reply.text.strip()
        assert "".join(segment.text for segment in reply.segments) == reply.text
        times = [time for segment in reply.segments for time in (segment.start, segment.end)]
        assert times == sorted(times)
        assert times[0] == 0
        assert abs(times[-1] - seconds * 1e9) < 1e6, f"{times[-1]} is not in nanoseconds"

    def streamed(replies: list[Any]) -> None:
        assert any(reply.delta for reply in replies)
        transcribed(replies[-1].final_result)

    fields = {"dst": str(path)}
    return [
        Call("AudioTranscription", fields, transcribed, "TranscriptRequest"),
        Call("AudioTranscriptionStream", fields, streamed, "TranscriptRequest", optional=True),
    ]


def _vad(pb2: Any, folder: Path) -> list[Call]:
    silence = [0.0] * 8000
    tone = [0.5 * math.sin(2 * math.pi * 440 * i / 16000) for i in range(8000)]

    def voiced(reply: Any) -> None:
        (segment,) = reply.segments
        assert segment.start == pytest.approx(0.5, abs=0.1)
        assert segment.end == pytest.approx(1.0, abs=0.1)

    def silent(reply: Any) -> None:
        assert not reply.segments

    return [
        Call("VAD", {"audio": silence + tone + silence}, voiced, "VADRequest"),
        Call("VAD", {"audio": silence}, silent, "VADRequest"),
        Call("VAD", {"audio": []}, silent, "VADRequest"),
    ]


def _image(pb2: Any, folder: Path) -> list[Call]:
    path = folder / "out put.png"

    def painted(reply: Any) -> None:
        assert reply.success, reply.message
        assert png_size(path.read_bytes()) == (64, 48)

    fields = {"positive_prompt": "a cat", "width": 64, "height": 48, "dst": str(path)}
    return [Call("GenerateImage", fields, painted, "GenerateImageRequest")]


def _video(pb2: Any, folder: Path) -> list[Call]:
    path = folder / "out put.mp4"

    def filmed(reply: Any) -> None:
        assert reply.success, reply.message
        content = path.read_bytes()
        assert content.startswith((b"GIF89a", b"YUV4MPEG2 ")), content[:16]
        assert len(content) > 64

    fields = {
        "prompt": "a cat",
        "width": 64,
        "height": 48,
        "num_frames": 4,
        "fps": 8,
        "dst": str(path),
    }
    return [Call("GenerateVideo", fields, filmed, "GenerateVideoRequest")]


def _detection(pb2: Any, folder: Path) -> list[Call]:
    def detected(reply: Any) -> None:
        (box,) = reply.Detections
        assert (box.x, box.y, box.width, box.height) == (0, 0, 40, 30)
        assert 0 < box.confidence <= 1
        assert box.class_name

    # LocalAI sends the picture itself in base64, not a path
    source = base64.b64encode(png(40, 30)).decode()
    return [Call("Detect", {"src": source}, detected, "DetectOptions")]


_CALLS: dict[str, Callable[[Any, Path], list[Call]]] = {
    "llm": _llm,
    "embeddings": _embeddings,
    "rerank": _rerank,
    "tts": _tts,
    "asr": _asr,
    "vad": _vad,
    "image": _image,
    "video": _video,
    "detection": _detection,
    "none": lambda pb2, folder: [],
}


def png(width: int, height: int) -> bytes:
    """A grey picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def darkness(path: Path) -> int:
    """How dark a picture of a backend is: the sum of what its bytes lack of white."""
    content = path.read_bytes()
    _, height = png_size(content)
    start = content.index(b"IDAT")
    (length,) = struct.unpack_from(">I", content, start - 4)
    pixels = zlib.decompress(content[start + 4 : start + 4 + length])
    row = len(pixels) // height  # with a byte before the pixels that names a filter
    return sum(255 - byte for at, byte in enumerate(pixels) if at % row)


def assert_audible(path: Path) -> None:
    """A recording that is more than silence."""
    with wave.open(str(path)) as audio:
        samples = struct.unpack(f"<{audio.getnframes()}h", audio.readframes(audio.getnframes()))
    assert max(samples) - min(samples) > 1000


def png_size(content: bytes) -> tuple[int, int]:
    """Width and height of a picture whose chunks, checksums and pixel data are all right."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    chunks: list[tuple[bytes, bytes]] = []
    position = 8
    while position < len(content):
        (length,) = struct.unpack_from(">I", content, position)
        body = content[position + 4 : position + 8 + length]
        (checksum,) = struct.unpack_from(">I", content, position + 8 + length)
        assert zlib.crc32(body) == checksum
        chunks.append((body[:4], body[4:]))
        position += 12 + length
    assert (chunks[0][0], chunks[-1][0]) == (b"IHDR", b"IEND")
    width, height, depth, colour = struct.unpack_from(">IIBB", chunks[0][1])
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    pixels = zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"))
    assert len(pixels) == height * (1 + math.ceil(width * channels * depth / 8))
    return width, height
