"""Rules about a backend as a whole, and about what a change does to it."""

from scaffold.rules.base import Rule
from scaffold.rules.repository.additions import AdditionIncomplete, RegistrationDropped
from scaffold.rules.repository.called import CalledFileMissing
from scaffold.rules.repository.changes import CollateralEdit
from scaffold.rules.repository.modules import GoModuleMissing
from scaffold.rules.repository.names import BackendNameHardware
from scaffold.rules.repository.registrations import (
    DependabotUnreadable,
    DuplicateKey,
    RegistrationFileMissing,
    RegistrationStale,
)
from scaffold.rules.repository.suppressions import SuppressionUnused
from scaffold.rules.repository.unread import FileUnread

RULES: tuple[type[Rule], ...] = (
    RegistrationStale,
    RegistrationFileMissing,
    CalledFileMissing,
    GoModuleMissing,
    BackendNameHardware,
    CollateralEdit,
    AdditionIncomplete,
    RegistrationDropped,
    SuppressionUnused,
    DuplicateKey,
    DependabotUnreadable,
    FileUnread,
)
"""In the order of the catalogue."""
