"""Dockerfiles that cannot be read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.directory.near import is_near
from scaffold.pipeline.dockerfiles import known_dockerfiles
from scaffold.pipeline.repository import Repository
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax.docker_lines import INSTRUCTIONS, lines
from scaffold.syntax.dockerfile import Dockerfile
from scaffold.syntax.instructions import SHELLS, Instruction
from scaffold.syntax.shell_blocks import Flaw, flaw


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
    scripts for other shells, files for another reader than docker's own (`# syntax=`) and templates. It is a
    warning for a heredoc within a script: most shells end it with the script.

    Fix: restore what is missing.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """What docker or a shell stops at."""
        for file in known_dockerfiles(registry):
            for word, found in _unread(file):
                near = next((name for name in sorted(INSTRUCTIONS) if is_near(word, name)), "")
                yield self._of(file, found, f"write {near}" if near else "restore what is missing")
            for run in file.instructions if _is_for_shell(file) else ():
                for found in _flaws(file, run) if run.name == "RUN" else ():
                    is_open = found.problem.startswith("the heredoc")
                    severity = Severity.warning if is_open else None
                    yield self._of(file, found, "restore what is missing", severity)

    def _of(
        self, file: Dockerfile, found: Flaw, what_to_do: str, severity: Severity | None = None
    ) -> Finding:
        line = file.slice(found.offset, file.line_end(found.offset)).strip()
        place = file.place(found.offset)
        return self.finding(
            place,
            "",
            f"{file.path} {line}",
            f"{file.path} cannot be read: {found.problem}",
            what_to_do,
            severity=severity,
        )


def _unread(file: Dockerfile) -> list[tuple[str, Flaw]]:
    """What docker cannot read of a file that is no template, each with the word that the line begins with."""
    found = [*lines(file.data)] if file.root.has_error else []
    begun = next((line.word for line in found if line.word != "ARG"), "")
    unread = [line for line in found if line.open or line.word not in INSTRUCTIONS]
    if begun != "FROM" or any(re.match(r"[^\w&|.-]", line.word) for line in unread):
        return []
    return [
        (line.word, Flaw(line.offset, f"the heredoc {line.open} does not end"))
        if line.open
        else (line.word, Flaw(line.offset, f"{line.word} is no instruction"))
        for line in unread
    ]


def _is_for_shell(file: Dockerfile) -> bool:
    """Whether the scripts of a file are for a shell that is known, and its lines go on as usual."""
    shells = (word for i in file.instructions if i.name == "SHELL" for word in i.written.split()[1:2])
    named = (re.sub(r"[\W_]+$", "", word.decode(errors="replace")).rpartition("/")[2] for word in shells)
    return (
        all(name.lstrip('["') in SHELLS for name in named)
        and not re.match(rb"(?i)(?:#[^\n]*\n)*?#[ \t]*escape[ \t]*=[ \t]*`", file.data)
        and not any(re.search("(?i)windows|nanoserver", stage.image) for stage in file.stages)
    )


def _flaws(file: Dockerfile, run: Instruction) -> Iterator[Flaw]:
    """The first flaw of each script of a RUN, at its place in the file."""
    for script in run.scripts if not run.node.has_error else ():
        is_command = script == run.command
        text = (
            re.sub(r"\\\r?\n", lambda found: " " * len(found[0]), script.text) if is_command else script.text
        )
        found = flaw(text.encode())
        if found is None:
            continue
        offset = script.start_byte + found.offset
        line = file.line_start(offset)
        swallowed = re.match(rf"[ \t]*(?:{'|'.join(sorted(INSTRUCTIONS))})[ \t]", file.slice(line, offset))
        if swallowed and not is_command:
            begun = file.line(script.start_byte) - 1
            yield Flaw(line, f"this stands in the heredoc that begins in line {begun}, which does not end")
        else:
            yield Flaw(offset, found.problem)
