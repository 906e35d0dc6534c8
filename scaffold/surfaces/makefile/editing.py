"""New and lost lines of the root Makefile: a checkout is written in the form that it has."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.surfaces.base import Addition, Removal, majority, required
from scaffold.surfaces.makefile.reading import GENERATOR, Definition, MakefileReader
from scaffold.surfaces.matrix.reading import SHARED_DOCKERFILES
from scaffold.syntax.make import MakeSource, Rule, shell_word
from scaffold.syntax.source import Word

if TYPE_CHECKING:
    from scaffold.backend.answers import Backend

TEST_GOALS = {"go": "", "python": "", "cpp": "grpc-server", "rust": "{n}-grpc"}
"""Make goal that builds what a backend's tests need; empty where the default goal does."""

IMAGE_TEST = "test-extra-backend"
"""The rule that tests any image with a real model, and what the names of those for one begin with."""

TEST_CAPABILITIES = {
    "Predict": "predict", "PredictStream": "stream", "Embedding": "embeddings", "TTS": "tts",
    "AudioTranscription": "transcription", "GenerateImage": "image", "AudioTransform": "audio_transform",
    "TokenizeString": "tokenize", "TokenClassify": "token_classify", "FaceVerify": "face_verify",
    "FaceAnalyze": "face_analyze", "VoiceEmbed": "voice_embed", "VoiceVerify": "voice_verify",
    "VoiceAnalyze": "voice_analyze",
}  # fmt: skip
"""RPC -> what LocalAI's test of images (tests/e2e-backends) calls it."""


class MakefileSurface(MakefileReader):
    """The root Makefile."""

    def add(self, addition: Addition) -> None:
        required(self.source, self.path, "the root Makefile")
        backend = addition.backend
        self.list_backend(addition)
        if self.definitions:
            self.define(addition)
        else:
            self._add_explicit_rules(addition)
        if backend.kind != "llama-fork":  # a fork has no tests of its own
            self.add_test_line(addition, "prepare-test-extra")
            self.add_test_line(addition, "test-extra")
        if backend.bespoke_darwin:
            self.add_darwin_rule(addition)
        if backend.test_model:
            self._add_image_test(addition)

    def _add_image_test(self, addition: Addition) -> None:
        """Plan the rule that tests the image with a real model, behind the last one of its kind."""
        source = required(self.source, self.path, "the root Makefile")
        backend = addition.backend
        alike = [r for r in source.rules for word in r.targets if word.text.startswith(f"{IMAGE_TEST}-")]
        if self.rule(IMAGE_TEST) is None or not alike:
            addition.ask(self.path, f"test its image with a model: this checkout has no {IMAGE_TEST} rules")
            return
        caps = [TEST_CAPABILITIES[method] for method in backend.methods if method in TEST_CAPABILITIES]
        addition.insert(
            self.path,
            alike[-1].end_byte,
            f"\n{IMAGE_TEST}-{backend.name}: docker-build-{backend.name}\n"
            f"\tBACKEND_IMAGE=local-ai-backend:{backend.name} \\\n"
            f"\tBACKEND_TEST_MODEL_URL={shell_word(backend.test_model)} \\\n"
            f"\tBACKEND_TEST_CAPS={','.join(('health', 'load', *caps))} \\\n"
            f"\t$(MAKE) {IMAGE_TEST}\n",
        )

    def remove(self, removal: Removal) -> None:
        source, name = self.source, removal.name
        if source is None:
            return
        for definition in self.definitions:
            if definition.name == name:
                removal.drop(source, definition.assignment.start_byte, definition.assignment.end_byte)
                if definition.variable in self.evals:
                    call = self.evals[definition.variable]
                    removal.drop(source, call.start_byte, call.end_byte)
        own = {f"backends/{name}", f"docker-build-{name}", f"docker-save-{name}", f"backends/{name}-darwin"}
        for rule in source.rules:
            if {word.text for word in rule.targets} <= own and rule.targets and rule.recipe:
                self._drop_rule(removal, source, rule)
            elif rule.targets and rule.targets[0].text in (".NOTPARALLEL", "docker-build-backends"):
                for word in rule.prerequisites:
                    if word.text in own:
                        self.drop_word(removal.changes, word)
            elif own & {word.text for word in rule.prerequisites} and rule.targets:
                self._drop_dependent(removal, source, rule)
        for target in ("prepare-test-extra", "test-extra"):
            line = self.test_lines(target).get(name)
            if line is not None:
                self.drop_lines(removal.changes, [line.start_byte])

    def remove_darwin(self, removal: Removal) -> None:
        """Plan away what `add_darwin_rule` adds."""
        target = f"backends/{removal.name}-darwin"
        for rule in self.source.rules if self.source else ():
            assert self.source is not None
            if [word.text for word in rule.targets] == [target] and rule.recipe:
                self._drop_rule(removal, self.source, rule)
        for word in self.list_words(".NOTPARALLEL"):
            if word.text == target:
                self.drop_word(removal.changes, word)

    def _drop_rule(self, removal: Removal, source: MakeSource, rule: Rule) -> None:
        start = source.blank_start(source.comment_start(rule.start_byte, "#"))
        removal.changes.delete_lines(self.path, start, rule.end_byte)

    def _drop_dependent(self, removal: Removal, source: MakeSource, rule: Rule) -> None:
        """A rule that needs the backend's image: the backend's own test goes, another's is a person's."""
        target = rule.targets[0].text
        if re.search(rf"(?:^|-){re.escape(removal.name)}(?:-|$)", target) and rule.recipe:
            self._drop_rule(removal, source, rule)
        else:
            removal.ask(self.path, f"{target} needs an image of {removal.name}")

    def drop_word(self, changes: ChangeSet, word: Word) -> None:
        """Plan a word of a list away, with the blank before it."""
        changes.add(Edit(self.path, word.start_byte - 1, word.end_byte, ""))

    def drop_lines(self, changes: ChangeSet, offsets: Iterable[int]) -> None:
        """Plan whole lines away."""
        assert self.source is not None
        for offset in offsets:
            changes.delete_lines(self.path, self.source.line_start(offset), self.source.line_end(offset))

    def list_backend(self, addition: Addition) -> None:
        """Plan a backend's words in the two lists of all backends, where they lack it."""
        self.grow_list(addition, ".NOTPARALLEL", "backends/{}")
        self.grow_list(addition, "docker-build-backends", "docker-build-{}")

    def redefine(self, changes: ChangeSet, definition: Definition, fields: Mapping[str, str]) -> None:
        """Plan another text for some fields of a definition."""
        start, end = definition.assignment.start_byte, definition.assignment.end_byte
        text = f"{definition.variable} = {definition.with_fields(fields)}\n"
        changes.add(Edit(self.path, start, end, text))

    def grow_list(self, addition: Addition, target: str, spelling: str) -> None:
        """Add a word that a one-line list lacks: behind the nearest relative's, else at its end."""
        name = addition.backend.name
        words = self.list_words(target)
        if not words:
            return
        named = {word.text: word for word in words}
        if spelling.format(name) in named:
            return
        relative = addition.nearest({kin for kin in addition.kin if spelling.format(kin) in named})
        after = named[spelling.format(relative)] if relative else words[-1]
        addition.insert(self.path, after.end_byte, f" {spelling.format(name)}")

    def define(self, addition: Addition) -> None:
        """Plan the definition of a backend and its eval."""
        backend = addition.backend
        by_name = {d.name: d for d in self.definitions}
        alike = [d for d in self.definitions if _lang(d) == backend.lang] or self.definitions
        relative = addition.nearest({d.name for d in alike})
        after = by_name[relative] if relative else alike[-1]
        needs = "false" if backend.own_dockerfile else majority(d.needs_backend_arg for d in alike) or "true"
        context = majority(_contexts(addition, alike)) or "."
        usual = majority(d.progress for d in alike) or "false"
        progress = "--progress=plain" if backend.progress else usual
        value = "|".join((backend.name, backend.dockerfile_type, context, progress, needs))
        addition.insert(self.path, after.assignment.end_byte, f"{backend.make_variable} = {value}\n")
        self.evaluate(addition)

    def evaluate(self, addition: Addition) -> None:
        """Plan the eval of a definition, where it lacks it."""
        assert self.source is not None
        if addition.backend.make_variable in self.evals:
            return
        alike = [d.variable for d in self.definitions if _lang(d) == addition.backend.lang]
        by_name = {d.name: self.evals[d.variable] for d in self.definitions if d.variable in self.evals}
        if not by_name:
            raise self.source.shape_error(None, f"expected $(eval $(call {GENERATOR},$(BACKEND_X))) lines")
        relative = addition.nearest(set(by_name))
        known = [self.evals[variable] for variable in alike if variable in self.evals]
        after = by_name[relative] if relative else (known or list(self.evals.values()))[-1]
        text = f"$(eval $(call {GENERATOR},$({addition.backend.make_variable})))\n"
        addition.insert(self.path, after.end_byte, text)

    def _add_explicit_rules(self, addition: Addition) -> None:
        """The form before January 2026: the rules of a sibling, with the names replaced."""
        assert self.source is not None
        backend = addition.backend
        spellings = ("backends/{}", "docker-build-{}", "docker-save-{}")
        model = self._explicit_model(backend, addition.kin)
        for spelling in spellings:
            rule = self.rule(spelling.format(model))
            if rule is None:
                raise self.source.shape_error(
                    None, f"expected a rule {spelling.format(model)} to write a new one like it"
                )
            text = self.source.slice(rule.start_byte, rule.end_byte)
            addition.insert(self.path, rule.end_byte, f"\n{_renamed(text, model, backend)}")

    def _explicit_model(self, backend: Backend, kin: tuple[str, ...]) -> str:
        assert self.source is not None
        names = [
            w.text.removeprefix("docker-save-")
            for r in self.source.rules
            for w in r.targets
            if w.text.startswith("docker-save-")
        ]
        complete = [n for n in names if self.rule(f"backends/{n}") and self.rule(f"docker-build-{n}")]
        wanted = {
            "python": "Dockerfile.python",
            "go": "Dockerfile.golang",
            "rust": "Dockerfile.golang",
            "cpp": "Dockerfile.llama-cpp",
        }
        alike = [n for n in complete if wanted[backend.lang] in self._build_command(n)]
        model = next((n for n in kin if n in alike), alike[0] if alike else None)
        return required(
            model,
            self.path,
            f"docker-build, docker-save and backends/ rules of one backend/{wanted[backend.lang]} backend",
        )

    def _build_command(self, name: str) -> str:
        rule = self.rule(f"docker-build-{name}")
        return " ".join(line.text for line in rule.recipe) if rule else ""

    def add_test_line(self, addition: Addition, target: str) -> None:
        """Plan the recipe line of a backend in `prepare-test-extra` or `test-extra`."""
        goal = "test"
        if target == "prepare-test-extra":
            goal = TEST_GOALS[addition.backend.lang].replace("{n}", addition.backend.name)
        rule = self.rule(target)
        if rule is None or not rule.recipe:
            return
        lines = self.test_lines(target)
        relative = addition.nearest(set(lines))
        after = lines[relative] if relative else rule.recipe[-1]
        assert self.source is not None
        end = self.source.line_end(after.start_byte)
        addition.insert(
            self.path,
            end,
            f"\t{' '.join(['$(MAKE) -C', addition.backend.directory, *goal.split()])}\n",
        )

    def add_darwin_rule(self, addition: Addition) -> None:
        """The make target that macOS CI runs for a C++ backend, where it lacks one."""
        source = required(self.source, self.path, "the root Makefile")
        name = addition.backend.name
        bespoke = {
            word.text.removeprefix("backends/").removesuffix("-darwin"): rule
            for rule in source.rules
            for word in rule.targets
            if word.text.startswith("backends/") and word.text.endswith("-darwin") and rule.recipe
        }
        if not bespoke:
            raise source.shape_error(
                None, "expected a backends/<name>-darwin rule to write a new one like it"
            )
        if name not in bespoke:
            relative = addition.nearest(set(bespoke))
            after = bespoke[relative] if relative else list(bespoke.values())[-1]
            text = (
                f"\nbackends/{name}-darwin: build\n"
                f"\tbash ./scripts/build/{name}-darwin.sh\n"
                f'\t./local-ai backends install "ocifile://$(abspath ./backend-images/{name}.tar)"\n'
            )
            addition.insert(self.path, after.end_byte, text)
        self.grow_list(addition, ".NOTPARALLEL", "backends/{}-darwin")


def _lang(definition: Definition) -> str:
    return SHARED_DOCKERFILES.get(definition.dockerfile_type, "cpp")


def _contexts(addition: Addition, alike: Iterable[Definition]) -> Iterator[str]:
    """The build contexts of definitions, those that the new entries of the matrix have, if any has."""
    entries = (value for values in addition.expected.values() for value in values if isinstance(value, dict))
    built = {posixpath.normpath(entry["context"]) for entry in entries if entry.get("context")}
    for definition in alike:
        if not built or posixpath.normpath(definition.context) in built:
            yield definition.context


def _renamed(text: str, model: str, backend: Backend) -> str:
    """The rule of `model`, for `backend`."""
    text = re.sub(rf"(?<![\w-]){re.escape(model)}(?![\w-])", backend.name, text)
    text = re.sub(rf"(?<=-){re.escape(model)}(?![\w-])", backend.name, text)
    return re.sub(r"Dockerfile\.[\w.-]+", f"Dockerfile.{backend.dockerfile_type}", text)
