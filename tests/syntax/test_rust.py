"""Rust: what implements a trait, and what a method is called with."""

from __future__ import annotations

import pytest

from scaffold.syntax.rust import RustSource


def rust(text: str) -> RustSource:
    return RustSource("service.rs", text.encode())


@pytest.mark.parametrize(
    ("text", "methods"),
    [
        ("impl Backend for K { fn a() {} async fn b(&self) {} }", {"a", "b"}),
        ("impl crate::pb::backend_server::Backend for K { fn a() {} }", {"a"}),
        ("impl<T: X> Backend<T> for K<T> where T: Y { fn a() {} }", {"a"}),
        ("mod inner { impl Backend for K { fn a() {} } }", {"a"}),
        ("impl Backend for K { fn a() { fn inner() {} } // fn c() {}\n /* fn d() {} */ }", {"a"}),
        ('impl Backend for K { fn a() { say("fn b() {} }\n}"); }\n fn c() {} }', {"a", "c"}),
        ('impl Backend for K { fn a() { say(r#"}\n}"#); }\n\n\n}\n\nfn b() {}', {"a"}),
        ("impl Backend for K {\n    fn a() {\n}\n    fn b() {}\n}", {"a", "b"}),
        ("impl Other for K { fn b() {} }\nimpl Backend for K { fn a() {} }\nimpl K { fn c() {} }", {"a"}),
    ],
)
def test_the_methods_of_an_implementation(text: str, methods: set[str]) -> None:
    (found,) = rust(text).implementations("Backend")
    assert found.methods == methods
    assert not found.expands


@pytest.mark.parametrize(
    "text",
    [
        "// impl Backend for K {}",
        'const A: &str = "impl Backend for K {}";',
        "impl Backend { fn a() {} }",
        "impl Backends for K {}",
        "impl K for Backend {}",
        "macro_rules! m { () => { impl Backend for K {} } }",
    ],
)
def test_what_implements_nothing(text: str) -> None:
    assert [*rust(text).implementations("Backend")] == []


def test_every_implementation_has_its_line() -> None:
    source = rust("\n#[async_trait]\nimpl Backend for A {}\n\nimpl Backend for B {}\n")
    assert [found.place.line for found in source.implementations("Backend")] == [3, 5]


@pytest.mark.parametrize(
    ("body", "expands"),
    [
        ("stubs!(depth);", True),
        ("stubs! { depth }", True),
        ("fn a() { panic!() }", False),
        ("// stubs!(depth);\n", False),
        ("fn a() {} fn b( {", True),  # what does not parse may hold anything
    ],
)
def test_what_may_hold_more_methods(body: str, expands: bool) -> None:
    found = [*rust(f"impl Backend for K {{ {body} }}").implementations("Backend")]
    assert [one.expands for one in found] == [expands]


def test_the_arguments_of_a_method() -> None:
    source = rust("fn main() { a.b(1).c( true )?; a.c(x, y); c(2); // a.c(3)\n let c = a.c; }")
    assert [*source.arguments("c")] == ["true", "x, y"]
