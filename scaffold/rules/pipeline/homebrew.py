"""Rules about Homebrew formulas that come out of a cache."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache, partial
from typing import NamedTuple

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.pipeline.caches import BOTH, RESTORE
from scaffold.pipeline.commands import Said, said
from scaffold.pipeline.expressions.values import text_of
from scaffold.pipeline.model import Job
from scaffold.pipeline.patterns import lines
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.scopes import JobRun, StepRun
from scaffold.pipeline.steps import Step
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.shell import Command
from scaffold.syntax.shell_branches import tests_of

LEAVES = frozenset(
    {
        "cmake", "fmt", "go", "libomp", "make", "ninja", "nlohmann-json", "opus", "pkg-config", "pkgconf",
        "protoc-gen-go", "protoc-gen-go-grpc", "xxhash",
    }
)  # fmt: skip
"""Formulas that need no other at run time: nothing of theirs can be missing."""

CLOSURES = {
    "ccache": {"blake3", "fmt", "hiredis", "xxhash", "zstd", "lz4", "xz"},
    "grpc": {"abseil", "c-ares", "openssl@3", "protobuf", "re2"},
    "zstd": {"lz4", "xz"},
    "protobuf": {"abseil"},
}
"""Formula -> the formulas that it needs at run time: `brew reinstall` looks after all of them."""

ENVIRONMENT = ("HOMEBREW_NO_AUTO_UPDATE", "HOMEBREW_NO_INSTALL_CLEANUP")


class Brew(NamedTuple):
    """One call of brew."""

    step: StepRun
    words: tuple[str, ...]
    command: Command | None
    """Where it stands in the step's script; None for one of a file that the step runs."""


class Cellar(NamedTuple):
    """A job that restores formulas, and what it does with brew afterwards."""

    leg: JobRun
    restore: StepRun
    kept: tuple[str, ...]
    """The formulas that are restored; none where it is the whole Cellar."""
    brews: tuple[Brew, ...]

    @property
    def job(self) -> Job:
        """The job."""
        return self.leg.job

    @property
    def formulas(self) -> tuple[str, ...]:
        """The formulas that are restored, as far as they are named."""
        return self.kept or tuple(sorted(self.named("install")))

    def named(self, action: str) -> set[str]:
        """The formulas that `brew <action>` names."""
        return {word for brew in self.brews if brew.words[1] == action for word in _operands(brew.words)}


def _operands(words: tuple[str, ...]) -> list[str]:
    return [word for word in words[2:] if not word.startswith("-") and "=" not in word]


@lru_cache(maxsize=2)
def cellars(registry: Repository) -> tuple[Cellar, ...]:
    """The jobs that restore parts of Homebrew's Cellar; of legs that restore the same, one."""
    found: dict[tuple[Job, tuple[str, ...]], Cellar] = {}
    for run in registry.runs.all():
        for step in run.steps(RESTORE, BOTH):
            if not re.search(r"Cellar|\$\{\{", step.step.spelled("path")):
                continue
            formulas = _formulas(step.input("path"))
            kept = formulas if all(formulas) else ()
            if formulas and (step.job.job, kept) not in found:
                later = list(step.job.steps)
                after = later[later.index(step) + 1 :]
                brews = tuple(brew for other in after for brew in _brews(other))
                found[step.job.job, kept] = Cellar(step.job, step, kept, brews)
    return tuple(found.values())


@lru_cache(maxsize=256)
def _formulas(paths: str) -> tuple[str, ...]:
    """The formulas whose folders some paths are; "" for the folder of all of them."""
    ends = (re.search(_KEPT, path) for path in lines(paths) if "/Cellar" in path)
    return tuple(m[1] or "" for m in ends if m)


_KEPT = r"/Cellar(?:/([\w@.+-]+))?/?(?:/\*+)?$"
"""A folder of the Cellar, or all of it."""


def _brews(step: StepRun) -> Iterator[Brew]:
    """The calls of brew in a step's script, and in the files that it runs."""
    for one in said(step, "brew"):
        if one.words[1:2] == ("bundle",):
            yield from (Brew(step, words, None) for words in _bundled(one, step))
        elif one.words[1:]:
            yield Brew(step, one.words, None if one.called else one.command)


def _bundled(one: Said, step: StepRun) -> Iterator[tuple[str, ...]]:
    """The calls that `brew bundle` stands for: it installs and links what a Brewfile names."""
    words = [part for word in one.words[2:] for part in word.split("=", 1)]
    if words[:1] not in ([], ["install"]) and not words[0].startswith("-"):
        return
    file = next((value for option, value in itertools.pairwise(words) if option == "--file"), "Brewfile")
    text, read = step.step.run, step.job.job.workflow.pipeline.read
    if file not in ("-", "/dev/stdin"):
        text = (read(posixpath.normpath(posixpath.join(one.folder, file))) or b"").decode(errors="replace")
    named = re.findall(r"""(?m)^[ \t]*brew[ \t(]+["']([\w@.+/-]+)["'](.*)$""", text)
    formulas = {name.rpartition("/")[2]: options for name, options in named}
    linked = [name for name, options in formulas.items() if not re.search(r"\blink:\s*false", options)]
    yield ("brew", "install", *formulas)
    yield ("brew", "link", *linked)


class BrewLink(PipelineRule):
    """A formula that is restored from a cache is linked.

    Why: the cache holds the formula's folder in the Cellar and not its links in `bin`. `brew install`
    finds the folder, says that it is installed already, and links nothing: `ccache: command not found`,
    on the runs that hit the cache and on no other.

    Fails:

        path: /opt/homebrew/Cellar/ccache
        # later
        run: brew install ccache

    Passes:

        run: |
          brew install ccache
          brew link --overwrite ccache 2>/dev/null || true

    Where the cache holds `bin` too, the links come with it. `brew bundle` links what its Brewfile names,
    unless that says `link: false`.

    Fix: `scaffold check --fix` adds the line.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Restored and installed formulas that nothing links."""
        for cellar in cellars(registry):
            linked = cellar.named("link") | cellar.named("reinstall")
            linked |= _restored_links(cellar.restore.input("path"), cellar.formulas)
            missing = [f for f in cellar.formulas if f in cellar.named("install") and f not in linked]
            if missing:
                brew = next(b for b in cellar.brews if b.words[1] == "install" and missing[0] in b.words)
                step, own = brew.step.step, brew.command
                yield self.finding(
                    step.line_of(" ".join(brew.words[:2]) if own is not None else "brew "),
                    "",
                    f"{cellar.job.id} {' '.join(missing)}",
                    f"{', '.join(missing)}: restored into the Cellar, so `brew install` links nothing",
                    f"brew link --overwrite {' '.join(missing)} 2>/dev/null || true",
                    fix=partial(_link, step, own, missing) if own is not None else None,
                )


@lru_cache(maxsize=256)
def _restored_links(paths: str, formulas: tuple[str, ...]) -> frozenset[str]:
    """Of some formulas those whose links come out of the cache too: those in `bin`, beside their Cellar."""
    roots = {path.partition("/Cellar")[0] for path in lines(paths) if "/Cellar" in path}
    ends = (path.rstrip("/*").rpartition("/bin") for path in lines(paths))
    programs = {name.strip("/") for root, _, name in ends if root in roots and name[:1] in ("", "/")}
    return frozenset(formulas if programs.difference(formulas) else programs)


def _link(step: Step, command: Command, formulas: list[str], changes: ChangeSet) -> None:
    node = step.node.values["run"]
    source = step.source
    text = f"brew link --overwrite {' '.join(formulas)} 2>/dev/null || true"
    if isinstance(node, yaml.Scalar) and node.style != "|":
        spelled = source.slice(node.start, node.end)
        key = step.node.keys["run"]
        indent = " " * (key.start - source.line_start(key.start) + 2)
        changes.add(Edit(step.path, node.start, node.end, f"|\n{indent}{spelled.strip()}\n{indent}{text}"))
        return
    end = step.after_line(command.start_byte)
    line = source.slice(source.line_start(end - 1), end)
    end = step.after_line(command.end_of_statement)
    changes.insert(step.path, end, f"{line[: len(line) - len(line.lstrip())]}{text}\n")


class BrewClosure(PipelineRule):
    """A formula that is restored from a cache gets what it depends on.

    Why: `brew install` sees the restored folder and installs nothing, its dependencies included. ccache
    failed with `Library not loaded` in LocalAI. The first repair installed the four libraries that were
    known to be missing, and the next run missed a fifth. `brew reinstall` resolves the dependencies anew
    each time, for the formula and for all that it needs.

    Fails:

        path: /opt/homebrew/Cellar/ccache
        # later
        run: brew install ccache blake3 hiredis zstd     # and not fmt

    Passes:

        run: |
          brew install ccache
          brew reinstall ccache

    `brew bundle` installs what its Brewfile names. Formulas that are known to depend on nothing are left
    alone.

    Fix: `brew reinstall` the formula after `brew install`, or do not cache its Cellar.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Restored and installed formulas that are not installed anew."""
        for cellar in cellars(registry):
            renewed = cellar.named("reinstall")
            fresh = renewed.union(LEAVES, *(CLOSURES.get(formula, ()) for formula in renewed))
            for formula in cellar.formulas:
                if formula not in fresh and formula in cellar.named("install"):
                    yield self.finding(
                        cellar.restore.step.line_of(f"/Cellar/{formula}", "with", "path"),
                        "",
                        f"{cellar.job.id} {formula}",
                        f"{formula} is restored without its dependencies, and `brew install` adds none",
                        f"brew reinstall {formula} after the install",
                    )


class BrewEnv(PipelineRule):
    """Homebrew leaves a restored Cellar as it is.

    Why: before an install brew updates itself and upgrades what it finds, and after it cleans up. Both
    change the folders that the cache has just restored, and the next save keeps the mixture.

    Fails:

        path: /opt/homebrew/Cellar/ccache      # and no HOMEBREW_NO_AUTO_UPDATE

    Passes:

        env:
          HOMEBREW_NO_AUTO_UPDATE: '1'
          HOMEBREW_NO_INSTALL_CLEANUP: '1'

    A call of brew that stands below a test of `cache-hit` changes nothing that was restored, unless
    `restore-keys` may bring an older cache.

    Fix: `scaffold check --fix` adds both to the job.
    """

    severity = Severity.warning
    fixable = True

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Jobs with a restored Cellar that do not set both."""
        for cellar in cellars(registry):
            job = cellar.job
            changing = (brew for brew in cellar.brews if brew.words[1] in _CHANGING)
            brews = [brew for brew in changing if not _only_missed(brew, cellar.restore)]
            missing = [n for n in ENVIRONMENT if not all(_is_set(n, brew.step) for brew in brews)]
            if missing and brews:
                yield self.finding(
                    job,
                    "",
                    f"{job.id} {' '.join(missing)}",
                    f"brew may change the Cellar that {job.id} restores: {' and '.join(missing)} not set",
                    "set them to '1' in the env of the job",
                    fix=partial(_set_env, job, missing),
                )


_CHANGING = ("install", "reinstall", "upgrade")
"""What brew does with updates before it and a cleanup after it."""


def _only_missed(brew: Brew, restore: StepRun) -> bool:
    """Whether brew is called only where a step has not found its cache, nor a part of it."""
    name = restore.step.id
    older = [line for line in lines(restore.input("restore-keys")) if line != restore.input("key")]
    if not name or older:
        return False
    hit = rf"steps\.{re.escape(name)}\.outputs\.cache-hit"
    asked = brew.step.step.node.text("if")
    if re.fullmatch(rf"\s*+(?:\$\{{\{{\s*+)?{hit}\s*+!=\s*+'true'\s*+(?:&&[^|]*+)?", asked):
        return True
    env = brew.step.step.node.mapping("env")
    said = [n for n in env.values if re.fullmatch(rf"\$\{{\{{\s*{hit}\s*\}}\}}", env.text(n))]
    values = "|".join((rf"\$\{{\{{\s*{hit}\s*\}}\}}", *(rf"\$\{{?{n}\}}?" for n in said)))
    missed = rf"""\[\[?\s+["']?(?:{values})["']?\s+!=\s+["']?true["']?\s+\]\]?"""
    return brew.command is not None and any(re.fullmatch(missed, test) for test in tests_of(brew.command))


def _is_set(name: str, step: StepRun) -> bool:
    """Whether a variable has a value where a step runs brew."""
    env = step.context("env")
    given = text_of(env[name]) != "" if name in env else name in step.job.job.exported
    return given or name.encode() in step.step.script.bare


def _set_env(job: Job, names: list[str], changes: ChangeSet) -> None:
    source = job.workflow.source
    env = job.node.get("env")
    if isinstance(env, yaml.Mapping) and not env.flow and env.keys:
        key = next(iter(env.keys.values()))
        line = source.line_start(key.start)
        indent = source.slice(line, key.start)
        changes.insert(job.path, line, "".join(f"{indent}{name}: '1'\n" for name in names))
    elif env is None and job.node.keys and not job.node.flow:
        key = next(iter(job.node.keys.values()))
        line = source.line_start(key.start)
        indent = source.slice(line, key.start)
        text = "".join(f"{indent}  {name}: '1'\n" for name in names)
        changes.insert(job.path, line, f"{indent}env:\n{text}")
