"""Scripts that end before they have done what they are for."""

from __future__ import annotations

import re

import pytest

from scaffold.rules.base import Severity
from tests.rules.files.trees import FINCH, HERON, KESTREL, LARK, WREN, findings, read, tree

SLUG = "script-unfinished"
GPU = "scripts/build/package-gpu-libs.sh"


def first(path: str, before: str) -> dict[str, bytes | None]:
    """What a file has before some text."""
    text = read(path)
    assert before in text, (path, before)
    return {path: text[: text.index(before)].encode()}


@pytest.mark.parametrize(
    ("path", "before", "subject"),
    [
        (f"{FINCH}/run.sh", "startBackend", "start"),
        (f"{LARK}/run.sh", "if [ -f", "start"),
        (f"{FINCH}/install.sh", "installRequirements", "install"),
        (f"{FINCH}/backend.py", "if __name__", "serve"),
        (f"{LARK}/package.sh", "cp -avf", "package run.sh liblark.so lark"),
        (f"{KESTREL}/package.sh", "cp ", "package run.sh kestrel-grpc"),
    ],
)
def test_a_script_without_its_end(path: str, before: str, subject: str) -> None:
    found = findings(tree(first(path, before)), SLUG)
    name = path.split("/")[2]
    assert [(f.backend, f.path, f.subject, f.severity) for f in found if f.severity is Severity.error] == [
        (name, path, subject, Severity.error)
    ]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("uv sync --frozen", False),
        ("uv venv", True),
        ('source "${backend_dir}/more.sh"', False),
        ('exec "$(dirname "$0")/more.sh"', False),
        ("exec bash -e more.sh", False),
        (". ./more.sh", False),
        ('"${backend_dir}/more.sh"', False),
        ("bash install.sh", True),
        ("bash ../common/other.sh", True),
        ("chmod +x more.sh", True),
        ("# bash more.sh", True),
    ],
)
def test_another_way_to_install(line: str, found: bool) -> None:
    path = f"{FINCH}/install.sh"
    text = read(path).replace("installRequirements", line)
    more: dict[str, bytes | None] = {f"{FINCH}/more.sh": b"#!/bin/bash\ntrue\n"}
    told = findings(tree(more, {path: text.encode()}), SLUG)
    assert [f.subject for f in told if f.path == path] == ["install"] * found


def test_a_program_that_is_not_taken() -> None:
    """Neither a library with a name like it nor what looks for its libraries takes it."""
    path = f"{LARK}/package.sh"
    script = read(path).replace('"$CURDIR/lark" ', "")
    assert script != read(path)
    more = 'cp -rf $CURDIR/more/* $CURDIR/package/lib/\nldd "$CURDIR/lark"\n'
    found = findings(tree({path: f"{script}{more}".encode()}), SLUG)
    assert [f.subject for f in found] == ["package lark"]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('cp -a "$CURDIR"/{lark,more} $CURDIR/package/', False),
        ("cp -a $CURDIR/l{ar{k,t},x} $CURDIR/package/", False),
        ("cp -a $CURDIR/lar{t,m}* $CURDIR/package/", True),
        ('mapfile -t FILES\ncp -a "${FILES[@]}" "$CURDIR/package/"', False),
        ('cp -a $MORE "$CURDIR/package/"', False),
        ('cp -a $MORE "$CURDIR/package/lib/"', True),
        ('cp -a -t "$CURDIR/package/" "${FILES[@]}"', False),
        ('for f in l*; do cp "$f" "$CURDIR/package/"; done', False),
        ('for f in a.so; do cp "$f" "$CURDIR/package/lib/"; done', True),
        ('cp -a "$CURDIR/." "$CURDIR/package/"', False),
        ('cp -a "$CURDIR/$NAME.txt" "$CURDIR/package/"', True),
        ('find "$CURDIR" -type f -exec cp {} "$CURDIR/package/" ";"', False),
        ('tar -C "$CURDIR" -c . | tar -C "$CURDIR/package" -x', False),
        ('rsync -a "$CURDIR/" "$CURDIR/package"', False),
    ],
)
def test_a_program_that_may_be_taken(line: str, found: bool) -> None:
    path = f"{LARK}/package.sh"
    script = read(path).replace('"$CURDIR/lark" ', "")
    assert script != read(path)
    told = findings(tree({path: f"{script}{line}\n".encode()}), SLUG)
    assert [f.subject for f in told] == ["package lark"] * found


@pytest.mark.parametrize("folder", [LARK, WREN, HERON, KESTREL])
def test_a_loader_that_nobody_packages(folder: str) -> None:
    path = f"{folder}/package.sh"
    lines = read(path).splitlines(keepends=True)
    kept = [
        line for line in lines if "system-libs" not in line and "ld.so" not in line and "ld-linux" not in line
    ]
    loaders = [f for f in findings(tree({path: "".join(kept).encode()}), SLUG) if f.subject == "loader"]
    assert [f.severity for f in loaders] == [Severity.warning] * ("ld.so" in read(f"{folder}/run.sh"))


@pytest.mark.parametrize(
    ("line", "script", "found"),
    [
        ('source "$REPO_ROOT/scripts/build/more.sh"', 'cp /lib64/ld-linux-x86-64.so.2 "$1/ld.so"\n', False),
        ('bash "$CURDIR/../../../scripts/build/more.sh"', "cp -L /lib/ld.so $1\n", False),
        ('R=$(git root)\n. "$R/scripts/build/more.sh"', "cp -L /lib/ld.so $1\n", False),
        (
            'source "$REPO_ROOT/scripts/build/more.sh"',
            'source "$(dirname "$0")/package-system-libs.sh"\n',
            False,
        ),
        ('source "$REPO_ROOT/scripts/build/more.sh"', "cp /lib/libc.so.6 $1\n", True),
        (
            'source "$REPO_ROOT/scripts/build/more.sh"',
            "case $1 in ld-linux*|ld.so|libc.so.*) exit;; esac\n",
            True,
        ),
        ('source "$REPO_ROOT/scripts/build/more.sh"', "# no ld.so\n", True),
        ('env A=b bash "$REPO_ROOT/scripts/build/more.sh"', "cp -L /lib/ld.so $1\n", False),
        ('source "$PACKAGE_LIBRARIES"', "", False),
        ('bash "$REPO_ROOT/scripts/build/none.sh"', "", False),
        ('"$CURDIR/more.sh"', "", False),
    ],
)
def test_a_loader_that_another_script_may_package(line: str, script: str, found: bool) -> None:
    path = f"{LARK}/package.sh"
    text = "".join(part for part in read(path).splitlines(keepends=True) if "system-libs" not in part)
    assert text != read(path)
    where = tree({path: f"{text}{line}\n".encode(), "scripts/build/more.sh": script.encode()})
    assert [f.subject for f in findings(where, SLUG) if f.subject == "loader"] == ["loader"] * found


def test_libraries_of_a_gpu() -> None:
    path = f"{WREN}/package.sh"
    script = read(path)
    for text, there, count in (
        (script.replace("package-gpu-libs", "package-more"), True, 1),
        (script.replace("package-gpu-libs", "package-more"), False, 0),
        (script + "\n# package-gpu-libs.sh\nsource ../package-gpu-libs.sh\n", True, 0),
        (script.replace("\npackage_gpu_libs", ""), True, 1),
        (script.replace("\npackage_gpu_libs", "").replace("source", "bash"), True, 0),
    ):
        where = tree({path: text.encode(), GPU: b"#!/bin/bash\n" if there else None})
        found = [f for f in findings(where, SLUG) if f.backend == "wren-cpp" and "gpu" in f.subject]
        assert [f.severity for f in found] == [Severity.warning] * count
    (told,) = findings(tree({path: script.replace("\npackage_gpu_libs", "").encode()}), SLUG)
    sourced, called = re.findall(r"`([^`]+)`", told.help)
    repaired = script.replace("\npackage_gpu_libs", "") + f"\n{sourced}\n{called}\n"
    assert findings(tree({path: repaired.encode()}), SLUG) == []


@pytest.mark.parametrize(
    ("line", "subject"),
    [
        ("cp -a /lib/libm.so.6 $CURDIR/package/lib/libn.so.6", "package libm.so.6 as libn.so.6"),
        ("cp -a /lib/libm.so.6 $CURDIR/package/lib/libm.so.7", ""),
        ("cp -a /lib/libm.so.6 $CURDIR/package/lib/", ""),
        ("cp -a /lib64/ld-linux-x86-64.so.2 $CURDIR/package/lib/ld.so", ""),
    ],
)
def test_a_copy_under_another_name(line: str, subject: str) -> None:
    path = f"{LARK}/package.sh"
    where = tree({path: (read(path) + line + "\n").encode()})
    assert [f.subject for f in findings(where, SLUG)] == [subject] * bool(subject)


@pytest.mark.parametrize(
    ("path", "old", "new", "found"),
    [
        (f"{LARK}/run.sh", 'exec "$CURDIR/lark" "$@"', 'exec "$CURDIR/lark"', True),
        (
            f"{LARK}/run.sh",
            '"$CURDIR/lib/ld.so" "$CURDIR/lark" "$@"',
            '"$CURDIR/lib/ld.so" "$CURDIR/lark"',
            True,
        ),
        (f"{FINCH}/run.sh", 'startBackend "$@"', "startBackend", True),
        (f"{LARK}/run.sh", 'exec "$CURDIR/lark" "$@"', 'exec "$CURDIR/lark" $*', False),
        (f"{LARK}/run.sh", 'exec "$CURDIR/lark" "$@"', 'exec "$CURDIR/lark" --threads 4 "${@}"', False),
        (
            f"{LARK}/run.sh",
            'exec "$CURDIR/lark" "$@"',
            'ARGS=("$@"); exec "$CURDIR/lark" "${ARGS[@]}"',
            False,
        ),
        (f"{LARK}/run.sh", 'exec "$CURDIR/lark" "$@"', 'given="$@"; exec "$CURDIR/lark" $given', False),
        (f"{LARK}/run.sh", 'exec "$CURDIR/lark" "$@"', 'exec "$CURDIR/lark" "$1" "$2"', False),
        (f"{LARK}/run.sh", 'exec "$CURDIR/lark" "$@"', 'exec "$CURDIR/lark" --addr "${1:-}"', False),
        (
            f"{LARK}/run.sh",
            'exec "$CURDIR/lark" "$@"',
            'for a in "$@"; do A="$A $a"; done; exec "$CURDIR/lark" $A',
            False,
        ),
        (f"{LARK}/run.sh", 'exec "$CURDIR/lark" "$@"', 'A=$*; exec "$CURDIR/lark" $A', False),
        (f"{LARK}/run.sh", 'exec "$CURDIR/lark" "$@"', 'A="${@}"; exec "$CURDIR/lark" $A', False),
        (
            f"{LARK}/run.sh",
            'exec "$CURDIR/lark" "$@"',
            'while [ $# -gt 0 ]; do shift; done; exec "$CURDIR/lark"',
            False,
        ),
        (f"{LARK}/run.sh", 'exec "$CURDIR/lark" "$@"', 'exec "$CURDIR/warm-up"', False),
        (f"{LARK}/run.sh", 'exec "$CURDIR/lark" "$@"', 'exec "$CURDIR/lib/ld.so" "$CURDIR/warm-up"', False),
        (f"{LARK}/run.sh", 'exec "$CURDIR/lark" "$@"', 'exec "$CURDIR/lark" --threads 4', True),
        (f"{LARK}/run.sh", 'exec "$CURDIR/lark" "$@"', 'echo "for $1"; exec "$CURDIR/lark"', True),
        (f"{LARK}/run.sh", 'exec "$CURDIR/lark" "$@"', '# shift $1\nexec "$CURDIR/lark"', True),
    ],
)
def test_a_start_without_its_arguments(path: str, old: str, new: str, found: bool) -> None:
    text = read(path)
    assert old in text
    told = [f for f in findings(tree({path: text.replace(old, new).encode()}), SLUG) if f.path == path]
    assert [f.severity for f in told] == [Severity.error] * found
