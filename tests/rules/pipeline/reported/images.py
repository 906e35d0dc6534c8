"""Images that reports are about: which name is pushed for which platform."""

from __future__ import annotations

from tests.rules.pipeline.reported.report import Reports, legs

REPORTS = Reports()

REPORTS.add(
    "Second-Hand-Friends/kleinanzeigen-bot#1077",
    "legs-push-one-tag",
    legs("""
- name: Publish image
  if: github.ref_name == 'main'
  run: |
    echo "${{ secrets.GITHUB_TOKEN }}" | docker login ghcr.io -u x --password-stdin
    docker build -t bot .
    docker tag bot ghcr.io/acme/bot:latest
    docker push ghcr.io/acme/bot:latest
"""),
    ("ghcr.io/acme/bot:latest", "ghcr.io/acme/bot:latest-${{ matrix.arch }}"),
)
REPORTS.add(
    "Second-Hand-Friends/kleinanzeigen-bot#1077 image name in env",
    "legs-push-one-tag",
    legs("""
- name: Publish image
  env: {IMAGE_NAME: "ghcr.io/${{ github.repository }}"}
  run: |
    docker image build --tag $IMAGE_NAME:latest --file docker/Dockerfile .
    docker image push $IMAGE_NAME:latest
"""),
    ("$IMAGE_NAME:latest", "$IMAGE_NAME:latest-${{ matrix.arch }}"),
)
REPORTS.add(
    "openclaw/openclaw#4566 the lists in another order",
    "legs-push-one-tag",
    """
on: {push: {branches: [main]}}
jobs:
  build-amd64:
    runs-on: ubuntu-latest
    steps:
      - id: meta
        uses: docker/metadata-action@v5
        with:
          images: ghcr.io/acme/claw
          tags: |
            type=raw,value=main-amd64
            type=raw,value=main-arm64
      - uses: docker/build-push-action@v6
        with: {context: ., platforms: linux/amd64, push: true, tags: "${{ steps.meta.outputs.tags }}"}
  build-arm64:
    runs-on: ubuntu-24.04-arm
    steps:
      - id: meta
        uses: docker/metadata-action@v5
        with:
          images: ghcr.io/acme/claw
          tags: type=raw,value=main-arm64
      - uses: docker/build-push-action@v6
        with: {context: ., platforms: linux/arm64, push: true, tags: "${{ steps.meta.outputs.tags }}"}
""",
    (
        """            type=raw,value=main-arm64
      - uses""",
        """      - uses""",
    ),
)
REPORTS.add(
    "TheCodingDen/highlights#53",
    "legs-push-one-tag",
    """
on: {release: {types: [published]}}
jobs:
  docker:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v3
      - uses: docker/setup-qemu-action@v2
      - uses: docker/setup-buildx-action@v2
      - name: Build amd64
        uses: docker/build-push-action@v3
        with:
          push: true
          platforms: linux/amd64
          build-args: RUSTTARGET=x86_64-unknown-linux-musl
          tags: ghcr.io/acme/bot:latest,ghcr.io/acme/bot:${{ github.event.release.tag_name }}
      - name: Build arm64
        uses: docker/build-push-action@v3
        with:
          push: true
          platforms: linux/arm64
          build-args: RUSTTARGET=aarch64-unknown-linux-musl
          tags: ghcr.io/acme/bot:latest,ghcr.io/acme/bot:${{ github.event.release.tag_name }}
""",
    (
        """          platforms: linux/arm64
          build-args: RUSTTARGET=aarch64-unknown-linux-musl
          tags: ghcr.io/acme/bot:latest,ghcr.io/acme/bot:${{ github.event.release.tag_name }}
""",
        """          platforms: linux/arm64
          build-args: RUSTTARGET=aarch64-unknown-linux-musl
          tags: ghcr.io/acme/bot:latest-arm64,ghcr.io/acme/bot:${{ github.event.release.tag_name }}-arm64
""",
    ),
)
REPORTS.add(
    "redhat-actions/buildah-build#60",
    "legs-push-one-tag",
    """
on: {push: {branches: [main]}}
jobs:
  build:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        arch: [amd64, arm64]
    steps:
      - uses: actions/checkout@v3
      - run: sudo apt-get install -y qemu-user-static
      - id: build
        uses: redhat-actions/buildah-build@v2
        with:
          image: acme/pruner
          tags: latest
          archs: ${{ matrix.arch }}
          containerfiles: ./Containerfile
      - uses: redhat-actions/push-to-registry@v2
        with:
          image: ${{ steps.build.outputs.image }}
          tags: ${{ steps.build.outputs.tags }}
          registry: ghcr.io
""",
    ("          tags: latest\n", "          tags: latest-${{ matrix.arch }}\n"),
)
REPORTS.add(
    "redhat-actions/buildah-build#60 names spelled twice",
    "legs-push-one-tag",
    """
on: {push: {branches: [main]}}
env: {IMAGE: pruner, TAGS: "latest ${{ github.sha }}"}
jobs:
  build:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        platform: [linux/amd64, linux/arm64]
    steps:
      - uses: actions/checkout@v3
      - uses: redhat-actions/buildah-build@v2
        with:
          image: ${{ env.IMAGE }}
          tags: ${{ env.TAGS }}
          platforms: ${{ matrix.platform }}
          containerfiles: Containerfile
      - uses: redhat-actions/push-to-registry@v2
        with:
          image: ${{ env.IMAGE }}
          tags: ${{ env.TAGS }}
          registry: quay.io/acme
""",
    ("        platform: [linux/amd64, linux/arm64]", "        platform: ['linux/amd64,linux/arm64']"),
)
REPORTS.add(
    "IBM/core-dump-handler#88",
    "legs-push-one-tag",
    legs(
        """
- run: |
    podman build --platform ${{ matrix.platform }} -t quay.io/acme/handler:${{ github.event.release.tag_name }} .
    podman push quay.io/acme/handler:${{ github.event.release.tag_name }}
""",
        "release: {types: [published]}",
    ),
    ("tag_name }}", "tag_name }}-${{ matrix.arch }}"),
)
REPORTS.add(
    "IBM/core-dump-handler#88 buildah",
    "legs-push-one-tag",
    legs(
        """
- run: |
    buildah bud --arch ${{ matrix.arch }} --tag quay.io/acme/handler:nightly .
    buildah push quay.io/acme/handler:nightly docker://quay.io/acme/handler:nightly
""",
        "schedule: [{cron: '0 3 * * *'}]",
    ),
    ("handler:nightly", "handler:nightly-${{ matrix.arch }}"),
)
REPORTS.add(
    "fedimint/fedimint#7312 sound",
    "",
    legs("""
- run: |
    podman build --platform ${{ matrix.platform }} --manifest quay.io/acme/handler:v1 .
    podman save -o image-${{ matrix.arch }}.tar quay.io/acme/handler:v1
"""),
)
REPORTS.add(
    "odigos-io/odigos#664",
    "legs-push-one-tag",
    """
on: {push: {tags: ['v*']}}
jobs:
  publish:
    strategy:
      matrix:
        service: [autoscaler, scheduler]
        runner: [ubuntu-latest, ubuntu-24.04-arm]
    runs-on: ${{ matrix.runner }}
    env:
      TAG: ${{ github.ref_name }}
    steps:
      - uses: actions/checkout@v4
      - run: docker build -t acme/odd-${{ matrix.service }}:$TAG . --build-arg SERVICE_NAME=${{ matrix.service }}
      - run: docker push acme/odd-${{ matrix.service }}:$TAG
""",
    (":$TAG", ":$TAG-${{ runner.arch }}"),
)
REPORTS.add(
    "docker/bake-action#36 in a matrix",
    "legs-push-one-tag",
    legs("""
- uses: docker/bake-action@v5
  with:
    targets: app
    push: true
    set: |
      *.platform=${{ matrix.platform }}
      *.tags=ghcr.io/acme/app:latest
"""),
    ("*.tags=ghcr.io/acme/app:latest", "*.tags=ghcr.io/acme/app:latest-${{ matrix.arch }}"),
)
REPORTS.add(
    "ko-build in a matrix",
    "legs-push-one-tag",
    legs("""
- uses: ko-build/setup-ko@v0.7
- run: ko build ./cmd/app --bare --platform=${{ matrix.platform }} --tags latest
  env: {KO_DOCKER_REPO: ghcr.io/acme/app}
"""),
    ("--tags latest", "--tags latest-${{ matrix.arch }}"),
)
REPORTS.add(
    "pimcore/docker#126 exported variable",
    "legs-push-one-tag",
    legs(
        """
- run: echo "VERSION=${GITHUB_REF#refs/tags/}" >> $GITHUB_ENV
- uses: docker/build-push-action@v6
  with:
    context: .
    push: true
    platforms: ${{ matrix.platform }}
    tags: acme/pim:${{ env.VERSION }}
""",
        "push: {tags: ['v*']}",
    ),
    ("tags: acme/pim:${{ env.VERSION }}", "tags: acme/pim:${{ env.VERSION }}-${{ matrix.arch }}"),
)
REPORTS.add(
    "pimcore/docker#126 output of a step",
    "legs-push-one-tag",
    legs(
        """
- id: v
  run: echo "tag=$(git describe --tags)" >> "$GITHUB_OUTPUT"
- uses: docker/build-push-action@v6
  with:
    context: .
    push: true
    platforms: ${{ matrix.platform }}
    tags: acme/pim:${{ steps.v.outputs.tag }}
""",
        "push: {tags: ['v*']}",
    ),
    ("steps.v.outputs.tag }}", "steps.v.outputs.tag }}-${{ matrix.arch }}"),
)
REPORTS.add(
    "mainsail-crew/mainsail#2656",
    "legs-push-one-tag",
    """
on: {push: {tags: ['v*']}}
jobs:
  docker:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - id: meta
        uses: docker/metadata-action@v5
        with: {images: ghcr.io/acme/sail, tags: "type=semver,pattern=v{{version}}"}
      - uses: docker/build-push-action@v6
        with: {context: ., file: docker/Dockerfile, push: true, platforms: "linux/amd64", tags: "${{ steps.meta.outputs.tags }}"}
      - id: meta-unprivileged
        uses: docker/metadata-action@v5
        with: {images: ghcr.io/acme/sail, flavor: "suffix=-unprivileged", tags: "type=semver,pattern=v{{version}}"}
      - uses: docker/build-push-action@v6
        with: {context: ., file: docker/unprivileged.Dockerfile, push: true, platforms: "linux/amd64", tags: "${{ steps.meta-unprivileged.outputs.tags }}"}
""",
    ('flavor: "suffix=-unprivileged"', 'flavor: "suffix=-unprivileged,onlatest=true"'),
)
REPORTS.add(
    "moby/buildkit#2299, its tag",
    "legs-push-one-tag",
    """
on: {push: {branches: [main]}}
jobs:
  docker:
    strategy: {matrix: {variant: [slim, full]}}
    runs-on: ubuntu-latest
    steps:
      - uses: docker/build-push-action@v6
        with:
          context: .
          target: ${{ matrix.variant }}
          push: true
          tags: acme/app:latest
""",
    ("acme/app:latest", "acme/app:${{ matrix.variant }}"),
)
REPORTS.add(
    "y-scope/clp#226",
    "paths-cover-inputs",
    {
        "ci": """
on: {push: {branches: [main]}}
jobs:
  filter:
    runs-on: ubuntu-latest
    outputs: {image: "${{ steps.f.outputs.image }}"}
    steps:
      - uses: actions/checkout@v4
      - id: f
        uses: dorny/paths-filter@v3
        with:
          filters: |
            image:
              - 'tools/scripts/**'
  build:
    needs: filter
    if: needs.filter.outputs.image == 'true'
    runs-on: ubuntu-latest
    steps:
      - uses: docker/build-push-action@v6
        with: {context: ., file: tools/docker/Dockerfile, push: true, tags: "ghcr.io/acme/core:latest"}
""",
        "tools/docker/Dockerfile": """
FROM ubuntu:24.04
COPY tools/scripts/install.sh /
RUN /install.sh
""",
        "tools/scripts/install.sh": "x\n",
    },
    (
        "              - 'tools/scripts/**'\n",
        "              - 'tools/scripts/**'\n              - 'tools/docker/Dockerfile'\n",
    ),
)
REPORTS.add(
    "podman-container-tools/buildah#2855",
    "arg-out-of-reach",
    {
        "ci": """
on: push
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: podman build -t test .
""",
        "Containerfile": """
ARG MY_APP_VERSION="123"
FROM alpine:3.12
RUN set -eux; echo $MY_APP_VERSION
""",
    },
    ("FROM alpine:3.12\n", "FROM alpine:3.12\nARG MY_APP_VERSION\n"),
)
REPORTS.add(
    "sound: one of two images under a tag",
    "",
    """on: {push: {branches: [main]}}
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {id: c, run: "./c.sh >> $GITHUB_OUTPUT"}
      - {if: "steps.c.outputs.x == '1'", uses: docker/build-push-action@v6, with: {context: a, push: true, tags: "acme/app:1"}}
      - {if: "steps.c.outputs.x != '1'", uses: docker/build-push-action@v6, with: {context: b, push: true, tags: "acme/app:1"}}
""",
)
REPORTS.add(
    "sound: images of two events",
    "",
    """on: {push: {branches: [main], tags: ['v*']}}
jobs:
  release:
    if: startsWith(github.ref, 'refs/tags/')
    runs-on: ubuntu-latest
    steps: [{uses: docker/build-push-action@v6, with: {context: ., push: true, tags: "acme/app:latest"}}]
  nightly:
    if: github.ref == 'refs/heads/main'
    runs-on: ubuntu-latest
    steps: [{uses: docker/build-push-action@v6, with: {context: ., target: debug, push: true, tags: "acme/app:latest"}}]
""",
)
REPORTS.add(
    "sound: one leg that pushes",
    "",
    """on: {push: {branches: [main]}}
jobs:
  b:
    strategy: {matrix: {os: [ubuntu-latest, ubuntu-24.04-arm]}}
    runs-on: ${{ matrix.os }}
    steps:
      - run: docker build -t acme/app:latest .
      - if: matrix.os == 'ubuntu-latest'
        run: docker push acme/app:latest
""",
)
REPORTS.add(
    "a loop over tags, in each leg",
    "legs-push-one-tag",
    legs(
        """
- run: |
    IMAGE=ghcr.io/acme/app
    docker build -t "$IMAGE:build" .
    for tag in latest "${GITHUB_REF_NAME}"; do
      docker tag "$IMAGE:build" "$IMAGE:$tag"
      docker push "$IMAGE:$tag"
    done
""",
        "push: {tags: ['v*']}",
    ),
    ("IMAGE=ghcr.io/acme/app", "IMAGE=ghcr.io/acme/app-${{ matrix.arch }}"),
)
REPORTS.add(
    "sound: an image that is named after its job",
    "",
    """on: {push: {branches: [main]}}
jobs:
  release: &build
    strategy: {matrix: {distro: [jazzy, rolling]}}
    runs-on: ubuntu-latest
    env: {IMAGE: "acme/app:${{ matrix.distro }}-${{ github.job }}"}
    steps:
      - uses: docker/build-push-action@v6
        with: {context: ., file: "docker/${{ github.job }}/Dockerfile", push: true, tags: "${{ env.IMAGE }}"}
  ci: *build
""",
)
REPORTS.add(
    "sound: an image that only the job itself has",
    "",
    {
        "ci": """on: {push: {branches: [main], paths: ['src/**', docker/Dockerfile]}}
concurrency: {group: "ci-${{ github.ref }}", cancel-in-progress: true}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: docker run -d -p 5000:5000 registry:2
      - uses: docker/build-push-action@v6
        with: {context: docker, file: docker/Dockerfile, push: true, tags: "localhost:5000/acme/app:e2e"}
      - run: make test
""",
        "docker/Dockerfile": "FROM scratch\nCOPY entry.sh /entry.sh\n",
        "docker/entry.sh": "exec app\n",
    },
)
REPORTS.add(
    "sound: a list of tags with comments",
    "",
    """on: {push: {branches: [main]}}
jobs:
  build:
    strategy: {matrix: {kind: [alpine, debian]}}
    runs-on: ubuntu-latest
    steps:
      - id: meta
        uses: docker/metadata-action@v5
        with:
          images: ghcr.io/acme/app
          tags: |
            # what is newest
            type=raw,value=dev-${{ matrix.kind }}
          flavor: latest=false
      - uses: docker/build-push-action@v6
        with:
          context: .
          target: ${{ matrix.kind }}
          push: true
          tags: ${{ steps.meta.outputs.tags }}
          outputs: type=image,name=target,annotation-index.org.opencontainers.image.title=app
""",
)
