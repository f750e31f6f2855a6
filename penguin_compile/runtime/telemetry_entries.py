"""What was accepted and is not yet sent: entries, and the bounded buffer that holds them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from penguin_compile.runtime.telemetry_trace import Trace

LEVELS: Final = {
    **dict.fromkeys(("trace", "debug", "notset"), 10),
    **dict.fromkeys(("info", "informational", "notice"), 20),
    **dict.fromkeys(("warning", "warn"), 30),
    **dict.fromkeys(("error", "err", "exception"), 40),
    **dict.fromkeys(("critical", "crit", "fatal", "alert", "emergency"), 50),
}
ERROR: Final = LEVELS["error"]


@dataclass(slots=True)
class LogEntry:
    """One log call, as it was made; `at` in POSIX seconds. `logger` names the one it came by."""

    at: float
    level: str
    weight: int
    message: str
    fields: Mapping[str, object]
    trace: Trace | None
    logger: str | None = None
    # Whether local logs have it already, and how often a receiver failed at it.
    is_local: bool = False
    failures: int = 0
    sequence: int = 0


@dataclass(slots=True)
class MetricEntry:
    """One measurement."""

    at: float
    name: str
    type: str
    value: float
    labels: Mapping[str, str]
    weight: int = 0
    is_local: bool = False
    failures: int = 0
    sequence: int = 0


Entry = LogEntry | MetricEntry


class Buffer:
    """Entries in their order, at most so many. A full one drops the oldest, errors last of all."""

    def __init__(self, most: int) -> None:
        self.dropped = 0
        self._most = most
        self._errors: deque[Entry] = deque()
        self._others: deque[Entry] = deque()
        self._lock = threading.Lock()
        self._sequence = 0

    def __len__(self) -> int:
        return len(self._errors) + len(self._others)

    def put(self, entry: Entry) -> int:
        """Take one up; how many there are now."""
        with self._lock:
            self._sequence += 1
            entry.sequence = self._sequence
            (self._errors if entry.weight >= ERROR else self._others).append(entry)
            size = len(self._errors) + len(self._others)
            if size > self._most:
                (self._others or self._errors).popleft()
                self.dropped += 1
                size -= 1
            return size

    def take(self, most: int) -> list[Entry]:
        """Remove the oldest ones."""
        with self._lock:
            return [self._next() for _ in range(min(most, len(self)))]

    def put_back(self, entries: Iterable[Entry]) -> None:
        """Let them be the oldest again; they are dropped first where there is no room."""
        with self._lock:
            for entry in reversed(list(entries)):
                (self._errors if entry.weight >= ERROR else self._others).appendleft(entry)
            while len(self) > self._most:
                (self._others or self._errors).popleft()
                self.dropped += 1

    def list_all(self) -> list[Entry]:
        """What is there now, in order."""
        with self._lock:
            return sorted((*self._errors, *self._others), key=lambda one: one.sequence)

    def begin_again(self) -> None:
        """In a forked child: the entries are its parent's to send."""
        self._lock = threading.Lock()
        self._errors.clear()
        self._others.clear()
        self.dropped = 0

    def _next(self) -> Entry:
        if not self._errors or (
            self._others and self._others[0].sequence < self._errors[0].sequence
        ):
            return self._others.popleft()
        return self._errors.popleft()
