"""Writing what compile made: all or nothing, and nothing that is not ours."""
