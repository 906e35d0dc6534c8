"""What LocalAI refuses of a model's configuration: judged by yaml.v3, into the structs that are read here."""

from __future__ import annotations

import json
from textwrap import indent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold.checkout.tree import Overlay
from scaffold.surfaces.model_kinds import Configurations
from scaffold.surfaces.models import LIST, ModelGallery
from scaffold.surfaces.use_cases import MODEL_CONFIG
from tests.rules.trees import BASE
from tests.surfaces.gallery.conftest import PROGRAM, Judge

CODE = (PROGRAM / "settings.go").read_bytes()
TREE = Overlay(BASE, {"go.mod": b"module judge\n", MODEL_CONFIG: CODE})

WRONG = {
    "a word for a number": ("count: big", 1),
    "a word for a small number": ("small: big", 1),
    "a number in quotes": ('title: a\ncount: "8192"', 2),
    "a flag for a number": ("count: true", 1),
    "a list for a number": ("count: [1]", 1),
    "a mapping for a number": ("count: {a: b}", 1),
    "a time for a number": ("count: 2026-01-01", 1),
    "a word for a fraction": ("share: half", 1),
    "a number for a flag": ("ready: 1", 1),
    "a flag in quotes": ('ready: "true"', 1),
    "a word for a list": ("words: chat", 1),
    "a mapping for a list": ("words: {a: b}", 1),
    "a list in a list": ("words:\n  - a\n  - [b]", 3),
    "a mapping in a list": ("words:\n  - a\n  - b: c", 3),
    "a word among numbers": ("weights: [1, big]", 1),
    "a list for a text": ("title: [a]", 1),
    "a list for a text in lines": ("title:\n  - a", 1),
    "a mapping for a text": ("title:\n  a: b", 1),
    "a list for a mapping": ("inner: [a]", 1),
    "a word for a mapping": ("inner: a", 1),
    "a list for a text deep below": ("inner:\n  deep:\n    word: [a]", 3),
    "a word for a list deep below": ("inner:\n  deep:\n    list: a", 3),
    "a word in a table of flags": ("table:\n  a: b", 2),
    "a word for an open mapping": ("open: a", 1),
    "a word for a list of mappings": ("parts: a", 1),
    "words for mappings": ("parts:\n  - a", 2),
    "a word for a list in one of many": ("parts:\n  - word: a\n    list: [b]\n  - list: b", 4),
    "a word for a number under another name": ("level: high", 1),
    "a word for a number that is embedded": ("size: big", 1),
    "a list for what is embedded under a key": ("named: [a]", 1),
    "a list for a text of two fields": ("second: [a]", 1),
    "a flag in the last line": ("ready: no way", 1),
    "an empty text for a number": ('count: ""', 1),
    "an empty list for a text": ("title: []", 1),
    "a text that cannot be written": ('words:\n  - a\n  - "\\n</b>"', 3),
    "one in a mapping in a list": ('parts:\n  - word: "\\nb"', 2),
    "one that begins with a space": ('words: [" a\\nb"]', 1),
    "no end for a whole number": ("count: .inf", 1),
    "no number for a whole number": ("title: a\nsize: .NaN", 2),
    "an alias of a list": ("words: &w [a]\ntitle: *w", 2),
}
NO_YAML = {
    "a key twice": ("title: a\ntitle: a", 2),
    "a key twice below": ("title: a\ninner:\n  deep:\n    word: a\n    list: [b]\n    word: a", 6),
    "a key twice in one of many": ("parts:\n  - word: a\n    word: b", 3),
    "a text with a line before its margin": ("inner:\n  deep:\n    word: |\n      a\n     b\ncount: 1", 5),
    "an item before its margin": ("words:\n  - a\n - b", 3),
}
"""What is no configuration to yaml.v3, whatever its kinds."""
RIGHT = {
    "as it is mostly written": (
        "title: a\ncount: 1\n# so\nshare: 0.5\nready: true\nwords:\n  - a\n  # b\n  - 'c'\ninner:\n  deep:\n    word: b\n"
    ),
    "a text of lines": "title: |\n  count: big\n\n  ready: 1\ncount: 1\n",
    "lists at the margin": "words:\n- a\n- b\nweights:\n- 1\n",
    "flow style": "{title: a, words: [b, 'c'], inner: {deep: {list: [d]}}, parts: [{word: e}]}",
    "parts in lines": "parts:\n  - word: a\n    list:\n      - b\n  - word: c\n",
    "parts at the margin": "parts:\n- word: a\n  list: [b]\n",
    "numbers for texts": "title: 1\nwords: [1, true, 2026-01-01]\nfirst: 0x1f\nsecond: 1e3\n",
    "a fraction for a number": "count: 1.5\nsmall: 1e1\n",
    "other numbers": "count: 0x1f\nsize: 1_000\nlevel: -1\nshare: .5\nweights: [1, 2.5, .inf]\n",
    "the least whole number, and fractions without an end": "count: -.inf\nshare: .inf\nweights: [.nan]\n",
    "flags of YAML 1.1": "ready: yes\ntable: {a: off, b: 'on'}\n",
    "no value": "title:\ncount: ~\nready: null\nwords:\ninner:\nparts: ~\nopen:\n",
    "what decodes itself": "choice: [a]\n",
    "what the struct does not have": "hidden: [a]\nsecret: {a: b}\nother: [[a]]\n",
    "anything in an open mapping": "open:\n  a: [b, {c: d}]\n  e:\n    f: g\n",
    "an alias": "words: &w\n  - a\nparts:\n  - list: *w\n",
    "a merge": "inner:\n  deep: &d\n    word: a\nopen:\n  <<: *d\n",
    "texts that can be written": 'title: "\\nb"\nwords: ["a\\nb", "\\n\\n", "\\na ", " a", "\\ta"]\n',
    "remarks": "title: a # b\nwords: # c\n  - d # e\n\n\ncount: 1 # f\n",
    "a colon in quotes": "words:\n  - 'a: b'\n  - \"c: d\"\ntitle: 'e: f'\n",
}


def refused(configuration: str) -> list[int]:
    """The lines of a configuration that are refused, in a list of models."""
    text = f"- name: a\n  tags: [b]\n  overrides:\n{indent(configuration, '    ')}"
    models = ModelGallery(Overlay(TREE, {LIST: text.encode()}))
    assert not [*models.refusals], "the list itself is refused"
    return [refusal.line - 3 for _, refusal in Configurations(models).refusals]


def refused_of_base(configuration: str) -> list[int]:
    """The lines of a configuration that are refused, in a file that models are based on."""
    return [refusal.line - 2 for _, refusal in Configurations(based_on(configuration)).refusals]


MODEL = b'- name: a\n  url: "github:mudler/LocalAI/gallery/a.yaml@master"\n'


def based_on(configuration: str, *, list_: bytes = MODEL) -> ModelGallery:
    """Models, and a file that they may be based on."""
    text = f"name: a\nconfig_file: |\n{indent(configuration, '  ')}"
    return ModelGallery(Overlay(TREE, {LIST: list_, "gallery/a.yaml": text.encode()}))


@pytest.mark.parametrize("case", WRONG)
def test_what_go_refuses_is_refused(configuration_judge: Judge, case: str) -> None:
    text, line = WRONG[case]
    assert configuration_judge(text.encode()), "the case is none"
    assert refused(text) == [line]
    assert refused_of_base(text) == [line]


@pytest.mark.parametrize("case", NO_YAML)
def test_what_is_no_yaml_is_refused_of_a_base(configuration_judge: Judge, case: str) -> None:
    text, line = NO_YAML[case]
    assert configuration_judge(text.encode()), "the case is none"
    assert refused_of_base(text) == [line]


def test_a_key_twice_is_told_with_the_line_in_the_file() -> None:
    [(_, refusal)] = Configurations(based_on("title: a\ntitle: a")).refusals
    assert refusal.problem.endswith("the first time in line 3")


def test_a_file_that_no_model_is_based_on_is_told_apart() -> None:
    found = Configurations(based_on("count: big", list_=b"- name: a\n"))
    assert [*found.refusals] == []
    assert [(path, refusal.line) for path, refusal in found.refused_unused] == [("gallery/a.yaml", 3)]


def test_a_file_without_a_configuration_is_none_to_be_based_on() -> None:
    tree = Overlay(TREE, {LIST: b"- name: a\n", "gallery/a.yaml": b"a: b\na: b\n"})
    assert [*Configurations(ModelGallery(tree)).refused_unused] == []


@pytest.mark.parametrize("case", RIGHT)
def test_what_go_takes_is_taken(configuration_judge: Judge, case: str) -> None:
    text = RIGHT[case]
    assert not configuration_judge(text.encode()), "the case is none"
    assert refused(text) == []
    assert refused_of_base(text) == []


LETTERS = st.text(alphabet="ab \n\t", max_size=6)


@given(st.lists(LETTERS, max_size=2), LETTERS)
def test_what_cannot_be_written_is_not_said_of_what_can(
    configuration_judge: Judge, words: list[str], title: str
) -> None:
    text = f"words: {json.dumps(words)}\ntitle: {json.dumps(title)}\n"
    if refused(text):
        assert configuration_judge(text.encode())
