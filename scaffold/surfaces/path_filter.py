"""The path filter: the JavaScript that decides which CI jobs a change starts.

Since July 2026 it is `scripts/lib/backend-filter.mjs`; before, the same functions stood in
`scripts/changed-backends.js`. What a branch means is never guessed: the functions are cut out of
the file and run in a sandbox on matrix entries. The syntax tree only says where to edit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.surfaces.base import Addition, FileSurface, Registration, Removal, required
from scaffold.syntax.javascript import JsSource, walk
from scaffold.syntax.sandbox import Sandbox, ScriptError
from scaffold.syntax.source import Place

if TYPE_CHECKING:
    from tree_sitter import Node

LINUX = "inferBackendPath"
DARWIN = "inferBackendPathDarwin"
FILTER = "filterMatrix"
BESPOKE_SET = "DARWIN_BESPOKE_BUILDERS"
SHARED_INPUTS = "SHARED_BUILD_INPUTS"
LENT = '"backend/cpp/llama-cpp/"'
"""The sources that forks build."""
GENERIC_LANGS = ("python", "go", "rust")


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


class _Alike:
    """Matrix entries that a script cannot tell apart, each kind once.

    A script that reads `item.backend` sees no other field. Other fields count in LocalAI's filter only
    where it compares two states of the matrix file, which is never asked here.
    """

    def __init__(self, script: str, entries: Sequence[Mapping[str, str]]) -> None:
        words = set(re.findall(r"[\w-]+", script))
        kinds: dict[tuple[tuple[str, str], ...], int] = {}
        self.positions: list[int] = []
        """For each entry, the position of its kind."""
        for entry in entries:
            seen = tuple((field, value) for field, value in entry.items() if field in words)
            self.positions.append(kinds.setdefault(seen, len(kinds)))
        self.entries = [dict(kind) for kind in kinds]


class PathFilterSurface(FileSurface):
    """The pure functions of the path filter."""

    name = "path filter"
    paths = ("scripts/lib/backend-filter.mjs", "scripts/changed-backends.js")

    @cached_property
    def source(self) -> JsSource | None:
        """The file; None where it is absent."""
        return self.load(JsSource, *self.paths)

    def branches(self, function: str) -> list[Branch]:
        """The branches of an infer function, in the order in which they are tried."""
        source = self._required()
        node = required(source.declaration(function), self.path, f"a function {function}(item)")
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

    def infer(
        self, linux: Sequence[Mapping[str, str]], darwin: Sequence[Mapping[str, str]]
    ) -> tuple[list[str | None], list[str | None]]:
        """The directories that the repository's own functions give for matrix entries.

        Raises ShapeError where the functions cannot be run.
        """
        source = self._required()
        script = self.closure(LINUX, DARWIN)
        try:
            sandbox = Sandbox(script)
            found = []
            for function, entries in ((LINUX, linux), (DARWIN, darwin)):
                alike = _Alike(script, entries)
                results = sandbox.map(function, alike.entries)
                if not all(result is None or isinstance(result, str) for result in results):
                    raise ScriptError("it answers no path")
                found.append([results[position] for position in alike.positions])
        except ScriptError as error:
            raise source.shape_error(source.declaration(LINUX), f"{LINUX} cannot be run: {error}") from None
        return found[0], found[1]

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
        conditions = {name: self._condition(name) for name in ("includes", "includesDarwin")}
        if any(node is None for node in conditions.values()):
            return None
        nodes = [node for node in conditions.values() if node is not None]
        known = {name for name, _ in source.declarations()} - {*conditions, "changedFiles"}
        used = sorted({name for node in nodes for name in source.names(node) if name in known})
        linux, darwin = map(source.text, nodes)
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

    def comments_name(self, path: str) -> bool:
        """Whether a comment of the filter speaks of a file."""
        return re.search(rf"(?<![\w/-]){re.escape(path)}(?![\w-])", self._comments) is not None

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
        deciding = self.closure(LINUX, DARWIN, *([SHARED_INPUTS] if shared else []))
        call = (
            f"{FILTER}({{includes: linux, includesDarwin: darwin, changedFiles: [file], "
            "previousMatrix: null, protoRevisions: null})"
        )
        try:
            sandbox = Sandbox(script)
            sandbox.define("linux", _Alike(deciding, linux).entries)
            sandbox.define("darwin", _Alike(deciding, darwin).entries)
            found = sandbox.map(
                f"(file => {{ const r = {call}; return "
                "[r.filtered, r.filteredDarwin].map(es => [...new Set(es.map(e => e.backend))]); })",
                list(files),
            )
            if not all(_is_pair_of_names(answer) for answer in found):
                raise ScriptError("it answers no entries")
        except ScriptError as error:
            raise source.shape_error(source.declaration(FILTER), f"{FILTER} cannot be run: {error}") from None
        return {file: (tuple(a), tuple(b)) for file, (a, b) in zip(files, found, strict=True)}

    def equal(self, one: Branch, other: Branch) -> bool:
        """Whether two branches are the same text."""
        source = self._required()
        return source.slice(one.start, one.end) == source.slice(other.start, other.end)

    def drop(self, changes: ChangeSet, branch: Branch) -> None:
        """Plan a branch away, with the comments above it."""
        changes.add(Edit(self.path, branch.start, branch.end, ""))

    def move(self, changes: ChangeSet, branch: Branch, before: Branch) -> None:
        """Plan a branch before another one."""
        source = self._required()
        text = source.slice(branch.start, branch.end)
        self.drop(changes, branch)
        changes.insert(self.path, before.start, text)

    def closure(self, *functions: str) -> str:
        """Source of top-level functions with every top-level declaration that they use."""
        source = self._required()
        known = dict(source.declarations())
        wanted = [
            required(name if name in known else None, self.path, f"a function {name}") for name in functions
        ]
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

    def add(self, addition: Addition) -> None:
        backend = addition.backend
        self.map_linux(addition)
        if backend.bespoke_darwin:
            self.map_darwin(addition)
            self.add_to_bespoke_set(addition)
            self.add_shared_input(addition)
        if backend.kind == "llama-fork":
            self._add_fork(addition)

    def map_linux(self, addition: Addition) -> None:
        """A branch where the present ones do not map the backend's Dockerfile to its directory."""
        backend = addition.backend
        dockerfile = f"./backend/Dockerfile.{backend.dockerfile_type}"
        probe = {"dockerfile": dockerfile, "backend": backend.name}
        if self.infer([probe], [])[0] == [f"{backend.directory}/"]:
            return
        suffix = backend.dockerfile_type
        branches = self.branches(LINUX)
        where = "${item.backend}" if backend.lang in GENERIC_LANGS else backend.name
        text = _branch(f'item.dockerfile.endsWith("{suffix}")', f"backend/{backend.lang}/{where}/")
        addition.insert(self.path, self._place(branches, suffix, addition), text)

    def _place(self, branches: list[Branch], suffix: str, addition: Addition) -> int:
        """Where a branch for `suffix` goes: behind every more specific one, before every more generic."""
        dockerfile = f"./backend/Dockerfile.{suffix}"
        generic = [i for i, b in enumerate(branches) if b.suffix and dockerfile.endswith(b.suffix)]
        specific = [i for i, b in enumerate(branches) if b.suffix and b.suffix.endswith(suffix)]
        first = max(specific) + 1 if specific else 0
        last = min(generic) if generic else len(branches)
        if first > last:
            source = self._required()
            raise source.shape_error(
                branches[last].start,
                f"no place for a branch on {suffix!r}: line {branches[last].line} catches it before "
                f"line {branches[first - 1].line}, which is more specific",
            )
        by_name = {b.backend or b.suffix: i for i, b in enumerate(branches)}
        relative = addition.nearest(
            {n for n in addition.kin if n in by_name and first <= by_name[n] + 1 <= last}
        )
        index = by_name[relative] + 1 if relative else last
        return branches[index - 1].end if index else branches[0].start

    def map_darwin(self, addition: Addition) -> None:
        """A branch that maps the macOS entry of a C++ backend to its directory, where there is none."""
        name = addition.backend.name
        branches = self.branches(DARWIN)
        named = {b.backend: b for b in branches if b.backend}
        if name in named:
            return
        relative = addition.nearest(set(named) - {None})
        offset = named[relative].end if relative else branches[0].start
        addition.insert(self.path, offset, _branch(f'item.backend === "{name}"', f"backend/cpp/{name}/"))

    def add_to_bespoke_set(self, addition: Addition) -> None:
        """The backend's name among those that have a macOS step of their own."""
        source = self._required()
        declaration = source.declaration(BESPOKE_SET)
        if declaration is None:
            return
        strings = [n for n in walk(declaration) if n.type == "string"]
        if not strings:
            empty = next((n for n in walk(declaration) if n.type == "array"), None)
            if empty is None:
                raise source.shape_error(declaration, f"expected a list of names in {BESPOKE_SET}")
            addition.insert(self.path, empty.start_byte + 1, f'"{addition.backend.name}"')
            return
        by_name = {source.text(n)[1:-1]: n for n in strings}
        if addition.backend.name in by_name:
            return
        relative = addition.nearest(set(by_name))
        after = by_name[relative] if relative else strings[-1]
        own_line = source.data[source.line_start(after.start_byte) : after.start_byte].strip() == b""
        if own_line:
            indent = source.slice(source.line_start(after.start_byte), after.start_byte)
            text = f',\n{indent}"{addition.backend.name}"'
        else:
            text = f', "{addition.backend.name}"'
        addition.insert(self.path, after.end_byte, text)

    def add_shared_input(self, addition: Addition) -> None:
        """The rule that keeps the backend's macOS script from rebuilding every backend."""
        source = self._required()
        declaration = source.declaration(SHARED_INPUTS)
        if declaration is None:
            return
        rules = [n for n in walk(declaration) if n.type == "object"]
        scripts = {}
        for rule in rules:
            match = re.search(r'"scripts/build/([\w-]+)-darwin\.sh"', source.text(rule))
            if match:
                scripts[match[1]] = rule
        catch_all = next(
            (r for r in rules if re.search(r'startsWith\("scripts/build/"\)', source.text(r))), None
        )
        relative = addition.nearest({n for n in scripts if n not in ("python", "golang")})
        name = addition.backend.name
        if name in scripts:
            return
        rule_text = (
            "  {\n"
            f'    matches: file => file === "scripts/build/{name}-darwin.sh",\n'
            "    linux: never,\n"
            f'    darwin: item => item.backend === "{name}",\n'
            "  },\n"
        )
        if relative:
            addition.insert(self.path, source.line_end(scripts[relative].end_byte), rule_text)
        elif catch_all is not None:
            addition.insert(self.path, source.line_start(catch_all.start_byte), rule_text)

    def _add_fork(self, addition: Addition) -> None:
        """A fork is rebuilt when the llama-cpp sources that it borrows change."""
        source = self._required()
        selected = self._add_fork_condition(addition, source)
        test = f'backend === "{addition.backend.name}"'
        for node in walk(source.root):
            conjunction = (
                node.type == "binary_expression"
                and source.text(node.child_by_field_name("operator") or node) == "&&"
            )
            forks = node.child_by_field_name("left") if conjunction else None
            if forks is None or not re.search(r'(?<![.\w])backend === "', source.text(forks)):
                continue
            guarded = node.parent.parent if node.parent is not None else None
            if "backend/cpp/llama-cpp/" not in source.text(node) + (source.text(guarded) if guarded else ""):
                continue
            if forks.type == "parenthesized_expression":
                addition.insert(self.path, forks.end_byte - 1, f" || {test}")
            else:  # the parentheses go again with the test that they begin with
                addition.insert(self.path, forks.start_byte, f"({test} || ")
                addition.insert(self.path, forks.end_byte, ")")
            return
        if selected:
            return
        addition.ask(
            self.path,
            f"let a change under backend/cpp/llama-cpp/ rebuild {addition.backend.name} too: "
            "this checkout has no list of forks to add it to",
        )

    def _add_fork_condition(self, addition: Addition, source: JsSource) -> bool:
        """The same in a filter that selects entries in its own condition, if that knows no list of forks."""
        condition = None if source.declaration(FILTER) is not None else self._condition("includes")
        if condition is None:
            return False
        used = source.names(condition) - {LINUX}
        declared = [node for name, node in source.declarations() if name in used]
        returns = [node for node in walk(condition) if node.type == "return_statement"]
        if not returns or any(LENT in source.text(node) for node in declared):
            return False
        item = condition.child_by_field_name("parameter")
        start = source.line_start(returns[-1].start_byte)
        indent = source.slice(start, returns[-1].start_byte)
        test = _fork_test(source.text(item) if item is not None else "item", addition.backend.name)
        addition.insert(self.path, start, f"{indent}if ({test}) return true;\n")
        return True

    def remove(self, removal: Removal) -> None:
        source = self.source
        if source is None:
            return
        for branch in self.branches(LINUX):
            useless = branch.suffix in {removal.name, *removal.dockerfiles} and not branch.backend
            if branch.backend == removal.name or useless:
                self.drop(removal.changes, branch)
        self.remove_darwin(removal)
        self._remove_fork(removal, source)

    def remove_darwin(self, removal: Removal) -> None:
        """Plan away what leads a C++ backend's macOS entry to its own build."""
        source = self._required()
        for branch in self.branches(DARWIN):
            if branch.backend == removal.name:
                self.drop(removal.changes, branch)
        self._remove_from_bespoke_set(removal, source)
        shared = source.declaration(SHARED_INPUTS)
        script = f"scripts/build/{removal.name}-darwin.sh"
        for rule in walk(shared) if shared is not None else ():
            if rule.type == "object" and f'"{script}"' in source.text(rule):
                start, end = source.line_start(rule.start_byte), source.line_end(rule.end_byte)
                removal.changes.delete_lines(self.path, start, end)

    def _remove_from_bespoke_set(self, removal: Removal, source: JsSource) -> None:
        declaration = source.declaration(BESPOKE_SET)
        strings = [n for n in walk(declaration) if n.type == "string"] if declaration is not None else []
        for position, node in enumerate(strings):
            if source.text(node)[1:-1] != removal.name:
                continue
            if position:
                span = strings[position - 1].end_byte, node.end_byte
            elif len(strings) > 1:
                span = node.start_byte, strings[1].start_byte
            else:
                span = node.start_byte, node.end_byte
            removal.changes.add(Edit(self.path, *span, ""))

    def _remove_fork(self, removal: Removal, source: JsSource) -> None:
        """The backend's test in the list of forks, with the parentheses that came with it."""
        for node in walk(source.root):
            if node.type == "if_statement" and re.search(
                rf'\.backend === "{re.escape(removal.name)}" && changedFiles', source.text(node)
            ):
                start, end = source.line_start(node.start_byte), source.line_end(node.end_byte)
                if source.slice(start, end).strip() == source.text(node):
                    removal.changes.delete_lines(self.path, start, end)
        test = f'backend === "{removal.name}"'
        for node in walk(source.root):
            if node.type != "binary_expression" or source.text(node) != test or node.parent is None:
                continue
            chain = node.parent
            if chain.type != "binary_expression":
                continue
            left, right = chain.child_by_field_name("left"), chain.child_by_field_name("right")
            assert left is not None
            assert right is not None
            outer = chain.parent
            operator = chain.child_by_field_name("operator")
            if operator is not None and source.text(operator) == "&&":
                self._remove_condition(removal, source, chain)
            elif node == left and outer is not None and outer.type == "parenthesized_expression":
                removal.changes.add(Edit(self.path, outer.start_byte, right.start_byte, ""))
                removal.changes.add(Edit(self.path, right.end_byte, outer.end_byte, ""))
            elif node == left:
                removal.changes.add(Edit(self.path, node.start_byte, right.start_byte, ""))
            else:
                removal.changes.add(Edit(self.path, left.end_byte, node.end_byte, ""))

    def _remove_condition(self, removal: Removal, source: JsSource, condition: Node) -> None:
        """Plan an `if` away whose condition asks for this backend and for more."""
        head = condition.parent
        node = head.parent if head is not None else None
        if (
            node is not None
            and node.type == "if_statement"
            and node.child_by_field_name("alternative") is None
        ):
            start, end = self._with_comments(node), source.line_end(node.end_byte)
            removal.changes.delete_lines(self.path, start, end)

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

    def _required(self) -> JsSource:
        return required(self.source, self.path, "the path filter of the CI")


def _fork_test(item: str, name: str) -> str:
    """Whether an entry is that of a fork, and the sources that it borrows have changed."""
    return f'{item}.backend === "{name}" && changedFiles.some(file => file.startsWith({LENT}))'


def _is_pair_of_names(answer: object) -> bool:
    parts = answer if isinstance(answer, list) else []
    lists = [part for part in parts if isinstance(part, list)]
    return len(parts) == len(lists) == 2 and all(isinstance(n, str) for part in lists for n in part)  # noqa: PLR2004 - Linux and macOS


def _branch(condition: str, directory: str) -> str:
    return f"  if ({condition}) {{\n    return `{directory}`;\n  }}\n"
