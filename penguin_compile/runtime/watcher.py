"""Follows the settings table from a thread of its own, and publishes each state of it whole.

Under `settings.py`. PostgreSQL tells of changes (LISTEN); elsewhere one small query asks, as often
as wanted. A database that is away is tried again, and what was read last stays.
"""

from __future__ import annotations

import logging
import random
import selectors
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from penguin_compile.runtime.bootstrap import write_missing
from penguin_compile.runtime.connection import connect, execute
from penguin_compile.runtime.database_url import POSTGRESQL, DatabaseUrl
from penguin_compile.runtime.resolution import Resolver
from penguin_compile.runtime.table import CHANNEL, Rows, SettingsTable

_LOG: Final = logging.getLogger("penguin_compile.runtime")
_LISTENING_SECONDS: Final = 10.0  # between looks while the database tells of changes itself
_LONGEST_PAUSE: Final = 30.0
_SHARE: Final = 20  # of the time, at most a twentieth goes into asking
_LEAKED: Final[list[object]] = []  # a parent's connections in a forked child, never to be closed


class Watcher:
    """One table, followed. `publish` is given its rows at the start and after each change."""

    _thread: threading.Thread | None

    def __init__(
        self,
        url: DatabaseUrl,
        resolver: Resolver,
        publish: Callable[[Rows], None],
        *,
        interval: float,
        bootstrap: bool,
        notify: bool,
    ) -> None:
        self._url = url
        self._resolver = resolver
        self._publish = publish
        self._interval = interval
        self._bootstrap = bootstrap
        self._notify = notify and url.dialect == POSTGRESQL
        self._table = SettingsTable(resolver.manifest, url.dialect)
        self._connection: Any = None
        self._listening = False
        self._told = False
        self._seen: object = None
        self._asking_seconds = 0.0
        self._failures = 0
        self._prepare_thread()

    def look(self) -> bool:
        """Connect where needed, and read where something changed; whether that worked."""
        try:
            if self._connection is None:
                self._connect()
            else:
                self._ask()
        except Exception as error:  # noqa: BLE001  # whatever a driver raises: the app goes on
            self._fail(error)
            return False
        if self._failures:
            self._failures = 0
            _LOG.info("%s: the settings are followed again", self._url.describe())
        return True

    def start(self) -> None:
        """Follow from a thread that doesn't keep the program from ending."""
        self._thread = threading.Thread(target=self._run, name="penguin-settings", daemon=True)
        self._thread.start()

    def refresh(self, timeout: float) -> bool:
        """Wait until the table was looked at once more; whether it could be, in time."""
        if threading.current_thread() is self._thread:  # a callback would wait for itself
            return False
        with self._looked:
            wanted = self._looks + 1 + self._looking
            self._wake()
            self._looked.wait_for(lambda: self._looks >= wanted or self._stopped, timeout)
            return self._looks >= wanted and not self._failures

    def stop(self, timeout: float) -> None:
        """End the thread and give the connection back; a thread that hangs is left to its end."""
        self._stopped = True
        self._wake()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
            if thread.is_alive():
                return
        self._drop()
        for one in (self._bell, self._ear):
            one.close()

    def after_fork(self) -> None:
        """In a child: the thread is gone, and the connection is the parent's."""
        if self._stopped:
            return
        running = self._thread is not None
        _LEAKED.extend((self._connection, self._bell, self._ear))
        self._connection, self._listening, self._seen = None, False, None
        self._prepare_thread()
        if running:
            self.start()

    def _prepare_thread(self) -> None:
        self._thread = None
        self._stopped = False
        self._looks, self._looking = 0, False
        self._looked = threading.Condition()
        self._bell, self._ear = socket.socketpair()
        self._ear.setblocking(False)

    def _wake(self) -> None:
        with suppress(OSError):
            self._bell.send(b"!")

    def _run(self) -> None:
        while not self._stopped:
            self._wait(self._pause())
            if self._stopped:
                break
            with self._looked:
                self._looking = True
            self.look()
            with self._looked:
                self._looks, self._looking = self._looks + 1, False
                self._looked.notify_all()

    def _pause(self) -> float:
        if self._connection is None:
            if not self._failures:  # a forked child begins at once
                return 0
            jitter = random.uniform(0.5, 1)  # noqa: S311  # so that not all apps ask at once
            return float(min(_LONGEST_PAUSE, 2.0 ** min(self._failures - 1, 5)) * jitter)
        pause = _LISTENING_SECONDS if self._listening else self._interval
        return max(pause, self._asking_seconds * _SHARE)

    def _wait(self, seconds: float) -> None:
        """Until the time is over, the database tells of a change, or somebody wakes us."""
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._ear, selectors.EVENT_READ)
            if self._listening:
                selector.register(self._connection.fileno(), selectors.EVENT_READ)
            while not self._stopped:
                if self._listening and self._is_told():
                    return
                left = deadline - time.monotonic()
                ready = selector.select(max(left, 0))
                if not ready:
                    return
                if any(key.fileobj is self._ear for key, _ in ready):
                    self._ear.recv(4096)
                    return

    def _is_told(self) -> bool:
        """Whether one of what PostgreSQL tells is of our table; a lost connection is told, too."""
        try:
            wire = self._connection.pgconn
            wire.consume_input()
            while (one := wire.notifies()) is not None:
                self._hear(one.extra.decode())
        except Exception:  # noqa: BLE001  # the look that follows says what it is
            return True
        return self._told

    def _hear(self, table: str) -> None:
        """Of a change of some table; also called by the driver, in the middle of a query."""
        self._told = self._told or table == self._table.name

    def _connect(self) -> None:
        self._connection = connect(self._url, f"{self._resolver.manifest.app} settings")
        self._listening = self._notify and self._listen()
        self._seen = self._table.probe(self._connection)
        rows = self._table.read(self._connection)
        if self._bootstrap and self._write_missing(rows):
            rows = self._table.read(self._connection)
        self._publish(rows)

    def _listen(self) -> bool:
        """Whether the database tells of changes from now on."""
        try:
            if not self._table.announces(self._connection):
                self._table.announce(self._connection)
            execute(self._connection, f"LISTEN {CHANNEL}")
        except Exception as error:  # noqa: BLE001  # rights, a view, a standby: then we ask
            reason = _first_line(error)
            message = "%s: nothing tells of changes, so the table is asked every %g s: %s"
            _LOG.info(message, self._url.describe(), self._interval, reason)
            return False
        self._connection.add_notify_handler(lambda one: self._hear(one.payload))
        return True

    def _write_missing(self, rows: Rows) -> bool:
        try:
            return write_missing(self._connection, self._table, self._resolver, rows)
        except Exception as error:  # noqa: BLE001  # an app may have no right to write
            # Its text may hold a row.
            kind = type(error).__name__
            _LOG.warning("%s: no first values were written: %s", self._url.describe(), kind)
            return False

    def _ask(self) -> None:
        self._told = False
        start = time.monotonic()
        seen = self._table.probe(self._connection)
        self._asking_seconds = time.monotonic() - start
        if seen != self._seen:
            rows = self._table.read(self._connection)
            self._publish(rows)
            self._seen = seen

    def _fail(self, error: Exception) -> None:
        self._drop()
        self._failures += 1
        if self._failures == 1:
            message = "%s: the settings can't be read, the last ones known stay: %s"
            _LOG.warning(message, self._url.describe(), _first_line(error))

    def _drop(self) -> None:
        connection, self._connection, self._listening = self._connection, None, False
        if connection is not None:
            with suppress(Exception):
                connection.close()


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
