"""Rules about the macOS build."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from scaffold.backend.variants import DARWIN, VARIANTS
from scaffold.checkout.changes import ChangeSet
from scaffold.pipeline.expressions.values import is_known, property_of, text_of
from scaffold.pipeline.model import Job
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Located, Rule, Severity
from scaffold.surfaces.base import Addition
from scaffold.surfaces.gallery.items import Item
from scaffold.surfaces.path_filter.reading import BESPOKE_SET, SHARED_INPUTS
from scaffold.syntax.source import Place

NARROWING = "narrowing rule"
UNUSED = "unused"


def is_macos_image(cause: Finding) -> bool:
    """Whether a finding is that the gallery offers a macOS image which nothing builds."""
    offered = cause.rule == "gallery-image-not-built"
    return offered and cause.subject == VARIANTS[DARWIN].tag_suffix.format(n=cause.backend)


class DarwinBespokeWiring(Rule):
    """All the places that build a C++ backend on macOS agree.

    Why: macOS has no generic build for C++. Its entry needs a step of its own, an exclusion from the
    generic step, a make target, a script, a name in the filter's set and a rule that keeps its script
    from rebuilding all the others. With one of them missing the job builds the wrong thing, or a
    change of the script rebuilds sixty images. The last costs only time and is a warning.

    Fails:

        - name: Build ds4 (Darwin)
          if: inputs.backend == 'ds4'
        # and the generic step does not exclude ds4

    Passes:

        if: inputs.backend != 'llama-cpp' && inputs.backend != 'ds4'

    Fix: `scaffold check --fix` adds what is missing; the script is written by a person.
    """

    severity = Severity.error
    fixable = True
    explained_by = (
        "matrix-missing-entry", "gallery-image-not-built", "darwin-bespoke-wiring",
        "makefile-missing-definition", "filter-unmapped-backend",
    )  # fmt: skip

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """A file that has nothing about the backend is told once; so is a macOS build that is gone."""
        if finding.subject == UNUSED:
            return cause.rule == "matrix-missing-entry" or is_macos_image(cause)
        wanting = cause.rule == self.slug and cause.subject in ("step", "set")
        missing = wanting or cause.rule in self.explained_by[-2:]
        return missing and cause.path == finding.path and cause.subject != finding.subject

    def check(self, registry: Registry) -> Iterator[Finding]:
        """C++ backends with a macOS entry and an incomplete wiring, and wiring of other names."""
        steps = {step.only: step for step in registry.darwin.steps if step.only}
        if not steps and not registry.path_filter.has_bespoke_set:
            return
        cpp = [e.backend for e in registry.matrix.darwin if registry.directories.get(e.backend) == "cpp"]
        names = list(dict.fromkeys(cpp))
        for name in names:
            entry = next(e for e in registry.matrix.darwin if e.backend == name)
            for what, place, message, do, repair in _missing_wiring(registry, name):
                yield self.finding(
                    place or entry,
                    name,
                    what,
                    f"{name} is built on macOS by its own step, and {message}",
                    do,
                    fix=registry.adding(name, repair) if repair else None,
                    severity=Severity.warning if what == NARROWING else None,
                )
        for name in sorted({*steps, *registry.path_filter.bespoke} - {None, *names}):
            where: Located = (
                registry.darwin.place(steps[name])
                if name in steps
                else registry.path_filter.function_place(BESPOKE_SET)
            )
            yield self.finding(
                where,
                name or "",
                UNUSED,
                f"{name} is wired for a macOS build of its own, and has no entry in the Darwin matrix",
                "add the entry, or delete the wiring",
            )


Missing = tuple[str, Located | None, str, str, "Callable[[Addition], None] | None"]
"""What is missing, where, in words, what to do, and what does it."""


def _missing_wiring(registry: Registry, name: str) -> Iterator[Missing]:
    darwin, makefile, path_filter = registry.darwin, registry.makefile, registry.path_filter
    if darwin.generic is not None:
        generic = darwin.place(darwin.generic)
        if not any(step.only == name for step in darwin.steps):
            do = f"add a step with `if: inputs.backend == '{name}'` that runs make backends/{name}-darwin"
            yield "step", generic, f"{darwin.path} has no step for it", do, darwin.add_step
        if not darwin.generic.excludes(name):
            do = f"add `&& inputs.backend != '{name}'` to the condition of the generic step"
            yield "exclusion", generic, "the generic step does not exclude it", do, darwin.exclude
    script = f"scripts/build/{name}-darwin.sh"
    if makefile.source is not None and not makefile.rule_with_recipe(f"backends/{name}-darwin"):
        what = f"the Makefile has no target backends/{name}-darwin"
        draft = registry.drafted(name, makefile.path, makefile.add_darwin_rule)
        do = f"add the target backends/{name}-darwin: it runs {script} and installs what that makes"
        yield (
            "make target",
            draft[0] if draft else Place(makefile.path),
            what,
            do,
            makefile.add_darwin_rule,
        )
    if registry.tree.read(script) is None:
        yield "script", None, f"{script} does not exist", f"write {script}, like those beside it", None
    if path_filter.has_bespoke_set and name not in path_filter.bespoke:
        place = path_filter.function_place(BESPOKE_SET)
        do = f'add "{name}" to {BESPOKE_SET} in {path_filter.path}'
        yield "set", place, f"{BESPOKE_SET} lacks it", do, path_filter.add_to_bespoke_set
    if path_filter.has_table and path_filter.can_filter and registry.tree.read(script) is not None:
        started = set(registry.rebuilt[script][1])
        if started != {name}:
            others = "other macOS builds than its own" if started else "no macOS build"
            what = f"a change of {script} starts {others}"
            place = path_filter.function_place(SHARED_INPUTS)
            do = f"add a rule for {script} to {SHARED_INPUTS} that starts the macOS build of {name} alone"
            yield NARROWING, place, what, do, path_filter.add_shared_input


class DarwinLanguage(Rule):
    """The macOS job builds every backend in the language that it is written in.

    Why: a row of the macOS matrix need not say its language; what the workflow says in its place is taken
    for all of them, as `make build-darwin-<lang>-backend`. When LocalAI's said nothing, no Python backend was
    built for macOS any more (#6175).

    Fails: rows of Python backends without `lang`, and in the workflow

        lang: ${{ matrix.lang }}

    Passes:

        lang: ${{ matrix.lang || 'python' }}

    Looked at are rows that do not say it, and no C++ backends, which have steps of their own. There is one
    finding for a job.

    Fix: let the default be the language of the backends whose rows have none.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Jobs that hand on a language which is not that of a backend."""
        build = registry.pipeline.workflow(registry.darwin.path)
        for run in registry.runs.all() if build is not None else ():
            legs = run.jobs if any(job.called is build for job in run.every_job) else ()
            wrong: dict[Job, dict[str, str]] = {}
            for leg in legs:
                caller = leg.call.caller
                if caller is None or leg.call.workflow is not build or "lang" in caller.row:
                    continue
                name, lang = (text_of(property_of(leg.call.inputs, key)) for key in ("backend", "lang"))
                own = registry.directories.get(name)
                if own not in (None, "cpp", lang) and is_known(lang):
                    wrong.setdefault(caller.job, {})[name] = lang
            for job, found in wrong.items():
                name, lang = next(iter(found.items()))
                own = registry.directories[name]
                others = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
                yield self.finding(
                    job.at("with", "lang"),
                    "",
                    f"{job.id} lang",
                    f"{name}{others} is built on macOS as {lang!r}, and is {own}: its row has no lang",
                    f"write `lang: ${{{{ matrix.lang || '{own}' }}}}`",
                )


class DarwinCoverage(Rule):
    """What the gallery offers to a Mac is built on a Mac.

    Why: a Linux image under the key `metal` is downloaded by every Mac user and starts on none of
    their machines. The reverse, a macOS image that no key leads to, is gallery-capability-missing.

    Fails:

        capabilities:
          metal: "cpu-rookery"

    Passes:

        capabilities:
          metal: "metal-rookery"

    Fix: `scaffold check --fix` names the macOS image where there is one; else delete the key, or add
    the build.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Metas whose `metal` key names an image of the Linux matrix."""
        gallery = registry.gallery
        for meta in gallery.items:
            named = meta.capabilities.get("metal")
            image = gallery.by_name.get(named) if named else None
            entry = registry.matrix.by_tag_suffix.get(image.tag_suffix) if image else None
            if image is None or entry is None or not entry.linux:
                continue
            built = [e for e in registry.matrix.entries_of(entry.backend) if not e.linux]
            right = next(
                (
                    item.name
                    for e in built
                    for item in gallery.by_tag_suffix.get(e.tag_suffix, ())
                    if item.is_development == meta.is_development
                ),
                None,
            )
            yield self.finding(
                meta.at("capabilities", "metal"),
                gallery.owner(meta),
                f"{meta.name} metal",
                f"{meta.name}: metal names {image.name}, which is built on Linux",
                f'set metal: "{right}"' if right else "delete the key, or build the backend on macOS",
                fix=partial(_set_metal, meta, right) if right else None,
            )


def _set_metal(meta: Item, image: str, changes: ChangeSet) -> None:
    meta.set_value(changes, image, "capabilities", "metal")


RULES: tuple[type[Rule], ...] = (
    DarwinBespokeWiring,
    DarwinLanguage,
    DarwinCoverage,
)
"""In the order of the catalogue."""
