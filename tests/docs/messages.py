"""The messages of exit code 3, as the code has them: the literal parts, with … for what is put in."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from scaffold import errors
from tests.docs import PROJECT

GAP = "…"


def _kinds() -> set[str]:
    """The exceptions that end a command with 3."""
    import scaffold.operations.proof  # noqa: F401 - its errors are of this kind

    found = {errors.ShapeError, errors.WriteError}
    for kind in list(found):
        found |= set(kind.__subclasses__())
    return {kind.__name__ for kind in found}


def text_of(node: ast.AST, names: dict[str, list[ast.AST]]) -> list[str]:
    """What an expression may be, as messages: one per branch that a name or a condition can take."""
    match node:
        case ast.Constant(value=str() as text):
            return [text]
        case ast.JoinedStr(values=values):
            texts = [""]
            for value in values:
                part = GAP if isinstance(value, ast.FormattedValue) else str(getattr(value, "value", GAP))
                texts = [text + part for text in texts]
            return texts
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return [a + b for a in text_of(left, names) for b in text_of(right, names)]
        case ast.IfExp(body=body, orelse=orelse):
            return [*text_of(body, names), *text_of(orelse, names)]
        case ast.Name(id=name) if name in names:
            inner = {other: values for other, values in names.items() if other != name}
            return [text for value in names[name] for text in text_of(value, inner)]
        case ast.Call(func=ast.Name(id="_problem"), args=[argument, *_]):
            return text_of(argument, names)
        case _:
            return [GAP]


def _in(tree: ast.AST, kinds: set[str]) -> Iterator[str]:
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        names: dict[str, list[ast.AST]] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                names.setdefault(node.targets[0].id, []).append(node.value)
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and node.args:
                called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                if called in kinds | {"shape_error"} or (called == "kind" and len(node.args) == 3):
                    yield from text_of(node.args[-1], names)


def messages() -> dict[str, list[str]]:
    """Each message with a word in it -> the modules that have it."""
    found: dict[str, list[str]] = {}
    kinds = _kinds()
    for path in sorted((PROJECT / "scaffold").rglob("*.py")):
        module = path.relative_to(PROJECT).as_posix()
        if "miniature" in module:
            continue
        for message in _in(ast.parse(path.read_text(encoding="utf-8")), kinds):
            plain = message.replace("\n", " ").strip()
            if any(character.isalpha() for character in plain):
                found.setdefault(plain, []).append(module)
    return {message: sorted({*modules}) for message, modules in sorted(found.items())}
