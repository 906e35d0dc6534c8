"""A new backend: the answers, and the tables that they come from."""
