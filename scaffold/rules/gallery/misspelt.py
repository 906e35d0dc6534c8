"""Names and keys of the gallery that are a letter away from what is meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from scaffold.backend.variants import VARIANTS
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity, Speaks, speaks_of
from scaffold.rules.words import enumerated
from scaffold.surfaces.gallery.items import CHANNELS, Item
from scaffold.surfaces.gallery.loading import ITEM, TEXT, Type
from scaffold.surfaces.model_keys import meant_by

VITAL = ("capabilities", "name", "uri")
"""The keys without which an item leads to no image."""


class GalleryMisspelt(Rule):
    """An item has the name by which it is asked for, and no key that is a letter away from LocalAI's.

    Why: LocalAI passes over a key that it does not know. An image under another name than the one that
    follows from its tag, and that its meta leads to, is never found: it is its name that is wrong, not what
    asks for it.

    Fails:

        - !!merge <<: *rookery
          name: "cpu-rokery"          # and the meta says default: "cpu-rookery"
          url: "<registry>/local-ai-backends:latest-cpu-rookery"

    Passes:

        - !!merge <<: *rookery
          name: "cpu-rookery"
          uri: "<registry>/local-ai-backends:latest-cpu-rookery"

    A key that LocalAI does not know, and that is near no other one, is let pass. Without `capabilities`,
    `name` or `uri` an item leads to no image: that is an error, other keys are a warning.

    Fix: `scaffold check --fix` writes what is meant.
    """

    severity = Severity.error
    fixable = True

    def explained(self, finding: Finding) -> Speaks:
        """What the gallery lacks for the wrong word."""
        meant, *names = finding.subject.split(" ")
        named, key = speaks_of(*names), speaks_of(meant)
        vital = meant in VITAL or finding.subject.startswith("name ")
        return lambda other: other.rule.startswith("gallery-") and named(other) and (vital or key(other))

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Names that nothing asks for in place of those that are asked for, and keys that nobody knows."""
        gallery = registry.gallery
        yield from _misnamed(self, registry)
        for item in gallery.items:
            for key, value in item.item.fields.items():
                meant = "" if key in ITEM else meant_by(key, _absent(item, key))
                if key == "url" and not item.uri and value.startswith(f"{gallery.repository}:"):
                    meant = "uri"
                if not meant or key == "<<":
                    continue
                found = re.search(
                    rb"(?m)^(?:- |  )%s:" % re.escape(key).encode(), item.source.data[item.start : item.end]
                )
                at = item.start + found.start() + len("- ") if found else None
                yield self.finding(
                    item.at(key) if at is None else item.source.place(at),
                    gallery.owner(item),
                    f"{meant} {item.name} {value.rpartition(':')[2] if meant == 'uri' else ''}".strip(),
                    f"the address of an image is its `uri`, and {item.name} has it as its `url`"
                    if key in ITEM
                    else f"LocalAI knows no key `{key}`: it passes over it in {item.name or 'an item'}",
                    f"write `{meant}`",
                    severity=None if meant in VITAL else Severity.warning,
                    fix=None if at is None else partial(_write, item.path, at, key, meant),
                )


def _absent(item: Item, key: str) -> list[str]:
    """The keys that an item does not have, and that take what it has under another one."""
    is_list, is_map = key in item.item.lists, key in item.item.maps
    kind: Type = [TEXT] if is_list else {"": TEXT} if is_map else TEXT
    return [known for known, takes in ITEM.items() if takes == kind and known not in item.item.fields]


def _write(path: str, at: int, word: str, other: str, changes: ChangeSet) -> None:
    changes.add(Edit(path, at, at + len(word.encode()), other))


def _misnamed(rule: Rule, registry: Registry) -> Iterator[Finding]:
    """Images that metas lead to by the name that follows from their tag, and that have another one."""
    gallery = registry.gallery
    asked: dict[str, list[tuple[Item, str]]] = {}
    for meta in gallery.items:
        for key, name in meta.capabilities.items():
            asked.setdefault(name, []).append((meta, key))
    lost = asked.keys() - gallery.by_name.keys()
    for item in gallery.items if lost else ():
        is_image = item.uri and item.merges and not item.is_meta and "name" in item.item.fields
        entry = registry.matrix.by_tag_suffix.get(item.tag_suffix) if is_image else None
        if entry is None or entry.variant is None or item.name in asked:
            continue
        ending = next((end for end, channel in CHANNELS.items() if channel == item.channel), "")
        right = VARIANTS[entry.variant].image.replace("{n}", entry.backend) + ending
        if right in lost:
            metas = [*dict.fromkeys(meta.name for meta, _ in asked[right])]
            yield rule.finding(
                item.at("name"),
                gallery.owner(item),
                f"name {item.name} {right}",
                f"{enumerated(metas)} {'lead' if metas[1:] else 'leads'} to {right!r}, as the tag says that"
                f" this image is called, and it is called {item.name!r}: nobody finds it",
                f'write name: "{right}"',
                fix=partial(_rename, item, right),
            )


def _rename(item: Item, name: str, changes: ChangeSet) -> None:
    item.set_value(changes, name, "name")
