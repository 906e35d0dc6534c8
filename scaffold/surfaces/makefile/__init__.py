"""The root Makefile."""
