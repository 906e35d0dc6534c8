"""Registries of images, asked by the OCI distribution protocol: the only package that uses the network."""

SECONDS = 600
"""How long all registries together are waited for, if nobody says otherwise."""
