"""`check`: what every rule finds in a checkout, and which of it a change introduced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from scaffold.backend.names import require_name
from scaffold.checkout.tree import MARK, Tree
from scaffold.errors import ShapeError, unknown
from scaffold.operations.consequences import told
from scaffold.operations.cures import cured
from scaffold.operations.edits import by_edit
from scaffold.operations.novelty import Change, Identity, compared
from scaffold.operations.void import void
from scaffold.operations.workers import Known, find_in
from scaffold.pipeline.model import FOLDER
from scaffold.pipeline.repository import Repository
from scaffold.registry import Registry
from scaffold.rules import all_rules, rules_called
from scaffold.rules.base import SEVERITIES, ChangeRule, Finding, PipelineRule, Rule, Severity
from scaffold.rules.causes import FILE_MISSING, is_nowhere
from scaffold.rules.repository.parts import lost, parts
from scaffold.rules.repository.suppressions import SuppressionUnused
from scaffold.rules.repository.unread import FileUnread
from scaffold.rules.settings import Settings
from scaffold.rules.suppressions import Suppression, Suppressions


@dataclass(slots=True, eq=False)
class Result:
    """What a check found."""

    findings: tuple[Finding, ...]
    """In report order: by backend, then by severity, then by place."""
    old: frozenset[int] = frozenset()
    """Positions of the findings that the base has too."""
    repaired: tuple[Finding, ...] = ()
    """Findings of the base that the change made disappear."""
    suppressed: tuple[Finding, ...] = ()
    backends: int = 0
    rules: int = 0
    base: str | None = None
    workflows: int = 0
    """How many were looked at; none where no rule about them was chosen."""
    added: frozenset[str] = frozenset()
    """Backends that the change adds."""
    silenced: tuple[tuple[Finding, Suppression], ...] = ()
    """What is suppressed and not in the base, each with what does it; all where there is no base."""
    strict: bool = False
    """Whether the repository itself asks that warnings fail."""
    folded: tuple[Finding, ...] = ()
    """New findings that are not told, because they follow from one of `findings`."""

    def is_new(self, position: int) -> bool:
        """Whether the change introduced the finding; every finding is new where there is no base."""
        return position not in self.old

    def count(self, severity: Severity) -> int:
        """Number of findings of one severity."""
        return sum(finding.severity is severity for finding in self.findings)

    def fails(self, strict: bool = False, lenient: bool = False) -> bool:
        """Whether the check fails: by a new error, or a new warning about a backend that the change adds.

        With `strict` by any new warning, with `lenient` by errors alone.
        """
        strict = strict or (self.strict and not lenient)
        asked = {Severity.error: True, Severity.warning: strict, Severity.info: False}
        new = [f for i, f in enumerate(self.findings) if self.is_new(i)]
        warned = {f.backend for f in (*new, *self.folded) if f.severity is Severity.warning}
        return any(asked[f.severity] for f in new) or (not lenient and not warned.isdisjoint(self.added))


@dataclass(slots=True, eq=False)
class Scope:
    """Which rules and backends a check is about; empty means all."""

    backends: Collection[str] = ()
    select: Collection[str] = ()
    ignore: Collection[str] = ()
    least: Severity = Severity.info
    """What is less severe is not looked at."""

    def rules(self) -> list[Rule]:
        """The chosen rules. Raises UsageError for a name that no rule and no group of rules has."""
        chosen = rules_called(self.select) if self.select else [r for r in all_rules() if r.default]
        ignored = rules_called(self.ignore)
        return [rule for rule in chosen if rule not in ignored]


class Looks:
    """Looks at some states of one repository: each state is read once, and each rule asked once about it."""

    def __init__(self, known: Known | None = None) -> None:
        """`known` is what later looks start with; None where there is one look."""
        self._states: dict[Tree, Repository] = {}
        self._known = known

    def opened(self, tree: Tree, rules: Sequence[Rule]) -> Repository:
        """A state as some rules need it, beside the first one. Raises what `opened` raises."""
        if tree not in self._states:
            self._states[tree] = opened(tree, rules, next(iter(self._states.values()), None))
        return self._states[tree]

    def find_in(self, states: Sequence[Repository], rules: Sequence[Rule]) -> list[list[Finding]]:
        """The findings of some rules in each of some states. Raises what `workers.find_in` raises."""
        return find_in(states, rules, self._known)

    def forget(self, tree: Tree) -> None:
        """Keep nothing of a state that nobody will look at again."""
        state = self._states.pop(tree, None)
        if self._known and state is not None:
            self._known = {key: found for key, found in self._known.items() if key[0] is not state}


def run(
    tree: Tree,
    scope: Scope,
    base: Tree | None = None,
    base_name: str | None = None,
    looks: Looks | None = None,
) -> Result:
    """Check a tree, against `base` where one is given; `looks` are those at other states before it.

    Raises UsageError for an unknown backend or rule, ShapeError where a file of either tree has a
    shape that no reader knows.
    """
    asked = scope
    scope, strict = configured(scope, tree, base)
    rules = scope.rules()
    for name in scope.backends:
        require_name(name)
    looks = looks or Looks()
    registry = looks.opened(tree, rules)
    beside = _beside(scope, rules, registry)
    rules += beside
    if rules and all(isinstance(rule, PipelineRule) for rule in rules) and not registry.pipeline.paths:
        bare = tree.kind("HEAD") is not None and tree.is_dir("objects") and tree.is_dir("refs")
        hint = "; this is a repository without a work tree: say which commit with --rev" if bare else ""
        raise ShapeError(
            FOLDER, 0, f"there is no workflow here (*.yml, *.yaml), and nothing else was asked for{hint}"
        )
    earlier = looks.opened(base, rules) if base is not None else None
    missing = [name for name in scope.backends if name not in registry.names]
    if missing and not (earlier and set(missing) <= set(earlier.names)):
        raise unknown("backend", missing[0], {name: name for name in registry.names}, "scaffold status")
    found, *others = looks.find_in([registry, earlier] if earlier else [registry], rules)
    before = others[0] if others else []
    known = [*before]
    found = _with_change(earlier, registry, rules, found)
    known += found
    suppressions = Suppressions.read(tree, found)
    kept, suppressed = suppressions.split(found)
    if asked.select or any(isinstance(rule, FileUnread) for rule in asked.rules()):
        severity = Severity.error if isinstance(registry, Registry) else Severity.info
        unread = [*FileUnread().met(tree, severity)]  # which the tree itself cannot silence
        found += unread
        kept += unread
        before += FileUnread().met(base, severity) if base is not None else ()
    if not scope.select and not scope.backends:
        asleep = {rule.slug for rule in all_rules()} - {rule.slug for rule in rules}
        stale = [entry for entry in suppressions.stale(suppressed) if entry.rule not in asleep]
        kept += SuppressionUnused().stale(stale, registry.names)
    findings = sorted((f for f in kept if _about(f, scope) or _is_gone(f)), key=_order)
    change = Change(earlier, registry) if earlier else None
    names = [change.identity(finding) for finding in before] if change else []
    by_name = {rule.slug: rule for rule in rules}
    old, gone = compared(findings, before, found, change, by_name)
    silenced = _silenced(suppressions, suppressed, base, before, names)
    new = [finding for i, finding in enumerate(findings) if i not in old]
    named = dict(zip(map(id, before), names, strict=True))
    repaired = _repaired(gone, new, named, by_name)
    if earlier:  # what is no longer seen is not repaired
        is_lost = bool(lost(earlier, registry))
        repaired = [f for f in repaired if not (is_lost or _is_out_of_sight(f, earlier, registry, new))]
    causes = void(registry, findings, old, by_name)
    if beside or scope.backends:  # what is gone is told where it matters for what was asked
        findings, old, causes = _that_matters(findings, old, causes)
    shown = told(
        findings,
        old,
        by_name,
        causes,
        cured(earlier, registry, findings, old, by_name),
        partial(by_edit, earlier, registry, known=known, rules=by_name) if earlier else None,
        _meant(registry, rules),
    )
    return Result(
        tuple(shown.findings),
        shown.old,
        tuple(sorted((f for f in repaired if _about(f, scope) and not (beside and _is_gone(f))), key=_order)),
        tuple(f for f in suppressed if _about(f, scope)),
        len(registry.names),
        len(rules) - len(beside),
        base_name,
        len(registry.pipeline.paths) if any(isinstance(r, PipelineRule) for r in rules) else 0,
        change.added if change else frozenset(),
        tuple((f, entry) for f, entry in silenced if _about(f, scope)),
        strict,
        shown.folded,
    )


def _meant(registry: Repository, rules: Iterable[Rule]) -> dict[str, str]:
    """Name by which rules may know a backend that has another one -> that; "" where its folder is gone."""
    if not isinstance(registry, Registry) or all(isinstance(rule, PipelineRule) for rule in rules):
        return {}
    from scaffold.rules.matrix.tags import misspelt
    from scaffold.rules.repository.renames import moved

    return {**moved(registry), **misspelt(registry)}


def _with_change(
    before: Repository | None, after: Repository, rules: Sequence[Rule], found: Sequence[Finding]
) -> list[Finding]:
    """Findings with those of the rules about changes, which know better of what is found in both ways."""
    if not (isinstance(before, Registry) and isinstance(after, Registry)):
        return [*found]
    of_change = [one for rule in rules if isinstance(rule, ChangeRule) for one in rule.compare(before, after)]
    said = {finding.identity for finding in of_change}
    return [*(finding for finding in found if finding.identity not in said), *of_change]


def _that_matters(
    findings: Sequence[Finding], old: Collection[int], causes: Mapping[int, int]
) -> tuple[list[Finding], frozenset[int], dict[int, int]]:
    """Findings without those about what is gone that nothing of the others follows from; old ones, causes."""
    there = [at for at, f in enumerate(findings) if not _is_gone(f) or at in causes.values()]
    places = {at: place for place, at in enumerate(there)}
    return (
        [findings[at] for at in there],
        frozenset(places[at] for at in old if at in places),
        {places[at]: places[cause] for at, cause in causes.items() if at in places},
    )


def _beside(scope: Scope, rules: Sequence[Rule], registry: Repository) -> list[Rule]:
    """What is asked beside some rules of a checkout: whether what they read is there at all."""
    if not scope.select or all(isinstance(rule, PipelineRule) for rule in rules):
        return []
    try:
        assert isinstance(registry, Registry)
        parts(registry)
    except ShapeError:  # then who reads that file says so
        return []
    ignored = rules_called(scope.ignore)
    known = [rule for rule in all_rules() if rule.slug == FILE_MISSING]
    return [rule for rule in known if rule not in (*rules, *ignored)]


def _is_gone(finding: Finding) -> bool:
    """Whether it says that what others read is not there."""
    return finding.rule == FILE_MISSING


def _is_out_of_sight(finding: Finding, before: Repository, after: Repository, new: Sequence[Finding]) -> bool:
    """Whether a file of the pipeline is gone, or has no jobs any more: nothing in it is repaired.

    Nor is anything in another file that is gone where something new is told of its backend.
    """
    path = finding.path
    if not path.startswith(f"{FOLDER.partition('/')[0]}/"):
        return after.tree.kind(path) is None and any(one.backend == finding.backend for one in new)
    was, now = (state.pipeline.workflow(path) for state in (before, after))
    emptied = was is not None and was.jobs and not (now is not None and now.jobs)
    return bool(emptied) or after.tree.kind(path) is None


def configured(scope: Scope, tree: Tree, base: Tree | None) -> tuple[Scope, bool]:
    """A scope with what the repository itself asks for, and whether its warnings fail.

    With a base it is the base that is asked: a change does not loosen its own check. Raises ShapeError
    where `.scaffold.toml` is wrong.
    """
    settings = Settings.read(tree)
    if base is not None:
        try:
            settings = Settings.read(base)
        except ShapeError:  # then nothing is asked for there
            settings = Settings()
    select = scope.select or settings.select
    return replace(scope, select=select, ignore=(*scope.ignore, *settings.ignore)), settings.strict


def opened(tree: Tree, rules: Sequence[Rule], beside: Repository | None = None) -> Repository:
    """A tree as some rules need it: rules about workflows alone take any repository.

    `beside` is another state of it, with which it shares what is the same. Raises ShapeError where a
    rule needs a checkout of LocalAI and the tree is none.
    """
    any_repository = all(isinstance(rule, PipelineRule) for rule in rules)
    if any_repository and tree.read(MARK) is None:
        return Repository(tree, beside)
    return Registry(tree, beside=beside)


def _repaired(
    gone: Iterable[Finding],
    new: Sequence[Finding],
    names: Mapping[int, Identity],
    rules: Mapping[str, Rule],
) -> list[Finding]:
    """Of what is gone, what no new finding says in other words; nothing of a file that is lost or torn.

    Where the folder of a backend is gone, what others have of it is not judged: nothing counts.
    """
    asked = (rules[f.rule].explained(f) for f in new if f.absent and f.rule in rules)
    lost_files = [*filter(None, asked)]
    of_backends = [one for one in new if one.backend]
    if any(one.absent and is_nowhere(one) for one in of_backends):  # of a folder that is not there
        return []
    torn = {one.path for one in new if not one.backend and one.severity is not Severity.info}
    return [
        f
        for f in gone
        if f.path not in torn
        and not any(_replaces(one, f, names[id(f)][1]) for one in of_backends)
        and not any(speaks(f) for speaks in lost_files)
    ]


def _replaces(new: Finding, gone: Finding, name: str) -> bool:
    """Whether a backend, by either name, is told something as bad by another rule, or an error."""
    if new.backend not in (gone.backend, name):
        return False
    as_bad = SEVERITIES.index(new.severity) <= SEVERITIES.index(gone.severity) and new.rule != gone.rule
    return as_bad or new.severity is Severity.error


def _about(finding: Finding, scope: Scope) -> bool:
    severe = SEVERITIES.index(finding.severity) <= SEVERITIES.index(scope.least)
    return severe and (not scope.backends or finding.backend in scope.backends)


def _order(finding: Finding) -> tuple[str, int, str, int, str]:
    return (
        finding.backend,
        SEVERITIES.index(finding.severity),
        finding.path,
        finding.line,
        finding.rule,
    )


def _silenced(
    suppressions: Suppressions,
    suppressed: Sequence[Finding],
    base: Tree | None,
    before: Sequence[Finding],
    known: Sequence[Identity],
) -> list[tuple[Finding, Suppression]]:
    """The suppressed findings that the base neither suppresses nor has a suppression for."""
    if not suppressed:
        return []
    try:
        earlier = Suppressions.read(base, before) if base is not None else Suppressions()
    except ShapeError:  # then nothing is suppressed there
        earlier = Suppressions()
    names = dict(zip(map(id, before), known, strict=True))
    left = Counter(names[id(finding)] for finding in earlier.split(before)[1])
    added = suppressions.beyond(earlier)
    silenced = []
    for finding, entries in suppressions.covering(suppressed):
        if left[finding.identity]:
            left[finding.identity] -= 1
        elif added.issuperset(entries):
            silenced.append((finding, entries[0]))
    return silenced
