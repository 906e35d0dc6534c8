"""A checkout: what is read from it, and how it is changed."""
