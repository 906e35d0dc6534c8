"""Every machine-readable result is what its schema says, and holds nothing that it does not say."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from scaffold.report import findings_json, schemas
from scaffold.report import published as published_report
from scaffold.report.schemas import SCHEMAS, schema
from scaffold.report.view import View
from scaffold.rules.suppressions import FIELDS, KEYS
from tests.conftest import in_process
from tests.consumers import git
from tests.report.test_published import RESULTS
from tests.rules.trees import GALLERY
from tests.samples import views

PROJECT = Path(__file__).parents[2]
COMMANDS = {
    "affected backend/backend.proto": "affected",
    "check": "check",
    "check --base HEAD --statistics": "check",
    "check --diff --base HEAD": "check",
    "check nobody": "error",
    "check --nope": "error",
    "check --rev": "error",
    "doctor": "doctor",
    "explain gallery-mirror": "explain",
    "flows": "flows",
    "guide lark": "guide",
    "new-backend ibex --lang go --dry-run --no-input": "new-backend",
    "remove-backend lark --dry-run": "lifecycle",
    "rename-backend lark ibex --dry-run": "lifecycle",
    "add-variant lark vulkan --dry-run": "lifecycle",
    "remove-variant lark metal --dry-run": "lifecycle",
    "adopt --dry-run": "lifecycle",
    "options": "options",
    "rules": "rules",
    "show lark": "show",
    "status": "status",
}
ANYWHERE = {"explain", "options", "rules"}


def valid(text: str, name: str) -> None:
    Draft202012Validator(schema(name, strict=True)).validate(json.loads(text))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_result_is_what_its_schema_says(
    command: str, miniature: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    git(miniature, "init", "--quiet")
    git(miniature, "add", "-A")
    git(miniature, "commit", "--quiet", "-m", "x")
    (miniature / GALLERY).write_text(
        (miniature / GALLERY).read_text().replace('alias: "lark"\n', 'alias: "larch"\n')
    )
    words = command.split()
    where = [] if words[0] in ANYWHERE else ["--repo", str(miniature)]
    code, out, err = in_process(monkeypatch, capfd)(words[0], "--format", "json", *where, *words[1:])
    name = COMMANDS[command]
    assert (code == 2) is (name == "error"), err
    valid(out, name)
    if "--dry-run" in words:
        assert json.loads(out)["diff"].startswith("diff --git ")


@given(views())
def test_any_check_is_what_its_schema_says(report: View) -> None:
    valid(findings_json.render(report), "check")


@given(RESULTS)
def test_any_answer_of_the_registries_is_what_its_schema_says(found: object) -> None:
    valid(published_report.as_json(found), "published")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one(
    name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = in_process(monkeypatch, capfd)("schema", name)
    assert code == 0
    printed = json.loads(out)
    Draft202012Validator.check_schema(printed)
    assert printed["additionalProperties"] is (name != "config"), "version 1 is extended"
    assert set(printed["required"]) <= set(printed["properties"])


def test_every_result_has_one(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    call = in_process(monkeypatch, capfd)
    assert call("schema")[1].split() == list(SCHEMAS)
    code, _, err = call("schema", "chek")
    assert code == 2
    assert "did you mean check" in err
    assert set(COMMANDS.values()) | {"published", "config"} == set(schemas.SCHEMAS)
    listed = json.loads(call("options", "--format", "json")[1])
    with_json = {
        command["name"]
        for command in listed["commands"]
        for param in command["params"]
        if "--format" in param["opts"] and "json" in param["choices"]
    }
    lifecycle = {"adopt", "remove-backend", "rename-backend", "add-variant", "remove-variant"}
    assert with_json - lifecycle == set(SCHEMAS) - {"error", "lifecycle", "config"}
    assert listed["languages"]["rust"]["kinds"] == ["tonic"]


def test_the_schema_of_the_configuration_is_shipped_and_right() -> None:
    shipped = json.loads(schemas.FILE.read_text(encoding="utf-8"))
    assert shipped == schema("config"), "run `make docs`"
    example = (PROJECT / "docs/configuration.md").read_text().partition("```toml\n")[2].partition("```")[0]
    assert example.startswith(f"#:schema {shipped['$id']}\n")
    document = tomllib.loads(example)
    Draft202012Validator(shipped).validate(document)
    assert document.keys() == shipped["properties"].keys() == KEYS
    assert shipped["properties"]["suppress"]["items"]["properties"].keys() == FIELDS
