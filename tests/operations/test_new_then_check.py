"""What new-backend writes, check has nothing to say about, but that there is no macOS build."""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import cycle

import pytest

from scaffold.backend.modalities import MODALITIES
from scaffold.backend.variants import VARIANTS, supported
from scaffold.checkout.tree import Tree
from scaffold.operations import check, new, workers
from scaffold.registry import Registry
from tests.operations.test_new import KINDS, answers
from tests.rules.trees import BASE

IMPORTS = ("auto", "pref-only")


def variant_sets(lang: str, kind: str) -> list[tuple[str, ...]]:
    """Each variant alone, with the CPU, all of them, and the usual mixtures."""
    usable = [v for v in supported(lang) if not (kind == "llama-fork" and v == "metal")]
    mixed = (
        ("cpu", "metal"), ("cpu", "cuda12", "cuda13"), ("cuda12", "cuda13"), ("cpu", "vulkan", "metal"),
        ("cpu", "rocm", "sycl-f16", "sycl-f32"), ("cpu", "l4t", "l4t-cuda13"), ("cuda13", "l4t-cuda13"),
    )  # fmt: skip
    fitting = [s for s in mixed if set(s) <= set(usable)]
    return [*((v,) for v in usable), tuple(usable), *fitting]


def combinations() -> list[tuple[str, str, tuple[str, ...], str, str]]:
    """Every kind with every set of variants; modalities and kinds of import in turn."""
    imports, of_forks = cycle(IMPORTS), cycle(m for m in MODALITIES if m != "none")
    modality = cycle(MODALITIES)
    return [
        (lang, kind, variants, next(of_forks if kind == "llama-fork" else modality), next(imports))
        for lang, kind in KINDS
        for variants in variant_sets(lang, kind)
    ]


ALL = combinations()


def identities(tree: Tree) -> Counter[tuple[str, ...]]:
    found = workers.find(Registry(tree), check.Scope().rules())
    return Counter((*f.identity, f.message) for f in found)


@cache
def before() -> Counter[tuple[str, ...]]:
    return identities(BASE)


def news(plan: new.NewBackend) -> Counter[tuple[str, ...]]:
    """What check says of a tree with a new backend, and not without; less the missing macOS build."""
    found = identities(plan.changes.overlay()) - before()
    silent = [identity for identity in found if identity[0] == "matrix-darwin-missing"]
    possible = plan.backend.lang != "rust" and plan.backend.kind != "llama-fork"
    assert len(silent) == (possible and not plan.backend.darwin)
    return found - Counter(silent)


def test_every_value_occurs() -> None:
    assert {variant for _, _, variants, _, _ in ALL for variant in variants} == set(VARIANTS)
    for lang, kind in KINDS:
        own = [case for case in ALL if case[:2] == (lang, kind)]
        assert {case[4] for case in own} == set(IMPORTS)
    assert {case[3] for case in ALL} == set(MODALITIES)


@pytest.mark.parametrize(
    ("lang", "kind", "variants", "modality", "imports"),
    ALL,
    ids=[f"{kind}-{'+'.join(variants)}-{modality}-{imports}" for _, kind, variants, modality, imports in ALL],
)
def test_it_adds_no_finding(
    lang: str, kind: str, variants: tuple[str, ...], modality: str, imports: str
) -> None:
    imports = imports if modality != "none" else "none"
    wanted = answers(
        lang, kind, variants=variants, modality=modality, imports=imports, license="mit", description="Sings."
    )
    plan = new.plan(BASE, wanted)
    assert news(plan) == Counter()


@pytest.mark.parametrize(("lang", "kind"), KINDS)
def test_who_wants_no_import_is_told_what_that_costs(lang: str, kind: str) -> None:
    plan = new.plan(BASE, answers(lang, kind, imports="none"))
    assert [identity[0] for identity in news(plan)] == ["importer-missing"]


@pytest.mark.parametrize(("lang", "kind"), KINDS)
def test_it_adds_no_finding_without_any_answer(lang: str, kind: str) -> None:
    wanted = {key: value for key, value in answers(lang, kind).items() if key != "modality"}
    plan = new.plan(BASE, wanted)
    assert news(plan) == Counter()
