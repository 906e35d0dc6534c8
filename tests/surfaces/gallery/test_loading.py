"""What LocalAI refuses of a gallery: judged by Go's own yaml.v3, on altered galleries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold.checkout.tree import Overlay, WorkTree
from scaffold.errors import ShapeError
from scaffold.resources import miniature_dir
from scaffold.surfaces.gallery.loading import CONFIGURATION, ITEM, MODEL
from scaffold.surfaces.gallery.reading import refusals
from scaffold.surfaces.gallery.structs import Structs
from scaffold.surfaces.models import LIST, ModelGallery
from scaffold.syntax.yaml import YamlSource
from scaffold.syntax.yaml_items import read
from tests.conftest import real_repository
from tests.rules.trees import BASE
from tests.surfaces.gallery.conftest import Judge

PATH = "backend/index.yaml"
TEXT = (miniature_dir() / PATH).read_text()
BEYOND = "not understood here"
"""Of what is YAML to others: it is refused as such, and not said to be unreadable to LocalAI."""


def refused(data: bytes) -> str:
    """What is said against a gallery; nothing where LocalAI can load it."""
    try:
        source = YamlSource(PATH, data)
        items = [*read(source)]
    except ShapeError as error:
        return str(error)
    return "\n".join(f"{r.line}: {r.problem}" for r in refusals(source, items))


FIRST = TEXT[: TEXT.index("\n- ", TEXT.index("\n- ") + 1) + 1]
"""The head of the file, and its first item."""
ANCHOR = FIRST.partition("- &")[2].partition("\n")[0]

BROKEN = {
    "an anchor that nothing defines": "- !!merge <<: *nobody\n  name: a\n",
    "an anchor below its users": "- <<: *late\n  name: a\n- &late\n  name: late\n",
    "a word merged": "- <<: word\n  name: a\n",
    "a list merged": f"- <<: [*{ANCHOR}, word]\n  name: a\n",
    "a list of items merged": "- name: a\n  tags: &tags [x]\n- <<: *tags\n",
    "an alias inside its own anchor": "- &own\n  name: a\n  capabilities:\n    <<: *own\n",
    "an anchor on a key": "- &key name: a\n- <<: *key\n",
    "tags that are a word": "- name: a\n  tags: word\n",
    "tags that are an empty text": '- name: a\n  tags: ""\n',
    "tags that are a literal text": "- name: a\n  tags: |\n    word\n",
    "tags that are a mapping": "- name: a\n  tags: {x: y}\n",
    "tags of lists": "- name: a\n  tags:\n    - [x]\n",
    "urls that are a word": "- name: a\n  urls: https://x/y\n",
    "mirrors that are a word": "- name: a\n  mirrors: x/y:z\n",
    "an alias that is a list": "- name: a\n  alias: [x]\n",
    "a license that is a list": "- name: a\n  license:\n    - mit\n",
    "a description that is a mapping": "- name: a\n  description:\n    x: y\n",
    "a name that is a list": "- name: [x]\n",
    "a uri that is a mapping": "- name: a\n  uri: {x: y}\n",
    "capabilities that are a word": "- name: a\n  capabilities: word\n",
    "capabilities that are a list": "- name: a\n  capabilities:\n    - x\n",
    "a capability that is a list": "- name: a\n  capabilities:\n    default: [x]\n",
    "capabilities with a whole item": f"- name: a\n  capabilities:\n    <<: *{ANCHOR}\n",
    "installed that is a number": "- name: a\n  installed: 1\n",
    "installed in quotes": '- name: a\n  installed: "true"\n',
    "a gallery that is a word": "- name: a\n  gallery: b\n",
    "a mirror of the gallery's that is a list": "- name: a\n  gallery: {mirrors: [[x]]}\n",
    "files that are words": "- name: a\n  files: [x]\n",
    "files that are words in lines": "- name: a\n  files:\n    - x\n    - y\n",
    "files that are words and a mapping": "- name: a\n  files:\n    - uri: x\n    - y\n",
    "mirrors of the gallery's that are a word": "- name: a\n  gallery:\n    url: x\n    mirrors: y\n",
    "a file's address that is a list": "- name: a\n  files: [{uri: [x]}]\n",
    "an item that is a word": "- just a word\n",
    "an item that is a list": "- - name: a\n",
    "an item that is empty": "-\n",
    "an item that is null": "- ~\n",
    "an alias of an empty item": "- &none\n- *none\n",
    "a mapping": "name: a\n",
    "a key twice": "- name: a\n  name: a\n",
    "a capability twice": "- name: a\n  capabilities:\n    x: y\n    x: z\n",
    "a key twice in flow style": "- {name: a, name: b}\n",
    "an unknown key twice": "- name: a\n  x: y\n  x: y\n",
    "two merges": f"- <<: *{ANCHOR}\n  <<: *{ANCHOR}\n",
    "a key that is a list": "- name: a\n  ? [x]\n  : y\n",
    "no number": "- name: !!int word\n",
    "no flag": "- name: !!bool yes\n",
    "no binary": "- name: !!binary '!'\n",
    "a number that is a time": "- name: !!int 2026-01-01\n",
    "a tag without a handle": "- name: !x!y z\n",
    "a control character in a comment": "- name: a\n# \x07\n",
    "a control character in a text": '- name: "a\x1b"\n',
    "a delete": "- name: a\x7fb\n",
    "a C1 control character": "- name: a\x9fb\n",
    "no character": "- name: a\ufffe\n",
    "NEL inside of a value": "- name: a\x85b: c\n",
    "LS inside of a value": "- name: a\u2028  b: c\n- d\n",
    "a tab before a key": "- name: a\n\turi: b\n",
    "a key of more than 1,024 characters": f"- name: a\n  {'k' * 1025}: v\n",
    "a quote that is not closed": '- name: "a\n',
    "a bracket that is not closed": "- tags: [a\n",
    "a line further in": "- name: a\n   uri: b\n",
    "a colon in a word": "- name: a: b\n",
    "a reserved character": "- name: @a\n",
    "a percent sign": "- name: %a\n",
    "an anchor without a name": "- & name: a\n",
    "an alias with an anchor": f"- name: &b *{ANCHOR}\n",
    "another document": "---\n- name: b\n",
    "nothing behind the end": "...\nname: a\n",
}  # fmt: skip
"""What comes behind the first item, and LocalAI refuses."""

HEADS = {
    "another version": "%YAML 1.2\n---\n- name: a\n",
    "half a version": "%YAML 1\n---\n- name: a\n",
    "no item": "---\n",
    "comments alone": "# nothing\n",
    "an empty list": "[]\n",
    "an empty file": "",
}
"""Whole files that LocalAI refuses."""

SOUND = {
    "an anchor twice": f"- &{ANCHOR}\n  name: a\n- <<: *{ANCHOR}\n  name: b\n",
    "a merge of two": f"- &b\n  name: b\n- <<: [*b, *{ANCHOR}]\n  name: c\n",
    "a merge that is written out": "- <<: {name: b, tags: [x]}\n  uri: c\n",
    "no value": "- name:\n  tags:\n  mirrors: ~\n  capabilities: null\n",
    "numbers and flags": "- name: 1\n  version: 0x1f\n  license: yes\n  icon: 2026-01-01\n  size: 1e3\n",
    "installed": "- name: a\n  installed: on\n",
    "installed as YAML 1.2 has it": "- name: a\n  installed: true\n",
    "mirrors in flow style": '- name: a\n  mirrors: ["x/y:z", w]\n',
    "an item in flow style": "- {name: a, tags: [x], capabilities: {default: b}}\n",
    "files": "- name: a\n  files:\n    - filename: b\n      uri: c\n",
    "a key that nobody knows": "- name: a\n  tokens: {x: [y]}\n",
    "a key twice where nobody looks": "- name: a\n  tokens: {x: y, x: z}\n",
    "a comment beside a quote": "- name: 'a'# why\n  license: \"mit\"# so\n  tags:\n    - 'x'# y\n",
    "a comment beside a bracket": "- name: a\n  tags: [x]# y\n",
    "a quote in a quote": "- name: 'it''s'\n",
    "a tag": "- name: !!str 1\n  alias: !own b\n  version: !!float 1\n",
    "binary": "- name: !!binary YQ==\n",
    "an alias of a value": "- name: &b c\n  alias: *b\n",
    "an alias of an item": f"- *{ANCHOR}\n",
    "a merge among the capabilities": "- name: a\n  capabilities: &c\n    x: y\n- name: b\n  capabilities:\n    <<: *c\n",
    "texts of lines": "- name: >-\n    a\n    b\n  description: |2\n     c\n",
    "a long key": f"- name: a\n  {'k' * 1000}: v\n",
    "CRLF": "- name: a\r\n  tags:\r\n    - x\r\n",
    "the end": "...\n",
    "letters of others": "- name: bücher\n  description: 'a\xa0b'\n",
    "a byte order mark in a text": "- name: 'a\ufeffb'\n",
}  # fmt: skip
"""What comes behind the first item, and LocalAI takes."""


@pytest.mark.parametrize("case", [*BROKEN, *HEADS])
def test_what_go_refuses_is_refused(judge: Judge, case: str) -> None:
    data = (HEADS[case] if case in HEADS else FIRST + BROKEN[case]).encode()
    assert judge(data), "the case is none"
    assert refused(data)


@pytest.mark.parametrize("case", SOUND)
def test_what_go_takes_is_taken(judge: Judge, case: str) -> None:
    data = (FIRST + SOUND[case]).encode()
    assert not judge(data), "the case is none"
    assert refused(data) == ""


def test_the_last_key_of_many_is_judged(judge: Judge) -> None:
    data = f"{TEXT}- name: z\n  tags: word\n".encode()
    assert judge(data)
    assert refused(data).startswith(f"{len(data.splitlines())}: ")


def test_a_bomb_is_refused_where_go_refuses_it(judge: Judge) -> None:
    for size, count in ((20, 50), (200, 50), (3000, 150)):
        big = "".join(f"    k{n}: v\n" for n in range(size))
        data = f"- &b\n  name: a\n  capabilities:\n{big}".encode() + b"- <<: *b\n" * count
        assert bool(judge(data)) == bool(refused(data)), (size, count)


def test_a_quote_behind_a_backslash_is_no_error(judge: Judge) -> None:
    data = (FIRST + '- name: "é it\\\'s"\n  description: "d\\\'or \\\\/ x"\n').encode()
    assert not judge(data)
    assert refused(data).endswith("is YAML of a kind that is not understood here")


BITS = [
    "", " ", "  ", "#", " #", "- ", ": ", "'", '"', "|", ">", "\n", "\t", "\r", "&a ", "*a", f"*{ANCHOR}", f"&{ANCHOR} ",
    f"<<: *{ANCHOR}\n  ", "!x ", "!!int ", "!!null ", "!!binary ", "[", "]", "{", "}", "{a: b}", "[x, y]", ",", "?",
    "%", "@", "`", "---\n", "...\n", "\x07", "\x85", "\u2028", "\ufeff", "é", "~", "'x'# y", "1", "2026-01-01",
    ":", "a: b", "name: x", "tags: x\n", "\\", f"{'k' * 1100}: v\n  ", "installed: 1\n  ", "files: [{uri: [a]}]\n  ",
]  # fmt: skip


@given(st.data())
def test_altered_galleries_are_judged_as_go_judges_them(judge: Judge, data: st.DataObject) -> None:
    lines = TEXT.splitlines(keepends=True)[: data.draw(st.sampled_from([40, 90, 10_000]))]
    for _ in range(data.draw(st.integers(1, 2))):
        at = data.draw(st.integers(0, len(lines) - 1))
        line, bit = lines[at], data.draw(st.sampled_from(BITS))
        how = data.draw(st.sampled_from(["drop", "repeat", "value", "insert"]))
        key, colon, value = line.partition(": ")
        column = data.draw(st.integers(0, len(line)))
        if how == "value" and colon:
            lines[at] = f"{key}: {bit}{value}"
        elif how == "repeat":
            lines.insert(at, lines[data.draw(st.integers(0, len(lines) - 1))])
        else:
            lines[at] = "" if how == "drop" else line[:column] + bit + line[column:]
    altered = "".join(lines).encode()
    mine, its = refused(altered), judge(altered)
    assert bool(mine) == bool(its) or (not its and BEYOND in mine), (its, mine)


WREN = """\
- &wren
  name: "wren-7b"
  url: "github:mudler/LocalAI/gallery/virtual.yaml@master"
  urls:
    - https://example.org/wren
  description: |
    - *bold* words
    tags: none

    More of it.
  license: mit
  tags:
    - chat
    - 'cpu'
  variants: []
  overrides:
    backend: wren
    options:
      - use_jinja:true
    parameters:
      model: wren-7b.gguf
      temperature: 0.6
    template:
      chat: |
        {{ . }} # *not* an alias
  files:
    - filename: wren-7b.gguf
      sha256: 0123
      uri: huggingface://wren/wren-7b.gguf
# larger
- !!merge <<: *wren
  name: wren-70b
  icon: https://example.org/wren.png
  tags: [chat, gpu]
  size: 40GB
  variants:
    - model: wren-70b-q4
  config_file:
    name: x
"""

WRONG_MODELS = {
    "a slash behind a backslash": '- name: "a\\/b"\n',
    "an alias of nothing": "- <<: *robin\n  name: a\n",
    "an anchor below": "- <<: *late\n  name: a\n- &late\n  name: b\n",
    "a word merged": "- <<: word\n  name: a\n",
    "a merge of two, one of nothing": "- <<: [*wren, *robin]\n  name: a\n",
    "an alias of nothing below overrides": "- name: a\n  overrides:\n    x: *robin\n",
    "an alias of nothing in an unknown key": "- name: a\n  x: *robin\n",
    "a word merged below overrides": "- name: a\n  overrides:\n    x:\n      <<: y\n",
    "overrides that are a word": "- name: a\n  overrides: word\n",
    "overrides that are a list": "- name: a\n  overrides:\n    - x\n",
    "a configuration that is a text": "- name: a\n  config_file: |\n    x: y\n",
    "files that are a word": "- name: a\n  files: word\n",
    "files that are words": "- name: a\n  files:\n    - word\n",
    "files of a mapping": "- name: a\n  files:\n    uri: b\n",
    "a file's address that is a list": "- name: a\n  files:\n    - filename: b\n      uri: [c]\n",
    "variants that are words": "- name: a\n  variants:\n    - b\n",
    "a variant that is a list": "- name: a\n  variants:\n    - model: [b]\n",
    "tags that are a word": "- name: a\n  tags: chat\n",
    "tags that are mappings": "- name: a\n  tags:\n    - x: y\n",
    "tags in brackets, one a mapping": "- name: a\n  tags: [x, {y: z}]\n",
    "a name that is a list": "- name: [a]\n",
    "a description that is a mapping": "- name: a\n  description:\n    x: y\n",
    "a size that is a list": "- name: a\n  size:\n    - x\n",
    "installed that is a number": "- name: a\n  installed: 1\n",
    "an item that is a word": "- word\n",
    "an empty item": "-\n- name: a\n",
    "a key twice": "- name: a\n  name: b\n",
    "a tab": "- name: a\n\ticon: b\n",
    "a quote that is not closed": '- name: "a\n',
    "a colon in a word": "- name: a: b\n",
    "a line further out": "- name: a\n icon: b\n",
    "a control character": "- name: a\x07\n",
    "another document": "---\n- name: a\n",
}  # fmt: skip
SOUND_MODELS = {
    "nothing more": "",
    "a quote behind a backslash": "- name: \"it\\'s\"\n  tags: [\"d\\'or\"]\n",
    "flow style": "- {name: a, tags: [x], files: [{filename: b}], overrides: {x: [y]}}\n",
    "no values": "- name:\n  tags:\n  overrides:\n  files:\n  variants: null\n",
    "values that are given": "- name: a\n  overrides: &o\n    x: y\n- name: b\n  overrides: *o\n",
    "a list in brackets of lines": "- name: a\n  tags: [x,\n    y]\n",
    "an anchor behind a tag": "- !!map &tagged\n  name: a\n- <<: *tagged\n  name: b\n",
    "an unknown key": "- name: a\n  parameters:\n    x: {y: [z]}\n",
    "a plain text of lines": "- name: a\n  description: b\n    c\n\n    d\n",
    "CRLF": "- name: a\r\n  tags:\r\n    - x\r\n",
    "a byte order mark": "- name: 'a\ufeff'\n",
    "overrides of every kind": "- name: a\n  overrides:\n    1: ~\n    x: 2026-01-01\n    y: [1, {z: true}]\n",
}  # fmt: skip


def models_refused(data: bytes) -> str:
    """What is said against a list of models; nothing where LocalAI can load it."""
    models = ModelGallery(Overlay(BASE, {LIST: data}))
    found = [f"{refusal.line}: {refusal.problem}" for _, refusal in models.refusals]
    return "\n".join([*found, *(f"{line}: {key} twice" for _, key, line in models.repeated)])


@pytest.mark.parametrize("case", WRONG_MODELS)
def test_models_that_go_refuses_are_refused(model_judge: Judge, case: str) -> None:
    data = (WREN + WRONG_MODELS[case]).encode()
    assert model_judge(data), "the case is none"
    assert models_refused(data)


@pytest.mark.parametrize("case", SOUND_MODELS)
def test_models_that_go_takes_are_taken(model_judge: Judge, case: str) -> None:
    data = (WREN + SOUND_MODELS[case]).encode()
    assert not model_judge(data), "the case is none"
    assert models_refused(data) == ""


@given(st.data())
def test_altered_models_are_judged_as_go_judges_them(model_judge: Judge, data: st.DataObject) -> None:
    lines = WREN.splitlines(keepends=True)
    at = data.draw(st.integers(0, len(lines) - 1))
    line, bit = lines[at], data.draw(st.sampled_from(BITS))
    column = data.draw(st.integers(0, len(line)))
    lines[at] = data.draw(st.sampled_from(["", line[:column] + bit + line[column:], line + line]))
    altered = "".join(lines).encode()
    mine, its = models_refused(altered), model_judge(altered)
    if altered.startswith(b"- ") or b"\n- " in altered:  # else there is no model, a finding of its own
        assert bool(mine) == bool(its), (its, mine)


@pytest.mark.skipif(real_repository() is None, reason="LOCALAI_REPO does not name a clone of LocalAI")
def test_the_types_are_those_of_localai() -> None:
    """Every key that LocalAI's structs have is known here with its type, and no other."""
    repository = real_repository()
    assert repository is not None
    structs = Structs(WorkTree(repository))
    assert structs.kind("core/gallery", "GalleryBackend") == ITEM
    assert structs.kind("core/gallery", "GalleryModel") == MODEL
    assert structs.kind("core/gallery", "ModelConfig") == CONFIGURATION
