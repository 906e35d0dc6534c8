"""Words of scripts that stand for nothing."""

from __future__ import annotations

import pytest

from tests.rules.files.trees import FINCH, HERON, KESTREL, LARK, findings, line_of, read, tree

SLUG = "script-misspelt"
COMMON = "backend/python/common/libbackend.sh"
GPU = "scripts/build/package-gpu-libs.sh"


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (f"{LARK}/run.sh", 'exec "$CURDIR/lark"', 'exec "$CUDIR/lark"'),
        (f"{LARK}/run.sh", 'exec "$CURDIR/lark"', 'exec "${CURIDR}/lark"'),
        (f"{LARK}/run.sh", 'exec "$CURDIR/lark"', 'exce "$CURDIR/lark"'),
        (f"{LARK}/package.sh", 'source "$REPO_ROOT', 'sourc "$REPO_ROOT'),
        (f"{LARK}/package.sh", 'source "$REPO_ROOT', 'source "$REPOROOT'),
        (f"{FINCH}/run.sh", "startBackend", "startBackends"),
        (f"{FINCH}/install.sh", "installRequirements", "instalRequirements"),
    ],
)
def test_a_letter_makes_it_a_word_that_there_is(path: str, old: str, new: str) -> None:
    text = read(path)
    assert old in text
    where = tree({path: text.replace(old, new).encode()})
    (found,) = findings(where, SLUG)
    assert (found.backend, found.path) == (path.split("/")[2], path)
    assert found.line == line_of(where, path, new)


@pytest.mark.parametrize(
    "line",
    [
        'echo "${CURDIRS:-none}"',
        'CURDIRS=x; echo "$CURDIRS"',
        'read -r CURDIRS; echo "$CURDIRS"',
        'for CURDIRS in a b; do echo "$CURDIRS"; done',
        'echo "$LARK_LIBRARY2"',
        "sources() { true; }; sources",
        'echo "$1" "$@" "$?" "$CUR"',
        'for CARD_TYPE in $CARD_TYPES; do CARD_TYPE=1; echo "$CARD_TYPE"; done',
        'TARGET_ARCH=$TARGETARCH; echo "$TARGET_ARCH"',
        'clean() { true; }; find() { true; }; clear; fine "$@" && bind x && kind y',
        "python3 -V",
        "# exex $CUDIR",
    ],
)
def test_what_is_defined_or_far_from_it(line: str) -> None:
    text = read(f"{LARK}/run.sh")
    assert (
        findings(tree({f"{LARK}/run.sh": text.replace("\nif [ -f", f"\n{line}\nif [ -f", 1).encode()}), SLUG)
        == []
    )


def test_a_variable_that_the_makefile_gives() -> None:
    run = read(f"{LARK}/run.sh").replace("\nif [ -f", '\necho "$CURDIRS"\nif [ -f', 1)
    makefile = f"export CURDIRS=a\n{read(f'{LARK}/Makefile')}"
    assert findings(tree({f"{LARK}/run.sh": run.encode(), f"{LARK}/Makefile": makefile.encode()}), SLUG) == []


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ('cpp -a "$CURDIR/lark" "$CURDIR/package/"', ""),
        ('ccp -a "$CURDIR/lark" "$CURDIR/package/"', "ccp"),
        ('cq -a "$CURDIR/lark" "$CURDIR/package/"', "cq"),
        ("cq --version", ""),
        ("uv pip install ./x", ""),
        ('chmodd +x "$CURDIR/lark"', "chmodd"),
        ('rrm -rf "$CURDIR/package"', "rrm"),
    ],
)
def test_a_short_command(line: str, word: str) -> None:
    path = f"{LARK}/package.sh"
    where = tree({path: (read(path) + line + "\n").encode()})
    assert [f.subject for f in findings(where, "script-misspelt")] == [f"{word} in package.sh"] * bool(word)


@pytest.mark.parametrize(
    ("file", "old", "new", "word"),
    [
        ("run.sh", "lib/liblark.so", "lib/liblerk.so", "liblerk"),
        ("run.sh", "lib/liblark.dylib", "lib/liblarkk.dylib", "liblarkk"),
        ("package.sh", "LIBRARY=liblark.dylib", "LIBRARY=libalrk.dylib", "libalrk"),
        ("run.sh", "lib/liblark.so", "lib/liblarches.so", ""),
    ],
)
def test_a_file_that_nothing_else_names(file: str, old: str, new: str, word: str) -> None:
    path = f"{LARK}/{file}"
    assert old in read(path)
    where = tree({path: read(path).replace(old, new).encode()})
    assert [f.subject for f in findings(where, SLUG)] == [f"{word} in {file}"] * bool(word)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("LD_LIBARY_PATH", "LD_LIBRARY_PATH"),
        ("LD_LIBRARY_PAHT", "LD_LIBRARY_PATH"),
        ("LDLIBRARY_PATH", "LD_LIBRARY_PATH"),
        ("DYLD_LIBRAY_PATH", "DYLD_LIBRARY_PATH"),
        ("DYLD_FALLBACK_LIBRARY_PTH", "DYLD_FALLBACK_LIBRARY_PATH"),
    ],
)
def test_a_variable_of_the_system_is_what_is_meant(wrong: str, meant: str) -> None:
    text = read(f"{LARK}/run.sh")

    def told(line: str) -> list[tuple[int, str]]:
        where = tree({f"{LARK}/run.sh": text.replace("\nif [ -f", f"\n{line}\nif [ -f", 1).encode()})
        return [(f.line, f.subject.split()[0]) for f in findings(where, SLUG)]

    number = text[: text.index("\nif [ -f")].count("\n") + 2
    assert told(f'export {wrong}="$CURDIR/lib:${meant}"') == [(number, wrong)]
    assert told(f'export {meant}="$CURDIR/lib:${meant}"') == []
    assert told(f'export {wrong}S="$CURDIR/lib"; export {meant}="${wrong}S"') == []


@pytest.mark.parametrize(
    ("path", "old", "new", "word"),
    [
        (f"{LARK}/run.sh", '[ -f "$CURDIR/lib/ld.so" ]', '[ -f "$CURDIR/lib/ldso" ]', "ldso"),
        (f"{LARK}/run.sh", '[ -f "$CURDIR/lib/ld.so" ]', '[ -f "$CURDIR/lbi/ld.so" ]', "lbi"),
        (f"{FINCH}/run.sh", '"${backend_dir}/common"', '"${backend_dir}/comon"', "comon"),
        (f"{FINCH}/install.sh", "/../common/libbackend.sh", "/../commmon/libbackend.sh", "commmon"),
        (f"{FINCH}/install.sh", "}/common/libbackend.sh", "}/common/libbackends.sh", "libbackends.sh"),
        (f"{LARK}/Makefile", "remote add origin $(LARK_REPO)", "remote add origin $(LRAK_REPO)", "LRAK_REPO"),
        (f"{LARK}/Makefile", "-j$(JOBS)", "-j${JOSB}", "JOSB"),
        (f"{LARK}/Makefile", "-o lark .", "-o larks .", "larks"),
        (
            f"{HERON}/CMakeLists.txt",
            "add_executable(grpc-server ",
            "add_executable(grpc-sever ",
            "grpc-server",
        ),
        (
            f"{HERON}/CMakeLists.txt",
            "target_link_libraries(grpc-server PRIVATE hw_grpc_proto",
            "target_link_libraries(grpc-server PRIVATE hw_grpc_prot",
            "hw_grpc_prot",
        ),
    ],
)
def test_a_word_of_a_path_or_a_build_file(path: str, old: str, new: str, word: str) -> None:
    text = read(path)
    assert old in text
    told = findings(tree({path: text.replace(old, new, 1).encode()}), SLUG)
    assert [(f.path, f.subject) for f in told] == [(path, f"{word} in {path.rpartition('/')[2]}")]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (f"{LARK}/Makefile", "X=$(LARK_REPOS)\nLARK_REPOS=a\n"),
        (f"{LARK}/Makefile", "X=$(JOINS) $(LARK2_REPO) $(CURDIR) $(MAKEFILE_LIST)\n"),
        (f"{LARK}/Makefile", "larks:\n\t$(MAKE) LARK_REPPO=a x\n\techo $(LARK_REPPO)\n"),
        (f"{LARK}/run.sh", 'ls "$CURDIR/lib64" "$CURDIR/models" /usr/libs\n'),
        (f"{HERON}/CMakeLists.txt", "target_link_libraries(grpc-server PRIVATE ${heron2} heron::herons)\n"),
    ],
)
def test_a_word_of_a_path_or_a_build_file_that_stands_for_something(path: str, line: str) -> None:
    assert findings(tree({path: (line + read(path)).encode()}), SLUG) == []


@pytest.mark.parametrize(
    ("known", "named", "found"),
    [
        ("CMAKE", "MAKE", False),
        ("CMAKE_COMMAND", "MAKE_COMMAND", False),
        ("FLAGS", "MFLAGS", False),
        ("CFFLAGS", "FFLAGS", False),
        ("CXX_FLAGS", "CXXFLAGS", False),
        ("CFLAGS", "CPFLAGS", True),
        ("LD_FLAGS", "LDFLAGS", False),
        ("AR_FLAGS", "ARFLAGS", False),
        ("SHEL", "SHELL", False),
        ("PATH", "VPATH", False),
        ("CXX_FLAGS", "CXX_FLGS", True),
        ("CMAKE", "CMKE", True),
    ],
)
def test_variables_that_make_knows_are_not_misspelt(known: str, named: str, found: bool) -> None:
    path = f"{LARK}/Makefile"
    told = findings(tree({path: f"{known} ?= x\nX = $({named})\n{read(path)}".encode()}), SLUG)
    assert [f.subject for f in told] == [f"{named} in Makefile"] * found


def test_a_variable_that_the_root_makefile_names() -> None:
    root = {"Makefile": (read("Makefile") + "export LARK_REPPO=a\n").encode()}
    makefile = {f"{LARK}/Makefile": (read(f"{LARK}/Makefile") + "X=$(LARK_REPPO)\n").encode()}
    assert len(findings(tree(makefile), SLUG)) == 1
    assert findings(tree(makefile, root), SLUG) == []


@pytest.mark.parametrize(
    ("used", "packed", "word"),
    [
        ("voice/a.bin", "voices", "voice"),
        ("voices/a.bin", "voices", ""),
        ("voice/a.bin", "voicings", ""),
        ("voice-data/a.bin", "voice-ng-data", "voice-data"),
        ("voice-data/a.bin $CURDIR/voice-ng-data", "voice-ng-data", ""),
        ("voice/a.bin", "voice $CURDIR/voices", ""),
    ],
)
def test_a_folder_that_is_packaged_by_a_name_nearby(used: str, packed: str, word: str) -> None:
    run = read(f"{LARK}/run.sh").replace("\nexec", f'\nexport LARK_VOICES="$CURDIR"/{used}\nexec', 1)
    package = f"{read(f'{LARK}/package.sh')}\ncp -a $CURDIR/{packed} $CURDIR/package/\n"
    assert used in run
    where = tree({f"{LARK}/run.sh": run.encode(), f"{LARK}/package.sh": package.encode()})
    assert [f.subject for f in findings(where, SLUG)] == ([f"{word} in run.sh"] if word else [])


@pytest.mark.parametrize(
    ("path", "old", "new", "at", "word"),
    [
        (f"{LARK}/run.sh", "export LARK_LIBRARY", "export LRAK_LIBRARY", f"{LARK}/run.sh", "LRAK_LIBRARY"),
        (f"{LARK}/main.go", '"LARK_LIBRARY"', '"LARK_LIBARY"', f"{LARK}/run.sh", "LARK_LIBRARY"),
        (f"{LARK}/run.sh", "export LARK_LIBRARY", "export LARK_FOLDER", "", ""),
        (f"{LARK}/run.sh", "export LARK_LIBRARY", "export LARK_LIB", f"{LARK}/run.sh", "LARK_LIB"),
        (f"{LARK}/run.sh", "export LARK_LIBRARY", "export LARK_CPP_SO_PATH", f"{LARK}/run.sh", "LARK_CPP_SO_PATH"),
        (f"{LARK}/main.go", '"LARK_LIBRARY"', '"LARK_LIB_PATH"', f"{LARK}/run.sh", "LARK_LIBRARY"),
        (f"{LARK}/main.go", '"LARK_LIBRARY"', '"LARK_FILE"', "", ""),
        (f"{LARK}/run.sh", "export LARK_LIBRARY", "export LARK_GGML_LIBRARY", "", ""),
        (f"{LARK}/run.sh", "\nif [ -f", '\nexport LARK_LIBRARYS="$LARK_LIBRARY"\nif [ -f', "", ""),
        (f"{LARK}/main.go", '"LARK_LIBRARY"', '"LARK_LIB"', f"{LARK}/run.sh", "LARK_LIBRARY"),
        (
            f"{KESTREL}/Cargo.toml",
            '[[bin]]\nname = "kestrel-grpc"',
            '[[bin]]\nname = "kestrel-gprc"',
            f"{KESTREL}/Cargo.toml",
            "kestrel-gprc",
        ),
        (f"{KESTREL}/Cargo.toml", '[package]\nname = "kestrel-grpc"', '[package]\nname = "kestrel"', "", ""),
        (f"{HERON}/Makefile", "build/grpc-server ./", "build/grpc-server grpc-serve", f"{HERON}/Makefile", "grpc-serve"),
        (f"{HERON}/Makefile", "build/grpc-server ./", "build/grpc-server grpc-server", "", ""),
        (f"{HERON}/Makefile", "build/grpc-server ./", "build/grpc-server grpc-serve\n\tmv grpc-serve grpc-server", "", ""),
    ],
)  # fmt: skip
def test_a_name_that_two_files_share(path: str, old: str, new: str, at: str, word: str) -> None:
    text = read(path)
    assert old in text
    told = findings(tree({path: text.replace(old, new).encode()}), SLUG)
    assert [(f.path, f.subject.split()[0]) for f in told] == [(at, word)] * bool(word)


def test_a_variable_that_another_file_names_is_exported() -> None:
    script = read(f"{LARK}/run.sh").replace("export LARK_LIBRARY", "export LRAK_LIBRARY").encode()
    engine = {f"{LARK}/engine.cpp": b"// reads LRAK_LIBRARY\n"}
    assert not findings(tree({f"{LARK}/run.sh": script}, engine), SLUG)
    tests = {f"{LARK}/other_test.go": b'package main\n\nconst name = "LRAK_LIBRARY"\n'}
    assert findings(tree({f"{LARK}/run.sh": script}, tests), SLUG)


def with_run(old: str, new: str, **others: bytes) -> list[str]:
    text = read(f"{LARK}/run.sh")
    assert old in text
    beside = {f"{LARK}/{name}.go": data for name, data in others.items()}
    found = findings(tree({f"{LARK}/run.sh": text.replace(old, new).encode()}, beside), SLUG)
    return [f"{one.subject.split()[0]}: {one.message.rpartition(': ')[2]}" for one in found]


@pytest.mark.parametrize(
    ("held", "exported", "found"),
    [
        ("$CURDIR/lib/liblark.so", "$LIBRARY", True),
        ("$CURDIR/lib/liblark.so", '"${LIBRARY}"', True),
        ("$CURDIR/voices", "$LIBRARY", False),
        ("$CURDIR/lib/liblark.so", "$OTHER", False),
    ],
)
def test_a_library_that_a_variable_holds(held: str, exported: str, found: bool) -> None:
    text = read(f"{LARK}/run.sh")
    start, end = text.index("if [ "), text.index("fi\n")
    new = f'LIBRARY="{held}"\nexport LARK_LIB={exported}\n'
    assert with_run(text[start : end + 3], new) == ["LARK_LIB: a source reads LARK_LIBRARY"] * found
    in_front = f'LIBRARY="{held}"\nLARK_LIB={exported} exec "$CURDIR/lark"'
    assert with_run(text[start:], in_front) == ["LARK_LIB: a source reads LARK_LIBRARY"] * found


def test_a_name_of_a_library_that_another_source_has() -> None:
    assert not with_run(
        "export LARK_LIBRARY", "export LARK_LIB", other=b'package main\n\nconst name = "LARK_LIB"\n'
    )
    assert with_run("export LARK_LIBRARY", "export LARK_LIB", other=b"package main\n\n// Not LARK_LIB\n")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (" LD_LIBRARY_PATH=", " LD_LIB_PATH=", "LD_LIB_PATH: the system reads LD_LIBRARY_PATH"),
        (" DYLD_LIBRARY_PATH=", " DYLD_LIBS=", "DYLD_LIBS: the system reads DYLD_LIBRARY_PATH"),
        ("LD_LIBRARY_PATH", "LD_LIB_PATH", "LD_LIB_PATH: the system reads LD_LIBRARY_PATH"),
        (" LD_LIBRARY_PATH=", " LD_PRELOAD=", ""),
        ("\nexec", "\nexport LD_WEIGHTS=$CURDIR/weights\nexec", ""),
        ("\nexec", "\nexport DYLD_PRINT_STATISTICS=1\nexec", ""),
    ],
)
def test_a_variable_that_no_linker_knows(old: str, new: str, told: str) -> None:
    found = with_run(old, new)
    assert told in found if told else found == []


@pytest.mark.parametrize(
    ("line", "found"),
    [('[ ! -e "$LARK_LIB" ]', True), ("[ -f $LARK_LIB ]", True), ('cat "$LARK_LIB"', False)],
)
def test_a_script_that_takes_what_it_exports(line: str, found: bool) -> None:
    run = read(f"{LARK}/run.sh").replace("export LARK_LIBRARY", "export LARK_LIB")
    where = tree({f"{LARK}/run.sh": run.replace("\nexec", f"\n{line}\nexec").encode()})
    assert [one.subject.split()[0] for one in findings(where, SLUG)] == ["LARK_LIB"] * found


def test_a_variable_that_a_source_reads_from_a_table() -> None:
    run, main = (
        f"{LARK}/run.sh",
        read(f"{LARK}/main.go").replace('os.Getenv("LARK_LIBRARY")', "os.Getenv(name)"),
    )
    for held, found in (("LARK_LIBARY", True), ("LARK_LIB", True), ("LARK_LIBRARY", False)):
        source = f'// LARK_LIBRARY\n{main}\nvar names = []string{{"{held}"}}\n'
        told = findings(tree({f"{LARK}/main.go": source.encode()}), SLUG)
        assert [(one.path, one.subject.split()[0]) for one in told] == [(run, "LARK_LIBRARY")] * found


def test_a_program_that_several_files_name_is_told_once() -> None:
    path = f"{LARK}/run.sh"
    at = read(path).rindex("/lark")
    where = tree({path: f"{read(path)[:at]}/larks{read(path)[at + 5 :]}".encode()})
    assert [f.subject for f in findings(where, SLUG)] == ["larks in run.sh"]


@pytest.mark.parametrize(
    ("path", "old", "new", "line", "says"),
    [
        (GPU, "package_gpu_libs() {", "package_gpu_lib() {", "package_gpu_lib() {", "call package_gpu_libs"),
        (GPU, "package_gpu_libs() {", "pack_all() {", "export -f package_gpu_libs", "which nothing defines"),
        (GPU, "#!/bin/bash\n", "#!/bin/bash\ncopy_all_libs\n", "copy_all_libs", "calls copy_all_libs"),
        (GPU, "export -f package_gpu_libs", "export -f package_all", "export -f package_all", "package_all"),
    ],
)
def test_what_a_shared_script_is_called_by_is_told_once(
    path: str, old: str, new: str, line: str, says: str
) -> None:
    where = tree({path: read(path).replace(old, new, 1).encode()})
    (found,) = findings(where, SLUG)
    assert (found.backend, found.path, found.line) == ("", path, line_of(where, path, line))
    assert says in found.message


@pytest.mark.parametrize("script", ["install.sh", "run.sh"])
@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("startEverything", "startEverything"),
        ("pack_everything now", "pack_everything"),
        ("_prepare x && true", "_prepare"),
        ("install_name_tool -id x y", ""),
        ("command -v pack_everything && pack_everything", ""),
        ("pack_everything() { true; }; pack_everything", ""),
        ("source /opt/tools/env.sh; pack_everything", ""),
        ("everything", ""),
        ("export some_thing=1", ""),
    ],
)
def test_a_function_that_no_script_has(script: str, line: str, word: str) -> None:
    text = read(f"{FINCH}/{script}") + f"{line}\n"
    found = findings(tree({f"{FINCH}/{script}": text.encode()}), SLUG)
    assert [(f.backend, f.line, f.subject) for f in found] == (
        [("finch-tts", text.count("\n"), f"{word} in {script}")] if word else []
    )


def test_a_function_that_two_scripts_call_and_the_shared_one_has_no_more() -> None:
    text = read(COMMON).replace("function startBackend() {", "function launchBackend() {")
    paths = {
        f"backend/python/{name}/run.sh": read(f"{FINCH}/run.sh").encode() for name in ("rookery", "finch-tts")
    }
    told = [(f.backend, f.path) for f in findings(tree({COMMON: text.encode(), **paths}), SLUG)]
    assert told == [("finch-tts", f"{FINCH}/run.sh"), ("rookery", "backend/python/rookery/run.sh")]


def test_a_shared_script_may_hand_on_what_it_takes_from_another() -> None:
    text = f"source ./others.sh\n{read(GPU)}export -f of_others\n"
    assert not findings(tree({GPU: text.encode()}), SLUG)


@pytest.mark.parametrize(
    ("started", "made", "found"),
    [
        ("lark-cpuall", "lark-cpu-all", True),
        ("lark-cpu-all", "lark-cpu-all", False),
        ("lark-cpu-one", "lark-cpu-all", False),
        ("lark-cpu1-all", "lark-cpu2-all", False),
    ],
)
def test_a_name_that_run_sh_alone_has_twice(started: str, made: str, found: bool) -> None:
    run = read(f"{LARK}/run.sh").replace(
        "\nexec", f'\nif [ -e "$CURDIR/{started}" ]; then\n  exec "$CURDIR/{started}" "$@"\nfi\nexec', 1
    )
    makefile = read(f"{LARK}/Makefile") + f"\n{made}:\n\tcp lark $@\n"
    where = tree({f"{LARK}/run.sh": run.encode(), f"{LARK}/Makefile": makefile.encode()})
    assert [f.subject.split()[0] for f in findings(where, SLUG)] == [started] * found
