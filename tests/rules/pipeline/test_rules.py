"""Each pipeline rule on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from scaffold.pipeline.artifacts import fits
from scaffold.rules.base import Severity
from tests.rules.pipeline.trees import RULES, Case, assert_case, found, miniature, tree

BUILD = ".github/workflows/backend_build.yml"
BASE = ".github/workflows/base-images.yml"
CACHE = "type=registry,ref=quay.io/go-skynet/ci-cache:cache-${{ matrix.tag }},mode=max"
UNREFRESHED = """\
      - uses: docker/build-push-action@v7
        with:
          build-args: |
            BACKEND=${{ inputs.backend }}
            A=b
"""


def ci(concurrency: str, on: str = "[push, pull_request]", step: str = "run: docker push example/app") -> str:
    return (
        f"on: {on}\n{concurrency}\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - {step}\n"
    )


BY_BRANCH = "concurrency:\n  group: ci-${{ github.head_ref || github.ref }}\n  cancel-in-progress: true"
BY_COMMIT = (
    "concurrency:\n  group: ci-${{ github.event.pull_request.number || github.sha }}\n"
    "  cancel-in-progress: ${{ github.event_name == 'pull_request' }}"
)


def job(steps: str, head: str = "runs-on: ubuntu-latest", on: str = "push", rest: str = "") -> str:
    """A workflow of one job."""
    indented = "".join(f"      {line}\n" for line in steps.strip("\n").split("\n"))
    heads = "".join(f"    {line}\n" for line in head.split("\n"))
    return f"on: {on}\njobs:\n  build:\n{heads}    steps:\n{indented}{rest}"


def image(extra: str, **more: str) -> str:
    """A job that builds an image with these inputs."""
    inputs = "".join(f"    {line}\n" for line in extra.strip("\n").split("\n"))
    return job(f"- uses: docker/build-push-action@v6\n  with:\n{inputs}", **more)


TWO = "runs-on: ubuntu-latest\nstrategy:\n  matrix: {arch: [amd64, arm64]}"
PROVENANCE = "outputs: |\n  type=image,name=quay.io/a/b,push-by-digest=true,push=true\n  type=image,name=a/b,push-by-digest=true,push=true"

RESTORE_TWICE = """
- uses: actions/cache/restore@v4
{first}  with: {{path: cache, key: tools-amd64}}
- id: arch
  run: echo matched >> "$GITHUB_OUTPUT"
- uses: actions/cache/restore@v4
{second}  with: {{path: cache, key: "packages-${{{{ matrix.arch }}}}"}}
"""


def packages(targets: str) -> str:
    return f"""
        on: push
        jobs:
          packages:
            runs-on: ubuntu-latest
            steps:
              - uses: actions/cache@v4
                with: {{path: cache, key: k}}
              - run: make V=1 pkgs
          app:
            needs: packages
            runs-on: ubuntu-latest
            steps:
              - uses: actions/cache/restore@v4
                with: {{path: cache, key: k, fail-on-cache-miss: true}}
              - run: make V=1 {targets}
        """


GENERATED = """
on: {{push: {{branches: [main]}}}}
jobs:
  changes:
    runs-on: ubuntu-latest
    outputs: {{matrix: "${{{{ steps.f.outputs.m }}}}", merges: "${{{{ steps.f.outputs.n }}}}"}}
    steps:
      - id: f
        run: git diff --name-only ${{{{ github.event.before }}}}
  build:
    needs: changes
    runs-on: ubuntu-latest
    strategy:
      fail-fast: false
      matrix: ${{{{ fromJson(needs.changes.outputs.matrix) }}}}
    steps:
      - run: make
  {name}:
    needs: {needs}
    {condition}
    runs-on: ubuntu-latest
    {strategy}
    steps:
      - run: docker push example/special
"""


def generated(
    name: str, needs: str, condition: str = "timeout-minutes: 9", strategy: str = "env: {A: b}"
) -> str:
    return GENERATED.format(name=name, needs=needs, condition=condition, strategy=strategy)


MERGE = 'strategy: {matrix: "${{ fromJson(needs.changes.outputs.merges) }}"}'


def digests(suffixes: str, pattern: str, name: str, merges: str) -> dict[str, str]:
    """Images that are pushed by digest, and jobs that merge the digests."""
    return {
        "ci": f"""
            on: push
            jobs:
              build:
                strategy:
                  matrix: {{suffix: {suffixes}, arch: [amd64, arm64]}}
                runs-on: ubuntu-latest
                steps:
                  - uses: docker/build-push-action@v6
                    with: {{outputs: "type=image,name=a/b,push-by-digest=true,push=true"}}
                  - uses: actions/upload-artifact@v4
                    with: {{name: "{name}", path: x}}
              merge:
                needs: build
                strategy:
                  matrix: {{suffix: {merges}}}
                uses: ./.github/workflows/merge.yml
                with: {{suffix: "${{{{ matrix.suffix }}}}"}}
            """,
        "merge": f"""
            on:
              workflow_call:
                inputs: {{suffix: {{type: string}}}}
            jobs:
              merge:
                runs-on: ubuntu-latest
                steps:
                  - uses: actions/download-artifact@v4
                    with:
                      pattern: {pattern}
            """,
    }


NAMED = "digests${{ matrix.suffix }}--${{ matrix.arch }}"
LOOSE = "digests${{ matrix.suffix }}-${{ matrix.arch }}"

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


TAG_WORKFLOW = job(
    """
- id: tag
  run: python3 scripts/tag.py
- id: there
  run: docker manifest inspect example/ci:${{ steps.tag.outputs.tag }}
- uses: docker/build-push-action@v6
  if: steps.there.outcome == 'failure'
  with:
    context: .
    file: docker/ci/Dockerfile
    push: true
    tags: example/ci:${{ steps.tag.outputs.tag }}
"""
)
TAGGED = {
    "ci": TAG_WORKFLOW,
    "docker/ci/Dockerfile": "FROM x\nCOPY tools.txt /\n",
    "tools.txt": "",
}

EXEC = """
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/upload-artifact@v4
        with: {{name: cli, path: target/release/cli}}
  use:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v4
        with: {{name: cli, path: bin}}
      - run: |
          {chmod}
          ./bin/cli --version
"""

DOCKERFILE = {
    "Dockerfile": "FROM a\nRUN --mount=type=bind,source=install.sh,target=/i bash /i\n",
    "install.sh": "",
}
PUSHED = "context: .\npush: true"


def watched(*paths: str) -> dict[str, str]:
    listed = "".join(f"\n      - '{path}'" for path in paths)
    return {"ci": image(PUSHED, on=f"\n  push:\n    branches: [main]\n    paths:{listed}"), **DOCKERFILE}


CASES: dict[str, Case] = {
    "push-cancels-push": Case(
        tree({"ci": ci(BY_BRANCH, step="run: npm publish")}),
        "group: ci-",
        tree({"ci": ci(BY_COMMIT), "test": ci(BY_BRANCH, step="run: make test")}),
    ),
    "push-cancels-test": Case(
        tree({"ci": ci(BY_BRANCH, step="run: make test")}),
        "group: ci-",
        tree({"ci": ci(BY_BRANCH), "t": ci(BY_COMMIT)}),
    ),
    "pr-group-by-branch": Case(tree({"ci": ci(BY_BRANCH)}), "group: ci-", tree({"ci": ci(BY_COMMIT)})),
    "group-shared-by-workflows": Case(
        tree({"a": ci(BY_BRANCH), "b": ci(BY_BRANCH)}),
        "group: ci-",
        tree({"a": ci(BY_BRANCH), "b": ci(BY_BRANCH.replace("ci-", "${{ github.workflow }}-"))}),
    ),
    "cache-to-on-pr": Case(
        tree({"ci": image("cache-to: type=registry,ref=example/cache:app", on="pull_request")}),
        "cache-to:",
        tree(
            {
                "a": image(
                    "cache-to: type=registry,ref=example/cache:pr-${{ github.event.number }}",
                    on="pull_request",
                ),
                "b": image("cache-to: type=registry,ref=example/cache:app"),
                "c": image(
                    "cache-to: ${{ github.event_name != 'pull_request' && 'type=registry,ref=e/c:a' || '' }}",
                    on="[push, pull_request]",
                ),
            }
        ),
    ),
    "cache-to-ignore-error": Case(
        miniature(BASE, ("          push: true", f"          cache-to: {CACHE}\n          push: true")),
        "cache-to:",
        miniature(BUILD),
    ),
    "save-restore-differ": Case(
        tree(
            {
                "ci": job(
                    """
- uses: actions/cache/restore@v4
  with: {path: a, key: tools-v1}
- uses: actions/cache/save@v4
  with: {path: a/b, key: tools-v1}
"""
                )
            }
        ),
        "with: {path: a/b",
        tree(
            {
                "ci": job(
                    """
- uses: actions/cache/restore@v4
  id: c
  with: {path: a, key: "tools-${{ hashFiles('x') }}", restore-keys: tools-}
- uses: actions/cache/save@v4
  with: {path: a, key: "${{ steps.c.outputs.cache-primary-key }}"}
"""
                )
            }
        ),
    ),
    "legs-share-cache-ref": Case(
        tree({"ci": image("cache-to: type=registry,ref=example/cache:app", head=TWO)}),
        "uses: docker/build-push-action",
        tree({"ci": image('cache-to: "type=registry,ref=example/cache:app-${{ matrix.arch }}"', head=TWO)}),
    ),
    "key-hard-codes-axis": Case(
        tree(
            {
                "ci": job(
                    '- uses: actions/cache@v4\n  with: {path: p, key: "tools-amd64-${{ github.sha }}"}',
                    head=TWO,
                )
            }
        ),
        "key: ",
        tree(
            {
                "ci": job(
                    """
- uses: actions/cache@v4
  with: {path: p, key: "tools-${{ matrix.arch }}-${{ github.sha }}"}
- uses: actions/cache@v4
  if: matrix.arch == 'arm64'
  with: {path: q, key: "tools-amd64-${{ github.sha }}"}
""",
                    head=TWO,
                )
            }
        ),
    ),
    "rebuild-after-restore": Case(
        tree({"ci": packages("pkgs app")}), "run: make V=1 pkgs app", tree({"ci": packages("app")})
    ),
    "skippable-second-restore": Case(
        tree(
            {
                "ci": job(
                    RESTORE_TWICE.format(first="", second="  if: steps.arch.outputs.matched != 'true'\n"),
                    head=TWO,
                )
            }
        ),
        "if: steps.arch.outputs.matched",
        tree({"ci": job(RESTORE_TWICE.format(first="  if: matrix.arch == 'arm64'\n", second=""), head=TWO)}),
    ),
    "restore-without-writer": Case(
        tree(
            {
                "ci": """
            on: push
            jobs:
              packages:
                runs-on: ubuntu-latest
                strategy: {matrix: {platform: [generic]}}
                steps:
                  - uses: actions/cache@v4
                    with: {path: cache, key: "p-${{ github.sha }}-${{ matrix.platform }}"}
              app:
                needs: packages
                runs-on: ubuntu-latest
                strategy: {matrix: {platform: [generic, rt]}}
                steps:
                  - uses: actions/cache/restore@v4
                    with:
                      path: cache
                      key: p-${{ github.sha }}-${{ matrix.platform }}
                      fail-on-cache-miss: true
            """
            }
        ),
        "key: p-${{ github.sha }}-${{ matrix.platform }}",
        tree(
            {
                "ci": """
            on: push
            jobs:
              packages:
                runs-on: ubuntu-latest
                steps:
                  - uses: actions/cache@v4
                    with: {path: cache, key: "p-${{ github.sha }}-generic"}
              app:
                runs-on: ubuntu-latest
                strategy: {matrix: {platform: [generic, rt]}}
                steps:
                  - uses: actions/cache/restore@v4
                    with:
                      path: cache
                      key: p-${{ github.sha }}-${{ matrix.platform == 'rt' && 'generic' || matrix.platform }}
                      fail-on-cache-miss: true
            """
            }
        ),
    ),
    "digest-provenance": Case(
        tree({"ci": image(PROVENANCE)}), "outputs: |", tree({"ci": image(f"{PROVENANCE}\nprovenance: false")})
    ),
    "paths-cover-inputs": Case(tree(watched("Dockerfile")), "paths:", tree(watched("Dockerfile", "*.sh"))),
    "copy-from-arg": Case(
        tree({"Dockerfile": "FROM a\nCOPY --chown=1 --from=${STAGE} /x /\n"}),
        "COPY",
        tree({"Dockerfile": "FROM ${STAGE} AS s\nFROM a\nCOPY --from=s /x /\n# COPY --from=$X a b\n"}),
    ),
    "qemu-leg": Case(
        tree(
            {
                "ci": image('context: .\nplatforms: "linux/${{ matrix.arch }}"', head=TWO),
                "Dockerfile": "FROM a\nRUN make\n",
            }
        ),
        "platforms:",
        tree(
            {
                "ci": image(
                    'context: .\nplatforms: "linux/${{ matrix.arch }}"',
                    head=TWO.replace(
                        "ubuntu-latest",
                        "${{ matrix.arch == 'arm64' && 'ubuntu-24.04-arm' || 'ubuntu-latest' }}",
                    ),
                ),
                "Dockerfile": "FROM a\nRUN make\n",
                "cross": image('context: cross\nplatforms: "linux/${{ matrix.arch }}"', head=TWO),
                "cross/Dockerfile": "FROM --platform=$BUILDPLATFORM a\n",
            }
        ),
    ),
    "tag-covers-inputs": Case(
        tree({**TAGGED, "scripts/tag.py": "# docker/ci/Dockerfile\nread('rust-toolchain.toml')\n"}),
        "- id: tag",
        tree(
            {**TAGGED, "scripts/tag.py": "read(root / 'docker' / 'ci' / 'Dockerfile')\nread('tools.txt')\n"}
        ),
        2,
    ),
    "artifact-not-uploaded": Case(
        tree(
            {
                "ci": job(
                    '- uses: actions/upload-artifact@v4\n  with: {name: "bin-${{ matrix.arch }}", path: x}',
                    head=TWO,
                    rest="  use:\n    needs: build\n    runs-on: x\n    steps:\n      - uses: actions/download-artifact@v4\n        with: {name: bin}\n",
                )
            }
        ),
        "uses: actions/download-artifact",
        tree(
            {
                "ci": job(
                    '- uses: actions/upload-artifact@v4\n  with: {name: "bin-${{ matrix.arch }}", path: x}',
                    head=TWO,
                    rest="  use:\n    needs: build\n    runs-on: x\n    steps:\n      - uses: actions/download-artifact@v4\n        with: {pattern: bin-*}\n      - uses: actions/download-artifact@v4\n        with: {name: other, run-id: 5}\n",
                )
            }
        ),
    ),
    "artifact-glob-overmatch": Case(
        tree(digests("[-vllm, -vllm-omni]", "digests${{ inputs.suffix }}-*", LOOSE, "[-vllm, -vllm-omni]")),
        "pattern:",
        tree(digests("[-vllm, -vllm-omni]", "digests${{ inputs.suffix }}--*", NAMED, "[-vllm, -vllm-omni]")),
    ),
    "digest-never-merged": Case(
        tree(digests("[-a, -b]", "digests${{ inputs.suffix }}--*", NAMED, "[-a]")),
        "uses: actions/upload-artifact",
        tree(digests("[-a, -b]", "digests${{ inputs.suffix }}--*", NAMED, "[-a, -b]")),
    ),
    "exec-bit": Case(
        tree({"ci": EXEC.format(chmod="echo start")}),
        "./bin/cli",
        tree({"ci": EXEC.format(chmod="chmod +x bin/cli")}),
    ),
    "workflow-unreadable": Case(
        tree({"ci": "on: push\njobs: {a: [b\n"}), "", tree({"ci": "on: push\njobs: {}\n"})
    ),
    "bypasses-change-filter": Case(
        tree({"ci": generated("special", "[]")}), "special:", tree({"ci": generated("special", "[changes]")})
    ),
    "reduce-skipped-by-one-leg": Case(
        tree({"ci": generated("merge", "[changes, build]", "if: needs.changes.outputs.merges != ''", MERGE)}),
        "merge:",
        tree(
            {
                "ci": generated(
                    "merge", "[changes, build]", "if: ${{ !cancelled() && needs.changes.result }}", MERGE
                )
            }
        ),
    ),
    "matrix-over-256": Case(
        tree(
            {
                "ci": job(
                    "- run: a",
                    head=f"runs-on: x\nstrategy:\n  matrix: {{a: {list(range(20))}, b: {list(range(13))}}}",
                )
            }
        ),
        "matrix:",
        tree(
            {
                "ci": job(
                    "- run: a",
                    head=f"runs-on: x\nstrategy:\n  matrix: {{a: {list(range(16))}, b: {list(range(16))}}}",
                )
            }
        ),
    ),
    "reusable-literal-drift": Case(
        tree(
            {
                name: f"on: push\njobs:\n  a:\n    uses: ./.github/workflows/c.yml\n    with:\n      go-version: {version}\n"
                for name, version in (("a", "1.24.x"), ("b", "1.25.x"))
            }
            | {"c": "on: {workflow_call: {inputs: {go-version: {type: string}}}}\njobs: {}\n"}
        ),
        "go-version: 1.25.x",
        tree(
            {
                "a": "on: push\njobs:\n"
                + "".join(
                    f"  j{n}:\n    uses: ./.github/workflows/c.yml\n    with: {{go-version: 1.{n}}}\n"
                    for n in (1, 2)
                ),
                "b": "on: push\njobs:\n  a:\n    uses: ./.github/workflows/c.yml\n    with: {go-version: 1.2}\n",
                "c": "on: {workflow_call: {inputs: {go-version: {type: string}}}}\njobs: {}\n",
            }
        ),
    ),
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
    "cache-save-on-pr": Case(
        tree({"ci": job("- uses: actions/cache/save@v4\n  with: {path: a, key: b}", on="pull_request")}),
        "uses: actions/cache/save",
        tree(
            {
                "ci": job(
                    "- uses: actions/cache/save@v4\n  if: github.event_name == 'push'\n  with: {path: a, key: b}",
                    on="[push, pull_request]",
                )
            }
        ),
    ),
    "secret-login-on-fork": Case(
        tree(
            {
                "ci": job(
                    '- uses: docker/login-action@v3\n  with: {password: "${{ secrets.P }}"}',
                    on="pull_request",
                )
            }
        ),
        "uses: docker/login-action",
        tree(
            {
                "a": job(
                    '- uses: docker/login-action@v3\n  with: {password: "${{ secrets.GITHUB_TOKEN }}"}',
                    on="pull_request",
                ),
                "b": job(
                    "- uses: docker/login-action@v3\n  if: env.P != ''\n  with: {password: \"${{ env.P }}\"}",
                    head='runs-on: x\nenv: {P: "${{ secrets.P }}"}',
                    on="pull_request",
                ),
            }
        ),
    ),
    "cache-mount-id": Case(
        tree({"Dockerfile": "FROM a\nRUN --mount=type=cache,target=/c make\n"}),
        "RUN",
        tree({"Dockerfile": "FROM a\nRUN --mount=type=cache,id=c-${TARGETARCH},target=/c make\n"}),
    ),
    "qemu-unneeded": Case(
        tree(
            {
                "ci": job(
                    "- uses: docker/setup-qemu-action@v3\n- uses: docker/build-push-action@v6\n  with: {platforms: linux/amd64}"
                )
            }
        ),
        "setup-qemu",
        tree(
            {
                "ci": job(
                    "- uses: docker/setup-qemu-action@v3\n- uses: docker/build-push-action@v6\n  with: {platforms: linux/s390x}"
                )
            }
        ),
    ),
    "cache-mount-not-exported": Case(
        tree(
            {
                "ci": image("context: .\ncache-to: type=gha"),
                "Dockerfile": "FROM a\nRUN --mount=type=cache,target=/c make\n",
            }
        ),
        "RUN",
        tree({"ci": image("context: ."), "Dockerfile": "FROM a\nRUN --mount=type=cache,target=/c make\n"}),
    ),
    "reduce-waits-for-strangers": Case(
        tree(digests("[-a, -b, -c, -d, -e]", "digests${{ inputs.suffix }}--*", NAMED, "[-a]")),
        "merge:",
        tree(digests("[-a, -b]", "digests${{ inputs.suffix }}--*", NAMED, "[-a, -b]")),
    ),
    "runner-allow-list": Case(
        miniature(".github/workflows/backend.yml", ("runs-on: ubuntu-latest", "runs-on: arc-runner-set")),
        "runs-on: ",
        tree({"ci": job("- run: a", head="runs-on: own-runner")}),
        5,
    ),
    "disk-before-buildx": Case(
        tree({"ci": job("- uses: docker/setup-buildx-action@v3\n- uses: jlumbroso/free-disk-space@main")}),
        "free-disk-space",
        tree({"ci": job("- uses: jlumbroso/free-disk-space@main\n- uses: docker/setup-buildx-action@v3")}),
    ),
    "repeated-step-if": Case(
        tree(
            {
                "ci": job(
                    "- if: steps.c.outputs.cache-hit != 'true'\n  run: a\n- if: steps.c.outputs.cache-hit != 'true'\n  run: b"
                )
            }
        ),
        "if: steps.c",
        tree(
            {
                "ci": job(
                    "- if: steps.c.outputs.cache-hit != 'true'\n  run: a\n- if: matrix.a\n  run: b\n- if: matrix.a\n  run: c"
                )
            }
        ),
    ),
    "key-spelled-twice": Case(
        tree(
            {
                "ci": job(
                    "- uses: actions/cache@v4\n  with: {path: a, key: \"k-${{ hashFiles('a', 'b') }}\"}",
                    rest="  other:\n    runs-on: x\n    steps:\n      - uses: actions/cache/restore@v4\n        with:\n          path: a\n          key: k-${{ hashFiles('a', 'b') }}\n",
                )
            }
        ),
        "key: k-",
        tree(
            {"ci": job("- uses: actions/cache@v4\n  with: {path: a, key: \"k-${{ hashFiles('a', 'b') }}\"}")}
        ),
    ),
    "docs-stale": Case(
        tree({"AGENTS.md": "See `docs/a.md:3`,\nand `docs/gone.md`.\n", "docs/a.md": ""}),
        "docs/gone.md",
        tree({"AGENTS.md": "`docs/a.md` `docs/<x>.md` `other/gone.md` `docs/*`\n", "docs/a.md": ""}),
    ),
    "dead-output": Case(
        tree({"ci": job("- run: a", head="runs-on: x\noutputs:\n  a: b")}),
        "a: b",
        tree(
            {
                "ci": job(
                    "- run: a",
                    head="runs-on: x\noutputs:\n  a: b",
                    rest="  use:\n    needs: build\n    if: needs.build.outputs['a']\n    runs-on: x\n",
                )
            }
        ),
    ),
}


def test_every_rule_has_a_case() -> None:
    assert set(CASES) == set(RULES)


@pytest.mark.parametrize("slug", sorted(RULES))
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


@pytest.mark.parametrize("slug", sorted(slug for slug, rule in RULES.items() if rule.default))
def test_the_miniature_is_clean(slug: str) -> None:
    assert found(miniature(BUILD), slug) == []


def test_an_axis_of_objects_is_no_word_in_a_key() -> None:
    head = "runs-on: x\nstrategy:\n  matrix: {arch: [{name: amd64}, {name: arm64}]}"
    where = tree({"ci": job("- uses: actions/cache@v4\n  with: {path: p, key: tools-amd64}", head=head)})
    assert found(where, "key-hard-codes-axis") == []


def test_a_job_that_only_tests_may_bypass_the_filter() -> None:
    text = generated("special", "[]").replace("docker push example/special", "make lint")
    assert found(tree({"ci": text}), "bypasses-change-filter") == []


def test_a_cache_of_another_workflow_may_be_restored() -> None:
    restore = "- uses: actions/cache/restore@v4\n  with: {path: p, key: k, fail-on-cache-miss: true}"
    alone = tree({"ci": job(restore)})
    assert len(found(alone, "restore-without-writer")) == 1
    both = tree({"ci": job(restore), "nightly": job("- uses: actions/cache@v4\n  with: {path: p, key: k}")})
    assert found(both, "restore-without-writer") == []


def test_attestations_can_be_switched_off_in_the_environment() -> None:
    head = "runs-on: x\nenv: {BUILDX_NO_DEFAULT_ATTESTATIONS: 1}"
    assert found(tree({"ci": image(PROVENANCE, head=head)}), "digest-provenance") == []


def test_unknown_uploads_are_given_the_benefit_of_the_doubt() -> None:
    rest = (
        "  use:\n    needs: build\n    runs-on: x\n    steps:\n"
        "      - uses: actions/download-artifact@v4\n        with: {name: bin-1}\n"
    )
    for step in (
        '- uses: actions/upload-artifact@v4\n  with: {name: "bin-${{ steps.x.outputs.n }}", path: x}',
        "- uses: someone/upload-artifacts-action@v1",
    ):
        assert found(tree({"ci": job(step, rest=rest)}), "artifact-not-uploaded") == []
    external = job("- run: a", rest=rest).replace(
        "jobs:\n", "jobs:\n  other:\n    uses: a/b/.github/workflows/c.yml@v1\n"
    )
    assert found(tree({"ci": external}), "artifact-not-uploaded") == []


@pytest.mark.parametrize(
    ("step", "severities"),
    [
        ("run: git diff ${{ github.event.before }}", [Severity.error]),
        ("{if: steps.a.outputs.b != 'true', run: 'git diff ${{ github.event.before }}'}", []),
        ("run: docker push example/app:latest", [Severity.warning]),
        ("run: docker push example/app:$GITHUB_SHA", [Severity.error]),
        ("{if: steps.a.outputs.b != 'true', run: npm publish}", [Severity.warning]),
        ("run: npm publish --dry-run", []),
    ],
)
def test_only_what_no_later_run_does_again_is_an_error(step: str, severities: list[Severity]) -> None:
    findings = found(tree({"ci": ci(BY_BRANCH, step=step)}), "push-cancels-push")
    assert [f.severity for f in findings] == severities


@pytest.mark.parametrize(
    ("pattern", "name", "taken"),
    [
        ("a-*", "a-b", True),
        ("a-*", "a", False),
        ("*-b-*", "a-b-c", True),
        ("*-b-*", "a-c-b", False),
        ("a?c*", "abcd", True),
        ("*?c*d", "xxbcyd", True),
        ("a*a", "a", False),
        ("abc", "abc", True),
        ("a?", "abc", False),
    ],
)
def test_the_patterns_of_artifacts(pattern: str, name: str, taken: bool) -> None:
    assert fits(pattern, name) is taken
