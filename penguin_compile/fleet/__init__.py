"""Many specs at once: found, divided among processes or a cluster, compared, and remembered."""
