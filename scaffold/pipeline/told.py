"""Outputs whose value the files tell: what scripts always say, and what actions of the repository pass on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from scaffold.pipeline.caches import BOTH, RESTORE
from scaffold.pipeline.expressions.nodes import Scope
from scaffold.pipeline.expressions.templates import Template, template
from scaffold.pipeline.expressions.values import Open, Unknown, text_of
from scaffold.pipeline.steps import Occurrence, Step

OF_SCRIPTS = frozenset({"steps", "needs", "env"})
"""Contexts in which there is what scripts say."""


class Asked(NamedTuple):
    """Where a condition is evaluated: that a script always says the same decides nothing there.

    What it says by the event, or by what it is given, does.
    """

    scope: Scope
    told: Mapping[str, str]
    """The variables that scripts give a value."""

    def context(self, name: str) -> Any:
        """The value of a context."""
        found = self.scope.context(name)
        if not isinstance(found, Open) or name not in OF_SCRIPTS:
            return found
        if name == "env":
            return Open(found.label, {n: v for n, v in found.items() if n not in self.told})
        return Open(found.label, {n: v.decided for n, v in found.items() if isinstance(v, Told)})

    def status(self, function: str) -> Any:
        """Everything before went well."""
        return self.scope.status(function)


class Behind(NamedTuple):
    """Where a condition is evaluated behind jobs, or steps, that are skipped."""

    scope: Scope
    of: str
    """Their context: `needs` or `steps`."""
    skipped: frozenset[str]

    def context(self, name: str) -> Any:
        """The value of a context."""
        found = self.scope.context(name)
        if name != self.of or not isinstance(found, Open):
            return found
        result = dict.fromkeys(("result",) if name == "needs" else ("outcome", "conclusion"), "skipped")
        ended = {one: Open(f"{found.label}.{one}", {**found.get(one, {}), **result}) for one in self.skipped}
        return Open(found.label, {**found, **ended})

    def status(self, function: str) -> Any:
        """Everything before went well."""
        return self.scope.status(function)


class Telling(NamedTuple):
    """A step that tells outputs."""

    step: Occurrence
    scope: Occurrence
    """Where they are evaluated: of an action that is a step of its own."""
    said: Mapping[str, Template]


def telling(
    occurrences: Iterable[Occurrence], passed: Callable[[Step], Mapping[str, str]]
) -> dict[Occurrence | None, list[Telling]]:
    """The steps that tell outputs, by the step that uses the action in which they stand.

    `passed` is what the action that a step uses says of its outputs. A step that may be left out tells
    nothing but the key for which it looks.
    """
    found: dict[Occurrence | None, list[Telling]] = {}
    for at in occurrences:
        step, inner, outer = at.step, at, at.outer
        if step.id and step.action in (RESTORE, BOTH):
            said: Mapping[str, Template] = {"cache-primary-key": template(step.spelled("key"))}
        else:
            said = step.told if step.id and step.condition is None else {}
        if said:
            found.setdefault(outer, []).append(Telling(at, at, said))
        while said and outer is not None and outer.step.id and outer.step.condition is None:
            own = found.setdefault(outer.outer, [])
            if own and own[-1].step is outer:
                break
            outputs = {name: template(text) for name, text in passed(outer.step).items()}
            own.append(Telling(outer, inner, outputs))
            inner, outer = outer, outer.outer
    return found


class Told(Open):
    """A step or a job in its context, with the outputs of which something is known."""

    def __init__(
        self, label: str, said: Mapping[str, Template], values: Mapping[str, Any], scope: Scope
    ) -> None:
        """`said` are the templates of its outputs, `values` what they are in `scope`."""
        texts = {name: text_of(value) for name, value in values.items() if not isinstance(value, Unknown)}
        super().__init__(label, {"outputs": Open(f"{label}.outputs", texts)})
        self._always = frozenset(name for name in texts if _is_always_said(said[name], scope))

    @property
    def decided(self) -> Open:
        """It with those outputs alone that are not the same in every run."""
        outputs = self["outputs"]
        known = {name: text for name, text in outputs.items() if name not in self._always}
        return Open(self.label, {"outputs": Open(outputs.label, known)})

    def always_says(self, output: str) -> bool:
        """Whether an output is the same in every run."""
        return output in self._always


def _is_always_said(of: Template, scope: Scope) -> bool:
    """Whether a template is a text, or leads to an output that is the same in every run."""
    if not of.expressions:
        return True
    if not of.output:
        return False
    context, name, _, output = of.output
    around = scope.context(context)
    maker = around.get(name) if isinstance(around, Open) else None
    return isinstance(maker, Told) and maker.always_says(output)
