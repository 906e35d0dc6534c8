"""What Dockerfiles copy and what is not there."""

from __future__ import annotations

import pytest

from scaffold.checkout.tree import Overlay
from tests.rules.pipeline.trees import MINIATURE, Case, assert_case, found, tree
from tests.rules.pipeline.workflows import job

SLUG = "copy-source-missing"
CHECKOUT = "- uses: actions/checkout@v4\n"
BUILD = "- uses: docker/build-push-action@v6\n  with: {context: ., push: true, tags: a/b}"
THERE = {"ci": job(CHECKOUT + BUILD), "src/a.txt": "a\n"}

CASES: dict[str, Case] = {
    SLUG: Case(
        tree({"Dockerfile": "FROM a\nCOPY src/b.txt /\n", **THERE}),
        "COPY",
        tree({"Dockerfile": "FROM a\nCOPY src/a.txt src /\n", **THERE}),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


@pytest.mark.parametrize(
    ("copied", "told"),
    [
        ("COPY b.txt /", True),
        ("ADD ./src/b.txt src/a.txt /", True),
        ('COPY ["src/b.txt", "/"]', True),
        ("RUN --mount=type=bind,source=b.txt,target=/b make", True),
        ("COPY --parents ./src/./a.txt /", False),
        ("COPY . /", False),
        ("COPY src/*.md /", False),
        ("COPY ./.git /", False),
        ("COPY ${B}.txt /", False),
        ("ARG B=b.txt\nCOPY $B /", False),
        ("COPY other/b.txt /", False),
        ("COPY src/b.log made/x /", False),
        ("ADD https://example.org/b.txt /", False),
        ("COPY <<EOT /b.txt\nb\nEOT", False),
        ("COPY --from=x b.txt /", False),
    ],
)
def test_which_paths_are_missing(copied: str, told: bool) -> None:
    files = {**THERE, ".gitignore": "*.log\n/made/\n", "Dockerfile": f"FROM a\n{copied}\n"}
    assert bool(found(tree(files), SLUG)) is told


@pytest.mark.parametrize(
    ("path", "told"),
    [("../a.txt", False), ("./../../a.txt", False), ("/a.txt", False), ("../b.txt", True), ("..", False)],
)
def test_no_path_leads_out_of_a_context(path: str, told: bool) -> None:
    build = BUILD.replace("context: .", "context: src, file: src/new/Dockerfile")
    files = {"ci": job(CHECKOUT + build), "src/a.txt": "", "b.txt": ""}
    assert bool(found(tree({**files, "src/new/Dockerfile": f"FROM a\nCOPY {path} /\n"}), SLUG)) is told


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ("- uses: docker/setup-buildx-action@v3\n- uses: docker/login-action@v3\n", True),
        ('- run: echo "A=1" >> "$GITHUB_ENV"\n', True),
        ("- run: echo a > b.txt\n", False),
        ("- run: make\n", False),
        ("- uses: actions/download-artifact@v4\n", False),
        ("- uses: example/builds@v1\n", False),
        ("- uses: actions/checkout@v4\n  with: {repository: example/other}\n", False),
    ],
)
def test_what_steps_may_have_made(steps: str, told: bool) -> None:
    files = {**THERE, "ci": job(CHECKOUT + steps + BUILD), "Dockerfile": "FROM a\nCOPY b.txt /\n"}
    assert bool(found(tree(files), SLUG)) is told


def test_of_other_builds_nothing_is_known() -> None:
    files = {"Dockerfile": "FROM a\nCOPY b.txt /\n", "src/a.txt": "a\n"}
    for steps in (
        BUILD,
        CHECKOUT + "- run: docker build .",
        CHECKOUT + BUILD.replace("context: .", "context: x"),
    ):
        assert not found(tree({**files, "ci": job(steps)}), SLUG)
    target = job(CHECKOUT + BUILD.replace("push: true", "target: c"))
    two = "FROM a AS c\nFROM a\nCOPY b.txt /\n"
    assert not found(tree({**files, "ci": target, "Dockerfile": two}), SLUG)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("COPY --from=buidler /a /", True),
        ("RUN --mount=type=bind,from=bilder,target=/a make", True),
        ("COPY --from=Builder /a /", False),
        ("COPY --from=0 /a /", False),
        ("COPY --from=other /a /", False),
        ("COPY --from=example/buidler /a /", False),
        ("COPY --from=buildr:1 /a /", False),
    ],
)
def test_which_stages_are_missing(line: str, told: bool) -> None:
    files = {"ci": "on: push\n", "Dockerfile": f"FROM a AS builder\nFROM b\n{line}\n"}
    assert bool(found(tree(files), SLUG)) is told


def test_a_further_context_is_no_stage() -> None:
    build = BUILD.replace("push: true", "build-contexts: buildr=src")
    files = {
        **THERE,
        "ci": job(CHECKOUT + build),
        "Dockerfile": "FROM a AS builder\nCOPY --from=buildr /a /\n",
    }
    assert not found(tree(files), SLUG)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("COPY backend/backnd.proto /", True),
        ("COPY --from=nosuchstage /a /", True),
        ("COPY --from=busybox /a /", False),
        ("COPY backend/backend.proto /", False),
    ],
)
def test_in_localai_what_no_step_names_is_not_made(line: str, told: bool) -> None:
    path = "backend/Dockerfile.python"
    text = (MINIATURE.read(path) or b"").decode()
    findings = found(tree({path: f"{text}\n{line}\n"}, MINIATURE), SLUG)
    assert bool(findings) is told


@pytest.mark.parametrize(
    ("name", "path", "folder", "told"),
    [
        ("rust", "/${BACKEND}/package/. ./", "packages", True),
        ("golang", "/${BACKEND}/package/. ./", "packag", True),
        ("heron", "/heron/package/. ./", "pakcage", True),
        ("rust", "/${BACKEND}/package/. ./", "release", False),
    ],
)
def test_a_folder_of_a_backend_that_nothing_makes(name: str, path: str, folder: str, told: bool) -> None:
    file = f"backend/Dockerfile.{name}"
    text = (MINIATURE.read(file) or b"").decode()
    assert path in text
    where = Overlay(MINIATURE, {file: text.replace(path, path.replace("package", folder)).encode()})
    assert [(f.path, f.help) for f in found(where, SLUG)] == [(file, "write package")] * told


def test_a_folder_that_a_backend_makes() -> None:
    file, script = "backend/Dockerfile.rust", "backend/rust/kestrel/package.sh"
    changed = {
        path: (MINIATURE.read(path) or b"").replace(b"package/", b"packages/") for path in (file, script)
    }
    assert found(Overlay(MINIATURE, changed), SLUG) == []
