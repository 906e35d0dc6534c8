"""Rules about the CI build matrix."""

from scaffold.rules.base import Rule
from scaffold.rules.matrix.architectures import MatrixArchMismatch, MatrixIncompletePair
from scaffold.rules.matrix.builders import MatrixBuilderBaseImage
from scaffold.rules.matrix.entries import (
    MatrixDarwinMissing,
    MatrixMissingDirectory,
    MatrixMissingDockerfile,
    MatrixMissingEntry,
)
from scaffold.rules.matrix.jobs import MatrixShardLimit, MatrixUnforwardedField
from scaffold.rules.matrix.misspelt import MatrixMisspelt
from scaffold.rules.matrix.siblings import MatrixOutlierField
from scaffold.rules.matrix.tags import MatrixDuplicateTag, MatrixTagSuffix
from scaffold.rules.matrix.toolkits import MatrixCudaToolkit

RULES: tuple[type[Rule], ...] = (
    MatrixMissingEntry,
    MatrixMisspelt,
    MatrixDuplicateTag,
    MatrixTagSuffix,
    MatrixArchMismatch,
    MatrixIncompletePair,
    MatrixOutlierField,
    MatrixBuilderBaseImage,
    MatrixCudaToolkit,
    MatrixMissingDockerfile,
    MatrixMissingDirectory,
    MatrixShardLimit,
    MatrixUnforwardedField,
    MatrixDarwinMissing,
)
"""In the order of the catalogue."""
