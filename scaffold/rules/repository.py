"""Rules about a backend as a whole, and about what a change does to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scaffold.rules.base import Finding, Rule, Severity
from scaffold.syntax.source import Place

if TYPE_CHECKING:
    from scaffold.registry import Registry


class DuplicateKey(Rule):
    """No mapping of the registration files has a key twice.

    Why: parsers disagree about it. GitHub refuses the workflow, Go refuses the gallery, and a parser
    that takes the last value silently drops the first.

    Fails:

        - build-type: 'cublas'
          build-type: ''

    Passes:

        - build-type: 'cublas'

    Fix: delete the one that is wrong.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Matrix entries, gallery items and capability lists with a repeated key."""
        gallery = registry.gallery
        records = [(entry, entry.backend) for entry in (*registry.matrix.linux, *registry.matrix.darwin)]
        for record, backend in (*records, *((item, gallery.owner(item)) for item in gallery.items)):
            for key, offset in record.repeated:
                yield self.finding(
                    Place(record.path, record.source.line(offset)),
                    backend,
                    f"{getattr(record, 'name', '') or getattr(record, 'tag_suffix', '')} {key}",
                    f"key {key!r} stands twice in one mapping",
                    "delete the one that is wrong",
                )
