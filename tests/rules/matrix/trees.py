"""Records of the matrix, and files that build it."""

from __future__ import annotations

from tests.rules.trees import entry

HERON_ARM = entry("-cpu-heron", "arm64")
HERON_AMD = entry("-cpu-heron", "amd64")
FIRST_HERON = "tag-suffix: '-cpu-heron'"
SECOND_HERON = (FIRST_HERON, FIRST_HERON)
