"""Scaffold and check the backends of LocalAI."""

__version__ = "0.1.0"
