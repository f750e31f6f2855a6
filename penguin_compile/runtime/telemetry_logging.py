"""A handler of `logging` that hands records to KillKrill: `logging.getLogger().addHandler(...)`."""

from __future__ import annotations

import logging
import traceback
from typing import Final

from penguin_compile.runtime.telemetry_entries import LogEntry
from penguin_compile.runtime.telemetry_records import snapshot
from penguin_compile.runtime.telemetry_sender import Sender, TelemetryHandlerMark
from penguin_compile.runtime.telemetry_trace import current_trace

_USUAL: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_USUAL_SIZE: Final = len(vars(logging.makeLogRecord({})))
_LEVELS: Final = {10: "debug", 20: "info", 30: "warning", 40: "error", 50: "critical"}
_NOTHING: Final[dict[str, object]] = {}


class TelemetryHandler(logging.Handler, TelemetryHandlerMark):
    """Takes records as they are; `extra` becomes fields, an exception `error.*`."""

    def __init__(self, sender: Sender, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self._sender = sender

    def createLock(self) -> None:  # noqa: N802 (its name)
        """Have none: the queue has its own."""
        self.lock = None

    def handle(self, record: logging.LogRecord) -> bool:
        """Filter and take over, without the lock that there is none of."""
        kept = self.filter(record)
        if kept:
            self.emit(kept if isinstance(kept, logging.LogRecord) else record)
        return bool(kept)

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record over; one that the sending itself logs is left out."""
        if record.thread == self._sender.thread_id:
            return
        try:
            self._sender.accept(self._take(record))
        except Exception:  # noqa: BLE001 (as all handlers do)
            self.handleError(record)

    def _take(self, record: logging.LogRecord) -> LogEntry:
        fields = _NOTHING
        if len(record.__dict__) > _USUAL_SIZE:
            fields = {
                name: snapshot(value)
                for name, value in record.__dict__.items()
                if name not in _USUAL
            }
        if record.exc_info:
            fields = {**fields, **_describe(record)}
        return LogEntry(
            record.created,
            _LEVELS.get(record.levelno) or _name_level(record.levelno),
            record.levelno,
            record.getMessage(),
            fields,
            current_trace(),
            record.name,
        )


def _name_level(number: int) -> str:
    """The standard level at or below a level of the app's own."""
    return _LEVELS[max(10, min(50, number // 10 * 10))]


def _describe(record: logging.LogRecord) -> dict[str, object]:
    """Source of the names: ECS, "Error Fields"."""
    if not record.exc_info or record.exc_info[0] is None:
        return {}
    kind, error, _ = record.exc_info
    return {
        "error.type": kind.__qualname__,
        "error.message": str(error),
        "error.stack_trace": "".join(traceback.format_exception(*record.exc_info)),
    }
