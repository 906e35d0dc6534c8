"""Definitions of the root Makefile: how each backend is built by hand."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import partial

from scaffold.backend.names import defined_by, make_variable
from scaffold.backend.near import nearest
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.causes import WRONG_DOCKERFILE, is_wrong_dockerfile
from scaffold.surfaces.base import Addition
from scaffold.surfaces.makefile.editing import MakefileSurface
from scaffold.surfaces.makefile.reading import Definition
from scaffold.surfaces.matrix.reading import SHARED_DOCKERFILES, Entry
from scaffold.syntax.source import Place

MOST = 50
"""Evals whose place is looked for; one of more stands at the definition."""


class MakefileMissingDefinition(Rule):
    """Every backend that CI builds can be built by hand: a definition, or an explicit rule.

    Why: `make docker-build-<name>` is how a contributor builds what CI builds, and how the end-to-end
    tests get their image. Without the definition the target does not exist.

    Fails:

        # BACKEND_ROOKERY is nowhere

    Passes:

        BACKEND_ROOKERY = rookery|python|.|false|true

    Fix: `scaffold check --fix` adds the definition beside the nearest relative, and its eval
    where it lacks it.
    """

    severity = Severity.error
    fixable = True
    explained_by = ("makefile-definition-mismatch",)

    def follows(self, finding: Finding, cause: Finding) -> bool:  # noqa: ARG002
        """Where the definition is there, under a wrong name."""
        return "name" in cause.subject.split(" ")

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Backends with Linux entries and no way to build them."""
        makefile = registry.makefile
        if makefile.source is None:
            return
        for name in registry.backends:
            if is_undefined(registry, name):
                variable = make_variable(name)
                one_line = bool(makefile.definitions)
                plan = makefile.define if one_line else makefile.add
                place, line = registry.drafted(name, makefile.path, plan) or (Place(makefile.path), "")
                yield self.finding(
                    place,
                    name,
                    "definition",
                    f"the Makefile has no {variable if one_line else f'rule docker-build-{name}'}: "
                    f"{name} cannot be built by hand",
                    f"add `{line}`" + ("" if variable in makefile.evals else " and its $(eval ...)")
                    if one_line and line
                    else f"add the rules that its neighbours have: docker-build-{name} and backends/{name}",
                    fix=registry.adding(name, partial(_define, makefile)) if one_line else None,
                )


def is_undefined(registry: Registry, name: str) -> bool:
    """Whether a backend has Linux entries and the Makefile no way to build it."""
    makefile = registry.makefile
    targets = (f"docker-build-{name}", f"backends/{name}")
    known = any(definition.name == name for definition in makefile.definitions)
    linux = any(entry.linux for entry in registry.matrix.entries_of(name))
    return linux and not known and not any(map(makefile.builds_for_linux, targets))


def _define(makefile: MakefileSurface, addition: Addition) -> None:
    makefile.define(addition)
    makefile.list_backend(addition)


class MakefileMissingEval(Rule):
    """Every definition has the eval that makes its target, and every eval a definition.

    Why: a definition alone does nothing, and `make` says only `No rule to make target`. An eval of an
    undefined variable makes a target without a name, silently. Where the definition of a backend is gone,
    makefile-missing-definition tells it.

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
        drafts = 0
        for definition in makefile.definitions:
            rule = makefile.rule(f"docker-build-{definition.name}")
            if definition.variable not in makefile.evals and not (rule and rule.recipe):
                drafts += 1
                draft = (
                    registry.drafted(definition.name, makefile.path, makefile.evaluate)
                    if drafts <= MOST
                    else None
                )
                yield self.finding(
                    draft[0] if draft else makefile.place(definition.assignment),
                    definition.name,
                    definition.variable,
                    f"{definition.variable} has no eval: there is no target docker-build-{definition.name}",
                    f"add `$(eval $(call generate-docker-build-target,$({definition.variable})))`",
                    fix=registry.adding(definition.name, makefile.evaluate),
                )
        for variable, call in makefile.evals.items():
            name = defined_by(variable)
            if variable in variables:
                continue
            told = name in registry.backends and is_undefined(registry, name)
            if not told or re.search(rf"(?m)^{variable}[ \t]*[:?+]?=".encode(), makefile.source.data):
                meant = nearest(variable, variables - makefile.evals.keys())
                yield self.finding(
                    makefile.place(call),
                    defined_by(meant) if meant else name,
                    variable,
                    f"the eval of {variable} has no definition of five fields",
                    f"write {meant}" if meant else f"define {variable}, or delete the eval",
                )


class MakefileDefinitionMismatch(Rule):
    """A definition agrees with the matrix and the Dockerfile.

    Why: an image built by hand is then another one than CI's. A Dockerfile that several backends share
    and that is not told which one builds its default backend under this one's name.

    Fails:

        BACKEND_ROOKERY = rookery|golang|.|false|false     # the matrix says Dockerfile.python

    Passes:

        BACKEND_ROOKERY = rookery|python|.|false|true

    The fields are name, Dockerfile, context, progress and whether the Dockerfile needs BACKEND. A definition
    is reported once, and an entry where only its context is another one.

    Fix: `scaffold check --fix` corrects the fields that the matrix decides.
    """

    severity = Severity.error
    fixable = True
    lists = True
    explained_by = WRONG_DOCKERFILE

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """Where it is the matrix that names a wrong Dockerfile."""
        return is_wrong_dockerfile(cause) and "dockerfile_type" in finding.subject.split(" ")

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Definitions with a field that the matrix, the Dockerfile or the variable contradicts."""
        makefile = registry.makefile
        for definition in makefile.definitions:
            name = definition.name
            entries = [entry for entry in registry.matrix.entries_of(name) if entry.linux]
            contradictions = dict(_contradictions(registry, definition, entries))
            if contradictions:
                said = (
                    f"{what} is {getattr(definition, what)!r}, expected {right!r}"
                    for what, right in contradictions.items()
                )
                is_known = name in registry.directories
                yield self.finding(
                    makefile.place(definition.assignment),
                    name if is_known else contradictions.get("name", name),
                    f"{definition.variable} {' '.join(contradictions)}",
                    f"{definition.variable}: {'; '.join(said)}",
                    f"write {definition.variable} = {definition.with_fields(contradictions)}",
                    fix=partial(makefile.redefine, definition=definition, fields=contradictions),
                )
            for entry in entries if "name" not in contradictions else ():
                context = entry.fields.get("context") or definition.context
                if "context" not in contradictions and not _same(context, definition.context):
                    yield self.finding(
                        entry.at("context"),
                        name,
                        f"{definition.variable} context {entry.tag_suffix}",
                        f"{entry.tag_suffix} is built from {context!r}, and other entries, as"
                        f" {definition.variable}, from {definition.context!r}",
                        f"write {definition.context!r} here",
                    )


def _same(one: str, other: str) -> bool:
    """Whether two paths are one folder."""
    return posixpath.normpath(one) == posixpath.normpath(other)


PROGRESS = {"false", *(f"--progress={kind}" for kind in ("auto", "plain", "quiet", "rawjson", "tty"))}
"""Nothing, or what docker build knows."""


def _contradictions(
    registry: Registry, definition: Definition, entries: list[Entry]
) -> Iterator[tuple[str, str]]:
    own_name = defined_by(definition.variable)
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
    contexts = {posixpath.normpath(e.fields["context"]) for e in entries if e.fields.get("context")}
    own = posixpath.normpath(definition.context)
    if contexts and own not in contexts:
        yield "context", min(contexts)
    elif not contexts and own != "." and not registry.tree.is_dir(own):
        yield "context", "."
    if definition.progress not in PROGRESS:
        usual = "--progress=plain" if "progress" in definition.progress else "false"
        yield "progress", nearest(definition.progress, PROGRESS) or usual
