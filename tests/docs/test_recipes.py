"""The recipes of the README and of docs/ci.md: each is run as it is printed, and judged by who judges workflows."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from scaffold import HOME, __version__
from tests.consumers import git, judged, scaffold
from tests.docs import PROJECT, blocks, section
from tests.runner import OWN, SOURCE, TOKEN, Ended, Pull, Runner, Upstream, network

PAGES = {
    "README.md": section((PROJECT / "README.md").read_text(encoding="utf-8"), "In CI"),
    "ci.md": (PROJECT / "docs/ci.md").read_text(encoding="utf-8"),
}


class Recipe(NamedTuple):
    """What a page prints."""

    page: str
    kind: str
    text: str

    @property
    def data(self) -> Any:
        return yaml.safe_load(self.text)

    @property
    def job(self) -> dict[str, Any]:
        """The one job of a workflow."""
        (job,) = self.data["jobs"].values()
        return job


def kind(data: dict[Any, Any], text: str) -> str:
    if "repos" in data:
        return "hook"
    if "jobs" not in data:
        return "gitlab"
    if "workflow_run" in data[True]:
        return "comment"
    return "forgejo" if "data.forgejo.org" in text else "github"


RECIPES = [
    Recipe(page, kind(yaml.safe_load(block), block), block)
    for page, told in PAGES.items()
    for block in blocks(told, "yaml")
]
MAKE = blocks(PAGES["ci.md"], "make")


def of(*kinds: str) -> list[Any]:
    """The recipes of some kinds; what both pages print alike is one."""
    different = {recipe.text: recipe for recipe in RECIPES}.values()
    return [
        pytest.param(recipe, id=f"{recipe.page}-{recipe.kind}-{number}")
        for number, recipe in enumerate(different)
        if recipe.kind in kinds
    ]


def test_every_recipe_is_one_that_is_run_here() -> None:
    assert {recipe.kind for recipe in RECIPES} == {"github", "comment", "forgejo", "gitlab", "hook"}
    assert {recipe.kind for recipe in RECIPES if recipe.page == "README.md"} == {"github", "hook"}
    assert len(MAKE) == 1
    languages = [re.findall(r"(?m)^```(\w+)$", told) for told in PAGES.values()]
    assert {*languages[0], *languages[1]} == {"yaml", "make", "sh"}, "those in sh are run with the page's"


def test_they_name_this_release() -> None:
    pages = [PROJECT / "README.md", *(PROJECT / "docs").glob("*.md")]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    named = re.findall(rf"(?:{OWN}@|rev: )v([\w.]+)", text)
    assert len(named) > 8
    assert {*named} == {__version__}
    hooks = yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    asked = [repo for recipe in RECIPES if recipe.kind == "hook" for repo in recipe.data["repos"]]
    told = [hook["id"] for repo in asked if repo["repo"] == HOME for hook in repo["hooks"]]
    assert {*told} == {hook["id"] for hook in hooks}


def test_the_tables_have_what_the_action_has() -> None:
    action = yaml.safe_load((PROJECT / "action.yml").read_text(encoding="utf-8"))
    rows = re.findall(r"(?m)^\| (`.*?`) \|", PAGES["ci.md"])
    told = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(told) == sorted([*action["inputs"], *action["outputs"]])


@pytest.mark.parametrize(
    ("event", "recipe"),
    [
        pytest.param(event, *recipe.values, id=f"{event}-{recipe.id}")
        for event in ("pull request", "fork", "push")
        for recipe in of("github")
        if event != "push" or "push" in recipe.values[0].data[True]
    ],
)
def test_a_workflow_passes_a_complete_change_and_fails_a_forgotten_one(
    event: str, recipe: Recipe, upstream: Upstream, tmp_path: Path
) -> None:
    scanned = "codeql" in recipe.text
    for pull, code in ((upstream.whole, 0), (upstream.forgotten, 1)):
        runner = Runner(tmp_path / str(code), upstream.root, pull.merge, *upstream.event(event, pull))
        ended = _judged(runner, recipe.job, code)
        assert len(ended.uploaded) == scanned
        for file in ended.uploaded:
            assert len([r for r in _results(file) if r["baselineState"] == "new"]) == code


def _judged(runner: Runner, job: dict[str, Any], code: int) -> Ended:
    """How a job on GitHub ends, which says one line, or has one annotation."""
    ended = runner.job(job)
    assert ended.code == code, ended.output + ended.errors
    assert len(ended.annotations) == code
    assert code or len(ended.output.splitlines()) == 1
    assert code == 0 or "::error file=backend/index.yaml,line=" in ended.output
    (installed,) = runner.installed
    assert installed.startswith(
        (f"uv tool install --quiet --constraints {PROJECT}", f"pipx install {SOURCE}")
    )
    return ended


def test_what_adopt_writes_does_the_same(miniature: Path, upstream: Upstream, tmp_path: Path) -> None:
    adopted = scaffold("adopt", cwd=miniature)
    assert adopted.returncode == 0, adopted.stderr
    workflow = yaml.safe_load((miniature / ".github/workflows/scaffold.yml").read_text(encoding="utf-8"))
    (job,) = workflow["jobs"].values()
    for pull, code in ((upstream.whole, 0), (upstream.forgotten, 1)):
        event = upstream.event("fork", pull)
        _judged(Runner(tmp_path / str(code), upstream.root, pull.merge, *event), job, code)


def _results(file: Path) -> list[dict[str, Any]]:
    return json.loads(file.read_text())["runs"][0]["results"]


GH = f"""#!{sys.executable}
import json, os, subprocess, sys
assert os.environ["GH_TOKEN"] == {TOKEN!r}
words = iter(sys.argv[2:])
method, fields, query, path = "", {{}}, "", ""
for word in words:
    if word == "--method":
        method = next(words)
    elif word in ("-f", "-F"):
        key, _, value = next(words).partition("=")
        fields[key] = open(value[1:]).read() if word == "-F" and value[0] == "@" else value
    elif word == "--jq":
        query = next(words)
    elif word not in ("--paginate", "--silent"):
        path = word
with open(os.environ["GITHUB"]) as file:
    data = json.load(file)
place = path.removeprefix("repos/mudler/LocalAI/")
if place == "pulls":
    answer = [p for p in data["pulls"] if p["state"] == fields["state"] and p["label"] == fields["head"]]
elif "body" not in fields:
    _, number, what = place.split("/")
    assert what == "comments"
    answer = [c for c in data["comments"] if c["number"] == int(number)]
elif method == "PATCH":
    (answer,) = [c for c in data["comments"] if place == f"issues/comments/{{c['id']}}"]
    answer["body"] = fields["body"]
else:
    answer = {{"id": 100 + len(data["comments"]), "number": int(place.split("/")[1]),
               "user": {{"login": "github-actions[bot]"}}, "body": fields["body"]}}
    data["comments"].append(answer)
with open(os.environ["GITHUB"], "w") as file:
    json.dump(data, file)
if query:
    sys.exit(subprocess.run(["jq", "-r", query], input=json.dumps(answer), text=True).returncode)
"""
"""GitHub's program for what the recipe asks, on the pull requests and comments of a file."""


class Commented:
    """A pull request of a fork, with the two workflows that comment on it."""

    def __init__(self, folder: Path, upstream: Upstream) -> None:
        self.folder, self.upstream, self.runs = folder, upstream, 0
        self.state = folder / "github.json"
        bot = {"login": "github-actions[bot]"}
        self.others = [
            {"id": 7, "number": 5, "user": {"login": "somebody"}, "body": "<!-- scaffold -->\nme too"},
            {"id": 8, "number": 5, "user": bot, "body": "of another workflow"},
            {"id": 9, "number": 4, "user": bot, "body": "<!-- scaffold -->\nof another pull request"},
        ]
        self.data = {"pulls": [], "comments": [*self.others]}
        (self.comment,) = (recipe for recipe in RECIPES if recipe.kind == "comment")
        (self.check,) = (recipe for recipe in RECIPES if "upload-artifact" in recipe.text)

    def pushed(self, pull: Pull, **changed: Any) -> tuple[Runner, Ended]:
        """Both runs after a push to the pull request; what the second ended with."""
        self.runs += 1
        first = Runner(
            self.folder / f"{self.runs}-check",
            self.upstream.root,
            pull.merge,
            *self.upstream.event("fork", pull),
        )
        conclusion = "failure" if first.job(self.check.job).code else "success"
        about = {
            "id": 1, "event": "pull_request", "conclusion": conclusion, "head_sha": pull.head,
            "head_branch": "bark", "head_repository": {"owner": {"login": "somebody"}},
        } | changed  # fmt: skip
        others = {"number": 4, "state": "open", "label": "somebody:bark", "head": {"sha": self.upstream.old}}
        this = {"number": 5, "state": "open", "label": "somebody:bark", "head": {"sha": pull.head}}
        self.data["pulls"] = [others, this]
        self.state.write_text(json.dumps(self.data))
        second = Runner(
            self.folder / f"{self.runs}-comment", self.upstream.root, self.upstream.base, "workflow_run",
            {"workflow_run": about}, GITHUB=str(self.state),
        )  # fmt: skip
        second.put("gh", GH)
        second.artifacts = first.artifacts
        return second, self.ended(second)

    def ended(self, second: Runner) -> Ended:
        ended = second.job(self.comment.job)
        self.data = json.loads(self.state.read_text())
        return ended

    @property
    def bodies(self) -> list[str]:
        """The texts that were posted; nobody else's is changed."""
        others, posted = self.data["comments"][:3], self.data["comments"][3:]
        assert others == self.others
        assert all(comment["number"] == 5 for comment in posted)
        return [comment["body"] for comment in posted]


@pytest.fixture
def commented(upstream: Upstream, tmp_path: Path) -> Commented:
    if shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    return Commented(tmp_path, upstream)


def test_a_comment_comes_with_the_first_finding_and_is_kept_up_to_date(commented: Commented) -> None:
    assert commented.check.data["name"] in commented.comment.data[True]["workflow_run"]["workflows"]
    assert commented.pushed(commented.upstream.whole)[1].code == 0
    assert commented.bodies == []
    for _ in range(2):
        ended = commented.pushed(commented.upstream.forgotten)[1]
        assert ended.code == 0, ended.errors
        (body,) = commented.bodies
        assert "1 new error" in body
        assert len(body.splitlines()) <= 60
        assert "https://github.com/mudler/LocalAI/blob/" in body
    assert commented.pushed(commented.upstream.whole)[1].code == 0
    (body,) = commented.bodies
    assert "passes" in body


def test_a_report_that_a_stranger_made_is_text_for_their_own_pull_request(
    commented: Commented, tmp_path: Path
) -> None:
    forgotten = commented.upstream.forgotten
    second, _ = commented.pushed(forgotten, head_sha=commented.upstream.base)
    assert commented.bodies == [], "the pull request has newer commits"
    commented.pushed(forgotten, event="push", conclusion="cancelled")
    commented.pushed(forgotten, head_branch="$(touch x)", head_repository=None)
    assert commented.bodies == []
    assert not list(tmp_path.rglob("x"))
    second, _ = commented.pushed(forgotten)
    assert len(commented.bodies) == 1
    report = second.artifacts / "scaffold/scaffold.md"
    again = second.temporary / "report"
    report.write_text("`$(touch x)` $(touch x) " + "y" * 100_000)
    shutil.rmtree(again)
    assert commented.ended(second).code == 0
    (long,) = commented.bodies
    assert 60_000 < len(long) < 65_536
    assert not list(tmp_path.rglob("x"))
    secret = tmp_path / "secret"
    secret.write_text("secret")
    report.unlink()
    report.symlink_to(secret)
    shutil.rmtree(again)
    assert commented.ended(second).code == 1
    assert commented.bodies == [long]


@pytest.mark.parametrize("recipe", of("forgejo"))
def test_forgejo(recipe: Recipe, upstream: Upstream, tmp_path: Path) -> None:
    """It checks out the head of a pull request."""
    for pull, code in ((upstream.whole, 0), (upstream.forgotten, 1)):
        runner = Runner(tmp_path / str(code), upstream.root, pull.head, *upstream.event("fork", pull))
        ended = runner.job(recipe.job)
        _told(ended, code)
        assert any(f"--spec {SOURCE} scaffold check" in line for line in runner.installed)


@pytest.mark.parametrize("recipe", of("gitlab"))
@pytest.mark.parametrize("merged", [False, True])
def test_gitlab(recipe: Recipe, merged: bool, upstream: Upstream, tmp_path: Path) -> None:
    (job,) = recipe.data.values()
    for pull, code in ((upstream.whole, 0), (upstream.forgotten, 1)):
        runner = Runner(tmp_path / str(code), upstream.root, pull.merge if merged else pull.head, "", {})
        own = {name: value for name, value in runner.environment.items() if not name.startswith("GITHUB_")}
        runner.environment = own | {
            "GITLAB_CI": "true",
            "CI_PIPELINE_SOURCE": "merge_request_event",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": upstream.old,
            "CI_COMMIT_BEFORE_SHA": "0" * 40,
            "CI_DEFAULT_BRANCH": "master",
        }
        if merged:
            runner.environment["CI_MERGE_REQUEST_TARGET_BRANCH_SHA"] = upstream.base
        runner.checkout(int(job["variables"]["GIT_DEPTH"]))
        ended = Ended()
        runner.shell("\n".join(job["script"]), ended)
        _told(ended, code)
        assert runner.installed == [f"pip install {SOURCE}"]


def _told(ended: Ended, code: int) -> None:
    assert ended.code == code, ended.output + ended.errors
    if code:
        assert "bark-cpp has no metal" in ended.output
        assert "1 new error" in ended.output
    else:
        assert len(ended.output.splitlines()) == 1


def test_make(upstream: Upstream, tmp_path: Path) -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    for pull, code in ((upstream.whole, 0), (upstream.forgotten, 2)):
        runner = Runner(tmp_path / str(code), upstream.root, pull.head, "", {})
        runner.checkout()
        with (runner.workspace / "Makefile").open("a") as makefile:
            makefile.write(MAKE[0])
        ended = Ended()
        runner.shell("make --silent check-backends", ended)
        assert ended.code == code, ended.output + ended.errors
        assert ("bark-cpp has no metal" in ended.output) is bool(code)
        assert [line.partition(" check")[0] for line in runner.installed] == [f"uvx --from {SOURCE} scaffold"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of somebody for whom the project at its address has the tag of its release."""
    folder = tmp_path_factory.mktemp("home")
    made = shutil.ignore_patterns(".git", ".venv", ".*cache", ".hypothesis", "__pycache__", "tests")
    root = shutil.copytree(PROJECT, folder / "scaffold", ignore=made)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "A release")
    git(root, "tag", f"v{__version__}")
    (folder / ".gitconfig").write_text(
        f'[url "{root.as_uri()}"]\n  insteadOf = {HOME}\n[user]\n  name = A\n  email = a@example.org\n'
    )
    return folder


@pytest.mark.parametrize("recipe", of("hook"))
@pytest.mark.parametrize("tool", ["pre-commit", "prek"])
def test_a_hook_refuses_a_commit_that_forgets_something(
    tool: str, recipe: Recipe, upstream: Upstream, home: Path, tmp_path: Path
) -> None:
    """With pre-commit and prek themselves, which clone and install what the recipe names."""
    program = Path(sys.executable).with_name(tool)
    if not program.exists():
        pytest.skip(f"{tool} is not installed")
    for pull, code in ((upstream.whole, 0), (upstream.forgotten, 1)):
        runner = Runner(tmp_path / str(code), upstream.root, upstream.base, "", {}, HOME=str(home))
        runner.shell("pipx install scaffold", Ended())
        for name in ("pip", "uv", "uvx"):
            (runner.tools / name).unlink()
        runner.environment |= network()
        runner.checkout()
        git(runner.workspace, "merge", "-q", "--squash", pull.head)
        (runner.workspace / ".pre-commit-config.yaml").write_text(recipe.text)
        git(runner.workspace, "add", "-A")
        ended = Ended()
        runner.shell(f"{program} install --install-hooks && git commit -qm 'feat: bark-cpp'", ended)
        told = ended.output + ended.errors
        if re.search(r"dns error|error sending request|Failed to establish a new connection", told):
            pytest.skip("no package registry can be reached")
        assert ended.code == code, told
        assert ("bark-cpp has no metal" in told) is bool(code)
        subject = git(runner.workspace, "log", "-1", "--format=%s")
        assert subject == ("of somebody else" if code else "feat: bark-cpp")


@pytest.mark.parametrize("recipe", of("github", "comment"))
def test_a_workflow_is_one_that_scaffold_and_its_like_pass(
    recipe: Recipe, miniature: Path, tmp_path: Path
) -> None:
    git(miniature, "init", "-q")
    git(miniature, "add", "-A")
    git(miniature, "commit", "-qm", "LocalAI")
    file = miniature / ".github/workflows/scaffold.yml"
    file.write_text(recipe.text)
    found = scaffold("check", "--base", "HEAD", "--strict", cwd=miniature)
    assert (found.returncode, "Nothing is new" in found.stdout) == (0, True), found.stdout
    config = tmp_path / "zizmor.yml"
    policies = {f"{OWN.partition('/')[0]}/*": "ref-pin", "*": "hash-pin"}
    config.write_text(yaml.safe_dump({"rules": {"unpinned-uses": {"config": {"policies": policies}}}}))
    judged(miniature, file, config=config, persona="pedantic" if recipe.page == "ci.md" else "regular")
