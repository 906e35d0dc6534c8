"""How much a finding matters."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """What a finding costs whom."""

    error = "error"
    """A user or CI meets a failure or a wrong image; fails the check."""
    warning = "warning"
    """Drift with a cost; fails with `--strict`, and where `--base` lacks the backend."""
    info = "info"
    """Hygiene."""


SEVERITIES = tuple(Severity)
