"""That LocalAI can load the gallery at all."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity, Speaks, speaks_of
from scaffold.syntax.source import Place

WHOLE = "syntax", "document", "items"
"""The subjects of what is about the file as a whole."""
MUCH = "name", "uri", "item"
"""The subjects of what is about the item as a whole: much is read from its name and its image."""
AN_ITEM = "an item of"
"""What stands before the key where it is about an item of a list."""


class GalleryUnreadable(Rule):
    """LocalAI can load the gallery.

    Why: LocalAI fetches the whole file and hands it to Go's yaml.v3, with the kind of each value laid
    down in a struct. One value that yaml.v3 refuses, or an item that is empty, and every LocalAI that
    reads the file has no backend to offer. LocalAI once merged such a file, and repaired it 89 seconds
    later.

    Fails:

        - !!merge <<: *rookery          # and no item above it has &rookery
          name: "cpu-rookery"
          tags: text-to-speech

    Passes:

        - &rookery
          name: "rookery"
          tags:
            - text-to-speech
        - !!merge <<: *rookery
          name: "cpu-rookery"

    Refused are also a text merged with `<<`, a list where a text belongs, an item that is no mapping,
    control characters, and whatever is no YAML. A key that LocalAI does not know is passed over, and so
    is its value. What begins a second document is reported, too: LocalAI reads the first one only. A key
    that stands twice in an item is reported by duplicate-key.

    Fix: the message says what was found and what LocalAI takes there.
    """

    severity = Severity.error

    def spoils(self, finding: Finding) -> bool:
        """Where it is about the file: of one that is cut in two, the tool reads a part."""
        return finding.subject in WHOLE

    def explained(self, finding: Finding) -> Speaks:
        """Those that say of the same item what the refused value would have said.

        Without an anchor or a name it is not known what is of which item.
        """
        item, _, key = finding.subject.rpartition(" ")
        item = item.removesuffix(AN_ITEM).rstrip()
        asked = [] if key in MUCH or key[:1] == "*" else [speaks_of(key)]
        asked += [speaks_of(item)] if item else []
        return lambda other: (
            (other.rule.startswith("gallery-") or "the gallery" in other.message)
            and all(speaks(other) for speaks in asked)
        )

    def check(self, registry: Registry) -> Iterator[Finding]:
        """What LocalAI refuses."""
        gallery = registry.gallery
        for refusal in gallery.refusals:
            item = next((i for i in gallery.items if i.line <= refusal.line <= i.last_line), None)
            if item is not None and refusal.line in {item.source.line(at) for _, at in item.item.repeated}:
                continue
            yield self.finding(
                Place(gallery.path, refusal.line),
                gallery.owner(item) if item is not None and refusal.subject != "document" else "",
                refusal.subject,
                f"LocalAI cannot load the gallery: {refusal.problem}",
                refusal.help,
            )
