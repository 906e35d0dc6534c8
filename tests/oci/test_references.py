"""What a reference means, and which registry it may lead to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold.errors import UsageError
from scaffold.oci.references import Reference, Registries, is_public

SHA = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("text", "host", "repository", "tag"),
    [
        ("quay.io/go-skynet/local-ai-backends:latest-cpu-x", "quay.io", "go-skynet/local-ai-backends", "latest-cpu-x"),
        ("localai/localai-backends:master-cpu-x", "docker.io", "localai/localai-backends", "master-cpu-x"),
        ("ubuntu", "docker.io", "library/ubuntu", "latest"),
        ("oci://ghcr.io/a/b:c", "ghcr.io", "a/b", "c"),
        ("localhost/a", "localhost", "a", "latest"),
        ("Quay.IO:443/a:b", "quay.io:443", "a", "b"),
        ("[::1]:5000/a__b/c-d.e:F_g", "[::1]:5000", "a__b/c-d.e", "F_g"),
        (f"quay.io/a:b@{SHA}", "quay.io", "a", SHA),
    ],
)  # fmt: skip
def test_what_is_left_out_is_filled_in_as_docker_does(
    text: str, host: str, repository: str, tag: str
) -> None:
    assert Reference.of(text) == (host, repository, tag)


@pytest.mark.parametrize(
    "text",
    ["", ":", "quay.io/A/b:c", "quay.io/a b:c", "quay.io/a:b:c", "quay.io/../a:b", "user@quay.io/a:b", "quay.io/a:",
     "quay.io//a", "quay.io/a/:b", "quay.io:port/a", "a\n:b", "quay.io/a:b?c", "quay.io/a#b", "a" * 600,
     "https://quay.io/a:b", "quay.io/a:ü"],
)  # fmt: skip
def test_what_is_no_reference_is_none(text: str) -> None:
    assert Reference.of(text) is None


@given(st.text("aZ0./:@-_[]%\n\\?#é ", max_size=30) | st.text(max_size=20))
def test_a_reference_is_safe_in_a_url_and_means_itself(text: str) -> None:
    found = Reference.of(text)
    if found is not None:
        assert Reference.of(str(found)) == found
        assert not set(f"{found.repository}{found.tag}") & set("?#%@ \\\n")
        assert ".." not in found.repository.split("/")


@pytest.mark.parametrize("host", ["quay.io", "a.b.example.com:5000", "8.8.8.8", "[2606:4700::1111]:443"])
def test_names_of_the_public_internet(host: str) -> None:
    assert is_public(host)


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:5000", "registry", "registry.local", "a.internal", "x.localhost:80", "127.0.0.1", "10.0.0.1:5000",
     "192.168.1.1", "169.254.169.254", "127.1", "0x7f.0.0.1", "0x7f.1", "2130706433", "0.0.0.0", "[::1]", "[fe80::1]:80", "a.b.",
     "[::ffff:127.0.0.1]", "quay.io:0", "quay.io:99999", "1.0.0.127.in-addr.arpa"],
)  # fmt: skip
def test_names_of_private_networks(host: str) -> None:
    assert not is_public(host)
    reference = Reference.of(f"{host}/a:b")
    if reference is not None and reference.host == host:
        assert Registries().endpoint(reference) is None


def test_the_user_may_name_any_registry_for_one_or_for_all() -> None:
    registries = Registries(["docker.io=http://10.0.0.1:5000", "https://ghcr.io/me/backends/"])
    hub, quay = Reference("docker.io", "a/b", "c"), Reference("quay.io", "a/b", "c")
    assert registries.endpoint(hub) == ("http://10.0.0.1:5000", "10.0.0.1:5000", True, "")
    assert registries.endpoint(quay) == ("https://ghcr.io", "ghcr.io", True, "me/backends")
    assert Registries().endpoint(hub) == ("https://registry-1.docker.io", "docker.io", False, "")


@pytest.mark.parametrize(
    "text",
    ["", "ftp://a.b", "file:///etc", "https://user:password@quay.io", "a b=quay.io", "quay.io?x", "quay.io/A", "://x", "x=", "a/b=quay.io"],
)  # fmt: skip
def test_what_is_no_registry_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        Registries([text])
