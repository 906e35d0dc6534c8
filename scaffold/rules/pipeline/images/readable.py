"""Dockerfiles that cannot be read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple

from scaffold.backend.near import is_near
from scaffold.pipeline import docker
from scaffold.pipeline.dockerfiles import known_dockerfiles
from scaffold.pipeline.repository import Repository
from scaffold.registry import Registry
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax.docker_lines import INSTRUCTIONS, lines
from scaffold.syntax.dockerfile import Dockerfile
from scaffold.syntax.instructions import SHELLS, Instruction
from scaffold.syntax.shell_blocks import flaw
from scaffold.syntax.source import Place


class DockerfileUnreadable(PipelineRule):
    r"""A Dockerfile has instructions that there are, and scripts that a shell can read.

    Why: docker refuses the whole file for a word that is no instruction, or for a heredoc that does not end.
    Of the script of a RUN it knows nothing: the shell refuses it when the build has come that far. LocalAI's
    CUDA images were broken by a `\` before a `fi` (ab4f2742a).

    Fails:

        RUN <<EOT bash
            if [ "${TARGETARCH}" = "arm64" ]; then
                apt-get install -y libcufile-13-0 \
            fi
        EOT

    Passes:

        RUN <<EOT bash
            if [ "${TARGETARCH}" = "arm64" ]; then
                apt-get install -y libcufile-13-0
            fi
        EOT

    Looked at in a script are the blocks: `if`, `case`, loops, heredocs. An `EOT` that is missing lets its
    heredoc go on to the next one, and the instructions between are lines of the script. Left alone are
    scripts for other shells, files for another reader than docker's own (`# syntax=`) and templates; in
    LocalAI a file without any FROM is told, too. It is a warning for a heredoc within a script: most shells
    end it with the script.

    Fix: restore what is missing.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """What docker or a shell stops at."""
        without = [*_without_image(registry)] if isinstance(registry, Registry) else []
        for path in without:
            told = f"{path} cannot be read: it has no FROM, and makes no image"
            yield self.finding(Place(path, 1), "", f"{path} {_NO_IMAGE}", told, "restore the file")
        for file in known_dockerfiles(registry):
            if file.path in without:
                continue
            runs = [i for i in file.instructions if i.name == "RUN"] if _is_for_shell(file) else []
            for found in (*_unread(file), *(fault for run in runs for fault in _faults(file, run))):
                line = file.slice(found.offset, file.line_end(found.offset)).strip()
                yield self.finding(
                    file.place(found.offset),
                    "",
                    f"{file.path} {line}",
                    f"{file.path} cannot be read: {found.problem}",
                    found.help,
                    severity=found.severity,
                )

    def spoils(self, finding: Finding) -> bool:
        """Where it is no Dockerfile at all."""
        return finding.subject.endswith(_NO_IMAGE)


_NO_IMAGE = "without FROM"


def _without_image(registry: Registry) -> Iterator[str]:
    """The Dockerfiles of LocalAI's images that are none."""
    named = (
        posixpath.normpath(e.fields["dockerfile"]) for e in registry.matrix.linux if "dockerfile" in e.fields
    )
    for path in dict.fromkeys(("Dockerfile", *named)):
        data = registry.tree.read(path)
        file = docker.dockerfile(registry.tree, path) if data else None
        if data and (file is None or not any(line.word == "FROM" for line in lines(file.data))):
            yield path


class _Fault(NamedTuple):
    offset: int
    problem: str
    help: str = "restore what is missing"
    severity: Severity | None = None


def _unread(file: Dockerfile) -> Iterator[_Fault]:
    """What docker cannot read of a file that is no template."""
    found = [*lines(file.data)] if file.root.has_error else []
    begun = next((line.word for line in found if line.word != "ARG"), "")
    unread = [line for line in found if line.open or line.word not in INSTRUCTIONS]
    if begun != "FROM" or any(re.match(r"[^\w&|.-]", line.word) for line in unread):
        return
    for line in unread:
        if line.open:
            yield _Fault(line.offset, f"the heredoc {line.open} does not end")
        else:
            near = next((name for name in sorted(INSTRUCTIONS) if is_near(line.word, name)), "")
            what_to_do = f"write {near}" if near else "end the line before with `\\` if this goes on with it"
            yield _Fault(line.offset, f"{line.word} is no instruction", what_to_do)


def _is_for_shell(file: Dockerfile) -> bool:
    """Whether the scripts of a file are for a shell that is known, and its lines go on as usual."""
    shells = (word for i in file.instructions if i.name == "SHELL" for word in i.written.split()[1:2])
    named = (re.sub(r"[\W_]+$", "", word.decode(errors="replace")).rpartition("/")[2] for word in shells)
    return (
        all(name.lstrip('["') in SHELLS for name in named)
        and not re.match(rb"(?i)(?:#[^\n]*\n)*?#[ \t]*escape[ \t]*=[ \t]*`", file.data)
        and not any(re.search("(?i)windows|nanoserver", stage.image) for stage in file.stages)
    )


def _faults(file: Dockerfile, run: Instruction) -> Iterator[_Fault]:
    """The first fault of each script of a RUN."""
    for script in run.scripts if not run.node.has_error else ():
        text, is_command = script.text.encode(), script == run.command
        found = flaw(_CONTINUED.sub(lambda end: b" " * len(end[0]), text) if is_command else text)
        if found is None:
            continue
        offset = script.start_byte + found.offset
        start = file.line_start(offset)
        if not is_command and re.match(_INSTRUCTION, file.slice(start, offset)):
            where = f"the heredoc of the RUN in line {file.line(run.start_byte)}"
            yield _Fault(start, f"this stands in {where}, which does not end")
        elif found.problem.startswith("the heredoc"):
            yield _Fault(offset, found.problem, severity=Severity.warning)
        elif found.problem.startswith("`\\`"):
            yield _Fault(offset, found.problem, "end the command before it")
        else:
            yield _Fault(offset, found.problem)


_CONTINUED = re.compile(rb"\\\r?\n")
"""What docker takes out of a command, which then is one line."""
_INSTRUCTION = rf"[ \t]*(?:{'|'.join(sorted(INSTRUCTIONS))})[ \t]"
