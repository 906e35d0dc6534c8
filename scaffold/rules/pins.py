"""Rules about pins of upstream engines."""
