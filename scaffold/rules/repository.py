"""Rules about a backend as a whole, and about what a change does to it."""
