"""Which RPCs a server's sources define."""

from __future__ import annotations

import pytest

from scaffold.checkout.tree import Overlay, WorkTree
from scaffold.directory.service import PROTO, served, service_rpcs
from scaffold.directory.text import Text
from scaffold.resources import miniature_dir

RPCS = ("TTS", "TTSStream", "Depth", "Forward")


def rpcs(**sources: str) -> set[str]:
    texts = [Text(name.replace("_", "."), source.encode()) for name, source in sources.items()]
    return {*served(texts, RPCS)}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("class A(pb.BackendServicer):\n def TTS(self, request, context): ...\n", {"TTS"}),
        ("class A(pb.BackendServicer):\n async def TTS(self, r, c): ...\n", {"TTS"}),
        ("class M:\n def TTS(self, r, c): ...\nclass A(M, pb.BackendServicer): ...\n", {"TTS"}),
        ("class A(BackendServicer):\n def f(self):\n  def TTS(self, request): ...\n", set()),
        ('class A(BackendServicer):\n """\n def TTS(self, request): ...\n """\n', set()),
        ("class Client:\n def TTS(self, request): ...\nclass A(BackendServicer): ...\n", set()),
        ("class A(BackendServicer): ...\ndef TTS(self, request): ...\n", set()),
        ("class A(BackendServicer:\n def TTS(self, request): ...\n", set()),
    ],
)
def test_python(source: str, expected: set[str]) -> None:
    assert rpcs(backend_py=source) == expected


GO = "package main\n\ntype Wren struct {\n\tbase.SingleThread\n\tengine\n}\n\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f"{GO}func (w *Wren) TTS(r *pb.TTSRequest) error {{ return nil }}\n", {"TTS"}),
        (f"{GO}func (Wren) TTS (r *pb.TTSRequest) error {{ return nil }}\n", {"TTS"}),
        (f"{GO}type engine struct{{}}\n\nfunc (e *engine) TTS() {{}}\n", {"TTS"}),
        (f"{GO}type client struct{{}}\n\nfunc (c *client) TTS() {{}}\n", set()),
        (f"{GO}// func (w *Wren) TTS() {{}}\n\nfunc TTS() {{}}\n", set()),
        (f"{GO}var text = `\nfunc (w *Wren) TTS() {{}}\n`\n", set()),
    ],
)
def test_go(source: str, expected: set[str]) -> None:
    assert rpcs(main_go=source) == expected


def test_a_go_method_may_stand_in_another_file() -> None:
    assert rpcs(main_go=GO, tts_go="package main\n\nfunc (w *Wren) TTS() {}\n") == {"TTS"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("class S : Backend::Service {\n  Status TTS(ServerContext* c, X* x) override { }\n};\n", {"TTS"}),
        ("::grpc::Status S::TTSStream(grpc::ServerContext *c,\n  X* x) { return OK; }\n", {"TTSStream"}),
        ("// Status TTS(ServerContext* c)\nauto s = stub->TTS(&context, request);\n", set()),
        ('void f() { say("Status TTS(ServerContext* c)"); }\n', set()),
    ],
)
def test_cpp(source: str, expected: set[str]) -> None:
    assert rpcs(server_cpp=source) == expected


def test_the_rpcs_of_the_proto() -> None:
    proto = "service Backend {\n  rpc A(X) returns (Y) {} // rpc B(X)\n  /* rpc C(X) */ rpc  D (X) returns (Y);\n}\n"
    assert service_rpcs(Overlay(WorkTree(miniature_dir()), {PROTO: proto.encode()})) == ("A", "D")
