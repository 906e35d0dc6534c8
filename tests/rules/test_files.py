"""Each rule on the miniature with one thing broken, with one thing that only looks broken, and repaired."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from scaffold.backend.variants import supported
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.tree import Overlay, Tree, WorkTree
from scaffold.operations import new, workers
from scaffold.registry import Registry
from scaffold.resources import miniature_dir
from scaffold.rules import registration_rules
from scaffold.rules.base import Finding, Severity
from tests.conftest import PIN
from tests.operations.test_new_backend import KINDS, answers

MATRIX = ".github/backend-matrix.yml"
FINCH = "backend/python/finch-tts"
LARK = "backend/go/lark"
WREN = "backend/go/wren-cpp"
HERON = "backend/cpp/heron"
KESTREL = "backend/rust/kestrel"

OWN = {rule.slug: rule for rule in registration_rules() if rule.group == "files"}
BASE = WorkTree(miniature_dir())


def read(path: str) -> str:
    data = BASE.read(path)
    assert data is not None, path
    return data.decode()


def replaced(path: str, *pairs: tuple[str, str]) -> dict[str, bytes | None]:
    """A file of the miniature with parts replaced, each of which must be there."""
    text = read(path)
    for old, new_text in pairs:
        assert old in text, (path, old)
        text = text.replace(old, new_text)
    return {path: text.encode()}


def tree(*changes: dict[str, bytes | None]) -> Tree:
    return Overlay(BASE, {path: data for change in changes for path, data in change.items()})


def findings(where: Tree, slug: str | None = None) -> list[Finding]:
    rules = [OWN[slug]] if slug else list(OWN.values())
    return workers.find(Registry(where), rules)


def line_of(where: Tree, path: str, text: str) -> int:
    data = where.read(path)
    assert data is not None
    lines = [n for n, line in enumerate(data.decode().splitlines(), 1) if text in line]
    assert len(lines) == 1, (path, text, lines)
    return lines[0]


def only(where: Tree, slug: str, backend: str, path: str, text: str) -> Finding:
    """The one finding of all rules of this module; it stands on the line that holds `text`."""
    found = findings(where)
    assert [(f.rule, f.backend, f.path) for f in found] == [(slug, backend, path)]
    assert found[0].line == line_of(where, path, text)
    return found[0]


def assert_fixed(where: Tree, finding: Finding) -> Overlay:
    """The fix makes this finding disappear and no other appear."""
    assert finding.fix is not None
    changes = ChangeSet(where)
    finding.fix(changes)
    after = changes.overlay()
    before = Counter(f.identity for f in workers.find(Registry(where), registration_rules()))
    left = Counter(f.identity for f in workers.find(Registry(after), registration_rules()))
    assert not left - before
    assert before - left == Counter([finding.identity])
    return after


def test_the_miniature_is_clean() -> None:
    assert findings(BASE) == []


@pytest.mark.parametrize(("lang", "kind"), KINDS)
def test_what_new_backend_writes_is_clean(lang: str, kind: str) -> None:
    # Without an engine of its own a backend has nothing to build for a GPU.
    names = ("cpu",) if lang == "rust" else ("cpu", "metal") if kind == "pure" else supported(lang)
    variants = tuple(v for v in names if not (kind == "llama-fork" and v == "metal"))
    plan = new.plan(BASE, answers(lang, kind, variants=variants))
    assert findings(plan.changes.overlay()) == []


# --- matrix-no-requirements ----------------------------------------------------------------------


def test_a_python_build_without_requirements_of_its_own() -> None:
    where = tree({f"{FINCH}/requirements-intel.txt": None})
    entry = next(
        e for e in Registry(where).matrix.entries_of("finch-tts") if e.fields["build-type"] == "intel"
    )
    found = findings(where)
    assert [(f.rule, f.backend, f.path, f.line, f.subject) for f in found] == [
        ("matrix-no-requirements", "finch-tts", MATRIX, entry.line, "requirements-intel.txt")
    ]
    assert "torch" in found[0].message
    assert f"{FINCH}/requirements-intel.txt" in found[0].help


@pytest.mark.parametrize(
    "profile", ["cpu", "cublas12", "cublas13", "l4t12", "l4t13", "hipblas", "intel", "mps"]
)
def test_every_profile_needs_its_file(profile: str) -> None:
    where = tree({f"{FINCH}/requirements-{profile}.txt": None})
    assert [f.subject for f in findings(where)] == [f"requirements-{profile}.txt"]


def test_requirements_txt_may_have_everything() -> None:
    complete = (read(f"{FINCH}/requirements.txt") + "torch==2.12.1\n").encode()
    where = tree({f"{FINCH}/requirements-intel.txt": None, f"{FINCH}/requirements.txt": complete})
    assert findings(where) == []


def test_an_after_file_serves_its_profile() -> None:
    text = read(f"{FINCH}/requirements-cublas12.txt").encode()
    where = tree(
        {f"{FINCH}/requirements-cublas12.txt": None, f"{FINCH}/requirements-cublas12-after.txt": text}
    )
    reads_it = "BUILD_PROFILE}-after" in read("backend/python/common/libbackend.sh")
    assert bool(findings(where)) is not reads_it


@pytest.mark.parametrize(
    ("profile", "condition"),
    [("mps", '[ "$(uname -s)" = "Darwin" ]'), ("intel", '[ "x${BUILD_PROFILE}" == "xintel" ]')],
)
def test_install_sh_may_install_in_a_branch_of_its_own(profile: str, condition: str) -> None:
    gone: dict[str, bytes | None] = {f"{FINCH}/requirements-{profile}.txt": None}
    for body, quiet in (("uv pip install finch", True), ("export FINCH=1", False)):
        script = f"if {condition}; then\n    {body}\nelse\n    installRequirements\nfi\n"
        where = tree(gone, replaced(f"{FINCH}/install.sh", ("installRequirements\n", script)))
        assert bool(findings(where)) is not quiet


# --- makefile-test-target ------------------------------------------------------------------------


def test_a_test_target_that_make_invents() -> None:
    where = tree(replaced(f"{FINCH}/Makefile", (".PHONY: test\ntest: install\n\tbash test.sh\n", "")))
    found = only(where, "makefile-test-target", "finch-tts", "Makefile", f"-C {FINCH} test")
    assert found.severity is Severity.error
    assert "succeeds" in found.message


def test_make_really_invents_it(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("install:\n\ttrue\n")
    (tmp_path / "test.sh").write_text("exit 1\n")
    assert subprocess.run(["make", "test"], cwd=tmp_path, capture_output=True, check=False).returncode == 0


def test_a_test_target_that_is_not_there_at_all() -> None:
    where = tree(replaced(f"{LARK}/Makefile", ("test:\n\t$(GOCMD) test -count=1 ./...\n", "")))
    found = only(where, "makefile-test-target", "lark", "Makefile", f"-C {LARK} test")
    assert "fails" in found.message


def test_a_workflow_that_runs_the_tests() -> None:
    makefile = replaced("Makefile", (f"\t$(MAKE) -C {FINCH} test\n", ""))
    broken = replaced(f"{FINCH}/Makefile", ("test: install\n\tbash test.sh\n", ""))
    jobs = ".github/workflows/test-extra.yml"
    call = f"--output-sync=target -C {FINCH}"
    only(tree(makefile, broken), "makefile-test-target", "finch-tts", jobs, f"{call} test")
    assigned = replaced(jobs, (f"{call} test", f"{call} X=1 test"))
    only(tree(makefile, broken, assigned), "makefile-test-target", "finch-tts", jobs, f"{call} X=1 test")
    for quiet in (f"{call} install && make test", f"{call} install  # test"):
        assert findings(tree(makefile, broken, replaced(jobs, (f"{call} test", quiet)))) == []
    commented = replaced(jobs, (f"make --jobs=5 {call} test", f"# make --jobs=5 {call} test"))
    assert findings(tree(makefile, broken, commented)) == []


@pytest.mark.parametrize(
    "rule", ["all test: install\n", "test::\n\ttrue\n", "include test.mk\n", "%: %.py\n", "-include $(X)\n"]
)
def test_other_ways_to_have_a_test_target(rule: str) -> None:
    included: dict[str, bytes | None] = {f"{FINCH}/test.mk": b"test:\n\tbash test.sh\n"}
    where = tree(included, replaced(f"{FINCH}/Makefile", ("test: install\n\tbash test.sh\n", rule)))
    assert findings(where) == []


# --- darwin-run-script, darwin-packaging ---------------------------------------------------------

LINUX_RUN = """#!/bin/bash
CURDIR=$(dirname "$(realpath "$0")")
export LD_LIBRARY_PATH="$CURDIR/lib"
exec "$CURDIR/lark" "$@"
"""
LINUX_PACKAGE = 'CURDIR=$(dirname "$0")\ncp -fv "$CURDIR"/liblark.so "$CURDIR/package/lib/"\n'


def test_a_start_script_for_linux_only() -> None:
    where = tree({f"{LARK}/run.sh": LINUX_RUN.encode()})
    only(where, "darwin-run-script", "lark", f"{LARK}/run.sh", "LD_LIBRARY_PATH")


def test_a_package_for_linux_only() -> None:
    where = tree({f"{LARK}/package.sh": LINUX_PACKAGE.encode()})
    only(where, "darwin-packaging", "lark", f"{LARK}/package.sh", "liblark.so")


def test_one_defect_is_reported_once() -> None:
    where = tree({f"{LARK}/run.sh": LINUX_RUN.encode(), f"{LARK}/package.sh": LINUX_PACKAGE.encode()})
    found = only(where, "darwin-run-script", "lark", f"{LARK}/run.sh", "LD_LIBRARY_PATH")
    assert f"{LARK}/package.sh" in found.help


def test_a_cpp_backend_is_packaged_by_its_own_script() -> None:
    linux = {f"{HERON}/package.sh": LINUX_PACKAGE.encode()}
    assert findings(tree(linux)) == []
    script = "scripts/build/heron-darwin.sh"
    only(
        tree({script: b"#!/bin/bash\ncp build/libheron.so out/\n"}),
        "darwin-packaging",
        "heron",
        script,
        ".so",
    )


def test_the_systems_libraries_need_a_branch_only() -> None:
    text = LINUX_PACKAGE.replace("liblark.so", "liblark.*")
    text += 'if [ "$(uname)" != "X" ]; then\n    cp /lib64/ld-linux-x86-64.so.2 package/lib/ld.so\nfi\n'
    where = tree({f"{LARK}/package.sh": text.encode()})
    only(where, "darwin-packaging", "lark", f"{LARK}/package.sh", "ld-linux")
    assert findings(tree({f"{LARK}/package.sh": text.replace("X", "Darwin").encode()})) == []


@pytest.mark.parametrize("way", ["not shipped", "rpath", "comment"])
def test_what_needs_no_darwin_branch(way: str) -> None:
    change: dict[str, bytes | None] = {f"{LARK}/run.sh": LINUX_RUN.encode()}
    if way == "not shipped":
        entry = next(e for e in Registry(BASE).matrix.darwin if e.backend == "lark")
        lines = read(MATRIX).splitlines(keepends=True)
        end = len(entry.source.slice(0, entry.end).splitlines())
        change[MATRIX] = "".join(lines[: entry.line - 1] + lines[end:]).encode()
    elif way == "rpath":
        rpath = "install_name_tool -add_rpath @loader_path/lib lark\n"
        change[f"{LARK}/package.sh"] = (read(f"{LARK}/package.sh") + rpath).encode()
    else:
        script = '# LD_LIBRARY_PATH is not needed: there is no .so\nexec ./lark "$@"\n'
        change[f"{LARK}/run.sh"] = script.encode()
    assert findings(tree(change)) == []


# --- build-type-unhandled ------------------------------------------------------------------------


def without_branch(build_type: str) -> dict[str, bytes | None]:
    """The Makefile of wren-cpp with a condition that never holds in place of one build type."""
    text = read(f"{WREN}/Makefile")
    assert build_type in text
    return {f"{WREN}/Makefile": text.replace(build_type, "nothing").encode()}


@pytest.mark.parametrize("build_type", ["cublas", "hipblas", "vulkan", "sycl"])
def test_a_build_type_that_nothing_is_done_for(build_type: str) -> None:
    found = findings(tree(without_branch(build_type)))
    assert [(f.rule, f.backend, f.path, f.subject) for f in found] == [
        ("build-type-unhandled", "wren-cpp", f"{WREN}/Makefile", f"build type {build_type}")
    ]


def test_it_stands_at_the_last_branch() -> None:
    lines = ["BUILD_TYPE?=", "ifeq ($(BUILD_TYPE),cublas)", "else ifeq ($(BUILD_TYPE),hipblas)", "endif"]
    where = tree({f"{WREN}/Makefile": "\n".join([*lines, "X=1", "test:", ""]).encode()})
    found = findings(where, "build-type-unhandled")
    assert [(f.line, f.subject) for f in found] == [(3, "build type sycl"), (3, "build type vulkan")]
    assert "sycl_f16, sycl_f32" in found[0].message


@pytest.mark.parametrize(
    "elsewhere",
    [
        {f"{WREN}/CMakeLists.txt": 'if(BUILD_TYPE STREQUAL "vulkan")\nendif()\n'},
        {f"{WREN}/build.sh": 'case "$BUILD_TYPE" in\n    vulkan) cmake -DGGML_VULKAN=ON ;;\nesac\n'},
        {f"{WREN}/gpu.mk": "ifeq ($(BUILD_TYPE),vulkan)\nendif\n"},
    ],
)
def test_a_build_type_may_be_handled_elsewhere(elsewhere: dict[str, str]) -> None:
    makefile = without_branch("vulkan")[f"{WREN}/Makefile"]
    assert makefile is not None
    change: dict[str, bytes | None] = {path: text.encode() for path, text in elsewhere.items()}
    if f"{WREN}/gpu.mk" in elsewhere:
        assert findings(tree(change, {f"{WREN}/Makefile": makefile}))
        makefile += b"include gpu.mk\n"
    assert findings(tree(change, {f"{WREN}/Makefile": makefile})) == []


@pytest.mark.parametrize(
    "line",
    [
        "\t$(MAKE) -C sources/wren.cpp lib\n",
        "CMAKE_ARGS+=-DBUILD_TYPE=$(BUILD_TYPE)\n",
        "ifneq ($(BUILD_TYPE),)\nendif\n",
    ],
)
def test_a_build_type_may_be_handed_on(line: str) -> None:
    makefile = without_branch("vulkan")[f"{WREN}/Makefile"]
    assert makefile is not None
    assert findings(tree({f"{WREN}/Makefile": makefile + b"x:\n" + line.encode()})) == []
    for said in (b'\t@echo "for $(BUILD_TYPE)"\n', b"# $(MAKE) -C sources/wren.cpp vulkan\n"):
        assert findings(tree({f"{WREN}/Makefile": makefile + b"x:\n" + said}))


def test_a_fork_builds_with_the_makefile_that_it_borrows() -> None:
    path = "backend/cpp/llama-cpp/Makefile"
    where = tree(replaced(path, ("cublas", "nothing")))
    assert {f.backend for f in findings(where, "build-type-unhandled")} == {"llama-cpp", "meadow-lark"}


# --- build-flag-obsolete -------------------------------------------------------------------------


def test_a_flag_that_the_engine_has_renamed() -> None:
    where = tree(replaced(f"{WREN}/Makefile", ("DGGML_HIP=", "DGGML_HIPBLAS=")))
    found = only(where, "build-flag-obsolete", "wren-cpp", f"{WREN}/Makefile", "GGML_HIPBLAS")
    assert found.severity is Severity.warning
    assert assert_fixed(where, found).read(f"{WREN}/Makefile") == BASE.read(f"{WREN}/Makefile")


def test_a_renamed_flag_for_hardware_that_is_not_built_is_an_info() -> None:
    text = read(f"{HERON}/Makefile").replace("-DHERON_CUDA=ON", "-DHERON_CUDA=ON -DGGML_HIPBLAS=ON")
    found = only(
        tree({f"{HERON}/Makefile": text.encode()}),
        "build-flag-obsolete",
        "heron",
        f"{HERON}/Makefile",
        "HIPBLAS",
    )
    assert found.severity is Severity.info


@pytest.mark.parametrize(
    "line",
    [
        "CMAKE_ARGS+=-DGGML_HIP=ON -DGGML_HIPBLAS=ON",
        "CMAKE_ARGS+=-DGGML_HIPBLAS=ON \\\n\t-DGGML_HIP=ON",
        "CMAKE_ARGS+=-DWREN_HIPBLAS=ON -DGGML_HIPBLAS=ON",
        "CMAKE_ARGS+=-DWREN_GGML_HIPBLAS=ON",
        "# CMAKE_ARGS+=-DGGML_HIPBLAS=ON is not read any more",
        "CMAKE_ARGS+=-DGGML_CLBLAST=ON -DGGML_OPENCL=ON",
    ],
)
def test_flags_that_are_fine(line: str) -> None:
    where = tree({f"{WREN}/Makefile": (read(f"{WREN}/Makefile") + f"\n{line}\n").encode()})
    assert findings(where) == []


# --- rust-stub-missing ---------------------------------------------------------------------------


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
    stubs: dict[str, bytes | None] = {f"{KESTREL}/build.rs": b"x.generate_default_stubs(true)\n"}
    assert findings(tree(without_stubs(), stubs)) == []


# --- bump-pin-elsewhere --------------------------------------------------------------------------


def installing(*lines: str) -> dict[str, bytes | None]:
    return {f"{FINCH}/install.sh": (read(f"{FINCH}/install.sh") + "".join(f"{x}\n" for x in lines)).encode()}


@pytest.mark.parametrize(
    ("lines", "at"),
    [
        (["git clone https://github.com/a/b b", f"git -C b checkout {PIN}"], "checkout"),
        (["git clone --depth 1 -b v1.2.3 https://github.com/a/b"], "clone"),
        (['B_VERSION="${B_VERSION:-v1.2}"', 'git clone --branch "${B_VERSION}" \\', "  https://github.com/a/b"], "B_VERSION="),
        (["B_VERSION=1.2", 'git clone --branch "v${B_VERSION}" https://github.com/a/b'], "B_VERSION="),
        ([f"B_COMMIT={PIN}", "git clone https://github.com/a/b", "git checkout -b x ${B_COMMIT}"], "B_COMMIT="),
        (["# git", f"curl -L https://github.com/a/b/archive/{PIN}.tar.gz | tar x", "git status"], "curl"),
    ],
)  # fmt: skip
def test_a_pin_in_a_script(lines: list[str], at: str) -> None:
    found = only(tree(installing(*lines)), "bump-pin-elsewhere", "finch-tts", f"{FINCH}/install.sh", at)
    assert "github.com/a/b" in found.message


def test_a_pin_in_cmake() -> None:
    cmake = (
        "include(FetchContent)\nFetchContent_Declare(json\n"
        "    GIT_REPOSITORY https://github.com/a/json\n    GIT_TAG v3.11.3)\n"
    )
    where = tree({f"{WREN}/wren.cmake": cmake.encode()})
    only(where, "bump-pin-elsewhere", "wren-cpp", f"{WREN}/wren.cmake", "GIT_TAG")


@pytest.mark.parametrize(
    "lines",
    [
        ["git clone https://github.com/a/b"],
        ["git clone --depth 1 --branch main https://github.com/a/b"],
        ["# Held: newer ones hang.", "git clone -b v1.2.3 https://github.com/a/b"],
        ["git clone -b v1.2.3 https://github.com/a/b  # do not bump before b has wheels"],
        ["PYTHON_VERSION=3.12", "git clone https://github.com/a/b"],
        ["uv pip install b==1.2.3"],
        [f"# git checkout {PIN}"],
    ],
)
def test_what_is_no_pin_out_of_reach(lines: list[str]) -> None:
    assert findings(tree(installing(*lines))) == []


def test_a_pin_that_a_workflow_bumps_by_a_script_of_its_own() -> None:
    pinned = installing("B_VERSION=1.2", 'git clone -b "v${B_VERSION}" https://github.com/a/b')
    path = ".github/workflows/bump_deps.yaml"
    step = f"      - run: bash .github/bump_b.sh a/b {FINCH}/install.sh B_VERSION\n"
    assert findings(tree(pinned, {path: (read(path).rstrip() + f"\n{step}").encode()})) == []


# --- quoting -------------------------------------------------------------------------------------

UNQUOTED = """#!/bin/bash
backend_dir=$(dirname $0)
if [ -d $backend_dir/common ]; then
    source $backend_dir/common/libbackend.sh
else
    source $backend_dir/../common/libbackend.sh
fi

startBackend $@"""


@pytest.mark.parametrize("closing", ["", "\n"])
def test_an_unquoted_python_start_script(closing: str, tmp_path: Path) -> None:
    where = tree({f"{FINCH}/run.sh": (UNQUOTED + closing).encode()})
    found = only(where, "python-run-quoting", "finch-tts", f"{FINCH}/run.sh", "dirname")
    fixed = assert_fixed(where, found).read(f"{FINCH}/run.sh")
    assert fixed is not None
    assert b'backend_dir=$(dirname "$0")\n' in fixed
    assert b'startBackend "$@"' in fixed
    folder = tmp_path / "Application Support"
    (folder / "common").mkdir(parents=True)
    (folder / "common/libbackend.sh").write_text("startBackend() { printf '%s\\n' \"$@\"; }\n")
    for script, expected in ((UNQUOTED.encode(), ""), (fixed, "--addr\na b\n")):
        (folder / "run.sh").write_bytes(script)
        result = subprocess.run(
            ["bash", folder / "run.sh", "--addr", "a b"], capture_output=True, text=True, check=False
        )
        assert result.stdout == expected


def test_an_unquoted_native_start_script() -> None:
    run = read(f"{LARK}/run.sh").replace('exec "$CURDIR/lark" "$@"', "exec $CURDIR/lark $@")
    where = tree({f"{LARK}/run.sh": run.encode()})
    found = only(where, "native-run-quoting", "lark", f"{LARK}/run.sh", "exec $CURDIR")
    fixed = assert_fixed(where, found).read(f"{LARK}/run.sh")
    assert fixed is not None
    assert b'exec "$CURDIR"/lark "$@"' in fixed


# --- signal-shutdown -----------------------------------------------------------------------------

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


# --- other people's bytes ------------------------------------------------------------------------

FILES = ("run.sh", "install.sh", "package.sh", "Makefile", "CMakeLists.txt", "grpc-server.cpp", "build.rs")
HOSTILE = {
    "garbage": bytes(range(256)) * 8,
    "latin-1": "exec $CURDIR/caf\xe9 $@ -DGGML_HIPBLAS=ON git checkout ".encode("latin-1") + PIN.encode(),
    "nested": b"$(" * 60_000,
    "braces": b"${" * 60_000,
    "quotes": b"\"'`" * 40_000,
    "spaces": b"signal(a," + b" " * 120_000,
    "words": b"make git impl include if case " * 5_000,
    "calls": b"signal(SIGTERM, f) Shutdown " + b"f(" * 60_000,
    "comments": b"/*" + b"*/*" * 40_000,
    "variables": b"requirements-" + b"$ab" * 40_000,
    "urls": b"git https://" * 12_000,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_files_are_read_in_time(what: str) -> None:
    data = HOSTILE[what]
    folders = (FINCH, LARK, HERON, KESTREL)
    change: dict[str, bytes | None] = {f"{folder}/{name}": data for folder in folders for name in FILES}
    change[f"{KESTREL}/src/service.rs"] = b"impl Backend for X {" + data
    change["backend/python/common/libbackend.sh"] = b"installRequirements() {\n" + data
    change["scripts/build/heron-darwin.sh"] = data
    where = tree(change)
    start = time.process_time()
    found = findings(where)
    assert time.process_time() - start < 10
    for finding in found:
        if finding.fix is not None:
            changes = ChangeSet(where)
            finding.fix(changes)
            assert changes.diff()


def test_an_empty_checkout_has_nothing_to_say() -> None:
    nothing: dict[str, bytes | None] = {
        path: None for path in BASE.files("backend") if path != "backend/index.yaml"
    }
    assert findings(tree(nothing)) == []
