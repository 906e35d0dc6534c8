"""Dockerfiles of the repository."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scaffold.pipeline.docker import known_dockerfiles
from scaffold.pipeline.repository import Repository
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax.dockerfile import Dockerfile, Instruction, Stage
from scaffold.syntax.source import Place


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


class ArgOutOfReach(PipelineRule):
    """A RUN that uses a build argument stands in a stage that has it.

    Why: an ARG holds for its own stage and those built on it, one before the first FROM for no RUN at all.
    Elsewhere the variable is empty, and the build goes on with half a name. LocalAI's Intel images added a
    package source without the name of the release (#7917).

    Fails:

        ARG CODENAME=noble
        FROM ubuntu:24.04
        RUN echo "deb https://example.org ${CODENAME} main" > /etc/apt/sources.list.d/example.list

    Passes:

        ARG CODENAME=noble
        FROM ubuntu:24.04
        ARG CODENAME
        RUN echo "deb https://example.org ${CODENAME} main" > /etc/apt/sources.list.d/example.list

    What the RUN itself gives a value, or names with a default (`${CODENAME:-noble}`), is left alone.

    Fix: repeat the ARG in the stage; without a value it has that of the one before the first FROM.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """The first use of each argument in each stage that lacks it."""
        for file in known_dockerfiles(registry):
            declared = _named(file.instructions, "ARG")
            reach: dict[str, frozenset[str]] = {}
            for number, stage in enumerate(file.stages if declared else ()):
                bases = (names for alias, names in reach.items() if _may_be(stage.image, alias, file))
                own = _named(stage.instructions, "ARG", "ENV").union(*bases)
                reach[stage.alias.lower() or str(number)] = own
                for name, place in _uses(file, stage, declared - own):
                    yield self.finding(
                        place,
                        "",
                        f"{name} in stage {stage.alias or number}",
                        f"{name} is empty here: neither this stage nor its base declares it",
                        f"write `ARG {name}` below the FROM of the stage",
                    )


def _named(instructions: Iterable[Instruction], *kinds: str) -> frozenset[str]:
    """The variables that some instructions declare."""
    return frozenset(name for i in instructions if i.name in kinds for name, _ in i.variables)


def _may_be(image: str, alias: str, file: Dockerfile) -> bool:
    """Whether what stands behind FROM is a stage of this name, or may be with some build argument."""
    parts = _VARIABLE.split(image.lower())
    if parts == ["", ""]:
        values = (
            file.text(value) if value is not None else ""
            for i in file.instructions
            for name, value in (i.variables if i.name == "ARG" else ())
            if name == image.strip("${}")
        )
        return not re.search(r"[:/$]", next(values, ""))
    return re.fullmatch(r"[\w.-]*".join(map(re.escape, parts)), alias) is not None


_VARIABLE = re.compile(r"\$\w+|\$\{[^}]*\}")


def _uses(file: Dockerfile, stage: Stage, names: frozenset[str]) -> Iterator[tuple[str, Place]]:
    """Each of some variables that a RUN of a stage takes from its environment, with its first place."""
    for instruction in stage.instructions if names else ():
        for script, shell in zip(instruction.scripts, instruction.shells, strict=True):
            given = {*shell.given, *(a.name for a in shell.assignments)}
            given.update(re.findall(r"\bfor\s+(\w+)\s+in\b", script.text))
            for node in shell.nodes("simple_expansion", "expansion"):
                name = str(shell.variable(node))
                if name in names - given and re.fullmatch(r"\$\w+|\$\{\w+\}", shell.text(node)):
                    names -= {name}
                    yield name, file.place(script.start_byte + node.start_byte)
