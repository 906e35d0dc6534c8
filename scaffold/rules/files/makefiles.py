"""Makefiles of backends: the targets that tests and image builds call."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.backend.names import FOLDER
from scaffold.backend.near import is_near, nearest
from scaffold.checkout.gone import gone_with
from scaffold.directory.directory import Directory
from scaffold.directory.makefile import default_recipes
from scaffold.directory.misnamed import misnamed
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.causes import NO_FOLDER
from scaffold.rules.words import enumerated
from scaffold.surfaces.matrix.reading import Entry
from scaffold.syntax.source import Place


class MakefileTestTarget(Rule):
    """A backend whose `test` CI runs has no `test` rule in its Makefile.

    Why: GNU make has a built-in rule that makes a file `X` out of `X.sh`. Every Python backend has a
    `test.sh`; so without a rule, `make -C backend/python/finch test` copies it to a file called
    `test`, succeeds, and has tested nothing. LocalAI's `make test-extra` does that for
    faster-whisper and speaker-recognition.

    Fails: `$(MAKE) -C backend/python/finch test` in `test-extra`, and in the backend's Makefile only

        install:
                bash install.sh

    Passes: the same with

        .PHONY: test
        test: install
                bash test.sh

    So is another goal that `test-extra` or `prepare-test-extra` makes in a backend's directory, where its
    Makefile has no rule for it, and a folder below `backend/` that is not there.

    Fix: add the rule, and list it in `.PHONY`, or correct the goal. Where there is no `test.py` either,
    `test.sh` says so and succeeds: write one.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        seen = set()
        for place, path in _tested(registry):
            name = path.rpartition("/")[2]
            if path in seen or registry.directory(name) != path:
                continue
            seen.add(path)
            files = registry.files(name)
            if files.has_make_rule("test"):
                continue
            if "test.sh" in files.names or "test" in files.names:
                message = f"`make -C {path} test` succeeds and tests nothing: its Makefile has no `test` rule"
            else:
                message = f"`make -C {path} test` fails: its Makefile has no `test` rule"
            yield self.finding(place, name, f"test rule of {path}", message, _what_to_do(files))
        for target in ("test-extra", "prepare-test-extra"):
            yield from self._called(registry, target)

    def _called(self, registry: Registry, target: str) -> Iterator[Finding]:
        """What a recipe of the root makes that no rule is for, or in a folder that is not there."""
        makefile = registry.makefile
        for line, made in makefile.calls(target):
            folder, name = made.folder, made.folder.rpartition("/")[2]
            if line.text.startswith("-") or "||" in line.text or not _PLAIN.fullmatch(folder):
                continue
            if registry.directory(name) == folder:
                files = registry.files(name)
                for goal in made.goals:
                    if goal != "test" and _PLAIN_GOAL.fullmatch(goal) and not _makes(files, goal):
                        meant = next((one for one in _USUAL if is_near(goal, one) and _makes(files, one)), "")
                        yield self.finding(
                            makefile.place(line),
                            name,
                            f"{goal} of {folder}",
                            f"`make -C {folder} {goal}` fails: its Makefile has no rule for {goal}",
                            f"write {meant}" if meant else f"correct the name, or write the rule for {goal}",
                        )
            elif not re.match(FOLDER, folder) and not registry.tree.is_dir(folder):
                known = {registry.directory(one): one for one in registry.backends}
                same = registry.directory(name) if name in registry.backends else ""
                meant = same or nearest(folder, known)
                yield self.finding(
                    makefile.place(line),
                    known.get(meant, name),
                    f"{NO_FOLDER} {folder}",
                    f"`make -C {folder}` fails: there is no such folder",
                    f"write {meant}" if meant else "correct the folder, or delete the line",
                )


_PLAIN = re.compile(r"backend/[\w.-]+/[\w.-]+")
_PLAIN_GOAL = re.compile(r"[A-Za-z][\w-]*")
_USUAL = ("test", "build", "install", "clean")
"""Goals that may be meant."""


def _makes(files: Directory, goal: str) -> bool:
    """Whether make has a rule for a goal, its own included, or a file of that name; in doubt, yes."""
    near = any(name == goal or name.startswith(f"{goal}.") for name in files.names)
    return near or not files.makefiles or files.has_make_rule(goal)


def _what_to_do(files: Directory) -> str:
    """The rule that is missing, with all that it needs to test something."""
    recipe = "bash test.sh" if "test.sh" in files.names else "go test ./..." if files.lang == "go" else ""
    before = " install" if files.has_make_rule("install") else ""
    do = f"add to {files.path}/Makefile: `.PHONY: test`, `test:{before}` and the recipe "
    do += f"`{recipe}`" if recipe else "that runs its tests"
    return do + (f"; and write {files.path}/test.py, which test.sh looks for" if _has_no_tests(files) else "")


def _has_no_tests(files: Directory) -> bool:
    """Whether test.sh leaves it to `runUnittests` to find test.py, and there is none."""
    script = files.text("test.sh")
    finds = script is not None and b"runUnittests" in script.data and b"TEST_FILE" not in script.data
    return finds and "test.py" not in files.names


class BuildTargetMissing(Rule):
    """A backend's Makefile lacks a target that the build of its image calls.

    Why: the Dockerfiles and `scripts/build/*-darwin.sh` are shared, and call `build` and `clean` in
    the directory of whichever backend they build. Where the rule is missing, every such job fails:
    after LocalAI gave huggingface, local-store, piper and silero-vad a macOS entry, they built and
    then died at `make clean` (8989d2944, c0461f32a, a9267f391).

    Fails: a Darwin matrix entry for lark, and no `clean:` in its Makefile, while golang-darwin.sh has

        make -C backend/go/${BACKEND} clean

    Passes:

        clean:
                rm -rf lark package

    So is what a rule of the Makefile itself needs, `build: package`, where there is neither a rule for it nor
    a file, and no recipe names it; and a file that it needs, also by a variable, where a letter makes that a
    target, or the rule that writes it is for another number of it. Of a Python backend the default goal is
    called, and runs `install.sh`.

    Fix: add the rule.
    """

    severity = Severity.error
    lists = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """One finding for a backend, and one for each prerequisite; without a Makefile there is no rule."""
        for name, lang in registry.backends.items():
            goals: dict[str, tuple[str, Entry]] = {}
            for entry in registry.matrix.entries_of(name):
                dockerfile = entry.fields.get("dockerfile", "") if entry.linux else None
                for goal, recipe in registry.builds.goals(name, lang, dockerfile):
                    goals.setdefault(goal, (recipe, entry))
            missing = {g: use for g, use in goals.items() if not registry.files(name).has_make_rule(g)}
            if missing:
                path = f"{registry.directory(name)}/Makefile"
                present = registry.tree.read(path) is not None
                calls = [f"{recipe} calls `make {goal}`" for goal, (recipe, _) in missing.items()]
                first = next(iter(missing.values()))[1]
                yield self.finding(
                    Place(path) if present else first,
                    name,
                    f"target {' '.join(missing)}" if present else ABSENT,
                    f"{enumerated(calls)} here for {first.tag_suffix}: there is no "
                    + ("such rule" if present else "Makefile"),
                    f"add {enumerated([f'`{goal}:`' for goal in missing])} to {path}",
                    absent="" if present else gone_with(registry.tree, path),
                )
            if lang == "python" and registry.matrix.entries_of(name):
                yield from self._first(registry.files(name))
            files = registry.files(name)
            for target, word, place in (*files.unmade(), *misnamed(files)) if goals else ():
                if word not in missing:
                    yield self.finding(
                        place,
                        name,
                        f"{target} needs {word}",
                        f"{target} needs {word}, which no rule makes",
                        f"write the rule for {word}, or the name of what is meant",
                    )

    def _first(self, files: Directory) -> Iterator[Finding]:
        """Of a Python backend whose Makefile installs nothing where no goal is named."""
        text = files.text("Makefile") if "install.sh" in files.names else None
        recipes = default_recipes(text) if text is not None and text.data.strip() else None
        if text is not None and recipes is not None and b"install.sh" not in recipes:
            yield self.finding(
                Place(text.path),
                files.name,
                "first rule",
                "the build of the image calls `make`, and the default goal here does not run install.sh",
                "write the rule that runs install.sh first, and name no other in .DEFAULT_GOAL",
            )


ABSENT = "Makefile"
"""Subject of a backend without one."""


def _tested(registry: Registry) -> Iterator[tuple[Place, str]]:
    """(place, backend directory) of every `make ... test` of the extra tests."""
    makefile = registry.makefile
    for target in ("test-extra", "prepare-test-extra"):
        for line, path in makefile.tested(target):
            yield makefile.place(line), path
    for use in registry.test_jobs.test_commands:
        yield Place(use.path, use.line), use.name
