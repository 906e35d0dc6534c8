"""Files that end too early, and those that only look like it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scaffold.directory.whole import flaw
from scaffold.rules.base import Severity
from scaffold.syntax.cpp_blocks import open_block
from tests.rules.files.trees import FINCH, HERON, KESTREL, LARK, findings, read, tree

SLUG = "source-unreadable"
IMPORTER = "core/gallery/importers/importers.go"


def cut(path: str, within: str) -> dict[str, bytes | None]:
    """A file that ends within some of its text."""
    text = read(path)
    assert text.count(within) == 1, (path, within)
    return {path: text[: text.index(within) + len(within)].encode()}


@pytest.mark.parametrize(
    ("path", "within"),
    [
        (f"{LARK}/run.sh", 'exec "$CURDIR/lib/ld'),
        (f"{FINCH}/backend.py", "class BackendServicer("),
        (f"{LARK}/main.go", "func main() {"),
        (f"{KESTREL}/Cargo.toml", "[package"),
        (f"{HERON}/CMakeLists.txt", "add_executable("),
        (f"{HERON}/grpc-server.cpp", "int main("),
        ("backend/python/common/libbackend.sh", "function installRequirements() {"),
        (IMPORTER, "var defaultImporters = []Importer{"),
    ],
)
def test_a_file_that_is_cut_off(path: str, within: str) -> None:
    found = findings(tree(cut(path, within)), SLUG)
    assert [(f.path, f.severity) for f in found] == [(path, Severity.error)]
    assert found[0].backend == (
        path.split("/")[2] if path.startswith(("backend/go", FINCH)) else found[0].backend
    )


def test_a_makefile_without_an_end() -> None:
    path = f"{LARK}/Makefile"
    found = findings(tree({path: (read(path) + "\nifeq ($(A),b)\nC=d\n").encode()}), SLUG)
    assert [(f.backend, f.path) for f in found] == [("lark", path)]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("garbage line here", "make knows no such line"),
        ("  garbage", "make knows no such line"),
        ("a b = c", "make knows no name of several words"),
        ("= c", "make looks for a name before the sign"),
        ("endif", "this `endif` belongs to no condition"),
        ("else", "this `else` belongs to no condition"),
        ("endef", "this `endef` belongs to no `define`"),
    ],
)
def test_a_line_of_the_root_makefile_at_which_make_stops(line: str, problem: str, tmp_path: Path) -> None:
    whole = read("Makefile")
    before, after = whole.split("\n\n", 1)
    text = f"{before}\n\n{line}\n{after}"
    (found,) = findings(tree({"Makefile": text.encode()}), SLUG)
    assert (found.path, found.line) == ("Makefile", before.count("\n") + 3)
    assert problem in found.message
    (tmp_path / "Makefile").write_text(text)
    made = subprocess.run(["make", "-pq"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert made.stderr.startswith(f"Makefile:{found.line}: ***")


MEANT = """
A = a
-include a.mk
include $(wildcard *.nothing)
export A
export
unexport A
$(info a b)
ifeq ($(A),b)
  B = $(A) b
else ifdef C
D := d
else
endif
ifeq (0,1)
for nobody
endif
override define E
f g
endef
  # a b
vpath %.c a
a b: c = d
$(A): ; @true
"""


def test_lines_that_make_knows(tmp_path: Path) -> None:
    assert flaw("Makefile", MEANT.encode()) is None
    (tmp_path / "Makefile").write_text(MEANT)
    made = subprocess.run(["make", "-pq"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "***" not in made.stderr


@pytest.mark.parametrize("path", ["core/gallery/importers/llama-cpp.go", "pkg/model/initializers.go"])
def test_go_that_is_broken_in_the_middle(path: str) -> None:
    lines = read(path).splitlines(keepends=True)
    middle = next(n for n in range(len(lines) // 2, len(lines)) if lines[n].startswith("\t"))
    for word, is_exact in (
        (")", True),
        ('a := "b', True),
        ("/* a", True),
        ("}", False),
        ("func (a {", False),
    ):
        text = "".join([*lines[:middle], f"{word}\n", *lines[middle:]])
        (found,) = findings(tree({path: text.encode()}), SLUG)
        assert (found.path, found.severity) == (path, Severity.error), word
        assert found.line == middle + 1 or not is_exact, word


def test_a_test_is_a_warning() -> None:
    found = findings(tree({f"{FINCH}/test.py": b"f(a=42b)\n"}), SLUG)
    assert [f.severity for f in found] == [Severity.warning]


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("helper.py", Severity.warning),
        ("helper.sh", Severity.warning),
        ("helper.go", Severity.error),
        ("__init__.py", None),
        ("notes.md", None),
    ],
)
def test_a_file_with_nothing_in_it(name: str, severity: Severity | None) -> None:
    found = findings(tree({f"{FINCH}/{name}": b"\n"}), SLUG)
    assert [f.severity for f in found] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("a/empty.py", b""),
        ("a/empty.sh", b"\n"),
        ("a/a.py", b"type A = int\n"),
        ("a/b.py", b"def f[T](a: T) -> T: ...\n"),
        ("a/b.py", b"try:\n    a()\nexcept A, B:\n    b()\n"),
        ("a/Makefile", b"define X\nifeq (a,b)\nendef\nifdef A\nelse ifeq (a,b)\nendif\n"),
        (
            "a/Makefile",
            b"export A\nunexport A B\n$(eval $(call X,a))\n# what it is\ndefine X\nwords of it\nendef\n",
        ),
        ("a/CMakeLists.txt", b'if(A)\nset(B "(")\nelse()\nset(C ")") # (\nendif()\n'),
        ("a/CMakeLists.txt", b"set(A [=[ ( ]=])\n"),
        ("a/a.go", b"package a\n// {\nvar b = `{`\n"),
        ("a/a.go", b'package a\n\nvar b, c = new(d(1)), new("e")\n\nvar f = new(map[string]int)\n'),
        ("a/notes.txt", b"{ ("),
        ("a/a.sh", b"case $a in\n(b) echo ;;\nc) ;;\nesac\ncat <<E\nif (\nE\n"),
    ],
)
def test_what_is_whole(path: str, data: bytes) -> None:
    assert flaw(path, data) is None


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("a/a.go", b""),
        ("a/a.go", b"// nothing\n"),
        ("a/a.go", b"package a\nfunc b() {\n"),
        ("a/a.rs", b"fn a() {\n"),
        ("a/a.sh", b"if a; then\nb\n"),
        ("a/a.sh", b"if a; then\nb \\\nfi\n"),
        ("a/a.sh", b'a "b\n'),
        ("a/a.py", b"def a(\n"),
        ("a/a.py", b"def a((b, c)): ...\n"),
        ("a/a.py", b"a(b for b in c, d)\n"),
        ("a/a.py", b"try:\n    a()\nexcept A, B as c:\n    b()\n"),
        ("a/Makefile", b"define X\n"),
        ("a/Makefile", b"a: b\n\ttrue\nthis is no line\n"),
        ("a/a.cmake", b"if(A)\n"),
        ("a/a.cmake", b'set(A "b)\n'),
        ("a/Cargo.toml", b"[a\n"),
        ("a/a.h", b"#ifndef A\n#define A\n"),
        ("a/a.cpp", b"int a() {\n"),
    ],
)
def test_what_is_not(path: str, data: bytes) -> None:
    assert flaw(path, data) is not None


@pytest.mark.parametrize(
    "code",
    [
        b"#if A\nint a() {\n#else\nint b() {\n#endif\n}\n",
        b'char a = \'{\'; const char* b = "{\\"";\n',
        b'auto a = R"x( { )" )x"; // {\n/* { */\n',
        b"#define A(x) { \\\n  x }\n",
        b"int a = 1'000'000;\n",
        b"#ifdef A\n#elif B\n#endif // {\n",
    ],
)
def test_blocks_of_cpp_that_end(code: bytes) -> None:
    assert open_block(code) is None


@pytest.mark.parametrize(
    ("code", "at"),
    [(b"{ { }", 0), (b"/* }", 0), (b'R"x( }', 0), (b"a\n#if A\n", 2), (b"#if A\n#else\n{\n#endif\n{", 21)],
)
def test_blocks_of_cpp_that_do_not(code: bytes, at: int) -> None:
    assert open_block(code) == at


@pytest.mark.parametrize("path", [f"{LARK}/run.sh", f"{FINCH}/install.sh"])
def test_lines_that_end_as_on_windows(path: str) -> None:
    text = read(path)
    (found,) = findings(tree({path: text.replace("\n", "\r\n").encode()}), SLUG)
    assert (found.path, found.line, found.severity) == (path, 1, Severity.error)
    assert findings(tree({path: text.replace("\n", "\n# \r\n", 1).encode()}), SLUG) == []
    windows = {
        path: text.replace("\n", "\r\n").encode(),
        "backend/index.yaml": read("backend/index.yaml").replace("\n", "\r\n").encode(),
    }
    assert findings(tree(windows), SLUG) == [], "git has made the whole checkout so"
    source = f"{LARK}/main.go"
    assert findings(tree({source: read(source).replace("\n", "\r\n").encode()}), SLUG) == []
