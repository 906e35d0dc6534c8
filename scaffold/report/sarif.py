"""`check --format sarif`: SARIF 2.1.0, for code scanning and editors.

The log is made of plain dictionaries, and the official schema judges it in the tests. The libraries
that were looked at do not carry it: sarif-pydantic 0.6 knows neither `baselineState`, `suppressions`,
`columnKind` nor `toolExecutionNotifications`, and takes any misspelt key; sarif-om knows all of
them, but is untyped and had its last release in 2019.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from scaffold import HOME, __version__
from scaffold.checkout.edit import Edit
from scaffold.errors import ScaffoldError, ShapeError, told_beside
from scaffold.report import formats, rule_pages
from scaffold.report.view import View, rule_address, silence
from scaffold.rules import all_rules
from scaffold.rules.base import Finding, Severity
from scaffold.rules.suppressions import PATH as SUPPRESSIONS
from scaffold.rules.suppressions import Suppressions

Json = dict[str, Any]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
REASONS = 10
"""Suppressions of one finding that the log lists: one is usual."""
LEVELS = {Severity.error: "error", Severity.warning: "warning", Severity.info: "note"}


def render(view: View) -> str:
    """The whole log."""
    result = view.result
    rules = _rules([*result.findings, *result.repaired, *result.suppressed])
    log = _Log(view, {rule["id"]: index for index, rule in enumerate(rules)})
    results = [
        log.result(f, view.compared and ("new" if result.is_new(i) else "unchanged"), fixable=True)
        for i, f in enumerate(result.findings)
    ]
    results += [log.result(finding, "absent") for finding in result.repaired]
    results += log.suppressed()
    invocation: Json = {"executionSuccessful": True, "exitCode": int(view.fails)}
    told = [text for text in (view.broken_base, silence(view)) if text]
    if told:
        notices = [{"level": "warning", "message": {"text": text}} for text in told]
        invocation["toolExecutionNotifications"] = notices
    return _whole(invocation, results, rules, {"rev": view.rev, "base": result.base})


def failed(error: ScaffoldError) -> str:
    """The log of a run that ended without a result."""
    text = "\n".join((str(error), *told_beside(error)))
    notice: Json = {"level": "error", "message": {"text": text}}
    if isinstance(error, ShapeError):
        region = {"region": {"startLine": error.line}} if error.line else {}
        notice["locations"] = [{"physicalLocation": {"artifactLocation": _artifact(error.path), **region}}]
    invocation = {
        "executionSuccessful": False,
        "exitCode": error.exit_code,
        "toolExecutionNotifications": [notice],
    }
    return _whole(invocation, [], [])


def _whole(invocation: Json, results: list[Json], rules: list[Json], more: Json | None = None) -> str:
    driver = {"name": "scaffold", "semanticVersion": __version__, "informationUri": HOME, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the checked repository."}}},
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": more or {},
    }
    return formats.as_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


class _Log:
    """The results of one log: each knows its rule's index and a fingerprint that no other has."""

    def __init__(self, view: View, rules: dict[str, int]) -> None:
        self._view = view
        self._rules = rules
        self._seen: Counter[str] = Counter()

    def result(self, finding: Finding, state: str | bool, *, fixable: bool = False) -> Json:
        """One finding; `state` is its baselineState, if it has one."""
        region = self._view.region(finding)
        text: Json = {"startLine": region.line}
        if region.text and state != "absent":  # what is absent stood in another text
            text |= {"startColumn": region.column, "endLine": region.line, "endColumn": region.end_column}
            text["snippet"] = {"text": region.text}
        result: Json = {
            "ruleId": finding.rule,
            "ruleIndex": self._rules[finding.rule],
            "level": LEVELS[finding.severity],
            "message": {"text": "\n".join(filter(None, (finding.message, finding.help))) or finding.rule},
            "locations": [_location(finding.path, text)],
            "partialFingerprints": self._fingerprints(finding),
        }
        if finding.backend:
            result["locations"][0]["logicalLocations"] = [{"name": finding.backend, "kind": "module"}]
        if state:
            result["baselineState"] = state
        fix = _fix(self._view, finding) if fixable else None
        if fix:
            result["fixes"] = [fix]
        return result

    def suppressed(self) -> Iterator[Json]:
        """The suppressed findings, each with the reason that a person gave."""
        findings = self._view.result.suppressed
        read = Suppressions.read(self._view.tree, findings) if findings else Suppressions()
        silenced = Counter(finding.identity for finding, _ in self._view.silenced)
        for finding, entries in read.covering(findings):
            # What the change brings is not accepted before the change is.
            status = "underReview" if silenced[finding.identity] > 0 else "accepted"
            silenced[finding.identity] -= 1
            yield self.result(finding, False) | {
                "suppressions": [
                    {
                        "kind": "external" if entry.path == SUPPRESSIONS else "inSource",
                        "status": status,
                        "justification": entry.reason,
                        "location": _location(entry.path, {"startLine": entry.line}),
                    }
                    for entry in entries[:REASONS]
                ]
            }

    def _fingerprints(self, finding: Finding) -> dict[str, str]:
        """Names for the finding that stay when the lines around it move.

        Code scanning follows an alert by `primaryLocationLineHash` alone. It would make that of the
        line's text; what the finding is about says more, and lasts longer.
        """
        digest = hashlib.sha256(json.dumps(finding.identity).encode()).hexdigest()
        self._seen[digest] += 1
        occurrence = self._seen[digest]
        return {
            "findingIdentity/v1": f"{digest}:{occurrence}",
            "primaryLocationLineHash": f"{digest[:16]}:{occurrence}",
        }


def _location(path: str, region: Json) -> Json:
    return {"physicalLocation": {"artifactLocation": _artifact(path), "region": region}}


def _artifact(path: str) -> Json:
    return {"uri": quote(os.fsencode(path)), "uriBaseId": ROOT}


def _rules(findings: Sequence[Finding]) -> list[Json]:
    """Every rule of the catalogue, and the names of findings that no rule made."""
    rules: list[Json] = [
        {
            "id": rule.slug,
            "shortDescription": {"text": rule.summary},
            "help": {"text": rule.page, "markdown": rule_pages.page(rule)},
            "helpUri": rule_address(rule.slug),
            "defaultConfiguration": {"level": LEVELS[rule.severity]},
            "properties": {"tags": [rule.group], "fixable": rule.fixable},
        }
        for rule in all_rules()
    ]
    others = {finding.rule for finding in findings} - {rule["id"] for rule in rules}
    return rules + [{"id": name} for name in sorted(others)]


def _fix(view: View, finding: Finding) -> Json | None:
    """The edits of a finding's fix, as if it were the only one."""
    changes = view.repair(finding)
    if changes is None or changes.created:  # SARIF has no word for a new file
        return None
    return {
        "description": {"text": finding.help or finding.message or finding.rule},
        "artifactChanges": [
            {
                "artifactLocation": _artifact(path),
                "replacements": list(_replacements(view.tree.read(path) or b"", group)),
            }
            for path, group in sorted(changes.by_path().items())
        ],
    }


def _replacements(data: bytes, edits: Sequence[Edit]) -> Iterator[Json]:
    """The edits of one file; what is inserted at one place becomes one replacement."""
    merged: list[Edit] = []
    for edit in edits:
        if merged and merged[-1].end == edit.start:
            last = merged.pop()
            edit = Edit(edit.path, last.start, edit.end, last.text + edit.text)
        merged.append(edit)
    for edit in merged:
        start_line, start_column = _position(data, edit.start)
        end_line, end_column = _position(data, edit.end)
        yield {
            "deletedRegion": {
                "startLine": start_line,
                "startColumn": start_column,
                "endLine": end_line,
                "endColumn": end_column,
                "byteOffset": edit.start,
                "byteLength": edit.end - edit.start,
            },
            "insertedContent": {"text": edit.text},
        }


def _position(data: bytes, offset: int) -> tuple[int, int]:
    """Line and column of an offset, both from 1, columns in code points."""
    start = data.rfind(b"\n", 0, offset) + 1
    return data.count(b"\n", 0, offset) + 1, len(data[start:offset].decode(errors="replace")) + 1
