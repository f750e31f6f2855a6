"""The thread that sends: batches by time, queues through outages, and empties the queue at exit.

Source of the rules: integration-standards, "KillKrill Integration", Error Handling and Batching.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from penguin_compile.runtime.quiet_requests import end_hush, hush_this_thread
from penguin_compile.runtime.telemetry_entries import Buffer, Entry, LogEntry
from penguin_compile.runtime.telemetry_receiver import (
    CredentialsRefused,
    Receiver,
    ReceiverDown,
)
from penguin_compile.runtime.telemetry_records import (
    Origin,
    encode,
    make_log_record,
    make_metric_record,
)

_log = logging.getLogger(__name__)

_TAKE: Final = 500
_FAREWELL_SECONDS: Final = 5.0
_SHORTEST: Final = 0.01  # "at once", without turning in circles


class Sender:
    """Accepts entries without waiting, and delivers them from a thread of its own.

    `receiver` is None where KillKrill is switched off: logs are local ones then.
    """

    def __init__(
        self,
        receiver: Receiver | None,
        origin: Origin,
        *,
        interval: float,
        most: int,
        write_local: Callable[[str], object] | None = None,
    ) -> None:
        """Start no thread before there is something to send. `interval` in seconds."""
        self.thread_id: int | None = None
        self._receiver = receiver
        self._origin = origin
        self._interval = max(interval, _SHORTEST)
        self._buffer = Buffer(most)
        self._in_flight: Sequence[Entry] = ()
        self._early = max(1, most // 2)
        self._write_local = write_local or _write_stderr
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._flushed = threading.Condition()
        self._flushes = 0
        self._closing = False
        self._deadline: float | None = None
        self._is_down = False
        self._told_dropped = 0
        self._sent_before = 0
        _senders.add(self)

    @property
    def sent(self) -> int:
        """Records that were delivered; counters and gauges of a batch are combined ones."""
        return self._sent_before + (0 if self._receiver is None else self._receiver.sent)

    @property
    def dropped(self) -> int:
        """Entries that had no room."""
        return self._buffer.dropped

    @property
    def refused(self) -> int:
        """Entries that the receiver didn't take."""
        return 0 if self._receiver is None else self._receiver.refused

    @property
    def queued(self) -> int:
        """Entries that wait to be sent."""
        return len(self._buffer) + len(self._in_flight)

    @property
    def enabled(self) -> bool:
        """Whether entries are sent at all: not where it is switched off, or was refused."""
        return self._receiver is not None

    def accept(self, entry: Entry) -> None:
        """Take an entry over; it never waits, and never fails."""
        if self._closing:
            self._tell_locally(entry)
            return
        size = self._buffer.put(entry)
        if self._thread is None:
            self._start()
        if self._closing:  # since the first look: the thread may have gone
            self._tell_rest()
        elif size >= self._early and not self._is_down and not self._wake.is_set():
            self._wake.set()

    def flush(self, seconds: float = _FAREWELL_SECONDS) -> bool:
        """Send what is there now; whether it was all delivered in that time."""
        end = time.monotonic() + seconds
        for _ in range(2):  # the one that is going on may have begun before this
            with self._flushed:
                seen = self._flushes
                self._wake.set()
                done = partial(self._has_flushed, seen)
                self._flushed.wait_for(done, end - time.monotonic())
            if not self.queued:
                return True
        return False

    def _has_flushed(self, seen: int) -> bool:
        return self._flushes > seen or not self.queued

    def close(self, seconds: float = _FAREWELL_SECONDS) -> None:
        """Deliver what was accepted; what can't be in that time becomes a local log."""
        if self._closing:
            return
        self._deadline = time.monotonic() + seconds
        self._closing = True
        self._wake.set()
        thread = self._thread
        if thread is not None:
            # A request that is under way may take its own time more.
            thread.join(seconds + 1)
        self._tell_rest()

    def _tell_rest(self) -> None:
        """What could not be delivered, or may not have been: rather twice than not at all."""
        for entry in (*self._in_flight, *self._buffer.take(len(self._buffer))):
            self._tell_locally(entry)

    def _start(self) -> None:
        with self._starting:
            if self._thread is not None or self._closing:
                return
            thread = threading.Thread(target=self._run, name="telemetry", daemon=True)
            self._thread = thread
            thread.start()

    def _run(self) -> None:
        self.thread_id = threading.get_ident()
        hush_this_thread()
        while not self._closing:
            self._wake.wait(self._interval)
            self._wake.clear()
            self._flush_once()
        self._flush_once()  # what came while the last one ended
        end_hush()
        if self._receiver is not None:
            self._receiver.close()

    def _flush_once(self) -> None:
        try:
            self._deliver()
        except Exception as error:  # noqa: BLE001 (this thread outlives any entry)
            _log.warning("telemetry: %s: %s", type(error).__name__, error)
            for entry in self._in_flight:
                self._tell_locally(entry)
        self._in_flight = ()
        with self._flushed:
            self._flushes += 1
            self._flushed.notify_all()

    def _deliver(self) -> None:
        """Send until nothing is left, or the receiver doesn't take it."""
        while self._may_go_on() and (entries := self._buffer.take(_TAKE)):
            if self._receiver is None:
                for entry in entries:
                    self._tell_locally(entry, metrics=False)
                continue
            self._in_flight = entries
            try:
                left = self._receiver.send(entries, self._may_go_on)
            except ReceiverDown as error:
                self._queue(error)
                return
            except CredentialsRefused as error:
                self._switch_off(error)
                return
            self._buffer.put_back(left)
            self._in_flight = ()
            self._tell_recovery()
            self._tell_dropped()

    def _may_go_on(self) -> bool:
        return self._deadline is None or time.monotonic() < self._deadline

    def _queue(self, error: ReceiverDown) -> None:
        """Keep what was not delivered, and let local logs have it meanwhile."""
        problem, left = error.args
        self._buffer.put_back(left)
        self._in_flight = ()
        for entry in self._buffer.list_all():
            if isinstance(entry, LogEntry):
                self._tell_locally(entry)
        if not self._is_down:
            self._is_down = True
            _log.warning(
                "KillKrill: %s; %d records are queued, logs are local meanwhile",
                problem,
                self.queued,
            )

    def _switch_off(self, error: CredentialsRefused) -> None:
        problem, left = error.args
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            self._sent_before = receiver.sent
            receiver.close()
        _log.error("KillKrill: %s; it is switched off, logs are local from now on", problem)
        for entry in left:
            self._tell_locally(entry, metrics=False)

    def _tell_recovery(self) -> None:
        if self._is_down:
            self._is_down = False
            _log.warning("KillKrill: it answers again; %d records still wait", self.queued)

    def _tell_dropped(self) -> None:
        new = self.dropped - self._told_dropped
        if new:
            self._told_dropped += new
            _log.warning("KillKrill: %d records were dropped, because the buffer was full", new)

    def _tell_locally(self, entry: Entry, *, metrics: bool = True) -> None:
        """Write it once, unless the app's own logging has it anyway."""
        if entry.is_local:
            return
        entry.is_local = True
        if isinstance(entry, LogEntry):
            if entry.logger is not None and has_other_handler(entry.logger):
                return
            record = make_log_record(entry, self._origin)
        elif metrics:
            record = make_metric_record(entry)
        else:
            return
        with suppress(Exception):  # there is no place left to tell it
            self._write_local(encode(record).decode())

    def _begin_again(self) -> None:
        """In a forked child, which has no thread, and whose parent sends what is queued."""
        self._starting = threading.Lock()
        self._flushed = threading.Condition()
        self._wake = threading.Event()
        self._thread = None
        self.thread_id = None
        self._buffer.begin_again()
        self._in_flight = ()
        self._told_dropped = 0
        if self._receiver is not None:
            self._receiver.forget()


class TelemetryHandlerMark:
    """What our handlers of `logging` are known by, without importing them here."""


def has_other_handler(name: str) -> bool:
    """Whether the logger's records reach a handler that is not ours."""
    logger: logging.Logger | None = logging.getLogger(name)
    while logger is not None:
        if any(not isinstance(one, TelemetryHandlerMark) for one in logger.handlers):
            return True
        logger = logger.parent if logger.propagate else None
    return False


def _write_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")


_senders: weakref.WeakSet[Sender] = weakref.WeakSet()


def _begin_all_again() -> None:
    for sender in list(_senders):
        sender._begin_again()  # noqa: SLF001


def _close_all() -> None:
    for sender in list(_senders):
        sender.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_all_again)
atexit.register(_close_all)
