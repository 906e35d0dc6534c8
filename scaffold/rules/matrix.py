"""Rules about the CI build matrix."""
