"""Rules about the macOS build: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import pytest

from scaffold.rules.base import Severity
from tests.rules.trees import (
    DARWIN,
    FILTER,
    GALLERY,
    MATRIX,
    MINIATURE,
    Case,
    assert_fine,
    assert_found,
    entry,
    item,
)

STEP = """
      - name: Build heron backend (Darwin Metal)
        if: inputs.backend == 'heron'
        run: |
          make backends/heron-darwin
"""
RULE = (
    "backends/heron-darwin: build\n"
    "\tbash ./scripts/build/heron-darwin.sh\n"
    '\t./local-ai backends install "ocifile://$(abspath ./backend-images/heron.tar)"\n'
)
SCRIPT = "scripts/build/heron-darwin.sh"
NARROW = (
    "  {\n"
    f'    matches: file => file === "{SCRIPT}",\n'
    "    linux: never,\n"
    '    darwin: item => item.backend === "heron",\n'
    "  },\n"
)
ENTRY = entry("-metal-darwin-arm64-heron")
GENERIC = "      - name: Build ${{ inputs.backend }}-darwin"
META, DEV = '  name: "{}"', '  name: "{}-development"'


def without_selection(text: str) -> str:
    """The filter from before it knew shared inputs and selected entries itself."""
    return text.partition("export const SHARED_BUILD_INPUTS")[0]


def metal(name: str, image: str):
    """A backend whose metas give Macs another image."""
    return MINIATURE.edit_in(item(name), (f'metal: "metal-{name}"', f'metal: "{image}"')).edit_in(
        item(f"{name}-development"), (f'metal: "metal-{name}-', f'metal: "{image}-')
    )


LANG = "      lang: ${{ matrix.lang || 'python' }}\n"
PUSHES = ".github/workflows/backend.yml"

CASES = {
    "a macOS job without a language": Case(
        "darwin-language", "", PUSHES, ("lang: ${{",),
        MINIATURE.edit(PUSHES, (LANG, LANG.replace(" || 'python'", ""))), says="write `lang: ${{ matrix.lang || 'python' }}`",
    ),
    "a macOS job with another language": Case(
        "darwin-language", "", PUSHES, ("lang: ${{",), MINIATURE.edit(PUSHES, (LANG, LANG.replace("python", "go"))),
    ),
    "no step": Case(
        "darwin-bespoke-wiring", "heron", DARWIN, (GENERIC,),
        MINIATURE.edit(DARWIN, (STEP, "")),
        fix=True, restores=True, says="no step",
    ),
    "no exclusion": Case(
        "darwin-bespoke-wiring", "heron", DARWIN, (GENERIC,),
        MINIATURE.edit(DARWIN, ("        if: inputs.backend != 'heron'\n", "")),
        fix=True, restores=True, says="does not exclude",
    ),
    "no make target": Case(
        "darwin-bespoke-wiring", "heron", "Makefile", ("backends/owl-darwin:", "\t", "\t"),
        MINIATURE.edit("Makefile", (RULE, RULE.replace("heron", "owl"))),
        also=None, fix=True, says="backends/heron-darwin",
    ),
    "no script": Case(
        "darwin-bespoke-wiring", "heron", MATRIX, ("includeDarwin:", 'backend: "heron"'),
        MINIATURE.write(SCRIPT, None),
        says=SCRIPT, also=("called-file-missing",),
    ),
    "not in the set": Case(
        "darwin-bespoke-wiring", "heron", FILTER, ("DARWIN_BESPOKE_BUILDERS",),
        MINIATURE.edit(FILTER, ('new Set([\n  "heron",\n])', 'new Set([\n  "owl",\n])')),
        also=None, times=2, fix=True, says="lacks it",
    ),
    "an empty set": Case(
        "darwin-bespoke-wiring", "heron", FILTER, ("DARWIN_BESPOKE_BUILDERS",),
        MINIATURE.edit(FILTER, ('new Set([\n  "heron",\n])', "new Set([])")),
        also=None, fix=True, says="lacks it",
    ),
    "a script that rebuilds every backend": Case(
        "darwin-bespoke-wiring", "heron", FILTER, ("SHARED_BUILD_INPUTS =",),
        MINIATURE.edit(FILTER, (NARROW, "")),
        fix=True, restores=True, severity=Severity.warning, says="than its own",
    ),
    "wiring of what is not built": Case(
        "darwin-bespoke-wiring", "heron", DARWIN, ("Build heron backend",),
        MINIATURE.drop(ENTRY),
        also=None, says="no entry",
    ),
    "a Linux image for Macs": Case(
        "darwin-coverage", "rookery", GALLERY, (META.format("rookery"), "metal:"),
        metal("rookery", "cpu-rookery"),
        also=("gallery-capability-missing",), times=2, fix=True, restores=True, says="cpu-rookery",
    ),
    "a Linux image for Macs that have none": Case(
        "darwin-coverage", "kestrel", GALLERY, (META.format("kestrel"), "metal:"),
        MINIATURE.edit_in(item("kestrel"), ('    default: "cpu-kestrel"\n', '    default: "cpu-kestrel"\n    metal: "cpu-kestrel"\n')),
        also=("gallery-dev-meta-drift",), says="built on Linux",
    ),
}  # fmt: skip

FINE = {
    "a checkout before there were such steps": (
        MINIATURE.edit(DARWIN, (STEP, "")).each(FILTER, "DARWIN_BESPOKE_BUILDERS", "BUILT_BY_HAND"),
        "darwin-bespoke-wiring",
    ),
    "an exclusion among others": (
        MINIATURE.edit(DARWIN, ("if: inputs.backend != 'heron'", "if: inputs.os == 'mac' && inputs.backend != 'heron'")),
        None,
    ),
    "a script in a list of names": (
        MINIATURE.edit(FILTER, (f'    matches: file => file === "{SCRIPT}",', f'    matches: file => ["{SCRIPT}"].includes(file),')),
        None,
    ),
    "no key for Macs and no image": (MINIATURE.edit_in(item("kestrel"), ("alias: ", "alias:  ")), None),
    "a filter that does not know shared inputs": (
        MINIATURE.rewrite(FILTER, without_selection),
        "darwin-bespoke-wiring",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])
