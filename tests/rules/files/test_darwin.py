"""Scripts of backends that are shipped for macOS."""

from __future__ import annotations

import pytest

from scaffold.registry import Registry
from scaffold.rules.base import Severity
from tests.rules.files.trees import HERON, LARK, LINUX_PACKAGE, LINUX_RUN, OWN, findings, only, read, tree
from tests.rules.trees import BASE, MATRIX


def test_a_start_script_for_linux_only() -> None:
    where = tree({f"{LARK}/run.sh": LINUX_RUN.encode()})
    only(where, "darwin-run-script", "lark", f"{LARK}/run.sh", "LD_LIBRARY_PATH")


def test_a_package_for_linux_only() -> None:
    where = tree({f"{LARK}/package.sh": LINUX_PACKAGE.encode()})
    only(where, "darwin-packaging", "lark", f"{LARK}/package.sh", "liblark.so")


@pytest.mark.parametrize(
    ("tail", "stops"),
    [
        (" || {\n    echo missing >&2\n    exit 1\n}", True),
        (" 2>/dev/null || { exit 1; }", True),
        (" || true", False),
        (" || { echo missing; }", False),
        ("", False),
    ],
)
@pytest.mark.parametrize("where", ["run.sh too", "package.sh alone"])
def test_a_package_that_ends_where_the_library_is_not_there(tail: str, stops: bool, where: str) -> None:
    package = LINUX_PACKAGE.rstrip() + tail + "\n"
    files: dict[str, bytes | None] = {f"{LARK}/package.sh": package.encode(), f"{LARK}/CMakeLists.txt": None}
    if where == "run.sh too":
        files[f"{LARK}/run.sh"] = LINUX_RUN.encode()
    (found,) = findings(tree(files))
    assert found.severity is (Severity.error if stops else Severity.warning)
    module = {f"{LARK}/CMakeLists.txt": b"add_library(lark MODULE lark.cpp)\n"}
    (found,) = findings(tree(files, module))
    assert found.severity is Severity.warning, "CMake calls a module .so on macOS too"


LOADER = "if [ -f /lib64/ld-linux-x86-64.so.2 ]; then\n    cp /lib64/ld-linux-x86-64.so.2 package/lib/ld.so\n"


@pytest.mark.parametrize(
    ("head", "line", "is_told"),
    [
        ("set -e", "ldd lark", True),
        ("set -euo pipefail", "{\n    ldd lark\n} | sort | while read -r l; do cp $l .; done", True),
        ("set -e", "ldd lark | sort", False),
        ("set -e", "sort a | ldd", True),
        ("set -e", "ldd lark || true", False),
        ("set -e", "set +e\nldd lark\nset -e", False),
        ("set -e", "if ldd lark; then echo; fi", False),
        ("set -e", "ldd lark && echo", False),
        ("set -e", 'if [ "$(uname)" = Linux ]; then ldd lark; fi', False),
        ("set -e", "command -v ldd > /dev/null || exit 0\nldd lark", False),
        ("set -e", "ldd() { true; }\nldd lark", False),
        ("true", "ldd lark", False),
    ],
)
def test_a_program_that_macos_does_not_have(head: str, line: str, is_told: bool) -> None:
    script = read(f"{LARK}/package.sh").replace("\nset -e\n", f"\n{head}\n") + f"{line}\n"
    told = findings(tree({f"{LARK}/package.sh": script.encode()}), "darwin-packaging")
    assert ["there is no ldd" in f.message for f in told] == [True] * is_told


@pytest.mark.parametrize(
    ("tail", "is_told"),
    [
        (f"{LOADER}else\n    exit 1\nfi\n", True),
        (f"{LOADER}elif [ $(uname -s) = Darwin ]; then\n    exit 2\nelse\n    exit 1\nfi\n", True),
        ('if [ "$(uname)" = Darwin ]; then\n    echo no\n    exit 1\nfi\n', True),
        ("[[ $OSTYPE == darwin* ]] && exit 1\n", True),
        (f"{LOADER}elif [ $(uname -s) = Darwin ]; then\n    echo mac\nelse\n    exit 1\nfi\n", False),
        (f"{LOADER}else\n    exit 0\nfi\n", False),
        ('if [ "$(uname)" = Linux ]; then\n    exit 1\nfi\n', False),
        ("[ -f package/lark ] || exit 1\n", False),
        ("if ! cp lark package/; then\n    exit 1\nfi\n", False),
    ],
)
def test_a_package_that_ends_on_every_macos(tail: str, is_told: bool) -> None:
    found = findings(tree({f"{LARK}/package.sh": read(f"{LARK}/package.sh").encode() + tail.encode()}))
    ends = [f for f in found if "ends here" in f.message]
    assert [f.severity for f in ends] == [Severity.error] * is_told


def test_a_package_that_asks_for_what_the_build_for_macos_does_not_make() -> None:
    named = 'case "$(uname)" in\n\tDarwin) LIBRARY=liblark.dylib ;;\n\t*) LIBRARY=liblark.so ;;\nesac\n'
    more = 'cp -f "$CURDIR"/*.dylib "$CURDIR/package/lib/" 2>/dev/null || true\n'
    package = read(f"{LARK}/package.sh").replace(named, f"LIBRARY=liblark.so\n{more}")
    (found,) = findings(tree({f"{LARK}/package.sh": package.encode()}))
    assert (found.rule, found.severity) == ("files-unmade", Severity.error)
    assert "copies liblark.so" in found.message
    makefile = read(f"{LARK}/Makefile").replace("ifeq ($(UNAME_S),Darwin)", "ifeq ($(KIND),apple)")
    assert (
        findings(tree({f"{LARK}/package.sh": package.encode(), f"{LARK}/Makefile": makefile.encode()})) == []
    )


SHARED = "scripts/build/package-system-libs.sh"


@pytest.mark.parametrize(
    ("script", "is_told"),
    [
        (f"{LOADER}else\n    exit 1\nfi\n", True),
        (f"{LOADER}elif [ $(uname) = Darwin ]; then\n    true\nelse\n    exit 1\nfi\n", False),
        ("f() {\n    exit 1\n}\n", False),
    ],
)
def test_a_script_that_packages_source(script: str, is_told: bool) -> None:
    found = findings(tree({SHARED: script.encode()}), "darwin-packaging")
    assert [(f.path, f.backend, f.severity) for f in found] == [(SHARED, "", Severity.error)] * is_told
    assert all("lark" in f.message and "heron" in f.message for f in found)


def test_a_package_that_the_script_for_macos_makes() -> None:
    path, own = f"{HERON}/package.sh", "scripts/build/heron-darwin.sh"
    ends = {path: f"{read(path)}\n{LOADER}else\n    exit 1\nfi\n".encode()}
    only(tree(ends), "darwin-packaging", "heron", path, "    exit 1")
    alone = {own: read(own).replace("grpc-server package", "grpc-server").encode()}
    assert findings(tree(ends, alone), "darwin-packaging") == []


def test_a_start_that_opens_what_the_build_for_macos_does_not_make_is_told_once() -> None:
    run = LINUX_RUN.replace("exec", 'export LARK_LIBRARY="$CURDIR/lib/liblark.so"\nexec')
    found = {f.rule: f for f in findings(tree({f"{LARK}/run.sh": run.encode()}))}
    assert {*found} == {"darwin-run-script", "files-unmade"}
    assert OWN["darwin-run-script"].follows(found["darwin-run-script"], found["files-unmade"])


def test_one_defect_is_reported_once() -> None:
    where = tree({f"{LARK}/run.sh": LINUX_RUN.encode(), f"{LARK}/package.sh": LINUX_PACKAGE.encode()})
    found = only(where, "darwin-run-script", "lark", f"{LARK}/run.sh", "LD_LIBRARY_PATH")
    assert f"{LARK}/package.sh" in found.help


def test_a_cpp_backend_is_packaged_by_its_own_script() -> None:
    linux = {f"{HERON}/package.sh": LINUX_PACKAGE.encode()}
    assert findings(tree(linux), "darwin-packaging") == []
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


@pytest.mark.parametrize(
    ("line", "is_told"),
    [
        ("sed -i 's/a/b/' x.py", True),
        ('sed -E -i "s|a|b|g" x.py', True),
        ("sed -i /old/d x.txt", True),
        ("sed -i.bak 's/a/b/' x.py", False),
        ("sed -i '' 's/a/b/' x.py", False),
        ("sed -i .bak 's/a/b/' x.py", False),
        ("sed 's/a/b/' x.py > y.py", False),
        ("# sed -i 's/a/b/' x.py", False),
        ('if [ "$(uname)" != "Darwin" ]; then\n  sed -i "s/a/b/" x.py\nfi', False),
        ('if [ "$(uname)" = "Darwin" ]; then\n  sed -i "s/a/b/" x.py\nfi', True),
    ],
)
def test_what_edits_as_gnu_does(line: str, is_told: bool) -> None:
    package = read(f"{LARK}/package.sh") + f"\n{line}\n"
    found = [f for f in findings(tree({f"{LARK}/package.sh": package.encode()})) if f.rule == "darwin-sed"]
    assert bool(found) == is_told
    assert all(f.path == f"{LARK}/package.sh" for f in found)


SHIPS = "local-ai util create-oci-image \\\n    {} \\\n    --output x.tar\n"
STARTS = 'CURDIR=$(dirname "$(realpath "$0")")\nexport LARK_LIBRARY="$CURDIR"/lib/liblark.dylib\nexec "$CURDIR/lark" "$@"\n'
PACKS = "mkdir -p package/lib\ncp lark run.sh package\ncp liblark.* package/lib\n"


@pytest.mark.parametrize(
    ("shipped", "run", "is_told"),
    [
        ("backend/go/${BACKEND}/.", STARTS, True),
        ('"backend/go/$BACKEND/"', STARTS, True),
        ("backend/go/${BACKEND}/package/.", STARTS, False),
        ("backend/python/${BACKEND}/.", STARTS, False),
        ("backend/go/${BACKEND}/.", STARTS.replace("lib/", ""), False),
        (
            "backend/go/${BACKEND}/package/.\nelse\n    local-ai util create-oci-image backend/go/${BACKEND}/.",
            STARTS,
            False,
        ),
    ],
)
def test_the_folder_that_is_shipped(shipped: str, run: str, is_told: bool) -> None:
    path = "scripts/build/golang-darwin.sh"
    where = tree(
        {
            path: SHIPS.format(shipped).encode(),
            f"{LARK}/run.sh": run.encode(),
            f"{LARK}/package.sh": PACKS.encode(),
        }
    )
    found = findings(where, "darwin-package-root")
    told = [f for f in found if "lark" in f.message]
    assert [(f.backend, f.path, f.line) for f in told] == ([("", path, 2)] if is_told else [])


@pytest.mark.parametrize(
    ("line", "option"),
    [
        ("cp -avrf lark package/", "-r beside -a"),
        ("cp -a -r lark package/", "-r beside -a"),
        ("cp -Rr lark package/", "-r beside -R"),
        ("cp --parents a/lark package/", "--parents"),
        ("sudo date -d yesterday", "-d"),
        ("cat run.sh | grep -oP 'x'", "-oP"),
        ("find . -name '*.so' -printf '%f'", "-printf"),
        ("cp -avf lark package/", None),
        ("cp -rfv lark package/", None),
        ("cp -av lark r/", None),
        ("grep -e '-P' run.sh", None),
        ("grep --color=never x run.sh", None),
        ("rm -- --lark", None),
        ("if [ -f /lib64/ld.so ]; then\n    cp -arf /lib64/ld.so package/\nfi", None),
        ('[ "$(uname)" = Linux ] || exit 0\ncp -arf lark package/', None),
    ],
)
def test_options_of_other_programs(line: str, option: str | None) -> None:
    where = tree({f"{LARK}/package.sh": f"#!/bin/bash\n{line}\n".encode()})
    found = findings(where, "darwin-option")
    assert [f.backend for f in found] == (["lark"] if option else [])
    assert all(f.message.endswith(f"does not take {option}") for f in found)
