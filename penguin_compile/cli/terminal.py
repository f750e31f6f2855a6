"""The terminal that a command speaks to. Imports next to nothing: the cache of runs asks, too."""

from __future__ import annotations

import os
import sys

NARROWEST = 80  # columns; below them a terminal breaks the lines itself
_WIDEST = 140  # longer lines are hard to follow, however wide the window is
_ELSEWHERE = 100  # files, pipes, the logs of CI


def columns() -> int:
    """How wide text may be: as COLUMNS, or else the terminal, says, within reason."""
    told = os.environ.get("COLUMNS", "")
    width = int(told) if told.isdecimal() else 0
    if not width and sys.__stdout__ is not None:
        try:
            width = os.get_terminal_size(sys.__stdout__.fileno()).columns
        except (OSError, ValueError):  # no terminal, or closed before we were started
            width = 0
    return min(max(width or _ELSEWHERE, NARROWEST), _WIDEST)
