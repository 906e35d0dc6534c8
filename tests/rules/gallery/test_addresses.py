"""Addresses of images, and what the checkout's own code can download."""

from __future__ import annotations

import pytest

from scaffold.rules.base import Severity
from scaffold.surfaces.downloader import PATH, Downloader
from tests.rules.trees import GALLERY, MINIATURE, Case, assert_fine, assert_found, item

RULE = "gallery-address-unknown"

CODE = """\
package downloader

const (
	OCIPrefix = "oci://"
	WebPrefix = "https://"
	LocalPrefix = "file://"
	OtherPrefix = "localai/"
	HuggingFacePrefix = "huggingface://"
	GithubURI = "github:"
)

func (u URI) LooksLikeURL() bool {
	return strings.HasPrefix(string(u), WebPrefix) ||
		strings.HasPrefix(string(u), HuggingFacePrefix) ||
		strings.HasPrefix(string(u), GithubURI)
}

func (s URI) LooksLikeOCI() bool {
	return strings.HasPrefix(string(s), "quay.io") ||
		strings.HasPrefix(string(s), OCIPrefix) ||
		strings.HasPrefix(string(s), "docker.io")
}
"""

KNOWS = MINIATURE.write(PATH, CODE)
WELL = KNOWS.each(GALLERY, "- localai/", "- docker.io/localai/")


CASES = {
    "mirrors without their registry": Case(
        RULE, "", GALLERY, ("mirrors:", "- localai/"), KNOWS,
        severity=Severity.warning, says="write docker.io/localai/localai-backends",
    ),
    "an image that nobody can install": Case(
        RULE, "lark", GALLERY, ('name: "cpu-lark"', "uri:"),
        WELL.edit_in(item("cpu-lark"), ('uri: "quay.io/', 'uri: "example.org/')),
        also=None, says="nobody can install it",
    ),
}  # fmt: skip

FINE = {
    "every address is known": (WELL, RULE),
    "an address that the code knows": (KNOWS.edit(PATH, ('"docker.io"', "OtherPrefix")), RULE),
    "code that says nothing": (MINIATURE.write(PATH, "package downloader\n"), RULE),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])


@pytest.mark.parametrize(
    ("address", "is_known"),
    [
        ("oci://a/b", True),
        ("file:///a", True),
        ("https://a", True),
        ("quay.io/a", True),
        ("a/quay.io", False),
    ],
)
def test_how_an_address_begins(address: str, is_known: bool) -> None:
    assert Downloader(KNOWS.tree()).downloads(address) is is_known
