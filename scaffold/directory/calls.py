"""Calls in Python sources that end with an error whatever they are given."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from scaffold.directory.text import Text
from scaffold.errors import ShapeError
from scaffold.syntax.python import PythonSource


class Failing(NamedTuple):
    """A call that fails."""

    subject: str
    problem: str
    line: int


def failing(text: Text) -> Iterator[Failing]:
    """The calls of a source that fail: of what is no method any more, with a keyword twice, of no text's."""
    if _may_hide(text.data) or _may_repeat(text.data) or _may_mistake(text.data):
        yield from text.read(PythonSource, _failing)


def _failing(source: PythonSource) -> Iterator[Failing]:
    try:
        module = source.module
    except ShapeError:
        return  # told by source-unreadable
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef):
            yield from _hidden(node)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            above = _above(node)
            yield from _repeated(node, above)
            yield from _mistaken(node, above)


# --- a method that an attribute hides --------------------------------------------------------------------

_HIDING = re.compile(rb"\bself\.(\w+)[ ]*=[ ]*(?:True|False|[\d\"'])")


def _may_hide(data: bytes) -> bool:
    names = {*_HIDING.findall(data)}
    return any(b"def %s(" % name in data and b"self.%s(" % name in data for name in names)


def _hidden(kind: ast.ClassDef) -> Iterator[Failing]:
    """Methods that the class calls, and hides by an attribute which is no function."""
    methods = {one.name for one in kind.body if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))}
    given: dict[str, list[ast.expr]] = {}
    called: dict[str, int] = {}
    inner = {
        at
        for one in ast.walk(kind)
        if isinstance(one, ast.ClassDef) and one is not kind
        for at in ast.walk(one)
    }
    for node in (one for one in ast.walk(kind) if one not in inner):
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(node, ast.Assign) and _of_self(target) in methods:
                given.setdefault(_of_self(target), []).append(node.value)
        if isinstance(node, ast.Call) and _of_self(node.func) in methods:
            called.setdefault(_of_self(node.func), node.lineno)
    for name, values in given.items():
        plain = [value for value in values if isinstance(value, ast.Constant) and value.value is not None]
        if name in called and len(plain) == len(values):
            yield Failing(
                f"{name} hidden",
                f"self.{name} is called, and line {plain[0].lineno} makes it {plain[0].value!r}:"
                " that hides the method, and cannot be called",
                called[name],
            )


def _of_self(node: ast.expr) -> str:
    is_own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    return node.attr if is_own and isinstance(node, ast.Attribute) else ""


# --- a keyword that is given twice -----------------------------------------------------------------------

_SPREAD = re.compile(rb"\*\*(\w+)")


def _may_repeat(data: bytes) -> bool:
    for name in {*_SPREAD.findall(data)}:
        keys = {*re.findall(rb"\b%s\[[\"'](\w+)[\"']\][ ]*=[^=]" % name, data)}
        if re.search(rb"\b%s[ ]*=[ ]*(?:dict\([ \n]*\w|\{[ \n]*[\"'])" % name, data):
            return True
        for spread in re.finditer(rb"\*\*%s\b" % name, data) if keys else ():
            before = data[max(spread.start() - NEAR, 0) : spread.start()]
            if any(re.search(rb"\b%s[ ]*=[^=]" % key, before) for key in keys):
                return True
    return False


NEAR = 400
"""Bytes of a call in front of the mapping that it spreads."""


def _repeated(function: _Function, above: _Above) -> Iterator[Failing]:
    """Calls with a keyword that a mapping has too which they spread."""
    keys: dict[str, list[tuple[str, ast.stmt]]] = {}
    for node in ast.walk(function):
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if not isinstance(node, ast.Assign):
                continue
            for key in _keys(node.value) or ():
                keys.setdefault(_name(target), []).append((key, node))
            if isinstance(target, ast.Subscript):
                said = target.slice.value if isinstance(target.slice, ast.Constant) else None
                if isinstance(said, str):
                    keys.setdefault(_name(target.value), []).append((said, node))
    unsure = {*_changed(function)} if keys else set()
    for call in ast.walk(function) if keys else ():
        if not isinstance(call, ast.Call):
            continue
        own = {k.arg: k for k in call.keywords if k.arg is not None}
        for name in sorted({_name(k.value) for k in call.keywords if k.arg is None} - unsure):
            for key, where in keys.get(name, ()):
                if key in own and where.lineno < call.lineno and above.leads(where, call):
                    yield Failing(
                        f"{key} twice",
                        f"{key} is given twice: line {where.lineno} puts it into {name}, which is given too",
                        own[key].value.lineno,
                    )
                    break


def _changed(function: _Function) -> Iterator[str]:
    """The names of mappings that are more than what is put into them, or less, or not always the same."""
    stored = Counter(
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    yield from (name for name, times in stored.items() if times > 1)
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and _keys(node.value) is None:
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.Delete):
            yield from (name.id for name in ast.walk(node) if isinstance(name, ast.Name))
        elif isinstance(node, ast.Attribute) and node.attr in _TAKING:
            yield _name(node.value)


def _keys(node: ast.expr) -> list[str] | None:
    """The keys of a mapping that is written out; None for what is none, or has others too."""
    if isinstance(node, ast.Dict):
        said = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
    elif isinstance(node, ast.Call) and _name(node.func) == "dict" and not node.args:
        said = [keyword.arg for keyword in node.keywords]
    else:
        return None
    keys = [key for key in said if isinstance(key, str)]
    return keys if len(keys) == len(said) else None


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


_TAKING = ("pop", "clear", "popitem")
"""Methods that take something of a mapping."""


# --- what a text has not ---------------------------------------------------------------------------------

_ABSENT = {
    name
    for kind in (float, list, dict, set)
    for name in dir(kind)
    if not name.startswith("_") and not hasattr(str, name) and not hasattr(bytearray, name)
} - {"copy"}
"""Methods that neither a text nor bytes have, which are cut in the same way; a picture has bands to copy."""
_OF_TEXTS = {
    name for name in dir(str) if not name.startswith("_") and not hasattr(list, name) and name != "format"
}
"""Methods of a text that a list has not."""
_CUTS = ("split", "rsplit", "partition", "rpartition")
_LISTS = ("split", "rsplit")
_KEEPS = ("strip", "lstrip", "rstrip", "lower", "upper", "removeprefix", "removesuffix")
_CUT = re.compile(rb"\.(?:%s)\(" % "|".join(_CUTS + _KEEPS).encode())
_STORED = re.compile(rb"[ ]++(\w[\w, ]*+)=(?!=)")
_ON = re.compile(rb"\.r?split\([^()\n]*\)\.\w+\(")


def _may_mistake(data: bytes) -> bool:
    if _ON.search(data):
        return True
    begins = {data.rfind(b"\n", 0, cut.start()) + 1 for cut in _CUT.finditer(data)}
    stored = filter(None, (_STORED.match(data, begin) for begin in begins))
    names = {name.strip() for found in stored for name in found[1].split(b",")} - {b""}
    called = re.findall(rb"(?<![\w.])(?:%s)\.(\w+)\(" % b"|".join(sorted(names)), data) if names else ()
    return any(name.decode() in _ABSENT for name in called)


def _mistaken(function: _Function, above: _Above) -> Iterator[Failing]:
    """Calls of a method that a text has not, of a name that a statement right above made one; or a list."""
    stored, calls = [], []
    made: dict[ast.Name, ast.Assign] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            stored.append(node)
        elif isinstance(node, ast.Assign):
            made.update(dict.fromkeys(_texts(node), node))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            calls.append((node, node.func))
    for call, called in calls:
        if called.attr in _OF_TEXTS and _is_list(called.value):
            yield Failing(
                f"split.{called.attr}",
                f"what is split is a list, and a list has no {called.attr}",
                call.lineno,
            )
        name = _name(called.value)
        if not name or called.attr not in _ABSENT:
            continue
        before = [one for one in stored if one.id == name and one.lineno < call.lineno]
        last = max((one.lineno for one in before), default=0)
        nearest = [one for one in before if one.lineno == last]
        where = made.get(nearest[0]) if len(nearest) == 1 else None
        if where is not None and above.always(where, call) and not above.asks(call, name):
            yield Failing(
                f"{name}.{called.attr}",
                f"{name} is a text, by line {where.lineno}, and a text has no {called.attr}",
                call.lineno,
            )


def _is_list(node: ast.expr) -> bool:
    """Whether an expression is the parts of a text, and not what a table has of the parts of each."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _LISTS
        and not (isinstance(node.func.value, ast.Attribute) and node.func.value.attr == "str")
        and all(isinstance(argument, ast.Constant) for argument in node.args)
    )


def _texts(node: ast.Assign) -> Iterator[ast.Name]:
    """The names that an assignment makes texts: parts of one, or one that is cut at its ends."""
    value, target = node.value, node.targets[0]
    if len(node.targets) != 1 or not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
        return
    if any(not (isinstance(a, ast.Constant) and isinstance(a.value, (str, int))) for a in value.args):
        return
    first = value.args[0] if value.args else None
    of_column = isinstance(value.func.value, ast.Attribute) and value.func.value.attr == "str"
    if of_column or (isinstance(first, ast.Constant) and not isinstance(first.value, str)):
        return  # a tensor, or the texts of a table
    if value.func.attr in _CUTS and isinstance(target, ast.Tuple):
        yield from (part for part in target.elts if isinstance(part, ast.Name))
    elif value.func.attr in _KEEPS and isinstance(target, ast.Name):
        yield target


_ASKS = re.compile(r"'(?:isinstance|hasattr|getattr|callable|type)'")


# --- which statement leads to which ----------------------------------------------------------------------

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)


class _Above:
    """What is around each node of a function."""

    def __init__(self, blocks: dict[ast.AST, tuple[ast.AST, tuple[int, str, int] | None]]) -> None:
        self._blocks = blocks

    def chain(self, node: ast.AST) -> list[tuple[ast.AST, tuple[int, str, int]]]:
        """(statement, (whose, which block, number in it)) of each statement around a node."""
        found = []
        while node in self._blocks:
            parent, block = self._blocks[node]
            if block is not None:
                found.append((node, block))
            node = parent
        return found

    def always(self, first: ast.stmt, then: ast.AST) -> bool:
        """Whether whoever comes to one node has come through a statement before, in its block or around."""
        own = self._blocks[first][1]
        return own is not None and any(
            block[:2] == own[:2] and block[2] > own[2] for _, block in self.chain(then)
        )

    def leads(self, first: ast.stmt, then: ast.AST) -> bool:
        """Whether one may come from a statement to a node: it is in no other branch, and does not leave."""
        theirs = {block[0]: block[1] for _, block in self.chain(then)}
        for node, block in self.chain(first):
            if block[0] in theirs:
                return theirs[block[0]] == block[1]
            parent = self._blocks[node][0]
            if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef)):
                return False
            body = getattr(parent, block[1], None)
            if isinstance(body, list) and body and isinstance(body[-1], _LEAVING):
                return False
        return False

    def asks(self, node: ast.AST, name: str) -> bool:
        """Whether a condition around a node asks of what kind something is, or an error is caught."""
        while node in self._blocks:
            node = self._blocks[node][0]
            test = node.test if isinstance(node, (ast.If, ast.IfExp, ast.While)) else None
            said = ast.dump(test) if test is not None else ""
            if f"'{name}'" in said and _ASKS.search(said):
                return True
            if isinstance(node, ast.Try) and any("AttributeError" in ast.dump(h) for h in node.handlers):
                return True
        return False


def _above(function: _Function) -> _Above:
    blocks: dict[ast.AST, tuple[ast.AST, tuple[int, str, int] | None]] = {}
    pending: list[ast.AST] = [function]
    while pending:
        node = pending.pop()
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                for number, child in enumerate(value):
                    if isinstance(child, ast.AST):
                        is_step = isinstance(child, (ast.stmt, ast.ExceptHandler))
                        blocks[child] = (node, (id(node), name, number) if is_step else None)
                        pending.append(child)
            elif isinstance(value, ast.AST):
                blocks[value] = (node, None)
                pending.append(value)
    return _Above(blocks)
