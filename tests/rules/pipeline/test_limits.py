"""Calls of GitHub's API, with a token and without one."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import job

URL = '"https://api.github.com/repos/$REPO/commits/main"'
BEARER = 'curl -sf -H "Authorization: Bearer $GITHUB_TOKEN" '


BUMP = "set -e\nSHA=$({} " + URL + ")\n"
FILES = {"bump": job("- run: bash ./.github/bump.sh acme/ibex")}
CASES = {
    "anonymous-api": Case(
        tree({**FILES, ".github/bump.sh": BUMP.format("curl -sf")}),
        "curl",
        tree({**FILES, ".github/bump.sh": BUMP.format(BEARER)}),
    )
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


@pytest.mark.parametrize(
    ("command", "is_told"),
    [
        (f"curl -s {URL}", True),
        (f"tag=$(wget -qO- {URL} | jq -r .sha)", True),
        (f"if true; then curl -s -o {{}} {URL}; fi", True),
        (BEARER + URL, False),
        (f"curl -u me:secret {URL}", False),
        (f'curl "${{auth[@]}}" {URL}', False),
        (f"curl $OPTIONS {URL}", False),
        (f"gh_curl {URL}", False),
        (f"gh api {URL}", False),
        (f"# curl {URL}", False),
        ("curl -s https://example.org/api.github.com/", False),
    ],
)
def test_what_asks_without_a_token(command: str, is_told: bool) -> None:
    where = tree({"ci": job(f"- run: |\n    {command}")})
    assert bool(found(where, "anonymous-api")) == is_told
    scripted = tree({"ci": job("- run: ./ask.sh\n  working-directory: ci"), "ci/ask.sh": f"{command}\n"})
    assert bool(found(scripted, "anonymous-api")) == is_told


def test_a_script_that_no_step_runs_is_not_read() -> None:
    assert not found(tree({"ci": job("- run: make"), "ask.sh": f"curl -s {URL}\n"}), "anonymous-api")


@pytest.mark.parametrize(
    ("run", "told"),
    [
        ("A=https://api.github.com\n    curl -s $A/repos/a/b", True),
        ('curl -s "$GITHUB_API_URL/repos/a/b"', True),
        ("curl -s ${{ github.api_url }}/repos/a/b", True),
        ("curl -s api.github.com/repos/a/b", True),
        ("curl -s https://api.github.com/repos/a/token-service", True),
        ("curl -s https://api.github.com/repos/a/b?access_token=$T", False),
        ("curl -s https://$USER:$TOKEN@api.github.com/repos/a/b", False),
        ("curl -s https://example.org/api.github.com.html", False),
    ],
)
def test_addresses_in_other_spellings(run: str, told: bool) -> None:
    assert bool(found(tree({"ci": job(f"- run: |\n    {run}")}), "anonymous-api")) is told
