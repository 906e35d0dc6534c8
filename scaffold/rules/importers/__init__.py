"""Rules about the Go registries by which a model finds its backend."""

from scaffold.rules.base import Rule
from scaffold.rules.importers.capabilities import CapabilitiesMissing, CapabilitiesUnserved
from scaffold.rules.importers.names import CapabilitiesUndefined, ImporterModality
from scaffold.rules.importers.offers import (
    ImporterMissing,
    ImporterOrder,
    ImporterShadowedPref,
    ImporterUnknownBackend,
    ImporterUnregistered,
)

RULES: tuple[type[Rule], ...] = (
    ImporterUnknownBackend,
    ImporterUnregistered,
    ImporterMissing,
    ImporterOrder,
    ImporterShadowedPref,
    ImporterModality,
    CapabilitiesMissing,
    CapabilitiesUnserved,
    CapabilitiesUndefined,
)
"""In the order of the catalogue."""
