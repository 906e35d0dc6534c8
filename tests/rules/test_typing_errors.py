"""A letter too few in a registration: the help names the right word, and nobody is told to delete anything."""

from __future__ import annotations

import pytest

from scaffold.operations import check
from tests.rules.trees import BUMP, DEPENDABOT, MATRIX, MINIATURE, PREF_ONLY

ERRORS = {
    ".NOTPARALLEL": ("Makefile", "backends/rookery", "backends/rookry", "write backends/rookery for"),
    "docker-build-backends": (
        "Makefile", " docker-build-rookery ", " docker-build-rookry ", "write docker-build-rookery",
    ),
    "prepare-test-extra": (
        "Makefile", "-C backend/python/rookery\n", "-C backend/python/rookry\n", "write rookery",
    ),
    "a definition": (
        "Makefile", "= rookery|", "= rookry|", "write BACKEND_ROOKERY = rookery|python|.|false|true",
    ),
    "an eval": ("Makefile", ",$(BACKEND_ROOKERY)", ",$(BACKEND_ROOKRY)", "write BACKEND_ROOKERY"),
    "a folder of dependabot": (
        DEPENDABOT, '"/backend/python/rookery"', '"/backend/python/rookry"', "write /backend/python/rookery",
    ),
    "a file of a pin": (
        BUMP, '"backend/go/wren-cpp/Makefile"', '"backend/go/wren-cp/Makefile"', "write file: 'backend/go/wren-cpp/M",
    ),
    "an offer": (PREF_ONLY, '"rookery", Modality', '"rookry", Modality', "write rookery"),
    "a Dockerfile": (
        MATRIX,
        "    backend: \"rookery\"\n    dockerfile: \"./backend/Dockerfile.python\"\n    context: \"./\"\n    ubuntu-version: '2404'\n  # llama",
        "    backend: \"rookery\"\n    dockerfile: \"./backend/Dockerfile.pyhton\"\n    context: \"./\"\n    ubuntu-version: '2404'\n  # llama",
        "write './backend/Dockerfile.python'",
    ),
    "an anchor": (
        "backend/index.yaml", "<<: *llamacpp\n", "<<: *llamcpp\n", "write *llamacpp",
    ),
}  # fmt: skip
"""What is wrong -> file, text, the text with the error, and the help of what is told."""


@pytest.mark.parametrize(("path", "right", "wrong", "said"), ERRORS.values(), ids=ERRORS)
def test_the_help_names_the_right_word(path: str, right: str, wrong: str, said: str) -> None:
    tree = MINIATURE.rewrite(path, lambda text: text.replace(right, wrong, 1)).tree()
    found = check.run(tree, check.Scope()).findings
    helps = [finding.help for finding in found]
    assert any(said in help_ for help_ in helps), helps
    assert not any(help_.startswith("delete") for help_ in helps), helps


def test_a_line_that_a_letter_makes_right_is_not_deleted_by_a_fix() -> None:
    wrong = "-C backend/python/rookry\n"
    tree = MINIATURE.rewrite(
        "Makefile", lambda text: text.replace("-C backend/python/rookery\n", wrong, 1)
    ).tree()
    assert not [f for f in check.run(tree, check.Scope()).findings if f.fix and "rookry" in f.message]
