"""`adopt`: scaffold in a checkout's CI, before its commits, and a place for what people decide."""

from __future__ import annotations

import re
import textwrap

from scaffold import HOME, __version__
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.checkout.tree import Tree
from scaffold.described import Checkout
from scaffold.errors import UsageError
from scaffold.operations.refusals import told
from scaffold.operations.remove import LifecyclePlan
from scaffold.operations.watched import watched
from scaffold.rules.suppressions import PATH as SETTINGS
from scaffold.surfaces.base import Manual
from scaffold.syntax.yaml import YamlSource

WORKFLOW = ".github/workflows/scaffold.yml"
HOOKS = ".pre-commit-config.yaml"
HOOK = "scaffold-check"
"""What `.pre-commit-hooks.yaml` offers."""

ACTION = HOME.removeprefix("https://github.com/")
CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"

_SHA = re.compile(r"[0-9a-f]{40}")
_PATHS = re.compile(rb"(?<=\n    paths:\n)(?:      - \S+\n)+")
_REF = re.compile(r"(?![./-])(?!.*(?:\.\.|//|/\.|\.lock(?:/|$)))[\w./-]{1,99}(?<![./])", re.ASCII)
"""What git takes for a name of a tag or a branch, without its signs that YAML would ask to be quoted."""
_SHORT = re.compile(r"[0-9a-f]{7,39}|[0-9A-Fa-f]{40}")
"""A commit, as GitHub does not take it for one."""
_USED = re.compile(rf"{re.escape(ACTION)}@(\S*)[^\r\n]*".encode())


def workflow(ref: str) -> str:
    """The workflow that checks pull requests with the action at a commit, a tag or a branch."""
    paths = "".join(f"      - {_quoted(pattern)}\n" for pattern in watched())
    return f"""\
name: backend registrations
on:
  pull_request:
    paths:
{paths}permissions: {{}}
concurrency:
  group: scaffold-${{{{ github.ref }}}}
  cancel-in-progress: true
jobs:
  scaffold:
    name: scaffold check
    runs-on: ubuntu-latest
    timeout-minutes: 10
    permissions:
      contents: read # for the checkout
    steps:
      - uses: {CHECKOUT}
        with:
          fetch-depth: 2 # the merge and its parents
          persist-credentials: false
      - uses: {_action(ref)}
"""


def _action(ref: str) -> str:
    pinned = "" if _SHA.fullmatch(ref) else " # zizmor: ignore[unpinned-uses] a release is never moved"
    return f"{ACTION}@{ref}{pinned}"


def settings() -> str:
    """A `.scaffold.toml` that asks for nothing, and says what can be asked for."""
    return f"""\
#:schema {HOME}/raw/main/scaffold/report/config.schema.json
# What scaffold asks of this repository. Nothing has to be here; `scaffold rules` lists rules and groups.

# ignore = ["gallery-license-spelling"]   # rules or groups that no check runs
# select = ["gallery", "matrix"]          # only these
# strict = true                           # warnings fail too

# A finding that somebody has judged and accepts, with the reason:
# [[suppress]]
# rule = "matrix-darwin-missing"
# backend = "insightface"
# reason = "its engine has no build for Apple Silicon"
"""


@told
def plan(tree: Tree, ref: str = "") -> LifecyclePlan:
    """Plan the workflow, the entry of pre-commit and the settings; what is there already stays as it is.

    A workflow that nobody has edited and that lacks paths, as an older release's does, gets them.
    `ref` is the commit, tag or branch of the action; this program's release without it. Raises UsageError
    for one that is none, ShapeError where the tree is no checkout of LocalAI or a list has no place.
    """
    Checkout(tree)
    if ref and not _REF.fullmatch(ref):
        raise UsageError(f"--ref {ref!r}: expected a commit, a tag or a branch of {HOME}")
    if not _SHA.fullmatch(ref) and _SHORT.fullmatch(ref):
        raise UsageError(f"--ref {ref!r}: a commit has all of its 40 digits there, and small letters")
    chosen = ref or f"v{__version__}"
    changes = ChangeSet(tree)
    already, manual = [], []
    for path, text in ((WORKFLOW, workflow(chosen)), (SETTINGS, settings())):
        found = tree.read(path)
        used = _USED.search(found or b"") if path == WORKFLOW else None
        if found is None:
            changes.create(path, text.encode())
            continue
        lines = _missing_paths(found) if used else b""
        if lines:
            start, end = next(_PATHS.finditer(found)).span()
            changes.add(Edit(path, start, end, lines.decode()))
        if ref and used and used[1] != ref.encode():
            changes.add(Edit(path, *used.span(), _action(ref)))
        elif not lines:
            already.append(path)
    if tree.read(HOOKS) is None:
        changes.create(HOOKS, f"repos:\n{_entry('  ')}".encode())
    elif _entries(tree):
        already.append(HOOKS)
    else:
        _add_entry(changes)
    if ref and WORKFLOW in {*changes.created, *changes.edited_paths()}:
        manual.append(Manual(WORKFLOW, f"see that {HOME} has {ref}: nobody was asked"))
    if WORKFLOW in changes.created and not _SHA.fullmatch(chosen):
        manual.append(Manual(WORKFLOW, f"pin {ACTION} by its commit: `scaffold adopt --ref SHA`"))
    return LifecyclePlan(changes, tuple(manual), already=tuple(already))


@told
def removal(tree: Tree) -> LifecyclePlan:
    """Plan away what `plan` wrote. What somebody has edited since is left to them."""
    Checkout(tree)
    changes = ChangeSet(tree)
    already, manual = [], []
    ours = {WORKFLOW: workflow(_ref(tree.read(WORKFLOW) or b"")), SETTINGS: settings()}
    for path, text in ours.items():
        found = tree.read(path)
        if found is None:
            already.append(path)
        elif found.replace(b"\r\n", b"\n") == text.encode():
            changes.delete(path)
        else:
            manual.append(
                Manual(path, "was edited, or is of another release: delete it, if it is not needed")
            )
    entries = _entries(tree)
    if not entries:
        already.append(HOOKS)
    for source, start, end in entries:
        if not _is_entry(source.slice(start, end)):
            manual.append(Manual(HOOKS, f"the entry of {HOOK} was edited: delete it, if it is not needed"))
        elif (source.data[:start].rstrip(), source.data[end:]) == (b"repos:", b""):
            changes.delete(HOOKS)
        else:
            changes.delete_lines(HOOKS, start, end)
    return LifecyclePlan(changes, tuple(manual), already=tuple(already))


def _missing_paths(found: bytes) -> bytes:
    """The lines of a workflow's path filter and those that it lacks; empty where there is nothing to do."""
    ours = workflow(_ref(found)).encode()
    there, wanted = ({*b"".join(_PATHS.findall(text)).splitlines(True)} for text in (found, ours))
    if _PATHS.sub(b"", found) != _PATHS.sub(b"", ours) or wanted <= there:
        return b""
    return b"".join(sorted(wanted | there))


def _ref(text: bytes) -> str:
    """The commit, tag or branch at which a text uses the action."""
    used = _USED.search(text)
    return used[1].decode(errors="replace") if used else ""


def _entry(indent: str) -> str:
    lines = (f"- repo: {HOME}", f"  rev: v{__version__}", "  hooks:", f"    - id: {HOOK}")
    return "".join(f"{indent}{line}\n" for line in lines)


def _is_entry(text: str) -> bool:
    """Whether somebody has changed nothing of an entry but its release, as bots do."""
    plain = textwrap.dedent(text.replace("\r\n", "\n")).rstrip("\n")
    return re.sub(r"\brev: \S+", f"rev: v{__version__}", plain) == _entry("").rstrip("\n")


def _source(tree: Tree) -> YamlSource:
    source = YamlSource(HOOKS, tree.read(HOOKS) or b"")
    source.require_parsable()
    return source


def _entries(tree: Tree) -> list[tuple[YamlSource, int, int]]:
    """The lines of the entries that use this project's hook, or a local one that calls it."""
    if tree.read(HOOKS) is None:
        return []
    source = _source(tree)
    found = []
    for item in source.items(source.get(source.document(), "repos")):
        span = source.line_start(item.start_byte), source.item_end(item)
        if re.search(rf"\bid:\s*['\"]?{HOOK}\b|\bscaffold check\b", source.slice(*span)):
            found.append((source, *span))
    return found


def _add_entry(changes: ChangeSet) -> None:
    source = _source(changes.tree)
    repos = source.get(source.document(), "repos")
    items = source.items(repos)
    if not items or source.is_flow(repos):
        raise source.shape_error(repos, "expected a list of repositories below `repos`, one for each line")
    last = items[-1]
    start = source.line_start(last.start_byte)
    changes.insert(HOOKS, source.item_end(last), _entry(source.slice(start, last.start_byte)))


def _quoted(pattern: str) -> str:
    return f'"{pattern}"' if pattern.startswith(("*", "!")) else pattern
