"""What is lost with a cancelled push, in many spellings."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases

CASES = Cases()

CASES.add(
    "push-cancels-push: bake",
    "push-cancels-push",
    True,
    {
        "r": """
on: push
concurrency: {group: "ci-${{ github.ref }}", cancel-in-progress: true}
jobs:
  p:
    runs-on: ubuntu-latest
    steps:
      - uses: docker/bake-action@v5
        with:
          push: true
          set: "*.tags=acme/a:${{ github.sha }}"
""",
    },
)

CASES.add(
    "push-cancels-push: mvn",
    "push-cancels-push",
    True,
    {
        "a": """
on: {push: {branches: [main]}}
concurrency:
  group: "x-${{ github.ref }}"
  cancel-in-progress: true
jobs:
  p:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: mvn -B -ntp deploy
""",
    },
)

CASES.add(
    "push-cancels-push: gradle",
    "push-cancels-push",
    True,
    {
        "a": """
on: {push: {branches: [main]}}
concurrency:
  group: "x-${{ github.ref }}"
  cancel-in-progress: true
jobs:
  p:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: ./gradlew publish --no-daemon
""",
    },
)

CASES.add(
    "push-cancels-push: nuget",
    "push-cancels-push",
    True,
    {
        "a": """
on: {push: {branches: [main]}}
concurrency:
  group: "x-${{ github.ref }}"
  cancel-in-progress: true
jobs:
  p:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: dotnet nuget push out/*.nupkg
""",
    },
)

CASES.add(
    "push-cancels-push: semrel",
    "push-cancels-push",
    True,
    {
        "a": """
on: {push: {branches: [main]}}
concurrency:
  group: "x-${{ github.ref }}"
  cancel-in-progress: true
jobs:
  p:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: npx semantic-release
""",
    },
)

CASES.add(
    "push-cancels-push: goreleaser",
    "push-cancels-push",
    True,
    {
        "a": """
on: {push: {branches: [main]}}
concurrency:
  group: "x-${{ github.ref }}"
  cancel-in-progress: true
jobs:
  p:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: goreleaser release --clean
""",
    },
)

CASES.add(
    "push-cancels-push: ko",
    "push-cancels-push",
    True,
    {
        "a": """
on: {push: {branches: [main]}}
concurrency:
  group: "x-${{ github.ref }}"
  cancel-in-progress: true
jobs:
  p:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: ko build ./cmd/app
""",
    },
)

CASES.add(
    "push-cancels-push: pnpmr",
    "push-cancels-push",
    True,
    {
        "a": """
on: {push: {branches: [main]}}
concurrency:
  group: "x-${{ github.ref }}"
  cancel-in-progress: true
jobs:
  p:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: pnpm -r publish --no-git-checks
""",
    },
)

CASES.add(
    "push-cancels-push: twine",
    "push-cancels-push",
    True,
    {
        "a": """
on: {push: {branches: [main]}}
concurrency:
  group: "x-${{ github.ref }}"
  cancel-in-progress: true
jobs:
  p:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: python -m twine upload dist/*
""",
    },
)

CASES.add(
    "push-cancels-push: script",
    "push-cancels-push",
    True,
    {
        "a": """
on: {push: {branches: [main]}}
concurrency:
  group: "x-${{ github.ref }}"
  cancel-in-progress: true
jobs:
  p:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: ./scripts/release.sh
""",
        "scripts/release.sh": """
#!/bin/bash
set -e
npm publish
""",
    },
)

CASES.add(
    "push-cancels-push: a npmpub",
    "push-cancels-push",
    True,
    {
        "a": """
on: {push: {branches: [main]}}
concurrency:
  group: "x-${{ github.ref }}"
  cancel-in-progress: true
jobs:
  p:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: JS-DevTools/npm-publish@v3
""",
    },
)

CASES.add(
    "push-cancels-push: not dry",
    "push-cancels-push",
    False,
    {
        "a": """
on: {push: {branches: [main]}}
concurrency:
  group: "x-${{ github.ref }}"
  cancel-in-progress: true
jobs:
  p:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: npm publish --dry-run
""",
    },
)

CASES.add(
    "push-cancels-push: not gradletest",
    "push-cancels-push",
    False,
    {
        "a": """
on: {push: {branches: [main]}}
concurrency:
  group: "x-${{ github.ref }}"
  cancel-in-progress: true
jobs:
  p:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: ./gradlew publishToMavenLocal test
""",
    },
)
