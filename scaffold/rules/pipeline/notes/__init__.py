"""Notes: what may be meant, and is worth a look. They run only where they are selected."""
