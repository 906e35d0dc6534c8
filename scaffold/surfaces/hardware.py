"""The capability keys that LocalAI reports for a host, `pkg/system/capabilities.go`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from scaffold.checkout.tree import Tree
from scaffold.surfaces.parts import Part

PATH = "pkg/system/capabilities.go"
FALLBACK = "cpu"
"""Key that LocalAI tries where a meta has no `default`; checkouts from before it did have no such text."""

VENDORS = ("nvidia", "amd", "intel")


class Hardware:
    """What the checkout's own code says of capability keys."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    name = "hardware"

    @property
    def parts(self) -> Iterable[Part]:
        yield Part(PATH, "capability that a host reports", len(self.reported), beside="pkg/system")
        yield Part(PATH, "constant backendToken...", len(self.tokens), "2026-01-11", beside="pkg/system")

    @property
    def is_lost(self) -> bool:
        """Whether nothing says what hosts report, in a checkout that says it somewhere else now."""
        return not self.reported and self.tree.is_dir("pkg/system")

    @cached_property
    def _text(self) -> str:
        data = self.tree.read(PATH) or b""
        return data.decode(errors="replace")

    @cached_property
    def tokens(self) -> frozenset[str]:
        """The words by which LocalAI reads hardware from a backend's name."""
        named = re.findall(r'^[ \t]+backendToken(?!CPU)\w+\s*=\s*"([^"]+)"', self._text, re.MULTILINE)
        return frozenset((*named, *VENDORS)) if named else frozenset()

    @cached_property
    def reported(self) -> frozenset[str]:
        """Every key that some host reports, the fallback included; empty where the file is absent."""
        if not self._text:
            return frozenset()
        constants = dict(re.findall(r'^[ \t]+(\w+)[ \t]*=[ \t]*"([^"]+)"', self._text, re.MULTILINE))
        words = {
            value
            for name, value in constants.items()
            if not re.search(r"(?i)env|file|token|engine|feature|disable", name)
        }
        words |= set(re.findall(r'return "([a-z][\w-]*)"', self._text))
        return frozenset(words | ({FALLBACK} if f'["{FALLBACK}"]' in self._text else set()))
