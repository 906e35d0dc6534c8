"""What the items of the gallery merge."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.surfaces.gallery.values import Unmerged, unmerged
from scaffold.surfaces.models import LIST, name_of
from scaffold.syntax.source import Place

_MEANT = re.compile(rb"<[\"']?:[ ]+\*")


class GalleryWrongMerge(Rule):
    """An image item, or a development meta, merges the meta of its own backend.

    Why: what an item does not say itself it takes from the item that it merges: description, license,
    icon, tags. A copied block that still merges its model shows users another project.

    Fails:

        - !!merge <<: *lark
          name: "cpu-rookery"
          uri: "<registry>/local-ai-backends:latest-cpu-rookery"

    Passes:

        - !!merge <<: *rookery
          name: "cpu-rookery"

    A key that is meant to merge and does not, such as `!!merge <: *rookery` or `!!merg <<: *rookery`, is told
    of any item, of the list of models too: LocalAI passes it over.

    Fix: merge the anchor of the backend's own meta.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Items that merge another anchor than the others of their backend, or none."""
        gallery = registry.gallery
        lost = {
            item.start: found
            for item in gallery.items
            for found in unmerged(item.source.data, item.start, item.end)
        }
        yield from self._of_models(registry)
        for item in gallery.items:
            if item.start in lost:
                place = item.source.place(lost[item.start].at)
                yield self._unmerged(place, gallery.owner(item), item.name, lost[item.start])
        for item, base in gallery.strayed.values():
            yield self.finding(
                item,
                gallery.owner(base),
                item.name,
                f"{item.name} merges *{item.merges}, and all that it leads to are images of {base.name}",
                f"write `- !!merge <<: *{base.anchor}`",
            )
        for name in registry.names:
            metas = {meta.anchor for meta in gallery.base_metas(name)}
            namesake = gallery.by_name.get(name)
            own = {namesake.anchor} if namesake is not None and namesake.anchor else metas
            for item in gallery.image_items(name):
                anchor = item.merges or item.anchor
                if item.start in lost:
                    continue
                if own and anchor not in own and (item.merges is None or anchor in gallery.by_anchor):
                    expected = next(iter(sorted(filter(None, own))), name)
                    yield self.finding(
                        item,
                        name,
                        item.name,
                        f"{item.name} merges {f'*{anchor}' if anchor else 'nothing'}, not *{expected}",
                        f"write `- !!merge <<: *{expected}`",
                    )

    def _of_models(self, registry: Registry) -> Iterator[Finding]:
        """Models that are meant to merge another one."""
        for line, item in registry.models.items if registry.only is None else ():
            for found in unmerged(item) if _MEANT.search(item) else ():
                place = Place(LIST, line + item.count(b"\n", 0, found.at))
                yield self._unmerged(place, "", name_of(item) or "a model", found)

    def _unmerged(self, place: Place, owner: str, name: str, found: Unmerged) -> Finding:
        return self.finding(
            place,
            owner,
            name,
            f"{name} takes nothing from *{found.anchor}: `{found.key}` is a key as any other to LocalAI",
            f"write `!!merge <<: *{found.anchor}`",
        )
