"""The extra test workflow: a job per backend, started by an output of the path filter."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from scaffold.errors import ShapeError
from scaffold.surfaces.base import Addition, FileSurface, Registration, Removal, majority, required
from scaffold.surfaces.parts import Part
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.make import Call
from scaffold.syntax.source import Place
from scaffold.syntax.step_script import line_of, script_of
from scaffold.syntax.yaml import Pair, YamlSource, quote

if TYPE_CHECKING:
    from scaffold.backend.answers import Backend

DETECT = "detect-changes"
SUITE = "tests/e2e-backends/backend_test.go"
"""What the jobs run on the images that they have built, whatever the backend."""
_TEST = re.compile(rb"(?m)^[ \t]*(?:It|Entry)\(")

DEPENDENCIES = {
    "python": [
        "sudo apt-get update",
        "sudo apt-get install -y build-essential ca-certificates curl patch",
        "pipx install uv",
    ],
    "go": ["sudo apt-get update", "sudo apt-get install -y build-essential cmake curl unzip"],
    "cpp": [
        "sudo apt-get update",
        (
            "sudo apt-get install -y build-essential cmake git pkg-config"
            " libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc"
        ),
    ],
    "rust": [
        "sudo apt-get update",
        "sudo apt-get install -y build-essential cmake pkg-config protobuf-compiler",
    ],
}


class Use(NamedTuple):
    """Something that a job refers to."""

    name: str
    job: str
    path: str
    line: int


_OUTPUT = re.compile(rf"needs\.{DETECT}\.outputs(?:\.([\w-]+)|\['([\w-]+)'\])")
_FOLDER = re.compile(r"(?:\./)?(backend/[\w.-]+/[\w.-]+)")


class TestJobsSurface(FileSurface):
    """`.github/workflows/test-extra.yml`."""

    name = "extra tests"
    paths = (".github/workflows/test-extra.yml", ".github/workflows/test-extra.yaml")

    @cached_property
    def source(self) -> YamlSource | None:
        """The file; None where it is absent."""
        return self.load(YamlSource, *self.paths)

    @cached_property
    def jobs(self) -> list[Pair]:
        """Every job, in file order."""
        return self.source.pairs(self.source.get(self.source.document(), "jobs")) if self.source else []

    @cached_property
    def outputs(self) -> list[Pair]:
        """The outputs of the job that detects changes; empty before March 2026, when every job always ran."""
        if self.source is None:
            return []
        return self.source.pairs(self.source.get(self.source.document(), "jobs", DETECT, "outputs"))

    @cached_property
    def output_uses(self) -> list[Use]:
        """Every output of the detecting job that a job reads."""
        return list(self._output_uses()) if self.source else []

    @property
    def parts(self) -> Iterable[Part]:
        line = self.place(self.jobs[0]).line if self.jobs else 0
        yield Part(self.path, "test job", len(self.jobs), line=line, names=("jobs",))
        line = self.place(self.outputs[0]).line if self.outputs else 0
        names = ("jobs", DETECT, "outputs")
        size = len(self.outputs)
        yield Part(self.path, "output that starts a job", size, "2026-04-01", line=line, names=names)
        yield Part(self.path, "call of make in a backend's directory by a test job", len(self.make_commands))
        tests = len(_TEST.findall(self.tree.read(SUITE) or b""))
        yield Part(SUITE, "test of any backend's image", tests, "2026-04-12", beside=posixpath.dirname(SUITE))

    def _output_uses(self) -> Iterator[Use]:
        assert self.source is not None
        for job in self.jobs:
            text = self.source.text(job.node)
            first = self.source.line(job.node.start_byte)
            for match in _OUTPUT.finditer(text):
                start = text.rfind("\n", 0, match.start()) + 1
                if not text[start : match.start()].lstrip().startswith("#"):
                    yield Use(
                        match[1] or match[2], job.key, self.path, first + text.count("\n", 0, match.start())
                    )

    @cached_property
    def _calls(self) -> list[tuple[Use, Call]]:
        """Every call of make, with the folder in which it is made."""
        return list(self._make_calls()) if self.source else []

    def _make_calls(self) -> Iterator[tuple[Use, Call]]:
        assert self.source is not None
        try:
            values = yaml.read(self.source)
        except ShapeError:  # which a rule about workflows reports
            return
        jobs = values.mapping("jobs") if isinstance(values, yaml.Mapping) else yaml.EMPTY
        for key in jobs.values:
            steps = jobs.mapping(key).get("steps")
            for step in steps.items if isinstance(steps, yaml.Sequence) else ():
                if not isinstance(step, yaml.Mapping) or "make" not in step.text("run"):
                    continue
                folder = step.text("working-directory")
                for command in script_of(step).commands:
                    if command.starts("cd") or command.starts("pushd"):
                        folder = posixpath.join(folder, *command.bare[1:2])
                    made = Call.of(command)
                    if made is not None:
                        line = line_of(self.source, step, command.start_byte)
                        yield Use(posixpath.join(folder, made.folder), key, self.path, line), made

    @cached_property
    def make_commands(self) -> list[Use]:
        """Every backend directory that a job runs make in."""
        return [use for use, _ in self._backend_calls]

    @cached_property
    def test_commands(self) -> list[Use]:
        """Those in which it makes `test`."""
        return [use for use, made in self._backend_calls if "test" in made.goals]

    @cached_property
    def _backend_calls(self) -> list[tuple[Use, Call]]:
        found = ((_FOLDER.match(use.name), use, made) for use, made in self._calls)
        return [(use._replace(name=folder[1]), made) for folder, use, made in found if folder]

    @cached_property
    def make_targets(self) -> list[Use]:
        """Every target of the root Makefile that a job makes."""
        return [
            use._replace(name=goal)
            for use, made in self._calls
            for goal in made.goals
            if not use.name and re.fullmatch(r"[a-z][\w.-]*", goal)
        ]

    @property
    def comments(self) -> str:
        """The text of all comments."""
        return self.source.comments if self.source else ""

    def place(self, pair: Pair) -> Place:
        """The line of an output or a job."""
        return required(self.source, self.path, "the extra tests").place(pair.node)

    def value(self, pair: Pair) -> str:
        """The value of an output."""
        return self.source.scalar(pair.value) if self.source else ""

    def emitted(self, pair: Pair) -> str:
        """The output of the path filter that an output hands on; "" where it is none."""
        found = re.search(r"outputs\.([\w-]+)|outputs\['([\w-]+)'\]", self.value(pair))
        return (found[1] or found[2]) if found else ""

    def registrations(self, name: str) -> Iterable[Registration]:
        for output in self.outputs:
            if output.key == name:
                yield self._at(output, "output")
        for job in self.jobs:
            if job.key in (f"tests-{name}", f"tests-{name}-grpc"):
                yield self._at(job, f"job {job.key}")

    def remove(self, removal: Removal) -> None:
        source = self.source
        if source is None:
            return
        for output in self.outputs:
            if output.key == removal.name:
                removal.drop(source, output.node.start_byte, source.item_end(output.node))
        waits: dict[str, set[str]] = {}
        for use in self.output_uses:
            waits.setdefault(use.job, set()).add(use.name)
        for job in self.jobs:
            awaited = waits.get(job.key, set()) - {"run-all"}
            own = job.key in (f"tests-{removal.name}", f"tests-{removal.name}-grpc")
            if awaited == {removal.name} or (own and not awaited):
                removal.drop(source, job.node.start_byte, source.item_end(job.node))
            elif removal.name in awaited:
                removal.ask(self.path, f"job {job.key} waits for {removal.name} among others")

    def references(self, name: str) -> Iterable[Registration]:
        for job in self.jobs:
            waits = ["waits for it"] if (job.key, name) in self._waiting else []
            makes = ["makes it"] if (job.key, name) in self._making else []
            if (waits or makes) and job.key not in (f"tests-{name}", f"tests-{name}-grpc"):
                yield self._at(job, f"job {job.key} ({', '.join(waits + makes)})")

    @cached_property
    def _waiting(self) -> set[tuple[str, str]]:
        """Job and backend, of every job that reads a backend's output."""
        return {(use.job, use.name) for use in self.output_uses}

    @cached_property
    def _making(self) -> set[tuple[str, str]]:
        """Job and backend, of every job that runs make in the directory of a backend."""
        return {(use.job, use.name.rpartition("/")[2]) for use in self.make_commands}

    def _at(self, pair: Pair, what: str) -> Registration:
        assert self.source is not None
        first, last = self.source.line(pair.node.start_byte), self.source.item_end(pair.node) - 1
        return Registration(self.name, self.path, first, what, self.source.line(last))

    def add(self, addition: Addition) -> None:
        source, backend = self.source, addition.backend
        if source is None or not self.jobs:
            return
        alike = [job for job in self.jobs if job.key.endswith("-grpc")]
        jobs = []
        if backend.kind != "llama-fork":  # which has no tests of its own
            named = {job.key.removeprefix("tests-"): job for job in self.jobs}
            relative = addition.nearest(named)
            after = named[relative] if relative else self.jobs[-1]
            jobs.append((after, list(self._job(backend, source))))
        elif not backend.test_model:
            what = f"test {backend.name} with a model, like tests-llama-cpp-grpc (--test-model)"
            addition.ask(self.path, what)
        if backend.test_model and alike:
            jobs.append((alike[-1], list(self._image_job(backend, source))))
        if self.outputs and jobs:
            self._add_output(addition, source)
        for after, lines in jobs:
            indent = " " * (after.node.start_byte - source.line_start(after.node.start_byte))
            text = "".join(f"{indent}{line}\n" if line else "\n" for line in lines)
            addition.insert(self.path, source.item_end(after.node), text)
            addition.expect(self.path, {"runs-on": "ubuntu-latest"})

    def _add_output(self, addition: Addition, source: YamlSource) -> None:
        name = addition.backend.name
        named = {output.key: output for output in self.outputs}
        relative = addition.nearest(named)
        after = named[relative] if relative else self.outputs[-1]
        indent = " " * (after.node.start_byte - source.line_start(after.node.start_byte))
        value = f"${{{{ steps.detect.outputs.{name} }}}}"
        addition.insert(self.path, source.item_end(after.node), f"{indent}{quote(name, '')}: {value}\n")
        addition.expect(self.path, value)

    def _started(self, job: str, name: str) -> Iterable[str]:
        """The head of a job, and when it runs."""
        yield f"{job}:"
        if self.outputs:
            changed = f"needs.{DETECT}.outputs"
            yield f"  needs: {DETECT}"
            yield f"  if: {changed}.{name} == 'true' || {changed}.run-all == 'true'"
        yield "  runs-on: ubuntu-latest"

    def _cloned(self, source: YamlSource) -> Iterable[str]:
        yield "  steps:"
        yield "    - name: Clone"
        yield f"      uses: {self._action(source, 'actions/checkout', 'v4')}"
        yield "      with:"
        yield "        submodules: true"

    def _go(self, source: YamlSource) -> Iterable[str]:
        yield "    - name: Setup Go"
        yield f"      uses: {self._action(source, 'actions/setup-go', 'v5')}"
        yield "      with:"
        yield "        go-version-file: go.mod"

    def _image_job(self, backend: Backend, source: YamlSource) -> Iterable[str]:
        """The job that builds the image and tests it with a real model."""
        name = backend.name
        yield from self._started(f"tests-{name}-grpc", name)
        yield "  timeout-minutes: 90"
        yield from self._cloned(source)
        yield from self._go(source)
        yield f"    - name: Build {name} backend image and run gRPC e2e tests"
        yield f"      run: make test-extra-backend-{name}"

    def _job(self, backend: Backend, source: YamlSource) -> Iterable[str]:
        name = backend.name
        yield from self._started(f"tests-{name}", name)
        yield from self._cloned(source)
        yield "    - name: Dependencies"
        yield "      run: |"
        yield from (f"        {command}" for command in DEPENDENCIES[backend.lang])
        if backend.lang == "go":
            yield from self._go(source)
            yield "    - name: Generate the protobuf code"
            yield "      run: make protogen-go"
        if backend.lang == "python":
            yield f"    - name: Install {name}"
            yield f"      run: make -C {backend.directory}"
        yield f"    - name: Test {name}"
        yield f"      run: make -C {backend.directory} test"

    def _action(self, source: YamlSource, action: str, default: str) -> str:
        """An action at the version that this workflow uses most."""
        used = re.findall(rf"uses: {re.escape(action)}@(\S+)", source.data.decode())
        return f"{action}@{majority(used) or default}"
