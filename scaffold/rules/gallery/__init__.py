"""Rules about the backend gallery."""

from scaffold.rules.base import Rule
from scaffold.rules.gallery.addresses import GalleryAddressUnknown
from scaffold.rules.gallery.capabilities import (
    GalleryCapabilityMissing,
    GalleryCapabilityTarget,
    GalleryCapabilityUnknownKey,
)
from scaffold.rules.gallery.configurations import GalleryModelConfiguration
from scaffold.rules.gallery.defaults import GalleryNoDefault
from scaffold.rules.gallery.development import GalleryDevMetaDrift, GalleryDevMetaMissing
from scaffold.rules.gallery.images import (
    GalleryChannelMismatch,
    GalleryImageMissing,
    GalleryImageNotBuilt,
    GalleryMirror,
)
from scaffold.rules.gallery.loading import GalleryUnreadable
from scaffold.rules.gallery.merges import GalleryWrongMerge
from scaffold.rules.gallery.metadata import GalleryLicenseSpelling, GalleryMetadata
from scaffold.rules.gallery.metas import GalleryImageAsMeta, GalleryMissingMeta
from scaffold.rules.gallery.misspelt import GalleryMisspelt
from scaffold.rules.gallery.models import (
    GalleryModelBackend,
    GalleryModelDuplicate,
    GalleryModelFile,
    GalleryModelTag,
    GalleryModelUnreadable,
    GalleryModelUseCase,
)
from scaffold.rules.gallery.names import (
    GalleryAliasMissing,
    GalleryDuplicateName,
    GalleryImageName,
    GalleryMetaName,
)
from scaffold.rules.gallery.values import GalleryAddressExpires, GalleryItemJoined, GalleryTagRepeated

RULES: tuple[type[Rule], ...] = (
    GalleryUnreadable,
    GalleryMisspelt,
    GalleryImageNotBuilt,
    GalleryImageMissing,
    GalleryMissingMeta,
    GalleryImageAsMeta,
    GalleryCapabilityTarget,
    GalleryCapabilityMissing,
    GalleryCapabilityUnknownKey,
    GalleryNoDefault,
    GalleryDuplicateName,
    GalleryMirror,
    GalleryAddressUnknown,
    GalleryChannelMismatch,
    GalleryWrongMerge,
    GalleryMetaName,
    GalleryDevMetaDrift,
    GalleryDevMetaMissing,
    GalleryImageName,
    GalleryAliasMissing,
    GalleryModelBackend,
    GalleryModelDuplicate,
    GalleryModelFile,
    GalleryModelTag,
    GalleryModelUseCase,
    GalleryModelUnreadable,
    GalleryModelConfiguration,
    GalleryMetadata,
    GalleryLicenseSpelling,
    GalleryTagRepeated,
    GalleryItemJoined,
    GalleryAddressExpires,
)
"""In the order of the catalogue."""
