"""What an image is made of, and what a filter ignores, in many spellings."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases

SPELLED: Cases = {}
COPIES = "FROM scratch\nCOPY install.sh /\n"
NAMED = "FROM scratch\nARG F\nCOPY ${F} /\n"
OF_LIB = "FROM scratch\nCOPY --from=lib x.sh /\n"
MOUNTS_LIB = "FROM debian\nRUN --mount=from=lib,source=x.sh,target=/x.sh sh /x.sh\n"


def built(only: str, how: str = "context: .") -> str:
    """A workflow that publishes an image when some paths change."""
    return f"""
on:
  push:
    branches: [main]
    {only}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: docker/build-push-action@v6
        with:
          push: true
          tags: ghcr.io/example/app:1
          {how}
"""


def add(name: str, *, told: bool, dockerfile: str, workflow: str, path: str = "Dockerfile") -> None:
    files = {"install.sh": "", "lib/x.sh": "", "docs/a.md": "", "README.md": ""}
    kind = name if told else f"not {name}"
    SPELLED[f"paths-cover-inputs: {kind}"] = {"a": workflow, path: dockerfile, **files}


for only, told in (
    ("['*.sh']", True),
    ("['**/*.sh']", True),
    ("install.sh", True),
    ("['**', '!Dockerfile']", True),
    ("['docs/**', '**.md']", False),
    ("['**', '!Dockerfile', '!*.sh']", False),
):
    add(f"ignored {only}", told=told, dockerfile=COPIES, workflow=built(f"paths-ignore: {only}"))
add(
    "an ignored text",
    told=False,
    dockerfile="FROM scratch\nCOPY README.md /\n",
    workflow=built("paths-ignore: ['**.md']"),
)
for told, only in ((True, "[Dockerfile]"), (False, "[Dockerfile, install.sh]")):
    passed = "context: .\n          build-args: F=install.sh"
    add(f"passed {told}", told=told, dockerfile=NAMED, workflow=built(f"paths: {only}", passed))
UNKNOWN = "context: .\n          build-args: F=${{ vars.F }}"
add("passed, and not known", told=False, dockerfile=NAMED, workflow=built("paths: [Dockerfile]", UNKNOWN))
LIB = "context: app\n          build-contexts: lib=./lib"
ELSEWHERE = "context: app\n          build-contexts: lib=docker-image://example/lib"
for kind, dockerfile in (("copied", OF_LIB), ("mounted", MOUNTS_LIB)):
    for told, only, how in (
        (True, "['app/**']", LIB),
        (False, "['app/**', 'lib/**']", LIB),
        (False, "['app/**']", ELSEWHERE),
    ):
        add(
            f"{kind} of a further context: {only} {how[-11:]}",
            told=told,
            dockerfile=dockerfile,
            workflow=built(f"paths: {only}", how),
            path="app/Dockerfile",
        )
