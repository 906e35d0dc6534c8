"""Bake files: what is read of HCL and JSON."""

from __future__ import annotations

import json

import pytest

from scaffold.syntax import bake

HCL = b"""
variable "TAG" { default = "latest" }
variable "EMPTY" {}
group "default" { targets = ["app", "web"] }
# target "commented" { context = "." }
target "_common" {
  platforms = [
    "linux/amd64",
    "linux/arm64", // both
  ]
  args = { GO = "1.26" }
}
target "app" {
  inherits   = ["_common"]
  dockerfile = "build/{{x}}/Dockerfile"
  tags       = ["example/app:${TAG}", equal("", TAG) ? "" : "example/app:x"]
  labels = { a = "b", "c.d" = "e" }
  no-cache = true
}
target "web" { context = "web" }
"""


def test_blocks_of_hcl() -> None:
    found = bake.read(HCL)
    assert found.groups == {"default": ["app", "web"]}
    assert found.variables == {"TAG": "latest"}
    assert set(found.targets) == {"_common", "app", "web"}
    assert found.targets["_common"]["platforms"] == ["linux/amd64", "linux/arm64"]
    assert found.targets["_common"]["args"] == {"GO": "1.26"}
    assert found.targets["app"]["dockerfile"] == "build/{{x}}/Dockerfile"
    assert "tags" not in found.targets["app"], "what only a run of bake knows is left out"
    assert found.targets["web"] == {"context": "web"}


def test_json_says_the_same() -> None:
    values = {"context": "web", "platforms": ["linux/arm64"]}
    assert bake.read(json.dumps({"target": {"web": values}}).encode()).targets == {"web": values}


@pytest.mark.parametrize("cut", range(0, len(HCL), 7))
def test_half_a_file_is_read_as_far_as_it_goes(cut: int) -> None:
    found = bake.read(HCL[:cut])
    assert found.targets.keys() <= bake.read(HCL).targets.keys()
