"""`check` on repositories that are broken or hostile: an answer or one clear error, soon, no traceback."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold import cage
from scaffold.checkout.tree import Overlay, WorkTree
from scaffold.errors import ShapeError
from scaffold.operations import check
from scaffold.resources import miniature_dir
from tests.consumers import run
from tests.rules.trees import (
    BASE,
    BUMP,
    CAPABILITIES,
    DARWIN,
    DEPENDABOT,
    DOCS,
    FILTER,
    GALLERY,
    IMPORTERS,
    MATRIX,
    PREF_ONLY,
    TEST_EXTRA,
)

SCRIPT = "scripts/changed-backends.js"
PUSH, PULL = ".github/workflows/backend.yml", ".github/workflows/backend_pr.yml"
BASE_IMAGES = ".github/workflows/base-images.yml"
SUPPRESSIONS = ".scaffold.toml"
MODELS = "pkg/model/initializers.go"

FILES = (
    MATRIX, GALLERY, "Makefile", FILTER, SCRIPT, BUMP, TEST_EXTRA, DARWIN, PUSH, PULL, BASE_IMAGES, CAPABILITIES,
    PREF_ONLY, IMPORTERS, DOCS, DEPENDABOT, MODELS, "core/gallery/importers/lark.go", "backend/Dockerfile.python",
    "backend/backend.proto", "backend/go/lark/Makefile", "backend/python/finch-tts/run.sh",
)  # fmt: skip
YAML = tuple(path for path in FILES if path.endswith((".yml", ".yaml")))
EVERYWHERE = ("Makefile", PUSH, BUMP, TEST_EXTRA, SCRIPT, IMPORTERS, MATRIX)
"""The files that every LocalAI of this shape has; without one of them nothing is certain."""

BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 25)
)
BIG = 2_000_000


def cut(part: float) -> Callable[[bytes], bytes]:
    return lambda data: data[: int(len(data) * part)]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut at a tenth": cut(0.1),
    "cut at a third": cut(0.333),
    "cut in the middle": cut(0.5),
    "cut at four fifths": cut(0.8),
    "without its last byte": lambda data: data[:-1],
    "empty": lambda _: b"",
    "one newline": lambda _: b"\n",
    "binary": lambda data: data[:100] + bytes(range(256)) + data[100:],
    "latin-1": lambda data: data + "# caf\xe9\n".encode("latin-1"),
    "CRLF": lambda data: data.replace(b"\n", b"\r\n"),
    "twice": lambda data: data + data,
    "garbage": lambda _: "".join(
        chr(33 + n * 7919 % 5000) + "\n" * (n % 11 == 0) for n in range(20_000)
    ).encode(),
    "bomb": lambda data: BOMB.encode() + data.removeprefix(b"---\n"),
    "another type": lambda _: b"- 1\n- [a, {b: c}]\n",
    "nothing but null": lambda _: b"---\nnull\n...\n",
}
LARGE = {
    "brackets": b"[" * BIG,
    "braces": b"a: {" * (BIG // 4),
    "nested keys": b"a: " * (BIG // 3),
    "nested lists": b"- " * (BIG // 2),
    "one line": b"a" * BIG,
    "lines": b"a\n" * (BIG // 2),
    "parentheses": b"(" * BIG,
    "dollars": b"$(" * (BIG // 2),
    "quotes": b"'\"`" * (BIG // 3),
    "pipes": b"|" * BIG,
}


def scaffold(repo: Path, *options: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "scaffold", "check", "--repo", str(repo), *options]
    result = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        stdin=subprocess.DEVNULL,
        cwd=repo.parent,
        env={**os.environ, cage.SETTING: "2"},
    )
    return result.returncode, result.stdout, result.stderr


def answer(repo: Path, *options: str, codes: tuple[int, ...] = (0, 1, 3)) -> tuple[int, str]:
    """Exit code and report, or the one error, of a check that must end like one."""
    code, out, err = scaffold(repo, *options)
    assert "Traceback" not in out + err
    assert "\x1b" not in out + err
    assert code in codes, (code, out[-2000:], err[-2000:])
    if code < 2:
        assert "error:" not in err
        return code, out
    assert out == ""
    line, *why = err.strip().splitlines()
    assert line.startswith("error: ")
    assert all(more.startswith("  ") for more in why)
    assert len(err) < 1000
    return code, line


def error_at(line: str) -> tuple[str, int | None]:
    """File and line of an error."""
    match = re.match(r"error: ([\w./-]+)(?::(\d+))?: ", line)
    assert match, line
    return match[1], int(match[2]) if match[2] else None


def judge(path: str, data: bytes | None) -> ShapeError | check.Result:
    """What a check makes of the miniature with one file's content replaced."""
    try:
        return check.run(Overlay(BASE, {path: data}), check.Scope())
    except ShapeError as error:
        return error


# --- contents ------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", DAMAGE)
def test_any_content_of_any_file_is_an_answer(damage: str) -> None:
    for path in FILES:
        before = BASE.read(path)
        assert before is not None, path
        outcome = judge(path, DAMAGE[damage](before))
        if isinstance(outcome, ShapeError):
            named = {path, *([FILTER, MATRIX] if path in (FILTER, MATRIX) else ())}
            assert outcome.path in named, (path, outcome)
            assert len(str(outcome)) < 1000


CORE = (MATRIX, GALLERY, "Makefile", FILTER, PUSH, IMPORTERS, SCRIPT)


@pytest.mark.parametrize(
    ("path", "damage"),
    [
        *((path, damage) for path in (*CORE, BUMP, TEST_EXTRA) for damage in ("empty", "garbage", "binary")),
        *((path, "cut in the middle") for path in CORE),
    ],
)
def test_a_broken_registration_file_is_never_clean(path: str, damage: str) -> None:
    before = BASE.read(path)
    assert before is not None
    outcome = judge(path, DAMAGE[damage](before))
    assert isinstance(outcome, ShapeError) or any(f.severity == "error" for f in outcome.findings), path


@pytest.mark.parametrize("path", YAML)
@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("\nkey: 'open\n", 1),
        ("\nkey: [a, b\n", 1),
        ("\n\tkey: x\n", 1),
        ("\n  a: b\n c: d\n", 2),
        ("\n%$@!\n", 1),
    ],
    ids=["quote", "bracket", "tab", "indent", "garbage"],
)
def test_invalid_yaml_is_named_with_its_line(path: str, text: str, at: int) -> None:
    before = BASE.read(path)
    assert before is not None
    data = before.rstrip(b"\n") + text.encode()
    outcome = judge(path, data)
    assert isinstance(outcome, ShapeError), path
    assert outcome.path == path
    assert "is no valid YAML" in outcome.problem
    assert outcome.line is not None
    assert before.count(b"\n") <= outcome.line <= data.count(b"\n") + 1


def test_valid_yaml_in_other_styles_is_read() -> None:
    styles = b"# a comment: with a colon\nother: {a: [1, 2], b: 'x'}\ntext: >-\n  folded\n  text\n"
    for path in (MATRIX, TEST_EXTRA, PUSH):
        data = (BASE.read(path) or b"").removeprefix(b"---\n")
        outcome = judge(path, styles + data)
        assert isinstance(outcome, check.Result), outcome
        assert outcome.findings == ()


def test_windows_line_ends_change_nothing() -> None:
    for path in (p for p in FILES if not p.endswith((".sh", ".py"))):
        outcome = judge(path, DAMAGE["CRLF"](BASE.read(path) or b""))
        assert isinstance(outcome, check.Result), outcome
        assert [(f.rule, f.message) for f in outcome.findings] == [], path


# --- large and hostile files, through the command line -------------------------------------------


@pytest.mark.parametrize(
    ("path", "what"),
    [
        *((MATRIX, what) for what in LARGE),
        *((GALLERY, what) for what in ("brackets", "nested keys", "lines", "quotes")),
        *((FILTER, what) for what in ("brackets", "parentheses", "lines", "quotes")),
        *(("Makefile", what) for what in ("dollars", "one line", "lines", "pipes", "parentheses")),
        *((IMPORTERS, what) for what in ("braces", "parentheses", "lines")),
        *((DOCS, what) for what in ("pipes", "lines")),
        *((SUPPRESSIONS, what) for what in ("brackets", "lines")),
        ("core/gallery/importers/lark.go", "quotes"),
        ("backend/go/lark/Makefile", "dollars"),
        ("backend/Dockerfile.python", "one line"),
        ("backend/python/finch-tts/run.sh", "quotes"),
    ],
)
def test_a_large_file_is_an_answer(miniature: Path, path: str, what: str) -> None:
    (miniature / path).write_bytes(LARGE[what])
    code, line = answer(miniature)
    if code == 3:
        assert path in line


@pytest.mark.parametrize("path", [MATRIX, GALLERY])
def test_a_bomb_of_aliases_is_no_bomb(miniature: Path, path: str) -> None:
    (miniature / path).write_bytes(BOMB.encode())
    answer(miniature, codes=(1, 3))


# --- what is in the file's place -----------------------------------------------------------------


def put_folder(path: Path) -> None:
    path.mkdir()


def put_pipe(path: Path) -> None:
    os.mkfifo(path)


def put_link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(path if target == "itself" else target)


PLACES: dict[str, Callable[[Path], None]] = {
    "nothing": lambda _: None,
    "a folder": put_folder,
    "a pipe": put_pipe,
    "a link to nothing": put_link("nowhere"),
    "a link to itself": put_link("itself"),
    "a link to /dev/zero": put_link("/dev/zero"),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("path", [MATRIX, GALLERY, FILTER, "Makefile"])
def test_something_else_in_the_place_of_a_file(miniature: Path, path: str, place: str) -> None:
    (miniature / path).unlink()
    PLACES[place](miniature / path)
    code, line = answer(miniature, codes=(1, 3))
    if code == 3 and path != FILTER:
        assert error_at(line)[0] in (path, PUSH)


@pytest.mark.parametrize("path", EVERYWHERE)
def test_a_file_that_every_localai_has_is_missed(path: str) -> None:
    outcome = judge(path, None)
    if isinstance(outcome, ShapeError):
        assert "is missing" in outcome.problem
        assert outcome.path == path
    else:
        assert any(f.severity == "error" for f in outcome.findings)


LATER = (CAPABILITIES, PREF_ONLY, BASE_IMAGES, DOCS, DEPENDABOT, MODELS, "core/config/model_config.go")


@pytest.mark.parametrize("path", LATER)
def test_a_file_that_began_later_is_absent_and_not_broken(path: str) -> None:
    outcome = judge(path, None)
    assert isinstance(outcome, check.Result), outcome
    errors = {(f.rule, f.path) for f in outcome.findings if f.severity == "error"}
    assert errors <= {("registration-file-missing", path)}


def test_loops_of_folders_end(miniature: Path) -> None:
    for folder in ("backend/python", "backend/go/lark", "scripts/build", "backend/go/lark/deep"):
        (miniature / folder).mkdir(exist_ok=True)
        (miniature / folder / "loop").symlink_to(miniature / "backend", target_is_directory=True)
        (miniature / folder / "self").symlink_to(".", target_is_directory=True)
    assert answer(miniature)[0] == 1, "what would be a backend is not passed over: file-unread"


def test_a_file_that_may_not_be_read(miniature: Path) -> None:
    if os.geteuid() == 0:
        (miniature / GALLERY).unlink()
        (miniature / GALLERY).symlink_to("/proc/self/mem")
    else:
        (miniature / GALLERY).chmod(0)
    code, line = answer(miniature, codes=(3,))
    assert (code, error_at(line)[0]) == (3, GALLERY)


# --- the path filter -----------------------------------------------------------------------------

START = "export function inferBackendPath(item) {\n"
HOSTILE = {
    "loops": "while (true) {}",
    "recurses": "const again = () => again(); again();",
    "allocates": "const all = []; while (true) all.push('x'.repeat(1e6));",
    "grows a text": "let s = 'x'; while (true) s += s;",
    "throws": "throw new Error('no\\nway');",
    "throws nothing": "throw undefined;",
    "throws itself": "throw { toString() { throw this; } };",
    "searches for ever": "/(a+)+$/.test('a'.repeat(60) + 'b');",
    "sorts for ever": "new Array(1e9).fill(0).sort();",
    "redefines map": "Array.prototype.map = () => 1;",
    "redefines JSON": "JSON.stringify = () => '{';",
    "redefines Map": "globalThis.Map = class {}; globalThis.Set = undefined;",
    "redefines itself": "globalThis.inferBackendPath = undefined;",
    "answers an object": "return { toJSON() { while (true) {} } };",
    "answers a number": "return 7;",
    "answers a function": "return () => 1;",
    "answers what cannot be spelled": "return '\\ud800';",
    "answers a large text": "return 'x'.repeat(3e7);",
    "answers a loop": "const a = []; a.push(a); return a;",
    "answers a promise": "return Promise.resolve('x');",
    "loops in a function of the engine": "return Array(4294967295).join('x');",
    "sorts what is no array": "Array.prototype.sort.call({length: 9007199254740991});",
    "throws what loops as a text": "throw {toString() { return Array(4294967295).join('x'); }};",
    "answers brackets": "JSON.stringify = () => '['.repeat(100000);",
    "answers a large number": "JSON.stringify = () => '9'.repeat(5000);",
    "answers a BigInt": "JSON.stringify = () => 10n ** 20000n;",
    "answers half a character": "JSON.stringify = () => '\\ud800';",
    "answers half a character, spelled": "JSON.stringify = () => '[\"\\\\ud800\"]';",
    "answers a rope": "JSON.stringify = () => { let s = ''; for (let i = 0; i < 1e5; i++) s = 'a' + s; return s; };",
    "answers too much": "JSON.stringify = () => `[${'[],'.repeat(3e6)}[]]`;",
    "throws terminal control": "throw new Error('\\u001b[2J\\n::stop-commands::x');",
    "asks for files": "return require('fs').readFileSync('/etc/passwd');",
    "asks for the process": "return process.env.HOME;",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_path_filter(miniature: Path, what: str) -> None:
    path = miniature / FILTER
    text = path.read_text()
    assert START in text
    path.write_text(text.replace(START, f"{START}  {HOSTILE[what]}\n"))
    code, line = answer(miniature, codes=(1, 3))
    if code == 3:
        name, number = error_at(line)
        lines = [
            n for n, x in enumerate(path.read_text().splitlines(), 1) if x.startswith("export function ")
        ]
        assert name == FILTER
        assert number in lines or "processor time" in line, line


@pytest.mark.parametrize(
    "top",
    [
        "const BAD = (() => { while (true) {} })();",
        "const BAD = (() => { Array.prototype.map = null; JSON.parse = null; })();",
        "const BAD = await import('fs');",
        "const BAD = 1; const BAD = 2;",
        "const BAD = ;",
    ],
)
def test_a_hostile_constant_of_the_path_filter(miniature: Path, top: str) -> None:
    path = miniature / FILTER
    text = path.read_text()
    path.write_text(f"{top}\n" + text.replace(START, f"{START}  if (BAD) return null;\n"))
    code, line = answer(miniature, codes=(1, 3))
    if code == 3:
        assert error_at(line)[0] == FILTER


# --- suppressions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("\n\x01 garbage [[", 2, "is no valid TOML"),
        ("[[suppress]]\nrule = 'a'\nbackend = 'b'\n", 1, "needs a reason"),
        ("\n[[suppress]]\nrule = 'a'\nbackend = 'b'\nreason = '  '\n", 2, "needs a reason"),
        ("[[suppress]]\nrule = 1\nreason = 'x'\n", 1, "'rule'"),
        ("[[suppress]]\nrule = 'a'\nreason = 'x'\nuntil = 'ever'\n", 1, "'until'"),
        ("[[ignore]]\nrule = 'a'\n", 1, "'ignore': expected a list"),
        ("suppress = 7\n", 1, "[[suppress]]"),
        ("suppress = [{rule = 'a', reason = 'x'}]\n", 1, "[[suppress]]"),
        ("suppress = [7]\n[[suppress]]\n", 2, "is no valid TOML"),
        ("a = " + "[" * 100_000, 1, "is no valid TOML"),
        ("a = " + "9" * 5000, 1, "is no valid TOML"),
        ("# x\n" + "a." * 100_000 + "b = 1", 2, "so many parts"),
        ("# x\n" + "'a' . " * 100_000 + "b = 1", 2, "so many parts"),
        ("[" + "a." * 100_000 + "b]", 1, "so many parts"),
        ("[[suppress]]\nrule = 'a'\nreason = 'b'\n" * 2001, 6001, "more than 2000"),
    ],
)  # fmt: skip
def test_wrong_suppressions(miniature: Path, text: str, line: int | None, problem: str) -> None:
    (miniature / SUPPRESSIONS).write_text(text)
    code, error = answer(miniature, codes=(3,))
    assert code == 3
    assert error_at(error) == (SUPPRESSIONS, line)
    assert problem in error


# --- repositories --------------------------------------------------------------------------------


def git(root: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    return run("git", *identity, *arguments, cwd=root).stdout.strip()


@pytest.fixture
def repo(miniature: Path) -> Path:
    """The miniature with two commits."""
    git(miniature, "init", "--quiet", "--initial-branch", "main")
    for message in ("one", "two"):
        git(miniature, "add", "-A")
        git(miniature, "commit", "--quiet", "--allow-empty", "-m", message)
    return miniature


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, line = answer(tmp_path / "empty")
    assert (code, error_at(line)[0]) == (3, GALLERY)


def test_a_repository_without_a_commit(miniature: Path) -> None:
    git(miniature, "init", "--quiet")
    assert answer(miniature)[0] == 0
    for options in (("--rev", "HEAD"), ("--base", "HEAD")):
        code, line = answer(miniature, *options, codes=(2,))
        assert (code, "names no commit" in line) == (2, True)


@pytest.mark.parametrize(
    "content", ["", "ref: refs/heads/nowhere\n", "garbage\n", "0" * 40 + "\n", "ref: ../../x\n"]
)
@pytest.mark.parametrize("option", ["--rev", "--base"])
def test_a_corrupt_head(repo: Path, content: str, option: str) -> None:
    (repo / ".git/HEAD").write_text(content)
    _, line = answer(repo, option, "HEAD", codes=(2, 3))
    assert "commit" in line or "git" in line
    assert answer(repo)[0] == 0


@pytest.mark.parametrize("kind", ["tree", "blob"])
def test_corrupt_objects(repo: Path, kind: str) -> None:
    name = git(repo, "rev-parse", "HEAD^{tree}" if kind == "tree" else f"HEAD:{MATRIX}")
    path = repo / ".git/objects" / name[:2] / name[2:]
    path.chmod(0o644)
    path.write_bytes(b"garbage")
    code, line = answer(repo, "--rev", "HEAD", codes=(3,))
    assert (code, "HEAD" in line or MATRIX in line or "git" in line) == (3, True)
    path.unlink()
    assert answer(repo, "--rev", "HEAD", codes=(3,))[0] == 3


def test_a_shallow_clone(repo: Path, tmp_path: Path) -> None:
    first = git(repo, "rev-parse", "HEAD~1")
    run("git", "clone", "--quiet", "--depth", "1", f"file://{repo}", str(tmp_path / "shallow"), cwd=tmp_path)
    assert answer(tmp_path / "shallow", "--base", "HEAD")[0] == 0
    code, line = answer(tmp_path / "shallow", "--base", first, codes=(2,))
    assert (code, first in line) == (2, True)


def test_a_clone_without_blobs(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(repo, "config", "uploadpack.allowFilter", "true")
    source = f"file://{repo}"
    run(
        "git",
        "clone",
        "--quiet",
        "--no-checkout",
        "--filter=blob:none",
        source,
        str(tmp_path / "partial"),
        cwd=tmp_path,
    )
    code, line = answer(tmp_path / "partial", "--rev", "HEAD")
    assert (code, "GIT_NO_LAZY_FETCH=0" in line) == (3, True), "what it is fetched with may be a stranger's"
    monkeypatch.setenv("GIT_NO_LAZY_FETCH", "0")
    assert answer(tmp_path / "partial", "--rev", "HEAD")[0] == 0
    repo.rename(tmp_path / "gone")
    run(
        "git",
        "clone",
        "--quiet",
        "--no-checkout",
        str(tmp_path / "partial"),
        str(tmp_path / "again"),
        cwd=tmp_path,
        check=False,
    )
    if (tmp_path / "again").is_dir():
        answer(tmp_path / "again", "--rev", "HEAD", codes=(0, 2, 3))


def test_links_in_a_commit_are_not_followed(repo: Path) -> None:
    (repo / "Makefile").unlink()
    (repo / "Makefile").symlink_to("/dev/zero")
    git(repo, "commit", "--quiet", "-am", "a link")
    code, report = answer(repo, "--rev", "HEAD", codes=(1,))
    assert (code, "Makefile is a symbolic link" in report) == (1, True)


def test_the_miniature_itself_is_clean_from_the_command_line() -> None:
    assert isinstance(WorkTree(miniature_dir()).read(MATRIX), bytes)
    assert answer(miniature_dir())[0] == 0
