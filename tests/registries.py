"""Real registries on the loopback interface, small real images in them, and everything that may go wrong before."""

from __future__ import annotations

import base64
import gzip
import hashlib
import http.client
import io
import json
import shutil
import socket
import ssl
import subprocess
import tarfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CREATED = "2026-11-01T12:00:00.123456789Z"


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def layer(words: str) -> bytes:
    """A compressed archive of one file."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        info = tarfile.TarInfo("run.sh")
        info.size = len(words)
        archive.addfile(info, io.BytesIO(words.encode()))
    return gzip.compress(packed.getvalue(), mtime=0)


@dataclass(frozen=True)
class Made:
    """An image, ready to be pushed: what it consists of, the last document being what the tag refers to."""

    media_type: str
    document: bytes
    blobs: tuple[bytes, ...] = ()
    parts: tuple[Made, ...] = ()

    @property
    def digest(self) -> str:
        return digest(self.document)


def descriptor(media_type: str, data: bytes, **more: Any) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest(data), "size": len(data), **more}


def image(platform: str, words: str = "", created: str = CREATED, config_type: str = CONFIG) -> Made:
    """A real image of one layer."""
    system, _, architecture = platform.partition("/")
    tar = layer(words or platform)
    diff = digest(gzip.decompress(tar))
    config = {"architecture": architecture, "os": system, "rootfs": {"type": "layers", "diff_ids": [diff]}}
    data = json.dumps(config | ({"created": created} if created else {})).encode()
    content = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor(config_type, data),
        "layers": [descriptor(LAYER, tar)],
    }
    return Made(MANIFEST, json.dumps(content).encode(), (data, tar))


def listed(*platforms: str, words: str = "", created: str = CREATED) -> Made:
    """A list of images, one for each platform."""
    parts = [image(platform, words, created) for platform in platforms]
    manifests = []
    for platform, part in zip(platforms, parts, strict=True):
        system, _, architecture = platform.partition("/")
        described = {"os": system, "architecture": architecture}
        manifests.append(descriptor(part.media_type, part.document, platform=described))
    content = {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}
    return Made(INDEX, json.dumps(content).encode(), (), tuple(parts))


class Server:
    """A process or thread that listens on a port of the loopback interface."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.host = f"127.0.0.1:{port}"
        self.url = f"http://{self.host}"
        self.open = self.most = 0
        """Connections that are open, and the most that ever were: of a server of the test's own."""


class Registry(Server):
    """A real registry."""

    def __init__(self, port: int, folder: Path, headers: Mapping[str, str]) -> None:
        super().__init__(port)
        self.folder = folder
        self.headers = dict(headers)
        self._connection: http.client.HTTPConnection | None = None
        self._known: set[tuple[str, str]] = set()

    def request(
        self, method: str, path: str, body: bytes = b"", **headers: str
    ) -> tuple[int, Mapping[str, str]]:
        """What it answers to somebody who may push."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {key.replace("_", "-"): value for key, value in headers.items()}
        self._connection.request(method, path, body, self.headers | headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status, answer.headers

    def hang_up(self) -> None:
        """Close the connection that pushes."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def push(self, name: str, made: Made) -> str:
        """Push an image as `repository:tag`; its digest."""
        repository, _, tag = name.partition(":")
        for blob in made.blobs:
            self._blob(repository, blob)
        for part in made.parts:
            self.push(f"{repository}:{part.digest}", part)
        path = f"/v2/{repository}/manifests/{tag}"
        status, _ = self.request("PUT", path, made.document, Content_Type=made.media_type)
        assert status == 201, status
        return made.digest

    def _blob(self, repository: str, data: bytes) -> None:
        if (repository, digest(data)) in self._known:
            return
        _, headers = self.request("POST", f"/v2/{repository}/blobs/uploads/")
        where = urlsplit(headers["Location"])
        path = f"{where.path}?{where.query}&digest={digest(data)}"
        status, _ = self.request("PUT", path, data, Content_Type="application/octet-stream")
        assert status == 201, status
        self._known.add((repository, digest(data)))

    def delete(self, repository: str, reference: str) -> None:
        """Lose a manifest."""
        status, _ = self.request("DELETE", f"/v2/{repository}/manifests/{reference}")
        assert status == 202, status


@contextmanager
def registry(folder: Path, auth: str = "", headers: Mapping[str, str] = {}) -> Iterator[Registry]:
    """Debian's docker-registry, with its files in a folder. `auth` is that part of its configuration."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip(
            "docker-registry is not installed: what `published` makes of a real registry is NOT tested"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for _ in range(5):
        port = free_port()
        config = folder / "config.yml"
        config.write_text(
            "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
            f"storage: {{filesystem: {{rootdirectory: {folder}/files}}, delete: {{enabled: true}}}}\n"
            f"http: {{addr: '127.0.0.1:{port}'}}\n{auth}"
        )
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([program, "serve", str(config)], stdout=log, stderr=log)
        try:
            if _answers(process, port):
                yield Registry(port, folder, headers)
                return
        finally:
            process.terminate()
            process.wait()
    pytest.fail(f"docker-registry does not start: {(folder / 'log').read_text()}")


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether somebody listens on a port in the end; another process may have taken it."""
    while process.poll() is None:
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return True
        time.sleep(0.02)
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


Handler = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def served(handle: Handler, tls: Path | None = None) -> Iterator[Server]:
    """A server of the test's own; `handle` answers every request. `tls` is a folder of `certified`."""

    lock = threading.Lock()

    class Quiet(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            with lock:
                made.open += 1
                made.most = max(made.most, made.open)
            super().setup()

        def finish(self) -> None:
            with lock:
                made.open -= 1
            super().finish()

        def do_GET(self) -> None:
            handle(self)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    class Patient(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # who hangs up was to do so

    server = Patient(("127.0.0.1", 0), Quiet)
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls / "certificate.pem", tls / "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    made = Server(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()


def answer(
    handler: BaseHTTPRequestHandler, status: int, body: bytes = b"", headers: Mapping[str, str] = {}
) -> None:
    """A whole answer; HEAD gets its head."""
    handler.send_response(status)
    for key, value in ({"Content-Length": str(len(body))} | dict(headers)).items():
        handler.send_header(key, value)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)


@dataclass
class Proxy:
    """A registry seen through a network that is out of order: `trouble` says what happens to a request."""

    behind: Server
    trouble: Callable[[str, int], str] = lambda _path, _number: ""
    """(method and path, how often it came before) -> a status, `hang`, `cut`, `reset`, `stale` (its token has
    expired), or "" to pass it on."""
    seen: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)
    """Method, path and headers of every request."""
    released: threading.Event = field(default_factory=threading.Event)
    _times: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        what = f"{handler.command} {handler.path}"
        with self._lock:
            number = self._times[what]
            self._times[what] += 1
            self.seen.append((handler.command, handler.path, dict(handler.headers)))
        kind = self.trouble(what, number)
        if kind == "hang":
            self.released.wait(30)
            handler.close_connection = True
        elif kind == "reset":
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
        elif kind.isdigit():
            answer(handler, int(kind), b"{}", {"Retry-After": "0"} if kind == "429" else {})
        else:
            self._pass_on(handler, kind)

    def _pass_on(self, handler: BaseHTTPRequestHandler, kind: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.behind.port, timeout=20)
        dropped = "Authorization" if kind == "stale" else ""
        headers = {key: value for key, value in handler.headers.items() if key != dropped}
        connection.request(handler.command, handler.path, headers=headers)
        got = connection.getresponse()
        body = got.read()
        headers = {k: v for k, v in got.getheaders() if k not in ("Date", "Transfer-Encoding")}
        if kind == "cut" and body:
            handler.close_connection = True
            headers["Content-Length"] = str(len(body))
            body = body[: len(body) // 2]
        answer(handler, got.status, body, headers)
        connection.close()


@contextmanager
def proxy(
    behind: Server, trouble: Callable[[str, int], str] = lambda _path, _number: ""
) -> Iterator[tuple[Server, Proxy]]:
    """A server that stands before another one."""
    state = Proxy(behind, trouble)
    with served(state.handle) as server:
        try:
            yield server, state
        finally:
            state.released.set()


class Tokens:
    """A token server that a real registry believes: it signs what it gives away."""

    def __init__(self, folder: Path, anonymous: bool = True, users: Mapping[str, str] = {}) -> None:
        self.folder = folder
        self.anonymous = anonymous
        self.users = dict(users)
        self.given: list[tuple[str, str]] = []
        """User ("" for nobody) and scope of each token."""
        self.key, self.certificate = folder / "key.pem", certified(folder)

    def auth(self, realm: str) -> str:
        """That part of a registry's configuration."""
        return (
            f"auth: {{token: {{realm: '{realm}', service: 'a registry, of tests', issuer: tests, "
            f"rootcertbundle: '{self.certificate}'}}}}\n"
        )

    def token(self, scope: str, user: str = "", seconds: int = 300) -> str:
        """A token for one scope."""
        kind, name, actions = scope.split(":")
        chain = ssl.PEM_cert_to_DER_cert(self.certificate.read_text())
        head = {"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(chain).decode()]}
        now = int(time.time())
        claims = {
            "iss": "tests", "sub": user, "aud": "a registry, of tests", "exp": now + seconds, "nbf": now - 60,
            "iat": now, "jti": str(len(self.given)),
            "access": [{"type": kind, "name": name, "actions": actions.split(",")}],
        }  # fmt: skip
        signed = ".".join(_url64(json.dumps(part).encode()) for part in (head, claims))
        signature = _openssl("dgst", "-sha256", "-sign", str(self.key), text=signed.encode())
        return f"{signed}.{_url64(signature)}"

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        query = parse_qs(urlsplit(handler.path).query)
        shown = handler.headers.get("Authorization", "")
        user = base64.b64decode(shown.removeprefix("Basic ")).decode() if shown else ""
        name, _, password = user.partition(":")
        known = self.users.get(name) == password if name else self.anonymous
        if not known or query.get("service") != ["a registry, of tests"]:
            answer(handler, 401, b"{}")
            return
        (scope,) = query["scope"]
        self.given.append((name, scope))
        answer(handler, 200, json.dumps({"token": self.token(scope, name)}).encode())


def certified(folder: Path) -> Path:
    """A key and a certificate of `localhost` in a folder; the certificate, which nobody else has signed."""
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: registries with certificates and tokens are NOT tested")
    _openssl(
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2",
        "-addext", "subjectAltName=DNS:localhost",
        "-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem"),
    )  # fmt: skip
    return folder / "certificate.pem"


def _openssl(*arguments: str, text: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=text, capture_output=True, check=True).stdout


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
