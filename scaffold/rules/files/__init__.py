"""Rules about a backend's own files: requirements, Makefile, scripts, sources."""

from scaffold.rules.base import Rule
from scaffold.rules.files.build_options import BuildFlagObsolete, BuildTypeUnhandled
from scaffold.rules.files.darwin import DarwinPackaging, DarwinRunScript, DarwinSed
from scaffold.rules.files.makefiles import BuildTargetMissing, MakefileTestTarget
from scaffold.rules.files.missing import FilesMissing, FilesUnmade
from scaffold.rules.files.pins import BumpPinElsewhere
from scaffold.rules.files.quoting import NativeRunQuoting, PythonRunQuoting
from scaffold.rules.files.requirements import (
    MatrixNoRequirements,
    RequirementIndexMissing,
    RequirementsUnused,
    RequirementUnpinned,
)
from scaffold.rules.files.services import (
    ImageFormatGuessed,
    RequestFieldUnknown,
    RustStubMissing,
    SignalShutdown,
)

RULES: tuple[type[Rule], ...] = (
    FilesMissing,
    FilesUnmade,
    MatrixNoRequirements,
    RequirementsUnused,
    RequirementUnpinned,
    RequirementIndexMissing,
    MakefileTestTarget,
    BuildTargetMissing,
    DarwinRunScript,
    DarwinPackaging,
    DarwinSed,
    BuildTypeUnhandled,
    BuildFlagObsolete,
    RustStubMissing,
    RequestFieldUnknown,
    ImageFormatGuessed,
    BumpPinElsewhere,
    PythonRunQuoting,
    NativeRunQuoting,
    SignalShutdown,
)
"""In the order of the catalogue."""
