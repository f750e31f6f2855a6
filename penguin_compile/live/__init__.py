"""Live systems: what is there now, and how it is changed."""
