"""guide on the miniature: every step is of a place that is there, and what is done disappears from what is left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scaffold.operations.guide import ENGINE, PLACES, READERS, REVIEW
from tests.consumers import git, scaffold

NAME = "ibex"
FOLDER = f"backend/python/{NAME}"
Answer = dict[str, Any]


@pytest.fixture
def repo(miniature: Path) -> Path:
    """The miniature with one commit, and a new backend that nobody has committed."""
    git(miniature, "init", "--quiet", "--initial-branch", "main")
    save(miniature)
    made = scaffold("new-backend", NAME, "--lang", "python", "--no-input", cwd=miniature)
    assert made.returncode == 0, made.stderr
    assert f"`scaffold guide {NAME}`" in made.stdout
    return miniature


def save(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "--quiet", "-m", "a state")


def guides(root: Path, *arguments: str) -> list[Answer]:
    result = scaffold("guide", *arguments, "--format", "json", cwd=root)
    assert result.returncode == 0, result.stderr
    return list(json.loads(result.stdout)["backends"])


def left(answer: Answer, part: str) -> list[str]:
    return [step["what"] for step in answer["steps"] if step["part"] == part and not step["done"]]


def edit(root: Path, path: str, old: str, new: str) -> None:
    text = (root / path).read_text()
    assert old in text, old
    (root / path).write_text(text.replace(old, new))


def test_the_backend_that_is_under_way_needs_no_name(repo: Path) -> None:
    (answer,) = guides(repo)
    assert (answer["backend"], answer["directory"]) == (NAME, FOLDER)
    assert guides(repo, NAME) == [answer]
    save(repo)
    nothing = scaffold("guide", cwd=repo)
    assert nothing.returncode == 2
    assert "name a backend" in nothing.stderr
    assert [later["backend"] for later in guides(repo, "--base", "HEAD^")] == [NAME]
    unknown = scaffold("guide", "ibexx", cwd=repo)
    assert unknown.returncode == 2
    assert f"did you mean {NAME}?" in unknown.stderr


def test_every_place_is_there(repo: Path) -> None:
    (answer,) = guides(repo)
    assert {step["part"] for step in answer["steps"]} == {ENGINE, PLACES, READERS, REVIEW}
    for step in answer["steps"]:
        path = repo / step["path"]
        assert path.exists() or step["path"] == "gallery/index.yaml", step
        if step["line"]:
            line = path.read_text().split("\n")[step["line"] - 1]
            assert step["part"] != ENGINE or step["what"] in line
    shown = json.loads(scaffold("show", NAME, "--format", "json", cwd=repo).stdout)
    surfaces = {place["surface"] for place in shown["registrations"]}
    told = [step["what"].partition(":")[0] for step in answer["steps"] if step["part"] == PLACES]
    assert {*told} == surfaces
    assert answer["left"] == sum(not step["done"] for step in answer["steps"])


def test_what_is_done_is_no_longer_left(repo: Path) -> None:
    (before,) = guides(repo)
    assert len(left(before, ENGINE)) == 1
    assert len(left(before, READERS)) == 5, "a model, a page, license, description and icon"
    edit(repo, f"{FOLDER}/engine.py", "TODO: the model goes here", "The model")
    edit(repo, "backend/index.yaml", "license: NOASSERTION", "license: mit")
    (repo / "gallery").mkdir(exist_ok=True)
    (repo / "gallery/index.yaml").write_text(f"- name: a\n  overrides:\n    backend: {NAME}\n")
    (repo / "docs/content/features").mkdir(parents=True, exist_ok=True)
    (repo / "docs/content/features/text.md").write_text(f"`{NAME}` continues texts.\n")
    (after,) = guides(repo)
    assert left(after, ENGINE) == []
    assert sorted(what.partition(":")[0] for what in left(after, READERS)) == ["description", "icon"]
    assert after["left"] == before["left"] - 4


def test_a_finding_is_a_step(repo: Path) -> None:
    (before,) = guides(repo)
    assert left(before, PLACES) == []
    edit(repo, "core/http/endpoints/localai/backend.go", f'{{Name: "{NAME}"', f'{{Name: "{NAME}x"')
    (after,) = guides(repo)
    findings = json.loads(scaffold("check", NAME, "--format", "json", cwd=repo).stdout)["findings"]
    assert findings
    assert left(after, PLACES) == [f"{f['severity']} {f['rule']}: {f['message']}" for f in findings]


def test_what_ci_starts_is_what_affected_says_of_it(repo: Path) -> None:
    edit(repo, "backend/go/lark/Makefile", "\n", "\n\n")
    answers = {answer["backend"]: answer for answer in guides(repo)}
    assert answers.keys() == {NAME, "lark"}
    said = json.loads(scaffold("affected", "--format", "json", cwd=repo).stdout)
    for name, answer in answers.items():
        wanted = [job for job in said["jobs"] if job["backend"] == name]
        assert wanted
        assert answer["jobs"] == [{key: job[key] for key in answer["jobs"][0]} for job in wanted]
    assert sorted(test for answer in answers.values() for test in answer["tests"]) == sorted(said["tests"])


def test_a_checkout_without_the_script_is_guided_all_the_same(repo: Path) -> None:
    (repo / "scripts/changed-backends.js").unlink()
    (answer,) = guides(repo)
    assert "scripts/changed-backends.js" in answer["unsaid"]
    text = scaffold("guide", cwd=repo)
    assert text.returncode == 0
    assert "nobody can tell" in text.stdout


def test_the_text_is_a_checklist(repo: Path) -> None:
    (answer,) = guides(repo)
    text = scaffold("guide", cwd=repo).stdout
    assert text.count("[ ]") == answer["left"]
    assert text.count("[x]") == len(answer["steps"]) - answer["left"]
    first = next(step for step in answer["steps"] if not step["done"])
    assert text.rstrip().endswith(f"Next: {first['path']}:{first['line']}")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("`{0}` continues texts.", True),
        ("## Continuing texts with {0}", True),
        ("- **{0}**: continues texts", True),
        ("backend: {0}", True),
        ("what users call {0}, eagle and others", False),
        ("`{0}-next` continues texts.", False),
    ],
)
def test_a_page_speaks_of_it_where_it_names_it_as_a_backend(repo: Path, words: str, named: bool) -> None:
    page = repo / "docs/content/features/text.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(f"# Texts\n\n{words.format(NAME)}\n")
    (guide,) = guides(repo)
    assert any(what.startswith("no page") for what in left(guide, READERS)) is not named
