"""The terminal that a command speaks to."""

from __future__ import annotations

from shutil import get_terminal_size
from typing import Final

NARROWEST: Final = 80  # columns; below them a terminal breaks the lines itself
_WIDEST: Final = 140  # longer lines are hard to follow, however wide the window is
_ELSEWHERE: Final = 100  # files, pipes, the logs of CI


def columns() -> int:
    """How wide text may be: as the terminal, or COLUMNS, says, within reason."""
    return min(max(get_terminal_size((_ELSEWHERE, 0)).columns, NARROWEST), _WIDEST)
