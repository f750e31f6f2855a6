"""Views of a plan and of diagnostics, and a renderer per format."""
