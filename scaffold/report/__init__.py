"""How results are printed: one module per format."""
