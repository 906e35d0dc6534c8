"""Versions that cannot be installed together."""

from __future__ import annotations

import pytest

from scaffold.rules.base import Severity
from tests.rules.files.trees import FINCH, findings, tree

CUDA = f"{FINCH}/requirements-cublas12.txt"
SLUG = "requirement-conflict"


@pytest.mark.parametrize(
    ("torch", "other", "found"),
    [
        ("torch==2.7.1", "torchaudio==0.22.1", True),
        ("torch==2.7.1", "torchaudio==2.7.0", False),
        ("torch==2.9.1+cpu", "torchaudio==2.8.0+cpu", True),
        ("torch==2.12.1", "torchaudio==2.11.0", False),
        ("torch==2.7.1", "torchvision==0.22.1", False),
        ("torch==2.10.0+rocm7.0", "torchvision==0.25.0+rocm7.0", False),
        ("torch==2.10.0+rocm7.0", "torchvision==0.24.0+rocm7.0", True),
        ("torch==2.9.1", "torchvision==2.9.1", True),
        ("torch>=2.7.1", "torchvision==0.21.0", False),
        ("torch==2.7.1", "torchvision>=0.20", False),
        ("torch==1.13.1", "torchvision==0.14.1", False),
        ("torch==2.*", "torchvision==0.14.1", False),
    ],
)
def test_what_belongs_to_another_release_of_torch(torch: str, other: str, found: bool) -> None:
    for first, second in ((torch, other), (other, torch)):
        told = findings(tree({CUDA: f"{first}\n{second}\n".encode()}), SLUG)
        assert [(f.severity, f.path) for f in told] == [(Severity.error, CUDA)] * found


def test_what_another_file_asks_for() -> None:
    after = f"{FINCH}/requirements-after.txt"
    told = findings(tree({CUDA: b"torch==2.7.1\n", after: b"torchvision==0.27.1\n"}), SLUG)
    assert [f.path for f in told if "torch 2.7.1" in f.message] == [after]
    assert not any("torch 2.12.1" in f.message for f in told)


@pytest.mark.parametrize(
    ("text", "severities"),
    [
        ("acme==1\nacme==2\n", [Severity.error]),
        ("acme[gpu]==1\nbeak\nAcme == 2\n", [Severity.error]),
        ("acme==1\nacme==1\n", []),
        ("acme>=1\nacme==2\n", []),
        ("acme==1; sys_platform == 'linux'\nacme==2; sys_platform == 'darwin'\n", []),
        ("acme==1.2\nacme==1.2.0\n", []),
        ("acme==1.2+cpu\nacme==1.2\n", []),
        ("acme==1.2+cpu\nacme==1.2+cu128\n", [Severity.error]),
        ("acme==1.20\nacme==1.2\n", [Severity.error]),
        ("acme===1-a\nacme===1-b\n", [Severity.error]),
        ("acme>=1.4.0,<1.0\n", [Severity.error]),
        ("acme[gpu] (>=1.4.0, <1.0)\n", [Severity.error]),
        ("acme>=1.4.0,<2.0\n", []),
        ("acme>=1.4,<=1.4.0\n", []),
        ("acme>1.4,<=1.4.0\n", [Severity.error]),
        ("acme~=1.4,>=2\n", [Severity.error]),
        ("acme~=1.4,>=1.9\n", []),
        ("acme~=1.4.0,>=1.5\n", [Severity.error]),
        ("acme~=1!1.4\nacme>=1!1.5\n", []),
        ("acme==1.4.*,<1.4\n", [Severity.error]),
        ("acme==1.4.*,>=1.4.7\n", []),
        ("acme==1.4,!=1.4.0\n", [Severity.error]),
        ("acme>=1.4.0,<1.0; sys_platform == 'linux'\n", []),
        ("acme-hub>=1.3.0\nbeak\nacme_hub==0.20.0\n", [Severity.error]),
        ("acme==0.20.0\nacme\nAcme>=1.3.0\n", [Severity.error]),
        ("acme>=1.3.0\nacme>=1.0\nacme<1.2\n", [Severity.error]),
        ("acme>=1.3.0\nacme>=1.0\nacme<2\n", []),
        ("acme>=1.3.0\nacme==1.3.0rc1\n", [Severity.error]),
        ("acme>=1.3.0rc0\nacme==1.3.0rc1\n", []),
        ("acme<=1.2\nacme==1.2+cpu\n", []),
        ("acme>=1.3.0,<1.0\nacme==1.3.0\n", [Severity.error]),
        ("grpcio>=1.80.0\n", []),
        ("grpcio<1.80\n", [Severity.warning]),
        ("grpcio==1.80.0\n", [Severity.warning]),
        ("grpcio==1.82.1\n", []),
    ],
)
def test_a_package_in_two_versions(text: str, severities: list[Severity]) -> None:
    told = findings(tree({CUDA: f"torch==2.12.1\n{text}".encode()}), SLUG)
    assert [(f.severity, f.path) for f in told] == [(severity, CUDA) for severity in severities]
