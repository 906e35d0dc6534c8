"""A model of what GitHub runs: workflows, the runs that an event makes of them, and their expressions.

Nothing here knows what LocalAI is except `localai`, which reads the matrix that its script generates.
"""
