"""What a Makefile takes of a build by CMake."""

from __future__ import annotations

import pytest

from tests.rules.files.trees import HERON, WREN, findings, line_of, read, replaced, tree

SLUG = "files-unmade"
LISTS, MAKEFILE = f"{WREN}/CMakeLists.txt", f"{WREN}/Makefile"

SHIM = "project(gowren)\nadd_subdirectory(sources/wren.cpp)\nadd_library({0} MODULE\n  cpp/gowren.cpp)\n{1}\n"
TAKES = "shim:\n\tcmake -B build . && cmake --build build\n\tmv build/libgowren.so libwren.so\n\npurge: clean"


def shim(target: str, more: str = "", takes: str = TAKES) -> list[str]:
    """What is said of a backend whose Makefile takes `gowren` of what its CMake file builds."""
    where = tree({LISTS: SHIM.format(target, more).encode()}, replaced(MAKEFILE, ("purge: clean", takes)))
    found = findings(where, SLUG)
    assert all((f.backend, f.path) == ("wren-cpp", MAKEFILE) for f in found)
    return [f.message for f in found]


@pytest.mark.parametrize("target", ["gowrens", "bridge", "${PROJECT_NAME}_x"])
def test_a_library_that_is_added_under_another_name(target: str) -> None:
    added = target.replace("${PROJECT_NAME}", "gowren")
    linked = f"target_link_libraries({target} PRIVATE\n  wren)"
    for more in ("", linked, "target_link_libraries(gowren PRIVATE wren)"):
        (said,) = shim(target, more)
        assert said.endswith(f"takes gowren of CMake's build, and CMakeLists.txt adds {added}")


@pytest.mark.parametrize("takes", ["--target gowren", "--target=gowren"])
def test_a_target_that_is_asked_for(takes: str) -> None:
    asked = TAKES.replace("--build build", f"--build build {takes}").replace("libgowren.so", "$(LIBRARY)")
    assert len(shim("bridge", takes=asked)) == 1
    assert shim("gowren", takes=asked) == []


@pytest.mark.parametrize(
    ("target", "more"),
    [
        ("gowren", ""),
        ("${PROJECT_NAME}", ""),
        ("bridge", "set_target_properties(bridge PROPERTIES OUTPUT_NAME gowren)"),
        ("bridge", "add_library(gowren ALIAS bridge)"),
        ("bridge", "target_link_libraries(other PRIVATE gowren)"),
        (
            "bridge",
            "add_executable(other a.cpp)\ntarget_link_libraries(other PRIVATE bridge)\nset(X other gowren)",
        ),
        ("bridge STATIC", ""),
        ("${UNKNOWN}", ""),
        ("bridge MODULE a.cpp)\nif(TESTS)\n  add_library(gowren", "endif()"),
    ],
)
def test_what_may_be_made(target: str, more: str) -> None:
    assert shim(target, more) == []


@pytest.mark.parametrize(
    "more",
    [
        "all-of-it:\n\tcp build/*.so ./",
        "bridge:\n\tcp build/libbridge.so ./",
        "\n".join(("use:", "\techo bridge")),
    ],
)
def test_a_library_that_is_taken_elsewhere(more: str) -> None:
    assert shim("bridge", takes=f"{more}\n\n{TAKES}") == []


def test_a_letter_of_the_makefile() -> None:
    both = "mv build/libgowren.so libwren.so || mv build/libgowren.dylib libwren.dylib"
    for typed, fails in (("libgowrens.so", True), ("libhowren.so", False)):
        takes = TAKES.replace("mv build/libgowren.so libwren.so", both.replace("libgowren.so", typed))
        assert len(shim("gowren", takes=takes)) == fails, "what begins otherwise may be the upstream's"


@pytest.mark.parametrize("name", ["grpc-servers", "server"])
def test_a_program_that_is_added_under_another_name(name: str) -> None:
    for way in (name, "${TARGET}"):
        given = f"set(TARGET {name})\nadd_executable({way} grpc-server.cpp)"
        linked = f"target_link_libraries({way} PRIVATE"
        where = tree(
            replaced(
                f"{HERON}/CMakeLists.txt",
                ("add_executable(grpc-server grpc-server.cpp)", given),
                ("target_link_libraries(grpc-server PRIVATE", linked),
            )
        )
        (found,) = findings(where, SLUG)
        assert found.line == line_of(where, f"{HERON}/Makefile", "--target grpc-server")


def test_a_program_that_is_only_copied() -> None:
    makefile = replaced(
        f"{HERON}/Makefile", (" --target grpc-server", ""), ("build/grpc", "$(BUILD_DIR)/grpc")
    )
    text = read(f"{HERON}/CMakeLists.txt").replace("grpc-server ", "server ")
    (found,) = findings(tree(makefile, {f"{HERON}/CMakeLists.txt": text.encode()}), SLUG)
    assert "takes grpc-server of CMake's build" in found.message
    assert findings(tree(makefile), SLUG) == []


def test_a_misspelt_target_is_told_once() -> None:
    from scaffold.rules import registration_rules

    rule = next(one for one in registration_rules() if one.slug == SLUG)
    lists = SHIM.format("gowrens", "target_link_libraries(gowren PRIVATE wren)")
    found = findings(tree({LISTS: lists.encode()}, replaced(MAKEFILE, ("purge: clean", TAKES))))
    (cause,) = [f for f in found if f.rule == "script-misspelt"]
    (follows,) = [f for f in found if f.rule == SLUG]
    assert rule.follows(follows, cause)
