"""Rules about the compatibility table: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import pytest

from scaffold.operations import check, fix
from scaffold.registry import Registry
from scaffold.rules.docs import row_of
from tests.rules.gallery.trees import in_both
from tests.rules.trees import (
    BASE,
    CAPABILITIES,
    DOCS,
    MINIATURE,
    Altered,
    Case,
    Select,
    assert_fine,
    assert_found,
    entry,
    findings,
    item,
    text_of,
)


def row(name: str) -> str:
    """The row of a name."""
    (line,) = (x for x in text_of(BASE, DOCS).splitlines() if x.startswith(f"| [{name}]"))
    return f"{line}\n"


KESTREL = row("Kestrel")
HEAD = "| Backend" + text_of(BASE, DOCS).partition("| Backend")[2].partition("| [")[0]
"""The first table's."""
SAID = "Kestrel: text-to-speech in Rust"


def docs(*pairs: tuple[str, str]) -> Altered:
    return MINIATURE.edit(DOCS, *pairs)


def test_a_name_that_a_letter_makes_the_backends() -> None:
    def told(label: str) -> list[str]:
        return [f.help for f in findings(kestrel(("[Kestrel]", f"[{label}]")).tree(), "docs-missing-row")]

    assert told("Kestrle") == ["write kestrel"]
    assert told("Kestrel (Rust)") == []


def kestrel(*pairs: tuple[str, str]) -> Altered:
    """The row of kestrel with other texts."""
    text = KESTREL
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return docs((KESTREL, text))


CASES = {
    "no row": Case(
        "docs-missing-row", "kestrel", DOCS, ("[Finch]",),
        docs((KESTREL, "")),
        fix=True, says="add `| [kestrel](https://github.com/aviary-example/kestrel) | Text-to-speech in Rust | CPU |`",
    ),
    "a row about something else": Case(
        "docs-missing-row", "kestrel", DOCS, ("[Falcon]",),
        kestrel(("[Kestrel]", "[Falcon]"), ("aviary-example/kestrel", "aviary-example/falcon")),
        fix=True,
    ),
    "a row above the table": Case(
        "docs-missing-row", "kestrel", DOCS, ("[Finch]",),
        docs((KESTREL, ""), ("## Speech-to-Text\n", f"## Speech-to-Text\n{KESTREL}")),
        fix=True,
    ),
    "no row in a table that asks for more than is known": Case(
        "docs-missing-row", "rookery", DOCS, ("[meadow-lark]",),
        docs((row("Rookery"), "")),
        says="add a row for rookery",
    ),
    **{
        f"a row that is torn, {name}": Case(
            "docs-missing-row", "", DOCS, ("[Kestrel]",), docs((KESTREL, torn)), says="the row of", times=1
        )
        for name, torn in {
            "in two": KESTREL[:40] + "\n" + KESTREL[40:],
            "with its end gone": KESTREL[:40] + "\n",
            "at the last bar but one": "".join(KESTREL.rpartition(" | ")[::2]),
        }.items()
    },
    **{
        f"a table that has lost its {what}": Case(
            "docs-missing-row", "", DOCS, (at,), docs((HEAD, left)), says="has lost its head", times=1
        )
        for what, (at, left) in {
            "names": ("|---------|-------------|------------|---", HEAD.split("\n", 1)[1]),
            "dashes": ("Capability", HEAD.split("\n", 1)[0] + "\n"),
            "head": ("[llama.cpp]", ""),
        }.items()
    },
    "hardware that is not built for": Case(
        "docs-acceleration", "kestrel", DOCS, ("[Kestrel]",),
        kestrel(("| CPU |", "| CPU, ROCm |")),
        fix=True, restores=True, says="not built: ROCm",
    ),
    "hardware that is kept quiet": Case(
        "docs-acceleration", "rookery", DOCS, ("[Rookery]",),
        docs(("| CPU, CUDA 12, Metal |", "| CPU, CUDA 12 |")),
        fix=True, restores=True, says="built too: Metal",
    ),
    "one CUDA of two": Case(
        "docs-acceleration", "meadow-lark", DOCS, ("[meadow-lark]",),
        docs((row("meadow-lark"), row("meadow-lark").replace("CUDA 12/13", "CUDA 12"))),
        fix=True, restores=True, says="CUDA 13",
    ),
    "a version of its time": Case(
        "docs-acceleration", "meadow-lark", DOCS, ("[meadow-lark]",),
        docs((row("meadow-lark"), row("meadow-lark").replace("CUDA 12/13", "CUDA 11/12"))),
        says="built too: CUDA 13",
    ),
    "a list in another order": Case(
        "docs-acceleration", "finch-tts", DOCS, ("[Finch]",),
        docs((row("Finch"), row("Finch").replace("CPU, CUDA 12/13, ROCm, Intel SYCL, Metal, Jetson L4T", "CUDA 12, ROCm, Intel, CPU"))),
        fix=True, says="built too: CUDA 13, Jetson L4T, Metal",
    ),
    "a dropped build": Case(
        "docs-acceleration", "finch-tts", DOCS, ("[Finch]",),
        in_both("finch-tts", ('    amd: "rocm-finch-tts"\n', "")).drop(
            entry("-gpu-rocm-hipblas-finch-tts"), item("rocm-finch-tts"), item("rocm-finch-tts-development")
        ),
        also=("requirements-unused",), fix=True, says="not built: ROCm",
    ),
    "words of the writer's own": Case(
        "docs-acceleration", "kestrel", DOCS, ("[Kestrel]",),
        kestrel(("| CPU |", "| ROCm (soon) |")),
        says="built too: CPU",
    ),
}  # fmt: skip

FINE = {
    "a row without its first bar": (docs((KESTREL, KESTREL.removeprefix("| "))), "docs-missing-row"),
    "hardware that the gallery offers and nothing builds": (
        MINIATURE.drop(entry("-gpu-rocm-hipblas-finch-tts")),
        "docs-acceleration",
    ),
    "a macOS build without Metal, by the words of its entry": (
        docs((row("lark.cpp"), row("lark.cpp").replace("CPU, Metal", "CPU"))).above(
            entry("-metal-darwin-arm64-lark"), "# lark has no Metal path: this is its CPU build"
        ),
        None,
    ),
    "a row without its last bar": (docs((KESTREL, KESTREL.rstrip("| \n") + "\n")), None),
    "a row with a bar in its words": (kestrel(("[Kestrel]", "[Kestrel \\\\| falcon]")), "docs-missing-row"),
    "words below a table": (docs((KESTREL, f"{KESTREL}\nCPU | GPU\n\n")), "docs-acceleration"),
    "a row by its address": (kestrel(("[Kestrel]", "[The small falcon]")), None),
    "a row by its name": (kestrel(("aviary-example/kestrel", "elsewhere/falcon")), None),
    "a longer name": (
        kestrel(("[Kestrel]", "[Kestrel voices]"), ("aviary-example/kestrel", "elsewhere/x")),
        None,
    ),
    "a row that speaks of something else": (kestrel(("| CPU |", "| API-based |")), None),
    "a remark in parentheses": (kestrel(("| CPU |", "| CPU (AVX2, not ROCm) |")), None),
    "a word that names no variant": (kestrel(("| CPU |", "| CPU, NPU |")), None),
    "other capitals": (kestrel(("| CPU |", "| cpu |")), None),
    "a checkout without the page": (MINIATURE.write(DOCS, None), "docs-missing-row"),
    "a page without tables": (MINIATURE.write(DOCS, "# Compatibility\n"), "docs-missing-row"),
}


@pytest.mark.parametrize(
    ("lost", "cause"),
    [(entry("-cpu-kestrel"), "matrix-missing-entry"), (item("kestrel"), "gallery-unreadable")],
)
def test_the_row_of_a_backend_that_nobody_can_install_is_told_with_the_cause(
    lost: Select, cause: str
) -> None:
    """It is no news either when the backend can be installed at last."""
    before, after = docs((KESTREL, "")).drop(lost).tree(), docs((KESTREL, "")).tree()
    result = check.run(before, check.Scope())
    (told,) = (f for f in result.findings if f.rule == cause)
    assert "docs-missing-row" in told.help
    assert "docs-missing-row" not in {f.rule for f in result.findings}
    later = check.run(after, check.Scope(), before, "main")
    assert [later.is_new(i) for i, f in enumerate(later.findings) if f.rule == "docs-missing-row"] == [False]


def test_a_word_is_written_behind_the_one_that_it_follows() -> None:
    tree = CASES["a list in another order"].altered.tree()
    repaired = fix.repair(tree, check.Scope(select=("docs-acceleration",))).changes.overlay()
    assert "| CUDA 12/13, ROCm, Intel, Metal, Jetson L4T, CPU |" in text_of(repaired, DOCS)


@pytest.mark.parametrize(
    ("summary", "cell"),
    [
        ("kestrel is a voice", "Voice"),
        ("KESTREL \u2014 a voice", "A voice"),
        ("The kestrel is a bird", "The kestrel is a bird"),
        ("Falcon: speech", "Falcon: speech"),
    ],
)
def test_a_row_does_not_say_its_name_twice(summary: str, cell: str) -> None:
    altered = docs((KESTREL, "")).rewrite(CAPABILITIES, lambda text: text.replace(SAID, summary))
    (found,) = findings(altered.tree(), "docs-missing-row")
    assert f"| {cell} |" in found.help


def test_what_is_a_cpu_build_is_in_no_row_and_in_any() -> None:
    own, makefile = row("wren.cpp"), "backend/go/wren-cpp/Makefile"
    assert "Intel SYCL" in own
    altered = MINIATURE.rewrite(makefile, lambda text: text.replace("sycl", "nothing"))
    (told,) = findings(altered.tree(), "build-type-unhandled")
    assert "sycl_f16, sycl_f32" in told.message
    without = altered.edit(DOCS, (own, own.replace("Intel SYCL, ", "")))
    assert [findings(each.tree(), "docs-acceleration") for each in (altered, without)] == [[], []]
    registry = Registry(altered.edit(DOCS, (own, "")).tree())
    lines = registry.drafted("wren-cpp", DOCS, row_of(registry, "wren-cpp"))
    assert lines is not None
    assert "ROCm, Vulkan" in lines[1]
    assert "SYCL" not in lines[1]


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])
