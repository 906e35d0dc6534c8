"""The command `published`: exit codes, formats, the bar on a terminal, the recipe of its page, and the demo."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from tests.consumers import run, scaffold
from tests.operations.test_published import LINUX, NAME, QUAY, fill
from tests.registries import Registry, free_port, listed, registry
from tests.terminal import Terminal

PAGE = Path(__file__).resolve().parents[2] / "docs/published.md"


@pytest.fixture
def registries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Registry, Registry]]:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    with ExitStack() as stack:
        yield tuple(stack.enter_context(registry(tmp_path / name)) for name in ("quay", "hub"))  # type: ignore[misc]


def to(quay: str, hub: str) -> list[str]:
    return ["--registry", f"quay.io={quay}", "--registry", f"docker.io={hub}"]


def test_exit_codes_and_formats(miniature: Path, registries: tuple[Registry, Registry]) -> None:
    quay, hub = registries
    fill(miniature, quay, hub)
    where = to(quay.url, hub.url)
    good = scaffold("published", NAME, *where, cwd=miniature)
    assert (good.returncode, good.stderr) == (0, "")
    assert "4 images of 1 backend: all as they should be." in good.stdout
    quay.push(f"{QUAY}:{LINUX}", listed("linux/amd64"))
    for form in ("text", "json", "markdown", "github"):
        bad = scaffold("published", NAME, *where, "--format", form, cwd=miniature)
        assert (bad.returncode, bad.stderr) == (1, ""), form
        assert "linux/arm64" in bad.stdout, form
    found = json.loads(scaffold("published", NAME, *where, "--format", "json", cwd=miniature).stdout)
    assert found["summary"]["states"] == {
        "missing": 0, "no-image": 0, "incomplete": 1, "unknown": 0, "not-asked": 0, "there": 3,
    }  # fmt: skip
    assert {image["uri"]: image["lacks"] for image in found["images"] if image["lacks"]} == {
        f"quay.io/{QUAY}:{LINUX}": {"linux/arm64": ""}
    }
    nobody = f"http://127.0.0.1:{free_port()}"
    partly = scaffold("published", NAME, *to(quay.url, nobody), "--timeout", "20", cwd=miniature)
    assert partly.returncode == 3
    assert "lacks linux/arm64" in partly.stdout, "what is known is told"
    assert "cannot be reached" in partly.stdout
    for wrong in (
        ["--variant", "x"],
        ["--registry", "ftp://x.org"],
        ["larc"],
        ["--since", "-1"],
        ["--channel", "x"],
    ):
        assert scaffold("published", *wrong, cwd=miniature).returncode == 2, wrong


def test_a_bar_is_shown_on_a_terminal_and_nowhere_else(
    miniature: Path, registries: tuple[Registry, Registry]
) -> None:
    quay, hub = registries
    fill(miniature, quay, hub)
    terminal = Terminal("published", NAME, *to(quay.url, hub.url), cwd=miniature)
    assert terminal.finish()[0] == 0
    assert b"asking the registries" in terminal.raw
    assert "asking" not in scaffold("published", NAME, *to(quay.url, hub.url), cwd=miniature).stderr


def test_the_summary_of_a_job(
    miniature: Path, registries: tuple[Registry, Registry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quay, hub = registries
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    log = scaffold("published", NAME, *to(quay.url, hub.url), "--format", "github", cwd=miniature).stdout
    assert len(re.findall(r"(?m)^::error file=backend/index\.yaml,line=\d+,", log)) == 4
    assert (tmp_path / "summary.md").read_text().startswith("**scaffold published fails**: ")


def test_the_recipe_works_as_it_is_printed(
    miniature: Path, registries: tuple[Registry, Registry], tmp_path: Path
) -> None:
    quay, hub = registries
    fill(miniature, quay, hub, ())
    (recipe,) = re.findall(r"```yaml\n(name: .*?)```", PAGE.read_text(), re.DOTALL)
    workflow = yaml.safe_load(recipe)
    assert workflow["permissions"] == {"contents": "read"}
    assert "secrets" not in recipe
    assert "token" not in recipe.lower()
    folder = tmp_path / "bin"
    folder.mkdir()
    program = f'exec "{sys.executable}" -m scaffold "$@"'
    scripts = {"pipx": "exit 0", "scaffold": f"{program} {' '.join(to(quay.url, hub.url))}"}
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(stat.S_IRWXU)
    environment = {
        **os.environ,
        "PATH": f"{folder}:{os.environ['PATH']}",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }

    def night() -> tuple[int, str]:
        (job,) = workflow["jobs"].values()
        for step in (step for step in job["steps"] if "run" in step):
            command = ["bash", "-e", "-c", step["run"]]
            code = subprocess.run(
                command, cwd=miniature, env=environment | step.get("env", {}), check=False
            ).returncode
        (file,) = (step["with"]["path"] for step in job["steps"] if "upload-artifact" in step.get("uses", ""))
        return code, (miniature / file).read_text()

    first = night()
    assert first[0] == 0
    assert first == night(), "the text changes only where something else does"
    quay.push(f"{QUAY}:{LINUX}", listed("linux/amd64"))
    code, text = night()
    assert code == 1
    assert f"| {LINUX} | lacks linux/arm64 |" in text


def test_the_demo_asks_a_registry_that_it_is_given(
    tmp_path: Path, registries: tuple[Registry, Registry]
) -> None:
    quay, _ = registries
    asked = scaffold("demo", str(tmp_path / "a"), "--registry", quay.url, cwd=tmp_path)
    assert asked.returncode == 0, asked.stderr
    assert f"$ scaffold published ds4 --registry {quay.url}\n" in asked.stdout
    assert "6 images of 1 backend: 6 errors." in asked.stdout
    quiet = scaffold("demo", str(tmp_path / "b"), cwd=tmp_path)
    assert "published ds4 --registry" not in quiet.stdout
    assert scaffold("demo", str(tmp_path / "c"), "--registry", "ftp://x", cwd=tmp_path).returncode == 2
    assert not (tmp_path / "c").exists()


def test_a_check_has_nothing_to_do_with_the_network(miniature: Path) -> None:
    network = ["urllib3", "scaffold.oci", "socket", "ssl", "http.client", "asyncio"]
    script = (
        "import sys; sys.argv[1:] = ['check']\nfrom scaffold.cli.main import main\n"
        f"try: main()\nexcept SystemExit: pass\nprint([m for m in {network} if m in sys.modules], file=sys.stderr)"
    )
    assert run(sys.executable, "-c", script, cwd=miniature).stderr.strip() == "[]"


def test_what_a_stranger_wrote_does_nothing_where_it_is_shown(
    miniature: Path, registries: tuple[Registry, Registry]
) -> None:
    quay, hub = registries
    gallery = miniature / "backend/index.yaml"
    text = gallery.read_text()
    evil = r"quay.io/a\e[2J\n::error::x\u2028##[add-mask]@everyone|<b>:" + LINUX
    gallery.write_text(text.replace(f"quay.io/{QUAY}:{LINUX}", evil, 1))
    for form in ("text", "markdown", "github", "json"):
        shown = scaffold("published", NAME, *to(quay.url, hub.url), "--format", form, cwd=miniature).stdout
        assert all(c.isprintable() or c == "\n" for c in shown), form
        assert not re.search(
            r"(?m)^\s*::(?!error file=backend/index\.yaml,|warning file=backend/index\.yaml,)|##\[", shown
        ), form
        if form == "markdown":
            assert "<b>" not in shown
            assert "@everyone" not in shown
