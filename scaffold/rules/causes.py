"""Findings that others follow from."""

from __future__ import annotations

from scaffold.rules.base import Finding

NOWHERE = "nowhere"
"""What the subject of a backend begins with that has no directory."""

NO_FOLDER = "folder"
"""What the subject of a call of make begins with whose folder is not there."""

WRONG_DOCKERFILE = ("matrix-missing-dockerfile", "matrix-missing-directory")
"""The rules that say that an entry names a wrong Dockerfile: much is read from its name."""


FILE_MISSING = "registration-file-missing"
"""The rule that says that what others read is not there."""


def is_same_place(finding: Finding, cause: Finding) -> bool:
    """Whether two findings stand in the same line."""
    return (finding.path, finding.line) == (cause.path, cause.line)


def is_wrong_dockerfile(finding: Finding) -> bool:
    """Whether it says that an entry names a Dockerfile that is not there, or is of another language."""
    return finding.rule in WRONG_DOCKERFILE and not is_nowhere(finding)


def is_nowhere(finding: Finding) -> bool:
    """Whether it says that an entry names a backend that has no directory."""
    return finding.subject.startswith(f"{NOWHERE} ")
