"""Durations as the language writes them: `30s`, `5m`, `1h`."""

from __future__ import annotations

import re

_SECONDS = {"s": 1, "m": 60, "h": 3600}
_DURATION = re.compile(r"([0-9]{1,9})([smh]?)\Z")


def parse_seconds(text: str) -> int | None:
    """Seconds of a duration, or None where it is none; a bare number is seconds already."""
    match = _DURATION.match(text)
    return None if match is None else int(match[1]) * _SECONDS[match[2] or "s"]
