"""Rules about Homebrew: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import job

BREW = """
- uses: actions/cache/restore@v4
  with:
    path: |
      /opt/homebrew/Cellar/ccache
      /opt/homebrew/Cellar/fmt
    key: brew
- run: |
    brew install ccache fmt
{then}"""
BREW_ENV = "runs-on: macos-latest\nenv:\n  HOMEBREW_NO_AUTO_UPDATE: '1'\n  HOMEBREW_NO_INSTALL_CLEANUP: '1'"


def brew(then: str, head: str = BREW_ENV) -> str:
    return job(BREW.format(then=then), head=head)


CASES: dict[str, Case] = {
    "brew-link": Case(
        tree({"ci": brew("")}), "brew install", tree({"ci": brew("    brew link ccache fmt\n")})
    ),
    "brew-closure": Case(
        tree({"ci": brew("    brew link ccache fmt\n")}),
        "/opt/homebrew/Cellar/ccache",
        tree({"ci": brew("    brew reinstall ccache\n    brew link fmt\n")}),
    ),
    "brew-env": Case(
        tree({"ci": brew("    brew link ccache fmt\n", head="runs-on: macos-latest")}),
        "build:",
        tree({"ci": brew("    brew link ccache fmt\n")}),
    ),
}


def test_a_reinstalled_formula_brings_what_it_needs() -> None:
    script = BREW.replace("fmt", "zstd").replace("{then}", "    brew link ccache zstd\n{then}")
    for then, told in (("", ["ccache", "zstd"]), ("    brew reinstall ccache\n", [])):
        findings = found(tree({"ci": job(script.format(then=then), head=BREW_ENV)}), "brew-closure")
        assert [f.message.partition(" ")[0] for f in findings] == told


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


CACHED = "- uses: actions/cache@v4\n  with: {path: '%s', key: k}\n"
CALLS: dict[str, tuple[str, str, dict[str, str]]] = {
    "a pattern": ("/opt/homebrew/Cellar/ccache/*", "- run: brew install ccache", {}),
    "all of the Cellar": ("/opt/homebrew/Cellar", "- run: brew install ccache", {}),
    "a loop": ("/opt/homebrew/Cellar/ccache", "- run: for f in ccache make; do brew install $f; done", {}),
    "a variable": ("/opt/homebrew/Cellar/ccache", "- run: |\n    F='ccache make'\n    brew install $F", {}),
    "a row": ("/opt/homebrew/Cellar/${{ matrix.formula }}", "- run: brew install ${{ matrix.formula }}", {}),
    "a file": ("/opt/homebrew/Cellar/ccache", "- run: ./deps.sh", {"deps.sh": "brew install ccache\n"}),
    "an action": (
        "/opt/homebrew/Cellar/ccache",
        "- {uses: ./a, with: {f: ccache}}",
        {
            "a/action.yml": "inputs: {f: {}}\nruns: {using: composite, steps: [{run: 'brew install ${{ inputs.f }}'}]}\n"
        },
    ),
}
MACOS = "runs-on: macos-14\nstrategy: {matrix: {formula: [ccache]}}"


@pytest.mark.parametrize(("path", "calls", "files"), CALLS.values(), ids=CALLS)
def test_calls_of_brew_in_other_spellings(path: str, calls: str, files: dict[str, str]) -> None:
    steps = CACHED.replace("%s", path) + calls
    where = tree({"ci": job(steps, head=MACOS), **files})
    for rule in ("brew-link", "brew-closure", "brew-env"):
        assert len(found(where, rule)) == 1, rule
    again = {name: text.replace("install", "reinstall") for name, text in files.items()}
    mended = (
        steps
        + "\n"
        + calls.replace("install", "reinstall").replace("deps.sh", "again.sh").replace("./a,", "./b,")
    )
    renamed = {name.replace("deps.sh", "again.sh").replace("a/", "b/"): text for name, text in again.items()}
    where = tree({"ci": job(mended, head=MACOS), **files, **renamed})
    assert not found(where, "brew-link")
    assert not found(where, "brew-closure")


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ("{HOMEBREW_NO_AUTO_UPDATE: '1', HOMEBREW_NO_INSTALL_CLEANUP: '1'}", False),
        ("{HOMEBREW_NO_AUTO_UPDATE: '1', HOMEBREW_NO_INSTALL_CLEANUP: ''}", True),
        ("{}", True),
    ],
)
def test_the_step_that_calls_brew_has_the_variables(env: str, told: bool) -> None:
    steps = CACHED.replace("%s", "/opt/homebrew/Cellar/ccache") + f"- run: brew install ccache\n  env: {env}"
    assert bool(found(tree({"ci": job(steps)}), "brew-env")) is told


@pytest.mark.parametrize(
    ("links", "told"),
    [
        ("opt", True),
        ("lib", True),
        ("../../usr/local/bin", True),
        ("bin", False),
        ("bin/", False),
        ("bin/*", False),
        ("bin/ccache", False),
        ("bin/ccache*", False),
    ],
)
def test_links_that_are_restored_too(links: str, told: bool) -> None:
    paths = f"|\n    /opt/homebrew/Cellar/ccache\n    /opt/homebrew/{links}"
    steps = f"- uses: actions/cache@v4\n  with:\n   key: k\n   path: {paths}\n- run: brew install ccache"
    assert bool(found(tree({"ci": job(steps)}), "brew-link")) is told


def test_links_of_another_formula() -> None:
    paths = "|\n    /opt/homebrew/Cellar/fmt\n    /opt/homebrew/Cellar/ccache\n    /opt/homebrew/bin/ccache"
    steps = f"- uses: actions/cache@v4\n  with:\n   key: k\n   path: {paths}\n- run: brew install ccache fmt"
    (finding,) = found(tree({"ci": job(steps)}), "brew-link")
    assert finding.message.startswith("fmt: ")


BUNDLE = {
    "a Brewfile": ("- run: brew bundle", {"Brewfile": 'tap "a/b"\nbrew "ccache"\n'}),
    "install": ("- run: brew bundle install --no-upgrade", {"Brewfile": "brew 'ccache', args: ['HEAD']\n"}),
    "another file": ("- run: brew bundle --file=ci/mac.brew", {"ci/mac.brew": 'brew "acme/tap/ccache"\n'}),
    "a folder": (
        "- run: brew bundle --file Brewfile\n  working-directory: ci",
        {"ci/Brewfile": 'brew "ccache"\n'},
    ),
    "a text": ('- run: |\n    brew bundle --file=- <<EOF\n    brew "ccache"\n    EOF', {}),
}


@pytest.mark.parametrize("kind", BUNDLE)
@pytest.mark.parametrize("folder", ["/opt/homebrew/Cellar/ccache", "/opt/homebrew/Cellar"])
def test_a_bundle_installs_and_links_what_it_names(kind: str, folder: str) -> None:
    calls, files = BUNDLE[kind]
    cached = CACHED % folder
    for head, slug, count in (
        ("runs-on: macos-latest", "brew-env", 1),
        (BREW_ENV, "brew-env", 0),
        (BREW_ENV, "brew-closure", 1),
        (BREW_ENV, "brew-link", 0),
    ):
        assert len(found(tree({"ci": job(cached + calls, head=head), **files}), slug)) == count, slug
    unlinked = {path: text.replace("\n", ", link: false\n") for path, text in files.items()}
    if files:
        assert len(found(tree({"ci": job(cached + calls, head=BREW_ENV), **unlinked}), "brew-link")) == 1


@pytest.mark.parametrize(
    "calls", ["- run: brew bundle check", "- run: brew bundle", "- run: brew bundle dump"]
)
def test_a_bundle_that_installs_nothing_of_the_cache(calls: str) -> None:
    brewfile = 'brew "wget"\n# brew "ccache"\n'
    where = tree(
        {"ci": job(CACHED % "/opt/homebrew/Cellar/ccache" + calls, head=BREW_ENV), "Brewfile": brewfile}
    )
    assert not found(where, "brew-closure")


@pytest.mark.parametrize(
    ("test", "more", "told"),
    [
        ('[ "$HIT" != "true" ]', "", 0),
        ("[[ ${HIT} != true ]]", "", 0),
        ("[ '${{ steps.c.outputs.cache-hit }}' != true ]", "", 0),
        ('[ "$HIT" != "true" ]', ", restore-keys: k", 0),
        ('[ "$HIT" != "true" ]', ", restore-keys: mac-", 1),
        ('[ "$HIT" = "true" ]', "", 1),
        ('[ "$OTHER" != "true" ]', "", 1),
    ],
)
def test_what_is_installed_where_the_cache_was_not_found(test: str, more: str, told: int) -> None:
    restore = (
        f"- uses: actions/cache@v4\n  id: c\n  with: {{path: /opt/homebrew/Cellar/ccache, key: k{more}}}\n"
    )
    script = (
        f"- env: {{HIT: '${{{{ steps.c.outputs.cache-hit }}}}', OTHER: x}}\n  run: |\n    if {test}; then\n"
    )
    script += "      brew install ccache\n    @fi\n    brew link ccache\n"
    for other, count in (("", told), ("else\n      brew upgrade ccache\n    ", 1)):
        where = tree({"ci": job(restore + script.replace("@", other), head="runs-on: macos-14")})
        assert len(found(where, "brew-env")) == count
        assert len(found(where, "brew-closure")) == 1


@pytest.mark.parametrize(
    ("test", "told"),
    [("steps.c.outputs.cache-hit != 'true'", 0), ("steps.c.outputs.cache-hit != 'true' || true", 1)],
)
def test_a_step_of_which_the_cache_decides(test: str, told: int) -> None:
    restore = "- uses: actions/cache@v4\n  id: c\n  with: {path: /opt/homebrew/Cellar/cmake, key: k}\n"
    where = tree({"ci": job(f"{restore}- if: {test}\n  run: brew install cmake", head="runs-on: macos-14")})
    assert len(found(where, "brew-env")) == told
    assert not found(where, "brew-closure")
