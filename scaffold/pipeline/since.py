"""Where a diff begins: one since the last success, tag or release has what dropped pushes changed too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scaffold.checkout.tree import Tree
from scaffold.pipeline.expressions.templates import template
from scaffold.pipeline.expressions.values import is_known
from scaffold.pipeline.outputs import makers
from scaffold.pipeline.scopes import StepRun
from scaffold.pipeline.steps import Step
from scaffold.syntax import yaml_values as yaml

_BASES = ("base", "base_sha", "base-sha", "since")
"""The inputs of actions with which a diff begins."""


def is_since_success(step: StepRun, tree: Tree) -> bool:
    """Whether an action compares with what last was built well, tagged or released, a branch, or itself."""
    if step.step.action == "dorny/paths-filter" and step.input("base") == "HEAD":
        return True  # it tells what the steps before it have changed
    if any(_tells(made, tree) for made in _makers(step, map(step.step.spelled, _BASES))):
        return True
    return step.step.action == "dorny/paths-filter" and _is_of_another_branch(step)


def script_asks_success(step: StepRun, given: Iterable[str], tree: Tree) -> bool:
    """Whether a script asks for what was last built well, or a step that gives it a value tells such."""
    return _asks(step.step, tree) or any(_tells(made, tree) for made in _makers(step, given))


def _makers(step: StepRun, texts: Iterable[str]) -> Iterator[Step]:
    """The steps that make the outputs and variables in some texts beside a step."""
    job, outer = step.job.job, step.occurrence.outer
    for path in (path for text in texts if "${{" in text for path in template(text).reads):
        yield from (made.step for made in makers(job, path, outer))
        if path[0] == "env":
            own = (o.step for o in job.occurrences)
            yield from (s for s in own if path[-1] in s.exported or path[-1] == _EXPORTED.get(s.action))


_EXPORTED = {"nrwl/nx-set-shas": "NX_BASE"}
"""Action -> the variable that it sets to the commit of the last success."""


def _tells(step: Step, tree: Tree) -> bool:
    """Whether a step tells the commit of the last run that ended well, or of the last tag or release."""
    if re.search(_ACTION, step.action) or any(re.search(_LAST, text) for text in _texts(step, tree)):
        return True
    return _asks(step, tree)


def _asks(step: Step, tree: Tree) -> bool:
    """Whether a step asks for the last run that ended well, or for the tag that its commit follows."""
    return any(
        re.search(_DESCRIBES, text)
        or ("success" in text and re.search(_SUCCESS, text) and re.search(_RUNS, text))
        for text in _texts(step, tree)
    )


def _texts(step: Step, tree: Tree) -> Iterator[str]:
    """The script of a step, and those that it names."""
    yield step.run or step.spelled("script")
    yield from ((tree.read(path) or b"").decode(errors="replace") for path in step.scripts)


_ACTION = r"\bset-shas\b|\b(?:last|latest)-success|\b(?:last|latest|previous)-(?:tag|release)\b"
"""Actions that tell such a commit."""
_SUCCESS = r"\b(?:status|conclusion)\b\W{1,8}success"
_RUNS = r"/runs\b|\bgh run list\b|[wW]orkflow_?[rR]uns"
_DESCRIBES = r"\bgit describe\b[^\n|]*--abbrev=0"
_LAST = (
    r"\bgit tag\b[^\n]*(?:--sort|--list|-l\b)|\bgh release (?:list|view)\b"
    r"|\breleases/latest\b|\bgetLatestRelease\b"
)


def _is_of_another_branch(step: StepRun) -> bool:
    """Whether what is compared with is a branch to which no push starts the workflow."""
    base = step.input("base")
    pushed = step.job.call.run.workflow.events.get("push", yaml.EMPTY).get("branches")
    branches = [scalar.text for scalar in yaml.scalars(pushed)]
    plain = is_known(base) and re.fullmatch(r"(?!HEAD\b|[0-9a-f]{40}$|refs/)[\w./-]+", base)
    return bool(plain and branches) and not any(re.search(r"[*?+!\[]", b) or b == base for b in branches)
