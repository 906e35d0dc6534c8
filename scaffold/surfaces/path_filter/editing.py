"""New and lost branches of the path filter, and the lists beside them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.surfaces.base import Addition, Removal
from scaffold.surfaces.path_filter.reading import (
    BESPOKE_SET,
    DARWIN,
    FILTER,
    LINUX,
    SHARED_INPUTS,
    Branch,
    PathFilterReader,
)
from scaffold.syntax.javascript import JsSource
from scaffold.syntax.source import walk

if TYPE_CHECKING:
    from tree_sitter import Node

LENT = '"backend/cpp/llama-cpp/"'
"""The sources that forks build."""
GENERIC_LANGS = ("python", "go", "rust")


class PathFilterSurface(PathFilterReader):
    """The pure functions of the path filter."""

    def drop(self, changes: ChangeSet, branch: Branch) -> None:
        """Plan a branch away, with the comments above it."""
        changes.add(Edit(self.path, branch.start, branch.end, ""))

    def move(self, changes: ChangeSet, branch: Branch, before: Branch) -> None:
        """Plan a branch before another one."""
        source = self._required()
        text = source.slice(branch.start, branch.end)
        self.drop(changes, branch)
        changes.insert(self.path, before.start, text)

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
        if name in named or not branches:
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


def _fork_test(item: str, name: str) -> str:
    """Whether an entry is that of a fork, and the sources that it borrows have changed."""
    return f'{item}.backend === "{name}" && changedFiles.some(file => file.startsWith({LENT}))'


def _branch(condition: str, directory: str) -> str:
    return f"  if ({condition}) {{\n    return `{directory}`;\n  }}\n"
