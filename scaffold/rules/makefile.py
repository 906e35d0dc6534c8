"""Rules about the root Makefile."""
