"""LocalAI's own script that decides which image builds a change starts, run as it is.

`scripts/changed-backends.js` reads the matrix, asks GitHub's API for the changed files and for
earlier states of files, and writes the jobs to start as outputs. It runs here in the sandbox, whole
and unchanged, in every form that it has had; what it asks of the outside is answered from the
checkout: a pull request with these files, and the state that they had before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from scaffold.checkout.tree import Tree
from scaffold.errors import ShapeError
from scaffold.syntax.javascript import JsSource
from scaffold.syntax.modules import Module, rewrite
from scaffold.syntax.sandbox import SECONDS, Sandbox, ScriptError
from scaffold.syntax.yaml import YamlSource
from scaffold.syntax.yaml_values import plain, read

SCRIPT = "scripts/changed-backends.js"
MEMORY_BYTES = 256 << 20
"""The script copies the matrix several times; its file alone is some 200 KB."""
TESTS_PER_SECOND = 1_000_000
"""Files times matrix entries for which it gets one more second; it needs a tenth of that."""

_HOST = r"""
const __EVENT = "event.json", __OUTPUT = "output";
function __start(question) {
  const state = globalThis.__state = {output: "", asked: [], error: null, done: false};
  const pending = [];
  const text = path => {
    if (path === __EVENT) return JSON.stringify(
      {pull_request: {number: 1, base: {sha: "base"}, head: {sha: "head"}},
       repository: {name: "repository", owner: {login: "owner"}}});
    if (typeof __head[path] === "string") return __head[path];
    throw new Error(`it reads ${path}, which is not in the checkout`);
  };
  const fs = {
    readFileSync: path => text(String(path).replace(/^\.\//, "")),
    existsSync: path => typeof __head[String(path).replace(/^\.\//, "")] === "string",
    appendFileSync: (path, added) => { if (path === __OUTPUT) state.output += added; },
    writeFileSync: (path, added) => { if (path === __OUTPUT) state.output = String(added); },
  };
  const load = read => {
    const value = __parsed[read];
    if (value === undefined) throw new Error("it reads YAML that does not parse");
    return JSON.parse(value);
  };
  class Octokit {
    async request(route, given = {}) {
      if (/^GET .*\/pulls\/\{?\w+\}?\/files$/.test(route)) {
        const size = given.per_page || 30, first = ((given.page || 1) - 1) * size;
        return {status: 200, data: question.files.slice(first, first + size).map(filename => ({filename}))};
      }
      if (/^GET .*\/contents\//.test(route)) {
        state.asked.push(given.path);
        const before = given.path in question.before ? question.before[given.path] : __base[given.path];
        if (typeof before !== "string") throw Object.assign(new Error("Not Found"), {status: 404});
        return {status: 200, data: before};
      }
      throw new Error(`it asks GitHub for ${route}, which has no answer here`);
    }
  }
  const packages = {fs, "node:fs": fs, "js-yaml": {load}, "@octokit/core": {Octokit}};
  for (const [name, value] of Object.entries(packages)) packages[name] = {default: value, ...value};
  const finished = {};
  const process = {
    env: {GITHUB_EVENT_PATH: __EVENT, GITHUB_OUTPUT: __OUTPUT, GITHUB_EVENT_NAME: "pull_request"},
    argv: ["node", __ENTRY],
    exit: code => { if (code) throw new Error(`it ends with ${code}`); throw finished; },
  };
  const quiet = () => {};
  const console = {log: quiet, info: quiet, debug: quiet, warn: quiet, error: quiet};
  const Buffer = {from: () => { throw new Error("it decodes base64, which has no answer here"); }};
  const loaded = {};
  const run = path => loaded[path] ??= __modules[path](
    specifier => imported(path, specifier), promise => pending.push(promise), process, console, Buffer);
  const imported = async (path, specifier) => {
    const local = __local[path][specifier];
    if (local) return await run(local);
    if (specifier in packages) return packages[specifier];
    throw new Error(`it imports ${specifier}, which is not known here`);
  };
  run(__ENTRY).then(() => Promise.all(pending)).catch(error => {
    if (error !== finished) state.error = String(error && error.message || error);
  }).then(() => { state.done = true; });
}
"""


@dataclass(frozen=True, slots=True, order=True)
class Job:
    """One image build, as the matrix names it."""

    os: str
    """`linux` or `darwin`."""
    backend: str
    tag_suffix: str
    platform_tag: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the script answers for one change."""

    jobs: frozenset[Job]
    run_all: bool
    """Whether it says that everything runs, whatever changed."""
    flagged: tuple[str, ...]
    """The outputs that it sets to true beside the matrices: backends, which start their extra tests."""
    asked: frozenset[str]
    """The files whose earlier state it asked for."""


class CiScript:
    """The script of one checkout, with the state before the change."""

    def __init__(self, head: Tree, base: Tree | None) -> None:
        """`base` is None where the earlier state is unknown. Raises ShapeError where there is no script."""
        self.head = head
        self.base = base
        self.modules = self._load()

    def _load(self) -> dict[str, Module]:
        found: dict[str, Module] = {}
        wanted = [SCRIPT]
        while wanted:
            path = wanted.pop()
            if path in found:
                continue
            data = self.head.read(path)
            if data is None and path == SCRIPT:
                raise ShapeError(
                    path,
                    None,
                    "is missing: this checkout has no script that decides which builds a change starts",
                )
            if data is None:
                raise ShapeError(SCRIPT, None, f"imports {path}, which is missing")
            found[path] = rewrite(JsSource(path, data))
            local = map(found[path].local, found[path].imports)
            wanted += [other for other in local if other is not None]
        return found

    def text(self, path: str, *, before: bool = False) -> str | None:
        """A file of the checkout, or of the state before the change."""
        tree = self.base if before else self.head
        data = tree.read(path) if tree is not None else None
        return data.decode(errors="replace") if data is not None else None

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """The files of the checkout that the script names."""
        named = {literal for module in self.modules.values() for literal in module.literals}
        paths = (name.removeprefix("./") for name in sorted(named) if re.fullmatch(r"[\w./-]+\.\w+", name))
        return tuple(path for path in paths if path not in self.modules and self.head.read(path) is not None)

    def values(self, path: str, *, before: bool = False) -> Any:
        """What a YAML file says; None where it is missing or does not parse."""
        text = self.text(path, before=before)
        return json.loads(self._parsed[text]) if text is not None and text in self._parsed else None

    @cached_property
    def _parsed(self) -> dict[str, str]:
        """Text of each YAML file, before and after -> its value as JSON; what does not parse is left out."""
        found: dict[str, str] = {}
        for path in (path for path in self.reads if path.endswith((".yml", ".yaml"))):
            for text in filter(None, (self.text(path), self.text(path, before=True))):
                if text not in found:
                    try:
                        found[text] = json.dumps(plain(read(YamlSource(path, text.encode()), strict=True)))
                    except ShapeError:
                        continue
        return found

    @cached_property
    def _entries(self) -> int:
        """About how many matrix entries it goes through."""
        return sum((self.text(path) or "").count("tag-suffix:") for path in self.reads)

    @cached_property
    def _sandbox(self) -> Sandbox:
        modules = ",\n".join(f"{json.dumps(path)}: {m.function}" for path, m in self.modules.items())
        local = {path: {s: m.local(s) for s in m.imports} for path, m in self.modules.items()}
        constants = {
            "__ENTRY": SCRIPT,
            "__head": {path: self.text(path) for path in self.reads},
            "__base": {path: self.text(path, before=True) for path in self.reads},
            "__parsed": self._parsed,
            "__local": local,
        }
        lines = [f"const {name} = {json.dumps(value)};" for name, value in constants.items()]
        try:
            return Sandbox(
                SCRIPT, "\n".join([*lines, f"const __modules = {{{modules}}};", _HOST]), memory=MEMORY_BYTES
            )
        except ScriptError as error:
            raise self._failed(error) from None

    def ask(self, files: Sequence[str], unchanged: Collection[str] = ()) -> Outcome:
        """What the script answers for a change of `files`, of which `unchanged` were before as they are now.

        Raises ShapeError where the script cannot be run.
        """
        self._sandbox.allow(SECONDS + len(files) * self._entries // TESTS_PER_SECOND)
        before: Mapping[str, str | None] = {path: self.text(path) for path in unchanged}
        question = json.dumps({"files": list(files), "before": before})
        try:
            self._sandbox.evaluate(f"__start({question})")
            self._sandbox.settle()
            state = self._sandbox.evaluate("__state")
        except ScriptError as error:
            raise self._failed(error) from None
        if not isinstance(state, dict) or state.get("error") or not state.get("done"):
            why = state.get("error") if isinstance(state, dict) else None
            raise self._failed(why or "it waits for something that never comes")
        return self._outcome(str(state.get("output")), state.get("asked"))

    def _outcome(self, output: str, asked: Any) -> Outcome:
        outputs = dict(line.split("=", 1) for line in output.splitlines() if "=" in line)
        jobs: set[Job] = set()
        matrices = {name: value for name, value in outputs.items() if re.match(r"matrix(-|$)", name)}
        if not matrices:
            raise self._failed("it names no jobs: expected outputs matrix-...")
        try:
            for name, value in matrices.items():
                os = "darwin" if name.endswith("darwin") else "linux"
                jobs.update(_job(os, entry) for entry in json.loads(value)["include"])
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise self._failed(f"an output {name} is no matrix: {error}") from None
        true = [name for name, value in outputs.items() if value == "true"]
        flagged = tuple(n for n in true if n != "run-all" and not n.startswith("has-"))
        wanted = frozenset(map(str, asked if isinstance(asked, list) else ()))
        return Outcome(frozenset(jobs), outputs.get("run-all") == "true", flagged, wanted)

    def _failed(self, why: object) -> ShapeError:
        return ShapeError(SCRIPT, None, f"cannot be run: {why}")


def _job(os: str, entry: Mapping[str, Any]) -> Job:
    backend, tag_suffix, platform = (entry.get(key) for key in ("backend", "tag-suffix", "platform-tag"))
    return Job(os, str(backend or ""), str(tag_suffix or ""), str(platform or ""))
