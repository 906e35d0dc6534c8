"""Workflows of one job, of two, and of several that work together."""

from __future__ import annotations

BUILD = ".github/workflows/backend_build.yml"


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
                  - run: docker buildx imagetools create -t a/b $(printf 'a/b@sha256:%s ' *)
            """,
    }


NAMED = "digests${{ matrix.suffix }}--${{ matrix.arch }}"
