"""Files that the build or the start of a backend asks for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scaffold.rules.base import Severity
from tests.rules.files.trees import FINCH, HERON, KESTREL, LARK, WREN, findings, read, replaced, tree
from tests.rules.trees import BASE, MATRIX, MINIATURE

SLUG = "files-missing"
NEEDED = [
    *(f"{folder}/run.sh" for folder in (FINCH, LARK, WREN, HERON, KESTREL)),
    *(f"{folder}/package.sh" for folder in (LARK, WREN, HERON, KESTREL)),
    f"{FINCH}/Makefile",
    f"{FINCH}/install.sh",
    f"{FINCH}/backend.py",
    f"{LARK}/main.go",
    f"{WREN}/main.go",
    f"{KESTREL}/Cargo.toml",
    f"{HERON}/CMakeLists.txt",
    f"{HERON}/grpc-server.cpp",
]


MAIN = f"{KESTREL}/src/main.rs"
BIN = '[[bin]]\nname = "kestrel-grpc"\npath = "src/main.rs"\n'


@pytest.mark.parametrize(
    ("manifest", "other", "missed"),
    [
        (BIN, {}, "src/main.rs"),
        ("", {}, "src/main.rs"),
        (BIN.replace("main", "server"), {}, "src/server.rs"),
        (BIN, {MAIN: b"\n"}, "src/main.rs"),
        (BIN.replace("main", "voice"), {}, ""),
        (
            BIN.replace("src/main", "sources/kestrel/main"),
            {f"{KESTREL}/fetch.sh": b"git clone u sources\n"},
            "",
        ),
        (BIN, {f"{KESTREL}/make.sh": b"gen > src/main.rs\n"}, ""),
        ("", {f"{KESTREL}/src/lib.rs": b"fn a() {}\n"}, ""),
        ("", {f"{KESTREL}/src/bin/kestrel-grpc.rs": b"fn main() {}\n"}, ""),
        ('[lib]\npath = "src/service.rs"\n', {}, ""),
        ("[[bin]]\nname = 1\n[bin]\n", {}, ""),
        ("bin = " + "[" * 5000, {}, ""),
    ],
)
def test_the_program_of_a_rust_backend(manifest: str, other: dict[str, bytes | None], missed: str) -> None:
    where = tree({MAIN: None}, replaced(f"{KESTREL}/Cargo.toml", (BIN, manifest)), other)
    found = findings(where, SLUG)
    assert [(f.backend, f.subject) for f in found] == [("kestrel", f"file {missed}")] * bool(missed)
    assert all(f.path == f"{KESTREL}/Cargo.toml" for f in found)


@pytest.mark.parametrize("path", NEEDED)
def test_each_is_missed(path: str) -> None:
    assert BASE.read(path) is not None
    name, file = path.split("/")[2:]
    found = findings(tree({path: None}), SLUG)
    assert [(f.backend, f.severity, f.subject) for f in found] == [(name, Severity.error, f"file {file}")]
    assert path in found[0].message


@pytest.mark.parametrize("path", NEEDED)
def test_an_empty_one_is_none(path: str) -> None:
    found = findings(tree({path: b"\n"}), SLUG)
    assert [f.subject for f in found] == [f"file {path.rpartition('/')[2]}"]
    if not path.endswith("main.go"):
        assert f"{path} is empty" in found[0].message


@pytest.mark.parametrize(
    ("path", "name", "other"),
    [
        (f"{FINCH}/run.sh", "/../common/libbackend.sh", "backend/python/common/libbackends.sh"),
        (f"{FINCH}/install.sh", "/common/libbackend.sh", "backend/python/common/libbackends.sh"),
        (f"{LARK}/package.sh", "package-system-libs.sh", "scripts/build/package-system-libss.sh"),
    ],
)
def test_a_shared_script_of_another_name(path: str, name: str, other: str) -> None:
    where = tree(replaced(path, (name, name.replace(".sh", "s.sh").replace("libss.sh", "libss.sh"))))
    found = findings(where, SLUG)
    assert [(f.backend, f.path) for f in found] == [(path.split("/")[2], path)]
    assert f"there is no {other}" in found[0].message


def test_a_shared_script_that_another_one_runs() -> None:
    script = f'{read(f"{LARK}/package.sh")}\necho 1 | "$CURDIR/../../../scripts/lib/version.sh"\n'
    (found,) = findings(tree({f"{LARK}/package.sh": script.encode()}), SLUG)
    assert (
        found.message == "package.sh runs ../../../scripts/lib/version.sh: there is no scripts/lib/version.sh"
    )


def test_nothing_else_is() -> None:
    for path in (f"{FINCH}/README.md", f"{LARK}/golark_test.go", f"{FINCH}/requirements.txt"):
        assert findings(tree({path: None}), SLUG) == []


@pytest.mark.parametrize("name", ["server.py", "finch-tts.py"])
def test_the_names_that_the_start_script_knows(name: str) -> None:
    program: dict[str, bytes | None] = {f"{FINCH}/backend.py": None, f"{FINCH}/{name}": b"serve()\n"}
    assert findings(tree(program), SLUG) == []


@pytest.mark.parametrize(
    ("start", "is_missed"),
    [
        ("python $backend_dir/beak.py $@", True),
        ('exec python "${backend_dir}"/beak.py "$@"', True),
        ('python "$(dirname "$0")/beak.py" "$@"', True),
        ("BACKEND_FILE=$backend_dir/beak.py\nstartBackend $@", True),
        ("python $backend_dir/backend.py $@", False),
        ("python $backend_dir/engine/beak.py $@", False),
        ("engine=$backend_dir/engine\npython $engine/beak.py $@", False),
        ("[ -f $backend_dir/beak.py ] && python $backend_dir/beak.py $@", False),
        ("python $HOME/beak.py $@", False),
    ],
)
def test_a_program_that_the_start_script_names_itself(start: str, is_missed: bool) -> None:
    text = f"#!/bin/bash\nbackend_dir=$(dirname $0)\n{start}\n".encode()
    told = [f for f in findings(tree({f"{FINCH}/run.sh": text})) if "beak.py" in f.message]
    assert [f.severity for f in told] == [Severity.error] * is_missed
    made = tree({f"{FINCH}/run.sh": text, f"{FINCH}/install.sh": b"installRequirements\ncp a beak.py\n"})
    assert not [f for f in findings(made) if "starts beak.py" in f.message]


def test_a_program_of_any_name_that_the_start_script_is_told() -> None:
    told = replaced(f"{FINCH}/run.sh", ("startBackend", "BACKEND_FILE=$PWD/finch.py\nstartBackend"))
    assert findings(tree(told, {f"{FINCH}/backend.py": None}), SLUG) == []


@pytest.mark.parametrize(
    ("recipe", "fails"),
    [
        ("bash fetch.sh", True),
        ("./fetch.sh --all", True),
        ("@sh ./fetch.sh", True),
        ("if [ -f fetch.sh ]; then bash fetch.sh; fi", False),
        ("bash fetch.sh || true", False),
        ("-bash fetch.sh", False),
        ("cd sources && bash fetch.sh", False),
        ("bash sources/fetch.sh", False),
        ("# bash fetch.sh", False),
        ("mkdir -p x && ./fetch.sh", True),
        ("@echo 'run ./fetch.sh first'", False),
        ('if [ "$(A)" = b ]; then ./fetch.sh; fi', False),
        ("for i in; do ./fetch.sh; done", False),
        ("pushd sources >/dev/null; bash fetch.sh", False),
        ("bash fetch.sh; true", False),
        ("bash fetch.sh | cat", False),
        ("true || bash fetch.sh", False),
        ("echo true > fetch.sh && sh fetch.sh", False),
    ],
)
def test_make_stops_where_a_recipe_runs_what_is_not_there(recipe: str, fails: bool, tmp_path: Path) -> None:
    where = tree({f"{LARK}/Makefile": f"{read(f'{LARK}/Makefile')}\nfetch:\n\t{recipe}\n".encode()})
    found = findings(where, SLUG)
    assert [f.subject for f in found] == ["file fetch.sh"] * fails
    (tmp_path / "Makefile").write_text(f"fetch:\n\t{recipe}\n")
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/fetch.sh").write_text("true\n")
    made = subprocess.run(["make", "SHELL=bash", "fetch"], cwd=tmp_path, capture_output=True, check=False)
    assert (made.returncode != 0) == fails


def test_what_a_rule_is_made_from() -> None:
    makefile = read(f"{LARK}/Makefile")
    wanting = f"{makefile}\nlark.so: lark.c lark.h\n\tcc -shared -o $@ lark.c\n"
    assert {f.subject for f in findings(tree({f"{LARK}/Makefile": wanting.encode()}), SLUG)} == {
        "file lark.c",
        "file lark.h",
    }
    made = f"{wanting}\nlark.c lark.h:\n\ttouch $@\n"
    assert findings(tree({f"{LARK}/Makefile": made.encode()}), SLUG) == []


@pytest.mark.parametrize(
    "rules",
    [
        ".SUFFIXES: .c .cpp",
        ".PHONY: lark.sh",
        ".PRECIOUS: lark.c",
        "VPATH = sources\nbird: lark.c",
        "vpath %.c sources\nbird: lark.c",
        "ifdef NEVER\nbird: lark.c\nendif\nbird:",
        "define never\nbird: lark.c\nendef\nbird:",
        "%.pb.c: %.proto\n\ttouch $@\nlark.proto:\nbird: lark.pb.c",
        "bird: eggs lark.c\neggs:\n\ttouch lark.c",
    ],
)
def test_what_make_does_not_miss(rules: str, tmp_path: Path) -> None:
    makefile = f"{rules}\n\nbird:\n\ttrue\n"
    (tmp_path / "Makefile").write_text(makefile)
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/lark.c").write_text("")
    subprocess.run(["make", "bird"], cwd=tmp_path, capture_output=True, check=True)
    text = f"{read(f'{LARK}/Makefile')}\n{makefile}".encode()
    assert findings(tree({f"{LARK}/Makefile": text}), SLUG) == []


def test_a_makefile_need_not_be_text() -> None:
    text = f"{read(f'{LARK}/Makefile')}\n".encode() + b"bird: \xff.c\n\tbash \xff.sh\n"
    assert findings(tree({f"{LARK}/Makefile": text}), SLUG) == []


def test_a_program_is_built_where_a_recipe_goes() -> None:
    moved: dict[str, bytes | None] = {f"{LARK}/Makefile": b"lark:\n\tcd cmd && go build -o ../lark .\n"}
    assert findings(tree({**moved, f"{LARK}/main.go": None}), SLUG) == []


def test_what_scripts_copy() -> None:
    package = read(f"{LARK}/package.sh")
    copying = f'{package}\ncp "$CURDIR/words.txt" "$CURDIR/package/"\n'
    found = findings(tree({f"{LARK}/package.sh": copying.encode()}), SLUG)
    assert [(f.subject, f.path) for f in found] == [("file words.txt", f"{LARK}/package.sh")]
    guarded = copying.replace("\ncp", '\n[ -f "$CURDIR/words.txt" ] && cp')
    assert findings(tree({f"{LARK}/package.sh": guarded.encode()}), SLUG) == []
    there = {f"{LARK}/words.txt": b"caw\n"}
    assert findings(tree({f"{LARK}/package.sh": copying.encode()}, there), SLUG) == []


def test_what_cmake_compiles_in_a_branch_may_be_missing() -> None:
    lists = read(f"{HERON}/CMakeLists.txt")
    for branch, names in (("{}", ["file croak.cpp"]), ("if(CROAK)\n{}\nendif()", [])):
        text = f"{lists}\n{branch.format('add_library(croak croak.cpp)')}\n"
        assert [f.subject for f in findings(tree({f"{HERON}/CMakeLists.txt": text.encode()}), SLUG)] == names


@pytest.mark.parametrize(
    ("recipe", "source", "is_told"),
    [
        ("mkdir -p build-x && \\\n\tcd build-x && \\\n\tcmake .. $(A) && cmake --build . && cd .. && mv a b", "croak.cpp", True),
        ("cd build && cmake -DA=b ..", "cpp/croak.cpp", True),
        ("cd build && cmake ..", "cpp/there.cpp", False),
        ("cd build && cmake ..", "sources/croak/croak.cpp", False),
        ("cd sources && cd build && cmake ..", "croak.cpp", False),
        ("cd sources/build && cmake ..", "croak.cpp", False),
        ("cd .. && cmake ..", "croak.cpp", False),
    ],
)  # fmt: skip
def test_what_cmake_compiles_from_a_folder_below(recipe: str, source: str, is_told: bool) -> None:
    makefile = f"{read(f'{LARK}/Makefile')}\nlibcroak.so:\n\t{recipe}\n"
    files: dict[str, bytes | None] = {
        f"{LARK}/Makefile": makefile.encode(),
        f"{LARK}/CMakeLists.txt": f"add_library(croak MODULE {source})\n".encode(),
        f"{LARK}/cpp/there.cpp": b"int a;\n",
    }
    assert [f.subject for f in findings(tree(files), SLUG)] == ([f"file {source}"] if is_told else [])


def test_a_backend_that_nothing_builds_needs_nothing() -> None:
    where = tree({"backend/go/owl/main.go": b"package main\n"})
    assert [f.backend for f in findings(where, SLUG)] == []


@pytest.mark.parametrize("path", [f"{FINCH}/run.sh", f"{LARK}/package.sh"])
@pytest.mark.parametrize(
    "line",
    [
        'if [ -f "$CURDIR/{0}" ]; then\n    source "$CURDIR/{0}"\nfi',
        'source "$CURDIR/{0}" || true',
        '[ -e "$CURDIR/{0}" ] && source "$CURDIR/{0}"',
        'MORE="$CURDIR/{0}"\nif [ -f "${{MORE}}" ]; then\n    source "$MORE"\nfi',
    ],
)
def test_a_shared_script_that_is_asked_for(path: str, line: str) -> None:
    script = "../common/more.sh" if path.startswith(FINCH) else "../../../scripts/build/more.sh"
    more = f"CURDIR=$(dirname $0)\n{line.format(script)}\n"
    assert findings(tree({path: f"{read(path)}\n{more}".encode()}), SLUG) == []


def test_a_shared_script_in_a_variable_that_nobody_asks_for() -> None:
    more = (
        'MORE="$CURDIR/../../../scripts/build/more.sh"\nif [ -f "$MOREOVER" ]; then\n    source "$MORE"\nfi\n'
    )
    path = f"{LARK}/package.sh"
    (found,) = findings(tree({path: f"{read(path)}\n{more}".encode()}), SLUG)
    assert found.subject.endswith("scripts/build/more.sh")


@pytest.mark.parametrize(
    ("source", "header", "found"),
    [
        ("beak.cpp", "beak.h", True),
        ("beak.cc", "beak.hpp", True),
        ("beak.cpp", "upstream.h", False),
        ("segments.cpp", "segments.h", False),
    ],
)
def test_a_header_of_the_same_name(source: str, header: str, found: bool) -> None:
    change: dict[str, bytes | None] = {f"{HERON}/{source}": f'#include "{header}"\n'.encode()}
    assert [f.subject for f in findings(tree(change), SLUG)] == [f"file {header}"] * found
    script: dict[str, bytes | None] = {f"{HERON}/prepare.sh": f"touch {header}\n".encode()}
    assert findings(tree(change, script), SLUG) == []


REQUIREMENTS = "backend/python/finch-tts/requirements-cublas12.txt"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("-r ../nosuch/requirements.txt", "../nosuch/requirements.txt"),
        ("--constraint=limits.txt", "limits.txt"),
        ("-e ./wing[gpu]", "./wing"),
        ("-e wing", "wing"),
        ("--find-links wheels", "wheels"),
        ("./wheels/wing-1.0-py3-none-any.whl", "./wheels/wing-1.0-py3-none-any.whl"),
        ("wing @ ./wing.zip ; os_name == 'posix'", "./wing.zip"),
        ("-r requirements.txt", ""),
        ("-e .", ""),
        ("-e ../rookery", ""),
        ("/build/wing-1.0-py3-none-any.whl", ""),
        ("-r ${WING}/limits.txt", ""),
        ("-f https://example.org/wheels", ""),
    ],
)
def test_a_file_that_requirements_name(line: str, name: str) -> None:
    where = tree({REQUIREMENTS: f"torch\n{line}\n".encode()})
    found = findings(where, "files-missing")
    assert [(f.path, f.line, f.subject) for f in found] == (
        [(REQUIREMENTS, 2, f"file {name}")] if name else []
    )


def test_a_file_that_requirements_name_and_the_build_makes() -> None:
    install = "backend/python/finch-tts/install.sh"
    script = replaced(
        install, ("installRequirements\n", "git clone https://a.example/wing\ninstallRequirements\n")
    )
    assert findings(tree({REQUIREMENTS: b"torch\n-e ./wing\n"}, script), "files-missing") == []


@pytest.mark.parametrize(
    ("missing", "told_at"),
    [
        ("backend/go/wren-cpp/run.sh", "backend/go/wren-cpp/package.sh"),
        ("backend/python/rookery/run.sh", "backend/python/rookery/Makefile"),
        ("backend/python/rookery/Makefile", MATRIX),
    ],
)
def test_it_is_told_where_the_file_is_asked_for(missing: str, told_at: str) -> None:
    (found,) = findings(MINIATURE.write(missing, None).tree(), "files-missing")
    assert found.path == told_at
    assert found.line > 1
