"""Values in the lists of backends and of models."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.words import enumerated
from scaffold.surfaces.gallery.values import expiring, joined, repeated_tags
from scaffold.surfaces.models import LIST, name_of
from scaffold.syntax.source import Place, line_starts


class GalleryTagRepeated(Rule):
    """A tag stands once in the list of a backend or of a model.

    Why: the gallery shows it twice. Often another tag was meant, which is missing (#9574).

    Fails:

        tags:
          - text-to-speech
          - cpu
          - cpu

    Passes:

        tags:
          - text-to-speech
          - cpu
          - gpu

    Fix: write the tag that was meant; `scaffold check --fix` deletes one that has a line of its own.
    """

    severity = Severity.warning
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Tags that their list has before."""
        gallery = registry.gallery
        for item in gallery.items:
            if len(set(item.tags)) < len(item.tags):
                yield from self._of(item.path, item.line, item.text, gallery.owner(item), item.name)
        for line, data in registry.models.items if registry.only is None else ():
            yield from self._of(LIST, line, data, "", name_of(data))

    def _of(self, path: str, first: int, data: bytes, owner: str, name: str) -> Iterator[Finding]:
        found = [*repeated_tags(data)]
        if found:
            tags = [*dict.fromkeys(one.tag for one in found)]
            lines = [first + one.line for one in found]
            yield self.finding(
                Place(path, lines[0]),
                owner,
                f"{name} {' '.join(tags)}",
                f"{name} has the tag {enumerated(tags)} more than once",
                "delete what is too much, or write the tag that was meant",
                fix=partial(_drop, path, lines) if all(one.is_alone for one in found) else None,
            )


def _drop(path: str, lines: list[int], changes: ChangeSet) -> None:
    """Plan some lines of a file away."""
    data = changes.tree.content(path) or b""
    starts = [*line_starts(data), len(data)]
    for line in lines:
        changes.delete_lines(path, starts[line - 1], starts[line])


class GalleryItemJoined(Rule):
    """Every item of a list stands as deep as the one above it.

    Why: a plain text goes on in the next line where that stands deeper. So `- gpu`, one blank deeper than the
    `- cpu` above it, is no item: the list has one that reads `cpu - gpu`. Nothing refuses it, and the tag,
    mirror or file is missing.

    Fails:

        tags:
          - cpu
            - gpu

    Passes:

        tags:
          - cpu
          - gpu

    Fix: `scaffold check --fix` takes the blanks away.
    """

    severity = Severity.warning
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Lines that look like an item and belong to the one above."""
        gallery = registry.gallery
        for item in gallery.items:
            yield from self._of(item.path, item.line, item.text, gallery.owner(item), item.name)
        for line, data in registry.models.items if registry.only is None else ():
            yield from self._of(LIST, line, data, "", name_of(data))

    def _of(self, path: str, first: int, data: bytes, owner: str, name: str) -> Iterator[Finding]:
        for one in joined(data):
            line = first + one.line
            yield self.finding(
                Place(path, line),
                owner,
                f"{name} {one.text}",
                f"`- {one.text}` is deeper than the item above it, `{one.above}`, and so a part of its text",
                "let it stand as deep as the item above it",
                fix=partial(_outdent, path, line, one.blanks),
            )


def _outdent(path: str, line: int, blanks: int, changes: ChangeSet) -> None:
    """Plan some blanks at the begin of a line away."""
    start = line_starts(changes.tree.content(path) or b"")[line - 1]
    changes.add(Edit(path, start, start + blanks, ""))


class GalleryAddressExpires(Rule):
    """An address in the list of backends or of models is answered for good.

    Why: an address with a token, as a browser shows it for a picture of a GitHub comment, is answered for
    some minutes. Later the icon is missing, or the file cannot be downloaded (f729e300d).

    Fails:

        icon: https://private-user-images.githubusercontent.com/1/2.png?jwt=eyJhbGci...

    Passes:

        icon: https://avatars.githubusercontent.com/u/1?s=200&v=4

    Known are `jwt=`, `Expires=`, and what Amazon and Google sign.

    Fix: write an address that needs no token.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Addresses with a token, or a time at which they end."""
        gallery = registry.gallery
        for item in gallery.items:
            for address, line in expiring(item.text):
                place = Place(item.path, item.line + line - 1)
                yield self._of(place, gallery.owner(item), item.name, address)
        for address, line in expiring(registry.models.read(LIST)) if registry.only is None else ():
            yield self._of(Place(LIST, line), "", "", address)

    def _of(self, place: Place, owner: str, name: str, address: str) -> Finding:
        return self.finding(
            place,
            owner,
            f"{name} {address}".strip(),
            f"{address} is written with a token: it is answered for a short time only",
            "write an address that needs no token",
        )
