"""One defect of a change is one report, however many places miss what it breaks."""

from __future__ import annotations

import re

import pytest

from scaffold.operations import check, fix
from tests.rules.trees import BASE, BUMP, CAPABILITIES, GALLERY, MATRIX, MINIATURE, Altered, entry, item

CUDA = entry("-gpu-nvidia-cuda-12-finch-tts")
FINCH_IMAGES = [
    item(f"{kind}-finch-tts-development")
    for kind in ("cpu", "cuda12", "cuda13", "intel", "rocm", "metal", "nvidia-l4t-arm64")
]
NO_FILE, OTHER = "./backend/Dockerfile.pyton", "./backend/Dockerfile.golang"


def everywhere(old: str, new: str, backend: str = "finch-tts") -> Altered:
    """A text of every matrix entry of a backend that is another one now."""

    def change(text: str) -> str:
        parts = text.split("\n  - ")
        own = f'backend: "{backend}"'
        return "\n  - ".join(part.replace(old, new) if own in part else part for part in parts)

    return MINIATURE.rewrite(MATRIX, change)


DEFECTS: dict[str, tuple[Altered, str, str, str]] = {
    "the name of a backend in every entry": (
        everywhere('"finch-tts"', '"finch-tss"'), "matrix-missing-directory", "finch-tts", "'finch-tts'",
    ),
    "the name of a native backend in every entry": (
        everywhere('"llama-cpp"', '"lama-cpp"', "llama-cpp"), "matrix-missing-directory", "llama-cpp", "'llama-cpp'",
    ),
    "the name in one entry": (
        MINIATURE.edit_in(CUDA, ('"finch-tts"', '"finch-tss"')), "matrix-missing-directory", "finch-tts", "'finch-tts'",
    ),
    "a Dockerfile that is not there, everywhere": (
        everywhere("./backend/Dockerfile.python", NO_FILE), "matrix-missing-dockerfile", "finch-tts", NO_FILE,
    ),
    "a Dockerfile that is not there, in one leg": (
        MINIATURE.edit_in(entry("-cpu-finch-tts", "amd64"), ("Dockerfile.python", "Dockerfile.pyton")),
        "matrix-missing-dockerfile", "finch-tts", NO_FILE,
    ),
    "the Dockerfile of another language": (
        everywhere("./backend/Dockerfile.python", OTHER), "matrix-missing-directory", "finch-tts", "python backends",
    ),
    "the Dockerfile of another language, for a builder image": (
        everywhere("./backend/Dockerfile.llama-cpp", OTHER, "llama-cpp"),
        "matrix-missing-directory", "llama-cpp", "cpp backends",
    ),
    "a tag suffix": (
        MINIATURE.edit_in(CUDA, ("12-finch-tts'", "12-finch-tss'")),
        "matrix-tag-suffix", "finch-tts", "expected '-gpu-nvidia-cuda-12-finch-tts'",
    ),
    "the uri of an image": (
        MINIATURE.edit_in(item("cpu-finch-tts"), ('latest-cpu-finch-tts"', 'latest-cpu-finch-tss"')),
        "gallery-image-not-built", "finch-tts", "write latest-cpu-finch-tts:",
    ),
    "a tag suffix of two legs": (
        everywhere("'-cpu-finch-tts'", "'-cpu-finch'"), "matrix-tag-suffix", "finch-tts", "expected '-cpu-finch-tts'",
    ),
    "a tag suffix of one leg": (
        MINIATURE.edit_in(entry("-cpu-finch-tts", "arm64"), ("-cpu-finch-tts", "-cpu-finch")),
        "matrix-tag-suffix", "finch-tts", "expected '-cpu-finch-tts'",
    ),
    "the build type of another variant": (
        MINIATURE.edit_in(CUDA, ("'cublas'", "'hipblas'")), "matrix-tag-suffix", "finch-tts", "cuda12 builds",
    ),
    "the Makefile of a backend": (
        MINIATURE.write("backend/go/wren-cpp/Makefile", None), "build-target-missing", "wren-cpp", "no Makefile",
    ),
    "the Makefile": (
        MINIATURE.write("Makefile", None), "registration-file-missing", "", "Makefile is missing",
    ),
    "the development half of the gallery": (
        MINIATURE.drop(*FINCH_IMAGES), "gallery-image-missing", "finch-tts", "cpu-finch-tts-development",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DEFECTS)
def test_one_defect_is_one_report(name: str) -> None:
    altered, rule, backend, says = DEFECTS[name]
    result = check.run(altered.tree(), check.Scope(), BASE, "main")
    new = [finding for at, finding in enumerate(result.findings) if result.is_new(at)]
    assert [(f.rule, f.backend, f.severity.value) for f in new] == [(rule, backend, "error")]
    assert says in f"{new[0].message} {new[0].help}"


@pytest.mark.parametrize("name", [name for name in DEFECTS if "gallery" not in name])
def test_what_a_person_has_to_mend_is_repeated_nowhere(name: str) -> None:
    repair = fix.repair(DEFECTS[name][0].tree(), check.Scope(), BASE, "main")
    assert (repair.fixed, repair.changes.edits) == ((), [])


def test_the_copy_of_another_backends_entry_is_the_one_to_mend() -> None:
    suffix = "-gpu-nvidia-cuda-12-finch-tts", "-gpu-nvidia-cuda-12-rookery"
    tree = MINIATURE.edit_in(CUDA, suffix).tree()
    result = check.run(tree, check.Scope(ignore=("pipeline",)), BASE, "main")
    assert {(f.rule, f.backend) for f in result.findings} == {("matrix-tag-suffix", "finch-tts")}


def test_the_whole_gallery_block_is_one_report() -> None:
    block = [
        f"{name}{end}"
        for name in ("rookery", "cpu-rookery", "cuda12-rookery", "metal-rookery")
        for end in ("", "-development")
    ]
    model = MINIATURE.write("gallery/wing.yaml", "---\nconfig_file: |\n  backend: rookery\n")
    for tree in (MINIATURE, model):
        result = check.run(tree.drop(*map(item, block)).tree(), check.Scope(), BASE, "main")
        assert [(f.rule, f.path) for f in result.findings] == [("gallery-missing-meta", GALLERY)]


def test_half_of_a_repair_is_nothing_new() -> None:
    """A model for a backend that an importer calls so too: told once, and known when the importer is mended."""
    importer = "core/gallery/importers/lark.go"
    models = MINIATURE.write("gallery/wing.yaml", "---\nconfig_file: |\n  backend: skylark\n")
    both = models.each(importer, '"lark"', '"skylark"').tree()
    assert [f.rule for f in check.run(both, check.Scope()).findings if f.backend == "skylark"] == [
        "importer-unknown-backend"
    ]
    result = check.run(models.tree(), check.Scope(), both, "main")
    told = {f.rule: result.is_new(at) for at, f in enumerate(result.findings) if f.backend == "skylark"}
    assert told == {"gallery-model-backend": False}


ALONE: dict[str, tuple[Altered, str, str]] = {
    "run.sh is gone": (
        MINIATURE.write("backend/go/nest-store/run.sh", None), "files-missing", "backend/go/nest-store/run.sh",
    ),
    "the Makefile of a Python backend is gone": (
        MINIATURE.write("backend/python/rookery/Makefile", None), "build-target-missing", "backend/python/rookery/Makefile",
    ),
    "a Makefile that is cut": (
        MINIATURE.rewrite("backend/cpp/llama-cpp/Makefile", lambda text: text[: text.index("endif")]),
        "source-unreadable", "backend/cpp/llama-cpp/Makefile",
    ),
    "a build script that is gone": (
        MINIATURE.rewrite("backend/rust/kestrel/build.rs", lambda text: text[: text.rindex("}")]),
        "source-unreadable", "backend/rust/kestrel/build.rs",
    ),
    "a file that run.sh calls otherwise": (
        MINIATURE.edit("backend/go/wren-cpp/run.sh", ("libwren.so", "libwern.so")), "script-misspelt", "libwern",
    ),
    "a list for an address": (
        MINIATURE.rewrite(GALLERY, lambda text: re.sub(
            r'(name: "cpu-rookery"\n  uri: )(.*)', r"\1[\2]", text, count=1)),
        "gallery-unreadable", "uri is a list",
    ),
    "a word for mirrors": (
        MINIATURE.rewrite(GALLERY, lambda text: re.sub(
            r'(name: "cpu-rookery"\n.*\n  mirrors:)\n.*', r"\1 word", text, count=1)),
        "gallery-unreadable", "mirrors is the text",
    ),
    "a name of the capability table": (
        MINIATURE.edit(CAPABILITIES, ('\t"lark":', '\t"lrak":')), "capabilities-missing", "'lrak', which is no backend",
    ),
    "a variable of the pins": (
        MINIATURE.edit(BUMP, ('variable: "WREN_VERSION"', 'variable: "WERN_VERSION"')), "bump-pin-not-found", "WERN_VERSION",
    ),
    "no name for a meta": (
        MINIATURE.edit_in(item("rookery"), ('  name: "rookery"', '  name: ""')), "importer-unknown-backend", "has no name",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ALONE)
def test_one_defect_is_one_report_without_a_base(name: str) -> None:
    altered, rule, says = ALONE[name]
    found = check.run(altered.tree(), check.Scope()).findings
    assert [finding.rule for finding in found] == [rule]
    assert says in f"{found[0].message} {found[0].help}"


def test_what_a_broken_file_does_not_explain_is_told_beside_it() -> None:
    cut = MINIATURE.rewrite("backend/cpp/llama-cpp/Makefile", lambda text: text[: text.index("endif")])
    word = cut.edit("backend/cpp/llama-cpp/run.sh", ('exec "$CURDIR/lib/ld.so"', 'exec "$CUDIR/lib/ld.so"'))
    assert {f.rule for f in check.run(word.tree(), check.Scope()).findings} == {
        "source-unreadable",
        "script-misspelt",
    }


def test_what_a_refused_value_does_not_explain_is_told_beside_it() -> None:
    tags = MINIATURE.rewrite(
        GALLERY, lambda text: re.sub(r"(?m)^  tags:\n(?:    - .*\n)+", "  tags: word\n", text, count=1)
    )
    first = check.run(tags.tree(), check.Scope()).findings
    assert [f.rule for f in first] == ["gallery-unreadable"]
    both = tags.edit_in(
        item("cpu-llama-cpp"),
        ("- localai/localai-backends:latest-cpu-llama-cpp", "- localai/localai-backends:latest-cpu"),
    )
    assert {f.rule for f in check.run(both.tree(), check.Scope()).findings} == {
        "gallery-unreadable",
        "gallery-mirror",
    }
