"""OpenTelemetry's spans as KillKrill's records: `BatchSpanProcessor(KillKrillSpanExporter(...))`.

Needs the extra `opentelemetry`. Records of `log` and of `logging` have the ids of the current span
by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import StatusCode

from penguin_compile.runtime.telemetry_trace import Trace

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from penguin_compile.runtime.telemetry import Telemetry


class KillKrillSpanExporter(SpanExporter):
    """Hands ended spans over as records with their name, duration, outcome and ids."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Take them over; it never waits."""
        for span in spans:
            self._log(span)
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Deliver what was accepted; the telemetry itself stays open."""
        self._telemetry.flush()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Deliver what was accepted."""
        return self._telemetry.flush(timeout_millis / 1000)

    def _log(self, span: ReadableSpan) -> None:
        failed = span.status.status_code is StatusCode.ERROR
        fields: dict[str, object] = {
            **(span.attributes or {}),
            "event.action": span.name,
            "event.outcome": "failure" if failed else "success",
        }
        if span.start_time is not None and span.end_time is not None:
            fields["event.duration"] = span.end_time - span.start_time
        if span.parent is not None:
            fields["parent.id"] = f"{span.parent.span_id:016x}"
        if failed and span.status.description:
            fields["error.message"] = span.status.description
        self._telemetry.log_at(
            "error" if failed else "info", span.name, fields, trace=_find_trace(span)
        )


def _find_trace(span: ReadableSpan) -> Trace | None:
    context = span.get_span_context()
    if context is None:
        return None
    return Trace(trace_id=f"{context.trace_id:032x}", span_id=f"{context.span_id:016x}")
