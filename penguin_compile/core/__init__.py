"""The ground layer: standard library only, imported by every other layer."""
