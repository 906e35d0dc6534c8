"""The rule pages, made from the rules: python -m scaffold.report.rule_pages docs/rules."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from scaffold.report.markdown import fenced
from scaffold.rules import all_rules
from scaffold.rules.base import Rule

SECTIONS = ("Why", "Fails", "Passes", "Fix")
INDEX = "README.md"
_SECTION = re.compile(rf"({'|'.join(SECTIONS)}):(?:\s+(.*))?")


def page(rule: Rule) -> str:
    """The page of one rule as Markdown."""
    fixable = "; `scaffold check --fix` repairs it" if rule.fixable else ""
    asked = "" if rule.default else "; runs only where it or its group is selected"
    about = f"Severity **{rule.severity.value}**, group `{rule.group}`{fixable}{asked}."
    summary, _, body = rule.page.partition("\n")
    text = "\n".join([f"# {rule.slug}", "", summary, "", about, "", *_blocks(body)])
    return _without_double_blanks(text).rstrip() + "\n"


def index(rules: Iterable[Rule]) -> str:
    """The table of all rules."""
    about = (
        "Made from the rules by `make docs`. `scaffold explain RULE` prints a page, `scaffold rules` this"
        " table. An error fails the check; a warning fails it with `--strict`,"
        " and with `--base` where the change adds the backend. What many of them come from, with the commit"
        " that repaired it: [the incidents of the pipeline](../evidence-pipeline.md) and"
        " [those of the registrations](../evidence.md)."
    )
    lines = ["# Rules of `scaffold check`", "", about]
    for group, members in groupby(rules, key=lambda rule: rule.group):
        lines += ["", f"## {group}", "", "| rule | severity | `--fix` | |", "| --- | --- | --- | --- |"]
        lines += [
            f"| [{rule.slug}]({rule.slug}.md) | {rule.severity.value} | {'yes' if rule.fixable else ''} "
            f"| {rule.summary.replace('|', chr(92) + '|')} |"
            for rule in members
        ]
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """File name -> content of everything in the folder of pages."""
    rules = all_rules()
    return {INDEX: index(rules)} | {f"{rule.slug}.md": page(rule) for rule in rules}


def write(folder: Path) -> None:
    """Write every page into `folder`, and delete the pages of rules that are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for file in folder.glob("*.md"):
        if file.name not in wanted:
            file.unlink()
    for name, content in wanted.items():
        (folder / name).write_text(content, encoding="utf-8")


def _blocks(body: str) -> Iterator[str]:
    """The lines of a docstring's body: sections get headings, indented text becomes fenced code."""
    lines = textwrap.dedent(body).splitlines()
    position = 0
    while position < len(lines):
        line = lines[position]
        section = _SECTION.fullmatch(line)
        if section:
            yield from ("", f"## {section[1]}", "")
            if section[2]:
                yield _sentence(section[2])
        elif line.startswith("    "):
            end = position
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            code = textwrap.dedent("\n".join(lines[position:end])).rstrip()
            yield from ("", *fenced(code, _language(code)).splitlines())
            yield ""
            position = end - 1
        else:
            yield line
        position += 1


def _sentence(text: str) -> str:
    """What follows a heading begins with a capital, unless it begins with a name."""
    word = text.partition(" ")[0].rstrip(",;:")
    return text[0].upper() + text[1:] if word.isalpha() and word.islower() else text


def _without_double_blanks(text: str) -> str:
    """Blank lines come alone, except inside code."""
    parts = re.split(r"^(`{3,}.*?^`{3,}$)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if part.startswith("```") else re.sub(r"\n{3,}", "\n\n", part) for part in parts)


def _language(code: str) -> str:
    """The language of an example, where its look leaves no doubt."""
    if re.match(r"(- )?[\w.-]+:(\s|$)|- \S", code):
        return "yaml"
    if re.match(r"(\.PHONY|[\w.-]+)\s*(\?=|:=|\+=|:)|\$\(|define ", code):
        return "make"
    return ""


if __name__ == "__main__":
    write(Path(sys.argv[1]))
