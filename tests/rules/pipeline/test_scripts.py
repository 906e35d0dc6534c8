"""What the scripts of jobs call."""

from __future__ import annotations

import pytest

from scaffold.rules.base import Severity
from tests.rules.pipeline.trees import MINIATURE, Case, assert_case, found, tree
from tests.rules.pipeline.workflows import job

URL = '"https://acme.example/newest"'
MOVED = "https://github.com/acme/ibex/releases/"
BUMP = "set -e\nSHA=$(curl {} " + URL + ")\n"
ASK = f"ask() {{ tag=$(curl -s {URL}); echo $tag; }}"
TAKE = "take() { echo $2 | jq -r '.[].name'; }"
"""A function that prints an answer, and one that gets it."""
FILES = {"bump": job("- run: bash ./bump.sh acme/ibex")}
CASES = {
    "answer-unchecked": Case(
        tree({**FILES, "bump.sh": BUMP.format("-s")}),
        "curl",
        tree({**FILES, "bump.sh": BUMP.format("-sfL")}),
    ),
    "make-function-in-shell": Case(
        tree({"ci": job("- run: |\n    make finch\n    FINCH=$(abspath ./)/finch make test")}),
        "abspath",
        tree({"ci": job("- run: |\n    make finch\n    FINCH=$PWD/finch make test")}),
    ),
}


CLOCK = "on: {schedule: [{cron: '0 1 * * 1'}]}\njobs:\n  refresh:\n    runs-on: ubuntu-latest\n    steps:\n"
BOT = f"{CLOCK}      - uses: peter-evans/create-pull-request@v8\n"
CASES["push-past-review"] = Case(
    tree({"bump": BOT, "count": f"{CLOCK}      - run: |\n          git commit -am x\n          git push\n"}),
    "git push",
    tree({"count": f"{CLOCK}      - run: |\n          git commit -am x\n          git push\n"}),
)


@pytest.mark.parametrize(
    ("start", "lines", "is_told"),
    [
        (CLOCK, ["git push origin HEAD:master"], True),
        (CLOCK, ["git push --quiet origin main"], True),
        (CLOCK, ["git push origin HEAD:gh-pages"], False),
        (CLOCK, ["git push origin v1.0"], False),
        (CLOCK, ["git push --tags"], False),
        (CLOCK, ["git push -f origin --tags"], False),
        (CLOCK, ["git push --follow-tags"], True),
        (CLOCK, ["git push origin main --tags"], True),
        (CLOCK, ["git push origin HEAD:refs/heads/main"], True),
        (CLOCK, ["git push origin refs/tags/v1"], False),
        (CLOCK, ["git push --dry-run"], False),
        (CLOCK, ["git push -d origin main"], False),
        (CLOCK, ["git checkout -b bump", "git push"], False),
        (CLOCK, ["git clone https://acme.example/x", "cd x && git push"], False),
        (CLOCK.replace("on: {", "on: {pull_request: {}, "), ["git push"], False),
        (f"{CLOCK}      - uses: actions/checkout@v7\n        with: {{ref: pages}}\n", ["git push"], False),
    ],
)
def test_what_is_pushed_past_a_review(start: str, lines: list[str], is_told: bool) -> None:
    script = "".join(f"          {line}\n" for line in lines)
    where = tree({"bump": BOT, "count": f"{start}      - run: |\n{script}"})
    assert bool(found(where, "push-past-review")) == is_told


@pytest.mark.parametrize(
    ("script", "is_told"),
    [
        ("./count.py\ngit commit -am x\ngit push\n", True),
        ("push() {\n  git push\n}\npush\n", True),
        ("if [ -n $PUSH ]; then git push; fi\n", False),
        ("git checkout -b bump\ngit push\n", False),
    ],
)
def test_what_a_script_pushes_past_a_review(script: str, is_told: bool) -> None:
    where = tree({"bump": BOT, "count": f"{CLOCK}      - run: ci/push.sh\n", "ci/push.sh": script})
    assert [f.path for f in found(where, "push-past-review")] == ["ci/push.sh"] * is_told


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


@pytest.mark.parametrize(
    ("command", "is_told"),
    [
        (f"tag=$(curl -s {URL} | jq -r .tag)", True),
        (f'tag="$(curl -sS -H "Accept: text/plain" {URL})"', True),
        (f"tag=`curl {URL}`", True),
        ("export TAG=$(curl -s $BASE_URL)", True),
        (f"tag=$(curl -s {URL}); echo $tag | jq -r '.tags[0]'", True),
        (f"tag=$(curl -s {URL}); echo $tag | jq -r '.[0].tag'", False),
        (f"tags=$(curl -s {URL} | jq -r '.[].tag')", False),
        (f"tags=$(curl -s {URL} | jq -r '[.[] | select(.rc | not) | .tag]')", False),
        (f"tag=$(curl -s {URL} | jq -r '.tags[0]' | sed s/^v//)", True),
        (f"tag=$(curl -s {URL} | jq -r '.tags[].name' | head -n 1)", False),
        (f"tag=$(curl -s {URL} | grep -o 'v[0-9.]*')", False),
        (f"tag=$(curl -s {URL} | grep -o 'v[0-9.]*' | head -n 1)", False),
        (f"set -o pipefail; tag=$(curl -s {URL} | jq -r .tag | head -n 1)", True),
        (f"delay=$(curl -s {URL} | jq '.delay|tonumber')", False),
        ("tag=$(curl -s https://acme.example/newest.json | jq -r .tag)", False),
        ("tag=$(curl -s https://acme.example/newest.json | jq -r .tag | head -n 1)", True),
        (f'page=$(curl -s {URL}); done < <(echo "$page" | grep -o "v[0-9.]*" | sort -u)', False),
        (f'page=$(curl -s {URL}); echo "$page" | sort -u', True),
        (f"""body=$(curl -s {URL}); tag=$(jq -r '\n    .tag\n    ' <<< "$body"); [ -z "$tag" ]""", False),
        (f'tag=$(curl -s {URL}); if [ -z "$tag" ]; then exit 1; fi', False),
        (f"tag=$(curl -s {URL} | jq -er .tag)", False),
        (f"tag=$(curl -s {URL} | jq -r --exit-status .tag)", False),
        (f"tag=$(curl -s {URL} | jq --arg e x -r .tag)", True),
        (f"tag=$(curl -s {URL} | jq -e .tag | head -n 1)", False),
        (f"tag=$(curl -s {URL} | jq -r '.[0].tag')", False),
        (f"tag=$(curl -s {URL} | jq -r '.[-1].tag // empty')", False),
        (f"tag=$(curl -s {URL} | jq -c '. | .[:2]')", False),
        (f"tag=$(curl -s {URL} | jq -r first.tag)", False),
        (f"tag=$(curl -s {URL} | jq -r '.[0]?.tag')", True),
        (f"tag=$(curl -s {URL} | jq -r '.[\"0\"]')", True),
        (f"tag=$(curl -s {URL} | jq -r .first)", True),
        (f"tag=$(curl -s {URL} | jq -r '.[0].tag' | head -n 1)", False),
        (f"tag=$(curl -s {URL} | jq -r '.tags[0]'); test -n $tag", False),
        (f"tag=$(curl -s {URL} | jq -r '.tags[0]'); echo ${{tag:?none}}", False),
        (f"tag=$(curl -s {URL} | jq -r '.tags[0]'); echo ${{tag:-none}}", True),
        (f"tag=$(curl -s {URL} | jq -r '.tag // error(0)')", False),
        (f'body=$(curl -s {URL}); tag=$(jq -e .tag <<<"$body")', False),
        (f'body=$(curl -s {URL}); tag=$(jq -r .tag <<< "$body")', True),
        (f"body=$(curl -s {URL}); grep -q ok <<< $body", False),
        (f"body=$(curl -s {URL}); grep -q ok <<< $other", True),
        (f"body=$(curl -s {URL}); printf %s $body | tr -d x | jq -r '.[].tag'", False),
        (
            f"""tag=$(curl -s {URL} | python3 -c 'import json,sys; print(json.load(sys.stdin)["tag"])')""",
            False,
        ),
        (
            f"""tag=$(curl -s {URL} | python -c 'import json,sys; print(json.load(sys.stdin).get("t"))')""",
            True,
        ),
        (f"""tag=$(curl -s {URL} | python3 -c 'import sys; print(sys.stdin.read()["tag"])')""", True),
        ("tag=$(curl -s --unix-socket /run/docker.sock http://docker/version)", False),
        ("tag=$(curl -s --abstract-unix-socket=x http://docker/version)", False),
        ("tag=$(curl -s http://0.0.0.0:8080/v1/models)", False),
        ("tag=$(curl -s 'http://[::1]:8080/v1/models')", False),
        ("tag=$(curl -s http://0.acme.example/v1/models)", True),
        (f'body=$(curl -s {URL}); [[ "${{body}}" == ok ]]', False),
        (f'tag=$(curl -s {URL}); [ -z "$tags" ]', True),
        (f'body=$(curl -s {URL}); tag=$(echo "$body" | jq -r .tag); [ "$tag" != null ]', False),
        (f'body=$(curl -s {URL}); tag=$(echo "$body" | jq -r .tag); [ "$day" != sun ]', True),
        (f'tag=$(curl -s {URL}); if echo "$tag" | jq . > x; then echo $tag; fi', False),
        (f'tag=$(curl -s {URL}); if (echo "$tag" | jq . >/dev/null 2>&1); then echo $tag; fi', False),
        (f'tag=$(curl -s {URL}); if ! jq . <<< "$tag"; then exit 1; fi', False),
        (f'tag=$(curl -s {URL}); until echo "$tag" | jq .; do sleep 1; done', False),
        (f'tag=$(curl -s {URL}); echo "$tag" | jq . || exit 1', False),
        (f'tag=$(curl -s {URL}); if make; then echo "$tag" | jq .; fi', True),
        (f'tag=$(curl -s {URL}); if echo "$tag" | jq . | tee x; then make; fi', True),
        (f'tag=$(curl -s {URL}); make && echo "$tag" | jq .', True),
        (f'tag=$(curl -s {URL}); if echo "$other" | jq .; then make; fi', True),
        (f"{ASK}; tags=$(ask); echo \"$tags\" | jq -r '.tags[].name'", False),
        (f'{ASK}; tags=`ask`; [ -n "$tags" ]', False),
        (f"{ASK}; tags=$(ask); echo \"$tags\" | jq -r '.name'", True),
        (f"{ASK}; tags=$(asked); echo \"$tags\" | jq -r '.tags[].name'", True),
        (f"{ASK.replace('$tag', 'ok')}; tags=$(ask); echo \"$tags\" | jq -r '.tags[].name'", True),
        (f'{TAKE}; tag=$(curl -s {URL}); take x "$tag"', False),
        (f'{TAKE}; tag=$(curl -s {URL}); take "$tag" x', True),
        (f'{TAKE.replace("$2", "${2}")}; {ASK}; tags=$(ask); take x "$tags"', False),
        (
            f"{TAKE.replace('{ ', '{ it=$2; ').replace('| jq', '> y; echo $it | jq')}; tag=$(curl -s {URL}); take x $tag",
            False,
        ),
        (f"set -e; tag=$(curl -s {URL}); wget https://acme.example/v$tag/ibex.deb", False),
        (f'set -eu; tag=$(curl -s {URL}); of=x-$tag; curl -fLO "https://acme.example/$of"', False),
        (f"set -e; tag=$(curl -s {URL}); curl -LO https://acme.example/v$tag/ibex.deb", True),
        (f"set -e; tag=$(curl -s {URL}); wget https://acme.example/ibex.deb", True),
        (f"set -e; tag=$(curl -s {URL}); wget https://acme.example/v$tag || true", True),
        (f"set -e; tag=$(curl -s {URL}); if make; then wget https://acme.example/v$tag; fi", True),
        (f"set -e; tag=$(curl -s {URL}); wget -qO- https://acme.example/v$tag | sh", True),
        (f'set -e; page=$(curl -s {URL}); curl -f "${{page}}/files"', False),
        (f'page=$(curl -s {URL}); if ! curl -ifX POST "${{page}}/files"; then echo none; fi', False),
        (f'page=$(curl -s {URL}); if ! curl -iX POST "${{page}}/files"; then echo none; fi', True),
        (f'page=$(curl -s {URL}); if ! curl -f -d "a $page" {URL}; then echo none; fi', True),
        ("tag=$(curl -s http://localhost:8080/v1/models)", False),
        ('U="http://localhost:8080"; tag=$(curl -s "$U/v1/models")', False),
        ('U="${URL:-localhost:8080}"; tag=$(curl -s "${U}/v1/models")', False),
        ('U="https://acme.example"; tag=$(curl -s "$U/v1/models")', True),
        (f'tag=$(curl -s {URL}); check_answer "$tag"', False),
        (f"tag=$(curl -fsSL {URL})", False),
        (f"tag=$(curl -s --fail-with-body {URL})", False),
        (f"tag=$(curl -sf {MOVED}latest/download/version.txt)", True),
        (f"tag=$(curl -s --fail {MOVED}latest)", True),
        (f"tag=$(curl -sf {MOVED}download/v1/version.txt)", True),
        (f"tag=$(curl -sfL {MOVED}latest/download/version.txt)", False),
        (f"tag=$(curl -sf --location {MOVED}latest/download/version.txt)", False),
        (f"tag=$(curl -sfI {MOVED}latest)", False),
        (f"tag=$(curl -sfi {MOVED}latest)", False),
        (f"tag=$(curl -sf -w '%{{redirect_url}}' {MOVED}latest)", False),
        (f"tag=$(curl -sf {MOVED}latest | grep -o 'v[0-9.]*')", False),
        (f"tag=$(curl $options -f {MOVED}latest)", False),
        (f"tag=$(curl -sf {MOVED}tag/v1)", False),
        ("tag=$(curl -sf https://api.github.com/repos/acme/ibex/releases/latest)", False),
        (f"code=$(curl -s -o /dev/null -w '%{{http_code}}' {URL})", False),
        (f'tag=$(curl "${{options[@]}}" {URL})', False),
        (f"tag=$(curl $options {URL})", False),
        (f'tag=$(curl "${{CURL_OPTIONS[@]}}" {URL})', False),
        ('tag=$(curl "${CURL_URL}")', True),
        (f"curl -sL -o finch.zip {URL}", False),
        (f"tag=$(date); curl -s {URL}", False),
        (f"# tag=$(curl -s {URL})", False),
    ],
)
def test_what_takes_any_answer(command: str, is_told: bool) -> None:
    where = tree({"ci": job(f"- run: |\n    {command}")})
    assert bool(found(where, "answer-unchecked")) == is_told
    scripted = tree({"ci": job("- run: ./ask.sh\n  working-directory: ci"), "ci/ask.sh": f"{command}\n"})
    assert bool(found(scripted, "answer-unchecked")) == is_told


@pytest.mark.parametrize(
    ("command", "is_told"),
    [
        ("echo $(wildcard *.so)", True),
        ('files="$(filter-out a, a b)"', True),
        ("cd $(dirname $(realpath $0))", False),
        ("echo '$(abspath .)'", False),
        ("# $(abspath .)", False),
        ("make FINCH='$(abspath .)'", False),
    ],
)
def test_what_a_shell_does_not_have(command: str, is_told: bool) -> None:
    where = tree({"ci": job(f"- run: |\n    {command}")})
    assert bool(found(where, "make-function-in-shell")) == is_told


@pytest.mark.parametrize(
    "call",
    [
        *("abspath .", "shell pwd", "subst a,b,$X", "patsubst %.c,%.o,$X", "call version,$X", "wildcard *.c"),
        *("foreach d,a b,echo $d", "filter %.c,$X", "findstring a,$X", "word 2,$X"),
    ],
)
def test_a_function_of_that_name_may_be_defined(call: str) -> None:
    name = call.partition(" ")[0]
    define = f'{name}() {{ realpath "$1"; }}'
    spelled = {f"cd $({call})": True, f'X="$({call})" make': True, f"echo '$({call})'": False}
    spelled |= {f"{define}\n    cd $({call})": False, f"source lib.sh\n    cd $({call})": False}
    spelled |= {f"cat > Makefile <<'EOF'\n    X := $({call})\n    EOF": False, f"{name} $(pwd)": False}
    spelled |= {f"make 'X=$({call})'": False, f"# $({call})\n    make": False}
    for script, is_told in spelled.items():
        where = tree(
            {"ci": job(f"- run: |\n    {script}"), "all": job("- run: bash ci/all.sh"), "ci/all.sh": script}
        )
        count = len(found(where, "make-function-in-shell"))
        assert count == (2 if is_told else 0), script


@pytest.mark.parametrize("command", ["subst X:", "call prepare", "filter main", "word file.doc"])
def test_a_program_of_that_name_takes_no_commas(command: str) -> None:
    assert not found(tree({"ci": job(f"- run: X=$({command}) make")}), "make-function-in-shell")


def test_a_script_of_an_action_that_several_jobs_use_is_told_once() -> None:
    action = f"runs:\n  using: composite\n  steps:\n    - run: tag=$(curl -s {URL})\n      shell: bash\n"
    one = job("- uses: ./act", rest="  other:\n    runs-on: x\n    steps: [{uses: ./act}]\n")
    assert len(found(tree({"ci": one, "act/action.yml": action}), "answer-unchecked")) == 1


@pytest.mark.parametrize(
    ("steps", "is_read"),
    [
        ("- run: ci/x.sh", True),
        ('- run: bash "$GITHUB_WORKSPACE/ci/x.sh"', True),
        ("- run: ${GITHUB_WORKSPACE}/ci/x.sh", True),
        ("- run: ${{ github.workspace }}/ci/x.sh", True),
        ("- run: $(pwd)/ci/x.sh", True),
        ("- run: $PWD/x.sh\n  working-directory: ci", True),
        ("- run: ./x.sh\n  working-directory: ${{ github.workspace }}/ci", True),
        ("- run: cd ci && ./x.sh", True),
        ("- run: (cd docs && make); ci/x.sh", True),
        ("- run: cd docs && ci/x.sh", False),
        ("- run: $ELSEWHERE/ci/x.sh", False),
        ("- run: cd $ELSEWHERE && ci/x.sh", False),
    ],
)
def test_where_a_script_is(steps: str, is_read: bool) -> None:
    script = f"A=$(abspath a)\nB=$(curl -s {URL})\ncurl -sf https://api.github.com/repos/acme/ibex\n"
    where = tree({"ci": job(steps), "ci/x.sh": script})
    for slug in ("make-function-in-shell", "answer-unchecked", "anonymous-api"):
        assert bool(found(where, slug)) == is_read, slug


@pytest.mark.parametrize(
    ("options", "url", "asked"),
    [
        ("-s", URL, "add -f, and -L where the address may move"),
        ("-sL", URL, "add -f"),
        ("-s --location", URL, "add -f"),
        ("-sf", "https://github.com/acme/x/releases/latest", "add -L"),
        ("-s", "https://github.com/acme/x/releases/latest", "add -f, and -L where the address may move"),
    ],
)
def test_only_the_options_that_are_missing_are_asked_for(options: str, url: str, asked: str) -> None:
    where = tree({"ci": job(f"- run: tag=$(curl {options} {url})")})
    assert [finding.help for finding in found(where, "answer-unchecked")] == [asked]


def test_it_is_a_warning_in_localai() -> None:
    files = {"ci": job(f"- run: tag=$(curl -s {URL})")}
    severities = [f.severity for f in found(tree(files, MINIATURE), "answer-unchecked")]
    assert severities == [Severity.warning]


@pytest.mark.parametrize(("start", "told"), [("", True), ("set -e\n", False), ("set -o errexit\n", False)])
def test_a_script_that_goes_on_where_a_download_fails(start: str, told: bool) -> None:
    script = f"{start}tag=$(curl -s {URL})\nwget https://acme.example/v$tag/ibex.deb\n"
    assert bool(found(tree({"ci": job("- run: ./get.sh"), "get.sh": script}), "answer-unchecked")) is told
