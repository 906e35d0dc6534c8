"""What the root Makefile's rules need."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity


class MakefilePrerequisiteMissing(Rule):
    """Every prerequisite in the root Makefile is a file, or a rule makes it.

    Why: make ends with "No rule to make target" before it does anything. When LocalAI dropped
    `protogen-python`, `prepare-test-extra` went on asking for it: the extra tests of every backend
    cannot be run by hand.

    Fails: no rule for `protogen-python`, and

        prepare-test-extra: protogen-python

    Passes:

        prepare-test-extra:

    What `.PHONY` lists needs no rule; what a variable or a pattern stands for is not looked at, nor are the
    targets of backends, which have rules of their own here.

    Fix: delete the word, or write its rule.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Prerequisites of explicit rules that nothing makes."""
        makefile = registry.makefile
        rules = makefile.source.rules if makefile.source else []
        phony = (rule for rule in rules if any(target.text == ".PHONY" for target in rule.targets))
        known = {word.text for rule in phony for word in rule.prerequisites}
        for rule in rules:
            if any(target.text.startswith(".") or re.search(r"[$%]", target.text) for target in rule.targets):
                continue
            for word in rule.prerequisites:
                name = word.text
                if name in known or re.search(r"[$%*?|(){}]", name) or makefile.makes(name):
                    continue
                known.add(name)
                stale = name.startswith(("docker-build-", "backends/"))
                if not stale and registry.tree.kind(name) is None:
                    target = rule.targets[0].text if rule.targets else "a rule"
                    yield self.finding(
                        makefile.place(word),
                        "",
                        f"{target} {name}",
                        f"{target} needs {name}, which no rule makes: `make {target}` does nothing",
                        f"delete {name}, or write its rule",
                    )
