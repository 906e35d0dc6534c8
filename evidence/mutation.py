"""How many broken registrations does `check` find? Breaks a LocalAI clone, one registration at a time.

    LOCALAI_REPO=~/LocalAI python evidence/mutation.py [--rev HEAD] [--sample 1] [--processes 2]

Every registration is deleted or corrupted in memory; nothing is written to the clone. A mutation is
killed when the check finds something that it does not find in the clone as it is, and that names the
backend. Prints the kill rate per surface and each survivor, as Markdown.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scaffold.checkout.tree import GitTree, Overlay, Tree
from scaffold.errors import ShapeError
from scaffold.operations import check
from scaffold.operations.workers import find
from scaffold.registry import Registry
from scaffold.surfaces.path_filter.reading import DARWIN, LINUX
from scaffold.syntax.javascript import walk
from scaffold.syntax.yaml import YamlSource

ERROR_LEVEL = ("build matrix", "gallery", "path filter", "Makefile definition", "Makefile eval", "bump pin")
"""Surfaces whose omissions break a build or a user: every mutation must be found."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """Bytes `start..end` of a file replaced."""

    surface: str
    what: str
    backend: str
    """Who must be named; "" where several backends share what is broken."""
    path: str
    start: int
    end: int
    text: str = ""
    field: str = ""
    """The field that is corrupted; "" where the whole registration is deleted."""


def mutations(registry: Registry) -> Iterator[Mutation]:
    """Every deletion and corruption of a registration."""
    yield from _matrix(registry)
    yield from _gallery(registry)
    yield from _makefile(registry)
    yield from _path_filter(registry)
    yield from _darwin(registry)
    yield from _pins(registry)
    yield from _go(registry)
    yield from _test_jobs(registry)
    yield from _docs(registry)


def _corrupted(value: str, position: int) -> str:
    """Another value: a letter changed in the middle, or something where there was nothing."""
    if not value:
        return "zz"
    middle = position % len(value)
    return f"{value[:middle]}{'q' if value[middle] != 'q' else 'z'}{value[middle + 1 :]}"


def _scalar(source: YamlSource, node: object, value: str) -> tuple[int, int]:
    """The span of a scalar's text, without its quotes."""
    start = source.data.index(value.encode(), node.start_byte) if value else node.start_byte + 1  # type: ignore[attr-defined]
    return start, start + len(value.encode())


def _matrix(registry: Registry) -> Iterator[Mutation]:
    for number, entry in enumerate((*registry.matrix.linux, *registry.matrix.darwin)):
        start = entry.source.line_start(entry.start)
        name = f"{entry.tag_suffix} {entry.fields.get('platform-tag', '')}"
        yield Mutation("build matrix", f"delete entry {name}", entry.backend, entry.path, start, entry.end)
        gone, pair = [*entry.nodes.items()][1 + number % (len(entry.fields) - 1)]
        line = entry.source.line_start(pair.start_byte), entry.source.line_end(pair.end_byte - 1)
        yield Mutation("build matrix", f"delete {gone} of {name}", entry.backend, entry.path, *line, "", gone)
        fields = [field for field in entry.fields if field != "skip-drivers"]
        field = fields[number % len(fields)]
        node = entry.value(field)
        if node is not None:
            span = _scalar(entry.source, node, entry.fields[field])
            text = _corrupted(entry.fields[field], number)
            what = f"corrupt {field} of {name}: {text}"
            yield Mutation("build matrix", what, entry.backend, entry.path, *span, text, field)


def _gallery(registry: Registry) -> Iterator[Mutation]:
    gallery = registry.gallery
    for number, item in enumerate(gallery.items):
        owner = gallery.owner(item)
        source = item.source
        start = source.line_start(item.start)
        yield Mutation("gallery", f"delete item {item.name}", owner, item.path, start, item.end)
        for pair in source.pairs(item.value("capabilities")):
            line = source.line_start(pair.node.start_byte), source.line_end(pair.node.end_byte - 1)
            yield Mutation("gallery", f"delete {pair.key} of {item.name}", owner, item.path, *line)
            value = source.scalar(pair.value)
            text = _corrupted(value, number)
            span = _scalar(source, pair.value, value)
            what = f"corrupt {pair.key} of {item.name}: {text}"
            yield Mutation("gallery", what, owner, item.path, *span, text, pair.key)
        keys = [key for key in ("name", "uri", "mirrors") if key in item.item.fields]
        key = keys[number % len(keys)]
        value = item.mirrors[0] if key == "mirrors" else source.scalar(item.value(key))
        text = _corrupted(value, len(value) - 1 - number % 9)
        span = _scalar(source, item.value(key), value)
        what = f"corrupt {key} of {item.name}: {text}"
        yield Mutation("gallery", what, owner, item.path, *span, text, key)


def _makefile(registry: Registry) -> Iterator[Mutation]:
    makefile = registry.makefile
    source = makefile.source
    assert source is not None
    for number, definition in enumerate(makefile.definitions):
        name, path = definition.name, makefile.path
        if name not in registry.backends:
            continue
        span = definition.assignment.start_byte, definition.assignment.end_byte
        yield Mutation("Makefile definition", f"delete {definition.variable}", name, path, *span)
        fields = ("name", "dockerfile_type", "context", "progress", "needs_backend_arg")
        field = fields[number % len(fields)]
        text = _corrupted(getattr(definition, field), number)
        line = f"{definition.variable} = {definition.with_fields({field: text})}\n"
        what = f"corrupt {field} of {definition.variable}: {text}"
        yield Mutation("Makefile definition", what, name, path, *span, line, field)
        if definition.variable in makefile.evals:
            call = makefile.evals[definition.variable]
            what = f"delete eval of {definition.variable}"
            yield Mutation("Makefile eval", what, name, path, call.start_byte, call.end_byte)
    for target, prefix in ((".NOTPARALLEL", "backends/"), ("docker-build-backends", "docker-build-")):
        for word in makefile.list_words(target):
            name = word.text.removeprefix(prefix).removesuffix("-darwin")
            if name in registry.backends:
                what = f"delete {word.text} from {target}"
                span = word.start_byte - 1, word.end_byte
                yield Mutation("Makefile lists", what, name, makefile.path, *span)
    for target in ("prepare-test-extra", "test-extra"):
        for name, line in makefile.test_lines(target).items():
            span = source.line_start(line.start_byte), source.line_end(line.start_byte)
            yield Mutation("Makefile lists", f"delete {name} from {target}", name, makefile.path, *span)


def _path_filter(registry: Registry) -> Iterator[Mutation]:
    surface = registry.path_filter
    names = sorted(registry.names, key=len, reverse=True)
    for function in (LINUX, DARWIN):
        for branch in surface.branches(function):
            name = branch.backend or next((n for n in names if n == branch.suffix), "")
            what = f"delete branch {name or branch.suffix} of {function}"
            yield Mutation("path filter", what, name, surface.path, branch.start, branch.end)
    for node in walk(surface.source.root) if surface.source else ():
        text = surface.source.text(node) if surface.source else ""
        if node.type == "string" and text[1:-1] in surface.bespoke and node.parent.type == "array":
            what = f"delete {text} from the set of macOS builds"
            end = node.end_byte + surface.source.data[node.end_byte :].startswith(b",")  # type: ignore[union-attr]
            yield Mutation("path filter", what, text[1:-1], surface.path, node.start_byte, end)


def _darwin(registry: Registry) -> Iterator[Mutation]:
    darwin = registry.darwin
    source = darwin.source
    if source is None or darwin.generic is None or darwin.generic.condition_node is None:
        return
    for step in darwin.steps:
        if step.only:
            span = source.line_start(step.node.start_byte), source.item_end(step.node)
            yield Mutation("macOS build", f"delete step of {step.only}", step.only, darwin.path, *span)
    condition = darwin.generic.condition_node
    for match in re.finditer(r"inputs\.backend != '([\w-]+)'(?: && )?", darwin.generic.condition):
        start = condition.start_byte + match.start()
        what = f"delete exclusion of {match[1]}"
        yield Mutation("macOS build", what, match[1], darwin.path, start, start + len(match[0]))


def _pins(registry: Registry) -> Iterator[Mutation]:
    for number, bump in enumerate(registry.bump_deps.bumps):
        start = bump.source.line_start(bump.start)
        yield Mutation("bump pin", f"delete entry {bump.variable}", bump.backend, bump.path, start, bump.end)
        for field in ("variable", "file", "repository"):
            value = str(getattr(bump, field))
            text = _corrupted(value, len(value) - 1 - number % 5)
            node = bump.value(field)
            assert node is not None
            span = _scalar(bump.source, node, value)
            what = f"corrupt {field} of {bump.variable}: {text}"
            yield Mutation("bump pin", what, bump.backend, bump.path, *span, text, field)


def _go(registry: Registry) -> Iterator[Mutation]:
    importers = registry.importers
    names = {importer.type_name: importer.name for importer in importers.importers}
    for source, elements in (
        (importers.registry_source, [(names.get(t, t), e) for t, e in importers.registry]),
        (importers.pref_only_source, [(line.name, line.element) for line in importers.pref_only]),
        (registry.capabilities.source, [(e.key, e) for e in registry.capabilities.entries]),
    ):
        surface = "capabilities" if source is registry.capabilities.source else "importers"
        for name, element in elements if source else ():
            assert source is not None
            span = source.line_start(element.node.start_byte), source.line_end(element.node.end_byte)
            yield Mutation(surface, f"delete {name} from {source.path}", name, source.path, *span)


def _test_jobs(registry: Registry) -> Iterator[Mutation]:
    jobs = registry.test_jobs
    source = jobs.source
    used = {use.name for use in jobs.output_uses}
    for output in jobs.outputs if source else ():
        if output.key in registry.names and output.key in used:
            assert source is not None
            span = source.line_start(output.node.start_byte), source.line_end(output.node.end_byte - 1)
            yield Mutation("extra tests", f"delete output {output.key}", output.key, jobs.path, *span)
    for use in jobs.output_uses if source else ():
        if use.name in registry.names:
            assert source is not None
            start = source.data.index(f"outputs.{use.name}".encode(), _offset(source.data, use.line)) + 8
            text = _corrupted(use.name, 1)
            what = f"corrupt {use.name} in {use.job}"
            end = start + len(use.name)
            yield Mutation("extra tests", what, use.name, jobs.path, start, end, text, "if")


def _offset(data: bytes, line: int) -> int:
    return sum(len(text) for text in data.splitlines(keepends=True)[: line - 1])


def _docs(registry: Registry) -> Iterator[Mutation]:
    for name, rows in registry.documented.items():
        for table, row in rows:
            if len(rows) == 1:
                what = f"delete row in {table.heading}"
                yield Mutation("compatibility table", what, name, registry.docs.path, row.start, row.end)
            cell = row.cells[-1]
            text = f"| {' | '.join((*row.cells[:-1], _other_acceleration(cell)))} |\n"
            what = f"corrupt acceleration in {table.heading}"
            span = row.start, row.end
            yield Mutation("compatibility table", what, name, registry.docs.path, *span, text, "acceleration")


def _other_acceleration(cell: str) -> str:
    parts = [part.strip() for part in cell.split(",")]
    return ", ".join(parts[:-1]) if len(parts) > 1 else f"{cell}, ROCm"


Identity = tuple[str, str, str, str]


def known_findings(tree: Tree) -> Counter[Identity]:
    """What the check finds in a tree as it is."""
    return Counter(f.identity for f in find(Registry(tree), check.Scope().rules()))


def mutated(tree: Tree, mutation: Mutation) -> Overlay:
    """The tree with one registration broken."""
    data = tree.read(mutation.path) or b""
    changed = data[: mutation.start] + mutation.text.encode() + data[mutation.end :]
    return Overlay(tree, {mutation.path: changed})


def killer(tree: Tree, known: Counter[Identity], mutation: Mutation) -> str | None:
    """The rule that finds a mutation; None where none does."""
    try:
        found = find(Registry(mutated(tree, mutation)), check.Scope().rules())
    except ShapeError as error:
        return f"exit 3: {error.path}"
    left = Counter(known)
    for finding in found:
        if left[finding.identity]:
            left[finding.identity] -= 1
        elif _names(mutation.backend, finding.backend, finding.message):
            return finding.rule
    return None


_state: dict[str, tuple[GitTree, Counter[Identity]]] = {}


def _start(repository: str, rev: str) -> None:
    gc.disable()
    tree = GitTree(Path(repository), rev)
    _state["clone"] = tree, known_findings(tree)


def _killed(mutation: Mutation) -> tuple[Mutation, str | None]:
    rule = killer(*_state["clone"], mutation)
    gc.collect()
    return mutation, rule


def _names(name: str, backend: str, message: str) -> bool:
    return name in ("", backend) or re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", message) is not None


def main() -> None:
    """Run every mutation and print the tables."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rev", default="HEAD")
    options.add_argument("--sample", type=int, default=1, help="take every n-th mutation")
    options.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = options.parse_args()
    repository = os.environ["LOCALAI_REPO"]
    _start(repository, given.rev)
    tree, _ = _state["clone"]
    chosen = list(mutations(Registry(tree)))[:: given.sample]
    tree.close()
    made: Counter[str] = Counter()
    found: Counter[str] = Counter()
    survivors: dict[str, list[Mutation]] = defaultdict(list)
    with multiprocessing.get_context("spawn").Pool(given.processes, _start, (repository, given.rev)) as pool:
        for mutation, rule in pool.imap_unordered(_killed, chosen, chunksize=8):
            made[mutation.surface] += 1
            if rule is None:
                survivors[mutation.surface].append(mutation)
            else:
                found[mutation.surface] += 1
    print(f"LocalAI {tree.commit[:9]}, {sum(made.values())} mutations\n")
    print("| surface | mutations | found | rate |\n|---|---|---|---|")
    for surface, count in made.items():
        print(f"| {surface} | {count} | {found[surface]} | {found[surface] / count:.1%} |")
    total = sum(made.values())
    print(f"| all | {total} | {sum(found.values())} | {sum(found.values()) / total:.1%} |")
    for surface, left in survivors.items():
        print(f"\n{surface}, not found:\n")
        for mutation in left:
            print(f"- {mutation.backend}: {mutation.what}")


if __name__ == "__main__":
    main()
