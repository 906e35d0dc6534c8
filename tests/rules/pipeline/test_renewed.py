"""What the next push publishes again, however it is named: its loss is a warning."""

from __future__ import annotations

import pytest

from scaffold.rules.base import Severity
from tests.rules.pipeline.trees import found, tree

CANCELLED = """
on: {push: {branches: [main]}}
concurrency: {group: "x-${{ github.ref }}", cancel-in-progress: true}
jobs:
  p:
    runs-on: ubuntu-latest
    steps:
"""
DEPLOYED = """
      - run: docker push a/b:${{ github.sha }}
      - uses: aws-actions/amazon-ecs-deploy-task-definition@v2
"""
RENDERED = DEPLOYED.replace(
    "uses: aws-actions/amazon-ecs-deploy-task-definition@v2", "run: kubectl rollout restart"
)
BEFORE = """
      - run: kubectl get pods
      - run: docker push a/b:${{ github.sha }}
"""
HANDED = """
      - run: |
          tag=latest
          commit=$(git rev-parse HEAD)
          docker buildx build --output type=image,push=true --build-arg COMMIT=$commit --tag a/b:$tag .
"""
NAMED = HANDED.replace("a/b:$tag", "a/b:$commit")
BY_FUNCTION = """
      - run: |
          names() { echo "sha-$(git rev-parse HEAD)"; }
          for tag in $(names); do docker push "a/b:$tag"; done
"""
OF_FILE = """
      - run: |
          tag=$(cat VERSION)
          docker push a/b:$tag
          docker push a/b:${{ github.sha }}
"""
OF_PROGRAM = OF_FILE.replace("cat VERSION", "./version")
OF_OWNER = """
      - id: n
        run: |
          echo "owner=$(echo ${{ github.repository_owner }} | tr A-Z a-z)" >> $GITHUB_OUTPUT
          echo "commit=$(git rev-parse --short HEAD)" >> $GITHUB_OUTPUT
      - uses: docker/build-push-action@v6
        with:
          push: true
          tags: |
            ghcr.io/${{ steps.n.outputs.owner }}/b:canary
            ghcr.io/${{ steps.n.outputs.owner }}/b:canary-${{ steps.n.outputs.commit }}
"""
ROLLING = (
    "\n      - uses: wangyoucao577/go-release-action@v1\n        with: {release_tag: dev, overwrite: true}\n"
)


@pytest.mark.parametrize(
    ("steps", "certain"),
    [
        (DEPLOYED, False),
        (RENDERED, False),
        (BEFORE, True),
        (HANDED, False),
        (NAMED, True),
        (BY_FUNCTION, True),
        (OF_FILE, False),
        (OF_PROGRAM, True),
        (OF_OWNER, False),
        (OF_OWNER.replace("b:canary\n", "b:${{ steps.n.outputs.commit }}\n"), True),
        (OF_OWNER.replace("outputs.owner }}/b:canary\n", "outputs.commit }}/b:canary\n"), True),
        (ROLLING, False),
        (ROLLING.replace("dev", "v1.2.3"), True),
    ],
)
def test_what_the_next_push_gives_again(steps: str, certain: bool) -> None:
    (finding,) = found(tree({"ci": CANCELLED + steps.strip("\n") + "\n"}), "push-cancels-push")
    assert (finding.severity is Severity.error) is certain
