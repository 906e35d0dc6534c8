"""Programs in artifacts."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Collection, Iterator
from functools import lru_cache, partial

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.checkout.tree import Tree
from scaffold.pipeline.artifacts import DOWNLOAD
from scaffold.pipeline.commands import value_of
from scaffold.pipeline.expressions.templates import template
from scaffold.pipeline.expressions.values import HOLE, HOLE_END, is_known, shown
from scaffold.pipeline.flows import Flow, flows_of
from scaffold.pipeline.model import Job
from scaffold.pipeline.patterns import lines
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.scopes import StepRun
from scaffold.pipeline.steps import CHECKOUT, Step
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.shell import Command


class ExecBit(PipelineRule):
    """A downloaded program is made executable before it is run.

    Why: an artifact is a zip file without permissions. `./tool` fails with `Permission denied`, and where
    a script falls back to building the tool itself, the artifact is never used and nobody notices.

    Fails:

        - uses: actions/download-artifact@v4
          with: {name: cli, path: bin}
        - run: ./bin/cli --version

    Passes:

        - run: |
            chmod +x ./bin/cli
            ./bin/cli --version

    The file may be all of the artifact, or one of a folder: there too, what is run below the folder of the
    download and is no file of the repository came out of the artifact.

    Fix: `scaffold check --fix` adds the `chmod`.
    """

    severity = Severity.warning
    fixable = True

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Files of downloaded artifacts that a later script runs without a chmod before."""
        reported: set[Step] = set()
        seen: set[tuple[Step, frozenset[tuple[str, str]]]] = set()
        for run in registry.runs.all():
            if not run.uses(DOWNLOAD):
                continue
            flows = flows_of(run)
            for wanted in flows.downloads:
                if wanted.at.step.action != DOWNLOAD or not _runs_files(wanted.at.job.job):
                    continue
                on_windows = wanted.at.job.context("runner").get("os") == "Windows"
                if not on_windows and is_known(wanted.name):
                    taken = flows.taken(wanted)
                    held = frozenset(place for upload in taken for place in _files(wanted, upload))
                    if not held or (wanted.at.step, held) in seen:
                        continue
                    seen.add((wanted.at.step, held))
                    found = _executed(wanted, held, registry.tree)
                    if found is not None and found[0] not in reported:
                        step, program = found
                        reported.add(step)
                        yield self.finding(
                            step.line_of(program),
                            "",
                            f"{step.title} {posixpath.basename(program)}",
                            f"{program} comes out of {_called(wanted)}, which keeps no permissions, and"
                            " is run",
                            f"chmod +x {program} before",
                            fix=partial(_make_executable, step, program) if _is_block(step) else None,
                        )


@lru_cache(maxsize=1024)
def _runs_files(job: Job) -> bool:
    """Whether a script of a job may run a file that is none of the repository."""
    read = job.workflow.pipeline.read
    scripts = [o.step.script for o in job.occurrences if o.step.run]
    words = {_program(command) for script in scripts for command in script.commands}
    odd = any(w.startswith("$") or ("/" in w and read(posixpath.normpath(w)) is None) for w in words)
    return odd or any(b"GITHUB_PATH" in script.data for script in scripts)


def _called(wanted: Flow) -> str:
    return f"the artifact {shown(wanted.name)}" if wanted.exact else "an artifact"


def _files(wanted: Flow, upload: Flow) -> Iterator[tuple[str, str]]:
    """Where a download puts what an artifact holds: the folder, and the file or folder that the artifact is.

    The file is "" where nobody says which. A pattern makes a folder for each artifact.
    """
    folder = _from_root(wanted.at.input("path") or ".", ".")
    if not wanted.exact and wanted.at.input("merge-multiple") != "true":
        folder = posixpath.normpath(posixpath.join(folder, upload.name))
    paths = list(lines(upload.at.input("path")))
    plain = [posixpath.normpath(path) for path in paths if not re.search(r"[*?\[!]", path)]
    apart = len({path.startswith("/") for path in plain}) > 1
    if len(plain) == len(paths) > 1 and not apart:
        above = posixpath.commonpath([posixpath.dirname(path) or "." for path in plain]) or "."
        yield from ((folder, posixpath.relpath(path, above)) for path in plain)
        return
    if len(plain) == len(paths) == 1:
        yield folder, posixpath.basename(plain[0])
    yield folder, ""


_INSTALLED = r"(?:^|/)(?:\.?v?env|node_modules)/"
"""A folder that a package manager fills where it stands."""
_ASKS = r"(?:\[\[?|\btest\b)[^\n;|]*\s-x\s+\S*(?:{0}|\$)|\b(?:command|type|which)\s[^\n;|]*{0}"
"""How a script asks whether a program can be run."""


def _executed(wanted: Flow, held: frozenset[tuple[str, str]], tree: Tree) -> tuple[Step, str] | None:
    """The first later step that runs a file of an artifact, and the file as it is called there."""
    occurrences = wanted.at.job.job.occurrences
    start = next(n for n, occurrence in enumerate(occurrences) if occurrence.step is wanted.at.step)
    alone = not any(map(_may_bring_files, (o.step for o in occurrences)))
    unpacked = _Unpacked(held, alone)
    if "." in unpacked.folders:
        unpacked.before += [command for o in occurrences[:start] for command in o.step.script.commands]
    on_path: list[str] = []
    later = (wanted.at.job.bind(o) for o in occurrences[start + 1 :] if o.step.run)
    for step in (step for step in later if step.in_job is not False):
        if any(b"chmod" in (tree.read(path) or b"") for path in step.step.scripts):
            return None  # nobody knows of which files
        at = posixpath.normpath(step.step.node.text("working-directory") or ".")
        unpacked.text += step.step.script.bare.decode()
        for command in step.step.script.commands:
            if command.starts("cd") and len(command.bare) > 1 and "$" not in command.bare[1]:
                at = posixpath.normpath(posixpath.join(at, command.bare[1]))
            word = _program(command)
            if unpacked.lacks_permission(word, _path(word, at, step, on_path), tree):
                return step.step, word
            unpacked.files |= _moved(command, at, unpacked.files)
            unpacked.before.append(command)
        on_path += (_from_root(found, at) for found in re.findall(_ON_PATH, step.step.run))
    return None


def _may_bring_files(step: Step) -> bool:
    """Whether a step that is no script may put files of others into the checkout, as another repository's."""
    other = step.action == CHECKOUT and "repository" in step.given
    return not step.run and (other or not step.action.startswith("actions/"))


class _Unpacked:
    """What the files of an artifact are to the commands behind its download."""

    def __init__(self, held: frozenset[tuple[str, str]], alone: bool) -> None:
        self.files = {posixpath.normpath(posixpath.join(own, file)) for own, file in held}
        self.folders = sorted({own for own, _ in held})
        self.alone = alone
        """Whether nothing but the download and the job's own scripts puts files into the checkout."""
        self.text = ""
        """The scripts so far, without comments."""
        self.before: list[Command] = []
        """The commands that have run, of which one may have made a file, or made it executable."""

    def lacks_permission(self, word: str, path: str, tree: Tree) -> bool:
        """Whether a program, as a command spells it and from the root, is a file without its permission."""
        if path in self.folders or re.match(r"[A-Za-z_]\w*=", path):
            return False  # what a variable holds is nothing, or a variable for `env`
        base, own = posixpath.basename(path), self._folder_of(path)
        spelled = "/" in word or word.startswith("$")  # not found by the PATH
        inside = spelled and own and self._may_hold(path, own) and tree.read(path) is None
        held = path in self.files or (inside and not any(_touches(c, path, own) for c in self.before))
        if not held or any(_makes_executable(c, base, own) for c in self.before):
            return False
        return re.search(_ASKS.format(re.escape(base)), self.text) is None

    def _folder_of(self, path: str) -> str:
        """The folder of a download that a path is below; "" for none."""
        here = "." if "." in self.folders else ""
        return next((folder for folder in self.folders if path.startswith(f"{folder}/")), here)

    def _may_hold(self, path: str, own: str) -> bool:
        """Whether the artifact may hold a path of its folder, of which nobody says all files."""
        if re.search(_INSTALLED, path) or (
            own == "." and (not self.alone or path.startswith(("/", "~", "$", "..")) or not is_known(path))
        ):
            return False
        return own in self.files or any(path.startswith(f"{file}/") for file in self.files)


def _program(command: Command) -> str:
    """The program that a command runs, or has run by another one; "" for a mere expression.

    That may be a variable for `env`, several words, or none.
    """
    word = command.bare[0] if command.bare else ""
    if word.startswith("${{") and template(word).only is not None:
        return ""
    if word == "xargs":
        pairs = itertools.pairwise(command.bare)
        return next((w for last, w in pairs if not w.startswith("-") and last not in _XARGS_OPERANDS), "")
    nested = len(command.bare) > 2 and word in ("bash", "sh") and command.bare[1] in ("-c", "-ec", "-lc")  # noqa: PLR2004
    return re.split(r"[\s;&|]", command.bare[2].strip(), maxsplit=1)[0] if nested else word


_XARGS_OPERANDS = ("-a", "-I", "-n", "-P", "-L", "-d", "-E", "-s")
"""Options of xargs with another word behind them."""


def _moved(command: Command, at: str, files: Collection[str]) -> set[str]:
    """Where a command puts files of an artifact: a copy has no more permissions."""
    words = [word for word in command.bare[1:] if not word.startswith("-")]
    if command.bare[:1] not in (("mv",), ("cp",)) or len(words) != 2 or _from_root(words[0], at) not in files:  # noqa: PLR2004
        return set()
    target = _from_root(words[1], at)
    return {target, posixpath.join(target, posixpath.basename(words[0]))}


_ON_PATH = (
    r"\becho\s++[\"']?(?:\$PWD/|\$\{PWD\}/|\$\(pwd\)/)?((?:(?!\becho\b)[^\"'\n])*?[^\"'\s])[\"']?"
    r"\s*+>>\s*+[\"']?\$\{?GITHUB_PATH"
)


def _path(word: str, at: str, step: StepRun, on_path: list[str]) -> str:
    """The path of the program that a command runs, from the root; "" for one of the system."""
    if "/" not in word and not word.startswith("$"):
        return next((posixpath.normpath(posixpath.join(folder, word)) for folder in on_path if word), "")
    return _from_root(value_of(word, step) if "$" in word else word, at)


def _from_root(path: str, at: str) -> str:
    """A path as it is called from the root of the repository, which a script names in several ways."""
    for root, named in _ROOTS.items():
        inner = re.sub(rf"^(?:{root})(?:/|$)", named, path)
        if inner != path:
            return posixpath.normpath(inner)
    return posixpath.normpath(posixpath.join(at, path))


_ROOTS = {
    rf"\$GITHUB_WORKSPACE|\$\{{GITHUB_WORKSPACE\}}|{HOLE}github\.workspace{HOLE_END}": "./",
    rf"\$RUNNER_TEMP|\$\{{RUNNER_TEMP\}}|{HOLE}runner(?:@[^{HOLE_END}]*)?\.temp{HOLE_END}": "/RUNNER_TEMP/",
}
"""How a folder of the runner is named, and as what it is known here."""


def _touches(command: Command, path: str, folder: str) -> bool:
    """Whether a command may have made a file: it names the file or a folder of it, and not to look."""
    if command.bare[:1] and command.bare[0] in ("ls", "file", "cat", "echo", "test", "[", "du", "find"):
        return False
    base = posixpath.basename(path)
    named = (posixpath.normpath(word) for word in command.words)
    inner = f"/{path.removeprefix(folder).strip('/')}"
    return any(base in w or w == folder or f"/{posixpath.basename(w)}/" in inner for w in named) or (
        command.starts("tar") or command.starts("unzip") or command.starts("make")
    )


def _makes_executable(command: Command, base: str, folder: str) -> bool:
    """Whether a command gives its permission to a file, or to many at once, as `find -exec` does too."""
    words = command.words
    modes = words[words.index("chmod") + 1 :] if "chmod" in words else ()
    mode = next((word for word in modes if not re.fullmatch(r"-[Rcfv]+|--.*", word)), "")
    if mode and not _allows_to_run(mode):
        return False
    installs = command.starts("install") and any(re.match(r"-\w*m|--mode", word) for word in words)
    if not modes and not installs and not any("os.chmod(" in word for word in words):
        return False
    many = words[:1] == ("xargs",)
    return many or any(
        base in w or re.search(r"[*?$]|^-R", w) or posixpath.normpath(w) == folder for w in words
    )


def _allows_to_run(mode: str) -> bool:
    """Whether a mode of `chmod` may have an `x`; an `X` is for what has one already."""
    if re.fullmatch(r"[0-7]+", mode):
        return any(digit in "1357" for digit in mode[-3:])
    clauses = re.fullmatch(r"[ugoa]*[-+=][rwxXst]*(?:,[ugoa]*[-+=][rwxXst]*)*", mode)
    return clauses is None or re.search(r"[+=][rwXst]*x", mode) is not None


def _is_block(step: Step) -> bool:
    node = step.node.get("run")
    return isinstance(node, yaml.Scalar) and node.style == "|"


def _make_executable(step: Step, program: str, changes: ChangeSet) -> None:
    node = step.node.values["run"]
    start = step.source.line_end(node.start)
    line = step.source.slice(start, step.source.line_end(start))
    indent = line[: len(line) - len(line.lstrip())]
    changes.add(Edit(step.path, start, start, f"{indent}chmod +x {program}\n"))
