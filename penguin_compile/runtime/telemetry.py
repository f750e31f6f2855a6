"""Logs and metrics of a running app, sent to KillKrill: `open_telemetry` where the app starts.

Source: integration-standards, "KillKrill Integration". A call costs microseconds and never waits.
"""

from __future__ import annotations

import functools
import inspect
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, ParamSpec, Self, TypeVar

from penguin_compile.runtime.telemetry_catalogue import (
    Catalogue,
    UndeclaredMetric,
    read_catalogue,
)
from penguin_compile.runtime.telemetry_entries import LEVELS, LogEntry, MetricEntry
from penguin_compile.runtime.telemetry_logging import TelemetryHandler
from penguin_compile.runtime.telemetry_receiver import Receiver
from penguin_compile.runtime.telemetry_records import Origin, snapshot
from penguin_compile.runtime.telemetry_sender import Sender
from penguin_compile.runtime.telemetry_trace import Trace, current_trace

_log = logging.getLogger(__name__)

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_SCALARS: Final = frozenset((str, int, float, bool, type(None)))
_FALSE: Final = frozenset(("false", "0", "no", "off"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Entries so far: delivered, waiting, without room, not taken, not declared."""

    sent: int
    queued: int
    dropped: int
    refused: int
    undeclared: int


class Telemetry:
    """Logs and metrics of one app. Safe to use from many threads and after a fork."""

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        url: str | None,
        service: str | None = None,
        version: str = "",
        credentials: tuple[str, str] | None = None,
        development: bool = False,
        write_local: Callable[[str], object] | None = None,
        timeout: float = 5.0,
    ) -> None:
        """Open nothing yet. Without a URL logs are local ones; `timeout` in seconds."""
        settings = catalogue.sender
        origin = Origin(
            service=service or catalogue.app, version=version, log_fields=settings.log_fields
        )
        self._receiver = None
        if url:
            self._receiver = Receiver(
                url, origin, dialect=settings.dialect, credentials=credentials, seconds=timeout
            )
        self._sender = Sender(
            self._receiver,
            origin,
            interval=settings.flush_interval,
            most=settings.max_entries,
            write_local=write_local,
        )
        self._catalogue = catalogue
        self._development = development
        self._least = LEVELS.get(settings.log_level, 0)
        self._undeclared = 0
        self._told: set[str] = set()
        self._telling = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def log(self, level: str, message: str, /, **fields: object) -> None:
        """Log one record; keywords become ECS's fields (`user_id`), or else labels."""
        self.log_at(level, message, fields, trace=current_trace())

    def log_at(
        self, level: str, message: str, fields: Mapping[str, object], *, trace: Trace | None
    ) -> None:
        """Log one record of a place in a trace that is not the current one."""
        weight = LEVELS.get(level, 20)
        if weight < self._least:
            return
        for value in fields.values():
            if type(value) not in _SCALARS:
                fields = {name: snapshot(one) for name, one in fields.items()}
                break
        self._sender.accept(LogEntry(time.time(), level, weight, str(message), fields, trace))

    def metric(
        self,
        name: str,
        value: float,
        type: str | None = None,  # noqa: A002 (the standards' name)
        labels: Mapping[str, object] | None = None,
    ) -> None:
        """Note a measurement; of a counter, what is added to it.

        What the spec doesn't declare is UndeclaredMetric in development, else dropped and counted.
        """
        try:
            kind, given = self._catalogue.check(name, value, type, labels or {})
        except UndeclaredMetric as error:
            if self._development:
                raise
            self._note_undeclared(str(error))
            return
        self._sender.accept(MetricEntry(time.time(), name, kind, value, given))

    def track(
        self, action: str
    ) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
        """Log each call of a function as an action, with its outcome."""

        def decorate(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
            if inspect.iscoroutinefunction(function):

                @functools.wraps(function)
                async def wait(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Any:
                    try:
                        result = await function(*args, **kwargs)
                    except Exception as error:
                        self._note_failure(action, error)
                        raise
                    self.log("info", action, action=action, outcome="success")
                    return result

                return wait  # type: ignore[return-value]  # a coroutine function, as it was

            @functools.wraps(function)
            def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
                try:
                    result = function(*args, **kwargs)
                except Exception as error:
                    self._note_failure(action, error)
                    raise
                self.log("info", action, action=action, outcome="success")
                return result

            return call

        return decorate

    def handler(self, level: int | None = None) -> TelemetryHandler:
        """A handler for `logging`; by default of the spec's least level."""
        return TelemetryHandler(self._sender, self._least if level is None else level)

    def health_check(self) -> bool:
        """Whether the receiver answers; waits up to two seconds."""
        return self._receiver is not None and self._receiver.check_health()

    def flush(self, seconds: float = 5.0) -> bool:
        """Send what is there now; whether all of it was delivered in that time."""
        return self._sender.flush(seconds)

    def close(self, seconds: float = 5.0) -> None:
        """Deliver what was accepted, or write it locally; a normal exit does this by itself."""
        self._sender.close(seconds)

    @property
    def statistics(self) -> Statistics:
        """What became of the entries so far."""
        return Statistics(
            sent=self._sender.sent,
            queued=self._sender.queued,
            dropped=self._sender.dropped,
            refused=self._sender.refused,
            undeclared=self._undeclared,
        )

    def _note_failure(self, action: str, error: Exception) -> None:
        kind = type(error).__qualname__
        fields = {"error.type": kind, "error.message": str(error)}
        self.log("error", action, action=action, outcome="failure", **fields)

    def _note_undeclared(self, problem: str) -> None:
        """Each once in the log: a metric is noted a thousand times a second."""
        with self._telling:
            self._undeclared += 1
            new = problem not in self._told and len(self._told) < 100
            self._told.add(problem)
        if new:
            _log.warning("%s; it is dropped", problem)


def open_telemetry(
    catalogue: str | Path | Catalogue,
    *,
    service: str | None = None,
    version: str = "",
    development: bool | None = None,
    write_local: Callable[[str], object] | None = None,
) -> Telemetry:
    """Telemetry by the environment's variables: KILLKRILL_API_URL, _CLIENT_ID, _CLIENT_SECRET.

    With KILLKRILL_ENABLED=false, or without a URL, logs are local ones. `development` is by
    default what RELEASE_MODE=false says.
    """
    if not isinstance(catalogue, Catalogue):
        catalogue = read_catalogue(catalogue)
    enabled = os.environ.get("KILLKRILL_ENABLED", "true").strip().lower() not in _FALSE
    name, secret = (os.environ.get(f"KILLKRILL_CLIENT_{one}", "") for one in ("ID", "SECRET"))
    if development is None:
        development = os.environ.get("RELEASE_MODE", "").strip().lower() in _FALSE
    return Telemetry(
        catalogue,
        url=os.environ.get("KILLKRILL_API_URL") if enabled else None,
        service=service,
        version=version,
        credentials=(name, secret) if name and secret else None,
        development=development,
        write_local=write_local,
    )
