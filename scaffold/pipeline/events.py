"""The events that start a workflow, as the `github` context shows them to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from scaffold.pipeline.expressions.values import FORK, Open, OwnRepository, Person, Unknown, commit, run_id

REPOSITORY = OwnRepository("github.repository", truth=True)
OWNER = OwnRepository("github.repository_owner", truth=True)

PERSON = Person("github.actor", truth=True)
STRANGER = Person("github.actor@fork", truth=True)
"""Who works on the repository, and who on a fork of it."""

PULL_REQUESTS = ("pull_request", "pull_request_target")
STARTS = ("push", "schedule", "workflow_dispatch", "release", "merge_group", "repository_dispatch")
"""Events that start a workflow without a pull request, the most telling one first."""


@dataclass(slots=True, eq=False)
class Event:
    """One event. Workflows that it starts share it, and nobody changes it."""

    name: str
    github: Mapping[str, Any]
    fork: bool = False
    """Whether it comes from a fork: then there are no secrets."""

    @property
    def of_pull_request(self) -> bool:
        """Whether a pull request started it."""
        return self.name in PULL_REQUESTS


@lru_cache(maxsize=64)
def push(branch: str, number: int = 1, default_branch: str = "main") -> Event:
    """The `number`-th push to a branch: each has its own sha and run."""
    sha, before = commit(number), commit(number - 1 or 0xF0)
    of_push = {
        "ref": f"refs/heads/{branch}",
        "before": before,
        "after": sha,
        "head_commit": Open(f"github.event.head_commit@{sha}", {"id": sha}),
        "commits": Unknown(f"github.event.commits@{sha}", truth=True),
        "compare": Unknown(f"github.event.compare@{sha}", truth=True),
        "pusher": Open("github.event.pusher"),
        "forced": False,
        "created": False,
        "deleted": False,
    }
    return Event("push", _github("push", number, sha, f"refs/heads/{branch}", of_push, default_branch))


@lru_cache(maxsize=64)
def pull_request(
    number: int = 1,
    head_ref: str = "topic",
    base: str = "main",
    *,
    fork: bool = False,
    target: bool = False,
    default_branch: str = "main",
) -> Event:
    """A push to pull request `number`, from a branch of the repository or of a fork."""
    sha = commit(number + 0x1000)
    whose = "@fork" if fork else ""
    person = STRANGER if fork else PERSON
    home = Open(
        f"github.event.pull_request.head.repo{whose}",
        {
            "full_name": f"{FORK}/it" if fork else REPOSITORY,
            "fork": fork,
            "owner": Open("owner", {"login": FORK if fork else OWNER}),
        },
    )
    head = Open(f"github.event.pull_request.head@{number}", {"ref": head_ref, "sha": sha, "repo": home})
    head["label"] = Unknown(f"github.event.pull_request.head.label@{number}", truth=True)
    head["user"] = Open(f"github.event.pull_request.head.user@{number}")
    base_repository = Open("github.event.pull_request.base.repo", {"full_name": REPOSITORY})
    of_pull_request = {
        "number": number,
        "head": head,
        "base": Open("github.event.pull_request.base", {"ref": base, "repo": base_repository}),
        "draft": False,
        "user": Open(f"github.event.pull_request.user@{number}", {"login": person}),
        "merged": False,
        "state": "open",
    }
    event = {
        "number": number,
        "action": "synchronize",
        "pull_request": Open(f"github.event.pull_request@{number}", of_pull_request),
        "sender": Open(f"github.event.sender{whose}"),
    }
    name = "pull_request_target" if target else "pull_request"
    ref = f"refs/heads/{base}" if target else f"refs/pull/{number}/merge"
    github = _github(name, number, sha, ref, event, default_branch)
    github |= {"actor": person, "triggering_actor": person, "head_ref": head_ref, "base_ref": base}
    github["actor_id"] = Unknown(f"github.actor_id{whose}", truth=True)
    return Event(name, github, fork and not target)


@lru_cache(maxsize=64)
def other(name: str, default_branch: str = "main") -> Event:
    """Any other event: what it brings is not known."""
    sha = commit(1)
    github = _github(name, 1, sha, f"refs/heads/{default_branch}", {}, default_branch)
    event = dict(github["event"])
    for key in ("pull_request", "number", "issue", "head_commit", "before", "after", "ref"):
        event.setdefault(key, None)
    if name == "schedule":
        event["schedule"] = Unknown("github.event.schedule", truth=True)
    elif name == "release":
        tag = Unknown("github.event.release.tag_name", truth=True)
        github = {**github, "ref": Unknown("github.ref", truth=True), "ref_type": "tag"}
        github["ref_name"] = tag
        event["release"] = Open("github.event.release", {"tag_name": tag})
    elif name != "workflow_dispatch":
        event = Open("github.event", {key: value for key, value in event.items() if value is not None})
    return Event(name, {**github, "event": event})


def after_pull_request(number: int, default_branch: str, head_ref: str = "topic") -> Event:
    """The event that the run for the pull request of a fork has ended: each is of a fork of its own."""
    owner = Open(f"owner@{number}", {"login": f"fork-{number}"})
    ended = {
        "id": run_id(9000 + number),
        "run_number": str(number),
        "event": "pull_request",
        "conclusion": "success",
        "head_branch": head_ref,
        "head_sha": commit(number),
        "head_repository": Open(f"fork@{number}", {"full_name": f"fork-{number}/x", "owner": owner}),
    }
    event = {"workflow_run": Open(f"github.event.workflow_run@{number}", ended)}
    head = f"refs/heads/{default_branch}"
    return Event("workflow_run", _github("workflow_run", number, commit(1), head, event, default_branch))


def vague(name: str, **known: str) -> Event:
    """An event of which nothing but the name is known, and what is `known` of its `github` context."""
    asked = Unknown("github.event.pull_request", truth=True) if name.startswith("pull_request") else None
    event = Open("github.event", {"pull_request": asked} if name != "workflow_call" else {})
    return Event(name, Open("github", {"event_name": name, "event": event, **known}))


def _github(
    name: str, number: int, sha: str, ref: str, event: dict[str, Any], default_branch: str
) -> dict[str, Any]:
    """The `github` context: what it does not have is null."""
    repository = Open(
        "github.event.repository",
        {
            "full_name": REPOSITORY,
            "default_branch": default_branch,
            "fork": False,
            "owner": Open("owner", {"login": OWNER}),
        },
    )
    open_names = ("actor_id", "repository_id", "repository_owner_id", "token",
                  "server_url", "api_url", "graphql_url", "repositoryurl", "workspace", "action",
                  "action_path", "action_ref", "action_repository", "action_status", "env", "event_path",
                  "path", "retention_days", "secret_source", "output", "workflow_sha")  # fmt: skip
    return {
        **{key: Unknown(f"github.{key}", truth=True) for key in open_names},
        "actor": PERSON,
        "triggering_actor": PERSON,
        "event_name": name,
        "sha": sha,
        "ref": ref,
        "ref_name": ref.removeprefix("refs/heads/").removeprefix("refs/pull/"),
        "ref_type": "branch",
        "ref_protected": Unknown("github.ref_protected"),
        "head_ref": "",
        "base_ref": "",
        "run_id": run_id(number),
        "run_number": str(number),
        "run_attempt": "1",
        "repository": REPOSITORY,
        "repository_owner": OWNER,
        "event": {
            "repository": repository,
            "sender": Open("github.event.sender"),
            "organization": Open("github.event.organization"),
            **event,
        },
    }
