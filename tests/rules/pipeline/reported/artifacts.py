"""Artifacts that reports are about."""

from __future__ import annotations

from textwrap import dedent, indent

from tests.rules.pipeline.reported.report import Reports, legs, two

NEEDS = ("    needs: [lint]", "    needs: [lint, build]")


UP = """
- run: make dist
- uses: actions/upload-artifact@v4
  with: {name: frontend, path: dist/}
"""


def rec(build, down, on="push: {tags: ['v*']}", extra=""):
    return f"""
on:
  {on}
jobs:
  bin:
    runs-on: ubuntu-latest
    steps:
      - run: make
      - uses: actions/upload-artifact@v4
        with: {{name: binaries-x, path: out}}
  image:
    runs-on: ubuntu-latest
{extra}    steps:
{indent(dedent(build).strip(chr(10)), "      ")}
  release:
    needs: [bin, image]
    runs-on: ubuntu-latest
    steps:
{indent(dedent(down).strip(chr(10)), "      ")}
"""


BP = """
- uses: actions/checkout@v4
- uses: docker/build-push-action@v6
  with: {context: ., push: true, tags: "acme/x:1"}
"""


def ex(path, run, upload="target/release/", name="tools", rest=""):
    return two(
        f"""
- run: cargo build --release
- uses: actions/upload-artifact@v4
  with: {{name: {name}, path: {upload}}}
""",
        f"""
- uses: actions/checkout@v4
- uses: actions/download-artifact@v4
  with: {{name: {name}, path: {path}}}
{dedent(run).strip(chr(10))}
{rest}""",
    ).replace("needs: [lint]", "needs: [lint, build]")


FS = """
on: {push: {tags: ['v*']}}
jobs:
  build:
    strategy: {matrix: {platform: [linux/amd64, linux/arm64]}}
    runs-on: ubuntu-latest
    steps:
      - run: echo "PAIR=${PLATFORM//\\//-}" >> $GITHUB_ENV
        env: {PLATFORM: "${{ matrix.platform }}"}
      - uses: docker/build-push-action@v6
        with: {context: ., platforms: "${{ matrix.platform }}", outputs: "type=image,name=acme/fire,push-by-digest=true,push=true"}
      - uses: actions/upload-artifact@v4
        with: {name: "digests-${{ env.PAIR }}", path: "/tmp/digests/*"}
  build-lite:
    strategy: {matrix: {platform: [linux/amd64, linux/arm64]}}
    runs-on: ubuntu-latest
    steps:
      - run: echo "PAIR=${PLATFORM//\\//-}" >> $GITHUB_ENV
        env: {PLATFORM: "${{ matrix.platform }}"}
      - uses: docker/build-push-action@v6
        with: {context: ., target: lite, platforms: "${{ matrix.platform }}", outputs: "type=image,name=acme/fire,push-by-digest=true,push=true"}
      - uses: actions/upload-artifact@v4
        with: {name: "digests-lite-${{ env.PAIR }}", path: "/tmp/digests/*"}
  merge:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v4
        with: {pattern: "digests-*", path: /tmp/digests, merge-multiple: true}
      - run: docker buildx imagetools create -t acme/fire:1 $(cat *)
  merge-lite:
    needs: build-lite
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v4
        with: {pattern: "digests-lite-*", path: /tmp/digests, merge-multiple: true}
      - run: docker buildx imagetools create -t acme/fire:1-lite $(cat *)
"""

REPORTS = Reports()

REPORTS.add(
    "gh run download of the own run",
    "download-without-needs",
    two(
        UP,
        """
- run: gh run download ${{ github.run_id }} --name frontend --dir site
  env: {GH_TOKEN: "${{ github.token }}"}
""",
    ),
    NEEDS,
)
REPORTS.add(
    "dead-claudia/journald-exporter#6",
    "download-without-needs",
    two(
        UP,
        """
- uses: dawidd6/action-download-artifact@v6
  with:
    run_id: ${{ github.run_id }}
    name: frontend
    path: ./
""",
    ),
    NEEDS,
)
REPORTS.add(
    "opf/openproject#16165",
    "legs-share-cache-ref",
    legs(
        """
- id: build
  uses: docker/build-push-action@v6
  with:
    context: .
    platforms: ${{ matrix.platform }}
    outputs: type=image,name=acme/project,push-by-digest=true,name-canonical=true,push=true
- run: |
    mkdir -p /tmp/digests
    digest="${{ steps.build.outputs.digest }}"
    touch "/tmp/digests/${digest#sha256:}"
- uses: actions/upload-artifact@v4
  with:
    name: digests
    path: /tmp/digests/*
    overwrite: true
""",
        rest="""
  merge:
    needs: image
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v4
        with: {pattern: digests*, path: /tmp/digests, merge-multiple: true}
      - run: docker buildx imagetools create -t acme/project:1 $(printf 'acme/project@sha256:%s ' *)
""",
    ),
    ("    name: digests\n", "    name: digests-${{ matrix.arch }}\n"),
    ("          overwrite: true\n", ""),
)
REPORTS.add(
    "upload-artifact@v3.1.2",
    "",
    """
on: push
jobs:
  b:
    strategy: {matrix: {os: [ubuntu-latest, windows-latest]}}
    runs-on: ${{ matrix.os }}
    steps:
      - uses: actions/upload-artifact@v3.1.2
        with: {name: wheels, path: dist}
""",
)
REPORTS.add(
    "DOCKER_BUILD_SUMMARY off",
    "",
    rec(
        BP,
        """
- uses: actions/download-artifact@v4
""",
        extra="    env: {DOCKER_BUILD_SUMMARY: 'false'}\n",
    ),
)
REPORTS.add(
    "by $GITHUB_WORKSPACE",
    "exec-bit",
    ex(
        "'${{ github.workspace }}/bin'",
        """
- run: $GITHUB_WORKSPACE/bin/server --check
""",
    ),
    ("$GITHUB_WORKSPACE/bin/server", "chmod +x bin/server; $GITHUB_WORKSPACE/bin/server"),
)
REPORTS.add(
    "arduino/arduino-cli#589 on the PATH",
    "exec-bit",
    ex(
        "bin",
        """
- run: echo "$PWD/bin" >> $GITHUB_PATH
- run: mycli --version
""",
        upload="dist/mycli",
        name="mycli",
    ),
    ("- run: echo", "- run: chmod +x bin/mycli && echo"),
)
REPORTS.add(
    "a pattern with merge-multiple",
    "exec-bit",
    two(
        """
- run: make
- uses: actions/upload-artifact@v4
  with: {name: bin-linux, path: dist/cli}
""",
        """
- uses: actions/download-artifact@v4
  with: {pattern: bin-*, path: out, merge-multiple: true}
- run: ./out/cli --version
""",
    ).replace("needs: [lint]", "needs: [lint, build]"),
    ("./out/cli", "chmod +x out/cli && ./out/cli"),
)
REPORTS.add(
    "ShaneIsrael/fireshare#715",
    "artifact-glob-overmatch",
    FS,
    ('pattern: "digests-*"', 'pattern: "digests-linux-*"'),
)
REPORTS.add(
    "ShaneIsrael/fireshare#715 names known",
    "artifact-glob-overmatch",
    FS.replace("${{ env.PAIR }}", "${{ strategy.job-index }}").replace(
        "digests-${{ strat", "digests-linux-${{ strat"
    ),
    ('pattern: "digests-*"', 'pattern: "digests-linux-*"'),
)
REPORTS.add(
    "ConduitPlatform/Conduit#1496",
    "artifact-glob-overmatch",
    """
on: {push: {branches: [main]}}
jobs:
  build:
    strategy: {matrix: {target: [conduit, admin], arch: [amd64, arm64]}}
    runs-on: ubuntu-latest
    steps:
      - uses: docker/build-push-action@v6
        with: {context: ., outputs: "type=image,name=acme/x,push-by-digest=true,push=true"}
      - uses: actions/upload-artifact@v4
        with: {name: "digests-${{ matrix.target }}-${{ matrix.arch }}", path: "/tmp/digests/*"}
  standalone:
    strategy: {matrix: {arch: [amd64, arm64]}}
    runs-on: ubuntu-latest
    steps:
      - uses: docker/build-push-action@v6
        with: {context: ., outputs: "type=image,name=acme/x-standalone,push-by-digest=true,push=true"}
      - uses: actions/upload-artifact@v4
        with: {name: "digests-conduit-standalone-${{ matrix.arch }}", path: "/tmp/digests/*"}
  manifest:
    needs: [build, standalone]
    strategy: {matrix: {target: [conduit, admin]}}
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v4
        with: {pattern: "digests-${{ matrix.target }}-*", merge-multiple: true}
      - run: docker buildx imagetools create -t acme/${{ matrix.target }}:1 $(cat *)
  manifest-standalone:
    needs: [standalone]
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v4
        with: {pattern: "digests-conduit-standalone-*", merge-multiple: true}
      - run: docker buildx imagetools create -t acme/conduit-standalone:1 $(cat *)
""",
    (
        '"digests-${{ matrix.target }}-${{ matrix.arch }}"',
        '"digests-${{ matrix.target }}.${{ matrix.arch }}"',
    ),
    ('"digests-${{ matrix.target }}-*"', '"digests-${{ matrix.target }}.*"'),
)
REPORTS.add(
    "sound: one of two uploads of a name",
    "",
    """on: push
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - run: make
      - {if: success(), uses: actions/upload-artifact@v4, with: {name: log, path: log}}
      - {if: failure(), uses: actions/upload-artifact@v4, with: {name: log, path: log}}
""",
)
REPORTS.add(
    "sound: a file that is no archive, and whose name only a run knows",
    "",
    """on: push
jobs:
  b:
    strategy: {matrix: {os: [macos-14, windows-2022]}}
    runs-on: ${{ matrix.os }}
    steps:
      - run: uv build --wheel
      - uses: actions/upload-artifact@v7
        with: {path: "dist/*.whl", archive: false}
""",
)
REPORTS.add(
    "sound: files that are named as their artifacts are, of which each leg takes some",
    "",
    """on: push
jobs:
  b:
    strategy: {matrix: {arch: [amd64, arm64]}}
    runs-on: ubuntu-latest
    steps:
      - run: make tool-${{ matrix.arch }}
      - uses: actions/upload-artifact@v4
        with: {name: "tool-${{ matrix.arch }}", path: "tool-${{ matrix.arch }}"}
  test:
    needs: b
    strategy: {matrix: {platform: [amd64, arm64]}}
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v4
        with: {pattern: "tool-*", merge-multiple: true, path: tools}
      - run: ./test tools/tool-amd64 tools/tool-arm64 ${{ matrix.platform }}
""",
)
REPORTS.add(
    "sound: an artifact that an action uploads",
    "",
    """on: push
jobs:
  b:
    runs-on: ubuntu-latest
    steps: [{uses: hynek/build-and-inspect-python-package@v3}]
  test:
    needs: b
    runs-on: ubuntu-latest
    steps: [{uses: actions/download-artifact@v4, with: {name: Packages, path: dist}}]
""",
)
