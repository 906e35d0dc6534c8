"""What is lost with a cancelled push, in many spellings."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases, workflow

cancelled = workflow("""
on: {push: {branches: [main]}}
concurrency:
  group: "x-${{ github.ref }}"
  cancel-in-progress: true
jobs:
  p:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      ...
""")

SPELLED: Cases = {
    **{
        f"push-cancels-push: {action}": cancelled(f"- {{uses: {action}@v1}}")
        for action in (
            "rubygems/release-gem",
            "taiki-e/create-gh-release-action",
            "HaaLeo/publish-vscode-extension",
        )
    },
    "push-cancels-push: maturin": cancelled("- {uses: PyO3/maturin-action@v1, with: {command: upload}}"),
    "push-cancels-push: not maturin's build": cancelled(
        "- {uses: PyO3/maturin-action@v1, with: {command: build}}"
    ),
    "push-cancels-push: bake": {
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
    "push-cancels-push: mvn": cancelled("- run: mvn -B -ntp deploy"),
    "push-cancels-push: gradle": cancelled("- run: ./gradlew publish --no-daemon"),
    "push-cancels-push: nuget": cancelled("- run: dotnet nuget push out/*.nupkg"),
    "push-cancels-push: semrel": cancelled("- run: npx semantic-release"),
    "push-cancels-push: goreleaser": cancelled("- run: goreleaser release --clean"),
    "push-cancels-push: ko": cancelled("- run: ko build ./cmd/app"),
    "push-cancels-push: not ko": cancelled("- run: ko build -LB ./cmd/app"),
    "push-cancels-push: pnpmr": cancelled("- run: pnpm -r publish --no-git-checks"),
    "push-cancels-push: twine": cancelled("- run: python -m twine upload dist/*"),
    "push-cancels-push: script": {
        "a": cancelled("- run: ./scripts/release.sh"),
        "scripts/release.sh": """
#!/bin/bash
set -e
npm publish
""",
    },
    "push-cancels-push: a npmpub": cancelled("- uses: JS-DevTools/npm-publish@v3"),
    "push-cancels-push: not dry": cancelled("- run: npm publish --dry-run"),
    "push-cancels-push: not gradletest": cancelled("- run: ./gradlew publishToMavenLocal test"),
}
