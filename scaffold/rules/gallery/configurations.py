"""What LocalAI makes of the configuration of a model when it installs it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from scaffold.backend.near import nearest
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.surfaces.models import LIST
from scaffold.surfaces.use_cases import MODEL_CONFIG
from scaffold.syntax.source import Place


class GalleryModelConfiguration(Rule):
    """LocalAI can make the configuration of a model, and knows its use cases.

    Why: the list of models is loaded, whatever it says in `overrides`. Only when somebody installs the model
    are they decoded, with the `config_file` that the model is based on, into the struct `ModelConfig` of
    core/config. A value of another kind, and the model cannot be installed. A use case that LocalAI does not
    know it passes over: three models for images and videos were not offered for that, until 969005b2a.

    Fails:

        overrides:
          context_size: big
          known_usecases: chat

    Passes:

        overrides:
          context_size: 8192
          known_usecases:
            - chat

    The kinds are those that the Go source of the checkout declares. What decodes itself there, and a key that
    the struct does not have, may hold anything. A number is a text, too, and `yes` is true to yaml.v3; a
    number in quotes is none. LocalAI writes the configuration once before it decodes it: a text of a list
    that begins with a line end, which yaml.v3 cannot read again as it writes it, is told, too. A use case of
    which none is a part, as `multimodal`, is a warning.

    A `config_file` that is no YAML, or has a key twice, is told as well. What is wrong in a file that no
    model of the list is based on is a warning: only who names it by its address meets it.

    Fix: the message says what was found and what LocalAI takes there.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Values of another kind than LocalAI decodes, and use cases that are none."""
        if registry.only is not None:
            return
        configurations = registry.configurations
        for path, refusal in configurations.refusals:
            what = "a model" if path == LIST else "the models that are based on it"
            yield self.finding(
                Place(path, refusal.line),
                "",
                refusal.subject,
                f"LocalAI cannot install {what}: {refusal.problem}",
                refusal.help,
            )
        for path, refusal in configurations.refused_unused:
            yield self.finding(
                Place(path, refusal.line),
                "",
                refusal.subject,
                "LocalAI cannot install what is based on it, which no model of the list is:"
                f" {refusal.problem}",
                refusal.help,
                severity=Severity.warning,
            )
        for path, found in configurations.unknown_use_cases:
            meant = _meant(found.value.lower(), configurations.use_cases)
            yield self.finding(
                Place(path, found.line),
                "",
                f"use case {found.value}",
                f"{found.value} is no use case: LocalAI passes over it, and does not offer the model for it",
                f"write {meant}" if meant else f"write one of those in {MODEL_CONFIG}",
                severity=None if meant else Severity.warning,
            )


def _meant(word: str, known: Collection[str]) -> str:
    """The use case that a word is a letter away from, or that is a part of it; "" for none."""
    parts = word.split("_")
    return nearest(word, known) or next((one for one in sorted(known) if one in parts), "")
