"""Rules about a backend's own files: requirements, Makefile, scripts, sources."""

from scaffold.rules.base import Rule
from scaffold.rules.files.build_options import (
    BuildArgEmpty,
    BuildFlagObsolete,
    BuildTypeUnhandled,
    CudaArchitectures,
)
from scaffold.rules.files.calls import MessageRefused, PythonCallFails
from scaffold.rules.files.darwin import (
    DarwinOption,
    DarwinPackageRoot,
    DarwinPackaging,
    DarwinRunScript,
    DarwinSed,
)
from scaffold.rules.files.images import (
    ComparisonConstant,
    MakeValueSplits,
    PipRefused,
    ProgramNotInstalled,
)
from scaffold.rules.files.imported import RequirementMissing
from scaffold.rules.files.makefiles import BuildTargetMissing, MakefileTestTarget
from scaffold.rules.files.missing import FilesMissing, FilesUnmade
from scaffold.rules.files.packaging import LinkedUnpackaged, PackagedPartly, PackagedUnasked
from scaffold.rules.files.patches import PatchUnchecked
from scaffold.rules.files.pins import BumpPinElsewhere
from scaffold.rules.files.protobuf import GeneratorUnpinned, StubsEarly
from scaffold.rules.files.purpose import ScriptUnfinished
from scaffold.rules.files.quoting import NativeRunQuoting, PythonRunQuoting
from scaffold.rules.files.requirement_addresses import RequirementAddressUnknown
from scaffold.rules.files.requirement_changes import RequirementLost
from scaffold.rules.files.requirement_conflicts import RequirementConflict
from scaffold.rules.files.requirement_gaps import RequirementLeftOut
from scaffold.rules.files.requirement_indexes import (
    RequirementIndexForeign,
    RequirementIndexMissing,
    RequirementToolkitMoves,
)
from scaffold.rules.files.requirement_lines import (
    RequirementPinLost,
    RequirementsEmpty,
    RequirementUnreadable,
)
from scaffold.rules.files.requirement_wheels import RequirementWheelTied
from scaffold.rules.files.requirements import MatrixNoRequirements, RequirementsUnused, RequirementUnpinned
from scaffold.rules.files.scripts import ScriptMisspelt
from scaffold.rules.files.services import (
    ImageFormatGuessed,
    LoadTakesAnything,
    ModelFolderUnlisted,
    RequestFieldUnknown,
    RustStubMissing,
    SignalShutdown,
)
from scaffold.rules.files.whole import SourceUnreadable

RULES: tuple[type[Rule], ...] = (
    FilesMissing,
    FilesUnmade,
    SourceUnreadable,
    MatrixNoRequirements,
    RequirementsUnused,
    RequirementMissing,
    RequirementUnreadable,
    RequirementsEmpty,
    RequirementUnpinned,
    RequirementPinLost,
    RequirementLost,
    RequirementLeftOut,
    RequirementConflict,
    RequirementAddressUnknown,
    RequirementIndexMissing,
    RequirementIndexForeign,
    RequirementToolkitMoves,
    RequirementWheelTied,
    GeneratorUnpinned,
    StubsEarly,
    MakefileTestTarget,
    BuildTargetMissing,
    DarwinRunScript,
    DarwinPackaging,
    DarwinPackageRoot,
    DarwinSed,
    DarwinOption,
    PackagedPartly,
    PackagedUnasked,
    LinkedUnpackaged,
    ProgramNotInstalled,
    PipRefused,
    BuildTypeUnhandled,
    BuildFlagObsolete,
    CudaArchitectures,
    BuildArgEmpty,
    MakeValueSplits,
    PatchUnchecked,
    RustStubMissing,
    RequestFieldUnknown,
    MessageRefused,
    PythonCallFails,
    ImageFormatGuessed,
    ModelFolderUnlisted,
    LoadTakesAnything,
    BumpPinElsewhere,
    ScriptMisspelt,
    ComparisonConstant,
    ScriptUnfinished,
    PythonRunQuoting,
    NativeRunQuoting,
    SignalShutdown,
)
"""In the order of the catalogue."""
