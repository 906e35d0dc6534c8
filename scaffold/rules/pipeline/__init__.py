"""Rules about workflows: they take any repository."""

from scaffold.rules.base import Rule
from scaffold.rules.pipeline.artifacts.digests import DigestNeverMerged
from scaffold.rules.pipeline.artifacts.globs import ArtifactGlobOvermatch
from scaffold.rules.pipeline.artifacts.names import (
    ArtifactNotUploaded,
    DownloadTakesBuildRecords,
    DownloadWithoutNeeds,
)
from scaffold.rules.pipeline.artifacts.programs import ExecBit
from scaffold.rules.pipeline.caches.hashes import HashBeforeCheckout
from scaffold.rules.pipeline.caches.keys import KeyHardCodesAxis, SaveRestoreDiffer
from scaffold.rules.pipeline.caches.registry import CacheToIgnoreError, CacheToOnPr, LegsShareCacheRef
from scaffold.rules.pipeline.caches.restores import (
    RebuildAfterRestore,
    RestoreWithoutWriter,
    SkippableSecondRestore,
)
from scaffold.rules.pipeline.caches.systems import KeyIgnoresArch
from scaffold.rules.pipeline.caches.unmet import CacheNeverMet
from scaffold.rules.pipeline.concurrency import GroupSharedByWorkflows, PrGroupByBranch, PushCancelsPush
from scaffold.rules.pipeline.given import (
    ArtifactPathUnmade,
    EnvMisspelt,
    EventPayloadAbsent,
    GoPathBare,
)
from scaffold.rules.pipeline.groups import GroupDeadlock, LegsShareGroup, PendingPushDropped
from scaffold.rules.pipeline.homebrew import BrewClosure, BrewEnv, BrewLink
from scaffold.rules.pipeline.images.copies import CopySourceMissing
from scaffold.rules.pipeline.images.digests import DigestProvenance
from scaffold.rules.pipeline.images.dockerfiles import ArgOutOfReach, CopyFromArg
from scaffold.rules.pipeline.images.inputs import PathsCoverInputs
from scaffold.rules.pipeline.images.platforms import QemuLeg
from scaffold.rules.pipeline.images.readable import DockerfileUnreadable
from scaffold.rules.pipeline.images.tags import LegsPushOneTag, TagCoversInputs
from scaffold.rules.pipeline.jobs import (
    BypassesChangeFilter,
    MatrixOver256,
    ReusableLiteralDrift,
    WorkflowUnreadable,
)
from scaffold.rules.pipeline.limits import AnonymousApi
from scaffold.rules.pipeline.localai import BaseDepsSingleSource, DepsRefresh, FilterSafetyNets
from scaffold.rules.pipeline.reach import JobNeverRuns
from scaffold.rules.pipeline.reduces import ReduceSkippedByOneLeg
from scaffold.rules.pipeline.releases import BaseRelease
from scaffold.rules.pipeline.reviews import PushPastReview
from scaffold.rules.pipeline.scripts import AnswerUnchecked, MakeFunctionInShell
from scaffold.rules.pipeline.toolchains import GoVersionOld

RULES: tuple[type[Rule], ...] = (
    PushCancelsPush,
    PrGroupByBranch,
    GroupSharedByWorkflows,
    GroupDeadlock,
    LegsShareGroup,
    PendingPushDropped,
    CacheToOnPr,
    CacheToIgnoreError,
    SaveRestoreDiffer,
    LegsShareCacheRef,
    KeyHardCodesAxis,
    KeyIgnoresArch,
    HashBeforeCheckout,
    RebuildAfterRestore,
    SkippableSecondRestore,
    RestoreWithoutWriter,
    CacheNeverMet,
    DigestProvenance,
    PathsCoverInputs,
    CopyFromArg,
    ArgOutOfReach,
    CopySourceMissing,
    DockerfileUnreadable,
    QemuLeg,
    TagCoversInputs,
    LegsPushOneTag,
    ArtifactNotUploaded,
    ArtifactPathUnmade,
    ArtifactGlobOvermatch,
    DownloadWithoutNeeds,
    DownloadTakesBuildRecords,
    DigestNeverMerged,
    ExecBit,
    WorkflowUnreadable,
    EventPayloadAbsent,
    EnvMisspelt,
    GoPathBare,
    BypassesChangeFilter,
    ReduceSkippedByOneLeg,
    MatrixOver256,
    JobNeverRuns,
    ReusableLiteralDrift,
    BrewLink,
    BrewClosure,
    BrewEnv,
    GoVersionOld,
    DepsRefresh,
    FilterSafetyNets,
    BaseDepsSingleSource,
    BaseRelease,
    AnonymousApi,
    AnswerUnchecked,
    MakeFunctionInShell,
    PushPastReview,
)
"""In the order of the catalogue."""
