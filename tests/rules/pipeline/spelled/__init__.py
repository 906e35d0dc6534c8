"""One fault, or what only looks like it, as people spell it."""
