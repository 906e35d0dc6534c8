"""The path filter: the JavaScript that decides which CI jobs a change starts.

Since July 2026 it is `scripts/lib/backend-filter.mjs`; before, the same functions stood in
`scripts/changed-backends.js`. What a branch means is never guessed: the functions are cut out of
the file and run in a sandbox on matrix entries. The syntax tree only says where to edit.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from scaffold.surfaces.base import FileSurface, Registration, required
from scaffold.surfaces.parts import FILTERED, Part
from scaffold.syntax.javascript import JsSource
from scaffold.syntax.sandbox import Sandbox, ScriptError
from scaffold.syntax.source import Place, walk

if TYPE_CHECKING:
    from tree_sitter import Node

LINUX = "inferBackendPath"
DARWIN = "inferBackendPathDarwin"
FILTER = "filterMatrix"
BESPOKE_SET = "DARWIN_BESPOKE_BUILDERS"
SHARED_INPUTS = "SHARED_BUILD_INPUTS"
TABLES_SINCE = "2026-07-20"
"""The day on which both lists came, and the filter got a file of its own."""


class Branch(NamedTuple):
    """One `if (...) { return ...; }` of an infer function."""

    suffix: str | None
    """What the Dockerfile's name must end with, where it tests that."""
    backend: str | None
    """The backend's name, where it tests that."""
    start: int
    """Offset of its first line, leading comments included."""
    end: int
    """Offset just after its last line."""
    line: int


Kind = tuple[tuple[str, str], ...]
"""The fields of matrix entries that a script cannot tell apart."""


class _Alike:
    """Matrix entries that a script cannot tell apart, each kind once.

    A script that reads `item.backend` sees no other field. Other fields count in LocalAI's filter only
    where it compares two states of the matrix file, which is never asked here.
    """

    def __init__(self, script: str, entries: Sequence[Mapping[str, str]]) -> None:
        words = set(re.findall(r"[\w-]+", script))
        kinds: dict[Kind, int] = {}
        self.positions: list[int] = []
        """For each entry, the position of its kind."""
        for entry in entries:
            seen = tuple((field, value) for field, value in entry.items() if field in words)
            self.positions.append(kinds.setdefault(seen, len(kinds)))
        self.kinds = tuple(kinds)


class PathFilterReader(FileSurface):
    """What the path filter says, and what its functions answer."""

    name = "path filter"
    paths = ("scripts/lib/backend-filter.mjs", "scripts/changed-backends.js")

    @cached_property
    def source(self) -> JsSource | None:
        """The file; None where it is absent."""
        return self.load(JsSource, *self.paths)

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions that map entries to directories; until September 2025 there was none for macOS."""
        source = self.source
        begins = source is not None and source.declaration(DARWIN) is None
        return (LINUX,) if begins and source and b"darwin" not in source.data.lower() else (LINUX, DARWIN)

    def branches(self, function: str) -> list[Branch]:
        """The branches of an infer function, in the order in which they are tried."""
        source = self._required()
        if function not in self.functions:
            return []
        node = source.declaration(function) or self._no(function)
        source.require_clean(node, function)
        body = node.child_by_field_name("body")
        found = []
        for child in body.named_children if body is not None else ():
            if child.type == "if_statement":
                condition = source.text(child.child_by_field_name("condition") or child)
                suffix = re.search(r"""dockerfile\.endsWith\(\s*["']([^"']+)["']\s*\)""", condition)
                backend = re.search(r"""item\.backend\s*===?\s*["']([^"']+)["']""", condition)
                found.append(
                    Branch(
                        suffix[1] if suffix else None,
                        backend[1] if backend else None,
                        self._with_comments(child),
                        source.line_end(child.end_byte - 1),
                        source.line(child.start_byte),
                    )
                )
        if not found:
            raise source.shape_error(node, f"expected if-branches in {function}")
        return found

    @property
    def parts(self) -> Iterable[Part]:
        count = sum(len(self.branches(function)) for function in (LINUX, DARWIN) if self.source)
        own = TABLES_SINCE if self.path == self.paths[0] else ""
        first = self.branches(LINUX)[0].line if self.source else 0
        yield Part(self.path, "branch for a backend", count, FILTERED, proves=own, line=first)
        for name, size in (
            (BESPOKE_SET, max(len(self.bespoke), self.has_bespoke_set)),
            (SHARED_INPUTS, int(self.has_table)),
        ):
            at = self.function_place(name).line if self.source else 0
            yield Part(self.path, name, size, TABLES_SINCE, line=at, names=(name,))
        yield Part(self.paths[-1], f"import that {self.paths[0]} has", self._imported, TABLES_SINCE)

    @property
    def _imported(self) -> int:
        """How many names the script takes from the filter; 0 where the filter lacks one of them."""
        script, own = (self.tree.read(path) or b"" for path in (self.paths[-1], self.paths[0]))
        taken = re.search(rb"import\s*\{([^{}]*)\}\s*from\s*[\"'][./\w-]*/backend-filter\.mjs[\"']", script)
        names = re.findall(rb"[\w$]+", taken[1]) if taken else []
        exported = {*re.findall(rb"(?m)^export\s+(?:async\s+)?(?:function|const|let|class)\s+([\w$]+)", own)}
        return len(names) if exported.issuperset(names) else 0

    def infer(
        self, linux: Sequence[Mapping[str, str]], darwin: Sequence[Mapping[str, str]]
    ) -> tuple[list[str | None], list[str | None]]:
        """The directories that the repository's own functions give for matrix entries.

        Raises ShapeError where the functions cannot be run.
        """
        source = self._required()
        script = self.closure(*self.functions)
        if DARWIN not in self.functions:
            script += f"\nfunction {DARWIN}() {{ return null; }}"
        alike = _Alike(script, linux), _Alike(script, darwin)
        try:
            answers = _inferred(self.path, script, alike[0].kinds, alike[1].kinds)
            if not all(answer is None or isinstance(answer, str) for found in answers for answer in found):
                raise ScriptError("it answers no path")
        except ScriptError as error:
            raise source.shape_error(source.declaration(LINUX), f"{LINUX} cannot be run: {error}") from None
        on_linux, on_darwin = ([f[at] for at in a.positions] for f, a in zip(answers, alike, strict=True))
        return on_linux, on_darwin

    @property
    def can_filter(self) -> bool:
        """Whether it can be told which entries a change starts: by a function, or by its two conditions."""
        return self._filter_script is not None

    @property
    def has_table(self) -> bool:
        """Whether the checkout lists the inputs that several backends share."""
        return self.source is not None and self.source.declaration(SHARED_INPUTS) is not None

    @cached_property
    def _filter_script(self) -> str | None:
        """Source of `filterMatrix`; before July 2026 it is made of the conditions in the script itself."""
        source = self.source
        if source is None:
            return None
        if source.declaration(FILTER) is not None:
            return self.closure(FILTER)
        lists = ("includes", "includesDarwin")[: len(self.functions)]
        conditions = {name: self._condition(name) for name in lists}
        if any(node is None for node in conditions.values()):
            return None
        nodes = [node for node in conditions.values() if node is not None]
        known = {name for name, _ in source.declarations()} - {*conditions, "changedFiles"}
        used = sorted({name for node in nodes for name in source.names(node) if name in known})
        linux, darwin = [*map(source.text, nodes), "() => false"][:2]
        return (
            f"{self.closure(*used)}\n"
            f"function {FILTER}({{includes, includesDarwin, changedFiles}}) {{ return {{"
            f"filtered: includes.filter({linux}), filteredDarwin: includesDarwin.filter({darwin})}}; }}"
        )

    def _condition(self, name: str) -> Node | None:
        """The function in `<name>.filter(...)` that asks for the changed files."""
        source = self._required()
        for node in walk(source.root):
            if node.type != "call_expression":
                continue
            callee, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
            if callee is None or arguments is None or source.text(callee) != f"{name}.filter":
                continue
            if "changedFiles" in source.names(arguments) and arguments.named_children:
                return arguments.named_children[0]
        return None

    @property
    def has_bespoke_set(self) -> bool:
        """Whether the checkout lists the backends that have a macOS step of their own."""
        return self.source is not None and self.source.declaration(BESPOKE_SET) is not None

    @cached_property
    def bespoke(self) -> frozenset[str]:
        """The backends that have a macOS step of their own, as the filter lists them."""
        declaration = self.source.declaration(BESPOKE_SET) if self.source else None
        if declaration is None or self.source is None:
            return frozenset()
        return frozenset(self.source.text(n)[1:-1] for n in walk(declaration) if n.type == "string")

    @property
    def strings(self) -> list[Node]:
        """Every string of the file."""
        nodes = walk(self.source.root) if self.source else ()
        return [node for node in nodes if node.type in ("string", "template_string")]

    def function_place(self, name: str) -> Place:
        """The line of a top-level declaration."""
        source = self._required()
        node = source.declaration(name)
        return source.place(node) if node is not None else Place(self.path)

    def shared_place(self, path: str) -> Place:
        """The line where it is decided what a change of a shared file rebuilds.

        What the file's rule in the table says of Linux; the table where none matches, and what filters the
        entries where there is no table.
        """
        source = self._required()
        node = source.declaration(SHARED_INPUTS)
        if node is None:
            node = source.declaration(FILTER) or self._condition("includes")
            return source.place(node) if node is not None else Place(self.path)
        table = next((inner for inner in walk(node) if inner.type == "array"), node)
        rules = [inner for inner in table.named_children if inner.type == "object"]
        asked = f"(file => [{SHARED_INPUTS}.length, {SHARED_INPUTS}.findIndex(r => r.matches(file))])"
        try:
            size, at = Sandbox(self.path, self.closure(SHARED_INPUTS)).map(asked, [path])[0]
        except ScriptError:
            size, at = 0, -1
        if size != len(rules) or at < 0:
            return source.place(node)
        rule = rules[int(at)]
        keys = (
            (pair.child_by_field_name("key"), pair) for pair in rule.named_children if pair.type == "pair"
        )
        return source.place(
            next((p for key, p in keys if key is not None and source.text(key) == "linux"), rule)
        )

    def excuses(self, path: str) -> bool:
        """Whether the filter's comments speak about a file: a line of them begins with its path.

        One that names an issue tells what happened.
        """
        spoken = rf"(?m)^[ \t/*]*+[`'\"]?{re.escape(path)}(?![\w/-])(?!.*#\d)"
        return re.search(spoken, self._comments) is not None

    @cached_property
    def _comments(self) -> str:
        source = self._required()
        return "\n".join(source.text(node) for node in walk(source.root) if node.type == "comment")

    def rebuilt_by(
        self,
        files: Sequence[str],
        linux: Sequence[Mapping[str, str]],
        darwin: Sequence[Mapping[str, str]],
    ) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """File -> the backends whose Linux and macOS images a change of it alone rebuilds.

        Raises ShapeError where the repository's filter cannot be run.
        """
        source = self._required()
        script = required(self._filter_script, self.path, f"a function {FILTER}")
        shared = source.declaration(SHARED_INPUTS) is not None
        deciding = self.closure(*self.functions, *([SHARED_INPUTS] if shared else []))
        kinds = (_Alike(deciding, entries).kinds for entries in (linux, darwin))
        try:
            found = _started(self.path, script, *kinds, tuple(files))
            if not all(_is_pair_of_names(answer) for answer in found):
                raise ScriptError("it answers no entries")
        except ScriptError as error:
            raise source.shape_error(source.declaration(FILTER), f"{FILTER} cannot be run: {error}") from None
        return {file: (tuple(a), tuple(b)) for file, (a, b) in zip(files, found, strict=True)}

    def equal(self, one: Branch, other: Branch) -> bool:
        """Whether two branches are the same text."""
        source = self._required()
        return source.slice(one.start, one.end) == source.slice(other.start, other.end)

    def returns(self, branch: Branch, directory: str) -> bool:
        """Whether a branch answers a directory by its name."""
        text = self._required().slice(branch.start, branch.end)
        return re.search(rf"return\s+[`'\"]{re.escape(directory)}[`'\"]", text) is not None

    def closure(self, *functions: str) -> str:
        """Source of top-level functions with every top-level declaration that they use."""
        source = self._required()
        known = dict(source.declarations())
        wanted = [name if name in known else self._no(name) for name in functions]
        chosen: dict[int, Node] = {}
        while wanted:
            node = known[wanted.pop()]
            if node.start_byte not in chosen:
                chosen[node.start_byte] = node
                wanted += [name for name in source.names(node) if name in known]
        return "\n".join(source.text(chosen[start]) for start in sorted(chosen))

    def registrations(self, name: str) -> Iterable[Registration]:
        n = re.escape(name)
        names = re.compile(
            rf"{n}|backend/\w+/{n}(/.*)?|backend/Dockerfile\.{n}|scripts/build/{n}-darwin\.sh"
            rf"|\.docker/{n}-[\w-]+\.sh"
        )
        seen = set()
        for text, line, declaration in self._strings:
            if line not in seen and names.fullmatch(text):
                seen.add(line)
                yield Registration(self.name, self.path, line, f"in {declaration}")

    @cached_property
    def _strings(self) -> list[tuple[str, int, str]]:
        """Every string of the file, with its line and the top-level declaration that holds it."""
        source = self.source
        return [
            (source.text(node)[1:-1], source.line(node.start_byte), name)
            for name, declaration in (source.declarations() if source is not None else ())
            for node in walk(declaration)
            if source is not None and node.type in ("string", "template_string")
        ]

    def _with_comments(self, node: Node) -> int:
        """Offset of the line where a node starts, with the comment lines right above it."""
        source = self._required()
        first = node
        while first.prev_named_sibling is not None and first.prev_named_sibling.type == "comment":
            comment = first.prev_named_sibling
            if source.line(comment.end_byte) + 1 != source.line(first.start_byte):
                break
            first = comment
        return source.line_start(first.start_byte)

    def _no(self, name: str) -> NoReturn:
        """Raises ShapeError for a function that is not there, where what stands for it is."""
        from difflib import get_close_matches

        source = self._required()
        for statement, _ in source.imports():
            module = source.text(statement.child_by_field_name("source") or statement).strip("'\"")
            file = posixpath.normpath(f"{posixpath.dirname(self.path)}/{module}")
            if module.startswith(".") and self.tree.read(file) is None:
                raise source.shape_error(statement, f"imports {file}, which is missing")
        near = get_close_matches(name, [declared for declared, _ in source.declarations()], n=1)
        raise source.shape_error(source.declaration(near[0]) if near else None, f"expected a function {name}")

    def _required(self) -> JsSource:
        return required(self.source, self.path, "the path filter of the CI")


@lru_cache(maxsize=4)
def _inferred(path: str, script: str, linux: tuple[Kind, ...], darwin: tuple[Kind, ...]) -> list[list[Any]]:
    """What the infer functions answer; two states of a repository mostly ask the same."""
    sandbox = Sandbox(path, script)
    return [sandbox.map(LINUX, [*map(dict, linux)]), sandbox.map(DARWIN, [*map(dict, darwin)])]


@lru_cache(maxsize=4)
def _started(
    path: str, script: str, linux: tuple[Kind, ...], darwin: tuple[Kind, ...], files: tuple[str, ...]
) -> list[Any]:
    """The backends whose Linux and macOS entries the filter starts for each of some files alone."""
    sandbox = Sandbox(path, script)
    sandbox.define("linux", [*map(dict, linux)])
    sandbox.define("darwin", [*map(dict, darwin)])
    call = (
        f"{FILTER}({{includes: linux, includesDarwin: darwin, changedFiles: [file], "
        "previousMatrix: null, protoRevisions: null})"
    )
    return sandbox.map(
        f"(file => {{ const r = {call}; return "
        "[r.filtered, r.filteredDarwin].map(es => [...new Set(es.map(e => e.backend))]); })",
        list(files),
    )


def _is_pair_of_names(answer: object) -> bool:
    parts = answer if isinstance(answer, list) else []
    lists = [part for part in parts if isinstance(part, list)]
    return len(parts) == len(lists) == 2 and all(isinstance(n, str) for part in lists for n in part)  # noqa: PLR2004 - Linux and macOS
