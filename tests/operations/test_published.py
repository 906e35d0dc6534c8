"""`published`: what it says of real registries with real images, and through a network that is out of order."""

from __future__ import annotations

import base64
import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from scaffold.checkout.tree import WorkTree
from scaffold.errors import UsageError
from scaffold.oci.client import GIVEN_UP, PER_HOST, Patience
from scaffold.oci.references import Reference
from scaffold.operations import published
from scaffold.operations.published import Grade, Image, Published, Scope, State, Wanted
from tests.consumers import run
from tests.registries import (
    INDEX,
    Made,
    Proxy,
    Registry,
    Server,
    Tokens,
    answer,
    certified,
    digest,
    image,
    listed,
    proxy,
    registry,
    served,
)

HASTY = Patience(connect=5, read=0.5, tries=3, backoff=0.01, longest_wait=1)
NAME = "lark"
"""Of the miniature: two platforms on Linux, one on macOS, each in both channels."""
MANY = ("llama-cpp", "wren-cpp")
"""With more images than are asked for at once."""
LINUX, DARWIN = "latest-cpu-lark", "latest-metal-darwin-arm64-lark"
QUAY, HUB = "go-skynet/local-ai-backends", "localai/localai-backends"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def quay(stack: ExitStack, tmp_path: Path) -> Registry:
    return stack.enter_context(registry(tmp_path / "quay"))


@pytest.fixture
def hub(stack: ExitStack, tmp_path: Path) -> Registry:
    return stack.enter_context(registry(tmp_path / "hub"))


@pytest.fixture(autouse=True)
def _no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))


def made(wanted: Wanted) -> Made:
    """What CI pushes: lists of Linux images, single ones of macOS that do not say when they were made."""
    if wanted.variant == "metal":
        return image("darwin/arm64", wanted.tag, created="0001-01-01T00:00:00Z")
    return listed(*(wanted.platforms or ["linux/amd64"]), words=wanted.tag)


def fill(root: Path, quay: Registry, hub: Registry | None, names: Iterable[str] = (NAME,)) -> None:
    """Push every image, and a copy of it to the mirror."""
    for wanted in published.wanted(WorkTree(root), names):
        quay.push(f"{QUAY}:{wanted.tag}", made(wanted))
        if hub is not None and wanted.mirrors:
            hub.push(f"{HUB}:{wanted.tag}", made(wanted))


def ask(
    root: Path, quay: Server, hub: Server, scope: Scope | None = None, patience: Patience = HASTY
) -> Published:
    registries = (f"quay.io={quay.url}", f"docker.io={hub.url}")
    scope = replace(scope or Scope((NAME,)), registries=registries)
    return published.run(WorkTree(root), scope, patience=patience)


def of(found: Published, tag: str) -> Image:
    (image,) = (image for image in found.images if image.wanted.tag == tag)
    return image


def said(found: Published) -> dict[str, list[str]]:
    """Tag -> what is said of it."""
    return {
        image.wanted.tag: [f"{remark.grade}: {remark.text}" for remark in image.remarks]
        for image in found.images
        if any(image.remarks)
    }


def test_what_is_as_it_should_be_is_told_in_full(miniature: Path, quay: Registry, hub: Registry) -> None:
    fill(miniature, quay, hub)
    found = ask(miniature, quay, hub)
    assert said(found) == {}
    assert (found.complete, found.fails) == (True, False)
    assert {image.state for image in found.images} == {State.there}
    linux, darwin = of(found, LINUX), of(found, DARWIN)
    assert linux.found.platforms == linux.wanted.platforms == ("linux/amd64", "linux/arm64")
    assert darwin.found.platforms == darwin.wanted.platforms == ("darwin/arm64",)
    parts = made(linux.wanted).parts
    sizes = {
        platform: sum(map(len, part.blobs))
        for platform, part in zip(linux.wanted.platforms, parts, strict=True)
    }
    assert linux.found.sizes == sizes
    assert f"{linux.found.created:%Y-%m-%d}" == "2026-11-01"
    assert darwin.found.created is None
    assert linux.found.digest == made(linux.wanted).digest
    assert [mirror.same for mirror in linux.mirrors] == [True]


def _lose(quay: Registry, _: Registry) -> None:
    quay.delete(
        QUAY, quay.request("HEAD", f"/v2/{QUAY}/manifests/{LINUX}", Accept=INDEX)[1]["Docker-Content-Digest"]
    )


def _one_leg(quay: Registry, hub: Registry) -> None:
    for where, repository in ((quay, QUAY), (hub, HUB)):
        where.push(f"{repository}:{LINUX}", listed("linux/amd64"))


def _single(quay: Registry, hub: Registry) -> None:
    for where, repository in ((quay, QUAY), (hub, HUB)):
        where.push(f"{repository}:{LINUX}", image("linux/amd64"))


def _lost_leg(quay: Registry, _: Registry) -> None:
    quay.delete(QUAY, listed("linux/amd64", "linux/arm64", words=LINUX).parts[1].digest)


def _lost_blob(quay: Registry, _: Registry) -> None:
    config = listed("linux/amd64", "linux/arm64", words=LINUX).parts[1].blobs[0]
    assert quay.request("DELETE", f"/v2/{QUAY}/blobs/{digest(config)}")[0] == 202


def _chart(quay: Registry, hub: Registry) -> None:
    for where, repository in ((quay, QUAY), (hub, HUB)):
        kind = "application/vnd.cncf.helm.config.v1+json"
        where.push(f"{repository}:{LINUX}", image("linux/amd64", config_type=kind))


def _signature(quay: Registry, hub: Registry) -> None:
    document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": []}
    for where, repository in ((quay, QUAY), (hub, HUB)):
        where.push(f"{repository}:{LINUX}", Made(INDEX, json.dumps(document).encode()))


def _stale(_: Registry, hub: Registry) -> None:
    hub.push(f"{HUB}:{LINUX}", listed("linux/amd64", "linux/arm64", words="last winter"))


def _no_mirror(_: Registry, hub: Registry) -> None:
    headers = hub.request("HEAD", f"/v2/{HUB}/manifests/{LINUX}", Accept=INDEX)[1]
    hub.delete(HUB, headers["Docker-Content-Digest"])


@pytest.mark.parametrize(
    ("happen", "state", "remarks"),
    [
        (_lose, State.missing, ["error: quay.io/go-skynet/local-ai-backends does not have it"]),
        (_one_leg, State.incomplete, ["error: lacks linux/arm64"]),
        (_single, State.incomplete, ["error: lacks linux/arm64"]),
        (_lost_leg, State.incomplete, ["error: lacks linux/arm64: its manifest is missing"]),
        (_lost_blob, State.incomplete, ["error: lacks linux/arm64: its configuration is missing"]),
        (
            _chart,
            State.no_image,
            ["error: what quay.io/go-skynet/local-ai-backends has is no image (application/vnd.cncf.helm.config.v1+json)"],
        ),
        (_signature, State.incomplete, ["error: lacks linux/amd64", "error: lacks linux/arm64"]),
        (_stale, State.there, ["warning: the mirror localai/localai-backends has another image"]),
        (_no_mirror, State.there, ["warning: the mirror localai/localai-backends does not have it"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_one_image_is_said_of_it_alone(
    happen: Callable[[Registry, Registry], None],
    state: State,
    remarks: list[str],
    miniature: Path,
    quay: Registry,
    hub: Registry,
) -> None:
    fill(miniature, quay, hub)
    happen(quay, hub)
    found = ask(miniature, quay, hub)
    assert said(found) == {LINUX: remarks}
    assert of(found, LINUX).state is state
    assert found.complete
    assert found.fails is any(remark.startswith("error") for remark in remarks)


def test_age_is_a_warning_that_is_asked_for(miniature: Path, quay: Registry, hub: Registry) -> None:
    fill(miniature, quay, hub)
    for where, repository in ((quay, QUAY), (hub, HUB)):
        parts = [image("linux/amd64"), image("linux/arm64", created="2020-01-01T00:00:00Z")]
        document = json.loads(listed("linux/amd64", "linux/arm64").document)
        document["manifests"][1] |= {"digest": parts[1].digest, "size": len(parts[1].document)}
        where.push(f"{repository}:{LINUX}", Made(INDEX, json.dumps(document).encode(), parts=tuple(parts)))
    assert said(ask(miniature, quay, hub)) == {}
    found = ask(miniature, quay, hub, Scope((NAME,), days=1000))
    assert said(found) == {LINUX: ["warning: it is older than --since allows"]}
    assert f"{of(found, LINUX).found.created:%Y-%m-%d}" == "2020-01-01", "the oldest platform counts"
    assert (found.complete, found.fails) == (True, False)


def test_what_only_the_matrix_knows_is_asked_for_too(miniature: Path, quay: Registry, hub: Registry) -> None:
    gallery = miniature / "backend/index.yaml"
    text = gallery.read_text()
    start = text.index('- !!merge <<: *lark\n  name: "cpu-lark"')
    gallery.write_text(text[:start] + text[text.index("- !!merge", start + 5) :])
    fill(miniature, quay, hub)
    found = ask(miniature, quay, hub)
    assert said(found) == {}
    assert of(found, LINUX).wanted.name == ""
    _lose(quay, hub)
    found = ask(miniature, quay, hub)
    assert said(found) == {LINUX: ["warning: quay.io/go-skynet/local-ai-backends does not have it"]}
    assert not found.fails, "the gallery does not offer it"


def test_a_scope_narrows_what_is_asked(miniature: Path, quay: Registry, hub: Registry) -> None:
    scope = Scope((NAME,), channel="master", variants=("metal",))
    assert [i.wanted.tag for i in ask(miniature, quay, hub, scope).images] == [
        DARWIN.replace("latest", "master")
    ]
    for wrong in (Scope(("larc",)), Scope(variants=("cuda14",)), Scope(("../lark",))):
        with pytest.raises(UsageError):
            ask(miniature, quay, hub, wrong)


def test_one_registry_may_stand_for_all(miniature: Path, quay: Registry) -> None:
    for wanted in published.wanted(WorkTree(miniature), [NAME]):
        quay.push(f"me/fork:{wanted.tag}", made(wanted))
    found = published.run(
        WorkTree(miniature), Scope((NAME,), registries=(f"{quay.url}/me/fork",)), patience=HASTY
    )
    assert said(found) == {}
    assert found.hosts == (quay.host,)


def test_skopeo_and_this_command_are_of_one_mind(
    miniature: Path, quay: Registry, hub: Registry, tmp_path: Path
) -> None:
    fill(miniature, quay, None)
    for wanted in published.wanted(WorkTree(miniature), [NAME]):
        tag = wanted.tag
        run("skopeo", "copy", "-q", "--all", "--src-tls-verify=false", "--dest-tls-verify=false",
            f"docker://{quay.host}/{QUAY}:{tag}", f"docker://{hub.host}/{HUB}:{tag}", cwd=tmp_path)  # fmt: skip
    found = ask(miniature, quay, hub)
    assert said(found) == {}
    for one in found.images:
        command = (
            "skopeo",
            "inspect",
            "--raw",
            "--tls-verify=false",
            f"docker://{hub.host}/{HUB}:{one.wanted.tag}",
        )
        raw = subprocess.run(command, capture_output=True, check=True).stdout
        assert digest(raw) == one.found.digest


# A network that is out of order.

TROUBLES: dict[str, Callable[[str, int], str]] = {
    "everything is busy once": lambda _, number: "" if number else "429",
    "everything fails once": lambda _, number: "" if number else "500",
    "everything fails twice, in two ways": lambda _, number: ("503", "429", "")[min(number, 2)],
    "every connection breaks once": lambda _, number: "" if number else "reset",
    "every answer is cut once": lambda _, number: "" if number else "cut",
    "every third request hangs once": lambda what, number: "hang" if not number and hash(what) % 3 == 0 else "",
}  # fmt: skip


@pytest.mark.parametrize("trouble", TROUBLES)
def test_trouble_that_passes_changes_no_answer(
    trouble: str, miniature: Path, quay: Registry, hub: Registry, stack: ExitStack
) -> None:
    fill(miniature, quay, hub)
    _one_leg(quay, hub)
    _, quiet = stack.enter_context(proxy(quay)), ask(miniature, quay, hub)
    server, state = stack.enter_context(proxy(quay, TROUBLES[trouble]))
    found = ask(miniature, server, hub)
    assert found.images == quiet.images
    assert len(state.seen) > len(quiet.images)


@pytest.mark.parametrize("trouble", ["429", "500", "reset", "cut", "hang"])
@pytest.mark.parametrize("which", ["the registry", "the mirror"])
def test_a_host_that_stays_out_of_order_takes_no_answer_of_the_other(
    trouble: str, which: str, miniature: Path, quay: Registry, hub: Registry, stack: ExitStack
) -> None:
    fill(miniature, quay, hub, MANY)
    patience = HASTY._replace(read=0.2)
    server, state = stack.enter_context(proxy(quay if which == "the registry" else hub, lambda *_: trouble))
    both = (server, hub) if which == "the registry" else (quay, server)
    found = ask(miniature, *both, Scope(MANY), patience)
    if trouble == "cut" and which == "the mirror":
        assert found.complete, "nothing of an answer without a body can be cut"
        return
    assert not found.complete
    assert {remark.grade for image in found.images for remark in image.remarks} == {Grade.unknown}
    if which == "the registry":
        assert {image.state for image in found.images} == {State.unknown}
        assert all(mirror.found and mirror.found.there for image in found.images for mirror in image.mirrors)
    else:
        assert {image.state for image in found.images} == {State.there}
    assert len(state.seen) <= (GIVEN_UP + PER_HOST) * patience.tries, "it is given up"


def test_who_is_too_slow_is_not_waited_for(
    miniature: Path, quay: Registry, hub: Registry, stack: ExitStack
) -> None:
    fill(miniature, quay, hub)
    server, _ = stack.enter_context(proxy(hub, lambda *_: "hang"))
    found = ask(miniature, quay, server, Scope((NAME,), seconds=4), HASTY._replace(read=60))
    assert {image.state for image in found.images} == {State.there}
    assert not found.complete
    assert {m.problem for image in found.images for m in image.mirrors} == {
        f"{server.host} gave no answer within the 4 s that all of them had"
    }


def test_connections_are_few(miniature: Path, quay: Registry, hub: Registry, stack: ExitStack) -> None:
    fill(miniature, quay, hub, MANY)
    server, state = stack.enter_context(proxy(quay))
    found = ask(miniature, server, hub, Scope(MANY))
    assert said(found) == {}
    assert len(state.seen) > 10 * PER_HOST
    assert server.most <= PER_HOST


def test_only_what_is_needed_is_fetched(
    miniature: Path, quay: Registry, hub: Registry, stack: ExitStack
) -> None:
    fill(miniature, quay, hub)
    source, seen = stack.enter_context(proxy(quay))
    mirror, copies = stack.enter_context(proxy(hub))
    ask(miniature, source, mirror)
    assert {method for method, _, _ in copies.seen} == {"HEAD"}
    requests = Counter(path for _, path, _ in seen.seen)
    assert max(requests.values()) == 1
    assert not any(digest(made(image).parts[0].blobs[1]) in path for path in requests
                   for image in published.wanted(WorkTree(miniature), [NAME]) if made(image).parts)  # fmt: skip


@pytest.mark.parametrize(
    "value", ["", "x", "-5", "9" * 5000, "Mon, 99 Foo 2026", "1e9", "Wed, 21 Oct 1999 07:28:00 GMT"]
)
def test_a_retry_after_that_nobody_understands_is_not_waited_for(
    value: str, miniature: Path, quay: Registry, hub: Registry, stack: ExitStack
) -> None:
    fill(miniature, quay, hub)
    state = Proxy(quay)
    times: Counter[str] = Counter()

    def handle(handler: BaseHTTPRequestHandler) -> None:
        times[handler.path] += 1
        if times[handler.path] == 1:
            answer(handler, 429, b"", {"Retry-After": value})
        else:
            state.handle(handler)

    server = stack.enter_context(served(handle))
    assert said(ask(miniature, server, hub)) == {}


def test_what_is_no_registry_has_nothing_missing(miniature: Path, hub: Registry, stack: ExitStack) -> None:
    page = {"Content-Type": "text/html"}
    for status, words in ((404, "is no registry"), (200, "answers with something else than a manifest")):
        server = stack.enter_context(served(partial(answer, status=status, body=b"<html>", headers=page)))
        found = ask(miniature, server, hub)
        assert {image.state for image in found.images} == {State.unknown}
        assert {image.problem for image in found.images} == {f"{server.host} {words}"}


def test_certificates_are_verified(
    miniature: Path,
    quay: Registry,
    hub: Registry,
    tmp_path: Path,
    stack: ExitStack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(miniature, quay, hub)
    certificate = certified(tmp_path / "tls")
    server = stack.enter_context(served(Proxy(quay).handle, tmp_path / "tls"))
    for name, trusted in (("localhost", True), ("localhost", False), ("127.0.0.1", True)):
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        server.url = f"https://{name}:{server.port}"
        found = ask(miniature, server, hub)
        if (name, trusted) == ("localhost", True):
            assert said(found) == {}
        else:
            assert {i.problem for i in found.images} == {
                f"{name}:{server.port} has no certificate that this machine trusts"
            }


def test_the_proxy_of_the_environment_is_used(
    miniature: Path, quay: Registry, hub: Registry, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(miniature, quay, hub)
    passed: list[tuple[str, str | None]] = []

    def handle(handler: BaseHTTPRequestHandler) -> None:
        passed.append((handler.path, handler.headers.get("Proxy-Authorization")))
        behind = quay if quay.host in handler.path else hub
        handler.path = handler.path.removeprefix(behind.url)
        Proxy(behind).handle(handler)

    server = stack.enter_context(served(handle))
    monkeypatch.setenv("http_proxy", f"http://me:p%40ss@{server.host}")
    monkeypatch.setenv("no_proxy", "")
    assert said(ask(miniature, quay, hub)) == {}
    assert {proof for _, proof in passed} == {f"Basic {base64.b64encode(b'me:p@ss').decode()}"}
    seen = len(passed)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert said(ask(miniature, quay, hub)) == {}
    assert len(passed) == seen


# Who may see what.


def _docker(tmp_path: Path, auths: dict[str, str], **more: object) -> None:
    """A configuration of docker."""
    folder = tmp_path / "docker"
    folder.mkdir(exist_ok=True)
    stored = {host: {"auth": base64.b64encode(pair.encode()).decode()} for host, pair in auths.items()}
    (folder / "config.json").write_text(json.dumps({"auths": stored, **more}))


@pytest.mark.parametrize("who", ["nobody", "somebody", "a wrong password", "elsewhere"])
def test_a_registry_that_wants_tokens(
    who: str, miniature: Path, hub: Registry, tmp_path: Path, stack: ExitStack
) -> None:
    tokens = Tokens(tmp_path / "tokens", anonymous=who == "nobody", users={"me": "se cret"})
    server = stack.enter_context(served(tokens.handle))
    realm = server.url if who != "elsewhere" else f"http://localhost:{server.port}"
    pushing = {"Authorization": f"Bearer {tokens.token(f'repository:{QUAY}:pull,push')}"}
    private = stack.enter_context(registry(tmp_path / "private", tokens.auth(f"{realm}/token?x=1"), pushing))
    fill(miniature, private, hub)
    if who != "nobody":
        _docker(
            tmp_path,
            {private.host: f"me:{'se cret' if who != 'a wrong password' else 'wrong'}", "docker.io": "a:b"},
        )
    found = ask(miniature, private, hub)
    if who in ("nobody", "somebody"):
        assert said(found) == {}
        assert tokens.given == [("me" if who == "somebody" else "", f"repository:{QUAY}:pull")], "one for all"
    else:
        assert {image.state for image in found.images} == {State.unknown}
        assert all("docker login" in image.problem for image in found.images)
        assert tokens.given == [], "the credentials of one host are not shown to another"
    assert "cret" not in repr(found)


def test_a_token_that_expires_is_replaced(
    miniature: Path, hub: Registry, tmp_path: Path, stack: ExitStack
) -> None:
    tokens = Tokens(tmp_path / "tokens")
    server = stack.enter_context(served(tokens.handle))
    pushing = {"Authorization": f"Bearer {tokens.token(f'repository:{QUAY}:pull,push')}"}
    private = stack.enter_context(registry(tmp_path / "private", tokens.auth(server.url), pushing))
    fill(miniature, private, hub)
    expired = stack.enter_context(proxy(private, lambda _, number: "" if number else "stale"))[0]
    assert said(ask(miniature, expired, hub)) == {}
    assert len(tokens.given) > 1


def test_what_a_registry_keeps_elsewhere_is_fetched_without_credentials(
    miniature: Path, quay: Registry, hub: Registry, tmp_path: Path, stack: ExitStack
) -> None:
    fill(miniature, quay, hub)
    behind, elsewhere = Proxy(quay), stack.enter_context(proxy(quay))
    password = f"Basic {base64.b64encode(b'me:secret').decode()}"

    def handle(handler: BaseHTTPRequestHandler) -> None:
        if handler.headers.get("Authorization") != password:
            answer(handler, 401, b"", {"WWW-Authenticate": 'Basic realm="x"'})
        elif "/blobs/" in handler.path:
            answer(handler, 307, b"", {"Location": f"{elsewhere[0].url}{handler.path}"})
        else:
            behind.handle(handler)

    server = stack.enter_context(served(handle))
    _docker(tmp_path, {server.host: "me:secret"})
    assert said(ask(miniature, server, hub)) == {}
    assert elsewhere[1].seen
    assert all("Authorization" not in headers for _, _, headers in elsewhere[1].seen)


@pytest.mark.parametrize("key", ["credsStore", "credHelpers"])
def test_credentials_come_from_the_helper_that_docker_names(
    key: str,
    miniature: Path,
    quay: Registry,
    hub: Registry,
    tmp_path: Path,
    stack: ExitStack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(miniature, quay, hub)
    shown: set[str | None] = set()
    behind = Proxy(quay)

    def handle(handler: BaseHTTPRequestHandler) -> None:
        shown.add(handler.headers.get("Authorization"))
        if "Authorization" in handler.headers:
            behind.handle(handler)
        else:
            answer(handler, 401, b"", {"WWW-Authenticate": "Basic"})

    server = stack.enter_context(served(handle))
    helper = tmp_path / "bin/docker-credential-test"
    helper.parent.mkdir()
    helper.write_text('#!/bin/sh\nread -r host\nprintf \'{"Username": "me", "Secret": "of %s"}\' "$host"\n')
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{helper.parent}:/usr/bin:/bin")
    _docker(tmp_path, {}, **{key: "test" if key == "credsStore" else {server.host: "test"}})
    assert said(ask(miniature, server, hub)) == {}
    assert shown == {None, f"Basic {base64.b64encode(f'me:of {server.host}'.encode()).decode()}"}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"auths": 3}', '{"auths": {"HOST": {"auth": "ä"}}}', '{"credsStore": "../x"}',
                                  '{"credsStore": "is-not-installed"}', '{"auths": {"HOST": 7}}', "\xff"])  # fmt: skip
def test_a_broken_configuration_of_docker_is_no_obstacle(
    text: str, miniature: Path, quay: Registry, hub: Registry, tmp_path: Path
) -> None:
    fill(miniature, quay, hub)
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker/config.json").write_bytes(text.replace("HOST", quay.host).encode("latin-1"))
    assert said(ask(miniature, quay, hub)) == {}


# What a stranger has written.


def test_only_the_user_leads_to_private_hosts_and_nothing_leads_to_other_protocols(
    miniature: Path, quay: Registry, hub: Registry, stack: ExitStack
) -> None:
    fill(miniature, quay, hub)
    private, state = stack.enter_context(proxy(quay))
    gallery = miniature / "backend/index.yaml"
    before = gallery.read_text()
    uri = f"quay.io/{QUAY}:{LINUX}"
    assert Reference.of(uri) is not None
    for hostile in (f"http://{private.host}/x:{LINUX}", f"file:///x:{LINUX}", f"{private.host}/x:{LINUX}",
                    f"localhost:{private.port}/x:{LINUX}", f"ocifile:///tmp/x:{LINUX}", f"127.1:{private.port}/x:{LINUX}"):  # fmt: skip
        gallery.write_text(before.replace(uri, hostile))
        found = ask(miniature, quay, hub)
        (strange,) = (image for image in found.images if image.wanted.uri == hostile)
        assert strange.state is State.not_asked
        assert strange.worst is Grade.warning
    for broken in (f"quay.io/../{QUAY}:{LINUX}", f"me@quay.io/{QUAY}:{LINUX}", f"quay.io/A:{LINUX}"):
        gallery.write_text(before.replace(uri, broken))
        (strange,) = (image for image in ask(miniature, quay, hub).images if image.wanted.uri == broken)
        assert [remark.text for remark in strange.remarks if remark.grade is Grade.error] == [
            "it is no reference of an image"
        ]
    assert state.seen == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (INDEX, b""), (INDEX, b"["), (INDEX, b"[" * 200_000), (INDEX, b"7"), (INDEX, b'{"manifests": 7}'), (INDEX, b'{"manifests": [7, {}]}'),
        (INDEX, b'{"manifests": [{"platform": {"os": "linux", "architecture": "amd64"}, "digest": "../../../x"}]}'),
        (INDEX, b'{"manifests": [{"platform": {"os": 3, "architecture": []}, "digest": {}}]}'),
        (INDEX, b"x" * (5 << 20)), ("text/html", b"<html>"), ("\x1b[2Jx", b""), ("", b""),
        ("application/vnd.oci.image.manifest.v1+json", b'{"config": {"digest": "sha256:0"}}'),
        ("application/vnd.oci.image.manifest.v1+json", b'{"config": {}, "layers": [{"size": "9"}]}'),
    ],
    ids=range(14),
)  # fmt: skip
def test_whatever_a_registry_sends_is_an_answer_or_none(
    kind: str, body: bytes, miniature: Path, quay: Registry, hub: Registry, stack: ExitStack
) -> None:
    fill(miniature, quay, hub)
    server = stack.enter_context(
        served(
            lambda handler: answer(
                handler, 200, body, {"Content-Type": kind, "Docker-Content-Digest": "\x1b[2Jx"}
            )
        )
    )
    found = ask(miniature, server, hub, Scope((NAME,), channel="latest", variants=("cpu",)))
    (only,) = found.images
    assert only.state in (State.no_image, State.incomplete, State.unknown)
    assert all(remark.text.isprintable() for remark in only.remarks)
