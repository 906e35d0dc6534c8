"""Rules about images: what they are built from, for whom, and under which name."""
