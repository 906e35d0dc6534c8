"""Names in the gallery: by which an item is found."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial

from scaffold.backend.near import is_near
from scaffold.backend.variants import VARIANTS
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.words import enumerated
from scaffold.surfaces.gallery.items import Item


class GalleryDuplicateName(Rule):
    """No two items have one name.

    Why: LocalAI takes the first and never sees the second. A copied block whose name was not changed
    hides the backend that it was written for.

    Fails:

        - name: "cpu-rookery"
        - name: "cpu-rookery"

    Passes:

        - name: "cpu-rookery"
        - name: "cpu-rookery-development"

    An image that is repeated in both channels is one finding.

    Fix: rename the copy; `scaffold check --fix` deletes one that is equal to the first.
    """

    severity = Severity.error
    fixable = True
    lists = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Items whose name an earlier item has."""
        gallery = registry.gallery
        repeated: dict[tuple[str, str, bool], list[Item]] = defaultdict(list)
        for item in gallery.items:
            first = gallery.by_name[item.name]
            if first is not item:
                repeated[gallery.owner(item), item.base_name, first.text == item.text].append(item)
        for (owner, name, same), items in repeated.items():
            names = [*dict.fromkeys(item.name for item in items)]
            what, others = (
                ("are names of earlier items too: these are", "the others are in lines")
                if len(names) > 1
                else ("is the name of an earlier item too: this one is", "the other one is in line")
            )
            do = "delete the repetition" if same else "give it the name of its own variant and channel"
            yield self.finding(
                items[0].at("name"),
                owner,
                f"{name}: {' '.join(names)}",
                f"{enumerated(names)} {what} never seen",
                f"{do}; {others} {enumerated([str(gallery.by_name[name].line) for name in names])}",
                fix=partial(gallery.delete, items=items) if same else None,
            )


class GalleryMetaName(Rule):
    """The meta is named after its backend.

    Why: importers, capability entries and model files name the meta; a meta under another name is
    found by none of them. A name that LocalAI's code uses and that is no other backend's is found, as
    `depth-anything` is, whose directory is `depth-anything-cpp`. Where an importer asks for the backend by
    its own name, importer-unknown-backend says so.

    Fails:

        - &rookery
          name: "rokery"

    Passes:

        - &rookery
          name: "rookery"

    Fix: name the meta like the directory.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Base metas whose name is neither the backend's nor one that LocalAI's code uses."""
        importers = registry.importers
        asked = {*importers.emitted, *(line.name for line in importers.pref_only)}
        asked -= {*registry.gallery.by_name, *registry.model_aliases()}
        used = {*importers.emitted, *(line.name for line in importers.pref_only)}
        used |= {entry.key for entry in registry.capabilities.entries}
        used -= {*registry.names}
        for name in registry.backends:
            if name in asked:
                continue
            for meta in registry.gallery.base_metas(name):
                if meta.name not in {name, *used} and registry.gallery.by_name[meta.name] is meta:
                    yield self.finding(
                        meta.at("name"),
                        name,
                        meta.name,
                        f"the meta of {name} is named {meta.name!r}"
                        if meta.name
                        else f"the meta of {name} has no name",
                        f"name it {name!r}, or nothing that names the backend finds it",
                    )


class GalleryImageName(Rule):
    """The name of an image follows from its variant and ends in the backend's name.

    Why: LocalAI reads hardware from the names of installed images when it chooses between them, and
    people read them in the gallery.

    Fails:

        name: "cuda12-rookery"
        uri: "<registry>/local-ai-backends:latest-gpu-rocm-hipblas-rookery"

    Passes:

        name: "rocm-rookery"
        uri: "<registry>/local-ai-backends:latest-gpu-rocm-hipblas-rookery"

    A spelling that at least two backends use for a variant is accepted as a convention.

    Fix: rename the item and the capabilities that name it.
    """

    severity = Severity.warning
    by_siblings = True
    explained_by = ("matrix-tag-suffix",)

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """Where it is the entry of the matrix that is of another variant than its tag."""
        error = cause.severity is Severity.error
        return error and finding.subject.split(" ")[-1] == cause.subject.split(" ")[1]

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Items whose name no convention of their variant gives."""
        users: dict[tuple[str, str], set[str]] = defaultdict(set)
        found: list[tuple[Item, str, str, str]] = []
        told: dict[tuple[str, str], Item] = {}
        for tag_suffix, items in registry.gallery.by_tag_suffix.items():
            entry = registry.matrix.by_tag_suffix.get(tag_suffix)
            if entry is None or entry.variant is None or entry.backend not in registry.directories:
                continue
            for item in items:
                prefix = item.base_name.removesuffix(entry.backend)
                users[entry.variant, prefix].add(entry.backend)
                found.append((item, entry.backend, entry.variant, prefix))
        for item, backend, variant, prefix in found:
            expected = VARIANTS[variant].image.replace("{n}", backend)
            stem = item.base_name
            convention = len(users[variant, prefix]) > 1 and stem.endswith(f"-{backend}")
            if stem != expected and not convention and not (stem == backend and not item.merges):
                single = stem == backend and registry.gallery.by_name.get(stem, item).uri
                if not single and told.setdefault((stem, backend), item) is item:
                    yield self.finding(
                        item.at("name"),
                        backend,
                        f"{stem} {variant}",
                        f"{item.name} is the {variant} image of {backend}; siblings name it {expected!r}",
                        "rename it and its twin of the other channel, with the capabilities that name them",
                    )


MANY = 2
"""So many items of their own have an alias that is meant."""


class GalleryAliasMissing(Rule):
    """A backend with development images has an alias, which is a name.

    Why: a model asks for `rookery`. Where only `rookery-development` is installed, LocalAI finds it by
    the alias that both share; without one it reports that the backend is not there. LocalAI forgot it
    for opus (#9083) and whisperx (b7247fc14).

    Fails:

        - &rookery
          name: "rookery"
          capabilities: ...

    Passes:

        - &rookery
          name: "rookery"
          alias: "rookery"
          capabilities: ...

    An alias that is a letter away from the name of its item, and is the name of nothing, is told as well;
    so is one that is the name of another backend, of whose models LocalAI would ask this one.

    Fix: `scaffold check --fix` adds the line; the images take it over by their merge.
    """

    severity = Severity.warning
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Base metas whose alias is misspelt, or missing where a development image has none of its own."""
        gallery = registry.gallery
        known = {item.name for item in gallery.items} | {*registry.names} | registry.model_aliases()
        aliases = Counter(item.alias for item in gallery.items if item.alias and not item.merges)
        yield from self._of_others(registry)
        for name in registry.names:
            for meta in gallery.base_metas(name):
                alias = meta.alias
                if alias and alias not in known and aliases[alias] < MANY and is_near(alias, meta.name):
                    yield self.finding(
                        meta.at("alias"),
                        name,
                        f"{meta.name} alias",
                        f"{meta.name} has the alias {alias}, which is no name: its development build does not"
                        " serve its models",
                        f'write alias: "{meta.name}"',
                    )
            development = [item for item in gallery.image_items(name) if item.is_development]
            if all(item.alias for item in development):
                continue
            for meta in gallery.base_metas(name):
                if not meta.alias and gallery.by_name[meta.name] is meta:
                    yield self.finding(
                        meta.at("name"),
                        name,
                        meta.name,
                        f"{meta.name} has no alias: its development build does not serve its models",
                        f'add alias: "{meta.name}"',
                        fix=partial(meta.add_alias, alias=meta.name),
                    )

    def _of_others(self, registry: Registry) -> Iterator[Finding]:
        """Items whose alias is the name of an item of another backend."""
        gallery = registry.gallery
        for item in gallery.items:
            named = gallery.by_name.get(item.alias) if item.alias not in ("", item.base_name) else None
            if named is not None and (other := gallery.owner(named)) != (own := gallery.owner(item)):
                yield self.finding(
                    item.at("alias"),
                    own,
                    f"{item.name} alias",
                    f"{item.name} has the alias of another backend: where it is installed, it is asked for"
                    f" the models of {other}",
                    f'write alias: "{item.base_name}"',
                )
