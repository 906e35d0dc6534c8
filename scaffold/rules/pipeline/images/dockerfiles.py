"""Dockerfiles of the repository."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from scaffold.pipeline.dockerfiles import built_by_buildah, known_dockerfiles
from scaffold.pipeline.repository import Repository
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax.dockerfile import Dockerfile
from scaffold.syntax.instructions import Instruction, Stage
from scaffold.syntax.shell import Command
from scaffold.syntax.source import Place


class CopyFromArg(PipelineRule):
    """`COPY --from`, and `from` of a mount, name a stage or an image, and no variable.

    Why: a build argument is not expanded there: the build looks for a stage that is called `${STAGE}`.
    It fails where somebody first uses that branch of the Dockerfile.

    Fails:

        COPY --from=${BUILDER} /out /

    Passes:

        FROM ${BUILDER} AS builder
        FROM scratch
        COPY --from=builder /out /

    What an ONBUILD holds back for another build is held to it too. A file that workflows build with buildah
    or podman alone is left to them: they expand it.

    Fix: give the image a name with `FROM ... AS`, where variables are expanded.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Instructions with a variable behind `--from=`."""
        for file in known_dockerfiles(registry):
            for instruction in (*file.instructions, *file.held_back):
                written = instruction.written if instruction.name in ("COPY", "RUN") else b""
                may = b"from=" in written and b"$" in written
                for image in (instruction.flag("from"), *instruction.mounted) if may else ():
                    if "$" in image and file.path not in built_by_buildah(registry):
                        how = "COPY --from" if instruction.name == "COPY" else "RUN --mount=from"
                        yield self.finding(
                            file.place(instruction),
                            "",
                            image,
                            f"{how}={image}: a variable is not expanded there",
                            f"name the image in a stage: FROM {image} AS source, {how}=source",
                        )


class ArgOutOfReach(PipelineRule):
    """What uses a build argument stands in a stage that has it.

    Why: an ARG holds for its own stage and those built on it, one before the first FROM for FROM alone.
    Elsewhere the variable is empty, `TARGETARCH` too, and the build goes on with half a name. LocalAI's Intel
    images added a package source without the name of the release (#7917).

    Fails:

        ARG CODENAME=noble
        FROM ubuntu:24.04
        RUN echo "deb https://example.org ${CODENAME} main" > /etc/apt/sources.list.d/example.list

    Passes:

        ARG CODENAME=noble
        FROM ubuntu:24.04
        ARG CODENAME
        RUN echo "deb https://example.org ${CODENAME} main" > /etc/apt/sources.list.d/example.list

    What a RUN itself gives a value, or a file that it reads before (`. ./versions.env`), or what is named
    with a default (`${CODENAME:-noble}`), is left alone.
    So is the version that an official image says of itself, or the place of what it has: `NODE_VERSION` on
    `node`, `ROS_DISTRO` on `ros`, `JAVA_HOME` on `tomcat`.

    Fix: repeat the ARG in the stage; without a value it has that of the one before the first FROM.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """The first use of each argument in each stage that lacks it."""
        for file in known_dockerfiles(registry):
            declared = (_named(file.instructions, "ARG") | _PLATFORM) - _PREDEFINED
            products = {name: product for name in declared if (product := _product(name))}
            reach: dict[str, frozenset[str]] = {}
            for number, stage in enumerate(file.stages):
                inherited = frozenset[str]().union(*_bases(stage.image, reach, file))
                own = _named(stage.instructions, "ARG", "ENV")
                reach[stage.alias.lower() or str(number)] = inherited | own
                image = stage.image.lower()  # what it may say of itself, as official images do
                told = {name for name, product in products.items() if any(part in image for part in product)}
                for name, place in _uses(file, stage, declared - inherited - told):
                    yield self.finding(
                        place,
                        "",
                        f"{name} in stage {stage.alias or number}",
                        f"{name} is empty here: neither this stage declares it before nor its base",
                        f"write `ARG {name}` below the FROM of the stage",
                    )


_WHAT = ("PLATFORM", "OS", "ARCH", "VARIANT")
_PLATFORM = frozenset(f"{of}{what}" for of in ("TARGET", "BUILD") for what in _WHAT)
"""Build arguments that BuildKit gives a value: in the stages that declare them."""
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
_PREDEFINED = frozenset((*_PROXIES, *map(str.lower, _PROXIES)))
"""Those that every stage has, declared or not."""


def _named(instructions: Iterable[Instruction], *kinds: str) -> frozenset[str]:
    """The variables that some instructions declare."""
    return frozenset(name for i in instructions if i.name in kinds for name, _ in i.variables)


def _bases(image: str, reach: Mapping[str, frozenset[str]], file: Dockerfile) -> Iterable[frozenset[str]]:
    """What the stages have that stand behind a FROM, or may with some build argument."""
    parts = _VARIABLE.split(image.lower())
    if not parts[1:]:
        return [reach[parts[0]]] if parts[0] in reach else []
    if parts == ["", ""]:
        values = (
            file.text(value) if value is not None else ""
            for i in file.instructions
            for name, value in (i.variables if i.name == "ARG" else ())
            if name == image.strip("${}")
        )
        return () if re.search(r"[:/$]", next(values, "")) else reach.values()
    alike = re.compile(r"[\w.-]*".join(map(re.escape, parts)))
    return (names for alias, names in reach.items() if alike.fullmatch(alias))


_VARIABLE = re.compile(r"\$\w+|\$\{[^}]*+(?:\}|\Z)")


def _product(name: str) -> tuple[str, ...]:
    """The product of which a variable tells the version or the place, as images are named; else none."""
    product = re.match(r"(.+)_(?:version|major|distro|home|ini_dir)$|(go)path$|(pg)data$", name.lower())
    names = [part for part in product.groups() if part] if product is not None else []
    return (*names, *_IMAGES.get(names[0], ())) if names else ()


_IMAGES = {
    "cargo": ("rust",),
    "catalina": ("tomcat",),
    "gem": ("ruby",),
    "java": ("gradle", "jdk", "jetty", "jre", "maven", "temurin", "tomcat"),
    "pg": ("postgres",),
    "rustup": ("rust",),
}
"""Product, as official images call it in their variables -> what the names have of images that have it."""


def _uses(file: Dockerfile, stage: Stage, names: frozenset[str]) -> Iterator[tuple[str, Place]]:
    """Each of some variables that a stage takes from its environment, with its first place."""
    left = set(names)
    for instruction in stage.instructions[1:]:
        written = instruction.written
        used = not left.isdisjoint(re.findall(r"\$\{?(\w+)", written.decode()))
        for name, place in (*_taken(file, instruction), *_expanded(file, instruction)) if used else ():
            if name in left:
                left.remove(name)
                yield name, place
        if instruction.name in ("ARG", "ENV"):
            left -= _named([instruction], "ARG", "ENV")


def _taken(file: Dockerfile, instruction: Instruction) -> Iterator[tuple[str, Place]]:
    """The variables that the scripts of a RUN take, and do not give a value."""
    for script, shell in zip(instruction.scripts, instruction.shells, strict=True):
        given = {*shell.given, *(a.name for a in shell.assignments)}
        given.update(options.get("env", "") for _, options in instruction.mounts("secret"))
        given.update(re.findall(r"\bfor\s+(\w+)\s+in\b", script.text))
        taking = (c.start_byte for c in shell.commands if _takes_any(c))
        until = next(taking, len(shell.data))
        for node in shell.nodes("simple_expansion", "expansion"):
            name = str(shell.variable(node))
            if (
                node.start_byte < until
                and name not in given
                and re.fullmatch(r"\$\w+|\$\{\w+\}", shell.text(node))
            ):
                yield name, file.place(script.start_byte + node.start_byte)


def _takes_any(command: Command) -> bool:
    """Whether a command may give a value to any variable: as a file says, or what a command prints."""
    words = command.words
    made = any(word.startswith(("$(", "`")) for word in words)
    return words[:1] in ((".",), ("source",), ("eval",)) or (words[:1] == ("export",) and made)


def _expanded(file: Dockerfile, instruction: Instruction) -> Iterator[tuple[str, Place]]:
    """The variables that the build puts into an instruction that is no script."""
    named = instruction.name in ("COPY", "ADD", "ENV", "LABEL", "WORKDIR", "USER", "EXPOSE")
    if named and not any(instruction.heredocs):
        written = file.bare[instruction.start_byte : instruction.end_byte].decode()
        for match in re.finditer(_EXPANDED, written):
            if match[1] or match[2]:
                yield match[1] or match[2], file.place(instruction.start_byte + match.start())


_EXPANDED = r"'[^'\n]*'|\\.|\$(?:(\w+)|\{(\w+)\})"
"""A variable; what stands in single quotes or behind a backslash is none."""
