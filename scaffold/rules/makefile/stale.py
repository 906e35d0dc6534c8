"""What the root Makefile says of backends that are gone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from scaffold.backend.names import defined_by
from scaffold.backend.near import nearest
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity


class MakefileStaleBackend(Rule):
    """The Makefile names no backend that is gone.

    Why: a list that names a removed backend breaks the target that walks it, and hides what is
    current. It is an error where make stops at it: in `docker-build-backends`, and in the lists of tests.

    Fails:

        docker-build-backends: docker-build-rookery docker-build-gone

    Passes:

        docker-build-backends: docker-build-rookery

    Fix: `scaffold check --fix` deletes the name.
    """

    severity = Severity.warning
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Definitions, list words and test lines of backends without a directory."""
        makefile = registry.makefile
        if makefile.source is None:
            return
        for definition in makefile.definitions:
            own = defined_by(definition.variable)
            if definition.name not in registry.directories and own not in registry.directories:
                call = makefile.evals.get(definition.variable)
                offsets = [definition.assignment.start_byte, *([call.start_byte] if call else [])]
                yield self._gone(registry, definition.name, definition.variable, *offsets)
        for target, prefix in ((".NOTPARALLEL", "backends/"), ("docker-build-backends", "docker-build-")):
            listed = {word.text for word in makefile.list_words(target)}
            for word in makefile.list_words(target):
                name = word.text.removeprefix(prefix)
                known = name in registry.directories or makefile.rule_with_recipe(word.text)
                if (
                    word.text.startswith(prefix)
                    and not known
                    and name.removesuffix("-darwin") not in registry.directories
                ):
                    lacking = (one for one in registry.backends if f"{prefix}{one}" not in listed)
                    meant = nearest(name, lacking)
                    yield self.finding(
                        makefile.place(word),
                        name,
                        f"{target} {word.text}",
                        f"{target} names {word.text}, and there is no such backend or target",
                        f"write {prefix}{meant}" if meant else f"delete {word.text}",
                        fix=partial(makefile.drop_word, word=word),
                        severity=None if makefile.makes(word.text) or target[0] == "." else Severity.error,
                    )
        for target in ("prepare-test-extra", "test-extra"):
            lines = makefile.test_lines(target)
            for name, line in lines.items():
                if name not in registry.directories:
                    meant = nearest(name, registry.backends.keys() - lines.keys())
                    subject = f"{target} {name}"
                    yield self._gone(registry, name, subject, line.start_byte, stops=True, meant=meant)

    def _gone(
        self,
        registry: Registry,
        name: str,
        subject: str,
        *offsets: int,
        stops: bool = False,
        meant: str = "",
    ) -> Finding:
        source = registry.makefile.source
        assert source is not None
        return self.finding(
            source.place(offsets[0]),
            name,
            subject,
            f"{subject} is about {name}, which has no directory below backend/",
            f"write {meant}" if meant else "delete the line",
            fix=None if meant else partial(registry.makefile.drop_lines, offsets=offsets),
            severity=Severity.error if stops else None,
        )
