"""Rules about caches: what is in a key, who writes it, and what a restore assumes."""
