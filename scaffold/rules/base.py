"""What a rule is: a slug, a severity, a page, and a check that yields findings.

Rules judge and never parse: what they look at, a surface has read. A rule's class name is its slug
and its docstring is its page; `docs/rules/` is made from it.
"""

from __future__ import annotations

import inspect
import re
from abc import abstractmethod
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import ClassVar, NamedTuple, Protocol

from scaffold.checkout.changes import ChangeSet
from scaffold.pipeline.repository import Repository
from scaffold.registry import Registry
from scaffold.severity import SEVERITIES as SEVERITIES  # noqa: PLC0414 - whoever has rules has these
from scaffold.severity import Severity as Severity  # noqa: PLC0414

Fix = Callable[[ChangeSet], None]
"""Plans the edits that make a finding disappear."""


class Located(Protocol):
    """Anything that says where it stands: a matrix entry, a gallery item, a place."""

    @property
    def path(self) -> str: ...
    @property
    def line(self) -> int: ...


class Finding(NamedTuple):
    """One registration that is missing or wrong. Lines and columns count from 1."""

    rule: str
    severity: Severity
    backend: str
    """The backend that it is about; "" where it is about none in particular."""
    path: str
    line: int
    subject: str
    """What it is about, in words that stay when the file around it changes."""
    message: str
    help: str
    absent: str = ""
    """The file or folder that it says is not there, or is none; many findings may say it of one."""
    fix: Fix | None = None

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What makes it the same finding in another state of the repository.

        What is wrong with a backend stays the same where the file moves, or another one shows it.
        """
        return (self.rule, self.backend, "" if self.backend else self.path, self.subject)


Speaks = Callable[[Finding], bool]
"""Whether a finding speaks of something."""


def speaks_of(*names: str) -> Speaks:
    """Whether a finding stands in a file, or names a thing, that has one of some names."""
    named = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, names))})(?![\w-])")
    return lambda finding: (
        finding.path in names or named.search(f"{finding.message} {finding.help}") is not None
    )


class Rule:  # no ABC: it would make `isinstance` look at every rule there is
    """One rule."""

    severity: ClassVar[Severity]
    fixable: ClassVar[bool] = False
    """Whether some of its findings have a fix."""
    reaches: ClassVar[bool] = False
    """Whether others follow from what it finds, of any rule and backend: those that its fix takes away."""
    by_siblings: ClassVar[bool] = False
    """Whether it judges a backend by what most others have: then a change of those accuses nobody."""
    default: ClassVar[bool] = True
    """Whether it runs where nobody selects it."""
    lists: ClassVar[bool] = False
    """Whether a subject of its findings is one thing and what of it: the first word, and the others."""
    explained_by: ClassVar[tuple[str, ...]] = ()
    """The rules whose findings may explain one of its own: about one backend, of the pipeline in one file."""

    @cached_property
    def slug(self) -> str:
        """The name in reports, options and suppressions: the class name in words."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[a-z])(?=[0-9])", "-", type(self).__name__).lower()

    @property
    def group(self) -> str:
        """The group that it belongs to, named after its module or package in scaffold.rules."""
        name = type(self).__module__.removeprefix("scaffold.rules.").partition(".")[0]
        return name.replace("_", "-")

    def about(self, subject: str) -> tuple[str, frozenset[str]]:
        """What a subject of its findings is about, and the things that it says of it, where it lists some.

        A finding that says less about the same than one of before is that one, in part repaired.
        """
        what, *parts = subject.split(" ") if self.lists else [subject]
        return what, frozenset(parts)

    def follows(self, finding: Finding, cause: Finding) -> bool:  # noqa: ARG002 - for rules that look closer
        """Whether a finding of its own is there because `cause` is: told are causes.

        Asked of the findings of the rules in `explained_by`: about one backend, or of a pipeline in one file.
        """
        return True

    def explained(self, finding: Finding) -> Speaks | None:
        """Which others about the same backend one of its own explains; None where it explains none.

        They speak of what it says is not there: a file, which they stand in or name.
        """
        return speaks_of(finding.absent, finding.absent.rpartition("/")[2]) if finding.absent else None

    def spoils(self, finding: Finding) -> bool:  # noqa: ARG002 - most spoil nothing
        """Whether a finding says that a file is not what others take it for: what they say of it is void."""
        return False

    @property
    def page(self) -> str:
        """The docstring: what, why, a failing and a passing example, how to fix. Markdown."""
        return inspect.getdoc(type(self)) or ""

    @property
    def summary(self) -> str:
        """The first sentence of the page."""
        return self.page.partition("\n")[0]

    @abstractmethod
    def check(self, registry: Registry) -> Iterator[Finding]:
        """The findings in one checkout."""

    def finding(
        self,
        place: Located,
        backend: str,
        subject: str,
        message: str,
        help: str,  # noqa: A002 - the report's own word
        *,
        fix: Fix | None = None,
        severity: Severity | None = None,
        absent: str = "",
    ) -> Finding:
        """A finding of this rule."""
        severe, where = severity or self.severity, (place.path, place.line)
        return Finding(self.slug, severe, backend, *where, subject, message, help, absent, fix)


class PipelineRule(Rule):
    """A rule about workflows, actions, Dockerfiles and build scripts: of any repository."""

    @property
    def group(self) -> str:
        return "pipeline" if self.default else "pipeline-notes"

    @abstractmethod
    def check(self, registry: Repository) -> Iterator[Finding]:
        """The findings in one repository, which may be no checkout of LocalAI."""


class ChangeRule(Rule):
    """A rule about what a change does: it needs the state before it too (`--base`)."""

    def check(self, registry: Registry) -> Iterator[Finding]:  # noqa: ARG002
        """Nothing: one state shows no change."""
        return iter(())

    @abstractmethod
    def compare(self, before: Registry, after: Registry) -> Iterator[Finding]:
        """The findings in the change from one state to the other."""
