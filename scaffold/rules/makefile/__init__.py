"""Rules about the root Makefile."""

from scaffold.rules.base import Rule
from scaffold.rules.makefile.arguments import BuildArgUndeclared
from scaffold.rules.makefile.definitions import (
    MakefileDefinitionMismatch,
    MakefileMissingDefinition,
    MakefileMissingEval,
)
from scaffold.rules.makefile.lists import MakefileDockerBuildList, MakefileNotParallel
from scaffold.rules.makefile.prerequisites import MakefilePrerequisiteMissing
from scaffold.rules.makefile.stale import MakefileStaleBackend
from scaffold.rules.makefile.tests import MakefileTestImage, MakefileTestLists

RULES: tuple[type[Rule], ...] = (
    MakefileMissingDefinition,
    MakefileMissingEval,
    MakefileDefinitionMismatch,
    MakefileStaleBackend,
    MakefilePrerequisiteMissing,
    BuildArgUndeclared,
    MakefileNotParallel,
    MakefileDockerBuildList,
    MakefileTestLists,
    MakefileTestImage,
)
"""In the order of the catalogue."""
