"""The CI build matrix."""
