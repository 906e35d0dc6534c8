"""Lists of tests in the root Makefile."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial

from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.causes import NO_FOLDER
from scaffold.syntax.source import Place

LISTED = ("python", "go", "rust")
"""Languages whose tests the extra test targets run; C++ has a script of its own."""


class MakefileTestLists(Rule):
    """A backend that has tests is prepared and tested by the extra test targets.

    Why: `prepare-test-extra` installs what `test-extra` runs. A backend in one list only fails on a
    clean machine, or is installed for nothing.

    Fails:

        prepare-test-extra: ...
                $(MAKE) -C backend/python/rookery
        test-extra: ...                          # and rookery is not tested

    Passes:

        both lists name backend/python/rookery

    A Go test compiles what it needs and is not asked to be prepared. A comment in the recipe that
    names the backend explains its absence, and so does one in test-extra.yml that says why not.

    Fix: `scaffold check --fix` adds the line to the other list.
    """

    severity = Severity.info
    fixable = True
    explained_by = ("makefile-test-target",)

    def follows(self, finding: Finding, cause: Finding) -> bool:  # noqa: ARG002
        """Where its line is there, with a wrong folder."""
        return cause.subject.startswith(f"{NO_FOLDER} ")

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Backends that one of the lists names and the other does not, and tests that nothing runs."""
        makefile = registry.makefile
        prepared = makefile.test_lines("prepare-test-extra")
        tested = makefile.test_lines("test-extra")
        if not prepared or not tested:
            return
        elsewhere = {use.name.rpartition("/")[2] for use in registry.test_jobs.make_commands}
        for name, lang in registry.backends.items():
            if name not in prepared and name not in tested:
                if lang in LISTED and name not in elsewhere and registry.files(name).has_make_rule("test"):
                    yield self._untested(registry, name)
                continue
            target = "test-extra" if name in prepared else "prepare-test-extra"
            if (name in prepared and name in tested) or self._explained(registry, name, target):
                continue
            yield self.finding(
                makefile.place(prepared.get(name) or tested[name]),
                name,
                target,
                f"{name} is in {'prepare-test-extra' if name in prepared else 'test-extra'}, not in {target}",
                f"add its line to {target}, or name it there in a comment that says why not",
                fix=registry.adding(name, partial(makefile.add_test_line, target=target)),
            )

    def _explained(self, registry: Registry, name: str, target: str) -> bool:
        """Whether a comment speaks of the absence, or the test needs no preparation: go test compiles."""
        word = rf"(?<![\w-]){re.escape(name)}(?![\w.]|-(?!grpc))"
        if any(re.search(word, comment) for comment in registry.makefile.comments(target)):
            return True
        reason = r"\b(?:disabled|skip\w*|not|cannot|without|needs|never|no)\b"
        comments = registry.test_jobs.comments
        said = re.findall(rf"(?m)^[ \t]*+#.*{word}.*(?:\n\s*#.*)?", comments) if name in comments else ()
        explained = any(re.search(reason, comment) for comment in said)
        return explained or (target == "prepare-test-extra" and registry.backends[name] == "go")

    def _untested(self, registry: Registry, name: str) -> Finding:
        return self.finding(
            Place(registry.first_file(name)),
            name,
            "untested",
            f"{name} has a test target, and neither test-extra nor a job runs it",
            "add it to prepare-test-extra and test-extra, or give it a job in test-extra.yml",
        )


_IMAGE = re.compile(r"(?<![\w.-])BACKEND_IMAGE=[\"']?[\w./-]+:([\w.-]+)(?![\w.$({-])")


class MakefileTestImage(Rule):
    """A rule of the root Makefile that tests an image builds it first.

    Why: `make test-extra-backend-rookery` is run on a machine that has no image yet, CI's too. Without the
    prerequisite the test ends at once, or tests an old image that happens to be there.

    Fails:

        test-extra-backend-rookery:
                BACKEND_IMAGE=local-ai-backend:rookery $(MAKE) test-extra-backend

    Passes:

        test-extra-backend-rookery: docker-build-rookery
                BACKEND_IMAGE=local-ai-backend:rookery $(MAKE) test-extra-backend

    Fix: add the prerequisite.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Rules that hand on an image of a backend and neither need nor make it."""
        makefile = registry.makefile
        rules = makefile.source.rules if makefile.source and registry.only is None else []
        needs: dict[str, set[str]] = {}
        for rule in rules:
            for target in rule.targets:
                needs.setdefault(target.text, set()).update(word.text for word in rule.prerequisites)
        for rule in rules:
            recipe = "\n".join(line.text for line in rule.recipe)
            for name in dict.fromkeys(_IMAGE.findall(recipe)) if rule.targets else ():
                target, goal = rule.targets[0], f"docker-build-{name}"
                named = re.search(rf"(?<![\w-]){re.escape(goal)}(?![\w-])", recipe)
                before = _below(target.text, needs)
                if makefile.makes(goal) and not (
                    named or goal in before or any("$" in one for one in before)
                ):
                    yield self.finding(
                        makefile.place(target),
                        registry.backend_called(name) or "",
                        f"{target.text} {name}",
                        f"{target.text} tests the image of {name}, and does not build it",
                        f"let it need {goal}",
                    )


def _below(target: str, needs: Mapping[str, set[str]]) -> set[str]:
    """What a target needs, and what that needs."""
    found: set[str] = set()
    pending = [target]
    while pending:
        new = needs.get(pending.pop(), set()) - found
        found |= new
        pending.extend(new)
    return found
