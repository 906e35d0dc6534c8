"""The record that a build action uploads of each build, and the versions of actions."""

from __future__ import annotations

import re
from functools import lru_cache

from scaffold.pipeline.expressions.values import text_of
from scaffold.pipeline.scopes import StepRun
from scaffold.pipeline.steps import Step

SINCE = {"docker/build-push-action": 6, "docker/bake-action": 5}
"""The versions of actions that began to upload a record of each build."""
_SETTINGS = ("DOCKER_BUILD_RECORD_UPLOAD", "DOCKER_BUILD_SUMMARY")
"""Variables of the environment that switch that off."""
_BEFORE = frozenset(
    {"017aa056", "03bdd499", "0565240e", "0987321e", "0a97817b", "0db984c1", "1104d471", "17d88abe"}
    | {"180a8392", "1814d3df", "1882cef5", "1bc1040c", "1cb9d22b", "2cdde995", "2eb1c196", "2f4e6cd6"}
    | {"33dc2d98", "37abcedc", "39f20cb0", "3b5e8027", "3e7a4f66", "41a00409", "44ea916f", "45c4bed4"}
    | {"4a13e500", "4a531fa5", "4e4ee680", "511fde25", "6925f94b", "6c87dcca", "6efc2b01", "705ad846"}
    | {"73b0efa7", "7a5dfed3", "7cf3c837", "7ea090dd", "7f9d37fa", "84970711", "9144ac05", "92e71463"}
    | {"9379083e", "a226a125", "a66e35b9", "a99697dc", "ab83648e", "ac9327ea", "ad0d2a97", "ad44023a"}
    | {"aefd381c", "af5a7ed5", "bbd00fcb", "bf8ce2e8", "c56af957", "c58c6870", "c7fa0af1", "c84f3828"}
    | {"c90cb157", "ca052bb5", "e1b7f962", "e551b19e", "e5e36c4a", "e878ca2d", "f32f8b8d", "fb561729"}
    | {"fdf541d5"}
)  # fmt: skip
"""The commits of all releases before these, as their tags name them: their first digits."""


def leaves_record(build: StepRun) -> bool:
    """Whether a build step is of a version that uploads a record, and lets it."""
    env = build.context("env")
    off = (text_of(env[name]) for name in _SETTINGS if name in env)
    return _is_new(build.step) and not any(value in ("false", "0") for value in off)


def _is_new(step: Step) -> bool:
    known = version(step)
    if known or not step.uses.lower().startswith(step.action):
        return known >= SINCE[step.action]  # a fork counts its own versions
    revision = step.uses.partition("@")[2]
    commit = re.fullmatch(r"[0-9a-f]{40}", revision)
    return revision in ("master", "main") or (commit is not None and revision[:8] not in _BEFORE)


@lru_cache(maxsize=1024)  # asked once for each leg
def version(step: Step) -> int:
    """The major version of the action that a step uses, as its tag or a comment says; 0 where unknown."""
    node = step.node.values["uses"]
    line = step.source.slice(node.start, step.source.line_end(node.start))
    found = re.search(r"@v?(\d+)(?![0-9a-f])|#\s*v?(\d+)", line)
    return int(found[1] or found[2]) if found is not None else 0
