"""C++: where a name stands in the code, and what runs when a signal comes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold.errors import ShapeError
from scaffold.syntax.cpp import MAX_IDENTIFIERS, CppSource


def cpp(text: str) -> CppSource:
    return CppSource("server.cpp", text.encode())


class Whole(CppSource):
    """The same, parsed as a whole."""

    def _part(self, offset: int) -> object:  # type: ignore[override]
        return self.root


def on_signal(source: CppSource) -> list[int]:
    """The lines of the calls of `Shutdown` that run on a signal."""
    calls = source.calls("Shutdown", method=True)
    return [source.line(place[0].start_byte) for place in calls if source.runs_on_signal(place)]


def test_a_name_is_code_and_whole() -> None:
    source = cpp(
        'int stop; // stop\n/* stop */ int stopped;\nauto a = "stop", b = R"(\nstop)", c = \'s\';\nf(stop);\n'
    )
    assert [source.line(place[0].start_byte) for place in source.identifiers("stop")] == [1, 5]


@pytest.mark.parametrize(
    ("text", "functions", "methods"),
    [
        ("void f() { g(); ::g(); n::g(); }", 3, 0),
        ("void f() { a.g(); a->g(); a().b->g(); }", 0, 3),
        ("void g(); void f() { h(g); auto x = g; g.h(); &g; }", 0, 0),
    ],
)
def test_calls_of_functions_and_of_methods(text: str, functions: int, methods: int) -> None:
    source = cpp(text)
    found = len([*source.calls("g")]), len([*source.calls("g", method=True)])
    assert found == (functions, methods)


def test_functions_by_their_first_parameter() -> None:
    source = cpp(
        "class S final : public Backend::Service {\n"
        "  grpc::Status A(grpc::ServerContext* /* unused */, const X* x) override { return OK; }\n"
        "  Status B(const X* x, ServerContext* c);\n"
        '  Status C(X* x) { log("Status D(ServerContext* c)"); return OK; }  // Status E(ServerContext*)\n'
        "};\n"
        "::grpc::Status S::F(\n    // the call\n    ServerContext* context, X* x) { return OK; }\n"
        "ServerUnaryReactor* S::G(CallbackServerContext* c) { return nullptr; }\n"
    )
    assert [*source.functions_of("ServerContext")] == ["A", "F"]
    assert [*source.functions_of("ServerContext", "CallbackServerContext")] == ["A", "F", "G"]


STOP = "void stop(int) { server->Shutdown(); }\n"
RUN = "  s->Shutdown();"
"""A call that is looked for; it has a line of its own."""


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        # Who is given the function.
        (f"{STOP}int main() {{ std::signal(SIGTERM, stop); }}\n", [1]),
        (f"{STOP}int main() {{ signal(SIGTERM, &stop); }}\n", [1]),
        (f"{STOP}int main() {{ ::signal(SIGTERM /* 15 */, (handler)stop); }}\n", [1]),
        (f"{STOP}int main() {{ a.sa_handler = stop; }}\n", [1]),
        (f"{STOP}int main() {{ a->sa_sigaction = ns::stop; }}\n", [1]),
        (f"{STOP}struct sigaction a = {{ .sa_handler = stop }};\n", [1]),
        (f"namespace {{\n{STOP}}}\nint main() {{ std::signal(SIGTERM, stop); }}\n", [2]),
        (f"static void stop(int)\n{{\n{RUN}\n}}\nint main() {{ signal(2, stop); }}\n", [3]),
        (f"int main() {{ signal(2, [](int) {{\n{RUN}\n}}); }}\n", [2]),
        (f"int main() {{ signal(2, +[](int) {{\n{RUN}\n}}); }}\n", [2]),
        (f"auto stop = [](int) {{\n{RUN}\n}};\nint main() {{ signal(2, stop); }}\n", [2]),
        # Who is not.
        (f"{STOP}int main() {{ std::thread(stop, 1); }}  // signal(SIGTERM, stop)\n", []),
        (f'{STOP}int main() {{ log("signal(SIGTERM, stop)"); stop(1); }}\n', []),
        (f"{STOP}int main() {{ bus.signal(SIGTERM, other, stop); a.handler = stop; }}\n", []),
        (f"{STOP}int main() {{ signal(stop, SIG_IGN); stop = a.sa_handler; }}\n", []),
        (f"void unstop(int) {{\n{RUN}\n}}\nint main() {{ signal(2, stop); }}\n", []),
        ("void stop(int) { /* server->Shutdown() */ flag = 1; }\nint main() { signal(2, stop); }\n", []),
        ('void stop(int) { say("s->Shutdown()"); }\nint main() { signal(2, stop); s->Shutdown(); }\n', []),
        (f"void stop(int) {{ say(\"}}{{\", '{{'); }}\nvoid end() {{\n{RUN}\n}}\nvoid f() {{ signal(2, stop); }}\n", []),
        # What a handler calls, near and far.
        (f"void end() {{\n{RUN}\n}}\nvoid stop(int) {{ end(); }}\nint main() {{ signal(2, stop); }}\n", [2]),
        (
            (
                f"void c() {{\n{RUN}\n}}\nvoid b() {{ c(); }}\nvoid a() {{ b(); }}\n"
                "void stop(int) { a(); }\nint main() { signal(2, stop); }\n"
            ),
            [2],
        ),
        (
            (
                "std::function<void(int)> act;\nvoid stop(int s) { act(s); }\n"
                f"int main() {{ act = [&](int) {{\n{RUN}\n}}; signal(2, stop); }}\n"
            ),
            [4],
        ),
        (f"void a() {{ b(); }}\nvoid b() {{\n{RUN}\n a(); }}\nint main() {{ a(); }}\n", []),
        (f"void end() {{\n{RUN}\n}}\nvoid stop(int) {{ x.end(); }}\nint main() {{ signal(2, stop); }}\n", []),
        # A thread that a handler starts is no handler.
        (f"void stop(int) {{ std::thread([] {{\n{RUN}\n}}).detach(); }}\nint main() {{ signal(2, stop); }}\n", []),
        (f"void stop(int) {{ std::jthread t{{[] {{\n{RUN}\n}}}}; }}\nint main() {{ signal(2, stop); }}\n", []),
        *(
            (f"void stop(int) {{ {thread}([] {{\n{RUN}\n}}); }}\nint main() {{ signal(2, stop); }}\n", [])
            for thread in (
                "auto t = std::make_unique<std::thread>", "workers.emplace_back", "new std::thread", "t = std::thread",
                "auto f = std::async",
            )
        ),
        (f"void stop(int) {{ run([] {{\n{RUN}\n}}); }}\nint main() {{ signal(2, stop); }}\n", [2]),
        (f"void stop(int) {{ std::call_once(f, [] {{\n{RUN}\n}}); }}\nint main() {{ signal(2, stop); }}\n", [2]),
    ],
)  # fmt: skip
def test_what_runs_on_a_signal(text: str, lines: list[int]) -> None:
    assert on_signal(cpp(text)) == lines


PIECES = st.sampled_from(
    [
        STOP,
        "static void\nstop(int)\n{\n    end();\n}\n",
        f"void end() {{\n{RUN}\n}}\n",
        "int main() {\n    std::signal(SIGTERM, stop);\n    a.sa_handler = end;\n}\n",
        "int main() { signal(2, [](int) { end(); }); }\n",
        "// } signal(2, end)\n",
        "/*\nint main() { signal(2, end); }\n*/\n",
        'auto raw = R"x(\nint main() { signal(2, stop); signal(2, end); }\n)x";\n',
        "namespace {\n",
        "} // namespace\n",
        "#if __has_include(<a>)\n",
        "#endif\n",
        f"class S {{\npublic:\n  void end() {{\n{RUN}\n  }}\n}};\n",
        "label:\n",
        "{",
        "}\n",
        'say("{ /* ");\n',
        "// see /*\n",
        "/*/\nint f() {}\n",
        "*/\n",
    ]
)


@settings(max_examples=150)
@given(st.lists(PIECES, max_size=7).map("".join))
def test_a_part_says_what_the_whole_file_says(text: str) -> None:
    whole = Whole("server.cpp", text.encode())
    if not whole.root.has_error:
        assert on_signal(cpp(text)) == on_signal(whole)


def test_parts_are_all_that_is_parsed() -> None:
    filler = "int filler() {\n    return 1;\n}\n" * 200
    source = cpp(f"{filler}{STOP}{filler}int main() {{\n    signal(2, stop);\n}}\n{filler}")
    assert on_signal(source) == [601]
    assert "root" not in source.__dict__


@pytest.mark.parametrize(
    "text",
    [
        "void f() { " + "(" * 2000 + "s->Shutdown(); }",
        "void f() { x = s->Shutdown()" + "-1" * 5000 + "; }",
        "s->Shutdown();\n" * (MAX_IDENTIFIERS + 1),
    ],
)
def test_what_no_person_wrote(text: str) -> None:
    with pytest.raises(ShapeError):
        on_signal(cpp(text))


def test_the_answer_stays_the_same_however_often_it_is_asked() -> None:
    source = cpp("int f(grpc::ServerContext* c) { return 0; }\n" * (MAX_IDENTIFIERS // 2))
    assert len({tuple(source.functions_of("ServerContext")) for _ in range(5)}) == 1
