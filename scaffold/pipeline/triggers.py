"""Which event starts a workflow: of its triggers and their filters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from scaffold.pipeline import events
from scaffold.pipeline.calls import Call
from scaffold.pipeline.events import Event
from scaffold.pipeline.expressions.values import Unknown, text_of
from scaffold.pipeline.model import Workflow
from scaffold.pipeline.patterns import takes
from scaffold.pipeline.started import Started
from scaffold.syntax import yaml_values as yaml


def main_event(workflow: Workflow) -> Event:
    """The event that shows most of a workflow: a push to its branch, else what starts it."""
    default = workflow.pipeline.default_branch
    for name in events.STARTS:
        if name in workflow.events:
            branch = pushed_branch(workflow)
            if name != "push":
                return events.other(name, default)
            if branch is not None:
                return events.push(branch, 1, default)
    if "pull_request" in workflow.events or "pull_request_target" in workflow.events:
        return pull_request_of(workflow)
    return events.other(next(iter(workflow.events), "push"), default)


def pushed_branch(workflow: Workflow) -> str | None:
    """A branch whose pushes start a workflow, the default one where it does; None where there is none."""
    filters = workflow.events.get("push")
    if filters is None:
        return None
    tags_only = "tags" in filters.values and not {"branches", "branches-ignore"} & set(filters.values)
    return None if tags_only else _branch(filters, workflow.pipeline.default_branch)


def names_tags(workflow: Workflow) -> bool:
    """Whether a workflow says that a tag starts it, or a release."""
    return "tags" in workflow.events.get("push", yaml.EMPTY).values or "release" in workflow.events


def pull_request_of(workflow: Workflow, **changes: Any) -> Event:
    """A pull request that starts a workflow."""
    target = "pull_request" not in workflow.events and "pull_request_target" in workflow.events
    filters = workflow.events.get("pull_request_target" if target else "pull_request", yaml.EMPTY)
    default = workflow.pipeline.default_branch
    base = _branch(filters, default) or default
    return events.pull_request(base=base, default_branch=default, target=target, **changes)


def calls_of(workflow: Workflow) -> Iterator[Call]:
    """A workflow as every event that starts it runs it."""
    return (Call(Started(workflow, event), workflow) for event in _events_of(workflow))


def _events_of(workflow: Workflow) -> Iterator[Event]:
    """Every event that starts a workflow, as little as all of its kind have in common."""
    for name, filters in workflow.events.items():
        if name != "push":
            merged = any(kind.text == "closed" for kind in yaml.scalars(filters.get("types")))
            yield events.vague(name, **({} if merged else _REFS.get(name, {})))
            continue
        own = {"branches", "branches-ignore"} & filters.values.keys()
        tags = {"tags", "tags-ignore"} & filters.values.keys()
        named = [scalar.text for scalar in yaml.scalars(filters.get("branches"))]
        taken = [_open(branch) for branch in named if not branch.startswith("!")]
        for branch in taken or ([_ANY] if own or not tags else []):
            ref = f"refs/heads/{branch}"
            yield events.vague(name, ref=ref, ref_name=branch, ref_type="branch", head_ref="", base_ref="")
        if tags or not own:
            ref = f"refs/tags/{_ANY}"
            yield events.vague(name, ref=ref, ref_name=_ANY, ref_type="tag", head_ref="", base_ref="")


_ANY = text_of(Unknown("ref"))
_REFS = {
    "pull_request": {"ref": f"refs/pull/{_ANY}/merge"},
    "release": {"ref": f"refs/tags/{_ANY}", "ref_type": "tag"},
    "merge_group": {"ref": f"refs/heads/gh-readonly-queue/{_ANY}"},
}
"""Event -> what is known of the ref that it runs for, beside a push."""


def _open(pattern: str) -> str:
    """A branch as its filter tells: what a wildcard takes is not known."""
    return re.sub(r"[*?+]++|\[[^][]*+\]", _ANY, pattern)


def _branch(filters: yaml.Mapping, default: str) -> str | None:
    """A branch that the filters of an event take, the default one where they do; None where there is none."""
    named = [s.text for s in yaml.scalars(filters.get("branches"))]
    if named:
        plain = [p for p in named if not set(p) & set("*?[]!+")]
        other = plain[0] if plain else named[0].replace("*", "1").lstrip("!")
        return default if takes(named, default) else other
    ignored = [s.text for s in yaml.scalars(filters.get("branches-ignore"))]
    return next((branch for branch in (default, *_OTHERS) if not takes(ignored, branch)), None)


_OTHERS = ("topic", "topic/1")
"""Branches of which one is none that a workflow ignores, if it ignores not all."""
