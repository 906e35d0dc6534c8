"""What LocalAI had to repair, in miniature: the omission is found, what came before it was no defect."""

from __future__ import annotations

import re

import pytest

from scaffold.operations import check, fix, new
from scaffold.rules.base import Severity
from tests.operations.test_new import answers
from tests.rules.trees import (
    BUMP,
    CAPABILITIES,
    FILTER,
    GALLERY,
    MATRIX,
    MINIATURE,
    Altered,
    Case,
    assert_fine,
    assert_found,
    entry,
    findings,
    item,
    line_of,
    pin,
    told,
)

PUSH, PULL = ".github/workflows/backend.yml", ".github/workflows/backend_pr.yml"
SCRIPT = "scripts/changed-backends.js"
NEST, LARK, WREN = (f"backend/go/{name}" for name in ("nest-store", "lark", "wren-cpp"))
FINCH = "backend/python/finch-tts"

OLD_FILTER = """\
import fs from "fs";
const includes = JSON.parse(fs.readFileSync("matrix"));
const includesDarwin = includes;

function inferBackendPath(item) {
  if (item.dockerfile.endsWith("python")) { return `backend/python/${item.backend}/`; }
  if (item.dockerfile.endsWith("golang")) { return `backend/go/${item.backend}/`; }
  if (item.dockerfile.endsWith("rust")) { return `backend/rust/${item.backend}/`; }
  return `backend/cpp/${item.backend}/`;
}

function inferBackendPathDarwin(item) {
  if (item.backend === "heron") { return `backend/cpp/heron/`; }
  return item.lang ? `backend/${item.lang}/${item.backend}/` : `backend/python/${item.backend}/`;
}

function lent(file) {
  return SHARED.includes(file);
}

const SHARED = [];

(async () => {
  const changedFiles = await fetchThem();
  const filtered = includes.filter(item => {
    const backendPath = inferBackendPath(item);
    if (changedFiles.some(lent)) return true;
    return changedFiles.some(file => file.startsWith(backendPath));
  });
  const filteredDarwin = includesDarwin.filter(item => {
    const backendPath = inferBackendPathDarwin(item);
    return changedFiles.some(file => file.startsWith(backendPath));
  });
  fs.appendFileSync("out", JSON.stringify({ filtered, filteredDarwin }));
})();
"""
"""The path filter as it was before it had a function for the selection."""

OLD = MINIATURE.write(FILTER, None).write(SCRIPT, OLD_FILTER)


def knows(*files: str) -> Altered:
    """The old filter with files that rebuild every Linux image."""
    return OLD.edit(SCRIPT, ("SHARED = []", f"SHARED = {list(files)!r}"))


def of_one_matrix(name: str) -> Altered:
    """Workflows whose single-arch entries are one job each, and as many entries as GitHub starts none of."""
    altered = MINIATURE.edit(SCRIPT, ("const SINGLEARCH_SHARDS = 2;", "const UNUSED = 2;"))
    for path in (PUSH, PULL):
        altered = altered.rewrite(path, lambda text: text.replace("backend-jobs-singlearch-1:", f"{name}:"))
    many = "".join(f'  - tag-suffix: "-x-{n}"\n    backend: "rookery"\n' for n in range(256))
    return altered.edit(MATRIX, ("includeDarwin:\n", f"{many}includeDarwin:\n"))


def gated(*pairs: tuple[str, str]) -> Altered:
    """An engine with options of its own in front of ggml's."""
    return MINIATURE.edit(f"{WREN}/Makefile", ("-DGGML_CUDA=ON", "-DWREN_GGML_CUDA=ON"), *pairs)


WITHOUT_METAL = (
    "else ifeq ($(BUILD_TYPE),metal)\n\tCMAKE_ARGS+=-DGGML_METAL=ON -DGGML_METAL_EMBED_LIBRARY=ON\n",
    "",
)
URI = ("capabilities:", "uri: quay.io/go-skynet/local-ai-backends:latest-cpu-nest-store\n  others:")

CASES = {
    "a macOS build without a clean target": Case(
        "build-target-missing", "nest-store", f"{NEST}/Makefile", (),
        MINIATURE.rewrite(f"{NEST}/Makefile", lambda text: text.replace("clean:", "tidy:")),
        says="golang-darwin.sh calls `make clean`",
    ),
    "a requirements file that no image installs": Case(
        "requirements-unused", "rookery", "backend/python/rookery/requirements-intel.txt", (),
        MINIATURE.write("backend/python/rookery/requirements-intel.txt", "torch\n"),
        says="requirements-intel.txt",
    ),
    "one image where there are two": Case(
        "gallery-image-as-meta", "nest-store", GALLERY, ('name: "nest-store"', "uri:"),
        MINIATURE.edit_in(item("nest-store"), URI),
        also=None, says="has 1 more",
    ),
    "a package that Go backends import": Case(
        "filter-shared-input", "", FILTER, ("const SHARED_BUILD_INPUTS",),
        MINIATURE.edit(FILTER, ('  "pkg/grpc/",\n', "")),
        says="pkg/grpc/",
    ),
    "a fork that an old filter does not rebuild": Case(
        "filter-borrowed-sources", "meadow-lark", "scripts/changed-backends.js", ("function inferBackendPath(",),
        OLD,
        also=None, says="backend/cpp/llama-cpp",
    ),
    "a capability entry for what nobody can import": Case(
        "capabilities-missing", "lark", CAPABILITIES, ('"heron": {',),
        MINIATURE.rewrite(CAPABILITIES, lambda text: re.sub(r'(?ms)^\t"lark": \{.*?^\t\},\n', "", text))
        .write("core/gallery/importers/lark.go", None)
        .rewrite("core/gallery/importers/importers.go", lambda text: re.sub(r"(?m)^.*LarkImporter.*\n", "", text)),
        also=None, says="lark serves",
    ),
    "an engine that does not choose Metal by itself": Case(
        "build-type-unhandled", "wren-cpp", f"{WREN}/Makefile", ("sycl_f32",),
        gated(WITHOUT_METAL),
        severity=Severity.warning, says="BUILD_TYPE metal",
    ),
    "one matrix of all single-arch entries": Case(
        "matrix-shard-limit", "", MATRIX, (),
        of_one_matrix("backend-jobs-singlearch"),
        also=None, says="the single-arch matrix has 2",
    ),
    "one matrix of all entries": Case(
        "matrix-shard-limit", "", MATRIX, (),
        of_one_matrix("backend-jobs").rewrite(PUSH, lambda text: text.replace("singlearch-", "part-"))
        .rewrite(PULL, lambda text: text.replace("singlearch-", "part-")),
        also=None, says="the Linux matrix has ",
    ),
    "an input that one workflow has": Case(
        "matrix-unforwarded-field", "", PULL, ("  backend-jobs-multiarch:",),
        MINIATURE.rewrite(PULL, lambda text: re.sub(r"(?m)^      amdgpu-targets:.*\n", "", text, count=1)),
        severity=Severity.warning, says="amdgpu-targets, which job",
    ),
    "an engine built from a branch": Case(
        "bump-pin-not-sha", "wren-cpp", f"{WREN}/Makefile", ("WREN_VERSION?=",),
        MINIATURE.drop(pin("WREN_VERSION")).rewrite(
            f"{WREN}/Makefile", lambda text: re.sub(r"(?m)^WREN_VERSION\?=.*", "WREN_VERSION?=master", text)
        ),
        says="'master'",
    ),
    "the pin of a backend that was removed": Case(
        "bump-pin-not-found", "swift-cpp", BUMP, ('"SWIFT_VERSION"',),
        MINIATURE.copy(pin("WREN_VERSION"), ("aviary-example/wren.cpp", "aviary-example/swift.cpp"), ('"WREN_VERSION"', '"SWIFT_VERSION"'), ("backend/go/wren-cpp/Makefile", "Makefile")),
        says="SWIFT_VERSION",
    ),
    "two keys forgotten": Case(
        "gallery-dev-meta-drift", "finch-tts", GALLERY, ('"finch-tts-development"', "capabilities", "nvidia-l4t-cuda-13"),
        MINIATURE.edit_in(item("finch-tts-development"), ('    amd: "rocm-finch-tts-development"\n', ""), ('    intel: "intel-finch-tts-development"\n', "")),
        says="has no intel or amd", fix=True,
    ),
    "a macOS script that starts every build": Case(
        "darwin-bespoke-wiring", "heron", FILTER, ("SHARED_BUILD_INPUTS = ",),
        MINIATURE.rewrite(FILTER, lambda text: text.replace('"scripts/build/heron-darwin.sh"', '"scripts/build/owl-darwin.sh"')),
        severity=Severity.warning, fix=True, says="than its own",
    ),
    "a base image that is ahead of the others": Case(
        "matrix-outlier-field", "rookery", MATRIX, ("'-gpu-nvidia-cuda-12-rookery'", "base-image"),
        MINIATURE.edit_in(entry("-gpu-nvidia-cuda-12-rookery"), ('"ubuntu:24.04"', '"ubuntu:26.04"')),
        severity=Severity.info, says="ubuntu:26.04",
    ),
    "a base image that the others left": Case(
        "matrix-outlier-field", "rookery", MATRIX, ("'-gpu-nvidia-cuda-12-rookery'", "base-image"),
        MINIATURE.edit_in(entry("-gpu-nvidia-cuda-12-rookery"), ('"ubuntu:24.04"', '"ubuntu:22.04"')),
        says="ubuntu:22.04",
    ),
}  # fmt: skip

FINE = {
    "an outlier that a comment explains": (
        MINIATURE.edit_in(entry("-gpu-nvidia-cuda-12-rookery"), ('"ubuntu:24.04"', '"ubuntu:22.04"')).above(
            entry("-gpu-nvidia-cuda-12-rookery"), "# its wheels are for the glibc of ubuntu:22.04"
        ),
        "matrix-outlier-field",
    ),
    "a pure Go backend needs no Metal": (
        MINIATURE.edit(f"{LARK}/Makefile", ("ifeq ($(BUILD_TYPE),metal)", "ifeq ($(METAL),ON)")),
        "build-type-unhandled",
    ),
    "a gated engine with Metal": (gated(), "build-type-unhandled"),
    "an engine with ggml's own options": (
        MINIATURE.edit(f"{WREN}/Makefile", WITHOUT_METAL),
        "build-type-unhandled",
    ),
    "a backend with a single image": (
        MINIATURE.edit_in(item("kestrel"), ("capabilities:", "uri: x/y:z\n  others:")).drop(
            item("cpu-kestrel"), item("cpu-kestrel-development")
        ),
        "gallery-image-as-meta",
    ),
    "a version without a bump entry": (
        MINIATURE.append(f"{WREN}/Makefile", "ONNX_VERSION?=1.24.4\n"),
        "bump-pin-not-sha",
    ),
    "a store has no use case": (MINIATURE, "capabilities-missing"),
    "a proxy of other servers": (
        MINIATURE.append(
            f"{NEST}/main.go", "\nfunc (s *Store) Predict() {}\n\nfunc (s *Store) Forward() {}\n"
        ),
        "capabilities-missing",
    ),
    "nobody imports a model for a proxy": (
        MINIATURE.edit_in(item("nest-store"), ("tags:\n", "tags:\n    - text-to-text\n")).append(
            f"{NEST}/main.go", "\nfunc (s *Store) Forward() {}\n"
        ),
        "importer-missing",
    ),
    "a pilot of per-architecture legs": (
        MINIATURE.rewrite(
            MATRIX,
            lambda text: re.sub(
                r"    platforms: 'linux/(?:amd64|arm64)'\n    platform-tag: '\w+'\n    tag-latest: 'auto'\n"
                r"    tag-suffix: '(-(?:cpu|gpu-vulkan)-(?!heron))",
                r"    platforms: 'linux/amd64,linux/arm64'\n    tag-latest: 'auto'\n    tag-suffix: '\1",
                text,
            ),
        ),
        "matrix-arch-mismatch",
    ),
    "an image that a step of another job tags": (
        MINIATURE.drop(entry("-metal-darwin-arm64-lark")).append(
            PUSH,
            "  # metadata of a job of its own\n  #\n            suffix=-metal-darwin-arm64-lark,onlatest=true\n",
        ),
        "gallery-image-not-built",
    ),
    "a goal that only a comment names": (
        MINIATURE.append("scripts/build/golang-darwin.sh", "# make -C backend/go/${BACKEND} polish\n"),
        "build-target-missing",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_was_repaired_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_was_no_defect_is_not(name: str) -> None:
    assert_fine(*FINE[name])


def test_a_script_may_name_the_folder_by_a_variable() -> None:
    script = 'DIR="backend/python/${BACKEND}"\nmake -C "$DIR" polish\n'
    tree = MINIATURE.append("scripts/build/python-darwin.sh", script).tree()
    found = findings(tree, "build-target-missing")
    assert {(f.backend, f.subject) for f in found} == {
        ("finch-tts", "target polish"),
        ("rookery", "target polish"),
    }


def test_one_forgotten_key_does_not_hide_the_next() -> None:
    """A change that repairs one key of two has introduced nothing; one that loses another one has."""
    both = CASES["two keys forgotten"].altered.tree()
    one = MINIATURE.edit_in(
        item("finch-tts-development"), ('    amd: "rocm-finch-tts-development"\n', "")
    ).tree()
    for before, after, new_ones in ((both, one, []), (one, both, [0])):
        result = check.run(after, check.Scope(), before, "base")
        assert [i for i in range(len(result.findings)) if result.is_new(i)] == new_ones


def test_an_old_filter_is_executed_too() -> None:
    told_of = {f.subject for f in findings(OLD.tree(), "filter-shared-input")}
    assert {"backend/backend.proto", "scripts/build/package-gpu-libs.sh"} <= told_of
    assert any(subject.startswith("pkg/grpc/") for subject in told_of)
    left = {f.subject for f in findings(knows("backend/backend.proto").tree(), "filter-shared-input")}
    assert told_of - left == {"backend/backend.proto"}


def test_an_old_filter_has_no_table_to_add_to() -> None:
    assert told(findings(OLD.tree(), "darwin-bespoke-wiring")) == []


def test_a_new_fork_is_rebuilt_by_an_old_filter() -> None:
    tree = OLD.tree()
    fork = new.plan(tree, answers("cpp", "llama-fork", name="zebra", modality="llm", variants=("cpu",)))
    after = fork.changes.overlay()
    assert {f.backend for f in findings(after, "filter-borrowed-sources")} == {"meadow-lark"}


def test_a_filter_of_unknown_shape_says_nothing() -> None:
    tree = MINIATURE.write(FILTER, None).write(SCRIPT, OLD_FILTER.replace(".filter(", ".map(")).tree()
    assert told(findings(tree, "filter-shared-input")) == []
    assert told(findings(tree, "filter-borrowed-sources")) == []


def test_an_alias_stands_behind_the_name() -> None:
    tree = MINIATURE.edit_in(item("kestrel"), ('  alias: "kestrel"\n', "")).tree()
    repair = fix.repair(tree, check.Scope(select=("gallery-alias-missing",)))
    after = repair.changes.overlay()
    assert line_of(after, GALLERY, 'alias: "kestrel"') == line_of(after, GALLERY, 'name: "kestrel"') + 1


def test_a_finding_outlives_the_file_that_showed_it() -> None:
    """The matrix moved out of its workflow once; what was missing then has not been introduced by that."""
    defect = MINIATURE.drop(item("rocm-finch-tts-development"))
    (found,) = findings(defect.tree(), "gallery-image-missing")
    elsewhere = found._replace(path=".github/workflows/backend.yml", line=3)
    assert elsewhere.identity == found.identity
    (general,) = findings(CASES["an input that one workflow has"].altered.tree(), "matrix-unforwarded-field")
    assert general._replace(path=PUSH).identity != general.identity
