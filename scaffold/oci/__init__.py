"""Registries of images, asked by the OCI distribution protocol: the only package that uses the network."""
