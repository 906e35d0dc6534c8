"""Rules about workflows: they take any repository."""

from scaffold.rules.base import Rule
from scaffold.rules.pipeline.artifacts import (
    ArtifactGlobOvermatch,
    ArtifactNotUploaded,
    DigestNeverMerged,
    ExecBit,
)
from scaffold.rules.pipeline.caches import (
    CacheToIgnoreError,
    CacheToOnPr,
    KeyHardCodesAxis,
    LegsShareCacheRef,
    RebuildAfterRestore,
    RestoreWithoutWriter,
    SaveRestoreDiffer,
    SkippableSecondRestore,
)
from scaffold.rules.pipeline.concurrency import GroupSharedByWorkflows, PrGroupByBranch, PushCancelsPush
from scaffold.rules.pipeline.homebrew import BrewClosure, BrewEnv, BrewLink
from scaffold.rules.pipeline.images import (
    CopyFromArg,
    DigestProvenance,
    PathsCoverInputs,
    QemuLeg,
    TagCoversInputs,
)
from scaffold.rules.pipeline.jobs import (
    BypassesChangeFilter,
    MatrixOver256,
    ReduceSkippedByOneLeg,
    ReusableLiteralDrift,
    WorkflowUnreadable,
)
from scaffold.rules.pipeline.localai import BaseDepsSingleSource, BaseRelease, DepsRefresh, FilterSafetyNets
from scaffold.rules.pipeline.notes import (
    CacheMountId,
    CacheMountNotExported,
    CacheSaveOnPr,
    DeadOutput,
    DiskBeforeBuildx,
    DocsStale,
    KeySpelledTwice,
    PushCancelsTest,
    QemuUnneeded,
    ReduceWaitsForStrangers,
    RepeatedStepIf,
    RunnerAllowList,
    SecretLoginOnFork,
)

RULES: tuple[type[Rule], ...] = (
    PushCancelsPush,
    PrGroupByBranch,
    GroupSharedByWorkflows,
    CacheToOnPr,
    CacheToIgnoreError,
    SaveRestoreDiffer,
    LegsShareCacheRef,
    KeyHardCodesAxis,
    RebuildAfterRestore,
    SkippableSecondRestore,
    RestoreWithoutWriter,
    DigestProvenance,
    PathsCoverInputs,
    CopyFromArg,
    QemuLeg,
    TagCoversInputs,
    ArtifactNotUploaded,
    ArtifactGlobOvermatch,
    DigestNeverMerged,
    ExecBit,
    WorkflowUnreadable,
    BypassesChangeFilter,
    ReduceSkippedByOneLeg,
    MatrixOver256,
    ReusableLiteralDrift,
    BrewLink,
    BrewClosure,
    BrewEnv,
    DepsRefresh,
    FilterSafetyNets,
    BaseDepsSingleSource,
    BaseRelease,
    PushCancelsTest,
    CacheSaveOnPr,
    SecretLoginOnFork,
    CacheMountId,
    QemuUnneeded,
    CacheMountNotExported,
    ReduceWaitsForStrangers,
    RunnerAllowList,
    DiskBeforeBuildx,
    RepeatedStepIf,
    KeySpelledTwice,
    DeadOutput,
    DocsStale,
)
"""In the order of the catalogue."""
