"""Wheels that were built for one release of torch."""

from __future__ import annotations

import pytest

from scaffold.rules.base import Severity
from tests.rules.files.trees import FINCH, findings, tree

FILE = f"{FINCH}/requirements-cublas12.txt"
WHEEL = "https://example.org/flash_attn-2.8.3+cu12torch2.7cxx11abiTRUE-cp310-cp310-linux_x86_64.whl"


@pytest.mark.parametrize(
    ("beside", "says"),
    [
        (("vllm",), "vllm, which has no version here"),
        (("torch==2.7.1", "vllm>=0.9"), "vllm, which has no version here"),
        (("torch==2.10.0",), "torch is 2.10 here"),
        (("torch",), "torch has no version here"),
        ((), "torch has no version here"),
        (("torch==2.7.1",), ""),
        (("torch==2.7.1+cu128", "vllm==0.9.2"), ""),
        (("vllm==0.9.2",), ""),
    ],
)
def test_a_wheel_beside_another_torch(beside: tuple[str, ...], says: str) -> None:
    told = findings(tree({FILE: "\n".join((*beside, WHEEL, "")).encode()}), "requirement-wheel-tied")
    expected = [(Severity.warning, FILE, len(beside) + 1)] if says else []
    assert [(f.severity, f.path, f.line) for f in told] == expected
    assert not says or says in told[0].message


def test_a_wheel_for_no_release_of_torch() -> None:
    text = f"torch\n# {WHEEL}\nhttps://example.org/acme-1.0-py3-none-any.whl\n"
    assert findings(tree({FILE: text.encode()}), "requirement-wheel-tied") == []
