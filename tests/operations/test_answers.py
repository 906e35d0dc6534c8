"""Whatever an answer is that new-backend takes, all who read the repository afterwards read the same."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from ruamel.yaml import YAML

from scaffold.backend import markdown
from scaffold.backend.judging import create
from scaffold.backend.limits import wrong
from scaffold.errors import UsageError
from scaffold.operations import new
from scaffold.syntax.golang import GoSource
from tests.conftest import PIN
from tests.rules.trees import BASE, BUMP, CAPABILITIES, DOCS, GALLERY, TEST_EXTRA

MARKS = (
    "|", "\\", "\\|", "\\\\|", "`", "``` ", "*", "**", "_", "__", "[", "](", "[x](y)", "![", "<", ">", "<br>", "<!--", "-->",
    "&", "&amp;", "&#124;", "&copy;", '"', "'", "''", "$", "$(x)", "${x}", "$$", "#", " # ", "# ", ": ", ":", "- ", "-",
    "--- ", "+ ", "1. ", "12) ", "= ", "=", "<<", "> ", "~", "~~", "^", "{", "}", "{{", "}}", "{{<", "{{< x >}}", "{{% x %}}",
    "[[ 7 * 7 ]]", "[%", "[# x #]", "{% raw %}", "{{ x }}", "%", "%s", "%7C", "%20", "!", "!!python/object:x", "@", ",", ";",
    "(", ")", "a", "Z", "7", ".", "/", "?", "null", "true", "no", "~", "0x1f", "1e3", ".5", "é", "数", "😀", "\\n", "\\u0041",
    "\\x", "*/", "/*", "//", "'''", '"""', "EOF", "\u0301",
)  # fmt: skip
WORDS = st.lists(
    st.sampled_from(MARKS) | st.text(st.characters().filter(str.isprintable), max_size=3),
    min_size=1,
    max_size=8,
).map("".join)
URLS = WORDS.map(lambda text: f"https://example.org/{text}".replace(" ", ""))
GLOBS = st.builds(
    "{}{}".format, st.sampled_from(("*", "acme/")), WORDS.map(lambda text: text.replace("/", ""))
)
MATCHES = (GLOBS | st.just("tag:text-to-speech")).filter(lambda glob: wrong("match", glob) is None)
REPOSITORIES = st.sampled_from(
    ("acme/ibex", "0/1", "a-b/_x_", "acme/-x", "acme/.x", "acme/Makefile", "acme/run.SH", "x/__")
)
BRANCHES = st.sampled_from(
    ("main", "1.0", "null", "true", "0x10", "1e3", "a/b-c", "No", "1_000", "2024-01-01")
)
TAGS = st.sampled_from(("null", "true", "7", "1.5", "2024-01-01", "a+b", "C++", "0x1", "on", "x_y", "1_0"))
NAMES = st.sampled_from(
    ("ibex", "null", "true", "on", "no", "y", "e", "nan", "select", "func", "self", "import", "x1-2")
)


@st.composite
def answers(draw: st.DrawFn) -> dict[str, Any]:
    lang, kind = draw(
        st.sampled_from((("python", ""), ("go", "pure"), ("go", "purego"), ("rust", ""), ("cpp", "")))
    )
    return {
        "name": draw(NAMES),
        "lang": lang,
        "kind": kind,
        "modality": draw(st.sampled_from(("llm", "tts"))),
        "imports": "auto",
        "upstream": draw(REPOSITORIES),
        "pin": PIN,
        "branch": draw(BRANCHES),
        "description": "\n".join(draw(st.lists(WORDS, min_size=1, max_size=3))),
        "license": draw(WORDS),
        "url": tuple(draw(st.lists(URLS, min_size=1, max_size=2))),
        "tags": tuple(draw(st.lists(TAGS, max_size=3))),
        "summary": draw(st.just("") | WORDS),
        "title": draw(st.just("") | WORDS),
        "icon": draw(st.just("") | URLS),
        "test_model": draw(st.just("") | URLS),
        "gallery_name": draw(st.just("") | NAMES),
        "match": tuple(draw(st.lists(MATCHES, max_size=2))),
    }


def inline(tokens: list[Token]) -> list[Token]:
    return [token for token in tokens if token.type == "inline"]


def shown(token: Token) -> str:
    """The text of a paragraph or cell; nothing in it is a mark but links."""
    children = token.children or []
    assert {child.type for child in children} <= {
        "text",
        "text_special",
        "link_open",
        "link_close",
        "code_inline",
    }
    return "".join(child.content for child in children)


def target(token: Token) -> str:
    (link,) = (child for child in token.children or [] if child.type == "link_open")
    return unquote(str(link.attrs["href"]))


def words(text: str) -> str:
    return " ".join(text.split())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(given=answers())
@example(
    given={
        "name": "ibex",
        "lang": "python",
        "url": "https://a|b/(x)`<y>",
        "description": "a | b\\| *c* _d_ {{< x >}}",
    }
)
@example(
    given={
        "name": "ibex",
        "lang": "rust",
        "upstream": "a/_x_",
        "pin": PIN,
        "license": "<<",
        "description": "1. [x](y)",
    }
)
def test_every_consumer_reads_the_answer(given: dict[str, Any]) -> None:
    try:
        backend = create(**given)
    except UsageError:
        assume(False)
    plan = new.plan(BASE, given)
    tree = plan.changes.overlay()

    def text(path: str) -> str:
        return (tree.read(path) or b"").decode()

    for gallery in (
        yaml.load(text(GALLERY), yaml.CSafeLoader),
        YAML(typ="safe", pure=True).load(text(GALLERY)),
    ):
        (meta,) = (item for item in gallery if item["name"] == backend.known_as)
        assert meta["description"] == "".join(f"{line}\n" for line in backend.text)
        assert meta["urls"] == [*(backend.urls or [backend.home])]
        if backend.icon:
            assert meta["icon"] == backend.icon
        assert meta["license"] == (backend.license or "NOASSERTION")
        if backend.tags:
            assert meta["tags"] == [*backend.tags]

    outputs = YAML(typ="safe", pure=True).load(text(TEST_EXTRA))["jobs"]["detect-changes"]["outputs"]
    assert outputs[backend.name] == f"${{{{ steps.detect.outputs.{backend.name} }}}}"

    if backend.upstream:
        pins = yaml.load(text(BUMP), yaml.CSafeLoader)["jobs"]
        (entry,) = (
            e
            for job in pins.values()
            for e in job["strategy"]["matrix"]["include"]
            if backend.directory in e["file"]
        )
        assert (entry["repository"], entry["branch"]) == (backend.upstream, backend.branch)
        assert f"{backend.repo_variable}?=https://github.com/{backend.upstream}\n" in text(
            f"{backend.directory}/Makefile"
        )

    tables = MarkdownIt("gfm-like", {"linkify": False}).parse(text(DOCS))
    cells = inline(tables)
    (at,) = (
        n
        for n, cell in enumerate(cells)
        if "(" in cell.content and target_or_none(cell) == unquote(backend.home)
    )
    row, sentence = words(shown(cells[at + 1])), words(backend.sentence)
    assert row == sentence or (sentence.startswith(backend.name) and sentence.endswith(row[1:]))
    known = (backend.known_as, backend.upstream.rpartition("/")[2])
    assert words(shown(cells[at])) == words(backend.title) if backend.title else shown(cells[at]) in known
    assert all(
        "{{<" not in line and "{{%" not in line
        for line in text(DOCS).split("\n")
        if backend.home[:20] in line
    )
    rows = [line for line in text(DOCS).split("\n") if line.startswith("|")]
    before = [line for line in (BASE.read(DOCS) or b"").decode().split("\n") if line.startswith("|")]
    assert len(rows) == len(before) + 1
    assert (len([t for t in tables if t.type == "td_open"])) % 3 == 0

    for path in plan.changes.contents():
        if path.endswith(".go"):
            assert not GoSource(path, tree.read(path) or b"").root.has_error, path
    said = re.search(
        rf'"{re.escape(backend.known_as)}": \{{\n.*?Description: +("(?:[^"\\]|\\.)*")',
        text(CAPABILITIES),
        re.DOTALL,
    )
    assert said
    assert json.loads(said[1]) == backend.sentence

    readme = text(f"{backend.directory}/README.md")
    if readme:
        paragraphs = inline(MarkdownIt("gfm-like", {"linkify": False}).parse(readme))
        assert words(shown(paragraphs[1])) == words(backend.sentence)
        assert target(paragraphs[2]) == unquote(backend.home)
        if backend.license:
            assert words(shown(paragraphs[3])) == words(f"License of the engine: {backend.license}")
    if backend.lang == "rust":
        manifest = tomllib.loads(text(f"{backend.directory}/Cargo.toml"))
        assert manifest["package"]["description"] == words(backend.sentence)


def target_or_none(cell: Token) -> str | None:
    return target(cell) if any(child.type == "link_open" for child in cell.children or []) else None


@given(WORDS)
def test_markdown_shows_the_text(text: str) -> None:
    text = words("".join(c for c in text if c.isprintable()))
    spelled = markdown.text(text)
    (cell,) = inline(MarkdownIt("gfm-like", {"linkify": False}).parse(spelled))[:1] or [
        Token("inline", "", 0)
    ]
    assert words(shown(cell)) == text


@pytest.mark.parametrize(
    ("plain", "spelled"),
    [
        ("C++ port of faster_whisper, 3x as fast (ONNX)!", "C++ port of faster_whisper, 3x as fast (ONNX)!"),
        ("a|b", r"a\|b"),
        ("2 * 3 & more", r"2 \* 3 & more"),
    ],
)
def test_what_is_no_mark_stays_as_it_is(plain: str, spelled: str) -> None:
    assert markdown.text(plain) == spelled
