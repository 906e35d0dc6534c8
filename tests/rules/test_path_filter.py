"""Rules about the path filter: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import pytest

from scaffold.checkout.tree import Overlay
from scaffold.errors import ShapeError
from scaffold.registry import Registry
from tests.rules.trees import FILTER, MINIATURE, Altered, Case, assert_fine, assert_found, entry, findings

DOCKERFILE = "backend/Dockerfile.golang"
LINUX, MACOS = "function inferBackendPath(item)", "function inferBackendPathDarwin(item)"
MEADOW = "return `backend/cpp/meadow-lark/`"
SCRIPT = "scripts/patch-sources.sh"
COPIES = MINIATURE.write(SCRIPT, "true\n").append(DOCKERFILE, f"COPY {SCRIPT} /usr/bin/patch-sources\n")
BASE_IMAGES = ".github/workflows/base-images.yml"


def branch(suffix: str) -> str:
    return f'  if (item.dockerfile.endsWith("{suffix}")) {{\n    return `backend/cpp/{suffix}/`;\n  }}\n'


HERON, NIGHT_HERON, LLAMA = (branch(name) for name in ("heron", "night-heron", "llama-cpp"))
MACOS_HERON = '  if (item.backend === "heron") {\n    return `backend/cpp/heron/`;\n  }\n'
LARK = '  if (item.backend === "lark") {\n    return `backend/go/lark/`;\n  }\n'
GOLANG = '  if (item.dockerfile.endsWith("golang")) {\n    return `backend/go/${item.backend}/`;\n  }\n'


def without_selection(text: str) -> str:
    """The filter from before it selected entries itself."""
    return text.partition("// The entries of both matrices that")[0]


RULES = "export const SHARED_BUILD_INPUTS = [\n"


SHARED = f'  {{ matches: file => file === "{SCRIPT}", linux: isLinuxGo, darwin: never }},\n'


GPU_RULE = '    matches: file => file === "scripts/build/package-gpu-libs.sh",\n'
GO_RULE = '    matches: file => file === "scripts/build/golang-darwin.sh",\n'


def only(path: str, backend: str) -> str:
    """A rule of the filter that rebuilds one backend for a file."""
    return f'  {{ matches: file => file === "{path}", linux: item => item.backend === "{backend}", darwin: never }},\n'


def js(*pairs: tuple[str, str]) -> Altered:
    return MINIATURE.edit(FILTER, *pairs)


CASES = {
    "no branch": Case(
        "filter-unmapped-backend", "llama-cpp", FILTER, (MEADOW, "}"),
        js((LLAMA, "")),
        also=("filter-shared-input",), fix=True, says="nothing",
    ),
    "a branch for a Dockerfile that is called otherwise": Case(
        "filter-unmapped-backend", "llama-cpp", FILTER, ('endsWith("llama.cpp")',),
        js(('endsWith("llama-cpp")) {\n', 'endsWith("llama.cpp")) {\n')),
        also=("filter-shared-input",), fix=True, says="let this branch take llama-cpp",
    ),
    "a generic branch for a Dockerfile that is called nearly so": Case(
        "filter-unmapped-backend", "wren-cpp", FILTER, ('endsWith("golan")',),
        js(('endsWith("golang")) {\n', 'endsWith("golan")) {\n')),
        also=None, fix=True, times=2, says="let this branch take golang",
    ),
    "a branch for another folder": Case(
        "filter-unmapped-backend", "llama-cpp", FILTER, (LINUX,),
        js(("`backend/cpp/llama-cpp/`", "`backend/cpp/llama/`")),
        says="backend/cpp/llama/", also=None, fix=True, refused="no place for a branch on 'llama-cpp'",
    ),
    "caught by another's branch": Case(
        "filter-unmapped-backend", "night-heron", FILTER, (MEADOW, "}"),
        js((NIGHT_HERON, "")),
        fix=True, restores=True, says="backend/cpp/heron/",
    ),
    "no macOS branch": Case(
        "filter-unmapped-backend", "heron", FILTER, (MACOS,),
        js((MACOS_HERON, "")),
        fix=True, says="backend/go/heron/",
    ),
    "generic before specific": Case(
        "filter-shadowed-branch", "night-heron", FILTER, ('endsWith("night-heron")',),
        js((NIGHT_HERON + HERON, HERON + NIGHT_HERON)),
        also=("filter-unmapped-backend",), fix=True, restores=True, says="never reached",
    ),
    "a backend's branch behind its language's": Case(
        "filter-shadowed-branch", "lark", FILTER, ('item.backend === "lark"',),
        js((LARK, ""), (GOLANG, GOLANG + LARK)),
        fix=True,
    ),
    "the same branch twice": Case(
        "filter-shadowed-branch", "heron", FILTER, ('endsWith("heron")', 'endsWith("heron")'),
        js((HERON, HERON + HERON)),
        fix=True, restores=True,
    ),
    "the same branch for two folders": Case(
        "filter-shadowed-branch", "heron", FILTER, ('endsWith("heron")', 'endsWith("heron")'),
        js((HERON, HERON + HERON.replace("backend/cpp/heron", "backend/cpp/owl"))),
        says="never reached",
    ),
    "a file that rebuilds nothing": Case(
        "filter-shared-input", "", FILTER, ("const SHARED_BUILD_INPUTS",),
        COPIES,
        says=f"({DOCKERFILE}:",
    ),
    "a file of which a comment tells an incident": Case(
        "filter-shared-input", "", FILTER, ("const SHARED_BUILD_INPUTS",),
        COPIES.edit(FILTER, ("export const SHARED_BUILD_INPUTS", f"// {SCRIPT} was repaired in #10946.\nexport const SHARED_BUILD_INPUTS")),
        says=f"({DOCKERFILE}:",
    ),
    "a folder that rebuilds nothing": Case(
        "filter-shared-input", "", FILTER, ("const SHARED_BUILD_INPUTS",),
        MINIATURE.write("patches/a.diff", "x").append(DOCKERFILE, "COPY patches/ /patches\n"),
        says="patches/a.diff",
    ),
    "a fork that its sources do not rebuild": Case(
        "filter-borrowed-sources", "meadow-lark", FILTER, ("function inferBackendPath(",),
        js(('(backend === "meadow-lark") &&', '(backend === "owl") &&')),
        says="backend/cpp/llama-cpp",
    ),
    "a file that rebuilds one of those that take it": Case(
        "filter-shared-input", "", FILTER, (SCRIPT,),
        COPIES.edit(FILTER, (RULES, f"{RULES}{only(SCRIPT, 'lark')}")),
        says="nest-store, wren-cpp",
    ),
    "the language's rule without one backend": Case(
        "filter-shared-input", "lark", FILTER, ("linux: item => isLinuxGo(item)",),
        js(("    linux: isLinuxGo,", '    linux: item => isLinuxGo(item) && item.backend !== "lark",')),
        says="pkg/grpc",
    ),
    "a script that package.sh runs, for the images of another language alone": Case(
        "filter-shared-input", "", FILTER, ('"scripts/build/package-gpu-libs.sh"', "linux:"),
        js((f"{GPU_RULE}    linux: always", f"{GPU_RULE}    linux: isLinuxPython")),
        says="heron, llama-cpp, meadow-lark",
    ),
    "what builds a language on macOS, which rebuilds nothing": Case(
        "filter-shared-input", "", FILTER, ('"scripts/build/golang-darwin.sh"', "linux:"),
        js((f"{GO_RULE}    linux: never,\n    darwin: isDarwinGenericGo", f"{GO_RULE}    linux: never,\n    darwin: never")),
        says="a change of it rebuilds none",
    ),
    "what builds a language on macOS, for another language": Case(
        "filter-shared-input", "", FILTER, ('"scripts/build/golang-darwin.sh"', "linux:"),
        js((f"{GO_RULE}    linux: never,\n    darwin: isDarwinGenericGo", f"{GO_RULE}    linux: never,\n    darwin: isDarwinPython")),
        says="lark, ",
    ),
    "a script that a mounted script calls": Case(
        "filter-shared-input", "", FILTER, ("const SHARED_BUILD_INPUTS",),
        MINIATURE.write(".docker/llama-cpp-target.sh", "true\n")
        .edit(".docker/llama-cpp-compile.sh", ("set -euxo pipefail\n", "set -euxo pipefail\nT=$(sh /LocalAI/.docker/llama-cpp-target.sh)\n"))
        .edit(FILTER, ('file.startsWith(".docker/")', 'file === ".docker/apt-mirror.sh"')),
        says=".docker/llama-cpp-target.sh",
    ),
    "a file that an argument names, which no build passes": Case(
        "filter-shared-input", "", FILTER, ("const SHARED_BUILD_INPUTS",),
        MINIATURE.write(SCRIPT, "true\n").append(DOCKERFILE, f"ARG PATCHES={SCRIPT}\nCOPY ${{PATCHES}} /usr/bin/\n"),
    ),
    "a file that is mounted": Case(
        "filter-shared-input", "", FILTER, ("const SHARED_BUILD_INPUTS",),
        MINIATURE.write(SCRIPT, "true\n").append(DOCKERFILE, f"RUN --mount=type=bind,source={SCRIPT},target=/p sh /p\n"),
    ),
}  # fmt: skip

FINE = {
    "a branch that another one covers": (js((LARK, "")), None),
    "a branch with another condition for the same": (
        js(('item.dockerfile.endsWith("llama-cpp")) {\n    return', 'item.backend === "llama-cpp") {\n    return')),
        None,
    ),
    "a branch in an old form that runs alike": (js((LLAMA, LLAMA.replace("endsWith(", "endsWith(  "))), None),
    "an entry of a backend that has no directory": (
        MINIATURE.edit_in(entry("-cpu-kestrel"), ('"kestrel"', '"gone"')),
        "filter-unmapped-backend",
    ),
    "a folder without the slash behind it": (
        js(("`backend/cpp/llama-cpp/`", "`backend/cpp/llama-cpp`")),
        "filter-unmapped-backend",
    ),
    "a file that an argument names, which builds pass": (
        MINIATURE.write(SCRIPT, "true\n").append(DOCKERFILE, f"ARG BACKEND={SCRIPT}\nCOPY ${{BACKEND}} /usr/bin/\n"),
        "filter-shared-input",
    ),
    "specific before generic": (js((NIGHT_HERON + HERON, NIGHT_HERON + "  // and then\n" + HERON)), None),
    "a file that has a rule": (
        COPIES.edit(
            FILTER,
            ("    matches: file => file === BACKEND_PROTO_FILE,", f'    matches: file => file === BACKEND_PROTO_FILE || file === "{SCRIPT}",'),
        ),
        None,
    ),
    "a file that rebuilds all that take it": (COPIES.edit(FILTER, (RULES, f"{RULES}{SHARED}")), None),
    "a script for the images of those whose package.sh run it": (
        js((
            f"{GPU_RULE}    linux: always",
            f'{GPU_RULE}    linux: item => item.backend !== "lark" && item.backend !== "night-heron"',
        )),
        None,
    ),
    "a script that a comment of package.sh names": (
        MINIATURE.write(SCRIPT, "true\n").append("backend/go/lark/package.sh", "# see $REPO_ROOT/scripts/build/golang-darwin.sh\n"),
        None,
    ),
    "what builds a language on macOS, without one that has a step of its own": (
        js((f"{GO_RULE}    linux: never,\n    darwin: isDarwinGenericGo", f'{GO_RULE}    linux: never,\n    darwin: item => item.lang && item.backend !== "heron"')),
        None,
    ),
    "a script that a comment of a mounted script names": (
        MINIATURE.write(".docker/llama-cpp-target.sh", "true\n")
        .edit(".docker/llama-cpp-compile.sh", ("set -euxo pipefail\n", "set -euxo pipefail\n# as /LocalAI/.docker/llama-cpp-target.sh\n"))
        .edit(FILTER, ('file.startsWith(".docker/")', 'file === ".docker/apt-mirror.sh"')),
        None,
    ),
    "a file that a comment leaves out": (
        COPIES.edit(FILTER, ("export const SHARED_BUILD_INPUTS", f"// {SCRIPT} only logs.\nexport const SHARED_BUILD_INPUTS")),
        None,
    ),
    "a file that the builder images watch": (
        COPIES.edit(BASE_IMAGES, ("    paths:\n", f"    paths:\n      - '{SCRIPT}'\n")),
        None,
    ),
    "a file that is not there": (COPIES.write(SCRIPT, None), "filter-shared-input"),
    "a checkout without such a filter": (COPIES.rewrite(FILTER, without_selection), "filter-shared-input"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])


def test_another_dockerfile_that_takes_it_makes_it_no_new_fault() -> None:
    earlier = "backend/Dockerfile.a"
    before, after = COPIES.tree(), COPIES.write(earlier, f"FROM scratch\nCOPY {SCRIPT} /\n").tree()
    one, other = (findings(tree, "filter-shared-input") for tree in (before, after))
    assert [f.identity for f in one] == [f.identity for f in other]
    assert earlier in other[0].message


@pytest.mark.parametrize(
    "paths",
    [
        f"paths: [{SCRIPT}]",
        f"paths: ['{SCRIPT}']",
        f'paths: ["{SCRIPT}", other]',
        f"'paths': ['{SCRIPT}']",
        f'"paths":\n      - "{SCRIPT}"',
        f"paths:\n      - {SCRIPT}",
        f"paths:\n      - '{SCRIPT}'",
        f"paths:\n    - >-\n      {SCRIPT}",
        f"paths:\n      - |-\n        {SCRIPT}",
        f'paths:\n      - "scripts/patch\\u002dsources.sh" # {SCRIPT}',
        "paths: [scripts/**]",
        'paths:\n      - "scripts/*.sh"',
    ],
)
def test_what_the_builder_images_watch_is_read_in_every_spelling(paths: str) -> None:
    usual = "paths:\n      - 'backend/Dockerfile.base-grpc-builder'"
    watched = COPIES.edit(BASE_IMAGES, (usual, f"{paths}\n    other:\n      - 'x'"))
    assert findings(watched.tree(), "filter-shared-input") == []
    another = COPIES.edit(
        BASE_IMAGES,
        (
            usual,
            f"{paths.replace('scripts', 'tools').replace('# tools', '# scripts')}\n    other:\n      - 'x'",
        ),
    )
    assert len(findings(another.tree(), "filter-shared-input")) == 1


@pytest.mark.parametrize(
    "line",
    [
        f"COPY {SCRIPT} /x",
        f'COPY "{SCRIPT}" /x',
        f'COPY ["{SCRIPT}", "/x"]',
        f"copy --chmod=755 {SCRIPT} /x",
        f"COPY ./{SCRIPT} \\\n  /x",
        f"RUN --mount=type=bind,source={SCRIPT},target=/x sh /x",
        f"RUN --mount=type=bind,src={SCRIPT},dst=/x sh /x",
        f"RUN --mount=source=./{SCRIPT},target=/x sh /x",
        f"ADD {SCRIPT} /x",
    ],
)
def test_what_an_image_takes_is_read_in_every_spelling(line: str) -> None:
    taken = MINIATURE.write(SCRIPT, "true\n").append(DOCKERFILE, f"{line}\n")
    assert [f.subject for f in findings(taken.tree(), "filter-shared-input")] == [SCRIPT]
    commented = MINIATURE.write(SCRIPT, "true\n").append(DOCKERFILE, f"# {line.partition(chr(92))[0]}\n")
    assert findings(commented.tree(), "filter-shared-input") == []


def before_macos(text: str) -> str:
    """The filter as it was before macOS: two functions in the script itself, without a word of another system."""
    head = text.partition("export function inferBackendPathDarwin")[0]
    assert head != text
    return (
        f"{head}\nconst includes = load(), changedFiles = ask();\n"
        "const filtered = includes.filter(item => {\n"
        "  const backendPath = inferBackendPath(item);\n"
        "  return changedFiles.some(file => file.startsWith(backendPath));\n});\n"
    )


def test_a_filter_of_before_macos_is_understood() -> None:
    where = MINIATURE.rewrite(FILTER, before_macos).tree()
    registry = Registry(where)
    assert registry.path_filter.can_filter
    assert {*registry.inferred[1]} == {None}
    assert registry.inferred[0] == Registry(MINIATURE.tree()).inferred[0]
    told = [f.subject for f in findings(where, "filter-unmapped-backend")]
    assert all(subject.startswith("inferBackendPathDarwin ") for subject in told)
    renamed = js(("function inferBackendPathDarwin(", "function inferDarwinPath("))
    with pytest.raises(ShapeError, match="expected a function inferBackendPathDarwin"):
        findings(renamed.tree(), "filter-unmapped-backend")


def test_a_dockerfile_that_rebuilds_nothing() -> None:
    where = js(('return df !== "" && changedFiles.includes(df);', "return false;"))
    told = [
        f
        for f in findings(where.tree(), "filter-shared-input")
        if f.subject.startswith("backend/Dockerfile.")
    ]
    entries = Registry(where.tree()).matrix.linux
    assert {f.subject for f in told} == {entry.fields["dockerfile"].removeprefix("./") for entry in entries}
    assert all("a change of it rebuilds none" in f.message for f in told)


def test_a_filter_that_its_script_imports_and_that_is_not_there_is_named() -> None:
    where = Overlay(MINIATURE.tree(), {FILTER: None})
    with pytest.raises(ShapeError, match=rf"changed-backends.js:\d+: imports {FILTER}, which is missing"):
        findings(where, "filter-unmapped-backend")
