"""Text to tree: YAML with positions, imports, overlays."""
