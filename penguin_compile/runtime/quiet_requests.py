"""httpx logs every request at INFO; those that our own threads make all the time are left out."""

from __future__ import annotations

import logging
import threading
from typing import Final

_threads: Final[set[int]] = set()


class _Filter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is of a thread of the app's own."""
        return record.thread not in _threads


_FILTER: Final = _Filter()


def hush_this_thread() -> None:
    """Let httpx say nothing of what this thread asks."""
    _threads.add(threading.get_ident())
    logging.getLogger("httpx").addFilter(_FILTER)  # once, however often


def end_hush() -> None:
    """Where a thread ends: another one may get its number."""
    _threads.discard(threading.get_ident())
