"""The site is built without a warning or a network, each link in it leads somewhere, and nothing is loaded."""

from __future__ import annotations

import html
import os
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs import PROJECT

LOADED = {("script", "src"), ("img", "src"), ("source", "srcset"), ("iframe", "src")}


class Link(NamedTuple):
    page: str
    to: str
    loaded: bool
    """Whether the browser fetches it without being asked."""


class _Page(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.names: set[str] = set()
        self.links: list[Link] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        self.names |= {given[key] for key in ("id", "name") if key in given}
        kinds = given.get("rel", "").split()
        for key in ("href", "src", "srcset"):
            if key in given and "canonical" not in kinds:
                loaded = (tag, key) in LOADED or (
                    tag == "link" and not {"next", "prev", "index", "search"} & {*kinds}
                )
                self.links.append(Link(self.page, given[key], loaded))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q", "docs", str(folder)]
    offline = {f"{name}_proxy": "http://127.0.0.1:9" for name in ("http", "https")}
    result = subprocess.run(
        command, cwd=PROJECT, env={**os.environ, **offline}, capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, _Page]:
    found = {}
    for file in sorted(site.rglob("*.html")):
        page = _Page(file.relative_to(site).as_posix())
        page.feed(file.read_text(encoding="utf-8"))
        found[page.page] = page
    return found


def _inside(pages: dict[str, _Page]) -> Iterator[tuple[Link, str, str]]:
    for page in pages.values():
        for link in page.links:
            address = urlsplit(link.to)
            if not address.scheme and not address.netloc:
                path = (
                    os.path.normpath(Path(page.page).parent / unquote(address.path))
                    if address.path
                    else page.page
                )
                yield link, path, unquote(address.fragment)


def test_every_link_leads_somewhere(site: Path, pages: dict[str, _Page]) -> None:
    assert len(pages) > 100
    dead = [
        (link.page, link.to)
        for link, path, fragment in _inside(pages)
        if not (site / path).is_file() or (fragment and path in pages and fragment not in pages[path].names)
    ]
    assert dead == []


def test_a_browser_asks_nobody_else(pages: dict[str, _Page]) -> None:
    loaded = [link for page in pages.values() for link in page.links if link.loaded]
    assert loaded
    assert [link for link in loaded if "://" in link.to or link.to.startswith("//")] == []


def test_every_page_can_be_reached(pages: dict[str, _Page]) -> None:
    links = {
        page: {path for link, path, _ in _inside({page: pages[page]}) if path in pages} for page in pages
    }
    reached, waiting = set(), ["index.html"]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            waiting += links[page]
    assert sorted(pages.keys() - reached) == []


def test_a_page_fits_every_screen(pages: dict[str, _Page]) -> None:
    assert all("viewport" in page.names for page in pages.values())


def test_a_rule_has_its_incidents(site: Path) -> None:
    table = (PROJECT / "docs/evidence-pipeline.md").read_text(encoding="utf-8")
    first = table.partition("| rule |")[2].partition("\n\n")[0].splitlines()[2:]
    assert first
    for row in first:
        rule, repository, _, _, _, what = (cell.strip() for cell in row.strip("|").split("|"))
        page = (site / "rules" / f"{rule}.html").read_text(encoding="utf-8")
        incidents = page.partition('<section id="incidents">')[2].partition("</section>")[0]
        assert repository in incidents
        assert what in html.unescape(incidents)
