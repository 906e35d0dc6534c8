"""Lists of targets in the root Makefile."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from scaffold.backend.near import nearest
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity


class MakefileNotParallel(Rule):
    """`.NOTPARALLEL` names the target of every backend.

    Why: the targets share `backend-images/` and the local binary; with `make -j` two of them at once
    overwrite each other's work.

    Fails:

        .NOTPARALLEL: backends/lark

    Passes:

        .NOTPARALLEL: backends/lark backends/rookery

    Fix: `scaffold check --fix` adds the word.
    """

    severity = Severity.warning
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Backends whose target is not in the list."""
        yield from _missing_words(self, registry, ".NOTPARALLEL", "backends/{}")
        makefile = registry.makefile
        words = {word.text for word in makefile.list_words(".NOTPARALLEL")}
        for name in registry.backends if words else ():
            for spelling in ("backends/{}", "backends/{}-darwin"):
                target = spelling.format(name)
                defined = any(d.name == name for d in makefile.definitions) and spelling == "backends/{}"
                if target not in words and not defined and makefile.rule_with_recipe(target):
                    yield _missing_word(self, registry, ".NOTPARALLEL", spelling, name)


class MakefileDockerBuildList(Rule):
    """`docker-build-backends` builds every backend.

    Why: the list is what a release check builds; what is not in it is not tried before users try it.

    Fails:

        docker-build-backends: docker-build-lark

    Passes:

        docker-build-backends: docker-build-lark docker-build-rookery

    Fix: `scaffold check --fix` adds the word.
    """

    severity = Severity.warning
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Backends with a docker-build target that the list lacks."""
        yield from _missing_words(self, registry, "docker-build-backends", "docker-build-{}")


def _missing_words(rule: Rule, registry: Registry, target: str, spelling: str) -> Iterator[Finding]:
    makefile = registry.makefile
    words = {word.text for word in makefile.list_words(target)}
    for definition in makefile.definitions if words else ():
        if definition.name in registry.backends and spelling.format(definition.name) not in words:
            yield _missing_word(rule, registry, target, spelling, definition.name)


def _missing_word(rule: Rule, registry: Registry, target: str, spelling: str, name: str) -> Finding:
    makefile = registry.makefile
    word = spelling.format(name)
    wrong = nearest(word, (one.text for one in makefile.list_words(target) if not makefile.makes(one.text)))
    return rule.finding(
        makefile.place(makefile.list_words(target)[0]),
        name,
        f"{target} {word}",
        f"{target} lacks {word}",
        f"write {word} for {wrong}" if wrong else f"add {word} to {target}",
        fix=registry.adding(name, partial(makefile.grow_list, target=target, spelling=spelling)),
    )
