"""Builder images of the build matrix: what an entry compiles on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial

from scaffold.backend.variants import toolkit
from scaffold.pipeline.image_builds import BaseImage
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.causes import WRONG_DOCKERFILE, is_wrong_dockerfile
from scaffold.surfaces.matrix.reading import Entry
from scaffold.surfaces.matrix.siblings import ENOUGH


class MatrixBuilderBaseImage(Rule):
    """An entry whose Dockerfile takes a prebuilt builder image names the right one.

    Why: without `builder-base-image` the Dockerfile compiles gRPC and its toolchain from source, an
    hour more per build; with the builder of another architecture or CUDA version it links the wrong
    toolkit. A tag that `base-images.yml` does not build yet makes the first build fail: the builder
    image comes first, in a change of its own.

    Fails:

        - build-type: 'vulkan'
          platforms: 'linux/arm64'
          builder-base-image: '<registry>/ci-cache:base-grpc-vulkan-amd64'

    Passes:

        - build-type: 'vulkan'
          platforms: 'linux/arm64'
          builder-base-image: '<registry>/ci-cache:base-grpc-vulkan-arm64'

    Fix: `scaffold check --fix` writes the tag that `base-images.yml` builds for this build type, CUDA
    version and architecture.

    A Dockerfile without such a stage does not look at the field; an entry that has it anyway is an info.
    """

    severity = Severity.error
    fixable = True
    explained_by = WRONG_DOCKERFILE

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """A field without effect, where it is the Dockerfile that is wrong."""
        return is_wrong_dockerfile(cause) and finding.subject.endswith(" unused")

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Entries of such Dockerfiles whose builder image is missing, wrong, or not built."""
        images = registry.builds.base_images
        if not images:
            return
        tags = {image.tag for image in images}
        takes = {
            dockerfile: registry.builds.takes_builder_image(dockerfile)
            for dockerfile in {e.fields.get("dockerfile", "") for e in registry.matrix.linux}
        }
        prefixes = Counter(
            e.fields["builder-base-image"].rpartition(":")[0] for e in registry.matrix.linux if e.prebuilt
        )
        for entry in registry.matrix.linux:
            own = entry.fields.get("builder-base-image", "")
            dockerfile = entry.fields.get("dockerfile", "")
            if (
                own
                and not takes[dockerfile]
                and registry.tree.read(dockerfile.removeprefix("./")) is not None
            ):
                yield self.finding(
                    entry.at("builder-base-image"),
                    entry.backend,
                    f"{entry.tag_suffix} {entry.fields.get('platform-tag', '')} unused",
                    f"{dockerfile} has no stage on a builder image: the field is without effect",
                    "delete the field, or give the Dockerfile a builder-prebuilt stage",
                    severity=Severity.info,
                )
                continue
            if not takes[dockerfile] or len(entry.arches) != 1:
                continue
            right = _builder_tag(entry, images)
            if right is None and own.rpartition(":")[2] not in tags:
                yield self.finding(
                    entry.at("builder-base-image"),
                    entry.backend,
                    f"{entry.tag_suffix} {entry.arches[0]} unbuilt",
                    f"base-images.yml builds no builder image for {entry.tag_suffix} on {entry.arches[0]}",
                    "add it to .github/workflows/base-images.yml first, in a change of its own",
                )
            elif right is not None and (own.rpartition(":")[2] != right or _alone(own, prefixes)):
                value = f"{prefixes.most_common(1)[0][0]}:{right}" if prefixes else ""
                yield self.finding(
                    entry.at("builder-base-image"),
                    entry.backend,
                    f"{entry.tag_suffix} {entry.arches[0]}",
                    f"builder image of {entry.tag_suffix} is {own!r}, expected {value or right!r}"
                    if own
                    else f"{entry.tag_suffix} on {entry.arches[0]} has no builder-base-image",
                    f"set builder-base-image to the tag {right}",
                    fix=partial(entry.set, field="builder-base-image", value=value, after="tag-suffix")
                    if value
                    else None,
                )


def _alone(image: str, prefixes: Counter[str]) -> bool:
    """Whether no other entry takes its builder image from the same repository."""
    repository = image.rpartition(":")[0]
    return prefixes[repository] == 1 and prefixes.most_common(1)[0][1] >= ENOUGH


def _builder_tag(entry: Entry, images: Iterable[BaseImage]) -> str | None:
    """Tag of the builder image for an entry's build type, CUDA version and architecture."""
    wanted = (*toolkit(entry.fields), entry.arches[0])
    for image in images:
        arch = "arm64" if "arm" in image.fields.get("runs-on", "") else "amd64"
        if (*toolkit(image.fields), arch) == wanted:
            return image.tag
    return None
