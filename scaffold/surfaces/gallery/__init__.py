"""The backend gallery."""
