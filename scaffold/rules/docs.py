"""Rules about the compatibility table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from scaffold.backend.near import is_near
from scaffold.backend.variants import VARIANTS, listed
from scaffold.checkout.changes import ChangeSet
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.surfaces.base import Addition
from scaffold.surfaces.tables import Row, squeezed
from scaffold.syntax.source import Place


class DocsMissingRow(Rule):
    """Every backend that users can install has a row in the compatibility table.

    Why: the table is where a user looks up what runs on their hardware. What is not in it does not
    exist for them.

    Fails:

        the gallery offers rookery, and no row is about it

    Passes:

        | [rookery](https://github.com/example/rookery) | Speaks | CPU, CUDA 12/13 |

    A row that has fewer cells than its table is torn: what it says stands below the wrong heads. A table
    whose head is gone is told once.

    A row whose name is a letter away from the backend's, or from its repository's, is misspelt.

    A row is recognised by its name or by the address that it links to. A backend that users cannot install
    yet lacks more than a row: then matrix-missing-entry or gallery-missing-meta tells it.

    Fix: `scaffold check --fix` adds a row with the words of the gallery or of BackendCapabilities, where
    these and the matrix say all that the row says.
    """

    severity = Severity.warning
    fixable = True
    explained_by = ("matrix-missing-entry", "gallery-missing-meta")

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Backends without a row, and rows that are torn."""
        for table in registry.docs.tables if registry.only is None else ():
            above = False
            if table.is_headless:
                yield self.finding(
                    registry.docs.place(table.start),
                    "",
                    f"head of {table.heading}",
                    f"the table below {table.heading!r} has lost its head: readers see no table",
                    "restore the row with the names of its columns, and the dashes below it",
                )
            for written in table.rows:
                torn = len(written.cells) < len(table.columns)
                if torn and not above:
                    yield self.finding(
                        registry.docs.place(written),
                        "",
                        f"torn {written.name}",
                        f"the row of {written.name} has {len(written.cells)} of {len(table.columns)} cells",
                        "write it as one line, with a cell for each column",
                    )
                above = torn
        for name in registry.backends if registry.docs.tables else ():
            installable = registry.gallery.base_metas(name) and registry.matrix.entries_of(name)
            if name not in registry.documented:
                docs = registry.docs
                add = row_of(registry, name)
                place, row = registry.drafted(name, docs.path, add) or (Place(docs.path), "")
                known = docs.knows(registry.addition(name, ChangeSet(registry.tree)).backend)
                yield self.finding(
                    place,
                    name,
                    "row",
                    f"the compatibility table has no row for {name}",
                    f"add `{row}`" if known else f"add a row for {name} in the part of its kind",
                    fix=registry.adding(name, add) if known and installable else None,
                )
            for _, written in registry.documented.get(name, ()):
                meant = _meant(registry, name, written)
                if meant:
                    yield self.finding(
                        registry.docs.place(written),
                        name,
                        f"label {written.name}",
                        f"the row of {name} calls it {written.name}, as nothing else does",
                        f"write {meant}",
                    )


def _meant(registry: Registry, name: str, row: Row) -> str:
    """The name of a backend, or of its repository, that a letter keeps its row from having; "" for none."""
    known = [one.rstrip("/").rpartition("/")[2].removesuffix(".git") for one in registry.called(name)]
    known += [name, row.url.rstrip("/").rpartition("/")[2]]
    if squeezed(row.name) in map(squeezed, known) or len(row.name) < SHORT:
        return ""
    return next((one for one in known if is_near(row.name.lower(), one.lower())), "")


SHORT = 5
"""Letters from which on a name may be meant by another one."""


def row_of(registry: Registry, name: str) -> Callable[[Addition], None]:
    """What adds the row of a backend, without what its images are for and do not have."""

    def add(addition: Addition) -> None:
        backend = replace(addition.backend, variants=registry.accelerated(name))
        registry.docs.add(replace(addition, backend=backend))

    return add


class DocsAcceleration(Rule):
    """The acceleration column says what the matrix builds.

    Why: builds are added and dropped, and nobody thinks of the table. A user who reads ROCm there
    installs the backend and gets its CPU image.

    Fails:

        | rookery | ... | CPU, ROCm |       # and no entry has build-type: 'hipblas'

    Passes:

        | rookery | ... | CPU |

    Words in parentheses and words that name no variant are the writer's: where there are any, the list is
    theirs to write, and a cell of nothing else is left alone. Metal is not
    asked of a macOS build of which a comment says that it has no Metal path; what the gallery offers
    though nothing builds it, and an image that has the CPU build, are told there.

    Fix: `scaffold check --fix` writes the list of what is built.
    """

    severity = Severity.warning
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Rows whose accelerations differ from those of the built variants."""
        docs = registry.docs
        for name, rows in registry.documented.items():
            built = set(registry.variants(name))
            expected = {VARIANTS[variant].acceleration for variant in built}
            either = _either(registry, name, built) if rows and built else set()
            for table, row in rows if built else ():
                cells = dict(zip(table.columns, row.cells, strict=False))
                column = next((c for c in cells if c.lower().startswith("acceleration")), None)
                said = docs.accelerations(table, row, column) if column else expected
                new, gone = expected - said - either, said - expected - either
                if column is None or not (new or gone) or not (said or not cells[column].strip("- ")):
                    continue
                missing, extra = (", ".join(sorted(part)) for part in (new, gone))
                plain = docs.is_list(table, row, column)
                yield self.finding(
                    docs.place(row),
                    name,
                    f"{table.heading}: {missing} / {extra}",
                    f"the row of {name} says {cells[column]!r}"
                    + (f"; built too: {missing}" if missing else "")
                    + (f"; not built: {extra}" if extra else ""),
                    f"write {listed(said - gone | new)}",
                    fix=partial(
                        docs.set_accelerations, table=table, row=row, column=column, new=new, gone=gone
                    )
                    if plain
                    else None,
                )

    def about(self, subject: str) -> tuple[str, frozenset[str]]:
        """The row, whatever table it stands in, and each word that it lacks or has too many."""
        missing, _, extra = subject.rpartition(": ")[2].partition(" / ")
        words = [
            f"{sign}{word}" for sign, part in (("+", missing), ("-", extra)) for word in part.split(", ")
        ]
        return "", frozenset(words) - {"+", "-"}


def _either(registry: Registry, name: str, built: set[str]) -> set[str]:
    """Accelerations that a row may name or not.

    A macOS build is no Metal build where a comment says so, and what the gallery offers and nothing builds
    is gallery-image-not-built's, as a CPU build for other hardware is build-type-unhandled's: who adds the
    build has the row right.
    """
    found = {VARIANTS[variant].acceleration for variant in built.difference(registry.accelerated(name))}
    comments = [entry.said for entry in registry.matrix.entries_of(name) if not entry.linux]
    comments += [meta.said for meta in registry.gallery.base_metas(name)]
    if any(re.search(r"(?i)\b(?:no|without) (?:[\w/]+/)?metal\b", said) for said in comments):
        found.add(VARIANTS["metal"].acceleration)
    for variant, row in VARIANTS.items():
        offered = row.tag_suffix.replace("{n}", name) in registry.gallery.by_tag_suffix
        if variant not in built and offered:
            found.add(row.acceleration)
    return found


RULES: tuple[type[Rule], ...] = (
    DocsMissingRow,
    DocsAcceleration,
)
"""In the order of the catalogue."""
