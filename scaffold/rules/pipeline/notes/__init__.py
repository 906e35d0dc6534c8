"""Notes: what may be meant, and is worth a look. They run only where they are selected."""

from scaffold.rules.base import Rule
from scaffold.rules.pipeline.notes.caches import CacheMountId, CacheMountNotExported, KeySpelledTwice
from scaffold.rules.pipeline.notes.docs import DocsStale
from scaffold.rules.pipeline.notes.jobs import DeadOutput, ReduceWaitsForStrangers, RepeatedStepIf, UnusedEnv
from scaffold.rules.pipeline.notes.pull_requests import CacheSaveOnPr, SecretLoginOnFork
from scaffold.rules.pipeline.notes.pushes import PushCancelsTest
from scaffold.rules.pipeline.notes.runners import (
    DiskBeforeBuildx,
    PlatformsUnsplit,
    QemuUnneeded,
    RunnerAllowList,
)

RULES: tuple[type[Rule], ...] = (
    PushCancelsTest,
    CacheSaveOnPr,
    SecretLoginOnFork,
    CacheMountId,
    QemuUnneeded,
    PlatformsUnsplit,
    CacheMountNotExported,
    ReduceWaitsForStrangers,
    RunnerAllowList,
    DiskBeforeBuildx,
    RepeatedStepIf,
    KeySpelledTwice,
    DeadOutput,
    UnusedEnv,
    DocsStale,
)
"""In the order of the catalogue."""
