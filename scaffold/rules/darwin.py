"""Rules about the macOS build."""
