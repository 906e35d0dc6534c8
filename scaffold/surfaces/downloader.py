"""The addresses that LocalAI can download, `pkg/downloader/uri.go`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from scaffold.checkout.tree import Tree
from scaffold.surfaces.parts import OPTIONAL, Part

PATH = "pkg/downloader/uri.go"

_CONSTANT = re.compile(r'^[ \t]*(\w+)[ \t]*=[ \t]*"([^"\n]+)"', re.MULTILINE)
_WAYS = ("OCI", "URL")
_LOOKS = re.compile(
    rf"^func \(\w+ URI\) LooksLike(?:{'|'.join(_WAYS)})\(\) bool \{{\n(.*?)^\}}", re.MULTILINE | re.DOTALL
)
_PREFIX = re.compile(r'HasPrefix\(string\(\w+\), (?:"([^"\n]+)"|(\w+))\)')


class Downloader:
    """What the checkout's own code says of addresses."""

    name = "addresses"

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    @property
    def parts(self) -> Iterable[Part]:
        yield Part(PATH, "beginning of an address", len(self.prefixes), OPTIONAL)

    @cached_property
    def prefixes(self) -> tuple[str, ...]:
        """What the address of an image or of a file to download begins with; empty where nothing says so."""
        data = self.tree.read(PATH) or b""
        text = data.decode(errors="replace")
        constants = dict(_CONSTANT.findall(text))
        bodies = _LOOKS.findall(text)
        if not all((*bodies, constants)) or len(bodies) != len(_WAYS):
            return ()
        named = [word or constants.get(name, "") for body in bodies for word, name in _PREFIX.findall(body)]
        return tuple(dict.fromkeys(filter(None, [*named, constants.get("LocalPrefix", "")])))

    def downloads(self, address: str) -> bool:
        """Whether something is downloaded from an address, as far as its beginning tells."""
        return not self.prefixes or address.startswith(self.prefixes)
