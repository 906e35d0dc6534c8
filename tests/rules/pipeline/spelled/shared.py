"""Names that two jobs of one run write, and names that only look as if they did."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases, workflow

SPELLED: Cases = {}
RULE = "legs-share-cache-ref"

UPLOAD = "- {uses: actions/upload-artifact@v4, with: {name: dist, path: dist}}"
DELETE = "- {uses: geekyeggo/delete-artifact@v5, with: {name: ...}}"
BY_HAND = 'gh api -X DELETE "repos/$GITHUB_REPOSITORY/actions/artifacts/$ID"'
BY_SCRIPT = "github.rest.actions.deleteArtifact({artifact_id})"

signed = workflow(f"""
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      ...
      {UPLOAD}
  between:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - run: make test
      ...
  sign:
    needs: ...
    runs-on: ubuntu-latest
    steps:
      - run: make sign
      ...
      {UPLOAD}
      ...
""")


def of(name: str) -> str:
    return DELETE.replace("...", name)


SPELLED |= {
    f"{RULE}: not deleted": signed("", "", "build", of("dist"), ""),
    f"{RULE}: not deleted by its pattern": signed("", "", "build", of("'d*'"), ""),
    f"{RULE}: not deleted with others": signed("", "", "build", of('"other\\ndist"'), ""),
    f"{RULE}: not deleted by hand": signed("", "", "build", f"- run: {BY_HAND}", ""),
    f"{RULE}: not deleted by a script": signed(
        "", "", "build", f"- {{uses: actions/github-script@v7, with: {{script: '{BY_SCRIPT}'}}}}", ""
    ),
    f"{RULE}: not deleted by a job between": signed("", of("dist"), "between", "", ""),
    f"{RULE}: deleted by a job that nobody waits for": signed("", of("dist"), "build", "", ""),
    f"{RULE}: another one is deleted": signed("", "", "build", of("list"), ""),
    f"{RULE}: deleted too late": signed("", "", "build", "", of("dist")),
    f"{RULE}: deleted too early": signed(of("dist"), "", "build", "", ""),
}

files = workflow("""
on: push
jobs:
  build:
    strategy: {matrix: {arch: [x86, x64]}}
    runs-on: windows-latest
    steps:
      - run: make ${{ matrix.arch }}
      ...
""")


def no_archive(*paths: str) -> str:
    steps = (f"- {{uses: actions/upload-artifact@v7, with: {{archive: false, path: '{p}'}}}}" for p in paths)
    return "\n".join(steps)


SPELLED |= {
    f"{RULE}: not files of two endings": files(no_archive("out/*.zip", "out/*.exe")),
    f"{RULE}: files of one ending, twice": files(no_archive("out/*.zip", "out/*.zip")),
    f"{RULE}: not a folder of Windows": files(no_archive(".\\Package\\")),
    f"{RULE}: not a folder": files(no_archive("package/")),
    f"{RULE}: a file of Windows": files(no_archive(".\\Package\\app.zip")),
}

packed = workflow("""
on: push
jobs:
  build:
    strategy: {matrix: {arch: [amd64, riscv64, arm64]}}
    runs-on: ubuntu-latest
    steps:
      - run: make ${{ matrix.arch }}
      - uses: actions/upload-artifact@v4
        with: {name: setup, if-no-files-found: ..., path: ...}
""")
SPELLED |= {
    f"{RULE}: not a path of the first leg": packed("ignore", "'out/app_*-amd64.zip'"),
    f"{RULE}: not a path of the last leg": packed("warn", "'out/arm64/*'"),
    f"{RULE}: not two paths of one leg": packed("warn", '"out/arm64/*\\nlog-arm64\\n!out/x"'),
    f"{RULE}: a path of one leg that must be there": packed("error", "'out/arm64/*'"),
    f"{RULE}: a path of one leg and one of all": packed("warn", '"out/arm64/*\\nlog"'),
    f"{RULE}: a path of no leg": packed("warn", "'out/arm64v8/*'"),
    f"{RULE}: a path of each leg": packed("warn", "'out/${{ matrix.arch }}/*'"),
}

fallback = workflow("""
on: push
jobs:
  make:
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/upload-artifact@v4, continue-on-error: true, with: {name: cross, path: cross}}
  tests:
    needs: make
    runs-on: ubuntu-latest
    strategy: {matrix: {test: [all, some]}}
    steps:
      - {id: get, continue-on-error: true, uses: actions/download-artifact@v4, with: {name: ...}}
      - {if: steps.get.outcome == 'failure', run: make cross}
      - if: steps.get.outcome == 'failure'
        ...
        uses: actions/upload-artifact@v4
        with: {name: cross, path: cross}
""")
SPELLED |= {
    f"{RULE}: not where a download failed": fallback("cross", "continue-on-error: true"),
    f"{RULE}: where another download failed": fallback("other", "continue-on-error: true"),
    f"{RULE}: where a download failed, and it must not fail": fallback("cross", ""),
}

used = workflow("""
on: push
jobs:
  b:
    strategy: {matrix: {row: [x, y]}}
    runs-on: ubuntu-latest
    steps:
      - run: make
      - uses: ./.github/actions/up
        with: {...}
""")
SUFFIX = """
inputs: {suffix: {default: ''}}
runs:
  using: composite
  steps:
    - {id: made, shell: bash, env: {SUFFIX: "${{ inputs.suffix }}"}, run: 'echo "it=${SUFFIX//./_}" >> $GITHUB_OUTPUT'}
    - {uses: actions/upload-artifact@v4, with: {name: "logs${{ steps.made.outputs.it }}", path: logs}}
"""
OTHER = SUFFIX.replace("    - {id", "    - {uses: ./.github/actions/other}\n    - {id")
for told, given in ((True, "suffix: a"), (False, 'suffix: "${{ matrix.row }}"')):
    files_of = {"a": used(given), ".github/actions/up/action.yml": SUFFIX}
    SPELLED[f"{RULE}: {'' if told else 'not '}of what an action is given"] = files_of
SPELLED[f"{RULE}: not of an action in an action"] = {
    "a": used('suffix: "${{ matrix.row }}"').replace("      - run: make\n", ""),
    ".github/actions/up/action.yml": OTHER,
    ".github/actions/other/action.yml": SUFFIX.replace("inputs.suffix", "matrix.row"),
}

twice = workflow("""
on: push
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {uses: ./.github/actions/micro, with: {name: logs, file: a/Dockerfile}}
      - {uses: ./.github/actions/micro, with: {name: ..., file: b/Dockerfile}}
""")
BY_ACTION = """
inputs: {name: {}, file: {}}
runs:
  using: composite
  steps:
    - {id: meta, uses: docker/metadata-action@v5, with: {images: "ghcr.io/x/${{ inputs.name }}", tags: type=sha}}
    - uses: docker/build-push-action@v6
      with: {context: ., file: "${{ inputs.file }}", push: true, tags: "${{ steps.meta.outputs.tags }}"}
"""
SPELLED["legs-push-one-tag: not by an action that is used twice"] = {
    "a": twice("files"),
    ".github/actions/micro/action.yml": BY_ACTION,
}
SPELLED["legs-push-one-tag: by an action that is used twice"] = {
    "a": twice("logs"),
    ".github/actions/micro/action.yml": BY_ACTION,
}

made = workflow("""
on: push
jobs:
  b:
    strategy: {matrix: {group: [1, 2]}}
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      ...
      - run: make ...
      - {uses: actions/cache/save@v4, with: {path: common, key: "common-${{ hashFiles('src/**') }}"}}
""")
OF_GROUP = 'key: "it-${{ matrix.group }}"'
SPELLED |= {
    f"{RULE}: not after another cache": made(
        f"- {{uses: actions/cache@v4, with: {{path: libs, {OF_GROUP}}}}}", ""
    ),
    f"{RULE}: not after a cache of a tool": made(
        f"- {{uses: Swatinem/rust-cache@v2, with: {{{OF_GROUP}}}}}", ""
    ),
    f"{RULE}: after a cache of the same": made(
        f"- {{uses: actions/cache@v4, with: {{path: common/, {OF_GROUP}}}}}", ""
    ),
    f"{RULE}: after a cache of a part": made(
        f"- {{uses: actions/cache@v4, with: {{path: common/libs, {OF_GROUP}}}}}", ""
    ),
    f"{RULE}: after a cache that must be there": made(
        f"- {{uses: actions/cache/restore@v4, with: {{path: libs, fail-on-cache-miss: true, {OF_GROUP}}}}}",
        "",
    ),
    f"{RULE}: made in another way": made("", "GROUP=${{ matrix.group }}"),
    f"{RULE}: not made in the same way": made("", "all"),
}
