"""What people said when they registered a backend: the answers that it implies, and every registration."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Any

from scaffold.backend import variants
from scaffold.backend.answers import NEEDS_UPSTREAM
from scaffold.backend.modalities import ACCEPTS, EVERY
from scaffold.backend.variants import ENTRY_FIELDS, IMAGE, VARIANTS
from scaffold.registry import Registry
from scaffold.surfaces.importers import drop_ins

Places = dict[tuple[str, ...], Any]
"""A place, the surface first -> what is registered there."""


def implied(registry: Registry, name: str) -> dict[str, Any]:
    """The answers with which a commit's author would have called `new-backend`."""
    backend = registry.describe(name)
    meta = next(iter(registry.gallery.base_metas(name)), None)
    fields, lists = (meta.item.fields, meta.item.lists) if meta else ({}, {})
    urls = lists.get("urls", ())
    called = meta.name if meta else name
    answers: dict[str, Any] = {
        "name": name,
        "lang": registry.directories[name],
        "kind": registry.kind(name),
        "variants": tuple(_variants(registry, name)),
        "imports": _imports(registry, {name, called}),
        "summary": "What it is, in one sentence.",
        "description": "What users read\nin several lines.",
        "license": fields.get("license", ""),
        "url": urls,
        "icon": fields.get("icon", ""),
        "title": _title(registry, name),
        "gallery_name": called if called != name else "",
        "tags": tuple(re.sub(r"[^A-Za-z0-9._+-]+", "-", tag) for tag in meta.tags) if meta else (),
        "capabilities": _capabilities(registry, name, meta.capabilities if meta else {}),
        "progress": any(d.progress != "false" for d in registry.makefile.definitions if d.name == name),
        "prebuilt": _prebuilt(registry, name),
        "test_model": _test_model(registry, name),
        **_uses(registry, called),
    }
    upstream = backend.upstream
    if not upstream and answers["kind"] in NEEDS_UPSTREAM:  # people follow it by hand
        on_github = re.findall(r"https://github\.com/([\w.-]+/[\w.-]+)", " ".join(urls))
        upstream = on_github[0].removesuffix(".git") if on_github else "acme/engine"
    if upstream:
        pin = backend.pin or "0" * 39 + "1"
        answers |= {"upstream": upstream, "branch": backend.branch or "main", "pin": pin}
    return answers


def chosen(theirs: Registry, ours: Registry, name: str) -> dict[str, tuple[str, str]]:
    """`--set` -> words of what `check` would say of it, for what people wrote and siblings do not have."""
    found = {}
    written = {(e.variant, e.arches): e.fields for e in ours.matrix.entries_of(name)}
    for entry in theirs.matrix.entries_of(name):
        fields = written.get((entry.variant, entry.arches), {}) if entry.linux else {}
        for field in (f for f in ENTRY_FIELDS if f in entry.fields and fields):
            if entry.fields[field] != fields.get(field):
                answer = f"{entry.variant}.{field}={entry.fields[field]}"
                found[answer] = entry.tag_suffix, field
    usual = ours.gallery.release_images(name)
    for variant, image in theirs.gallery.release_images(name).items():
        shared = image == name and len(theirs.variants(name)) > 1  # which no image may be called
        if image != usual.get(variant, image) and not shared:
            found[f"{variant}.{IMAGE}={image}"] = image, "rename"
    return found


def _title(registry: Registry, name: str) -> str:
    """What tables call a backend."""
    return next((row.name for _, row in registry.documented.get(name, ())), "")


def _prebuilt(registry: Registry, name: str) -> bool:
    """Whether a gRPC server of its own is compiled on an image that has gRPC."""
    return registry.kind(name) == "grpc" and any(e.prebuilt for e in registry.matrix.entries_of(name))


def _variants(registry: Registry, name: str) -> Iterator[str]:
    bespoke = registry.makefile.rule_with_recipe(f"backends/{name}-darwin")
    return architectures(registry, name, sorted({*registry.variants(name), *(["metal"] if bespoke else ())}))


def architectures(registry: Registry, name: str, variants: Iterable[str]) -> Iterator[str]:
    """Variants as a person asks for them: `cpu:amd64` where they are built for one architecture alone."""
    entries = registry.matrix.entries_of(name)
    for variant in variants:
        built = {arch for entry in entries if entry.variant == variant for arch in entry.arches}
        few = variant != "metal" and len(built) < len(VARIANTS[variant].arches)
        yield f"{variant}:{next(iter(built))}" if few else variant


def _capabilities(registry: Registry, name: str, keys: dict[str, str]) -> tuple[str, ...]:
    """What hardware gets where that does not follow from the variants."""
    images = {image: variant for variant, image in registry.gallery.release_images(name).items()}
    theirs = {key: images[image] for key, image in keys.items() if image in images}
    usual = variants.capabilities(set(registry.variants(name)))
    changed = {key: variant for key, variant in theirs.items() if usual.get(key) != variant}
    return tuple(f"{key}={variant}" for key, variant in changed.items())


def _uses(registry: Registry, called: str) -> dict[str, Any]:
    """Modalities, and what a capability entry says besides."""
    keys = {row.import_key: row.name for row in reversed(EVERY.values())}
    key = registry.importers.groups.get(called, "")
    for importer in registry.importers.importers:
        text = (registry.tree.read(importer.path) or b"").decode()
        offer = re.search(rf'\{{Name: "{re.escape(called)}", Modality: "([^"]*)"', text)
        key = key or (offer[1] if offer else "")
    owner = registry.backend_called(called) or called
    plain = (key and keys.get(key)) or registry.modality(owner) or "none"
    source, entry = registry.capabilities.source, registry.capabilities.entry(called)
    if entry is None or source is None:
        return {"modality": (plain,)}
    fields = {field: source.text(node) for field, node in source.fields(entry.value).items()}
    use = {constant: word for word, constant in registry.capabilities.usecases.items()}
    rpc = {constant: word for word, constant in registry.capabilities.methods.items()}
    words = {field: re.findall(r"\b(?:Method|Usecase)\w+", text) for field, text in fields.items()}
    defaults = [use[constant] for constant in words.get("DefaultUsecases", ())]
    possible = [use[constant] for constant in words.get("PossibleUsecases", ())]
    first = [row.usecases[0] for row in EVERY.values() if row.import_key == key and row.usecases]
    left = [*(u for u in defaults if u in first), *defaults, *possible]
    rows = []
    while left:
        fitting = (r for r in registry.modalities.values() if left[0] in r.usecases)
        row = max((r for r in fitting if {*r.usecases} <= {*possible}), key=lambda r: len(r.usecases))
        rows.append(row)
        left = [usecase for usecase in left if usecase not in row.usecases]
    methods = [rpc[constant] for constant in words.get("GRPCMethods", ())]
    return {
        "modality": tuple(row.name for row in rows),
        "rpcs": tuple(m for m in methods if not any(m in row.methods for row in rows)),
        "accepts": tuple(word for word, (field, _) in ACCEPTS.items() if field in fields),
        "defaults": tuple(defaults),
    }


def _test_model(registry: Registry, name: str) -> str:
    """The model with which CI tests the image."""
    makefile = (registry.tree.read("Makefile") or b"").decode()
    rule = re.search(rf"(?m)^test-extra-backend-{re.escape(name)}:(?:.*\n\t)+", makefile)
    model = re.search(r"BACKEND_TEST_MODEL_URL=(https?://\S+)", rule[0]) if rule else None
    tested = rule or any(job.key == f"tests-{name}-grpc" for job in registry.test_jobs.jobs)
    return model[1] if model else "https://example.com/model.gguf" if tested else ""


def _imports(registry: Registry, called: set[str]) -> str:
    importers = registry.importers
    if any(importers.importer_of(name) for name in called):
        return "auto"
    hosts = []
    for importer in importers.importers:
        text = (registry.tree.read(importer.path) or b"").decode()
        if called & {*drop_ins.offered(text)}:
            hosts.append(f"drop-in:{importer.name}")
    pref_only = any(line.name in called for line in importers.pref_only)
    return ",".join(hosts) or ("pref-only" if pref_only else "")


def places(registry: Registry, name: str) -> Places:
    """Every registration of a backend, by its place."""
    found: Places = {}
    for part in (_matrix, _gallery, _makefile, _go, _docs, _rest):
        found |= part(registry, name)
    return found


def _matrix(registry: Registry, name: str) -> Places:
    entries = registry.matrix.entries_of(name)
    found: Places = {("matrix", e.tag_suffix, *e.arches): dict(e.fields) for e in entries}
    inferred = zip(
        (*registry.matrix.linux, *registry.matrix.darwin),
        (*registry.inferred[0], *registry.inferred[1]),
        strict=True,
    )
    own = {directory for entry, directory in inferred if entry.backend == name}
    return found | {("path filter", str(directory)): True for directory in own}


def _gallery(registry: Registry, name: str) -> Places:
    found: Places = {}
    for meta in registry.gallery.metas(name):
        given = () if meta.is_development else ("license", "icon")
        values: dict[str, Any] = {key: meta.item.fields.get(key, "") for key in given}
        if not meta.is_development:
            values["urls"] = meta.item.lists.get("urls", ())
        found["gallery meta", meta.name] = {**values, **meta.capabilities}
    for item in registry.gallery.image_items(name):
        found["gallery image", item.name] = {"uri": item.uri, "mirrors": item.mirrors}
    return found


def _makefile(registry: Registry, name: str) -> Places:
    makefile = registry.makefile
    found: Places = {}
    for definition in makefile.definitions:
        if definition.name == name:
            fields = definition._asdict()
            del fields["assignment"]
            fields["context"] = posixpath.normpath(fields["context"])
            found["Makefile definition", definition.variable] = fields
            found["Makefile eval",] = definition.variable in makefile.evals
    own = (f"docker-build-{name}", f"docker-save-{name}", f"backends/{name}", f"backends/{name}-darwin")
    for target in own:
        if makefile.rule_with_recipe(target):
            found["Makefile rule", target] = True
    for target in (".NOTPARALLEL", "docker-build-backends"):
        for word in makefile.list_words(target):
            if word.text in (f"backends/{name}", f"docker-build-{name}", f"backends/{name}-darwin"):
                found["Makefile list", target, word.text] = True
    for target in ("prepare-test-extra", "test-extra"):
        if name in makefile.test_lines(target):
            found["Makefile test list", target] = True
    return found


def _go(registry: Registry, name: str) -> Places:
    found: Places = {}
    for line in registry.importers.pref_only:
        if line.name == name:
            found["pref-only line",] = line.modality
    called = {name, *(meta.name for meta in registry.gallery.base_metas(name))}
    if any(registry.importers.importer_of(each) for each in called):
        found["importer",] = True
    for importer in registry.importers.importers:
        if called & {*drop_ins.offered((registry.tree.read(importer.path) or b"").decode())}:
            found["drop-in", importer.name] = True
    source = registry.capabilities.source
    entry = next(filter(None, map(registry.capabilities.entry, called)), None)
    if entry and source:
        fields = {key: source.text(node) for key, node in source.fields(entry.value).items()}
        lists = {key: sorted(re.findall(r"\b(?:Method|Usecase)\w+", text)) for key, text in fields.items()}
        accepts = {key: text for key, text in fields.items() if key.startswith(("Accepts", "Voice"))}
        found["capabilities",] = {key: value for key, value in lists.items() if value} | accepts
    return found


def _docs(registry: Registry, name: str) -> Places:
    found: Places = {}
    for table, row in registry.documented.get(name, ()):
        accelerated = next((c for c in table.columns if c.lower().startswith("acceleration")), None)
        words = registry.docs.accelerations(table, row, accelerated) if accelerated else set()
        found["table row", table.heading] = {"name": row.name, "acceleration": sorted(words)}
    engine = registry.engines.row(registry.called_alone(name))
    if engine is not None:
        found["own engine",] = (engine.name, engine.url)
    for place in registry.features.references(name):
        found["backend type", place.what] = True
    return found


def _rest(registry: Registry, name: str) -> Places:
    found: Places = {}
    for bump in registry.bump_deps.bumps:
        if bump.backend == name:
            found["bump", bump.file] = (bump.repository, bump.branch)
    for place in registry.test_jobs.registrations(name):
        found["extra tests", place.what] = True
    for place in registry.darwin.registrations(name):
        found["macOS build", place.path, place.what] = True
    for place in registry.build_context.registrations(name):
        if place.path != ".gitmodules":
            found["build context", place.path, place.what] = True
    return found
