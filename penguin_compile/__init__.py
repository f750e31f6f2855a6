"""penguin-compile: one YAML spec per app, compiled, planned and applied."""

__version__ = "0.1.0"
