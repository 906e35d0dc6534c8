"""Rules about the compatibility table."""
