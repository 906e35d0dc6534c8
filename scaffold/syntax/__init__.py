"""Byte-exact views of source files, one module per language.

A reader finds nodes and their byte spans; nothing here serialises a file again. tree-sitter's
Python API moves between releases, so it is used in this package only.
"""
