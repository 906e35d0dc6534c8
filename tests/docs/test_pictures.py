"""The pictures show what the program prints today, load nothing, and are there wherever a page names them."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from docs import pictures
from scaffold import HOME
from tests.docs import PROJECT

RAW = HOME.replace("https://github.com/", "https://raw.githubusercontent.com/") + "/main/"


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_a_picture_is_what_is_printed(name: str) -> None:
    lines = pictures.drawn(name)
    assert 5 < len(lines) <= pictures.LINES
    printed = [line.plain.rstrip() for line in lines if line.plain.strip()]
    for theme, colours in pictures.THEMES.items():
        picture = (pictures.FOLDER / f"{name}-{theme}.svg").read_text(encoding="utf-8")
        shown = [line for line in pictures.text_of(picture) if line]
        assert shown == printed, "run `make pictures`"
        assert pictures.text_of(pictures.svg(name, lines, colours)) == pictures.text_of(picture)


def test_a_picture_loads_nothing() -> None:
    for path in pictures.FOLDER.iterdir():
        text = path.read_text(encoding="utf-8")
        ElementTree.fromstring(text)
        assert not re.findall(r"url\((?!#)|href|@import|@font-face", text), path.name


def test_every_picture_is_shown_in_both_kinds_of_light() -> None:
    shown: dict[str, set[str]] = {}
    for page in [PROJECT / "README.md", *(PROJECT / "docs").glob("*.md")]:
        for path, name, theme in re.findall(
            r"[\"(]([^\s\"(]*pictures/([\w-]+)-(\w+)\.svg)", page.read_text(encoding="utf-8")
        ):
            assert path.startswith(RAW if page.name == "README.md" else "pictures/")
            assert (pictures.FOLDER / f"{name}-{theme}.svg").is_file()
            shown.setdefault(name, set()).add(theme)
    assert shown == {name: {*pictures.THEMES} for name in pictures.PICTURES}
    assert {path.name for path in pictures.FOLDER.iterdir()} == {
        f"{name}-{theme}.svg" for name in pictures.PICTURES for theme in pictures.THEMES
    }
