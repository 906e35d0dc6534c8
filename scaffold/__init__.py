"""Scaffold and check the backends of LocalAI."""

__version__ = "0.1.0"

HOME = "https://github.com/localai-scaffold/scaffold"
"""Where the project is: `project.urls` of the package, and what every report leads to, begin with it."""
