"""Servers of backends."""

from __future__ import annotations

import pytest

from scaffold.rules.base import Severity
from tests.rules.files.trees import HERON, KESTREL, findings, only, tree


def without_stubs() -> dict[str, bytes | None]:
    """kestrel without tonic's stubs, and with every method of the service but one written out."""
    rpcs = ["Health", "TTSStream", "Generate3D", "Depth"]
    proto = "service Backend {\n" + "".join(f"  rpc {r}(A) returns (B) {{}}\n" for r in rpcs) + "}\n"
    methods = "".join(
        f"    async fn {name}(&self) {{}}\n" for name in ("health", "tts_stream", "generate3_d")
    )
    return {
        "backend/backend.proto": proto.encode(),
        f"{KESTREL}/build.rs": b"// .generate_default_stubs(true)\n",
        f"{KESTREL}/src/service.rs": f"struct K;\nimpl Backend for K {{\n{methods}}}\n\nfn depth() {{}}\n".encode(),
    }


def test_an_rpc_that_a_rust_service_lacks() -> None:
    found = only(
        tree(without_stubs()), "rust-stub-missing", "kestrel", f"{KESTREL}/src/service.rs", "impl Backend"
    )
    assert (found.severity, found.subject) == (Severity.error, "rpc Depth")


def test_what_implements_every_rpc() -> None:
    source = without_stubs()[f"{KESTREL}/src/service.rs"]
    assert source is not None
    for old, new_text in (
        (b"}\n\nfn", b"    async fn depth(&self) {}\n}\n\nfn"),
        (b"}\n\nfn", b"    unimplemented_rpcs!(depth);\n}\n\nfn"),
    ):
        changed = source.replace(old, new_text)
        assert findings(tree(without_stubs(), {f"{KESTREL}/src/service.rs": changed})) == []
    other = source + b"impl burn::Backend for Tensor {\n    fn device() {}\n}\n"
    changes: dict[str, bytes | None] = {
        f"{KESTREL}/src/service.rs": other.replace(b"}\n\nfn", b"    async fn depth() {}\n}\n\nfn")
    }
    assert findings(tree(without_stubs(), changes)) == []
    stubs: dict[str, bytes | None] = {
        f"{KESTREL}/build.rs": b"fn main() { x.generate_default_stubs(true); }\n"
    }
    assert findings(tree(without_stubs(), stubs)) == []


SERVERS = {
    "function": "void stop(int) {\n    if (server) server->Shutdown();\n}\nint main() { std::signal(SIGTERM, stop); }\n",
    "lambda": "int main() {\n    std::signal(SIGINT, [](int) { // }\n        server->Shutdown(); });\n}\n",
    "sigaction": "static void stop(int) {\n    server->Shutdown();\n}\nint main() { a.sa_handler = stop; }\n",
    "behind": (
        "std::function<void(int)> act;\nvoid stop(int s) { act(s); }\n"
        "int main() { act = [&](int) {\n    server->Shutdown();\n}; signal(SIGTERM, &stop); }\n"
    ),
}


@pytest.mark.parametrize("way", SERVERS)
def test_shutdown_in_a_signal_handler(way: str) -> None:
    path = f"{HERON}/grpc-server.cpp"
    where = tree({path: SERVERS[way].encode()})
    only(where, "signal-shutdown", "heron", path, "Shutdown")


@pytest.mark.parametrize(
    "source",
    [
        (
            "void stop(int) { /* not server->Shutdown() */ flag = true; }\n"
            "int main() { std::signal(SIGTERM, stop); wait(); server->Shutdown(); }\n"
        ),
        "void stop(int) { server->Shutdown(); }\nint main() { std::thread(stop, 1); }  // no signal(SIGTERM, go)\n",
        (
            "void stop(int) { ctx.terminate(); }\nvoid clean() { server->Shutdown(); }\n"
            "int main() { a.sa_handler = stop; clean(); }\n"
        ),
    ],
)
def test_a_handler_that_only_tells_the_main_thread(source: str) -> None:
    assert findings(tree({f"{HERON}/grpc-server.cpp": source.encode()})) == []


PROTO = """\
// message Wings { string feather = 9; }
service Backend {
  rpc Fly(Wings) returns (Air) {}
  rpc Glide(stream Wings) returns (Air) {}
}
message Wings {
  string left = 1; // right = 2;
  map<string, string> more = 3;
  message Tip { int32 inner = 1; }
  repeated Tip tips = 4 [deprecated = true];
}
message Air { string wind = 1; }
"""


@pytest.mark.parametrize(
    ("body", "unknown"),
    [
        ("return request.left", []),
        ("return request.more['a'], request.tips, request.HasField('left'), request.DESCRIPTOR", []),
        ("return request.GetLeft()", ["GetLeft"]),
        ("return request.right or request.right", ["right"]),
        ("a = request.wind\n\n        return request.feather", ["wind", "feather"]),
        ("if hasattr(request, 'right') and request.right:\n            return 1", []),
        ("try:\n            return request.right\n        except AttributeError:\n            return 0", []),
        ("request = other(request)\n        return request.right", []),
        ("# request.right\n        return 1", []),
        ('"""Reads request.right."""\n        return 1', []),
        ("return self.request.right2 and http_request.right", []),
        ("def inner():\n            return request.right\n        return inner", ["right"]),
    ],
)
def test_what_a_request_has_not(body: str, unknown: list[str]) -> None:
    path = "backend/python/finch-tts/backend.py"
    text = f"class S:\n    async def Fly(self, request, context):\n        {body}\n\n    def rest(self, request):\n        request.any\n"
    where = tree({"backend/backend.proto": PROTO.encode(), path: text.encode()})
    found = findings(where, "request-field-unknown")
    assert [f.subject for f in found] == [f"Fly {name}" for name in unknown]
    lines = text.splitlines()
    assert all(f"request.{f.subject.partition(' ')[2]}" in lines[f.line - 1] for f in found)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("class S(backend_pb2_grpc.BackendService): ...", "BackendService"),
        ("backend_pb2_grpc.add_BackedServicer_to_server(S(), server)", "add_BackedServicer_to_server"),
        ("class S(backend_pb2_grpc.BackendServicer): ...", None),
        ("backend_pb2_grpc.add_BackendServicer_to_server(S(), server)", None),
        ("backend_pb2_grpc.BackendStub(channel), backend_pb2_grpc.Backend", None),
        ("v = backend_pb2_grpc.GRPC_VERSION, backend_pb2_grpc.grpc", None),
        ("# backend_pb2_grpc.BackendService", None),
        ("if hasattr(backend_pb2_grpc, 'Old'): backend_pb2_grpc.Old", None),
    ],
)
def test_what_the_generated_module_has(line: str, name: str | None) -> None:
    where = tree({"backend/python/finch-tts/backend.py": f"import backend_pb2_grpc\n{line}\n".encode()})
    found = findings(where, "request-field-unknown")
    assert [(f.subject, f.line) for f in found] == ([(f"generated {name}", 2)] if name else [])


@pytest.mark.parametrize("method", ["Glide", "Sing", "_fly"])
def test_methods_that_are_no_rpc_with_one_request(method: str) -> None:
    text = f"class S:\n    def {method}(self, request, context):\n        return request.right\n"
    where = tree(
        {"backend/backend.proto": PROTO.encode(), "backend/python/finch-tts/backend.py": text.encode()}
    )
    assert findings(where, "request-field-unknown") == []


@pytest.mark.parametrize(
    ("rpc", "line", "staged", "is_told"),
    [
        ("GenerateImage", "image.save(request.dst)", True, True),
        ("GenerateImage", "image.save(dst)", True, True),
        ("GenerateImage", 'image.save(request.dst, format="PNG")', True, False),
        ("GenerateImage", "# image.save(request.dst)", True, False),
        ("GenerateImage", "image.save(request.dst)", False, False),
        ("UpscaleImage", "image.save(request.dst)", True, False),
        ("TTS", "sound.save(request.dst)", True, False),
    ],
)
def test_the_format_of_an_image(rpc: str, line: str, staged: bool, is_told: bool) -> None:
    text = f"class S:\n    def {rpc}(self, request, context):\n        {line}\n\n    def rest(self):\n        pass\n"
    staging = b'f, err := os.CreateTemp(dir, "localai-output-*.tmp")\n' if staged else b"package nodes\n"
    where = tree(
        {
            "backend/python/finch-tts/backend.py": text.encode(),
            "core/services/nodes/file_transfer_server.go": staging,
        }
    )
    assert [f.line for f in findings(where, "image-format-guessed")] == ([3] if is_told else [])


@pytest.mark.parametrize(
    ("arguments", "is_told"),
    [
        ('"ffmpeg", "-i", "-", "-c:v", "libx264", dst, nullptr', True),
        ('"ffmpeg", "-f", "rawvideo", "-i", "-", (char*)(dst), nullptr', True),
        ('"ffmpeg", "-i", "-", "-f", "mp4", dst, nullptr', False),
        ('"ffmpeg", "-i", dst, "-f", "mp4", "/tmp/a.mp4", nullptr', False),
        ('"ffmpeg", "-i", "-", "/tmp/a.mp4", nullptr', False),
        ('"ffmpeg", "-i", "-", dst', False),
    ],
)
def test_the_container_of_a_video(arguments: str, is_told: bool) -> None:
    source = "backend/go/wren-cpp/video.cpp"
    where = tree(
        {
            source: f"int f(char* dst) {{\n    char* const argv[] = {{ {arguments} }};\n}}\n".encode(),
            "core/services/nodes/file_transfer_server.go": b'os.CreateTemp(dir, "localai-output-*.tmp")\n',
        }
    )
    told = [(f.path, f.line) for f in findings(where, "image-format-guessed")]
    assert told == ([(source, 2)] if is_told else [])


FOLDERS = "core/config/model_artifact_inference.go"


@pytest.mark.parametrize(
    ("line", "listed", "is_told"),
    [
        ("model = request.ModelFile if os.path.isdir(request.ModelFile) else request.Model", '"vllm"', True),
        ("model, local = resolve_model_reference(request)", '"vllm"', True),
        ("model, local = resolve_model_reference(request)", '"vllm": {}, "finch-tts"', False),
        ("# os.path.isdir(request.ModelFile)", '"vllm"', False),
        ("model = request.Model if os.path.isfile(request.ModelFile) else ''", '"vllm"', False),
        ("model, local = resolve_model_reference(request)", None, False),
    ],
)
def test_a_folder_of_weights(line: str, listed: str | None, is_told: bool) -> None:
    text = f"class S:\n    def LoadModel(self, request, context):\n        {line}\n"
    table = f"var managedArtifactBackends = map[string]struct{{}}{{\n\t{listed}: {{}},\n}}\n"
    where = tree(
        {
            "backend/python/finch-tts/backend.py": text.encode(),
            FOLDERS: table.encode() if listed else None,
        }
    )
    found = findings(where, "model-folder-unlisted")
    assert [(f.backend, f.line) for f in found] == ([("finch-tts", 3)] if is_told else [])


@pytest.mark.parametrize(
    ("name", "body", "is_told"),
    [
        ("opts", "return nil", True),
        ("opts", "_ = opts\n\treturn nil", True),
        ("opts", "// opts are for others\n\treturn start()", True),
        ("_", "return nil", True),
        ("opts", "return l.open(opts.ModelFile)", False),
        ("opts", "return check(opts)", False),
        ("_", 'return errors.New("lark loads no model")', False),
        ("_", 'if l.busy {\n\t\treturn errors.New("busy")\n\t}\n\treturn nil', True),
    ],
)
def test_what_loads_anything(name: str, body: str, is_told: bool) -> None:
    path = "backend/go/lark/load.go"
    text = f"package main\n\nfunc (l *Lark) Load({name} *pb.ModelOptions) error {{\n\t{body}\n}}\n"
    found = findings(tree({path: text.encode()}), "load-takes-anything")
    assert [(f.backend, f.path, f.line) for f in found] == ([("lark", path, 3)] if is_told else [])
