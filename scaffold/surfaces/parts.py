"""What readers look for in a checkout, in words that hold in every one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

OPTIONAL = "9999-12-31"
"""For what a checkout need not have; with `--base`, one that had it keeps it."""
FILTERED = "2025-08-18"
"""The day since which a script says what a change builds."""
ON_MACOS = "2025-08-22"
"""The day since which backends are built for macOS."""
MACOS_MATRIX = "2025-09-01"
"""The day since which there is a matrix of those, backends in Go among them, for pull requests too."""


class Part(NamedTuple):
    """One thing that a reader looks for: a list of registrations, or what it is read by."""

    path: str
    """The file or folder where it is looked for."""
    what: str
    """An entry of it, in words that hold in every checkout."""
    size: int
    """How many entries were read."""
    since: str = ""
    """The day since which LocalAI has it, `2026-05-06`; "" where that is before November 2025."""
    proves: str = ""
    """The day since which it has it in this place, if that is a younger one."""
    beside: str = ""
    """A folder; a checkout without it has no such thing."""
    line: int = 0
    """The line of the first entry; 0 where that is not known."""
    names: tuple[str, ...] = ()
    """The names by which it is found in the file, the outermost first."""
    module: str = ""
    """The module that looks for it."""

    @property
    def age(self) -> str:
        """The day after which a checkout was made that has it."""
        return max(self.since, self.proves) if self.size and self.since != OPTIONAL else ""

    def belongs_to(self, other: Part) -> bool:
        """Whether it is something of the entries of another one, as its words say."""
        return self.path == other.path and self.what.endswith(f" {other.what}")


class Reader(Protocol):
    """Whatever reads files of a checkout, and says what it expects there."""

    @property
    def name(self) -> str:
        """What it reads, in a word or two."""

    @property
    def parts(self) -> Iterable[Part]:
        """What it looks for."""


def expected(reader: Reader) -> Iterator[Part]:
    """The parts of a reader, each with the module that knows it. Raises ShapeError as the reader does."""
    for part in reader.parts:
        yield part._replace(module=module_of(reader))


def module_of(reader: Reader) -> str:
    """The path of the module that says what a reader looks for, `scaffold/surfaces/darwin.py`."""
    own = next(kind for kind in type(reader).__mro__ if "parts" in vars(kind))
    return f"{own.__module__.replace('.', '/')}.py"


def fields(
    path: str,
    what: str,
    names: Iterable[str],
    rows: Iterable[Container[str]],
    since: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Part]:
    """A part for each of the names by which rows of a file say something, with the day when it began."""
    counts = Counter(name for row in rows for name in names if name in row)
    for name in names:
        yield Part(path, f"`{name}` of {what}", counts[name], since.get(name, ""))
