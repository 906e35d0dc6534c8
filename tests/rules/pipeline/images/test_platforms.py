"""Rules about platforms of images: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import TWO, image, job

CASES: dict[str, Case] = {
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
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


@pytest.mark.parametrize(
    "text", ["# BUILDPLATFORM\nFROM a\nRUN make\n", "FROM a\nARG BUILDPLATFORM\nRUN make\n"]
)
def test_a_word_alone_compiles_nothing_for_another_platform(text: str) -> None:
    workflow = image('context: .\nplatforms: "linux/${{ matrix.arch }}"', head=TWO)
    assert found(tree({"ci": workflow, "Dockerfile": text}), "qemu-leg")


def test_an_image_that_is_only_set_up_needs_no_runner_of_its_own() -> None:
    workflow = image('context: .\nplatforms: "linux/${{ matrix.arch }}"', head=TWO)
    file = "FROM a\nRUN apk add --no-cache tini && mkdir /data\nCOPY app /\n"
    assert found(tree({"ci": workflow, "Dockerfile": file}), "qemu-leg") == []


@pytest.mark.parametrize(
    ("run", "told"),
    [
        ("if command -v apk > /dev/null; then apk add bash; else apt-get install -y bash; fi", False),
        ("command make", True),
        ("test -e /x || exit 1; printf '%s' a > /a; sed -i s/a/b/ /a; [ -s /a ] && which sh", False),
        ("case $(uname -m) in arm*) type sh;; *) :;; esac", False),
        ("curl -fsSLo /bin/jq https://acme.example/jq && chmod +x /bin/jq", False),
        ("curl -fsSL https://acme.example/x.tar.gz | tar xz -C /opt", False),
        ("curl -fsSL https://acme.example/key | apt-key add - && apt-get install -y acme", False),
        ("apt-get install -y locales && locale-gen && update-locale LANG=C.UTF-8", False),
        ("add-apt-repository https://acme.example/$(lsb_release -cs)", False),
        ("curl -fsSL https://acme.example/key | gpg --dearmor -o /usr/share/keyrings/acme.gpg", False),
        ("curl -fsSL https://acme.example/install.sh | sh", True),
        (". ./build.sh", True),
        ("apk add python3 && pip install numpy", True),
    ],
)
def test_what_takes_no_time_needs_no_runner_of_its_own(run: str, told: bool) -> None:
    workflow = image('context: .\nplatforms: "linux/${{ matrix.arch }}"', head=TWO)
    file = f"FROM a\nRUN {run}\nCOPY app /\n"
    assert bool(found(tree({"ci": workflow, "Dockerfile": file}), "qemu-leg")) is told


STAGES = """
ARG KIND
FROM a AS base_tool
RUN make tool
FROM a AS base_plain
RUN apk add tini
FROM base_${KIND} AS any
FROM a AS mounted
RUN --mount=type=bind,from=base_tool,target=/x cp /x/tool /tool
FROM base_plain AS release
COPY --from=base_plain /x /x
"""


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("", False),
        ("release", False),
        ("Base_Tool", True),
        ("any", True),
        ("mounted", True),
        ("base_plain", False),
        ("${{ steps.a.outputs.b }}", False),
    ],
)
def test_only_what_a_target_is_made_of_is_emulated(target: str, told: bool) -> None:
    text = 'context: .\nplatforms: "linux/${{ matrix.arch }}"' + (f"\ntarget: {target}" if target else "")
    where = tree({"ci": image(text, head=TWO), "Dockerfile": STAGES})
    assert bool(found(where, "qemu-leg")) is told


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ("", True),
        ("- uses: docker/setup-buildx-action@v3\n", True),
        ("- uses: docker/setup-buildx-action@v3\n  with: {driver: cloud}\n", False),
        ("- uses: docker/setup-buildx-action@v3\n  with: {append: '- endpoint: tcp://arm:1'}\n", False),
        ("- uses: acme/setup-buildx-action@v3\n  with: {endpoint: 'tcp://arm:1'}\n", False),
        ("- uses: namespacelabs/nscloud-setup-buildx-action@v0\n", False),
        ("- uses: depot/use-action@v1\n", False),
        ("- uses: depot/setup-action@v1\n", True),
        ("- run: depot configure-docker\n", False),
        ("- run: nsc docker buildx setup --use\n", False),
        ("- run: docker context use arm\n", False),
        ("- run: docker buildx create --use --name arm --driver-opt network=host\n", True),
        ("- run: docker buildx create --name arm --use ssh://me@arm\n", False),
        ("- run: docker-buildx create --append --name arm tcp://arm:1\n", False),
        ("- run: docker buildx create --driver=kubernetes --use\n", False),
        ("- run: docker buildx create --driver docker-container --bootstrap\n", True),
        ("- run: echo 'DOCKER_HOST=ssh://arm' >> $GITHUB_ENV\n", False),
        ("- run: echo $DOCKER_HOST\n  env: {DOCKER_HOST: 'ssh://arm'}\n", False),
    ],
)
@pytest.mark.parametrize(
    ("rule", "platforms"), [("qemu-leg", "linux/arm64"), ("platforms-unsplit", "'linux/arm64,linux/amd64'")]
)
def test_builders_that_have_machines_of_their_own(steps: str, told: bool, rule: str, platforms: str) -> None:
    build = f"- uses: docker/build-push-action@v6\n  with: {{platforms: {platforms}}}"
    files = {"ci": job(steps + build), "Dockerfile": "FROM a\nRUN make\n"}
    assert bool(found(tree(files), rule)) is told


@pytest.mark.parametrize(
    ("build", "head", "told"),
    [
        ("docker/build-push-action@v6", "", True),
        ("docker/build-push-action@v6", "\nenv: {BUILDX_BUILDER: cloud}", False),
        ("depot/build-push-action@v1", "", False),
        ("acme/build-push-action@v1", "", True),
    ],
)
def test_a_service_that_builds(build: str, head: str, told: bool) -> None:
    step = f"- uses: {build}\n  with: {{platforms: linux/arm64}}"
    files = {"ci": job(step, head=f"runs-on: ubuntu-latest{head}"), "Dockerfile": "FROM a\nRUN make\n"}
    assert bool(found(tree(files), "qemu-leg")) is told


@pytest.mark.parametrize("told", [True, False])
def test_platforms_in_a_row_whose_builder_is_elsewhere(told: bool) -> None:
    steps = ("" if told else "- uses: depot/use-action@v1\n") + "- run: make image FOR=${{ matrix.of }}"
    head = "runs-on: ubuntu-latest\nstrategy:\n  matrix: {of: ['linux/amd64,linux/arm64']}"
    assert bool(found(tree({"ci": job(steps, head=head)}), "platforms-unsplit")) is told


@pytest.mark.parametrize(
    ("runner", "told"),
    [
        ("[ubuntu-24.04]", True),
        ("{group: big, labels: [ubuntu-24.04]}", True),
        ("[self-hosted, linux, X64]", True),
        ("[self-hosted, linux, ARM64]", False),
        ("{group: arm}", False),
        ('"${{ fromJSON(\'[\\"ubuntu-24.04\\"]\') }}"', True),
    ],
)
def test_runners_of_several_labels(runner: str, told: bool) -> None:
    build = "- uses: docker/build-push-action@v6\n  with: {platforms: linux/arm64}"
    files = {"ci": job(build, head=f"runs-on: {runner}"), "Dockerfile": "FROM a\nRUN make\n"}
    assert bool(found(tree(files), "qemu-leg")) is told


BY_DEFAULT = """
on: push
jobs:
  b:
    runs-on: ubuntu-latest
    {job}
    steps:
      - {step}
"""
ASKS = "env: {DOCKER_DEFAULT_PLATFORM: linux/arm64}"
ACTION = "{uses: docker/build-push-action@v6, with: {context: .}}"


@pytest.mark.parametrize(
    ("job", "step", "told"),
    [
        (ASKS, "run: docker build .", True),
        (ASKS, "run: docker buildx build -t x .", True),
        (ASKS, ACTION, True),
        ("", f"{{{ASKS}, run: docker build .}}", True),
        ("", "run: DOCKER_DEFAULT_PLATFORM=linux/arm64 docker build .", True),
        ("", 'run: "export DOCKER_DEFAULT_PLATFORM=linux/arm64; docker build ."', True),
        (ASKS, "run: docker build --platform linux/amd64 .", False),
        (ASKS, ACTION.replace("context: .", "context: ., platforms: linux/amd64"), False),
        (ASKS.replace("arm64", "amd64"), "run: docker build .", False),
        (ASKS, "run: DOCKER_DEFAULT_PLATFORM=linux/amd64 docker build .", False),
        ("", "run: echo DOCKER_DEFAULT_PLATFORM=linux/arm64; docker build .", False),
    ],
)
def test_a_platform_that_a_variable_asks_for(job: str, step: str, told: bool) -> None:
    files = {"ci": BY_DEFAULT.format(job=job, step=step), "Dockerfile": "FROM a\nRUN make\n"}
    assert bool(found(tree(files), "qemu-leg")) is told


EMULATOR = """
on: push
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {uses: docker/build-push-action@v6, with: {context: ., load: true, tags: "acme/qemu:test"}}
      - INSTALL
      - run: docker buildx build --platform linux/arm64 --output type=cacheonly .
"""


@pytest.mark.parametrize(
    ("install", "told"),
    [
        ("run: docker run --rm --privileged acme/qemu:test --install all", False),
        ("run: docker run --rm --privileged docker.io/acme/qemu:test --reset -p yes", False),
        ("{uses: docker/setup-qemu-action@v3, with: {image: 'acme/qemu:test'}}", False),
        ("run: docker run --rm --privileged acme/qemu:latest --install all", True),
        ("run: docker run --rm --privileged acme/qemu:test make test", True),
        ("run: docker run --rm acme/qemu:test", True),
        ("uses: docker/setup-qemu-action@v3", True),
    ],
)
def test_an_emulator_that_is_tried(install: str, told: bool) -> None:
    files = {"ci": EMULATOR.replace("INSTALL", install), "Dockerfile": "FROM a\nRUN make\n"}
    assert bool(found(tree(files), "qemu-leg")) is told


GATED = """
on: push
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {id: gate, run: "echo build=true >> $GITHUB_OUTPUT"}
      - uses: docker/build-push-action@v6
        if: CONDITION
        with: {context: ., platforms: linux/arm64}
"""


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("steps.gate.outputs.build == 'true'", False),
        ("github.ref == 'refs/heads/main'", True),
        ("vars.X", True),
    ],
)
def test_a_leg_that_a_step_may_keep_from_building(condition: str, told: bool) -> None:
    files = {"ci": GATED.replace("CONDITION", condition), "Dockerfile": "FROM a\nRUN make\n"}
    assert bool(found(tree(files), "qemu-leg")) is told
