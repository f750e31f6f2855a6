"""One exit code for many outcomes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_ORDER: Final = (64, 1, 6, 5, 4, 3, 7, 2)  # the order of the page on exit codes: the first counts


def worst(codes: Iterable[int]) -> int:
    """The code that counts where several apply; 0 where none does."""
    found = set(codes)
    return next((code for code in _ORDER if code in found), max(found, default=0))
