"""What removals and changes of variants must leave behind, asked of the tree and of LocalAI's own tools."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from scaffold.checkout.tree import Tree
from scaffold.operations import check, workers
from scaffold.operations.remove import LifecyclePlan
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Severity
from tests import consumers
from tests.consumers import run

Snapshot = dict[str, tuple[int, bytes]]


def snapshot(root: Path) -> Snapshot:
    """Mode and content of every file, and every folder, without git's own."""
    found = {}
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if relative.parts[0] != ".git":
            content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
            found[relative.as_posix()] = (path.lstat().st_mode, content)
    return found


def differences(before: Snapshot, after: Snapshot) -> list[str]:
    return sorted(path for path in {*before, *after} if before.get(path) != after.get(path))


def findings(tree: Tree) -> list[Finding]:
    return workers.find(Registry(tree), check.Scope().rules())


def new_findings(before: list[Finding], after: list[Finding]) -> list[Finding]:
    left = Counter(finding.identity for finding in before)
    found = []
    for finding in after:
        if left[finding.identity]:
            left[finding.identity] -= 1
        else:
            found.append(finding)
    return found


def errors(found: list[Finding]) -> list[Finding]:
    return [finding for finding in found if finding.severity is Severity.error]


def assert_forgotten(before: list[Finding], after: Tree, name: str, plan: LifecyclePlan) -> None:
    """`check` says nothing of a removed backend, and of the others only what the plan lists."""
    said = {m.what for m in plan.manual}
    found = findings(after)
    said = [each.what for each in plan.manual]
    left = [finding for finding in found if finding.backend == name]
    assert [finding for finding in left if not any(finding.rule in what for what in said)] == []
    for finding in new_findings(before, found):
        assert f"{finding.rule} {finding.backend}: {finding.message}" in said, finding


def assert_mentions(root: Path, name: str, others: set[str], plan: LifecyclePlan) -> None:
    """A text search finds the name only where the plan says so.

    Another backend's name that holds this one, as `faster-whisper` does, is no mention of it.
    """
    listed = {m.path: m.count for m in plan.mentions} | {m.path: 0 for m in plan.manual}
    longer = [re.escape(n) for n in sorted(others, key=len, reverse=True) if name in n and n != name]
    pattern = re.compile("|".join([*longer, rf"(?P<own>(?<!\w){re.escape(name)}(?!\w))"]))
    for path, data in consumers.files(root).items():
        text = data.decode(errors="ignore")
        if b"\0" in data or name not in text or (root / path).is_symlink():
            continue
        assert path in listed or not any(m["own"] for m in pattern.finditer(text)), path


def built_images(root: Path) -> set[str]:
    """The backends whose images GNU make would build all at once."""
    output = run("make", "-n", "docker-build-backends", cwd=root).stdout
    return set(re.findall(r"local-ai-backend:([\w-]+)", output))


def filter_module(root: Path, scratch: Path) -> Path:
    module = root / "scripts/lib/backend-filter.mjs"
    if not module.exists():
        script = (root / "scripts/changed-backends.js").read_text()
        found = re.findall(r"^function inferBackendPath(?:Darwin)?\(.*?^}", script, re.MULTILINE | re.DOTALL)
        module = scratch / "functions.mjs"
        module.write_text("\n".join(f"export {function}" for function in found))
    return module


def inferred(root: Path, scratch: Path) -> dict[str, str]:
    """Tag and platforms of each matrix entry -> the directory that node, running the path filter, gives it."""
    linux, darwin = consumers.matrix(root)
    question = scratch / "question.json"
    question.write_text(json.dumps({"linux": linux, "darwin": darwin, "changed": []}))
    module = filter_module(root, scratch)
    script = ("--input-type=module", "-e", consumers.FILTER_SCRIPT, str(module), str(question))
    answer = json.loads(run("node", *script, cwd=scratch).stdout)["inferred"]
    return {
        f"{entry['tag-suffix']} {entry.get('platforms', 'darwin')}": directory
        for entry, directory in (
            *zip(linux, answer["linux"], strict=True),
            *zip(darwin, answer["darwin"], strict=True),
        )
    }


def assert_filter_tests(root: Path, name: str) -> None:
    """The path filter's own tests pass, where they do not speak of the backend."""
    tests = [t for t in sorted((root / "scripts/lib").glob("*_test.mjs")) if name not in t.read_text()]
    if tests:
        run("node", "--test", *map(str, tests), cwd=root)


def as_repository(root: Path) -> Path:
    """A git repository of a tree, all of it committed."""
    run("git", "init", "-q", cwd=root)
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    run("git", "add", "--all", "--force", cwd=root)
    run("git", *identity, "commit", "-q", "-m", "all", cwd=root)
    return root


def restore(root: Path) -> None:
    run("git", "reset", "-q", "--hard", cwd=root)
    run("git", "clean", "-fdqx", cwd=root)


def requires_node() -> None:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
