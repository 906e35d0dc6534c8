"""`flows`: under one event, which job writes and reads which artifact, cache and image, and what it holds."""

from __future__ import annotations

from dataclasses import dataclass

from scaffold.checkout.tree import Tree
from scaffold.errors import ShapeError, UsageError
from scaffold.operations.check import opened
from scaffold.pipeline.expressions.values import shown
from scaffold.pipeline.flows import Flow, Kind, flows_of
from scaffold.pipeline.groups import Group
from scaffold.pipeline.model import FOLDER
from scaffold.pipeline.runs import Run
from scaffold.pipeline.scopes import StepRun


@dataclass(frozen=True, slots=True, order=True)
class User:
    """A step that writes or reads."""

    job: str
    """The job that the event started, with what tells its leg apart."""
    step: str
    path: str
    line: int
    certain: bool
    """Whether it certainly runs."""


@dataclass(frozen=True, slots=True)
class Named:
    """One thing that flows."""

    kind: Kind
    name: str
    """Three dots stand for what only a run knows; a pattern that takes nothing has its own row."""
    writers: tuple[User, ...]
    readers: tuple[User, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """One concurrency group, and by whom it is held."""

    name: str
    cancels: bool | None
    """Whether a later run cancels an earlier one; None where only a run knows."""
    holders: tuple[str, ...]
    """Jobs; "" for the workflow itself."""
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Flowing:
    """The flows of one workflow."""

    workflow: str
    event: str
    named: tuple[Named, ...]
    groups: tuple[Held, ...]


@dataclass(frozen=True, slots=True, order=True)
class Unread:
    """A workflow or an action that cannot be read."""

    path: str
    line: int
    problem: str

    @property
    def told(self) -> str:
        """For people: the file, and what is wrong with it."""
        return f"{self.path}:{self.line}: {self.path} {self.problem}: it was not read"


@dataclass(frozen=True, slots=True)
class Found:
    """What an event makes flow."""

    workflows: tuple[Flowing, ...]
    unread: tuple[Unread, ...]
    """What may flow too, and is not told."""


def run(tree: Tree, event: str) -> Found:
    """The flows of every workflow that an event starts.

    Raises ShapeError where there is no workflow that can be read, UsageError where the event starts none.
    """
    repository = opened(tree, [])
    if not repository.pipeline.paths:
        raise ShapeError(FOLDER, 0, "there is no workflow here (*.yml, *.yaml)")
    found = tuple(map(_flowing, repository.runs.of_event(event)))
    if not found:
        if repository.pipeline.problems:
            raise repository.pipeline.problems[0]
        known = sorted({name for workflow in repository.runs.workflows for name in workflow.events})
        raise UsageError(f"no workflow is started by {event!r}; what starts some: {', '.join(known)}")
    problems = {Unread(p.path, p.line or 1, p.problem) for p in repository.pipeline.problems}
    return Found(found, tuple(sorted(problems)))


def _flowing(of: Run) -> Flowing:
    flows = flows_of(of)
    commit = str(of.event.github["sha"])
    written: dict[tuple[Kind, str, frozenset[str]], tuple[list[Flow], list[Flow]]] = {}
    for flow in flows.every:
        if flow.writes:
            written.setdefault(_key(flow), ([], []))[0].append(flow)
    artifacts = [key for key in written if key[0] is Kind.artifact]
    for flow in flows.every:
        if not flow.writes:
            taken = [key for key in artifacts if flow.may_take(key[1])] if flow.kind is Kind.artifact else []
            for key in taken or [_key(flow)]:
                written.setdefault(key, ([], []))[1].append(flow)
    named = (
        Named(
            kind,
            shown(name.replace(commit, "<commit>")),
            tuple(map(_user, writers)),
            tuple(map(_user, readers)),
        )
        for (kind, name, _), (writers, readers) in written.items()
    )
    held: dict[tuple[str, int, str], list[Group]] = {}
    for group in flows.groups:
        held.setdefault((group.place.path, group.place.line, group.name), []).append(group)
    groups = (
        Held(
            shown(name.replace(commit, "<commit>")),
            same[0].cancels,
            tuple(dict.fromkeys(g.leg for g in same)),
            path,
            line,
        )
        for (path, line, name), same in held.items()
    )
    return Flowing(of.workflow.path, of.event.name, tuple(named), tuple(groups))


def _key(flow: Flow) -> tuple[Kind, str, frozenset[str]]:
    return flow.kind, flow.name, flow.paths


def _user(flow: Flow) -> User:
    step: StepRun = flow.at
    return User(step.job.title, step.step.title, step.path, step.line, bool(step.runs))
