"""The registration places of a LocalAI checkout, one module each.

A surface reads its place into records with spans, and plans the edits that add a backend to it.
The generator and every check use the same reader, so what one writes the other sees.
"""
