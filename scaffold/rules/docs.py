"""Rules about the compatibility table."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from scaffold.backend.variants import VARIANTS, acceleration
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.syntax.source import Place


class DocsMissingRow(Rule):
    """Every backend that users can install has a row in the compatibility table.

    Why: the table is where a user looks up what runs on their hardware. What is not in it does not
    exist for them.

    Fails:

        the gallery offers rookery, and no row is about it

    Passes:

        | [rookery](https://github.com/example/rookery) | Speaks | CPU, CUDA 12/13 |

    A row is recognised by its name or by the address that it links to.

    Fix: `scaffold check --fix` adds a row; replace its description.
    """

    severity = Severity.warning
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Built backends with a meta and without a row."""
        for name in registry.names:
            installable = registry.gallery.base_metas(name) and registry.matrix.entries_of(name)
            if registry.docs.tables and installable and name not in registry.documented:
                yield self.finding(
                    Place(registry.docs.path),
                    name,
                    "row",
                    f"the compatibility table has no row for {name}",
                    f"add a row for {name} in the part of its modality",
                    fix=registry.adding(name, registry.docs.add),
                )


class DocsAcceleration(Rule):
    """The acceleration column says what the matrix builds.

    Why: builds are added and dropped, and nobody thinks of the table. A user who reads ROCm there
    installs the backend and gets its CPU image.

    Fails:

        | rookery | ... | CPU, ROCm |       # and no entry has build-type: 'hipblas'

    Passes:

        | rookery | ... | CPU |

    Words in parentheses and words that name no variant are the writer's and are left alone.

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
            for table, row in rows if built else ():
                cells = dict(zip(table.columns, row.cells, strict=False))
                column = next((c for c in cells if c.lower().startswith("acceleration")), None)
                said = docs.accelerations(table, row, column) if column else expected
                if column is None or said == expected:
                    continue
                missing, extra = (", ".join(sorted(part)) for part in (expected - said, said - expected))
                plain = "(" not in cells[column]
                yield self.finding(
                    docs.place(row),
                    name,
                    f"{table.heading}: {missing} / {extra}",
                    f"the row of {name} says {cells[column]!r}"
                    + (f"; built too: {missing}" if missing else "")
                    + (f"; not built: {extra}" if extra else ""),
                    f"write {acceleration(built)}",
                    fix=partial(docs.set_cell, table=table, row=row, column=column, value=acceleration(built))
                    if plain
                    else None,
                )


RULES: tuple[type[Rule], ...] = (
    DocsMissingRow,
    DocsAcceleration,
)
"""In the order of the catalogue."""
