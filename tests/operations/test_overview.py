"""show and status on the miniature: every place of a backend, and both tables."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scaffold.checkout.tree import Tree, WorkTree
from scaffold.errors import UsageError
from scaffold.operations import overview
from scaffold.registry import Registry
from scaffold.report import overview as report
from tests.consumers import files, git, run, scaffold

GALLERY = "backend/index.yaml"
Answer = dict[str, Any]


def show(root: Path, name: str, *arguments: str) -> Answer:
    if not arguments:
        return dict(json.loads(report.show_json(overview.show(WorkTree(root), name, None))))
    result = scaffold("show", name, "--format", "json", *arguments, cwd=root)
    assert result.returncode == 0, result.stderr
    return dict(json.loads(result.stdout))


def places(answer: Answer) -> set[tuple[str, str]]:
    return {(place["surface"], place["what"]) for place in answer["registrations"]}


def line_of(root: Path, path: str, number: int) -> str:
    return (root / path).read_text().split("\n")[number - 1]


def test_every_surface_in_the_order_of_a_registration(miniature: Path) -> None:
    answer = show(miniature, "heron")
    names = [surface.name for surface in Registry(WorkTree(miniature)).surfaces]
    assert answer["surfaces"] == ["own files", *names, "dependabot"]
    order = [place["surface"] for place in answer["registrations"]]
    assert order == sorted(order, key=answer["surfaces"].index)
    assert (answer["language"], answer["directory"]) == ("cpp", "backend/cpp/heron")
    assert answer["variants"] == [
        v for v in answer["variants"] if v in ("cpu", "cuda12", "cuda13", "vulkan", "metal")
    ]
    assert {
        ("own files", "directory backend/cpp/heron"),
        ("own files", "its Dockerfile"),
        ("own files", "its script"),
        ("build matrix", "entry -cpu-heron (cpu, amd64)"),
        ("build matrix", "entry -metal-darwin-arm64-heron (metal)"),
        ("gallery", "meta heron"),
        ("gallery", "capability metal: metal-heron"),
        ("gallery", "latest image cpu-heron"),
        ("gallery", "master image cpu-heron-development"),
        ("Makefile", "definition BACKEND_HERON"),
        ("path filter", "in inferBackendPath"),
        ("path filter", "in DARWIN_BESPOKE_BUILDERS"),
        ("path filter", "in SHARED_BUILD_INPUTS"),
        ("macOS build", "build step"),
    } <= places(answer)


@pytest.mark.parametrize(
    "name", ["finch-tts", "heron", "kestrel", "lark", "llama-cpp", "meadow-lark", "wren-cpp"]
)
def test_every_line_that_is_shown_is_about_the_backend(miniature: Path, name: str) -> None:
    answer = show(miniature, name)
    words = {
        name,
        *name.split("-")[:1],
        name.upper().replace("-", "_"),
        *answer["metas"],
        name.removesuffix("-cpp").title(),
    }
    for place in (*answer["registrations"], *answer["mentions"]):
        assert place["line"] <= place["end_line"]
        text = "\n".join(
            line_of(miniature, place["path"], number)
            for number in range(place["line"], place["end_line"] + 1)
        )
        assert place["surface"] == "own files" or any(w.lower() in text.lower() for w in words), place


def unseen(tree: Tree, name: str) -> list[str]:
    """The lines of code in the files of the surfaces that name a backend and are not shown."""
    answer = json.loads(report.show_json(overview.show(tree, name, None)))
    shown = {
        (place["path"], number)
        for place in (*answer["registrations"], *answer["mentions"])
        for number in range(place["line"], place["end_line"] + 1)
    }
    others = ["test-extra-backend-tinygrad-whisper"] if name == "whisper" else []  # is tinygrad's
    others += sorted((n for n in Registry(tree).names if name in n and n != name), key=len, reverse=True)
    word = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])|(?<=[/.-]){re.escape(name)}(?![\w.-])")
    own = (
        f"{answer['directory']}/",
        *(p["path"] for p in answer["registrations"] if p["surface"] == "own files"),
    )
    found = []
    for path in sorted({place["path"] for place in answer["registrations"]}):
        for number, line in enumerate((tree.read(path) or b"").decode().split("\n"), 1):
            text = line
            for other in others:
                text = text.replace(other, "")
            comment = re.match(r"\s*(#|//|\*|- name: )", line) or path.endswith("_test.go")
            prose = "escription" in line or "http" in line or re.search(r"([a-z,]+ ){4}", line)
            code = not comment and not prose
            if code and word.search(text) and (path, number) not in shown and not path.startswith(own):
                found.append(f"{path}:{number}: {line.strip()}")
    return found


@pytest.mark.parametrize(
    "name", ["finch-tts", "heron", "kestrel", "lark", "llama-cpp", "meadow-lark", "rookery", "wren-cpp"]
)
def test_a_text_search_finds_nothing_more(miniature: Path, name: str) -> None:
    assert unseen(WorkTree(miniature), name) == []


def test_jobs_of_any_name_and_places_that_no_surface_knows(miniature: Path) -> None:
    workflow = miniature / ".github/workflows/test-extra.yml"
    text = workflow.read_text()
    workflow.write_text(
        f"{text.rstrip()}\n  slow-birds:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - run: make -C backend/go/lark test\n"
    )
    (miniature / "scripts/nightly.sh").write_text("# lark\nmake backends/lark\nmake backends/meadow-lark\n")
    (miniature / "core/x.go").write_text('package core\n\nvar x = []string{"lark"} // "heron"\n')
    (miniature / "core/x_test.go").write_text('package core\n\nvar y = "lark"\n')
    readme = miniature / "README.md"
    readme.write_text(
        f"{readme.read_text()}\nlark is nice\n\n| engine | |\n| --- | --- |\n| lark | ours |\n| x | lark |\n"
    )
    answer = show(miniature, "lark")
    assert ("extra tests", "job slow-birds (makes it)") in places(answer)
    mentions = {(place["path"], place["what"]) for place in answer["mentions"]}
    assert {
        ("scripts/nightly.sh", "make backends/lark"),
        ("core/x.go", 'var x = []string{"lark"} // "heron"'),
        ("README.md", "| lark | ours |"),
    } <= mentions
    assert not any(
        "meadow-lark" in what or "nice" in what or path.endswith("_test.go") for path, what in mentions
    )


def test_a_backend_by_the_name_that_the_gallery_gives_it(miniature: Path) -> None:
    registry = Registry(WorkTree(miniature))
    metas = {item.name: registry.gallery.owner(item) for item in registry.gallery.items if item.is_meta}
    other = [
        name
        for name, backend in metas.items()
        if name not in registry.names and not name.endswith("-development")
    ]
    for name in other:
        assert show(miniature, name)["backend"] == metas[name]
    image = next(item.name for item in registry.gallery.image_items("lark"))
    assert show(miniature, image)["backend"] == "lark"


def test_unknown_names_get_near_ones(miniature: Path) -> None:
    result = scaffold("show", "heronn", cwd=miniature)
    assert (result.returncode, result.stdout) == (2, "")
    assert "no backend is called 'heronn'; did you mean heron or night-heron?" in result.stderr
    result = scaffold("show", "zzzzzzz", cwd=miniature)
    assert result.returncode == 2
    assert "`scaffold status` lists them" in result.stderr


def test_what_is_missing_is_said(miniature: Path) -> None:
    gallery = miniature / GALLERY
    gallery.write_text(re.sub(r'(?m)^    metal: "metal-heron"\n', "", gallery.read_text(), count=1))
    answer = show(miniature, "heron")
    assert "gallery-capability-missing" in {finding["rule"] for finding in answer["findings"]}
    text = scaffold("show", "heron", cwd=miniature).stdout
    assert re.search(r"(?m)^error gallery-capability-missing  backend/index.yaml:\d+\n  \S", text)
    assert re.search(r"\d+ registrations; check finds 1 error; `scaffold check heron` says more\.$", text)
    assert "\x1b[" not in text
    assert max(map(len, text.splitlines())) <= 100
    status = json.loads(scaffold("status", "--format", "json", cwd=miniature).stdout)
    line = next(line for line in status["backends"] if line["name"] == "heron")
    assert line["findings"]["gallery"] >= 1


def test_a_revision_is_read_without_a_checkout(miniature: Path) -> None:
    git(miniature, "init", "--quiet", "--initial-branch", "main")
    git(miniature, "add", "-A")
    git(miniature, "commit", "--quiet", "-m", "a state")
    clean = show(miniature, "lark"), scaffold("status", cwd=miniature).stdout
    (miniature / GALLERY).write_text("[]\n")
    before = files(miniature)
    assert show(miniature, "lark", "--rev", "HEAD") == {**clean[0], "rev": "HEAD"}
    assert scaffold("status", "--rev", "HEAD", cwd=miniature).stdout == clean[1]
    assert files(miniature) == before
    for command in (["show", "lark"], ["status"]):
        assert scaffold(*command, "--rev", "nowhere", cwd=miniature).returncode == 2


def test_markdown_is_tables(miniature: Path) -> None:
    text = scaffold("show", "heron", "--format", "markdown", cwd=miniature).stdout
    assert text.startswith("## heron\n\n")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == text.count("\n| ")
    assert "| build matrix | .github/backend-matrix.yml:" in text
    text = scaffold("status", "--format", "markdown", cwd=miniature).stdout
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## Where each backend is registered",
        "## What LocalAI ships where",
    ]
    for table in text.split("## ")[1:]:
        widths = {line.count("|") for line in table.splitlines() if line.startswith("|")}
        assert len(widths) == 1
    assert re.search(r"(?m)^\| kestrel \| rust \| x[a]? \|", text)


def test_status_counts_and_totals(miniature: Path) -> None:
    result = scaffold("status", "--format", "json", cwd=miniature)
    status = json.loads(result.stdout)
    registry = Registry(WorkTree(miniature))
    assert status["version"] == 1
    assert sorted(line["name"] for line in status["backends"]) == list(registry.names)
    assert status["totals"]["backends"] == len(registry.names)
    assert status["surfaces"] == [surface.name for surface in registry.surfaces]
    for line in status["backends"]:
        assert set(line["platforms"]) == set(registry.variants(line["name"]))
        assert line["surfaces"]["build matrix"] == len(registry.matrix.entries_of(line["name"]))
    for platform in status["platforms"]:
        built = sum(platform in line["platforms"] for line in status["backends"])
        assert status["totals"]["platforms"][platform] == built
    lark = next(line for line in status["backends"] if line["name"] == "lark")
    assert lark["platforms"]["cpu"] == {"arches": ["amd64", "arm64"], "offered": True}


def test_status_fits_a_terminal_and_shows_what_is_not_offered(miniature: Path) -> None:
    gallery = miniature / GALLERY
    gallery.write_text(
        gallery.read_text().replace(":latest-metal-darwin-arm64-heron", ":latest-metal-darwin-arm64-hero")
    )
    text = scaffold("status", cwd=miniature).stdout
    assert "\x1b[" not in text
    assert max(map(len, text.splitlines())) <= 100
    assert len(re.findall(r"(?m)^ heron ", text)) == 2, "one line for a backend in each table"
    first, second = text.split("what LocalAI ships where\n")
    assert re.search(r"(?m)^ heron .* a!$", second)
    assert re.search(r"(?m)^ heron .*!", first)
    assert re.search(r"(?m)^of \d+ backends +\d+", second)
    assert re.search(r"(?m)^cpp \(\d\)$", first)


def test_the_tables_cost_no_other_command_anything() -> None:
    script = "import sys, scaffold.cli.main; scaffold.cli.main.program(); print([m for m in ('rich', 'copier', 'pydantic', 'jinja2', 'ruamel.yaml') if m in sys.modules])"
    assert run(sys.executable, "-c", script, cwd=Path()).stdout == "[]\n"


def test_no_checkout_at_all(tmp_path: Path) -> None:
    for command in (["show", "lark"], ["status"]):
        result: subprocess.CompletedProcess[str] = scaffold(*command, cwd=tmp_path)
        assert result.returncode == 3
        assert "this is no checkout of LocalAI" in result.stderr


def test_a_checkout_without_the_file_by_which_it_is_known(miniature: Path) -> None:
    (miniature / "backend/index.yaml").rename(miniature / "index.yaml")
    result = scaffold("check", cwd=miniature)
    assert result.returncode == 3
    assert "backend/index.yaml:1: is missing, though" in result.stderr
    assert "no checkout" not in result.stderr


def test_a_file_by_which_it_is_known_that_is_not_read(miniature: Path) -> None:
    gallery = miniature / "backend/index.yaml"
    gallery.rename(miniature / "index.yaml")
    gallery.symlink_to("../index.yaml")
    result = scaffold("status", cwd=miniature)
    assert result.returncode == 3
    assert "backend/index.yaml:1: is there and is not read: " in result.stderr


def test_status_of_some(miniature: Path) -> None:
    tree = WorkTree(miniature)

    def names(*arguments: Any, **named: Any) -> list[str]:
        return [line.name for line in overview.status(tree, None, *arguments, **named).lines]

    everyone = names()
    assert names(["lark", "heron"]) == [name for name in everyone if name in ("lark", "heron")]
    assert set(names(lang="go")) == {
        line.name for line in overview.status(tree, None).lines if line.lang == "go"
    }
    assert names(["lark"], "python") == []
    assert names(problems=True) == []
    with pytest.raises(UsageError, match="did you mean lark"):
        names(["lrk"])
    text = (miniature / GALLERY).read_text()
    lost = '    metal: "metal-lark"\n'
    assert text.count(lost) == 1
    (miniature / GALLERY).write_text(text.replace(lost, ""))
    tree = WorkTree(miniature)
    assert names(problems=True) == ["lark"]
