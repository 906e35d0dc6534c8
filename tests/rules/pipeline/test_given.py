"""What workflows hand on or ask for that is not there."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import job

RELEASE = "- uses: acme/upload@v1\n  with:\n    url: ${{ github.event.release.upload_url }}"
AGENT = 'package main\n\nfunc main() { os.Getenv("WREN_MODEL"); os.LookupEnv("WREN_KEY") }\n'
GIVEN = "- run: go run ./.github/agent\n  env:\n    {}: wren-7b"


def running(name: str, run: str = "go run ./.github/agent") -> dict[str, str]:
    steps = GIVEN.format(name).replace("go run ./.github/agent", run)
    return {"ci": job(steps), ".github/agent/main.go": AGENT}


def uploading(path: str, run: str = "make wren", made: str = "./out/wren.tar") -> dict[str, str]:
    steps = f"- run: {run}\n- uses: actions/upload-artifact@v4\n  with:\n    name: wren\n    path: {path}"
    script = f"docker save wren > {made}\n"
    return {"ci": job(steps), "scripts/wren.sh": script, "Makefile": "wren:\n\tbash scripts/wren.sh\n"}


CASES = {
    "event-payload-absent": Case(
        tree({"ci": job(RELEASE)}), "upload_url", tree({"ci": job(RELEASE, on="[push, release]")})
    ),
    "artifact-path-unmade": Case(
        tree(uploading("build/wren.tar")), "path: build", tree(uploading("out/wren.tar"))
    ),
    "go-path-bare": Case(
        tree(running("A", "go run .github/agent")), "run:", tree(running("A", "go run ./.github/agent"))
    ),
    "env-misspelt": Case(tree(running("WREN_MODE")), "WREN_MODE", tree(running("WREN_MODEL"))),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


@pytest.mark.parametrize(
    ("value", "on"),
    [
        ("${{ github.event.release.upload_url || inputs.url }}", "push"),
        ("at ${{ github.event.release.upload_url }}", "push"),
        ("${{ github.event.repository.name }}", "push"),
        ("${{ github.event.pull_request.number }}", "pull_request_target"),
        ("${{ github.event.release.upload_url }}", "workflow_call"),
    ],
)
def test_what_an_event_may_bring(value: str, on: str) -> None:
    steps = RELEASE.replace("${{ github.event.release.upload_url }}", value)
    assert found(tree({"ci": job(steps, on=on)}), "event-payload-absent") == []


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("WREN_MODE", "echo $WREN_MODE; go run ./.github/agent"),
        ("WREN_MODE", "export WREN_MODEL=${WREN_MODE}; go run ./.github/agent"),
        ("WREN_MODE", "go run ./.github/other"),
        ("WREN_MODE", "go run example.org/agent@v1"),
        ("WREN_OTHER", "go run ./.github/agent"),
    ],
)
def test_a_variable_that_may_be_for_another(name: str, run: str) -> None:
    assert found(tree(running(name, run)), "env-misspelt") == []


def test_a_name_that_the_program_has() -> None:
    files = running("WREN_MODE")
    files[".github/agent/more.go"] = "// WREN_MODE is for scripts\npackage main\n"
    assert found(tree(files), "env-misspelt") == []


@pytest.mark.parametrize(
    ("run", "is_told"),
    [
        ("go build -o agent .github/agent", True),
        ("go test -race .github/agent", True),
        ("go build example.org/a .github/agent", True),
        ("go run example.org/tool/a .github/agent", False),
        ("go build -C .github/agent -o ../../agent .", False),
        ("go build -o .github/agent .", False),
        ("go build -v -ldflags=-s .github/agent", True),
        ("cd .github && go run agent/sub", False),
        ("go run .github/other", False),
        ("go install example.org/agent@v1", False),
        ("go vet ./...", False),
        ("echo go-run .github/agent", False),
    ],
)
def test_folders_that_go_is_given(run: str, is_told: bool) -> None:
    assert bool(found(tree(running("A", run)), "go-path-bare")) == is_told


@pytest.mark.parametrize(
    ("path", "run", "made"),
    [
        ("build/wren.tar", "make wren && mv out/wren.tar build/wren.tar", "out/wren.tar"),
        ("build/wren.tar", "mkdir -p build/ && make wren", "out/wren.tar"),
        ("build/wren.tar", "make wren", "out/lark.tar"),
        ("build/wren.tar", "make wren", "build/wren.tar"),
        ("build/wren.tar", "make wren", "$OUT/out/wren.tar"),
        ("build/*.tar", "make wren", "out/wren.tar"),
        ("wren.tar", "make wren", "out/wren.tar"),
    ],
)
def test_files_that_may_be_made(path: str, run: str, made: str) -> None:
    assert found(tree(uploading(path, run, made)), "artifact-path-unmade") == []


def test_a_job_that_is_turned_off_takes_nothing() -> None:
    for condition, number in (("false", 0), ("${{ false }}", 0), ("always()", 1)):
        head = f"runs-on: ubuntu-latest\nif: {condition}"
        assert len(found(tree({"ci": job(RELEASE, head=head)}), "event-payload-absent")) == number
