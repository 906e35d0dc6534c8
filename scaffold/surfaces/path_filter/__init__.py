"""The path filter of the CI."""
