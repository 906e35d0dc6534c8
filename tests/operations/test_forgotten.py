"""One defect, one report: of a new backend with one registration left out, check says one thing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from scaffold.checkout.edit import Edit, replaced
from scaffold.checkout.tree import Overlay
from scaffold.operations import check, fix, new
from scaffold.operations.consequences import told
from scaffold.rules import all_rules
from scaffold.rules.base import Finding, Rule, Severity
from tests.operations.test_new import KINDS, answers
from tests.rules.trees import BASE, CAPABILITIES, GALLERY, MATRIX, text_of

RULES = {rule.slug: rule for rule in all_rules()}
INFO = {"addition-incomplete", "makefile-test-lists"}
"""What most people leave out who add a backend to LocalAI."""


def planned(lang: str, kind: str) -> new.NewBackend:
    variants = ("cpu", "cuda12") if lang == "rust" or kind == "llama-fork" else ("cpu", "cuda12", "metal")
    return new.plan(BASE, answers(lang, kind, variants=variants, license="mit", description="Sings."))


def checked(plan: new.NewBackend, path: str, edits: Sequence[Edit]) -> check.Result:
    """The check of a change that adds a backend, with these edits of one file alone."""
    before = BASE.content(path) or b""
    whole = plan.changes.overlay()
    content = replaced(before, 0, len(before), list(edits))
    tree = Overlay(BASE, {**whole.changes, path: content}, whole.executable)
    return check.run(tree, check.Scope(), BASE, "main")


def omissions(plan: new.NewBackend) -> Iterator[tuple[str, str, list[Edit]]]:
    """Each file without all that is new in it, and without each part: (path, what is left out, the rest)."""
    for path, edits in plan.changes.by_path().items():
        yield path, "all of it", []
        for left_out in edits if len(edits) > 1 else ():
            yield path, left_out.text.strip(), [edit for edit in edits if edit is not left_out]


@pytest.mark.parametrize(("lang", "kind"), KINDS)
def test_one_omission_is_one_finding(lang: str, kind: str) -> None:
    plan = planned(lang, kind)
    wrong = []
    for path, what, rest in omissions(plan):
        if lang == "go" and what == f"$(MAKE) -C {plan.backend.directory}":
            continue  # `make test` of a Go backend builds it: it need not be prepared
        result = checked(plan, path, rest)
        told = [finding for at, finding in enumerate(result.findings) if result.is_new(at)]
        here = [f for f in told if f.path == path or path in f.help]
        severe = [f for f in told if f.severity is not Severity.info]
        if not (len(told) == len(here) == 1 and result.fails() == bool(severe)):
            wrong.append((path, what, [(f.rule, f.path) for f in told]))
        elif not severe and told[0].rule not in INFO:
            wrong.append((path, what, "is no more than an info"))
    assert wrong == []


def test_a_consequence_comes_back_when_its_cause_is_repaired() -> None:
    plan = planned("python", "plain")
    edits = plan.changes.by_path()[MATRIX]
    (cause,) = checked(plan, MATRIX, []).findings
    folded = checked(plan, MATRIX, []).folded
    assert cause.rule == "matrix-missing-entry"
    assert {finding.rule for finding in folded} == {"gallery-image-not-built", "testjobs-unknown-output"}
    assert "gallery-image-not-built" in cause.help
    cuda = next(edit for edit in edits if "cublas" in edit.text)
    (left,) = checked(plan, MATRIX, [edit for edit in edits if edit is not cuda]).findings
    assert left.identity in {finding.identity for finding in folded}


def test_a_consequence_alone_is_told() -> None:
    plan = planned("python", "plain")
    without = Overlay(BASE, {**plan.changes.overlay().changes, MATRIX: text_of(BASE, MATRIX).encode()})
    found = check.run(without, check.Scope(select=("gallery-image-not-built",)), BASE, "main").findings
    assert {finding.path for finding in found} == {GALLERY}
    assert len(found) > 1


def test_a_repair_does_not_wait_for_the_cause() -> None:
    plan = planned("cpp", "grpc")
    path = "scripts/lib/backend-filter.mjs"
    tree = Overlay(BASE, {**plan.changes.overlay().changes, path: text_of(BASE, path).encode()})
    assert len(check.run(tree, check.Scope(), BASE, "main").findings) == 1
    assert fix.repair(tree, check.Scope(), BASE, "main").result.findings == ()


def test_a_fork_is_offered_by_the_importer_that_takes_its_models() -> None:
    plan = planned("cpp", "llama-fork")
    host, name = "core/gallery/importers/llama-cpp.go", plan.backend.name
    tree = Overlay(BASE, {**plan.changes.overlay().changes, host: text_of(BASE, host).encode()})
    repaired = fix.repair(tree, check.Scope(), BASE, "main")
    assert repaired.result.findings == ()
    assert {edit.path for edit in repaired.changes.edits} == {host}
    undeclared = CAPABILITIES, text_of(BASE, CAPABILITIES).encode()  # then its lender's server answers for it
    (finding,) = fix.repair(Overlay(tree, dict([undeclared])), check.Scope(), BASE, "main").fixed
    assert finding.rule == "importer-missing"
    assert f'{{Name: "{name}", ' in text_of(repaired.changes.overlay(), host)


class Cause(Rule):
    """A rule."""

    severity = Severity.warning


class Effect(Rule):
    """A rule whose findings follow from those of another one, and of itself."""

    severity = Severity.warning
    explained_by = ("cause", "effect")


TOY: dict[str, Rule] = {"cause": Cause(), "effect": Effect()}


def toy(rule: str, severity: Severity = Severity.warning, backend: str = "lark") -> Finding:
    return Finding(rule, severity, backend, "file", 1, "subject", "message", "help")


@pytest.mark.parametrize(
    ("findings", "old", "rules"),
    [
        ([toy("cause"), toy("effect")], (), ["cause"]),
        ([toy("cause"), toy("effect")], (0, 1), ["cause"]),
        ([toy("cause"), toy("effect")], (0,), ["cause", "effect"]),
        ([toy("cause"), toy("effect")], (1,), ["cause", "effect"]),
        ([toy("cause"), toy("effect", Severity.error)], (), ["cause", "effect"]),
        ([toy("cause", backend="heron"), toy("effect")], (), ["cause", "effect"]),
        ([toy("cause", backend=""), toy("effect", backend="")], (), ["cause", "effect"]),
        ([toy("effect"), toy("effect")], (), ["effect", "effect"]),
        ([toy("effect"), toy("cause"), toy("effect")], (), ["cause"]),
    ],
)
def test_nothing_is_hidden_behind_what_does_not_fail(
    findings: list[Finding], old: tuple[int, ...], rules: list[str]
) -> None:
    shown = told(findings, old, TOY)
    assert [finding.rule for finding in shown.findings] == rules
    new_ones = [finding for at, finding in enumerate(findings) if at not in old]
    assert len(shown.folded) == len(new_ones) - sum(at not in shown.old for at in range(len(shown.findings)))


def test_what_explains_is_a_rule() -> None:
    explaining = {slug for rule in RULES.values() for slug in rule.explained_by}
    assert explaining
    assert explaining <= set(RULES)
