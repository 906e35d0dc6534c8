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

here = workflow("""
on: {push: {branches: [main]}}
concurrency: {group: "x-${{ github.ref }}", cancel-in-progress: true}
env: {IMAGE: "localhost:5000/acme/a", KO_DOCKER_REPO: kind.local, FAR: ghcr.io/acme/a}
jobs:
  names:
    runs-on: ubuntu-latest
    outputs: {tags: "${{ steps.m.outputs.tags }}", far: "${{ steps.f.outputs.tags }}"}
    steps:
      - {id: m, uses: docker/metadata-action@v5, with: {images: "${{ env.IMAGE }}"}}
      - {id: f, uses: docker/metadata-action@v5, with: {images: "${{ env.FAR }}"}}
  p:
    needs: names
    runs-on: ubuntu-latest
    ...
    steps:
      - uses: actions/checkout@v4
      - {id: m, uses: docker/metadata-action@v5, with: {images: "name=${{ env.IMAGE }}", tags: type=sha}}
      - {id: own, uses: ./, with: {images: "${{ env.IMAGE }}"}}
      - {id: far, uses: ./, with: {images: "${{ env.IMAGE }},${{ env.FAR }}"}}
      - {id: x, run: ./names.sh}
      ...
""")
"""A job whose images are named by the steps before."""

SERVICE = "services: {r: {image: 'registry:2', ports: ['5000:5000']}}"
OTHER = "services: {r: {image: 'acme/registry-mirror:2'}}"
BUILD = "- {uses: docker/build-push-action@v6, with: {push: true, tags: '${{ ... }}'}}"


def built(tags: str) -> str:
    return BUILD.replace("...", tags)


SPELLED: Cases = {
    **{
        f"push-cancels-push: not to the machine: {beside or 'no registry'}: {step}": here(beside, step)
        for beside, step in (
            ("", built("steps.m.outputs.tags")),
            ("", built("steps.own.outputs.tags")),
            ("", built("fromJSON(steps.own.outputs.json).tags[0]")),
            ("", built("needs.names.outputs.tags")),
            ("", "- run: docker push $IMAGE:1"),
            ("", "- run: docker push ${{ env.IMAGE }}:1"),
            ("", "- run: HOST=localhost:5000; docker push $HOST/a"),
            (
                "",
                "- run: docker build -t a . && docker tag a localhost:5000/a && docker push localhost:5000/a",
            ),
            ("", "- run: docker buildx build --push -t $IMAGE:1 ."),
            ("", "- run: docker buildx bake --push --set '*.tags=localhost:5000/a'"),
            ("", "- run: oras push localhost:5000/a:1 ./file"),
            ("", "- run: skopeo copy docker://ghcr.io/acme/a docker://localhost:5000/a"),
            ("", "- run: helm push a.tgz oci://localhost:5000/charts"),
            ("", "- run: npm publish --tag next --registry http://localhost:4873"),
            ("", "- run: twine upload --repository-url http://127.0.0.1:8080/legacy dist/*"),
            ("", "- run: make push REGISTRY=localhost:5000"),
            ("", "- run: ko apply -f config"),
            (
                "",
                "- {uses: redhat-actions/push-to-registry@v2, with: {image: a, registry: 'localhost:5000'}}",
            ),
            (
                "",
                "- {uses: pypa/gh-action-pypi-publish@v1, with: {repository-url: 'http://localhost:8080/x'}}",
            ),
            (SERVICE, built("steps.x.outputs.tags")),
            (SERVICE, "- run: docker push ${{ steps.x.outputs.image }}"),
            (SERVICE, "- run: make push"),
            ("", "- run: docker run -d -p 5000:5000 registry:2\n" + built("steps.x.outputs.tags")),
            ("", "- {uses: a/kind-action@v1, with: {registry: true}}\n" + built("steps.x.outputs.tags")),
        )
    },
    **{
        f"push-cancels-push: from the machine: {beside or 'no registry'}: {step}": here(beside, step)
        for beside, step in (
            ("", built("steps.far.outputs.tags")),
            ("", built("needs.names.outputs.far")),
            ("", built("steps.x.outputs.tags")),
            (OTHER, built("steps.x.outputs.tags")),
            (SERVICE, built("env.FAR")),
            (SERVICE, built("steps.far.outputs.tags")),
            (SERVICE, "- run: docker push $FAR"),
            ("", "- run: docker push $FAR"),
            (
                "",
                "- run: docker build -t localhost:5000/a . && docker tag localhost:5000/a $FAR && docker push $FAR",
            ),
            ("", "- run: docker buildx build --push -t $IMAGE -t $FAR ."),
            ("", "- run: docker buildx build --push -t $FAR --cache-to $IMAGE ."),
            ("", "- run: docker buildx imagetools create -t $FAR $IMAGE"),
            ("", "- run: skopeo copy docker://$IMAGE docker://$FAR"),
            ("", "- run: npm publish --registry https://npm.example.org"),
            ("", "- run: make push REGISTRY=ghcr.io/acme"),
            ("env: {KO_DOCKER_REPO: ghcr.io/acme}", "- run: ko apply -t latest -f config"),
            ("", "- {uses: redhat-actions/push-to-registry@v2, with: {image: a, registry: quay.io/acme}}"),
        )
    },
    **{
        f"push-cancels-push: {action}": cancelled(f"- {{uses: {action}@v1}}")
        for action in (
            "rubygems/release-gem",
            "taiki-e/create-gh-release-action",
            "HaaLeo/publish-vscode-extension",
        )
    },
    "push-cancels-push: not a program that is only installed": cancelled(
        "- {uses: helm/chart-releaser-action@v1, with: {install_only: true}}"
    ),
    "push-cancels-push: charts by hand": cancelled("- run: cr upload --owner acme --git-repo charts"),
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
