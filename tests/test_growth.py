"""What a stranger can write takes no longer than its length makes it.

Nothing here compares times: on a busy machine they lie. An input has the length at which linear work takes
less than a second or two and quadratic work minutes, and the kernel ends the child process that has taken
`SECONDS` of processor time. Calls or steps could be counted instead; but what runs away here does so within
one call: an expression that begins anew at every sign, a node that looks for its parent among all others.
"""

from __future__ import annotations

import contextlib
import os
import re
import resource
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import pytest

from scaffold.checkout.tree import Overlay
from scaffold.errors import ScaffoldError, ShapeError
from scaffold.operations import check, remove, rename
from scaffold.rules import all_rules
from tests import fuzzing
from tests.rules.trees import (
    BUMP,
    CAPABILITIES,
    DARWIN,
    DEPENDABOT,
    DOCS,
    FILTER,
    GALLERY,
    IMPORTERS,
    MATRIX,
    PREF_ONLY,
    TEST_EXTRA,
)  # fmt: skip

SECONDS = 10
"""Processor time of one input, in whole seconds, as the kernel counts it."""
LENGTH = 300_000
"""Bytes of a file: quadratic work on it is a thousand million steps or more."""

FLOW = ".github/workflows/more.yml"
SUPPRESSIONS = ".scaffold.toml"
DOCKERFILE = "backend/Dockerfile.python"
SCRIPT = "backend/go/lark/run.sh"
PACKAGE = "backend/go/lark/package.sh"
MAKEFILE = "backend/go/lark/Makefile"
CMAKE = "backend/cpp/heron/CMakeLists.txt"
REQUIREMENTS = "backend/python/rookery/requirements.txt"


def ended(act: Callable[[], object], seconds: int = SECONDS) -> bool:
    """Whether the kernel had to end a child process that did something."""
    child = os.fork()
    if not child:
        code = 1
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            taken = int(time.process_time() + 0.99)
            resource.setrlimit(resource.RLIMIT_CPU, (taken + seconds, taken + seconds + 1))
            act()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or not os.WEXITSTATUS(status), "it fails, whatever it takes"
    return os.WIFSIGNALED(status)


def test_a_child_that_runs_away_is_ended() -> None:
    assert ended(lambda: re.fullmatch("(a*)*b", "a" * 40), 1)
    assert not ended(lambda: None, 1)


# --- files ---------------------------------------------------------------------------------------


def fill(unit: str | Callable[[int], str], length: int = LENGTH) -> str:
    """A unit again and again, or one for each number."""
    if isinstance(unit, str):
        return unit * (length // len(unit.encode()))
    parts: list[str] = []
    size = 0
    while size < length:
        parts.append(unit(len(parts)))
        size += len(parts[-1])
    return "".join(parts)


class Case(NamedTuple):
    """Files with what is worst for their readers."""

    name: str
    contents: dict[str, bytes]


def whole(path: str, *units: str | Callable[[int], str], head: str = "", tail: str = "") -> Iterator[Case]:
    """A file that is nothing but a unit, for each of some."""
    for unit in units:
        shown = repr(unit if isinstance(unit, str) else unit(7))[1:40]
        yield Case(f"{path} {head[-20:]!r} {shown}", {path: f"{head}{fill(unit)}{tail}".encode()})


def behind(path: str, line: str, *units: str | Callable[[int], str]) -> Iterator[Case]:
    """A file of the miniature with a unit again and again behind the first line that has a text."""
    before, found, after = (fuzzing.BASE.read(path) or b"").decode().partition(line)
    assert found, (path, line)
    rest, newline, after = after.partition("\n")
    yield from whole(path, *units, head=f"{before}{found}{rest}{newline}", tail=after)


def cases() -> Iterator[Case]:
    """Every file that is read, with its own worst kinds."""
    everywhere = ("\n", "# a\n", "####", "[", "# scaffold: allow push-cancels-push b\n")
    for path in (
        SUPPRESSIONS,
        FLOW,
        MATRIX,
        GALLERY,
        "Makefile",
        MAKEFILE,
        DOCKERFILE,
        SCRIPT,
        REQUIREMENTS,
        CMAKE,
    ):
        yield from whole(path, *everywhere)
    for path in (
        FILTER,
        IMPORTERS,
        CAPABILITIES,
        DOCS,
        "backend/python/rookery/backend.py",
        "backend/backend.proto",
    ):
        yield from whole(path, "\n", "// a\n", "/*", "[[[", '"')
    server = "backend/cpp/heron/grpc-server.cpp"
    yield from whole(server, "/*", 'R"(', "{", "#if A\n", "#else\n", '"', "'", "a'", "\\\n", head="(")
    yield from whole(CMAKE, "(", "if(", "endif()", '"', "[=[", "#[[", "\\", head="(")
    suppress = '[[suppress]]\nrule = "matrix-darwin-missing"\nbackend = "rookery"\nreason = "b"\n'
    yield from whole(
        SUPPRESSIONS, "a.", suppress, lambda n: f"[a{n}]\n", lambda n: f"a{n} = 1\n", "[[suppress]]\n"
    )
    yield from _workflows()
    yield from _registrations()
    yield from _builds()
    yield from _programs()


def _workflows() -> Iterator[Case]:
    job = "on: push\njobs:\n"
    steps = f"{job}  a:\n    runs-on: ubuntu-latest\n    steps:\n"
    yield from whole(
        FLOW,
        lambda n: f"  j{n}: {{needs: [j{max(n - 1, 0)}], runs-on: x, steps: [{{run: a}}]}}\n",
        lambda n: f"  j{n}: {{needs: [j{n + 1}, j{n + 2}], if: needs.j{n + 1}.outputs.a, runs-on: x}}\n",
        lambda n: f"  j{n}:\n    runs-on: x\n    outputs: {{a: b}}\n    steps: [{{uses: a/b@v1, id: c}}]\n",
        lambda n: f"  j{n}: {{uses: ./.github/workflows/backend.yml, concurrency: a}}\n",
        head=job,
    )
    yield from whole(
        FLOW,
        "      - run: brew install a && docker push a/b:c\n",
        lambda n: f"      - {{uses: actions/upload-artifact@v4, with: {{name: 'a{n}-*', path: b}}}}\n",
        lambda n: f"      - {{uses: actions/download-artifact@v4, with: {{pattern: 'a*{n}*'}}}}\n",
        lambda n: f"      - {{uses: actions/cache@v4, with: {{key: 'a{n}-${{{{ matrix.b }}}}', path: c}}}}\n",
        lambda n: f"      - {{uses: docker/build-push-action@v6, with: {{push: true, tags: 'a/b:{n}'}}}}\n",
        "      - {if: failure() || always(), run: a}\n",
        head=steps,
    )
    run = f"{steps}      - run: |\n"
    yield from whole(
        FLOW,
        *(f"          {line}\n" for line in ("a && b", "make a", "if a; then b; fi", "a=$a b")),
        head=run,
    )
    for unit in ("a || ", "a == 'b' && ", "!", "(", "format('{0}', ", "a.", "a[", "'' + "):
        yield from whole(FLOW, unit, head=f"{job}  a:\n    runs-on: x\n    if: ", tail="a\n")
    for unit in ("${{ a }}", "${{", "${{ github.ref }}", "${{ ((( }}", "}}"):
        yield from whole(FLOW, unit, head=f"{job}  a:\n    runs-on: x\n    name: ", tail="\n")
    yield from whole(
        FLOW, "*", "*a", "**/", "[a", "?", "+", "!", head="on: {push: {paths: ['", tail="']}}\njobs: {}\n"
    )
    for sign in ("*a", "**a*", "a+", "**/a"):
        paths = f"on: {{push: {{paths: ['{sign * 60}b']}}}}\njobs: {{}}\n"
        yield Case(f"a file that {sign} nearly takes", {FLOW: paths.encode(), "a/" * 20 + "a" * 200: b"a"})
    calls = "".join(f"      - run: . ci/all.sh && a{n}\n" for n in range(80))
    functions = "".join(f"a{n}() {{ b{n}=c; docker push a/$b{n}:{n}; }}\n" for n in range(600))
    logs_in = f"{steps}      - uses: docker/login-action@v3\n{calls}"
    yield Case("a script that many steps run", {FLOW: logs_in.encode(), "ci/all.sh": functions.encode()})
    yield from whole(FLOW, lambda n: f"'a{n}/**', ", head="on: {push: {paths: [", tail="b]}}\njobs: {}\n")
    matrix = f"{job}  a:\n    runs-on: x\n    strategy:\n      matrix:\n        "
    yield from whole(FLOW, lambda n: f"{n}, ", head=f"{matrix}a: [", tail="]\n")
    yield from whole(FLOW, lambda n: f"a{n}: [1, 2]\n        ", lambda n: f"a{n}: 1\n        ", head=matrix)
    yield from whole(FLOW, lambda n: f"  - {{a: {n}}}\n        ", head=f"{matrix}include:\n        ")
    yield from whole(
        FLOW,
        "&a ",
        "*a ",
        "? ",
        "- ",
        "<<: *a\n",
        "a: &a b\n",
        lambda n: f"a{n}: &a{n} [*a{max(n - 1, 0)}]\n",
    )


def _registrations() -> Iterator[Case]:
    item = "  - build-type: ''\n    "
    yield from whole(
        MATRIX, item + "backend: a\n", item + "tag-suffix: -a\n    backend: rookery\n", head="---\ninclude:\n"
    )
    yield from whole(MATRIX, lambda n: f"    a{n}: b\n", "\n", "    # a\n", head=f"---\ninclude:\n{item}\n")
    entry = "- name: {0}\n  uri: a/b:latest-{0}\n  mirrors: [a/b:latest-{0}]\n"
    yield from whole(
        GALLERY,
        entry.format,
        lambda n: f"- !!merge <<: *a\n  name: {n}\n",
        lambda n: f"- &a{n}\n  name: a{n}\n  capabilities:\n    default: b\n",
        head="---\n- &a\n  name: a\n",
    )
    yield from whole(
        GALLERY, lambda n: f"    a{n}: b\n", "    # a\n", "\n", head="---\n- name: a\n  capabilities:\n"
    )
    yield from whole(
        GALLERY, "\n", "    a: b\n", head="---\n- name: a\n  description: |\n    b\n", tail="  %\n"
    )
    pin = '          - repository: "a/b"\n            variable: "A{0}_VERSION"\n            branch: "c"\n            file: "Makefile"\n'
    yield from behind(BUMP, "include:", pin.format)
    yield from behind(TEST_EXTRA, "    outputs:", lambda n: f"      a{n}: ${{{{ steps.b.outputs.a{n} }}}}\n")
    yield from behind(
        TEST_EXTRA,
        "jobs:",
        lambda n: f"  tests-a{n}:\n    runs-on: x\n    steps: [{{run: make -C backend/go/a{n}}}]\n",
    )
    yield from behind(
        DARWIN, "    steps:", lambda n: f"      - if: inputs.backend == 'a{n}'\n        run: make a\n"
    )
    yield from behind(
        DEPENDABOT,
        "updates:",
        lambda n: f'  - package-ecosystem: "pip"\n    directory: "/backend/python/a{n}"\n',
    )
    yield from behind("Makefile", "BACKEND_", lambda n: f"BACKEND_A{n} = a{n}|python|.|false|true\n")
    yield from behind(
        "Makefile",
        "BACKEND_",
        "make a make a\n",
        "\tmake a make a\n",
        lambda n: f"$(eval $(call generate-docker-build-target,$(BACKEND_A{n})))\n",
        lambda n: f"docker-build-a{n}: docker-build-a{n + 1}\n\tmake b\n",
        "test-extra: prepare-test-extra\n\t$(MAKE) -C backend/python/rookery test\n",
        "a" * 99 + " ",
    )
    yield from whole("Makefile", "a ", "backends/a ", "$(A) ", "$(or a,", head="docker-build-backends: ")
    yield from behind(DOCS, "| [", "| a | b | c |\n", "|", "| [a](", "[", "| [Rookery](x) | a |\n")


def _builds() -> Iterator[Case]:
    yield from whole(
        DOCKERFILE,
        "COPY a a a ",
        "COPY a b\n",
        lambda n: f"FROM a{n} AS a{n + 1}\nCOPY --from=a{n} b c\n",
        lambda n: f"ARG A{n}=$A{max(n - 1, 0)}\n",
        "ARG A=$A$A\n",
        "RUN a && \\\n",
        "RUN --mount=type=bind,source=a,target=/a a\n",
        "RUN <<E\na\nE\n",
        "[ ",
        "--a=b ",
        'COPY ["a", "b"]\n',
        head="FROM a\n",
    )
    for path in (SCRIPT, PACKAGE, "backend/go/lark/install.sh"):
        yield from whole(
            path, "a && ", "a || ", "a; ", "if a; then\n", "(", "{ ", "$(", "${a:-", "echo a\n", "echo ", "a=b ", "cd a\n", "exec ./a.py ",
            "<<E\n", "cp -r a.so $b/c.so\n", 'case "$a" in b) c ;; esac\n', "for a in b; do c; done\n", "$a$b", "a/$b/$c", "git clone -b v1.0 a\n",
            lambda n: f"f{n}() {{ f{n + 1}; f{n + 1}; }}\n", lambda n: f"a{n + 1}=$a{n}$a{n}\n", lambda n: f"a{n}=$a{n + 1}\n", "./a.sh ",
        )  # fmt: skip
    yield from whole(
        MAKEFILE,
        "a: a\n",
        "\tbash package.sh\n",
        "a: b.c\n\tc\n",
        lambda n: f"a{n}: b{n}.c\n\tcc b{n}.c\n",
        lambda n: f"a{n}/%: b{n}/%\n",
        "A?=b\n",
        lambda n: f"A{n}_VERSION?=v1\n",
        "ifeq ($(BUILD_TYPE),a)\n",
        "include a\n",
        "include $(a) ",
        "\tcmake -DGGML_CUDA=ON ",
        "\tcmake -DGGML_CUDA=ON\n",
        "../a ",
        "$(",
        "suffix=",
        "a \\\n",
        head="all:\n",
    )
    yield from whole(
        CMAKE, "set(A ", "set(GGML_CUDA ON)\n", "GIT_TAG v1.0 ", "if(A)\n", "add_library(a b.cpp)\n", "("
    )
    yield from whole(
        REQUIREMENTS,
        "a\n",
        "a==1\n",
        lambda n: f"a>={n}\n",
        "-r a.txt\n",
        "git+https://a/b\n",
        "git+",
        "a[",
        "--",
        "a" * 50 + " ",
        lambda n: f"a{n}\n",
    )


def _programs() -> Iterator[Case]:
    yield from whole(
        "backend/python/rookery/backend.py",
        lambda n: f"class A{n}(A{n + 1}): pass\n",
        "def a(): pass\n",
        "class A(B.",
        "import a\n",
        lambda n: f"class A{n}(backend_pb2_grpc.BackendServicer):\n  def Predict(self): pass\n",
    )
    yield from whole(
        "backend/go/lark/main.go", 'import "a"\n', lambda n: f"type A{n} struct {{ A{n + 1} }}\n", "func (a *A) Predict() {}\n", "func ", "base.",
        head="package main\n",
    )  # fmt: skip
    yield from whole(
        "backend/cpp/heron/grpc-server.cpp",
        "void a() {}\n",
        "A<",
        "a::",
        "#define A a\n",
        "Status Predict(ServerContext* a) {}\n",
    )
    yield from whole(
        "backend/rust/kestrel/src/main.rs",
        "fn a() {}\n",
        "mod a;\n",
        "impl A for B {}\n",
        "a::",
        "use a;\n",
        "<",
    )
    yield from whole("backend/rust/kestrel/Cargo.toml", "[a]\n", "a.", "a = 1\n")
    yield from behind(IMPORTERS, "{", "\t&AImporter{},\n", "\t// a\n", "\t\n")
    yield from whole(
        "core/gallery/importers/lark.go",
        "func (i *A) Name() string { return `a` }\n",
        "`",
        '"a", ',
        "if a {\n",
        head="package importers\n",
    )
    yield from behind(CAPABILITIES, "map[", '\t"a": {},\n', '\t"a": {A: b, ')
    yield from behind(PREF_ONLY, "{", '\t{Name: "a"},\n')
    yield from whole(
        "pkg/model/initializers.go",
        "var aliases = map[string]string{\n",
        "alias",
        '"a": ',
        "map[string]string",
        head="package model\n",
    )
    yield from whole(
        "backend/backend.proto",
        "rpc A(",
        "rpc ",
        "/*",
        "//",
        "rpc A (B) returns (C) {}\n",
        head="service Backend {\n",
    )
    yield from behind(
        FILTER,
        "export function inferBackendPath",
        '  if (item.dockerfile.endsWith("a")) { return "b"; }\n',
        "  a;\n",
        "  (",
        "  a ? ",
    )
    yield from whole(
        "scripts/changed-backends.js", lambda n: f'import a{n} from "./a{n}.mjs";\n', "export const a = 1;\n"
    )
    yield from whole("core/config/model_config.go", "func a() {}\n", head="package config\n")


@cache
def warm() -> check.Scope:
    """The scope of a check under all rules; the modules that it needs are loaded."""
    scope = check.Scope(select=tuple({rule.group for rule in all_rules()}))
    with fuzzing.one_process():
        check.run(fuzzing.BASE, scope)
    return scope


IMPORTER = "core/gallery/importers/lark.go"
UNITS = (
    lambda n: f"\tx{n} := y{n}\n",
    lambda n: f"\tx{n} := func() {{ z{n} := x{n} }}\n",
    lambda n: f"}}\n\nfunc f{n}() {{\n\tf{n + 1}()\n",
    lambda n: f"}}\n\ntype a{n} struct {{\n\tb a{n + 1}\n}}\n\nfunc g{n}() {{\n",
    '\tBackend: "lark",\n',
    '\tif a == "lark" {\n\t\tb()\n\t}\n',
)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("plan", [remove.plan, lambda tree, name: rename.plan(tree, name, "ibex")])
def test_code_takes_no_longer_to_leave(plan: Callable[..., object], unit: str | Callable[[int], str]) -> None:
    plan(fuzzing.BASE, "lark")
    code = (fuzzing.BASE.read(IMPORTER) or b"").decode()
    used = f"package importers\n\nfunc use() {{\n{fill(unit)}}}\n"
    contents = {
        IMPORTER: f"{code}\nfunc more() {{\n{fill(unit)}}}\n".encode(),
        IMPORTER.replace("lark", "use"): used.encode(),
    }

    def act() -> None:
        with fuzzing.one_process(), contextlib.suppress(ScaffoldError, MemoryError):
            plan(Overlay(fuzzing.BASE, contents), "lark")

    assert not ended(act)


@pytest.mark.parametrize(
    "unit", ["type AImporter struct\n", '\tBackend: "a",\n', '\t{Name: "a", Modality:\n']
)
def test_lines_of_importers_are_counted_once(unit: str) -> None:
    source = "core/gallery/importers/more.go"
    warm()
    assert not ended(
        lambda: run({source: b"package importers\n" + unit.encode() * ((2 << 20) // len(unit) - 9)})
    )


def run(contents: dict[str, bytes]) -> None:
    with fuzzing.one_process(), contextlib.suppress(ShapeError, MemoryError):
        check.run(Overlay(fuzzing.BASE, contents), warm())


@pytest.mark.parametrize("case", [*cases()], ids=lambda case: case.name)
def test_a_file_takes_no_longer_than_its_length_makes_it(case: Case) -> None:
    warm()
    assert not ended(lambda: run(case.contents))
