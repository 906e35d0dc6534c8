"""What stands in the files: workflows, jobs, and the composite actions that steps use."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any

from scaffold.checkout.door import Kind
from scaffold.checkout.tree import Tree
from scaffold.errors import ShapeError
from scaffold.pipeline import told
from scaffold.pipeline.documents import defaults, local_path, read_document
from scaffold.pipeline.expressions.templates import Template, condition, template
from scaffold.pipeline.expressions.values import PENDING
from scaffold.pipeline.steps import Occurrence, Step, steps_of
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.source import Place
from scaffold.syntax.yaml import YamlSource

FOLDER = ".github/workflows"
MAX_DEPTH = 4
"""Reusable workflows and composite actions are followed this far; GitHub allows ten."""
MAX_STEPS = 8192
"""Steps of composite actions that are looked at, each counted as often as it is used; LocalAI has 27."""

Generated = Callable[[], Mapping[str, list[dict[str, Any]]]]
"""Output of a script -> the rows of the matrix that it makes, where that is known."""


class Job:
    """One job of a workflow."""

    def __init__(self, workflow: Workflow, key: yaml.Scalar, node: yaml.Mapping) -> None:
        self.workflow = workflow
        self.id = key.text
        self.key = key
        self.node = node
        self.uses = node.text("uses")
        self.given = node.mapping("with").values
        """What it hands to the workflow that it calls."""

    @cached_property
    def templates(self) -> dict[str, Template]:
        """What of it an expression makes."""
        texts = ((name, value.text) for name, value in self.given.items() if isinstance(value, yaml.Scalar))
        return {name: template(text) for name, text in texts if "${{" in text}

    @cached_property
    def runner(self) -> yaml.Value | Template | None:
        """Its `runs-on`; what makes it, where that is an expression."""
        value = self.node.get("runs-on")
        return template(value.text) if isinstance(value, yaml.Scalar) and "${{" in value.text else value

    @property
    def path(self) -> str:
        """The file that it stands in."""
        return self.workflow.path

    @property
    def line(self) -> int:
        """Line of its name."""
        return self.workflow.source.line(self.key.start)

    def at(self, *keys: str) -> Place:
        """The place of a value below a chain of keys; of the job where there is none."""
        return self.workflow.source.place(self.node.start_of(keys, self.key.start))

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """The jobs that it waits for."""
        return tuple(scalar.text for scalar in yaml.scalars(self.node.get("needs")))

    @cached_property
    def called(self) -> Workflow | None:
        """The reusable workflow of this repository that it calls."""
        path = local_path(self.uses)
        return self.workflow.pipeline.workflow(path) if path.endswith((".yml", ".yaml")) else None

    @cached_property
    def condition(self) -> Template | None:
        """Its `if`."""
        value = self.node.get("if")
        return condition(value.text) if isinstance(value, yaml.Scalar) else None

    @cached_property
    def matrix(self) -> yaml.Value | None:
        """Its `strategy.matrix`."""
        return self.node.get("strategy", "matrix")

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Its steps."""
        return steps_of(self.workflow.source, self.node.get("steps"))

    @cached_property
    def occurrences(self) -> tuple[Occurrence, ...]:
        """Its steps with those of the composite actions that they use, in the order in which they run."""
        return tuple(self.workflow.pipeline.flat(self.steps))

    def using(self, *actions: str) -> tuple[Occurrence, ...]:
        """The steps that use one of some actions."""
        if actions not in self._using:
            known = not self.actions.isdisjoint(actions)
            self._using[actions] = (
                tuple(o for o in self.occurrences if o.step.action in actions) if known else ()
            )
        return self._using[actions]

    @cached_property
    def _using(self) -> dict[tuple[str, ...], tuple[Occurrence, ...]]:
        return {}

    @cached_property
    def variables(self) -> frozenset[str]:
        """The variables that a file may give a value: for the workflow, the job, or from a step on."""
        nodes = (self.workflow.node, self.node, *(o.step.node for o in self.occurrences))
        return self.exported.union(*(node.mapping("env").values for node in nodes))

    @cached_property
    def exported(self) -> frozenset[str]:
        """The variables that its steps may give a value for the steps behind them."""
        return frozenset[str]().union(*(o.step.exported for o in self.occurrences))

    @cached_property
    def said(self) -> Mapping[str, str]:
        """The variables to which one step alone gives a value for those behind it, and always the same."""
        makers = Counter(name for o in self.occurrences for name in o.step.exported)
        found = (item for o in self.occurrences if o.certain for item in o.step.told_variables.items())
        return {name: value for name, value in found if makers[name] == 1}

    @cached_property
    def telling(self) -> Mapping[Occurrence | None, list[told.Telling]]:
        """Its steps that tell outputs."""
        return told.telling(self.occurrences, self.workflow.pipeline.action_outputs)

    @cached_property
    def actions(self) -> frozenset[str]:
        """Every action that it uses."""
        return frozenset(o.step.action for o in self.occurrences)


class Workflow:
    """One file of `.github/workflows`."""

    def __init__(self, pipeline: Pipeline, source: YamlSource, node: yaml.Mapping) -> None:
        self.pipeline = pipeline
        self.source = source
        self.node = node
        self.path = source.path
        self._upstream: dict[str, dict[str, Job]] = {}

    @property
    def name(self) -> str:
        """What `github.workflow` says."""
        return self.node.text("name") or self.path

    @cached_property
    def events(self) -> dict[str, yaml.Mapping]:
        """Event that starts it -> its filters; one of which nothing but the name is there is none."""
        on = self.node.get("on")
        if isinstance(on, yaml.Mapping):
            return {name: _given(on.mapping(name)) for name in on.values}
        return {scalar.text: yaml.EMPTY for scalar in yaml.scalars(on)}

    @cached_property
    def jobs(self) -> dict[str, Job]:
        """Its jobs, in file order."""
        jobs = self.node.mapping("jobs")
        return {
            name: Job(self, jobs.keys[name], node)
            for name, node in jobs.values.items()
            if isinstance(node, yaml.Mapping)
        }

    @cached_property
    def in_order(self) -> list[Job]:
        """Its jobs, each behind those that it waits for; without circles and what is behind them."""
        sorter = TopologicalSorter(
            {job.id: [n for n in job.needs if n in self.jobs] for job in self.jobs.values()}
        )
        with suppress(CycleError):  # what stands before the circle has an order all the same
            sorter.prepare()
        found: list[Job] = []
        while ready := sorter.get_ready():
            found += (self.jobs[name] for name in ready)
            sorter.done(*ready)
        return found

    @cached_property
    def inputs(self) -> dict[str, tuple[yaml.Scalar, bool]]:
        """Input that a caller may give -> its default, and whether it is a boolean."""
        spec = self.node.mapping("on", "workflow_call", "inputs")
        return {name: (value, spec.text(name, "type") == "boolean") for name, value in defaults(spec).items()}

    @cached_property
    def unread(self) -> dict[str, Any]:
        """Its inputs as a call that has read none of them sees them."""
        return dict.fromkeys(self.inputs, PENDING)

    @cached_property
    def asks_event_alone(self) -> bool:
        """Whether the conditions of its jobs ask nothing that its callers give."""
        asked = frozenset[str]().union(*(j.condition.contexts for j in self.jobs.values() if j.condition))
        told = "needs" in asked and any(job.telling for job in self.jobs.values())
        return asked <= {"github", "needs", "vars"} and not told

    @property
    def paths(self) -> tuple[str, ...]:
        """The patterns of the files whose push starts it; none where it has no such filter."""
        return self._filter("paths")

    @property
    def ignored(self) -> tuple[str, ...]:
        """The patterns of the files whose push alone does not start it."""
        return self._filter("paths-ignore")

    def _filter(self, name: str) -> tuple[str, ...]:
        """The patterns of a filter of pushes."""
        return tuple(scalar.text for scalar in yaml.scalars(self.events.get("push", yaml.EMPTY).get(name)))

    def at(self, *keys: str) -> Place:
        """The place of a value below a chain of keys."""
        return self.source.place(self.node.start_of(keys, 0))

    def upstream(self, job: Job) -> Mapping[str, Job]:
        """Every job that a job waits for, directly or not."""
        if job.id not in self._upstream:
            self._upstream[job.id] = self._jobs_before(job)
        return self._upstream[job.id]

    def _jobs_before(self, job: Job) -> dict[str, Job]:
        found: dict[str, Job] = {}
        pending = list(job.needs)
        while pending:
            name = pending.pop()
            if name not in found and name in self.jobs:
                found[name] = self.jobs[name]
                pending += self.jobs[name].needs
        return found


def _given(filters: yaml.Mapping) -> yaml.Mapping:
    """Filters without those that are null."""
    given = {
        name: value
        for name, value in filters.values.items()
        if not isinstance(value, yaml.Scalar) or value.typed is not None
    }
    if len(given) == len(filters.values):
        return filters
    return yaml.Mapping(given, filters.keys, filters.start, filters.end, filters.flow)


class Pipeline:
    """The workflows of a repository. A file that cannot be read is a problem, not an end."""

    def __init__(self, tree: Tree, generated: Generated = dict) -> None:
        self.tree = tree
        self.problems: list[ShapeError] = []
        self._generated = generated
        self._documents: dict[str, tuple[YamlSource, yaml.Mapping] | None] = {}
        self._actions: dict[str, tuple[Step, ...]] = {}
        self._workflows: dict[str, Workflow | None] = {}
        self._others: dict[str, bytes | None] = {}
        self._steps_left = MAX_STEPS

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The files of the workflows that GitHub runs: it does not look into sub-folders."""
        named = (f"{FOLDER}/{n}" for n in self.tree.names(FOLDER) if n.endswith((".yml", ".yaml")))
        return tuple(path for path in named if self.tree.kind(path) is not Kind.folder)

    @cached_property
    def workflows(self) -> tuple[Workflow, ...]:
        """Every workflow that can be read."""
        return tuple(w for w in map(self.workflow, self.paths) if w is not None)

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """Every job of these workflows."""
        return tuple(job for workflow in self.workflows for job in workflow.jobs.values())

    @cached_property
    def generated(self) -> Mapping[str, list[dict[str, Any]]]:
        """Output of the matrix script -> its rows; empty where there is no such script."""
        return self._generated()

    def workflow(self, path: str) -> Workflow | None:
        """One workflow; None where there is none that can be read."""
        if path not in self._workflows:
            found = self._document(path)
            self._workflows[path] = Workflow(self, *found) if found is not None else None
        return self._workflows[path]

    def flat(
        self, steps: tuple[Step, ...], outer: Occurrence | None = None, depth: int = 0
    ) -> Iterator[Occurrence]:
        """Steps, each followed by those of the composite action that it uses.

        Actions that use each other in a circle have more than anybody can look at: that is a problem.
        """
        for step in steps:
            occurrence = Occurrence(step, outer)
            yield occurrence
            folder = local_path(step.uses)
            inner = self.action(folder) if folder and depth < MAX_DEPTH else ()
            if len(inner) <= self._steps_left:
                self._steps_left -= len(inner)
                yield from self.flat(inner, occurrence, depth + 1)
            elif self._steps_left >= 0:
                self._steps_left = -1
                what = f"uses composite actions of more than {MAX_STEPS} steps, each as often as it is used"
                self.problems.append(ShapeError(step.path, step.line, what))

    def action(self, folder: str) -> tuple[Step, ...]:
        """The steps of a composite action of this repository; none for other actions."""
        if folder not in self._actions:
            self._actions[folder] = ()
            if (found := self._action(folder)) is not None:
                source, node = found
                self._actions[folder] = steps_of(source, node.get("runs", "steps"))
        return self._actions[folder]

    @property
    def actions(self) -> Mapping[str, tuple[Step, ...]]:
        """Folder of each action of this repository that its jobs use -> its steps."""
        _ = self.documents  # reads them
        return self._actions

    def action_outputs(self, step: Step) -> dict[str, str]:
        """What the action of this repository that a step uses says of its outputs; none for other actions."""
        folder = local_path(step.uses)
        found = self._action(folder) if folder else None
        outputs = found[1].mapping("outputs") if found is not None else yaml.EMPTY
        return {name: outputs.text(name, "value") for name in outputs.values}

    def action_inputs(self, folder: str) -> dict[str, yaml.Scalar]:
        """The defaults of an action's inputs."""
        found = self._action(folder)
        return defaults(found[1].mapping("inputs")) if found is not None else {}

    def _action(self, folder: str) -> tuple[YamlSource, yaml.Mapping] | None:
        """The file of an action; None where there is none that can be read."""
        files = (posixpath.join(folder, name) for name in ("action.yml", "action.yaml"))
        return next(filter(None, map(self._document, files)), None)

    @cached_property
    def default_branch(self) -> str:
        """The branch that most filters name."""
        counts = Counter(
            branch.text
            for workflow in self.workflows
            for event in ("push", "pull_request")
            for branch in yaml.scalars(workflow.events.get(event, yaml.EMPTY).get("branches"))
        )
        usual = [name for name in ("main", "master", "develop", "dev", "trunk") if counts[name]]
        if usual:
            return max(usual, key=lambda name: counts[name])
        texts = b"\n".join(workflow.source.data for workflow in self.workflows)
        return "master" if texts.count(b"heads/master") > texts.count(b"heads/main") else "main"

    def same(self, other: Pipeline) -> bool:
        """Whether all that is read of the other one is the same here; then its runs are."""
        if self.paths != other.paths or self._generated != other._generated:
            return False
        if not all(self._document(p) is found for p, found in other.documents.items()) or self.problems:
            return False
        return all(self.tree.read(path) == data for path, data in other._others.items())

    def read(self, path: str) -> bytes | None:
        """A file that its workflows name and that is none of theirs; None where there is none."""
        if path not in self._others:
            self._others[path] = self.tree.read(path)
        return self._others[path]

    @cached_property
    def documents(self) -> Mapping[str, tuple[YamlSource, yaml.Mapping] | None]:
        """Every workflow and action that its jobs lead to, by path; None for one that is not there."""
        pending = list(self.workflows)
        for workflow in pending:
            for job in workflow.jobs.values():
                _ = job.occurrences  # reads their actions
                if job.called is not None and job.called not in pending:
                    pending.append(job.called)
        return self._documents

    def _document(self, path: str) -> tuple[YamlSource, yaml.Mapping] | None:
        if path not in self._documents:
            self._documents[path] = None
            try:
                data = self.tree.read(path)
                self._documents[path] = read_document(path, data) if data is not None else None
            except ShapeError as error:
                self.problems.append(error)
        return self._documents[path]
