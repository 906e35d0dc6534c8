"""A note: what may be meant, and is worth a look. It runs only where it is selected."""

from __future__ import annotations

from scaffold.rules.base import PipelineRule, Severity


class Note(PipelineRule):
    """A rule that runs only where it, or the group pipeline-notes, is selected."""

    severity = Severity.info
    default = False
