"""Rules about the backend gallery."""
