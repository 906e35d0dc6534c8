"""Rules about LocalAI's own workflows: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, miniature
from tests.rules.pipeline.workflows import BUILD

UNREFRESHED = """\
      - uses: docker/build-push-action@v7
        with:
          build-args: |
            BACKEND=${{ inputs.backend }}
            A=b
"""

CASES: dict[str, Case] = {
    "deps-refresh": Case(
        miniature(
            ".github/workflows/backend_build.yml",
            (
                "      - name: Export digest",
                f"{UNREFRESHED}\n      - name: Export digest",
            ),
        ),
        "build-args",
        miniature(BUILD),
    ),
    "filter-safety-nets": Case(
        miniature(".github/workflows/backend.yml", ("  schedule:\n", ""), ("    - cron: '0 6 * * 0'\n", "")),
        "on:",
        miniature(BUILD),
    ),
    "base-deps-single-source": Case(
        miniature(
            "backend/Dockerfile.base-grpc-builder",
            ("RUN --mount=type=bind", "RUN apt-get install -y ninja-build\n\nRUN --mount=type=bind"),
        ),
        "apt-get install",
        miniature(BUILD),
    ),
    "base-release": Case(
        miniature(".github/workflows/base-images.yml", ("ubuntu-version: '2404'", "ubuntu-version: '2204'")),
        "ubuntu-version",
        miniature(BUILD),
        9,
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


SCRIPT = "    bash /usr/local/sbin/install-base-deps"


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        (SCRIPT, "    # bash /usr/local/sbin/install-base-deps\n    true", "FROM"),  # mounted, and not run
        (
            SCRIPT,
            f"{SCRIPT}\nRUN <<EOF bash\n# first\nif true; then apt-get -y install ninja-build; fi\nEOF",
            "RUN <<EOF",
        ),
        (SCRIPT, f"{SCRIPT}\nRUN DEBIAN_FRONTEND=noninteractive sudo apt install -y a", "apt install"),
    ],
)
def test_one_script_installs_the_packages(old: str, new: str, at: str) -> None:
    where = miniature("backend/Dockerfile.base-grpc-builder", (old, new))
    (finding,) = found(where, "base-deps-single-source")
    assert at in (where.read(finding.path) or b"").decode().split("\n")[finding.line - 1]


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("ARG OTHER DEPS_REFRESH=initial", True),
        ("ARG DEPS_REFRESH_NOT=initial", False),
        ("# ARG DEPS_REFRESH=initial", False),
        ("RUN <<EOF\nARG DEPS_REFRESH=initial\nEOF", False),
        ("ARG DEPS_REFRESH=initial\nFROM scratch AS other", False),  # of the stage before
    ],
)
def test_the_refresh_is_declared_where_packages_are_installed(text: str, passes: bool) -> None:
    where = miniature("backend/Dockerfile.python", ("ARG DEPS_REFRESH=initial", text))
    assert bool(found(where, "deps-refresh")) is not passes


PYTHON = "backend/Dockerfile.python"
BACKENDS = ".github/workflows/backend.yml"
INSTALLS = "RUN cd /${BACKEND} && PORTABLE_PYTHON=true make"
FORCES = "FORCE_ALL: ${{ startsWith(github.ref, 'refs/tags/') && 'true' || 'false' }}"
NO_REFRESH = ("ARG DEPS_REFRESH=initial\n", "")


@pytest.mark.parametrize(
    ("rule", "path", "pairs", "count"),
    [
        ("deps-refresh", PYTHON, [NO_REFRESH, (INSTALLS, "RUN cd /$BACKEND && make")], 1),
        ("deps-refresh", PYTHON, [NO_REFRESH, (INSTALLS, "WORKDIR /${BACKEND}\nRUN make")], 1),
        ("deps-refresh", PYTHON, [NO_REFRESH, (INSTALLS, "WORKDIR /other\nRUN make")], 0),
        (
            "deps-refresh",
            BUILD,
            [("DEPS_REFRESH=${{ steps.deps_refresh.outputs.key }}", "DEPS_REFRESH=1")],
            1,
        ),
        ("filter-safety-nets", BACKENDS, [(FORCES, "FORCE_ALL: 'false'")], 1),
        ("filter-safety-nets", BACKENDS, [(FORCES, "FORCE_ALL: ''")], 1),
        ("filter-safety-nets", BACKENDS, [(FORCES, "FORCE_ALL: ${{ github.ref == 'refs/heads/x' }}")], 1),
        ("filter-safety-nets", BACKENDS, [(FORCES, "FORCE_ALL: ${{ github.ref_type == 'tag' }}")], 0),
        (
            "base-deps-single-source",
            "backend/Dockerfile.llama-cpp",
            [(SCRIPT, f"{SCRIPT}\nRUN apt-get update && apt-get install -y ninja-build")],
            1,
        ),
    ],
)
def test_other_spellings(rule: str, path: str, pairs: list[tuple[str, str]], count: int) -> None:
    assert len(found(miniature(path, *pairs), rule)) == count
