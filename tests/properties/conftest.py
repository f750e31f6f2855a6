"""The profile of `make fuzz`: as many examples as an hour is good for, in rounds."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "fuzz",
    max_examples=3_000,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
