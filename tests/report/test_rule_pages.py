"""The rule pages: complete, and up to date in docs/rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from scaffold.report import rule_pages
from scaffold.rules import all_rules
from scaffold.rules.base import Rule
from tests.samples import SampleBroken

FOLDER = Path(__file__).parents[2] / "docs/rules"


def test_docs_rules_is_up_to_date() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    wanted = rule_pages.pages()
    assert sorted(there) == sorted(wanted), "run `make docs`"
    stale = [name for name, text in wanted.items() if there[name] != text]
    assert not stale, f"run `make docs`: {stale}"


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.slug)
def test_a_page_has_everything(rule: Rule) -> None:
    summary, blank, *_ = rule.page.split("\n")
    assert summary.endswith("."), "the first line is one sentence"
    assert blank == ""
    sections = re.findall(r"^(\w+):(?=\s|$)", rule.page, re.MULTILINE)
    assert [name for name in sections if name in rule_pages.SECTIONS] == list(rule_pages.SECTIONS)
    text = rule_pages.page(rule)
    tokens = MarkdownIt("commonmark").parse(text)
    headings = [tokens[n + 1].content for n, token in enumerate(tokens) if token.type == "heading_open"]
    assert headings == [rule.slug, *rule_pages.SECTIONS]
    assert "\n\n\n" not in re.sub(r"```.*?```", "code", text, flags=re.DOTALL)
    body = dict(zip(rule_pages.SECTIONS, re.split(r"^## .*$", text, flags=re.MULTILINE)[1:], strict=True))
    assert all(part.strip() for part in body.values()), body


def test_slugs_are_names_and_unique() -> None:
    slugs = [rule.slug for rule in all_rules()]
    assert len(set(slugs)) == len(slugs)
    assert not set(slugs) & {rule.group for rule in all_rules()}, "--select takes both"
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) for slug in slugs)


def test_a_docstring_becomes_markdown() -> None:
    assert rule_pages.page(SampleBroken()) == (
        "# sample-broken\n"
        "\n"
        "Finds the lines `# WORD backend subject` of the gallery.\n"
        "\n"
        "Severity **error**, group `tests`; `scaffold check --fix` repairs it.\n"
        "\n"
        "## Why\n"
        "\n"
        "A test decides what is found.\n"
        "\n"
        "## Fails\n"
        "\n"
        "```\n"
        "# WORD rookery what is wrong\n"
        "```\n"
        "\n"
        "## Passes\n"
        "\n"
        "```\n"
        "# nothing\n"
        "```\n"
        "\n"
        "## Fix\n"
        "\n"
        "Delete the line.\n"
    )


def test_writing_deletes_the_pages_of_rules_that_are_gone(tmp_path: Path) -> None:
    (tmp_path / "gone-rule.md").write_text("old")
    rule_pages.write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(rule_pages.pages())
