"""The Go registries by which a model finds its backend."""
