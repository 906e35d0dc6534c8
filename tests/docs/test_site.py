"""The site is built without a warning or a network, each link in it leads somewhere, and nothing is loaded."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
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


MEASURE = """<iframe style="border:0;height:900px"></iframe><script>
(async () => {
  const frame = document.querySelector("iframe"), wide = [];
  for (const width of [400, 1600]) for (const page of PAGES) {
    frame.style.width = `${width}px`;
    await new Promise((done) => { frame.onload = done; frame.src = page; });
    const inside = [...frame.contentDocument.querySelectorAll("article *:not(.table-wrapper *, table *, pre *)")];
    const over = inside.some((element) => element.getBoundingClientRect().right > width + 1);
    if (over || frame.contentDocument.scrollingElement.scrollWidth > width) wide.push(`${page} at ${width}`);
  }
  document.title = JSON.stringify(wide);
})();
</script>"""
"""What tells of each page whether something but the inside of a table or a block is wider than the screen."""


def test_a_page_fits_every_screen(site: Path, pages: dict[str, _Page], tmp_path: Path) -> None:
    """A telephone, and a large screen."""
    assert all("viewport" in page.names for page in pages.values())
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("chromium is not installed")
    few = [page for page in pages if "/" not in page or page.startswith(("rules/g", "commands/"))]
    root = Path(shutil.copytree(site, tmp_path / "site"))
    (root / "measure.html").write_text(MEASURE.replace("PAGES", json.dumps(few)), encoding="utf-8")
    handler = partial(Quiet, directory=str(root))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        command = [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", f"--user-data-dir={tmp_path / 'profile'}",
            "--window-size=1700,1000", "--virtual-time-budget=1000000", "--dump-dom",
            f"http://127.0.0.1:{server.server_port}/measure.html",
        ]  # fmt: skip
        seen = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        server.shutdown()
    found = re.search(r"<title>(.*?)</title>", seen)
    if found is None:
        pytest.skip("chromium does not run here")
    assert json.loads(html.unescape(found[1])) == []


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and tells nobody."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_rule_has_its_incidents(site: Path) -> None:
    table = (PROJECT / "docs/evidence-pipeline.md").read_text(encoding="utf-8")
    first = table.partition("| rule |")[2].partition("\n\n")[0].splitlines()[2:]
    assert first
    for row in first:
        rule, repository, _, _, _, what = (cell.strip() for cell in row.strip("|").split("|"))
        page = (site / "rules" / f"{rule}.html").read_text(encoding="utf-8")
        incidents = page.partition('<section id="incidents">')[2].partition("</section>")[0]
        told = html.unescape(re.sub(r"<[^>]*>", "", incidents))
        assert repository in told
        assert what.replace("`", "") in told
