"""Every refusal is told: in the log, and in the audit beside the changes.

Called by whatever answers requests. Strangers can't fill the table: beyond some a minute they are
counted there, and told one by one in the log alone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from penguin_compile.core.errors import PenguinError
from penguin_compile.model.address import Address
from penguin_compile.sync.remembered import AuditEntry
from penguin_compile.sync.state import State

ADDRESS: Final = "console"  # before what was refused, in place of a resource's kind
_MOST: Final = 60
_WINDOW_SECONDS: Final = 60.0
_LONGEST: Final = 200
_LOG: Final = logging.getLogger("penguin_compile.console")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What was asked by whom from where, and why it was refused. `who` is None for strangers."""

    what: str
    reason: str
    status: int
    client: str
    who: str | None
    via: str


class Refusals:
    """Notes refusals in the state's audit."""

    def __init__(self, state: State, clock: Callable[[], float] = time.monotonic) -> None:
        self._state = state
        self._clock = clock
        self._lock = threading.Lock()
        self._began = clock()
        self._noted = 0
        self._left_out = 0

    def note(self, refusal: Refusal) -> None:
        """Tell one; a database that can't be reached leaves it in the log."""
        _LOG.warning(
            "refused %s (%s): %s; %s from %s",
            _line(refusal.what),
            refusal.status,
            _line(refusal.reason),
            _line(refusal.who or "nobody known"),
            _line(refusal.client),
        )
        with self._lock:
            now = self._clock()
            left_out = 0
            if now - self._began > _WINDOW_SECONDS:
                self._began, self._noted = now, 0
                left_out, self._left_out = self._left_out, 0
            self._noted += 1
            if self._noted > _MOST:
                self._left_out += 1
                return
        entries = [_entry(refusal, left_out)]
        with (
            suppress(PenguinError),
            self._state.database.writing("noting a refusal") as connection,
        ):
            who = _line(refusal.who or "nobody known")
            self._state.audit(connection, entries, actor=who, via=refusal.via)


def _entry(refusal: Refusal, left_out: int) -> AuditEntry:
    said: dict[str, object] = {
        "what": _line(refusal.what),
        "reason": _line(refusal.reason),
        "status": refusal.status,
        "client": _line(refusal.client),
    }
    if left_out:
        said["left_out_before"] = left_out
    return AuditEntry(
        address=Address(ADDRESS, "refused"), action="refused", before=None, after=said
    )


def _line(text: str) -> str:
    """One line of printable characters, whatever somebody sent."""
    return "".join(one if one.isprintable() else "?" for one in text)[:_LONGEST]
