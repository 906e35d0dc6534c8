"""What ends a command with exit code 3 says where, and what to do: each file of a surface gone, moved, emptied."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scaffold.checkout.tree import MARK, Overlay, Tree
from scaffold.errors import ScaffoldError, ShapeError, told_beside
from scaffold.operations import affected, check, new, rename, variants
from scaffold.operations.changes import Change
from scaffold.operations.refusals import explained
from scaffold.registry import Registry
from scaffold.rules.repository.parts import parts
from tests.rules.trees import BASE

FILES = sorted(
    {part.path for part in parts(Registry(BASE)) if part.size and BASE.read(part.path) is not None}
    | {MARK, "backend/Dockerfile.python", "scripts/build/package-gpu-libs.sh", ".docker/install-base-deps.sh"}
)
EDITS: dict[str, Callable[[str, bytes], dict[str, bytes | None]]] = {
    "gone": lambda path, _: {path: None},
    "moved": lambda path, data: {path: None, f"moved/{path}": data},
    "emptied": lambda path, _: {path: b""},
    "no text": lambda path, _: {path: b"a\n\xff\xfe\n"},
}
COMMANDS: dict[str, Callable[[Tree], object]] = {
    "check": lambda tree: check.run(tree, check.Scope(), BASE, "main"),
    "new-backend": lambda tree: new.plan(
        tree, {"name": "quill-wort", "lang": "python", "kind": "plain", "modality": "tts"}
    ),
    "add-variant": lambda tree: variants.add(tree, "rookery", ["rocm"]),
    "rename-backend": lambda tree: rename.plan(tree, "rookery", "quill-wort"),
    "affected": lambda tree: affected.run(Change(tree, BASE, ("backend/python/rookery/run.sh",))),
}
COMMANDS_IN_TURN = [*COMMANDS.items()]
AT_ONCE = 2
SAYS_WHAT_TO_DO = "scaffold doctor", "--repo", "resolve the merge"


def refusals(path: str) -> dict[str, ShapeError]:
    """Command and edit -> the error that it ends with; each edit is met by other commands in the next file."""
    data = BASE.read(path)
    assert data is not None
    found = {}
    start = FILES.index(path)
    for turn, (edit, made) in enumerate(EDITS.items(), start):
        for command, run in (COMMANDS_IN_TURN * 2)[turn % len(COMMANDS) :][:AT_ONCE]:
            tree = Overlay(BASE, made(path, data))
            try:
                with explained(tree):
                    run(tree)
            except ShapeError as error:
                found[f"{command}, {path} {edit}"] = error
            except ScaffoldError:  # of another kind, which tests of the command hold
                pass
    return found


@pytest.mark.parametrize("path", FILES)
def test_what_is_no_shape_is_told_with_its_line_and_what_to_do(path: str) -> None:
    for name, error in refusals(path).items():
        assert error.line >= 1, name
        assert f"{error.path}:{error.line}: " in str(error), name
        told = " ".join((str(error), *told_beside(error)))
        assert any(words in told for words in SAYS_WHAT_TO_DO), (name, told)


def test_every_command_meets_some() -> None:
    met = {
        name.partition(",")[0] for path in (MARK, "scripts/lib/backend-filter.mjs") for name in refusals(path)
    }
    assert met == {*COMMANDS}


@pytest.mark.parametrize("name", ["inferBackendPath", "inferBackendPathDarwin"])
def test_a_function_that_is_renamed_is_told_where_it_stands(name: str) -> None:
    path = "scripts/lib/backend-filter.mjs"
    text = (BASE.read(path) or b"").decode().replace(f"function {name}(", f"function {name}Of(")
    with pytest.raises(ShapeError, match=rf"expected a function {name}") as refused:
        check.run(Overlay(BASE, {path: text.encode()}), check.Scope())
    assert f"{name}Of(" in text.splitlines()[refused.value.line - 1]
