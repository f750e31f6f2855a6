"""plan and apply tell the app's KillKrill what they did, where the spec has telemetry on.

Best effort, and free: the connection is made while the command works, one record is written to it
at the end, and no answer is waited for. Where there is no connection by then, nothing is told.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from penguin_compile import __version__
from penguin_compile.core.errors import PenguinError

if TYPE_CHECKING:
    from http.client import HTTPConnection

    from penguin_compile.model.app import App
    from penguin_compile.model.telemetry import KillKrill

_CONNECT_SECONDS: Final = 5.0
_SEND_SECONDS: Final = 0.05  # a record fits the empty buffer of a new connection: it never waits


@contextmanager
def reporting(app: App | None, command: str) -> Iterator[dict[str, object]]:
    """Report the block and what it notes; numbers and names of the plan, and no values."""
    line = _Line(app)
    facts: dict[str, object] = {}
    try:
        yield facts
        line.tell(command, "failure" if facts.get("failed") else "success", facts)
    except PenguinError as error:
        line.tell(command, "failure", {**facts, "error.type": type(error).__name__})
        raise
    finally:
        line.close()


class _Line:
    """A connection that is made in the background, for one record."""

    def __init__(self, app: App | None) -> None:
        self._connection: HTTPConnection | None = None
        self._closed = False
        sink = None if app is None or app.telemetry is None else app.telemetry.killkrill
        # The credentials of `batch` are a secret that neither command needs: it isn't asked for.
        if app is None or sink is None or not sink.enabled or sink.dialect != "single":
            return
        self._app, self._environment = app.name, app.environment.name
        self._level = "" if app.telemetry is None else app.telemetry.log_level
        threading.Thread(target=self._connect, args=(sink,), daemon=True).start()

    def tell(self, command: str, outcome: str, facts: Mapping[str, object]) -> None:
        """Write the record, if there is a connection."""
        connection = self._connection
        level = "info" if outcome == "success" else "error"
        if connection is None or (level == "info" and self._level in ("warning", "error")):
            return
        body = self._make_body(command, outcome, level, facts)
        with suppress(Exception):  # whatever it is, the command has done its work
            connection.sock.settimeout(_SEND_SECONDS)
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/api/v1/logs", body, headers)

    def close(self) -> None:
        """Let the connection go; what was written to it is delivered all the same."""
        self._closed = True
        if self._connection is not None:
            self._connection.close()

    def _connect(self, sink: KillKrill) -> None:
        from http.client import HTTPConnection, HTTPSConnection

        with suppress(Exception):  # nobody has to be there
            parts = urlsplit(sink.api_url or "")
            kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
            connection = kind(parts.hostname or "", parts.port, timeout=_CONNECT_SECONDS)
            connection.connect()
            self._connection = connection
            if self._closed:
                connection.close()

    def _make_body(
        self, command: str, outcome: str, level: str, facts: Mapping[str, object]
    ) -> bytes:
        from penguin_compile.runtime.telemetry_entries import LEVELS, LogEntry
        from penguin_compile.runtime.telemetry_records import Origin, encode, make_single_record
        from penguin_compile.runtime.telemetry_trace import parse_traceparent

        entry = LogEntry(
            time.time(),
            level,
            LEVELS[level],
            f"penguin-compile {command} of {self._app} in {self._environment}: {outcome}",
            {
                "event.action": f"penguin-compile-{command}",
                "event.outcome": outcome,
                "app": self._app,
                "environment": self._environment,
                **facts,
            },
            parse_traceparent(os.environ.get("TRACEPARENT")),
        )
        origin = Origin(service="penguin-compile", version=__version__)
        return encode(make_single_record(entry, origin))
