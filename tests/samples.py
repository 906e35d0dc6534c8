"""Rules whose findings a test plants by hand; findings and results that need no repository."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import strategies as st

import scaffold.rules
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.checkout.tree import Overlay, WorkTree
from scaffold.operations.check import Result
from scaffold.registry import Registry
from scaffold.report.view import View
from scaffold.rules.base import SEVERITIES, Finding, Rule, Severity
from scaffold.rules.suppressions import Suppression
from scaffold.syntax.source import Place, Source

GALLERY = "backend/index.yaml"


class Sample(Rule):
    """Finds the lines `# WORD backend subject` of the gallery.

    Why: a test decides what is found.

    Fails:

        # WORD rookery what is wrong

    Passes:

        # nothing

    Fix: delete the line.
    """

    word = ""

    def check(self, registry: Registry) -> Iterator[Finding]:
        data = Source(GALLERY, registry.tree.read(GALLERY) or b"").data
        offset = 0
        for number, line in enumerate(data.splitlines(keepends=True), 1):
            text = line.decode().strip()
            if text.startswith(f"# {self.word} "):
                _, _, backend, subject = text.split(" ", 3)
                edit = Edit(GALLERY, offset, offset + len(line), "")
                yield self.finding(
                    Place(GALLERY, number),
                    backend,
                    subject,
                    f"there is {subject}",
                    "delete the line",
                    fix=(lambda changes, edit=edit: changes.add(edit)) if self.fixable else None,
                )
            offset += len(line)


class SampleBroken(Sample):
    __doc__ = Sample.__doc__
    severity = Severity.error
    fixable = True
    word = "BROKEN"


class SampleShaky(Sample):
    __doc__ = Sample.__doc__
    severity = Severity.warning
    word = "SHAKY"


class SampleDull(Sample):
    __doc__ = Sample.__doc__
    severity = Severity.info
    word = "DULL"


@pytest.fixture
def sample_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """The catalogue holds the sample rules alone."""
    module = types.ModuleType("scaffold.rules.sample")
    kinds = (SampleBroken, SampleShaky, SampleDull)
    for kind in kinds:
        monkeypatch.setattr(kind, "__module__", module.__name__)
    monkeypatch.setattr(module, "RULES", kinds, raising=False)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(scaffold.rules, "REGISTRATIONS", ("sample",))
    monkeypatch.setattr(scaffold.rules, "EVERY", ("sample",))
    monkeypatch.setattr(scaffold.rules, "PIPELINE", ())
    monkeypatch.setattr(scaffold.rules, "NOTES", ())


def view(
    findings: Sequence[Finding],
    files: dict[str, bytes] | None = None,
    *,
    old: Sequence[int] = (),
    base: str | None = None,
    repaired: Sequence[Finding] = (),
    suppressed: Sequence[Finding] = (),
    strict: bool = False,
    brief: bool = True,
    broken_base: str = "",
    added: frozenset[str] = frozenset(),
    lenient: bool = False,
    silenced: Sequence[tuple[Finding, Suppression]] = (),
    everything: bool = False,
) -> View:
    """A view of some findings over some files."""
    compared = frozenset(old), tuple(repaired), tuple(suppressed)
    result = Result(tuple(findings), *compared, 3, 7, base, 0, added, tuple(silenced))
    tree = Overlay(WorkTree(Path("/nonexistent")), dict(files or {}))
    shown = View(result, tree, "/repo", None, strict, lenient, brief, broken_base)
    return replace(shown, everything=everything)


def finding(severity: str = "error", number: int = 0, **changes: object) -> Finding:
    """A finding with a subject of its own."""
    values: dict[str, object] = {
        "rule": f"sample-{severity}",
        "severity": Severity(severity),
        "backend": "rookery",
        "path": GALLERY,
        "line": number + 1,
        "subject": f"subject {number}",
        "message": f"message {number}",
        "help": f"help {number}",
    }
    return Finding(**(values | changes))  # type: ignore[arg-type]


def replacing(start: int, end: int, text: str, path: str = GALLERY):
    """A fix of one edit."""

    def fix(changes: ChangeSet) -> None:
        changes.add(Edit(path, start, end, text))

    return fix


SLUGS = st.from_regex(r"[a-z]{1,8}(-[a-z]{1,8}){0,3}", fullmatch=True)
TEXT = (
    st.text(max_size=60)
    | st.sampled_from(["::error::x", "##[add-mask]x"])
    | st.text("|\n\r`*_<>&@#%:,[]\\\x1b\u2028 a", max_size=40)
)
PATHS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)
FILES = st.dictionaries(st.just(GALLERY), st.text(max_size=200).map(str.encode))


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    path = draw(PATHS | st.just(GALLERY))
    line = draw(st.integers(1, 20))
    texts = [draw(TEXT) for _ in range(4)]
    fix = draw(st.none() | st.just(replacing(0, 0, draw(TEXT))))
    backend, subject, message, advice = texts
    return Finding(
        draw(SLUGS), draw(st.sampled_from(SEVERITIES)), backend, path, line, subject, message, advice, fix
    )


@st.composite
def views(draw: st.DrawFn) -> View:
    found = draw(st.lists(findings(), max_size=15))
    base = draw(st.none() | TEXT)
    old = draw(st.sets(st.integers(0, len(found)))) if base is not None else ()
    repaired = draw(st.lists(findings(), max_size=3)) if base is not None else ()
    return view(
        found,
        draw(FILES),
        old=tuple(old),
        base=base,
        repaired=repaired,
        strict=draw(st.booleans()),
        brief=draw(st.booleans()),
        broken_base=draw(TEXT) if base is None else "",
        everything=draw(st.booleans()),
        silenced=[(f, Suppression(f.rule, f.backend, f.message, "", f.line, f.path)) for f in repaired],
    )
