"""Limits of the services that jobs ask."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.pipeline.repository import Repository
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.rules.pipeline.scripts import first_calls
from scaffold.syntax.shell import Command

_ANY = ("api.github.com", "GITHUB_API_URL", "github.api_url")


class AnonymousApi(PipelineRule):
    """What asks GitHub's API in a job says who asks.

    Why: without a token GitHub answers an address 60 times an hour, and hosted runners share addresses: now
    and then a job gets a 403 for what others asked. LocalAI's bumps of pins failed every night for two weeks,
    each night other ones (#11042).

    Fails:

        curl -sfL "https://api.github.com/repos/acme/ibex/commits/main"

    Passes:

        curl -sfL -H "Authorization: Bearer $GITHUB_TOKEN" "https://api.github.com/repos/acme/ibex/commits/main"

    Looked at are the steps and the shell scripts that they run. There is one finding for a script.

    Fix: give the step `GITHUB_TOKEN: ${{ github.token }}`, and send it; or use `gh api`.
    """

    severity = Severity.info

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Scripts with a call of curl or wget that has no token."""
        for place, subject, _ in first_calls(registry, _may_ask, _is_anonymous):
            yield self.finding(
                place,
                "",
                subject,
                "GitHub's API is asked without a token: 60 times an hour for all that share the runner's"
                " address",
                'send `-H "Authorization: Bearer $GITHUB_TOKEN"`, or use `gh api`',
            )


def _may_ask(script: str) -> bool:
    return ("curl" in script or "wget" in script) and any(name in script for name in _ANY)


def _is_anonymous(command: Command) -> bool:
    """Whether a command asks the API, and none of its words is or may be a token."""
    if not (command.starts("curl") or command.starts("wget")):
        return False
    known = {a.name: a.value for a in command.source.assignments if a.value and "://" in a.value}
    words = [re.sub(r"\$\{?(\w+)\}?", lambda m: known.get(m[1], m[0]), word) for word in command.words]
    asked = [word for word in words if "://api.github.com" in word or word.replace(" ", "").startswith(_API)]
    others = [re.sub(r"^[^?@]*", "", word) if word in asked else word for word in words]
    return bool(asked) and not any(re.search(_MAY_NAME_ONE, word) for word in others)


_API = ("api.github.com", "$GITHUB_API_URL", "${GITHUB_API_URL", "${{github.api_url")
_MAY_NAME_ONE = (
    r"(?i)\bauthorization\b|token|^(?:-u|--user|-n|--netrc.*|-K|--config|--oauth2-bearer|--cert)$"
    r"|^\$\{?\w+(?:\[[@*]\])?\}?$"
)
