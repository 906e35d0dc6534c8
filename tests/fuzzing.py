"""Altered inputs of every kind, and what must hold for each of them.

An input is real in its shape: a file of the miniature, an answer, a command line, altered in a few places
by what hypothesis draws. Whatever it is, nothing escapes but the errors that are documented, no exit code
but the documented ones is returned, nothing that is printed acts on a terminal or in a log, and nothing is
written where it should not be.
"""

from __future__ import annotations

import gc
import io
import json
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple

from hypothesis import strategies as st

from scaffold.checkout.tree import Overlay, WorkTree
from scaffold.cli.main import main
from scaffold.errors import ScaffoldError, ShapeError
from scaffold.operations import check, new, workers
from scaffold.pipeline.expressions.templates import condition, template
from scaffold.pipeline.expressions.values import Unknown, text_of
from scaffold.registry import Registry
from scaffold.resources import miniature_dir
from scaffold.rules import all_rules
from scaffold.rules.suppressions import Suppressions
from scaffold.syntax import dockerfile, yaml_events, yaml_values
from scaffold.syntax.cpp import CppSource
from scaffold.syntax.golang import GoSource
from scaffold.syntax.javascript import JsSource
from scaffold.syntax.make import MakeSource
from scaffold.syntax.python import PythonSource
from scaffold.syntax.rust import RustSource
from scaffold.syntax.shell import ShellSource
from scaffold.syntax.yaml import YamlSource
from tests.consumers import files, git

SECONDS = 20
"""Processor time for one input. The slowest take 2 s: a parser that is stopped."""
EXIT_CODES = (0, 1, 2, 3)

SUPPRESSIONS = b"""[[suppress]]
rule = "matrix-darwin-missing"
backend = "rookery"
reason = "its engine needs CUDA"
match = "x"
"""
MORE = {
    ".scaffold.toml": SUPPRESSIONS,
    ".github/workflows/more.yml": b"""on: {push: {paths: [a/**, '!b']}, workflow_dispatch: {inputs: {a: {default: 1}}}}
concurrency: {group: 'x-${{ github.ref }}', cancel-in-progress: true}
jobs:
  a:
    runs-on: ${{ matrix.os }}
    strategy: {matrix: {os: [x, y], include: [{os: z, b: 1}], exclude: [{os: x}]}, fail-fast: false}
    outputs: {o: '${{ steps.s.outputs.o }}'}
    steps:
      - uses: actions/cache@v4  # scaffold: allow key-hard-codes-axis it is one
        with: {key: 'k-${{ hashFiles(''a'') }}', path: p, restore-keys: "k-\\nj-"}
      - {id: s, run: "echo o=1 >> $GITHUB_OUTPUT\\nbrew install a && docker push r/i:t"}
      - {uses: docker/build-push-action@v6, with: {file: backend/Dockerfile.python, tags: 'a/b:${{ matrix.b }}', push: true}}
  b: {needs: [a], if: "needs.a.outputs.o == '1' || always()", uses: ./.github/workflows/backend.yml}
""",
}

TOKENS = tuple(
    token.encode()
    for token in (
        *"\n \t'\"`\\$#&*!|>%@-?:,.;=~^+/<()[]{}0a\0\r\x1b\x7f",
        "\r\n", "\x85", "\u2028", "\ufeff", "\u202e", "\xa0", "\U0001f600", "é", "İ", "ﬀ", "٣", "²", "\n\n", "\n---\n", "\n...\n", "- ", ": ", " #", "'''",
        '"""', "/*", "*/", "//", "${{", "}}", "$(", "${", "$$", "$@", "`x`", "<<EOF\n", "EOF\n", "<<: *a", "&a ", "*a", "!!merge <<", "!!binary x",
        "!x ", "|\n", ">-\n", "? ", "[[", "]]", "{}", "[]", "null", "true", "~", "0x1F", "1e999", "9" * 30, "-1", "NaN", "1.5", "..", "../../x", "/etc/passwd",
        "a/../b", "**", "::error::x", "##[x]", "||", "&&", "if ", "fi\n", "then\n", "endif\n", "else\n", "ifeq ($(A),b)\n", "define x\n", "endef\n", "\t",
        "FROM x AS y\n", "COPY --from=y a b\n", "RUN <<E\n", "ARG A=${A}\n", "\\\n", "func f() {", "}\n", "class C:\n", "fn f() {", "return ", "export ",
        "=> ", "=== ", "import x from './y.mjs'\n", "matrix.", "needs.", "github.event.", "fromJSON(", "format('{0}', ", "toJSON(", "rookery", "lark", "finch-tts",
        "-cpu-", "cuda12", "latest-", "backend/python/rookery", "runs-on: ", "needs: [a, b]", "- run: x", "uses: ./x", "with: {a: b}", "steps:\n", "jobs:\n",
        "[[suppress]]\n", "# scaffold: allow x y", "a.b.c = 1\n", "-r x.txt\n", "git+https://github.com/a/b", "name: ", "capabilities:\n", "| a | b |\n",
    )
)  # fmt: skip
"""What has a meaning somewhere, and what is near to it."""

KINDS = (
    "insert", "insert", "replace word", "replace word", "delete", "delete line", "repeat word", "repeat line", "nest", "flip", "truncate",
    "splice", "swap lines", "line ends", "encoding", "indent", "case",
)  # fmt: skip
WHOLE = 1 << 16
"""A place is drawn as a part of the whole, so that it means one in every file."""


class Change(NamedTuple):
    """One alteration of a text."""

    kind: str
    at: int
    size: int
    token: bytes


CHANGES = st.lists(
    st.builds(
        Change,
        st.sampled_from(KINDS),
        st.integers(0, WHOLE - 1),
        st.integers(0, WHOLE - 1),
        st.sampled_from(TOKENS),
    ),
    min_size=1,
    max_size=4,
)
WORD = re.compile(rb"[\w./-]+|[^\w\s]")


def altered(data: bytes, changes: Iterable[Change], other: bytes = b"") -> bytes:
    """A text under some changes; `other` is another text, of which a piece may be taken."""
    for change in changes:
        data = _altered(data, change, other)
    return data[:200_000]


def _altered(data: bytes, change: Change, other: bytes) -> bytes:  # noqa: PLR0912
    at = len(data) * change.at // WHOLE
    end = min(at + 1 + 200 * change.size**2 // WHOLE**2, len(data))
    start = data.rfind(b"\n", 0, at) + 1
    behind = data.find(b"\n", at) + 1 or len(data)
    line = data[start:behind]
    word = WORD.search(data, at)
    low, high = word.span() if word else (at, end)
    times = 1 + 40 * change.size // WHOLE
    match change.kind:
        case "insert":
            return data[:at] + change.token + data[at:]
        case "replace word":
            return data[:low] + change.token + data[high:]
        case "delete":
            return data[:at] + data[end:]
        case "delete line":
            return data[:start] + data[behind:]
        case "repeat word":
            return data[:low] + (data[low:high] + change.token[:1]) * times + data[high:]
        case "repeat line":
            return data[:start] + line * times + data[behind:]
        case "nest":
            return data[:at] + change.token * (times * times) + data[at:]
        case "flip":
            return (
                data[:at]
                + bytes(byte ^ (1 << change.size % 8) for byte in data[at : at + 1])
                + data[at + 1 :]
            )
        case "truncate":
            return data[:at]
        case "splice":
            piece = len(other) * change.size // WHOLE
            return data[:at] + other[piece : piece + 300] + data[at:]
        case "swap lines":
            after = data.find(b"\n", behind) + 1 or len(data)
            return data[:start] + data[behind:after] + line + data[after:]
        case "line ends":
            ends = (b"\r", b"\r\n", "\x85".encode(), "\u2028".encode(), b"\n\n", b"")
            return data.replace(b"\n", ends[change.size % len(ends)])
        case "encoding":
            text = data.decode(errors="replace")
            return text.encode(
                ("utf-16", "latin-1", "utf-8-sig", "utf-32", "cp037")[change.size % 5], "replace"
            )
        case "indent":
            return data[:start] + b" " * (times % 9) + line.lstrip(b" ") + data[behind:]
        case _:
            return data[:low] + data[low:high].swapcase() + data[high:]


class Base(WorkTree):
    """The miniature and a few files more."""

    def content(self, path: str) -> bytes | None:
        return MORE[path] if path in MORE else super().content(path)

    def list(self, folder: str) -> list[str]:
        more = (path.rpartition("/") for path in MORE)
        return sorted({*super().list(folder), *(name for where, _, name in more if where == folder)})


class Recorder(Base):
    """It knows what it was asked for."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked: set[str] = set()

    def content(self, path: str) -> bytes | None:
        self.asked.add(path)
        return super().content(path)


BASE = Base(miniature_dir())
PATHS = tuple(path for path in (*BASE.files(""), *MORE) if BASE.read(path))


# --- readers -------------------------------------------------------------------------------------

_VALUES = (str, bytes, int, float, bool, type(None), type, FunctionType, WorkTree, Overlay, ShapeError)
_NOT_ASKED = {"tree", "root", "node", "nodes", "parsed"}
"""Attributes that hold the checkout, or what only an editor asks for and may refuse."""


def touch(thing: Any, depth: int = 4, seen: set[int] | None = None) -> None:
    """Ask an object of the program for all that it says of itself, and what that says in turn."""
    seen = set() if seen is None else seen
    if depth < 0 or isinstance(thing, _VALUES) or id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, Mapping):
        thing = [*thing.values()]
    if isinstance(thing, (list, tuple, set, frozenset)) and not hasattr(thing, "_fields"):
        for one in [*thing][:25]:
            touch(one, depth - 1, seen)
        return
    kind = type(thing)
    if kind.__module__.startswith("scaffold.") and "Tree" not in kind.__name__:
        for name in dir(kind):
            if not name.startswith("_") and name not in _NOT_ASKED and _is_fact(getattr(kind, name)):
                touch(getattr(thing, name), depth - 1, seen)


def _is_fact(attribute: Any) -> bool:
    return isinstance(attribute, (property, cached_property))


SURFACES = (
    "matrix", "gallery", "makefile", "path_filter", "bump_deps", "importers", "capabilities", "test_jobs", "darwin", "docs", "build_context", "builds",
    "hardware", "dependabot",
)  # fmt: skip
NAMES = ("rookery", "lark", "heron", "kestrel")


def _surface(name: str) -> Callable[[Registry], None]:
    def read(registry: Registry) -> None:
        surface = getattr(registry, name)
        touch(surface, 3)
        for backend in NAMES if hasattr(surface, "registrations") else ():
            list(surface.registrations(backend))
            list(surface.references(backend))

    return read


def _joined(registry: Registry) -> None:
    touch(registry, 1)
    for name in NAMES:
        registry.kind(name), registry.modality(name), registry.variants(name), registry.own_files(name)


def _suppressions(registry: Registry) -> None:
    Suppressions.read(registry.tree)


READERS: dict[str, Callable[[Registry], None]] = {
    **{name: _surface(name) for name in SURFACES},
    **{f"files of {name}": lambda registry, name=name: touch(registry.files(name), 2) for name in NAMES},  # type: ignore[misc]
    "join": _joined,
    "workflows": lambda registry: touch(registry.pipeline, 5),
    "suppressions": _suppressions,
}


@cache
def readers_of(path: str) -> tuple[str, ...]:
    """The readers that look at a file."""
    return tuple(reader for reader, paths in _asked().items() if path in paths)


@cache
def _asked() -> dict[str, set[str]]:
    found = {}
    for name, read in READERS.items():
        tree = Recorder(miniature_dir())
        read(Registry(tree))
        found[name] = tree.asked - {"backend/index.yaml"} if name != "gallery" else tree.asked
    return found


SYNTAX: dict[str, Callable[[str, bytes], Any]] = {
    "sh": ShellSource, "go": GoSource, "py": PythonSource, "rs": RustSource, "cpp": CppSource, "mjs": JsSource, "js": JsSource, "Makefile": MakeSource,
    "yaml": YamlSource, "yml": YamlSource,
}  # fmt: skip
"""Ending of a name -> what reads such a file."""


def read_altered(path: str, data: bytes) -> None:
    """Let every reader of a file read another content of it."""
    kind = SYNTAX.get(path.rpartition("/")[2].rpartition(".")[2])
    if kind is not None:
        documented(lambda: touch(kind(path, data)))
    if kind is YamlSource:
        documented(lambda: yaml_events.document(YamlSource(path, data)))
        documented(lambda: yaml_values.read(YamlSource(path, data)))
    if "Dockerfile" in path:
        touch(dockerfile.read(path, data))
    for name in readers_of(path):
        documented(lambda name=name: READERS[name](Registry(Overlay(BASE, {path: data}))))  # type: ignore[misc]


def documented(act: Callable[[], Any]) -> None:
    """Do something that may refuse its input, with the documented error and in one line."""
    try:
        act()
    except ShapeError as error:
        assert len(str(error)) < 2000, "an error of one line"


def check_altered(contents: Mapping[str, bytes | None]) -> None:
    """Check the miniature with other contents of some files, under all rules."""
    scope = check.Scope(select=tuple({rule.group for rule in all_rules()}))
    documented(lambda: check.run(Overlay(BASE, contents), scope))


EXPRESSIONS = (
    b"${{ github.event_name == 'push' && (needs.a.outputs['x'] != '' || !cancelled()) }}",
    b"a-${{ format('{0}-{1}', matrix.os, fromJSON('[1, 2]')[0]) }}-${{ hashFiles('**/go.sum', 'x') }}",
    b"${{ contains(github.event.pull_request.labels.*.name, 'x') && toJSON(github) || inputs.a }}",
    b"${{ startsWith(github.ref, 'refs/tags/') && 0x1F > -1.5e3 && join(matrix.*, ',') }}",
)


class _Event:
    """A scope in which some things are known."""

    def context(self, name: str) -> Any:
        known = {
            "github": {"event_name": "push", "ref": "x", "event": {"a": [1, None]}},
            "matrix": {"os": "x", "n": 1},
        }
        return known.get(name, Unknown(name))

    def status(self, function: str) -> Any:
        return function == "always"


def read_expression(data: bytes) -> None:
    """Read a text with expressions, as a text and as a condition, and evaluate it."""
    text = data.decode(errors="replace")
    for read in (template(text), condition(text)):
        touch(read)
        for context in ("github", "matrix", "needs"):
            list(read.names(context))
        text_of(read.value(_Event()))


# --- answers -------------------------------------------------------------------------------------

_ODD = st.one_of(
    st.text(max_size=12),
    st.sampled_from([token.decode(errors="replace") for token in TOKENS]),
    st.sampled_from(
        [
            "a" * 300,
            "a|b",
            "${{ x }}",
            "{{ x }}",
            "{% x %}",
            "$(x)",
            "a\tb",
            "a'b",
            'a"b',
            "*/",
            "a # b",
            "- a: b",
        ]
    ),
)


def _answer(*good: Any) -> st.SearchStrategy[Any]:
    return st.one_of(st.sampled_from(good), st.sampled_from(good), st.sampled_from(good), _ODD)


ANSWERS = st.fixed_dictionaries(
    {"name": _answer("ibex", "ibex-2", "wren", "lark", "Ibex", "a" * 63, "cuda-x", "common")},
    optional={
        "lang": _answer("python", "go", "cpp", "rust"),
        "kind": _answer("plain", "pure", "purego", "grpc", "llama-fork", "tonic"),
        "modality": _answer("llm", "tts", "image", "none"),
        "variants": st.lists(_answer("cpu", "cuda12", "vulkan", "metal", "l4t"), max_size=4).map(tuple),
        "upstream": _answer("acme/ibex.cpp", "https://github.com/acme/ibex.git", "a/b"),
        "branch": _answer("main", "a/b", "-x"),
        "pin": _answer("0" * 40, "1f" * 20, "v1.0"),
        "imports": _answer("auto", "pref-only", "none"),
        "description": _ODD,
        "license": _answer("MIT", "Apache-2.0"),
        "url": _answer("https://example.org", "http://a|b", "https://example.org/a#b'c"),
        "tags": st.lists(_ODD, max_size=3).map(tuple),
    },
)


def plan_altered(answers: dict[str, Any], like: str | None, contents: Mapping[str, bytes | None]) -> None:
    """Plan a new backend; a plan adds its own directory and grows what is there, and nothing else."""
    tree = Overlay(BASE, contents)
    try:
        plan = new.plan(tree, dict(answers), like)
    except ScaffoldError as error:
        assert error.exit_code in EXIT_CODES
        return
    for path in (*plan.changes.created, *plan.changes.edited_paths(), *plan.changes.deleted):
        assert ".." not in path.split("/"), path
        assert not path.startswith("/"), path


# --- commands ------------------------------------------------------------------------------------

_FORMATS = {
    "check": ("text", "json", "sarif", "github", "markdown"),
    "status": ("text", "json", "markdown"),
    "show": ("text", "json", "markdown"),
    "affected": ("text", "json"),
    "new-backend": ("text", "json"),
    "remove-backend": ("text", "json"),
}
_PIN = "0123456789abcdef0123456789abcdef01234567"
COMMANDS = (
    ("check",), ("check", "--strict"), ("check", "--base", "HEAD"), ("check", "--select", "pipeline", "--select", "pipeline-notes"), ("check", "--diff"),
    ("check", "--fix"), ("check", "lark"), ("check", "--rev", "HEAD"), ("status",), ("show", "lark"), ("show", "rookery"),
    ("affected", "backend/backend.proto"), ("affected", "Makefile", ".github/backend-matrix.yml"), ("affected", "--base", "HEAD"),
    ("new-backend", "ibex", "--lang", "go", "--dry-run", "--no-input"), ("new-backend", "ibex", "--lang", "python", "--no-input"),
    ("new-backend", "ibex", "--like", "heron", "--upstream", "a/b", "--pin", _PIN, "--no-input"),
    ("remove-backend", "lark", "--dry-run"), ("remove-backend", "rookery", "--force"), ("rename-backend", "lark", "ibex", "--dry-run"),
    ("rename-backend", "rookery", "ibex", "--force"), ("add-variant", "lark", "vulkan"), ("remove-variant", "lark", "metal"), ("rules",),
    ("explain", "matrix-darwin-missing"),
)  # fmt: skip
_OWN = re.compile(r"::(error|warning|notice) (file=[^:]*,line=\d+,endLine=\d+,)?title=[^:]*::")


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, ...]:
    """A command line: one of those that people type, its format, and perhaps a word that nobody expects."""
    words = list(draw(st.sampled_from(COMMANDS)))
    formats = _FORMATS.get(words[0], ())
    if formats and "--diff" not in words:
        words += ["--format", draw(st.sampled_from(formats))]
    if draw(st.integers(0, 4)) == 0:
        odd = draw(_ODD).replace("\0", "0").encode(errors="replace").decode()
        words.insert(draw(st.integers(1, len(words))), odd)
    return tuple(words)


class Checkout:
    """A copy of the miniature with a history, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "LocalAI"
        self._clean: dict[str, bytes] = {}
        self._make()

    def _make(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(miniature_dir(), self.root)
        git(self.root, "init", "--quiet")
        git(self.root, "add", "-A")
        git(self.root, "commit", "--quiet", "-m", "x")
        self._clean = files(self.root)

    def call(self, arguments: tuple[str, ...], contents: Mapping[str, bytes]) -> None:
        """Run a command on the checkout with other contents of some files; see the top of this module."""
        for path, data in contents.items():
            (self.root / path).write_bytes(data)
        before = files(self.root)
        try:
            code, out, err = _run((*arguments, "--repo", str(self.root)))
            self._judge(arguments, code, out, err, before)
        finally:
            gc.collect()  # what holds the descriptors of a command
            if files(self.root) != self._clean or git(self.root, "status", "--porcelain"):
                self._make()

    def _judge(
        self, arguments: tuple[str, ...], code: int, out: str, err: str, before: dict[str, bytes]
    ) -> None:
        if code == 70:
            raise ConfessedError(err)
        assert code in EXIT_CODES, (code, err)
        assert [path.name for path in self.folder.iterdir()] == ["LocalAI"], "something was written outside"
        writes = {"--fix", "new-backend", "remove-backend", "rename-backend", "add-variant", "remove-variant"}
        if code > 1 or not writes & {*arguments} or "--dry-run" in arguments:
            assert files(self.root) == before, "something was written"
        for line in (*out.split("\n"), *err.split("\n")):
            text = re.sub(r"\x1b\[[0-9;]*m", "", line).replace("\t", " ")
            assert text.isprintable(), line
            assert "##[" not in text, line
            assert not text.lstrip().startswith("::") or ("github" in arguments and _OWN.match(text)), line
        if {"json", "sarif"} & {*arguments} and code < 2 and "--format" in arguments:
            json.loads(out)


class ConfessedError(Exception):
    """A command that called itself at fault (exit code 70), with what it printed."""


def _run(arguments: tuple[str, ...]) -> tuple[int, str, str]:
    """The command line in this process: exit code, output, errors."""
    before = sys.argv, sys.stdout, sys.stderr, sys.stdin
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="\n") for _ in range(2))
    sys.argv, sys.stdout, sys.stderr, sys.stdin = ["scaffold", *arguments], out, err, io.StringIO()
    code: Any = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    finally:
        sys.argv, sys.stdout, sys.stderr, sys.stdin = before
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode(errors="surrogateescape"))  # type: ignore[attr-defined]
    return int(code or 0), texts[0], texts[1]


# --- targets -------------------------------------------------------------------------------------


class EndlessError(Exception):
    """An input that took too long."""


@contextmanager
def limited(seconds: int = SECONDS) -> Iterator[None]:
    """Ends what takes more processor time, so that one endless input is one fault."""

    def end(*_: object) -> None:
        raise EndlessError

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextmanager
def one_process() -> Iterator[None]:
    """A check that starts no second process: an exception there would be another one here."""
    before = workers._may_fork
    workers._may_fork = lambda *_: False
    try:
        yield
    finally:
        workers._may_fork = before


def _files(limit: int) -> st.SearchStrategy[dict[str, bytes]]:
    """Altered contents of a few files."""
    one = st.builds(
        lambda path, other, changes: (
            path,
            altered(BASE.read(path) or b"", changes, BASE.read(other) or b""),
        ),
        st.sampled_from(PATHS),
        st.sampled_from(PATHS),
        CHANGES,
    )
    return st.lists(one, min_size=1, max_size=limit).map(dict)


class Target(NamedTuple):
    """Something to feed, with what it is fed with."""

    inputs: st.SearchStrategy[Any]
    feed: Callable[[Any, Checkout], None]


TARGETS: dict[str, Target] = {
    "readers": Target(_files(1), lambda given, _: [read_altered(*one) for one in given.items()] and None),
    "expressions": Target(
        st.builds(altered, st.sampled_from(EXPRESSIONS), CHANGES, st.sampled_from(EXPRESSIONS)),
        lambda given, _: read_expression(given),
    ),
    "check": Target(_files(3), lambda given, _: check_altered(given)),
    "answers": Target(
        st.tuples(ANSWERS, st.sampled_from((None, None, "rookery", "lark", "heron", "kestrel")), st.one_of(st.just({}), _files(1))),
        lambda given, _: plan_altered(*given),
    ),
    "commands": Target(
        st.tuples(calls(), st.one_of(st.just({}), _files(2))), lambda given, checkout: checkout.call(*given)
    ),
}  # fmt: skip


# --- the corpus ----------------------------------------------------------------------------------

CORPUS = Path(__file__).with_name("corpus.jsonl")
"""Inputs that were a fault once: one of them a line."""


def line_of(target: str, value: Any) -> str:
    """An input of a target as a line of the corpus."""
    return json.dumps([target, _plain(value)])


def corpus() -> list[tuple[str, Any]]:
    """Every target of the corpus with its input."""
    return [*map(given_of, CORPUS.read_text().splitlines())]


def given_of(line: str) -> tuple[str, Any]:
    """The target of a line of the corpus, and its input."""
    target, value = json.loads(line)
    return target, _given(value)


def _plain(value: Any) -> Any:
    """A value as JSON has it: bytes as the one member of a mapping, altered files as what is added and cut."""
    if isinstance(value, bytes):
        return {"bytes": value.decode("latin-1")}
    if isinstance(value, tuple):
        return {"tuple": [*map(_plain, value)]}
    if isinstance(value, dict):
        return {
            "dict": [
                [key, _piece(BASE.read(key) or b"", one) if key in PATHS else _plain(one)]
                for key, one in value.items()
            ]
        }
    return [*map(_plain, value)] if isinstance(value, list) else value


def _given(value: Any) -> Any:
    if isinstance(value, list):
        return [*map(_given, value)]
    if not isinstance(value, dict):
        return value
    ((kind, held),) = value.items()
    if kind == "bytes":
        return held.encode("latin-1")
    if kind == "tuple":
        return tuple(map(_given, held))
    return {key: _whole(BASE.read(key) or b"", one) if key in PATHS else _given(one) for key, one in held}


def _piece(before: bytes, after: bytes) -> list[Any]:
    """Another content of a file: how much of its beginning and of its end it keeps, and what is between."""
    most = min(len(before), len(after))
    head = next((n for n in range(most) if before[n] != after[n]), most)
    tail = next((n for n in range(most - head) if before[-1 - n] != after[-1 - n]), most - head)
    return [head, after[head : len(after) - tail].decode("latin-1"), tail]


def _whole(before: bytes, piece: list[Any]) -> bytes:
    head, between, tail = piece
    return before[:head] + between.encode("latin-1") + before[len(before) - tail :]
