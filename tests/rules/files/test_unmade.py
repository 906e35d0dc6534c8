"""What a native backend starts or opens, and its build does not make."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold.checkout.tree import Overlay
from scaffold.directory.made import _meet
from scaffold.rules.base import Severity
from tests.rules.files.trees import HERON, KESTREL, LARK, WREN, findings, line_of, read, replaced, tree

SLUG = "files-unmade"
RUN, PACKAGE, MAKEFILE = f"{WREN}/run.sh", f"{WREN}/package.sh", f"{WREN}/Makefile"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (RUN, "wren-cpp"),
        (RUN, "libwren.so"),
        (f"{LARK}/run.sh", "lark"),
        (f"{HERON}/run.sh", "grpc-server"),
        (f"{KESTREL}/run.sh", "kestrel"),
    ],
)
def test_a_name_that_is_mistyped(path: str, name: str) -> None:
    stem, dot, rest = name.partition(".")
    old, new = f"CURDIR/{name}", f"CURDIR/{stem}x{dot}{rest}"
    text = read(path)
    if name == "libwren.so":
        text = text.replace("/lib/libwren.so", "/libwren.so")
    assert old in text
    where = tree({path: text.replace(old, new).encode()})
    found = findings(where, SLUG)
    assert {(f.backend, f.severity, f.path) for f in found} == {(path.split("/")[2], Severity.error, path)}
    assert len(found) == 1
    assert f"{stem}x" in found[0].message


STORE = "backend/go/nest-store"


@pytest.mark.parametrize("output", ["server", "./server", "nest-store2", "$(OUT)", "$@"])
def test_a_target_whose_recipe_makes_another_file(output: str) -> None:
    where = tree(replaced(f"{STORE}/Makefile", ("-o nest-store ./", f"-o {output} ./")))
    found = [(f.path, f.backend) for f in findings(where, SLUG)]
    assert found == ([] if "$" in output else [(f"{STORE}/run.sh", "nest-store")])


@pytest.mark.parametrize(
    "step",
    [
        "$(GOCMD) mod tidy",
        "@echo building nest-store",
        "mkdir -p nest-store-tmp",
        "$(info nest-store)",
        "# nest-store is static",
    ],
)
def test_a_step_that_makes_nothing_is_none_of_a_recipe(step: str) -> None:
    old = "\tCGO_ENABLED=0 $(GOCMD) build"
    assert old in read(f"{STORE}/Makefile")
    pairs = (("-o nest-store ./", "-o server ./"), (old, f"\t{step}\n{old}"))
    assert [f.path for f in findings(tree(replaced(f"{STORE}/Makefile", *pairs)), SLUG)] == [
        f"{STORE}/run.sh"
    ]


@pytest.mark.parametrize(
    "built",
    [
        "-o server ./\n\tmv server nest-store",
        "-o server ./\n\tmv server $(BINARY)",
        "-o server ./ && mv server $(BINARY)",
        "-o helper ./helper\n\t$(GOCMD) build -o $(@) ./",
        "-o server ./\n\t# renamed \\\n\tmv server $(BINARY)",
    ],
)
def test_a_target_whose_recipe_does_more_than_build_another_file(built: str) -> None:
    assert findings(tree(replaced(f"{STORE}/Makefile", ("-o nest-store ./", built))), SLUG) == []


@pytest.mark.parametrize(
    ("lines", "fails"),
    [
        ("add_library(server MODULE a.cpp)\ntarget_link_libraries(server\n    PRIVATE nest-store)", True),
        ("project(nest-store)\nadd_library(nest-store MODULE a.cpp)", True),
        ("add_subdirectory(nest)\ntarget_compile_options(nest-store PRIVATE -g)", True),
        ("add_executable(nest-store a.cpp)", False),
        (
            "add_library(nest-store MODULE a.cpp)\nset_target_properties(nest-store PROPERTIES PREFIX lib)",
            False,
        ),
        ("set_target_properties(server PROPERTIES OUTPUT_NAME nest-store)", False),
        ("set(TARGET nest-store)", False),
    ],
)
def test_a_target_of_cmake_is_a_program_only_where_it_says_so(lines: str, fails: bool) -> None:
    go = replaced(f"{STORE}/Makefile", ("-o nest-store ./", "-o server ./"))
    cmake = {f"{STORE}/CMakeLists.txt": lines.encode()}
    assert [f.path for f in findings(tree(go, cmake), SLUG)] == [f"{STORE}/run.sh"] * fails


LIBRARY = ("libwren.so", "libwrench.so")


def test_it_is_said_where_it_stands() -> None:
    where = tree(replaced(RUN, LIBRARY))
    (found,) = findings(where, SLUG)
    assert found.line == line_of(where, RUN, "libwrench.so")


@pytest.mark.parametrize("system", ["Linux", "Darwin"])
def test_every_system_is_looked_at_and_a_name_is_told_once(system: str) -> None:
    line = f'if [ "$(uname)" = "{system}" ]; then export WREN_LIBRARY="$CURDIR/libwrench.so"; fi'
    where = tree({RUN: read(RUN).replace("\nif [ -f", f"\n{line}\nif [ -f", 1).encode()})
    (found,) = findings(where, SLUG)
    assert "libwrench.so" in found.message
    linux, other = line.replace(system, "Linux"), line.replace(system, "Darwin").replace(".so", ".dylib")
    both = tree({RUN: read(RUN).replace("\nif [ -f", f"\n{other}\n{linux}\nif [ -f", 1).encode()})
    (found,) = findings(both, SLUG)
    assert "needs libwrench.so and libwrench.dylib" in found.message


@pytest.mark.parametrize(
    "line",
    [
        '[ -e "$CURDIR/libwrench.so" ] && export WREN_LIBRARY="$CURDIR/libwrench.so"',
        'WREN_LIBRARY="$CURDIR/libwrench.so"\nif [ ! -e "$WREN_LIBRARY" ]; then exit 1; fi',
        'export WREN_LIBRARY="$ELSEWHERE/libwrench.so"',
        'export WREN_DATA="$CURDIR/wrench"',
        'if command -v "$CURDIR/wrench"; then exec "$CURDIR/wrench"; fi',
        'if ls "$CURDIR/wrench" >/dev/null; then exec "$CURDIR/wrench"; fi',
        '"$CURDIR/wrench" || echo none',
        'curl -o "$CURDIR/wrench" "$ELSEWHERE"\n"$CURDIR/wrench"',
        'python3 -m venv "$CURDIR/venv"\n"$CURDIR/venv/bin/python" -V',
    ],
)
def test_what_may_be_missing(line: str) -> None:
    where = tree({RUN: read(RUN).replace("\nif [ -f", f"\n{line}\nif [ -f", 1).encode()})
    assert findings(where, SLUG) == []


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (MAKEFILE, "purge: clean", "libwrench.so:\n\tcc -shared -o $@ wrench.c\n\npurge: clean"),
        (MAKEFILE, "purge: clean", "many:\n\tcp sources/wren.cpp/build/*.so ./\n\npurge: clean"),
        (MAKEFILE, "purge: clean", "lib%.so:\n\tcc -shared -o $@ $*.c\n\npurge: clean"),
        (
            MAKEFILE,
            "purge: clean",
            "define make-it\n\tcc -o lib$(1).so\nendef\nlibs:\n\t$(call make-it,wrench)\n\npurge: clean",
        ),
        (
            PACKAGE,
            "# shellcheck source",
            'cp "$CURDIR/sources/lib/"*.so "$CURDIR/package/lib/"\n# shellcheck source',
        ),
        (
            PACKAGE,
            "# shellcheck source",
            'ln -s libwren.so "$CURDIR/package/lib/libwrench.so"\n# shellcheck source',
        ),
    ],
)
def test_what_may_be_made(path: str, old: str, new: str) -> None:
    assert findings(tree(replaced(RUN, LIBRARY), replaced(path, (old, new))), SLUG) == []


COPIED = "# shellcheck source", 'cp "$CURDIR/sources/lib/"*.so "$CURDIR/package/lib/"\n# shellcheck source'


def test_no_pattern_stands_for_a_program_that_another_name_guards() -> None:
    mistyped = replaced(RUN, ('exec "$CURDIR/lib/ld.so"', 'exec "$CURDIR/lib/ldx.so"'))
    (found,) = findings(tree(mistyped, replaced(PACKAGE, COPIED)), SLUG)
    assert "lib/ldx.so" in found.message
    assert findings(tree(replaced(PACKAGE, COPIED)), SLUG) == []


@pytest.mark.parametrize(
    "line",
    [
        "clean-more:\n\trm -f libwrench.so lib*.so",
        "say:\n\t@echo libwrench.so",
        "edit:\n\tsed -i s/a/b/ $(SOME_HEADER)",
        "define make-it\n\tcc -o lib$(1).so\nendef\nlibs:\n\t$(call make-it,other)",
        "fetch:\n\tcd sources && mv build/* ./",
    ],
)
def test_what_makes_nothing(line: str) -> None:
    changed = replaced(MAKEFILE, ("purge: clean", f"{line}\n\npurge: clean"))
    assert len(findings(tree(replaced(RUN, LIBRARY), changed), SLUG)) == 1


def test_a_binary_that_a_variable_holds() -> None:
    for name, fails in (("wren-cpp", False), ("wrench", True)):
        text = read(RUN).replace("set -e", f"set -e\nBINARY={name}").replace('wren-cpp"', '$BINARY"')
        choice = '[ -e "$CURDIR/wrench-fast" ] && BINARY=wrench-fast\n'
        where = tree({RUN: text.replace("\nif [ -f", f"\n{choice}if [ -f", 1).encode()})
        assert [f.subject for f in findings(where, SLUG)] == ["start wrench"] * fails


@pytest.mark.parametrize(("pattern", "fails"), [("libwren*.so", False), ("libwrench-*.so", True)])
def test_a_copy_that_matches_nothing(pattern: str, fails: bool) -> None:
    for end in ("2>/dev/null || true", "|| :"):
        line = f'cp -fv "$CURDIR"/{pattern} "$CURDIR/package/" {end}\n'
        where = tree({PACKAGE: (read(PACKAGE) + line).encode()})
        found = findings(where, SLUG)
        assert [(f.path, f.subject) for f in found] == [(PACKAGE, f"package {pattern}")] * fails


def test_one_fault_is_reported_once() -> None:
    line = 'cp -fv "$CURDIR"/libwrench*.so "$CURDIR/package/" || true\n'
    where = tree(replaced(RUN, LIBRARY), {PACKAGE: (read(PACKAGE) + line).encode()})
    assert [f.path for f in findings(where, SLUG)] == [RUN]


@given(st.text("ab?*", max_size=7), st.text("ab", max_size=7))
def test_a_pattern_meets_the_names_that_the_shell_gives_it(pattern: str, name: str) -> None:
    assert _meet(pattern, name) == _meet(name, pattern) == fnmatch.fnmatchcase(name, pattern)


@pytest.mark.parametrize("variable", ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"])
@pytest.mark.parametrize(
    "value", ['"$CURDIR/libs:${NAME}"', '"$CURDIR"/libs:$NAME', '"$CURDIR/libs${NAME:+:$NAME}"']
)
def test_a_folder_in_which_nothing_lies_is_searched(variable: str, value: str) -> None:
    run = f"{LARK}/run.sh"
    line = f"export {variable}={value.replace('NAME', variable)}"
    (found,) = findings(tree(replaced(run, ("\nif [ -f", f"\n{line}\nif [ -f"))), SLUG)
    assert "looks for libraries in libs/" in found.message


def test_a_folder_that_package_sh_does_not_make() -> None:
    path = f"{LARK}/package.sh"
    (found,) = findings(
        tree(replaced(path, ('"$CURDIR/run.sh" "$CURDIR/package/"', '"$CURDIR/pakage/"'))), SLUG
    )
    assert (found.backend, found.path) == ("lark", path)
    assert "copies into pakage/" in found.message


def test_a_copy_of_what_nothing_makes() -> None:
    path = f"{LARK}/package.sh"
    (found,) = findings(tree(replaced(path, ('"$CURDIR/lark"', '"$CURDIR/larch"'))), SLUG)
    assert "package.sh copies larch" in found.message


@pytest.mark.parametrize(("made", "fails"), [("after", True), ("before", False)])
def test_a_copy_before_package_sh_makes_anything(made: str, fails: bool) -> None:
    path = f"{LARK}/package.sh"
    copied, unpacked = 'cp -avf "$CURDIR/larch"', 'tar -xf voices.tgz -C "$CURDIR"\n'
    text = read(path).replace('cp -avf "$CURDIR/lark"', copied)
    text = f"{text}\n{unpacked}" if made == "after" else text.replace(copied, f"{unpacked}{copied}")
    found = findings(tree({path: text.encode()}), SLUG)
    assert [f.subject for f in found] == ["package larch"] * fails


def test_a_sign_of_awk_writes_nothing() -> None:
    path = f"{LARK}/package.sh"
    text = read(path).replace('"$CURDIR/lark" "$CURDIR/run.sh"', '"$CURDIR/run.sh"')
    for line, fails in (("ldd lark | awk '$2 == \"=>\"'", True), ("ldd lark >package/lark", False)):
        found = findings(tree({path: f"{text}\n{line}\n".encode()}), SLUG)
        assert [f.subject for f in found] == ["pack lark"] * fails


def test_a_copy_of_a_folder_of_the_build() -> None:
    path = f"{LARK}/package.sh"
    made = {f"{LARK}/Makefile": f"{read(f'{LARK}/Makefile')}\n\tcp lark feathers/lark\n".encode()}
    copied = '"$CURDIR/lark"', '"$CURDIR/feathers" "$CURDIR/lark"'
    assert findings(tree(replaced(path, copied), made), SLUG) == []


@pytest.mark.parametrize(
    "line",
    [
        'cp -r "$CURDIR/sources" "$CURDIR/package/"\ncp "$CURDIR/lark" "$CURDIR/package/sources/"',
        'cp -r "$CURDIR/sources" "$CURDIR/package/data"\ncp "$CURDIR/lark" "$CURDIR/package/data/"',
        'cp -t "$CURDIR/package/lib" "$CURDIR/sources/liblark.so"',
        'cp "$CURDIR/lark" "$CURDIR/build/"',
        'tar -xf voices.tgz -C "$CURDIR"\ncp "$CURDIR/lark" "$CURDIR/voices/lark"',
        'cd "$CURDIR" && mkdir -p a/b && cp "$CURDIR/lark" "$CURDIR/a/b/"',
        'curl -Lo "$CURDIR/voices.bin" "$VOICES"\ncp "$CURDIR/voices.bin" "$CURDIR/package/"',
        'date >"$CURDIR/STAMP"\ncp "$CURDIR/STAMP" "$CURDIR/package/"',
        'unzip voices.zip\ncp -r "$CURDIR/voices" "$CURDIR/package/"',
        'cp "$CURDIR/lark" "$CURDIR/../shared/"',
    ],
)
def test_what_package_sh_makes_itself(line: str) -> None:
    path = f"{LARK}/package.sh"
    here = {
        f"{LARK}/sources/a": b"a",
        f"{LARK}/Makefile": f"{read(f'{LARK}/Makefile')}\n\tcmake -B build\n".encode(),
    }
    more = replaced(path, ("# shellcheck source", f"{line}\n# shellcheck source"))
    assert findings(tree(more, here), SLUG) == []


@pytest.mark.parametrize(
    "line",
    [
        'export LD_LIBRARY_PATH="$CURDIR/lib:$CURDIR/more:$LD_LIBRARY_PATH"',
        'export LD_LIBRARY_PATH="$CURDIR:$CURDIR/lib:$CURDIR/more"',
        'if [ -d "$CURDIR/more" ]; then\n    export LD_LIBRARY_PATH="$CURDIR/more"\nfi',
        'ln -s /usr/lib "$CURDIR/more"\nexport LD_LIBRARY_PATH="$CURDIR/more"',
    ],
)
def test_a_folder_more_is_searched(line: str) -> None:
    assert findings(tree(replaced(f"{LARK}/run.sh", ("\nif [ -f", f"\n{line}\nif [ -f"))), SLUG) == []


def test_its_own_folder_beside_a_wrong_one() -> None:
    line = 'export LD_LIBRARY_PATH="$CURDIR/libs:$CURDIR:$LD_LIBRARY_PATH"'
    run = replaced(f"{LARK}/run.sh", ("\nif [ -f", f"\n{line}\nif [ -f"))
    (found,) = findings(tree(run), SLUG)
    assert "looks for libraries in libs/" in found.message
    flat = read(f"{LARK}/package.sh").replace("/package/lib", "/package")
    assert findings(tree(run, {f"{LARK}/package.sh": flat.encode()}), SLUG) == []


def test_a_letter_less_beside_what_is_unpacked() -> None:
    path = f"{LARK}/package.sh"
    old = '"$CURDIR/run.sh" "$CURDIR/package/"'
    for name, told in (("pakage", 1), ("voices", 0)):
        more = replaced(path, (old, f'"$CURDIR/{name}/"\ntar -xf a.tgz -C "$CURDIR"'))
        assert len(findings(tree(more), SLUG)) == told


DATA = replaced(MAKEFILE, ("purge: clean", "wren-data:\n\tcp -a sources/wren/data wren-data\n\npurge: clean"))
TAKEN = 'cp -a "$CURDIR/wren-data" "$CURDIR/package/"\n'


def with_data(line: str, *, taken: str = TAKEN, made: bool = True) -> Overlay:
    run = read(RUN).replace("\nif [ -f", f"\n{line}\nif [ -f", 1)
    packed = read(PACKAGE).replace("# shellcheck source", f"{taken}# shellcheck source", 1)
    return tree({RUN: run.encode(), PACKAGE: packed.encode()}, DATA if made else {})


NAMED = 'export WREN_DATA="$CURDIR/wren-data"'


def test_data_that_is_made_and_not_packaged() -> None:
    assert findings(with_data(NAMED), SLUG) == []
    where = with_data(NAMED, taken="")
    (found,) = findings(where, SLUG)
    assert (found.path, found.line) == (RUN, line_of(where, RUN, "wren-data"))
    assert "package.sh does not take it along" in found.message


def test_data_with_another_name_than_in_the_package() -> None:
    (found,) = findings(with_data(NAMED.replace("data", "dat")), SLUG)
    assert "wren-dat" in found.message
    assert "package.sh takes wren-data" in found.help


def test_a_program_that_is_not_packaged() -> None:
    (found,) = findings(tree(replaced(PACKAGE, ('"$CURDIR/wren-cpp" ', ""))), SLUG)
    assert "run.sh needs wren-cpp" in found.message


@pytest.mark.parametrize(
    ("line", "taken", "made"),
    [
        ('export WREN_CACHE="$CURDIR/cache"', "", True),
        ('export WREN_DATA="$CURDIR/wren-data"', "", False),
        (f'if [ -d "$CURDIR/wren-data" ]; then {NAMED}; fi', "", True),
        (f'{NAMED}\nif [ ! -d "$WREN_DATA" ]; then unset WREN_DATA; fi', "", True),
        (f'mkdir -p "$CURDIR/wren-data"\n{NAMED}', "", True),
        ('export WREN_DATA="$CURDIR/wren-data:$WREN_DATA"', "", True),
        (NAMED, 'cp -a "$CURDIR"/wren-* "$CURDIR/package/"\n', True),
        (NAMED, 'cp -a "$CURDIR/." "$CURDIR/package"\n', True),
        (NAMED, 'for part in $PARTS; do cp -a "$CURDIR/$part" "$CURDIR/package/"; done\n', True),
        (NAMED, 'mkdir -p "$CURDIR/package/wren-data"\n', True),
        (NAMED, 'cp -at "$CURDIR/package" "$CURDIR/wren-data"\n', True),
        (NAMED, 'rsync -a "$CURDIR/wren-data" "$CURDIR/package/"\n', True),
        (NAMED, 'cp -a "$CURDIR/sources/data" "$CURDIR/package/wren-data"\n', True),
    ],
)
def test_data_of_which_nobody_knows(line: str, taken: str, made: bool) -> None:
    assert findings(with_data(line, taken=taken, made=made), SLUG) == []


def test_an_image_that_takes_more_than_the_package() -> None:
    path = "backend/Dockerfile.golang"
    more = f"{read(path)}\nCOPY --from=builder /LocalAI/backend/go/wren-cpp/wren-data ./wren-data\n"
    assert findings(tree(with_data(NAMED, taken="").changes, {path: more.encode()}), SLUG) == []


@pytest.mark.parametrize(
    "recipe", ['cp -r wren-data "$(CURDIR)/package"', "cp -r wren-data $(PACKED)/\n\nPACKED = package"]
)
def test_a_makefile_that_packs_by_itself(recipe: str) -> None:
    where = with_data(NAMED, taken="")
    made = (where.read(MAKEFILE) or b"").decode() + f"\npacked:\n\t{recipe}\n"
    assert findings(tree(where.changes, {MAKEFILE: made.encode()}), SLUG) == []


def test_a_log_is_no_data() -> None:
    where = with_data('LOG="$CURDIR/wren.log"', taken="")
    made = (where.read(MAKEFILE) or b"").decode() + "\nlogged:\n\t./wren-cpp > wren.log\n"
    assert findings(tree(where.changes, {MAKEFILE: made.encode()}), SLUG) == []
