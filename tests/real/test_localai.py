"""new-backend on the real LocalAI, at its newest commit and at older ones.

Runs where LOCALAI_REPO names a clone with its history; every commit gets a backend of each kind.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scaffold.backend.variants import supported
from scaffold.checkout.tree import GitTree, WorkTree
from scaffold.operations import new
from scaffold.operations.proof import RepeatedKeyError, load_yaml
from scaffold.registry import Registry
from tests import consumers
from tests.conftest import PIN, commit_of, export, real_repository

pytestmark = pytest.mark.skipif(
    real_repository() is None, reason="LOCALAI_REPO does not name a clone of LocalAI: skipped"
)

DAYS = [
    "2025-12-01", "2025-12-15", "2026-01-03", "2026-01-05", "2026-01-20", "2026-02-15", "2026-03-15",
    "2026-04-07", "2026-04-25", "2026-05-08", "2026-05-10", "2026-06-15", "2026-07-10", "2026-07-21", "HEAD",
]  # fmt: skip
"""Around the days on which a format changed; HEAD is the newest commit of the clone."""

KINDS = {
    "python": "plain", "zorilla-go": "pure", "zorilla-native": "purego", "zorilla": "grpc",
    "zorilla-fork": "llama-fork", "zorilla-rs": "tonic",
}  # fmt: skip
LANGS = {"plain": "python", "pure": "go", "purego": "go", "grpc": "cpp", "llama-fork": "cpp", "tonic": "rust"}
NATIVE = {"purego", "grpc", "llama-fork"}


def request(name: str, kind: str) -> dict[str, object]:
    lang = LANGS[kind]
    metal = lang != "rust" and kind != "llama-fork"
    chosen = [
        v
        for v in ("cpu", "cuda12", "rocm", "l4t", "metal")
        if v in supported(lang) and (v != "metal" or metal)
    ]
    upstream = {"upstream": f"acme/{name}.cpp", "pin": PIN} if kind in NATIVE else {}
    return {
        "name": name,
        "lang": lang,
        "kind": kind,
        "modality": "tts",
        "variants": tuple(chosen),
        **upstream,
    }


@pytest.mark.parametrize("day", DAYS)
def test_every_kind_on_every_format(day: str, tmp_path: Path, node_modules: Path) -> None:
    root = export(commit_of(day), tmp_path / "LocalAI")
    yaml_files = [".github/workflows/backend.yml", "backend/index.yaml", ".github/workflows/bump_deps.yaml",
                  ".github/workflows/test-extra.yml", ".github/workflows/backend_build_darwin.yml"]  # fmt: skip
    unreadable = {p for p in yaml_files if (root / p).exists() and has_duplicate_key(root, p)}
    for name, kind in KINDS.items():
        name = "zorilla-py" if name == "python" else name
        before = consumers.files(root)
        plan = new.plan(WorkTree(root), request(name, kind))
        assert all(edit.start == edit.end for edit in plan.changes.edits)
        plan.commit(root)
        assert consumers.only_grew(before, consumers.files(root)) == [], (name, kind)
        expected = consumers.Expectation(name, LANGS[kind], kind in NATIVE)
        consumers.assert_gallery(root, expected)
        consumers.assert_make(root, expected)
        consumers.assert_pin(root, expected, PIN)
        consumers.assert_path_filter(root, expected, tmp_path)
        again = new.plan(WorkTree(root), request(name, kind))
        assert again.existing
        assert not again.changes.edits
    readable = [p for p in yaml_files if (root / p).exists() and p not in unreadable]
    consumers.assert_yaml(root, readable, node_modules)
    consumers.assert_go_yaml(root, readable, consumers.build_go_yaml(tmp_path / "reader"))
    assert_nothing_is_ignored(root)


def has_duplicate_key(root: Path, path: str) -> bool:
    """LocalAI's own files had one now and then, which js-yaml and go-yaml refuse."""
    try:
        load_yaml(path, WorkTree(root))
    except RepeatedKeyError:
        return True
    return False


def assert_nothing_is_ignored(root: Path) -> None:
    """A generated file that git ignores would never reach the pull request."""
    consumers.run("git", "init", "-q", cwd=root)
    generated = [str(p.relative_to(root)) for p in root.glob("backend/*/zorilla*/**/*") if p.is_file()]
    result = consumers.run("git", "check-ignore", *generated, cwd=root, check=False)
    assert result.stdout == ""


def test_a_revision_reads_like_its_checkout(tmp_path: Path) -> None:
    repository = real_repository()
    assert repository is not None
    root = export("HEAD", tmp_path / "LocalAI")
    work, rev = Registry(WorkTree(root)), Registry(GitTree(repository, "HEAD"))
    assert [work.registrations(n) for n in sorted(work.directories)] == [
        rev.registrations(n) for n in sorted(rev.directories)
    ]


def test_every_entry_of_the_matrix_is_classified() -> None:
    repository = real_repository()
    assert repository is not None
    registry = Registry(GitTree(repository, "HEAD"))
    assert [e.tag_suffix for e in registry.matrix.linux if e.variant is None] == []


@pytest.mark.parametrize("imports", ["auto", "pref-only"])
def test_go_vet_and_the_packages_own_tests(tmp_path: Path, imports: str) -> None:
    if shutil.which("go") is None or shutil.which("protoc") is None:
        pytest.skip("go or protoc is not installed")
    root = export("HEAD", tmp_path / "LocalAI")
    for name, kind in (("zorilla-go", "pure"), ("zorilla", "grpc")):
        new.plan(WorkTree(root), {**request(name, kind), "imports": imports}).commit(root)
    proto = root / "pkg/grpc/proto"
    proto.mkdir(parents=True, exist_ok=True)
    for tool in ("protobuf/cmd/protoc-gen-go@v1.36.11", "grpc/cmd/protoc-gen-go-grpc@v1.5.1"):
        consumers.run("go", "install", f"google.golang.org/{tool}", cwd=tmp_path)
    gopath = consumers.run("go", "env", "GOPATH", cwd=root).stdout.strip()
    options = ["--experimental_allow_proto3_optional", "-Ibackend/"]
    for language in ("go", "go-grpc"):
        plugin = f"--plugin=protoc-gen-{language}={gopath}/bin/protoc-gen-{language}"
        options += [plugin, f"--{language}_out={proto}", f"--{language}_opt=paths=source_relative"]
    consumers.run("protoc", *options, "backend/backend.proto", cwd=root)
    packages = ["./core/gallery/importers/", "./core/config/", "./core/http/endpoints/localai/"]
    vet = consumers.run("go", "vet", *packages, cwd=root, check=False)
    if "module version is not available" in vet.stderr:
        pytest.skip("the Go module proxy does not have every module of this commit: skipped")
    assert vet.returncode == 0, vet.stderr
    assert consumers.run("gofmt", "-l", *(p.strip("./") for p in packages), cwd=root).stdout == ""
    focus = {packages[0]: "Zorilla", packages[1]: "Capabilit", packages[2]: "Backend Endpoints"}
    for package, specs in focus.items():  # the other specs need Docker or the network
        consumers.run("go", "test", package, "-ginkgo.focus", specs, cwd=root)
