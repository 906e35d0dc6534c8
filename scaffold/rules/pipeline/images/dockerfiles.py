"""Dockerfiles of the repository."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.pipeline.docker import known_dockerfiles
from scaffold.pipeline.repository import Repository
from scaffold.rules.base import Finding, PipelineRule, Severity


class CopyFromArg(PipelineRule):
    """`COPY --from` names a stage or an image, and no variable.

    Why: a build argument is not expanded there: the build looks for a stage that is called `${STAGE}`.
    It fails where somebody first uses that branch of the Dockerfile.

    Fails:

        COPY --from=${BUILDER} /out /

    Passes:

        FROM ${BUILDER} AS builder
        FROM scratch
        COPY --from=builder /out /

    Fix: give the image a name with `FROM ... AS`, where variables are expanded.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Instructions with a variable behind `--from=`."""
        for file in known_dockerfiles(registry):
            for instruction in file.instructions:
                image = instruction.flag("from") if instruction.name == "COPY" else ""
                if "$" in image:
                    yield self.finding(
                        file.place(instruction),
                        "",
                        image,
                        f"COPY --from={image}: a variable is not expanded there",
                        f"name the image in a stage: FROM {image} AS source, COPY --from=source",
                    )
