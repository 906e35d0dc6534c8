"""Rules about the root Makefile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from scaffold.rules.base import Finding, Rule, Severity
from scaffold.surfaces.matrix.reading import SHARED_DOCKERFILES, Entry
from scaffold.syntax.source import Place

if TYPE_CHECKING:
    from scaffold.checkout.changes import ChangeSet
    from scaffold.registry import Registry
    from scaffold.surfaces.makefile.reading import Definition

LISTED = ("python", "go", "rust")
"""Languages whose tests the extra test targets run; C++ has a script of its own."""


class MakefileMissingDefinition(Rule):
    """Every backend that CI builds can be built by hand: a definition, or an explicit rule.

    Why: `make docker-build-<name>` is how a contributor builds what CI builds, and how the end-to-end
    tests get their image. Without the definition the target does not exist.

    Fails:

        # BACKEND_ROOKERY is nowhere

    Passes:

        BACKEND_ROOKERY = rookery|python|.|false|true

    Fix: `scaffold check --fix` adds the definition and its eval beside the nearest relative.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Backends with Linux entries and no way to build them."""
        makefile = registry.makefile
        if makefile.source is None:
            return
        defined = {definition.name for definition in makefile.definitions}
        for name in registry.backends:
            targets = (f"docker-build-{name}", f"backends/{name}")
            explicit = any((rule := makefile.rule(target)) and rule.recipe for target in targets)
            linux = any(entry.linux for entry in registry.matrix.entries_of(name))
            if linux and name not in defined and not explicit:
                variable = f"BACKEND_{name.upper().replace('-', '_')}"
                yield self.finding(
                    Place(makefile.path),
                    name,
                    "definition",
                    f"the Makefile has no {variable}: {name} cannot be built by hand",
                    f"add `{variable} = {name}|<dockerfile>|.|false|<true or false>` and its $(eval ...)",
                    fix=partial(_define, registry, name) if makefile.definitions else None,
                )


def _define(registry: Registry, name: str, changes: ChangeSet) -> None:
    addition = registry.addition(name, changes)
    registry.makefile.define(addition)
    registry.makefile.list_backend(addition)


class MakefileMissingEval(Rule):
    """Every definition has the eval that makes its target, and every eval a definition.

    Why: a definition alone does nothing, and `make` says only `No rule to make target`. An eval of an
    undefined variable makes a target without a name, silently.

    Fails:

        BACKEND_ROOKERY = rookery|python|.|false|true
        # and no $(eval $(call generate-docker-build-target,$(BACKEND_ROOKERY)))

    Passes:

        BACKEND_ROOKERY = rookery|python|.|false|true
        $(eval $(call generate-docker-build-target,$(BACKEND_ROOKERY)))

    Fix: `scaffold check --fix` adds the missing eval.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Definitions without eval, and evals without definition."""
        makefile = registry.makefile
        if makefile.source is None:
            return
        variables = {definition.variable for definition in makefile.definitions}
        for definition in makefile.definitions:
            rule = makefile.rule(f"docker-build-{definition.name}")
            if definition.variable not in makefile.evals and not (rule and rule.recipe):
                yield self.finding(
                    makefile.place(definition.assignment),
                    definition.name,
                    definition.variable,
                    f"{definition.variable} has no eval: there is no target docker-build-{definition.name}",
                    f"add `$(eval $(call generate-docker-build-target,$({definition.variable})))`",
                    fix=partial(_evaluate, registry, definition.name),
                )
        for variable, call in makefile.evals.items():
            if variable not in variables:
                name = variable.removeprefix("BACKEND_").lower().replace("_", "-")
                yield self.finding(
                    makefile.place(call),
                    name,
                    variable,
                    f"the eval of {variable} has no definition of five fields",
                    f"define {variable}, or delete the eval",
                )


def _evaluate(registry: Registry, name: str, changes: ChangeSet) -> None:
    registry.makefile.evaluate(registry.addition(name, changes))


class MakefileDefinitionMismatch(Rule):
    """A definition agrees with the matrix and the Dockerfile.

    Why: an image built by hand is then another one than CI's. A Dockerfile that several backends share
    and that is not told which one builds its default backend under this one's name.

    Fails:

        BACKEND_ROOKERY = rookery|golang|.|false|false     # the matrix says Dockerfile.python

    Passes:

        BACKEND_ROOKERY = rookery|python|.|false|true

    The fields are name, Dockerfile, context, progress and whether the Dockerfile needs BACKEND.

    Fix: `scaffold check --fix` corrects the fields that the matrix decides.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Definitions with a field that the matrix, the Dockerfile or the variable contradicts."""
        makefile = registry.makefile
        for definition in makefile.definitions:
            name = definition.name
            entries = [entry for entry in registry.matrix.entries_of(name) if entry.linux]
            contradictions = dict(_contradictions(registry, definition, entries))
            for what, right in contradictions.items():
                yield self.finding(
                    makefile.place(definition.assignment),
                    name,
                    f"{definition.variable} {what}",
                    f"{definition.variable}: {what} is {getattr(definition, what)!r}, expected {right!r}",
                    f"write {definition.variable} = {definition.with_fields(contradictions)}",
                    fix=partial(makefile.redefine, definition=definition, fields=contradictions),
                )


PROGRESS = {"false", *(f"--progress={kind}" for kind in ("auto", "plain", "quiet", "rawjson", "tty"))}
"""Nothing, or what docker build knows."""


def _contradictions(
    registry: Registry, definition: Definition, entries: list[Entry]
) -> Iterator[tuple[str, str]]:
    own_name = definition.variable.removeprefix("BACKEND_").lower().replace("_", "-")
    if definition.name != own_name and own_name in registry.backends:
        yield "name", own_name
        entries = [entry for entry in registry.matrix.entries_of(own_name) if entry.linux]
    types = {entry.dockerfile_type for entry in entries}
    if types:
        right = definition.dockerfile_type if definition.dockerfile_type in types else min(types)
        if right != definition.dockerfile_type:
            yield "dockerfile_type", right
        needs = "true" if right in SHARED_DOCKERFILES else "false"
        if definition.needs_backend_arg != needs:
            yield "needs_backend_arg", needs
    if definition.context not in (".", "./") and not registry.tree.is_dir(definition.context.strip("./")):
        yield "context", "."
    if definition.progress not in PROGRESS:
        yield "progress", "--progress=plain" if "progress" in definition.progress else "false"


class MakefileStaleBackend(Rule):
    """The Makefile names no backend that is gone.

    Why: a list that names a removed backend breaks the target that walks it, and hides what is
    current.

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
            own = definition.variable.removeprefix("BACKEND_").lower().replace("_", "-")
            if definition.name not in registry.directories and own not in registry.directories:
                call = makefile.evals.get(definition.variable)
                offsets = [definition.assignment.start_byte, *([call.start_byte] if call else [])]
                yield self._gone(registry, definition.name, definition.variable, *offsets)
        for target, prefix in ((".NOTPARALLEL", "backends/"), ("docker-build-backends", "docker-build-")):
            for word in makefile.list_words(target):
                name = word.text.removeprefix(prefix)
                known = name in registry.directories or makefile.rule_with_recipe(word.text)
                if (
                    word.text.startswith(prefix)
                    and not known
                    and name.removesuffix("-darwin") not in registry.directories
                ):
                    yield self.finding(
                        makefile.place(word),
                        name,
                        f"{target} {word.text}",
                        f"{target} names {word.text}, and there is no such backend or target",
                        f"delete {word.text}",
                        fix=partial(makefile.drop_word, word=word),
                    )
        for target in ("prepare-test-extra", "test-extra"):
            for name, line in makefile.test_lines(target).items():
                if name not in registry.directories:
                    yield self._gone(registry, name, f"{target} {name}", line.start_byte)

    def _gone(self, registry: Registry, name: str, subject: str, *offsets: int) -> Finding:
        source = registry.makefile.source
        assert source is not None
        return self.finding(
            source.place(offsets[0]),
            name,
            subject,
            f"{subject} is about {name}, which has no directory below backend/",
            "delete the line",
            fix=partial(registry.makefile.drop_lines, offsets=offsets),
        )


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
    return rule.finding(
        makefile.place(makefile.list_words(target)[0]),
        name,
        f"{target} {word}",
        f"{target} lacks {word}",
        f"add {word} to {target}",
        fix=partial(_grow, registry, target, spelling, name),
    )


def _grow(registry: Registry, target: str, spelling: str, name: str, changes: ChangeSet) -> None:
    registry.makefile.grow_list(registry.addition(name, changes), target, spelling)


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
                fix=partial(_add_test_line, registry, name, target),
            )

    def _explained(self, registry: Registry, name: str, target: str) -> bool:
        """Whether a comment speaks of the absence, or the test needs no preparation: go test compiles."""
        word = rf"#.*(?<![\w-]){re.escape(name)}(?![\w.]|-(?!grpc))"
        if re.search(word, registry.makefile.recipe_text(target)):
            return True
        reason = r"\b(?:disabled|skip\w*|not|cannot|without|needs|never|no)\b"
        said = re.findall(rf"{word}.*(?:\n\s*#.*)?", registry.test_jobs.comments)
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


def _add_test_line(registry: Registry, name: str, target: str, changes: ChangeSet) -> None:
    registry.makefile.add_test_line(registry.addition(name, changes), target)
