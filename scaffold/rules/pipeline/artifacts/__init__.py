"""Rules about artifacts: who uploads what, and who downloads it."""
