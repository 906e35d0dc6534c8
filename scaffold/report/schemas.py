"""What every machine-readable result looks like, once, in words of Python; the JSON schemas are made from it.

A type stands for a value of it, a list of one for any number of such, a mapping for an object: a key that
ends in `?` may be missing, and the key `*` stands for any other. Version 1 is only ever extended, so a
published schema lets other keys pass.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scaffold import HOME
from scaffold.errors import unknown
from scaffold.report.formats import as_json
from scaffold.severity import SEVERITIES

DRAFT = "https://json-schema.org/draft/2020-12/schema"
TYPES: dict[Any, str | None] = {str: "string", int: "integer", bool: "boolean", None: "null", object: None}


class Any_(tuple[Any, ...]):  # noqa: N801
    """One of several."""


def maybe(what: Any) -> Any_:
    """Something, or nothing."""
    return Any_((what, None))


class Word(tuple[str, ...]):
    """One of some words."""


SEVERITY = Word(severity.value for severity in SEVERITIES)
IDENTIFIED = {"rule": str, "severity": SEVERITY, "backend": str, "path": str}
REPAIRED = {**IDENTIFIED, "message": str}
COUNTS = dict.fromkeys(SEVERITY, int)
JOB = {"os": Word(("linux", "darwin")), "backend": str, "tag_suffix": str, "platform_tag": str}
PLACE = {"surface": str, "path": str, "line": int, "end_line": int, "what": str}
MANUAL = [{"path": str, "what": str}]
EDITED = [{"path": str, "added": int, "removed": int, "lines": [int]}]
TOOL = {"name": str, "version": str}
USER = {"job": str, "step": str, "path": str, "line": int, "certain": bool}

CHECK = {
    "version": 1,
    "tool": TOOL,
    "verdict": Word(("pass", "fail")),
    "repo": str,
    "rev": maybe(str),
    "findings": [
        {
            **IDENTIFIED,
            "line": int,
            "column": int,
            "end_line": int,
            "message": str,
            "help": str,
            "fixable": bool,
            "new": bool,
            "url": str,
        }
    ],
    "summary": {**COUNTS, "new": COUNTS, "suppressed": int, "backends": int, "rules": int, "workflows?": int},
    "base?": maybe(str),
    "repaired?": [REPAIRED],
    "silenced?": [{**REPAIRED, "by": {"path": str, "line": int, "reason": str}}],
    "broken_base?": str,
    "fixed?": [REPAIRED],
    "discarded?": [{**IDENTIFIED, "why": str}],
    "diff?": str,
    "statistics?": [{"rule": str, "severity": SEVERITY, "findings": int}],
}
ERROR = {
    "version": 1,
    "tool": TOOL,
    "error": {
        "kind": Word(("usage", "shape", "write", "busy", "bug", "error")),
        "message": str,
        "path?": str,
        "line?": maybe(int),
        "notes": [str],
    },
    "exit_code": int,
}
NEW_BACKEND = {
    "version": 1,
    "backend": str,
    "directory": str,
    "relative": maybe(str),
    "dry_run": bool,
    "created": [str],
    "edited": EDITED,
    "manual": MANUAL,
    "existing": [{"surface": str, "path": str, "line": int, "what": str}],
    "starts?": {
        "own": {"linux?": int, "darwin?": int},
        "others": [{"reason": str, "os": JOB["os"], "jobs": int, "backends": int}],
        "tests": int,
    },
    "diff?": str,
}
LIFECYCLE = {
    "version": 1,
    "what": str,
    "dry_run": bool,
    "created": [str],
    "deleted": [str],
    "edited": EDITED,
    "manual": MANUAL,
    "mentions": [{"path": str, "group": str, "line": int, "count": int, "lines": [int]}],
    "unsaved": [{"path": str, "why": str}],
    "diff?": str,
}
SHOW = {
    "version": 1,
    "rev": maybe(str),
    "backend": str,
    "language": str,
    "directory": str,
    "metas": [str],
    "variants": [str],
    "surfaces": [str],
    "registrations": [PLACE],
    "mentions": [PLACE],
    "findings": [
        {"rule": str, "severity": SEVERITY, "path": str, "line": int, "message": str, "fixable": bool}
    ],
}
STATUS = {
    "version": 1,
    "rev": maybe(str),
    "surfaces": [str],
    "platforms": [str],
    "backends": [
        {
            "name": str,
            "language": str,
            "surfaces": {"*": int},
            "findings": {"*": int},
            "platforms": {"*": {"arches": [str], "offered": bool}},
        }
    ],
    "totals": {"backends": int, "surfaces": {"*": int}, "platforms": {"*": int}},
}
AFFECTED = {
    "version": 1,
    "run_all": bool,
    "files": [str],
    "jobs": [{**JOB, "reason": str, "kind": str, "file": str}],
    "backends": [str],
    "tests": [str],
    "unknown": [str],
}
FLOWS = {
    "version": 1,
    "event": str,
    "workflows": [
        {
            "workflow": str,
            "event": str,
            "named": [{"kind": str, "name": str, "writers": [USER], "readers": [USER]}],
            "groups": [{"name": str, "cancels": maybe(bool), "holders": [str], "path": str, "line": int}],
        }
    ],
    "unread": [{"path": str, "line": int, "problem": str}],
}
GUIDE = {
    "version": 1,
    "backends": [
        {
            "backend": str,
            "directory": str,
            "variants": [str],
            "steps": [{"part": str, "done": maybe(bool), "path": str, "line": maybe(int), "what": str}],
            "jobs": [JOB],
            "tests": [str],
            "unsaid": str,
            "left": int,
        }
    ],
}
DOCTOR = {
    "version": 1,
    "rev": maybe(str),
    "since": maybe(str),
    "failed": int,
    "readers": [
        {
            "name": str,
            "module": str,
            "error": maybe(str),
            "parts": [
                {
                    "what": str,
                    "path": str,
                    "line": maybe(int),
                    "entries": int,
                    "since": maybe(str),
                    "state": Word(("found", "absent", "failed")),
                    "namesakes": [str],
                }
            ],
        }
    ],
}
PUBLISHED = {
    "version": 1,
    "rev": maybe(str),
    "registries": [str],
    "since_days": maybe(int),
    "images": [
        {
            "name": str,
            "backend": str,
            "variant": str,
            "channel": str,
            "uri": str,
            "path": str,
            "line": int,
            "offered": bool,
            "state": str,
            "platforms_built": [str],
            "platforms": [str],
            "lacks": {"*": str},
            "digest": maybe(str),
            "media_type": maybe(str),
            "created": maybe(str),
            "old": bool,
            "compressed_bytes": {"*": int},
            "problem": maybe(str),
            "mirrors": [
                {
                    "uri": str,
                    "there": maybe(bool),
                    "digest": maybe(str),
                    "same": maybe(bool),
                    "problem": maybe(str),
                }
            ],
            "remarks": [{"grade": str, "text": str}],
        }
    ],
    "summary": {"images": int, "states": {"*": int}, "complete": bool, "*": int},
}
RULE = {
    "rule": str,
    "group": str,
    "severity": SEVERITY,
    "fixable": bool,
    "default": bool,
    "summary": str,
    "page": str,
    "url": str,
}
RULES = {"version": 1, "rules": [RULE]}
EXPLAIN = {"version": 1, **RULE}
OPTIONS = {
    "version": 1,
    "tool": TOOL,
    "commands": [
        {
            "name": str,
            "help": str,
            "params": [
                {
                    "name": str,
                    "argument": bool,
                    "opts": [str],
                    "metavar": maybe(str),
                    "help": str,
                    "required": bool,
                    "multiple": bool,
                    "flag": bool,
                    "choices": [str],
                    "default": object,
                }
            ],
        }
    ],
    "languages": {"*": {"kinds": [str], "variants": [str]}},
    "variants": {"*": {"arches": [str]}},
    "modalities": [str],
    "imports": [str],
    "severities": [SEVERITY],
    "rules": [str],
    "groups": [str],
    "exit_codes": {"*": str},
}

CONFIG = {
    "select?": [str],
    "ignore?": [str],
    "strict?": bool,
    "suppress?": [{"rule": str, "backend?": str, "reason": str, "match?": str}],
}
"""`.scaffold.toml`."""

SCHEMAS: dict[str, dict[str, Any]] = {
    "affected": AFFECTED,
    "check": CHECK,
    "config": CONFIG,
    "doctor": DOCTOR,
    "error": ERROR,
    "explain": EXPLAIN,
    "flows": FLOWS,
    "guide": GUIDE,
    "lifecycle": LIFECYCLE,
    "new-backend": NEW_BACKEND,
    "options": OPTIONS,
    "published": PUBLISHED,
    "rules": RULES,
    "show": SHOW,
    "status": STATUS,
}
"""Name -> what it looks like; `lifecycle` is of the commands that change or remove a backend, `config` of
`.scaffold.toml`, which takes no other keys.
"""
FILE = Path(__file__).with_name("config.schema.json")
"""The schema of `.scaffold.toml` as editors find it: `python -m scaffold.report.schemas` writes it."""


def schema(name: str, *, strict: bool = False) -> dict[str, Any]:
    """The JSON schema of a result. Raises UsageError where there is none.

    With `strict` it lets nothing pass that is not written here.
    """
    if name not in SCHEMAS:
        raise unknown("schema", name, {known: known for known in SCHEMAS}, "scaffold schema")
    config = name == "config"
    return {
        "$schema": DRAFT,
        "$id": f"{HOME}/raw/main/scaffold/report/{FILE.name}" if config else f"{HOME}/schemas/1/{name}.json",
        "title": ".scaffold.toml" if config else f"scaffold {name}, version 1",
        **_made(SCHEMAS[name], strict or config),
    }


def _made(what: Any, strict: bool) -> dict[str, Any]:
    match what:
        case Word():
            return {"enum": list(what)}
        case Any_():
            return {"anyOf": [_made(each, strict) for each in what]}
        case list():
            return {"type": "array", "items": _made(what[0], strict)}
        case dict():
            named = {key.removesuffix("?"): _made(value, strict) for key, value in what.items() if key != "*"}
            required = [key for key in what if not key.endswith("?") and key != "*"]
            others = _made(what["*"], strict) if "*" in what else not strict
            return {
                "type": "object",
                "properties": named,
                "required": required,
                "additionalProperties": others,
            }
        case int() if not isinstance(what, bool):
            return {"const": what}
    kind = TYPES[what]
    return {"type": kind} if kind else {}


if __name__ == "__main__":
    FILE.write_text(f"{as_json(schema('config'))}\n", encoding="utf-8")
