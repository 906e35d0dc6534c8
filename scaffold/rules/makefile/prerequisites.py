"""What the root Makefile's rules need."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.backend.near import nearest
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.makefile.definitions import is_undefined
from scaffold.syntax.source import Place
from scaffold.syntax.step_script import line_of


class MakefilePrerequisiteMissing(Rule):
    """Every prerequisite in the root Makefile, and every goal of a workflow, is a file or a rule makes it.

    Why: make ends with "No rule to make target" before it does anything. When LocalAI dropped
    `protogen-python`, `prepare-test-extra` went on asking for it: the extra tests of every backend
    cannot be run by hand.

    Fails: no rule for `protogen-python`, and

        prepare-test-extra: protogen-python

    Passes:

        prepare-test-extra:

    What `.PHONY` lists needs no rule; what a variable stands for is not looked at, nor are the targets of
    backends, which have rules of their own here. A pattern that a pattern rule needs, as `docker-save-%`, is
    told where no target can fit it. Of workflows all goals are looked at that a step makes where the root of
    the repository is: `make backends/gone`.

    Fix: delete the word, or write its rule.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Prerequisites of explicit rules, and goals of workflows, that nothing makes."""
        makefile = registry.makefile
        rules = makefile.source.rules if makefile.source else []
        phony = (rule for rule in rules if any(target.text == ".PHONY" for target in rule.targets))
        known = {word.text for rule in phony for word in rule.prerequisites}
        lacking = tuple(f"-{name}" for name in registry.backends if is_undefined(registry, name))
        for rule in rules:
            if any(target.text.startswith(".") or re.search(r"[$%]", target.text) for target in rule.targets):
                continue
            for word in rule.prerequisites:
                name = word.text
                if name in known or re.search(r"[$%*?|(){}]", name) or makefile.makes(name):
                    continue
                known.add(name)
                told = name.startswith(("docker-build-", "backends/")) or name.endswith(lacking)
                if not told and registry.tree.kind(name) is None:
                    target = rule.targets[0].text if rule.targets else "a rule"
                    yield self.finding(
                        makefile.place(word),
                        "",
                        f"{target} {name}",
                        f"{target} needs {name}, which no rule makes: `make {target}` does nothing",
                        f"delete {name}, or write its rule",
                    )
        yield from self._patterns(registry)
        yield from self._goals(registry)

    def _patterns(self, registry: Registry) -> Iterator[Finding]:
        """What pattern rules need, by a pattern that no target, file or name in `.PHONY` can fit."""
        makefile = registry.makefile
        for target, word in makefile.pattern_needs():
            meant = nearest(word.text, (pattern for pattern in makefile.targets if "%" in pattern))
            yield self.finding(
                makefile.place(word),
                "",
                f"{target} {word.text}",
                f"{target} needs {word.text}, which no rule makes: make passes this rule over",
                f"write {meant}" if meant else f"delete {word.text}, or write its rule",
            )

    def _goals(self, registry: Registry) -> Iterator[Finding]:
        """Goals of steps, without those of which a rule about test jobs or one about definitions says so."""
        from scaffold.pipeline.called_scripts import goals_at_root

        makefile, tree = registry.makefile, registry.tree
        told = {(use.path, use.name) for use in registry.test_jobs.make_targets}
        for job in registry.pipeline.jobs if makefile.source is not None and registry.only is None else ():
            for step, offset, goal in goals_at_root(job):
                if (step.path, goal) in told or makefile.makes(goal) or tree.kind(goal) is not None:
                    continue
                folder, _, name = goal.rpartition("/")
                if folder == "backends" and name.removesuffix("-darwin") in registry.backends:
                    continue
                if not any(
                    beside.startswith(f"{name}.") for beside in tree.list(folder)
                ):  # by a rule of make's own
                    told.add((step.path, goal))
                    yield self.finding(
                        Place(step.path, line_of(step.source, step.node, offset)),
                        "",
                        f"goal {goal}",
                        f"`make {goal}` fails: no rule makes it",
                        f"correct the name, or write the rule for {goal}",
                    )
