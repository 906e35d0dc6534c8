"""Mutants of a checkout: every registration deleted or corrupted, and faults of other kinds, one each."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from scaffold.directory.python import installer_of
from scaffold.registry import Registry
from scaffold.rules.repository.parts import parts
from scaffold.surfaces.gallery.items import Item
from scaffold.surfaces.parts import OPTIONAL
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
    gone: bool = False
    """Whether the whole file is gone."""


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
    yield from _unloadable(registry)
    yield from _flow(registry)
    yield from _moved(registry)
    yield from _conflicts(registry)
    yield from _started(registry)
    yield from _requirements(registry)


def corrupted(value: str, position: int) -> str:
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
            text = corrupted(entry.fields[field], number)
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
            text = corrupted(value, number)
            span = _scalar(source, pair.value, value)
            what = f"corrupt {pair.key} of {item.name}: {text}"
            yield Mutation("gallery", what, owner, item.path, *span, text, pair.key)
        keys = [key for key in ("name", "uri", "mirrors") if key in item.item.fields]
        key = keys[number % len(keys)]
        value = item.mirrors[0] if key == "mirrors" else source.scalar(item.value(key))
        text = corrupted(value, len(value) - 1 - number % 9)
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
        text = corrupted(getattr(definition, field), number)
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
            text = corrupted(value, len(value) - 1 - number % 5)
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
            text = corrupted(use.name, 1)
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


WRONG_KINDS = {
    "alias": "[a, b]",
    "license": "{a: b}",
    "description": "[a, b]",
    "icon": "{a: b}",
    "tags": "word",
    "urls": "word",
    "mirrors": "word",
    "capabilities": "word",
    "uri": "[a, b]",
    "name": "[a, b]",
}
"""Key of a gallery item -> a value of a kind that LocalAI's struct does not take."""


def _unloadable(registry: Registry) -> Iterator[Mutation]:
    """Galleries that LocalAI cannot load: anchors gone, aliases of nothing, values of another kind."""
    gallery = registry.gallery
    for number, item in enumerate(gallery.items):
        source, owner = item.source, gallery.owner(item)
        head = source.slice(item.start, source.line_end(item.start))
        if item.anchor and gallery.merging.get(item.anchor):
            start = item.start + head.index("&")
            end = start + 1 + len(item.anchor)
            text = source.slice(end, source.line_end(end))
            end += len(text) - len(text.lstrip(" "))
            yield Mutation("anchors", f"delete anchor of {item.name}", owner, item.path, start, end)
        if item.merges and f"*{item.merges}" in head:
            start = item.start + head.index(f"*{item.merges}") + 1
            text = corrupted(item.merges, number)
            what = f"corrupt alias of {item.name}: *{text}"
            if text not in gallery.by_anchor:
                yield Mutation("anchors", what, owner, item.path, start, start + len(item.merges), text)
        keys = [key for key in WRONG_KINDS if key in item.nodes]
        key = keys[number % len(keys)]
        node = item.nodes[key]
        start = source.line_start(node.start_byte) if key != next(iter(item.nodes)) else node.start_byte
        end = _own_end(item, key)
        margin = "  " if start == source.line_start(node.start_byte) else ""
        text = f"{margin}{key}: {WRONG_KINDS[key]}\n"
        yield Mutation(
            "types", f"{key} of {item.name}: {WRONG_KINDS[key]}", owner, item.path, start, end, text
        )


def _own_end(item: Item, key: str) -> int:
    """Where the lines of a key end: where those of the next one begin."""
    keys = [*item.nodes]
    following = keys[keys.index(key) + 1 :]
    return item.source.line_start(item.nodes[following[0]].start_byte) if following else item.end


def _flow(registry: Registry) -> Iterator[Mutation]:
    """Values written in braces or brackets, with one fault in each."""
    gallery = registry.gallery
    for number, item in enumerate(gallery.items):
        source, owner = item.source, gallery.owner(item)
        key = "mirrors" if item.mirrors else "capabilities" if item.capabilities else ""
        if not key:
            continue
        start, end = source.line_start(item.nodes[key].start_byte), _own_end(item, key)
        if key == "mirrors":
            wrong = corrupted(item.mirrors[0], len(item.mirrors[0]) - 1 - number % 9)
            text = f'  mirrors: ["{wrong}"]\n'
        else:
            pairs = [*item.capabilities.items()]
            at = number % len(pairs)
            pairs[at] = pairs[at][0], corrupted(pairs[at][1], number)
            text = "  capabilities: {" + ", ".join(f'{k}: "{v}"' for k, v in pairs) + "}\n"
        what = f"{key} of {item.name} in flow style, with a typing error"
        yield Mutation("flow style", what, owner, item.path, start, end, text, key)


def _read(registry: Registry) -> list[str]:
    """The files that registrations are read from, and that every checkout has."""
    paths = dict.fromkeys(part.path for part in parts(registry) if part.size and part.since != OPTIONAL)
    return [path for path in paths if registry.tree.read(path) is not None]


def _moved(registry: Registry) -> Iterator[Mutation]:
    """Files that registrations are read from, gone from where they were."""
    for path in _read(registry):
        yield Mutation("moved files", f"move {path}", "", path, 0, 0, gone=True)


def _conflicts(registry: Registry) -> Iterator[Mutation]:
    """Marks of an unresolved merge, at three places of each file that registrations are read from."""
    for path in _read(registry):
        data = registry.tree.read(path) or b""
        for share in (0.1, 0.5, 0.9):
            at = data.find(b"\n", int(len(data) * share)) + 1
            for mark in ("<<<<<<< HEAD\n", ">>>>>>> branch\n"):
                what = f"{mark.split()[0]} in line {data.count(10, 0, at) + 1} of {path}"
                yield Mutation("conflict markers", what, "", path, at, at, mark)


_STARTED = re.compile(
    rb"""(?m)^(?:[^#\n]*?\bexec (?:"?\$CURDIR"?/lib/ld\.so"? )?|[ \t]*(?:export )?\w*LIBRARY=)"""
    rb"""\"?\$CURDIR"?/([\w./-]+\w)"?(?=["\s]|$)"""
)
"""A program or a library of run.sh's folder."""

_SPARE = re.compile(rb"\[ ! -e [^\n]*\n?[^\n]*\Z|\A(?=[^\n]*\n\s*if \[ ! -e)|(?m:^exec )[^\n]*\n(?s:.*)\Z")
"""Before or behind a name: it is looked for first, taken where another one is missing, or never reached."""


def _started(registry: Registry) -> Iterator[Mutation]:
    """What run.sh starts or loads from its own folder, under another name."""
    for name, lang in registry.backends.items():
        path = f"backend/{lang}/{name}/run.sh"
        data = registry.tree.read(path) or b""
        for number, match in enumerate(_STARTED.finditer(data)):
            old = match[1].decode()
            if _SPARE.search(data[: match.start(1)]) or _SPARE.match(data[match.end(1) :]):
                continue
            text = corrupted(old, number + 4)
            what = f"corrupt {old} in {path}: {text}"
            yield Mutation("run.sh", what, name, path, *match.span(1), text)


def _requirements(registry: Registry) -> Iterator[Mutation]:
    """Requirements without their version, without the index of their hardware, or not there at all."""
    installer = installer_of(registry.tree)
    built: dict[str, set[str]] = defaultdict(set)
    for entry in (*registry.matrix.linux, *registry.matrix.darwin):
        kind, cuda = (entry.fields.get(field, "") for field in ("build-type", "cuda-major-version"))
        built[entry.backend].update(installer.specific(installer.build(kind, cuda, entry.linux)))
    for name, lang in registry.backends.items():
        folder = f"backend/{lang}/{name}"
        install = registry.tree.read(f"{folder}/install.sh") or b""
        for file in registry.tree.list(folder) if lang == "python" else ():
            path = f"{folder}/{file}"
            if not re.fullmatch(r"requirements[\w.-]*\.txt", file) or file not in built[name]:
                continue
            data = registry.tree.read(path) or b""
            for match in re.finditer(rb"(?m)^[^#\n]*git\+https://[^@\n#]+(@[^\s#]+)", data):
                what = f"delete {match[1].decode()} in {path}"
                yield Mutation("requirements", what, name, path, *match.span(1))
            index = re.search(rb"(?m)^--(?:extra-)?index-url.*\n", data)
            foreign = re.search(r"hipblas|intel|l4t12", file) and b"index" not in install  # PyPI has the rest
            if index and foreign and re.search(rb"(?m)^(?:torch|vllm)\s*$", data):
                yield Mutation("requirements", f"delete the index of {path}", name, path, *index.span())
