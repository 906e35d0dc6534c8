"""Addresses in requirements files that lead nowhere."""

from __future__ import annotations

import pytest

from scaffold.rules.base import Severity
from tests.rules.files.trees import FINCH, findings, tree

SLUG = "requirement-address-unknown"
PROFILES = ("cpu", "cublas12", "cublas13", "hipblas")
INTEL = f"{FINCH}/requirements-intel.txt"


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        *(
            (f"whl/{folder}", folder)
            for folder in ("cu13", "cu1300", "cu13.0", "cuda130", "cu", "cpuu", "gpu", "rocm1.0")
        ),
        *((f"whl/{folder}", folder) for folder in ("rocm", "rocm7", "rocm70", "xpi")),
        *((f"whl/{folder}", "") for folder in ("cu130", "cu92", "cu117_pypi_cudnn", "cpu-cxx11-abi", "cpu/")),
        *((f"whl/{folder}", "") for folder in ("rocm7.0", "rocm5.4.2", "xpu", "torch_stable.html", "triton")),
        *((f"whl/{folder}", "") for folder in ("", "nightly/cu130", "test/rocm7.0", "lts/1.8/cu102")),
        ("whl/nightly/rocm", "rocm"),
        ("whl/nighly/rocm7.0", "nighly"),
        ("wh/cu130", "wh"),
        ("libtorch/cu13", ""),
        ("libtorch/cu130", ""),
        ("wheel/rocm7.0", "wheel"),
        ("wheels", ""),
    ],
)
def test_a_folder_that_the_index_of_pytorch_has_not(path: str, wrong: str) -> None:
    text = f"# torch\n--extra-index-url https://download.pytorch.org/{path}\ntorch==2.12.1\n"
    told = findings(tree({INTEL: text.encode()}), SLUG)
    assert [(f.severity, f.path, f.line, f.subject) for f in told] == (
        [(Severity.error, INTEL, 2, f"{INTEL} {wrong}")] if wrong else []
    )


def test_another_index_has_folders_of_its_own() -> None:
    text = "--extra-index-url https://wheels.example.org/whl/cu13\ntorch==2.12.1\n"
    assert findings(tree({INTEL: text.encode()}), SLUG) == []


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ("--extra-index-url https://wheel.example.org/acme/cu130", Severity.error),
        ("--extra-index-url https://wheel.example.org/acme/cu128", Severity.warning),
        ("git+https://wheel.example.org/acme/beak@v1", Severity.warning),
        ("--extra-index-url https://wheels.example.org/acme/cu128", None),
        ("--extra-index-url https://wheels2.example.org/acme/cu130", None),
        ("--extra-index-url https://mirror.example.org/acme/cu130", None),
        ("# --extra-index-url https://wheel.example.org/acme/cu130", None),
    ],
)
@pytest.mark.parametrize("others", [2, 3])
def test_a_host_that_nobody_else_names(line: str, severity: Severity | None, others: int) -> None:
    usual = b"--extra-index-url https://wheels.example.org/acme/cu130\nbeak==1\n"
    several: dict[str, bytes | None] = {
        f"{FINCH}/requirements-{name}.txt": usual for name in PROFILES[:others]
    }
    told = findings(tree(several, {INTEL: f"{line}\n".encode()}), SLUG)
    expected = [(severity, INTEL, 1)] if severity and others > 2 else []
    assert [(f.severity, f.path, f.line) for f in told] == expected
