"""The copier templates: their questions, what a checkout answers, how one is rendered."""
