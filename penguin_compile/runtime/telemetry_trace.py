"""Trace ids: taken from a request's `traceparent`, noted in every record, and handed on.

Source: W3C Trace Context, "traceparent Header".
"""

from __future__ import annotations

import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

_HEADER: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Where in a trace this is."""

    trace_id: str
    span_id: str
    flags: int = _SAMPLED

    @property
    def header(self) -> str:
        """The `traceparent` of requests that are made from here."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


@contextmanager
def continue_trace(traceparent: str | None) -> Iterator[Trace]:
    """Be a span of the caller's trace for the block; of a new trace without a valid header."""
    caller = parse_traceparent(traceparent)
    trace = Trace(
        trace_id=secrets.token_hex(16) if caller is None else caller.trace_id,
        span_id=secrets.token_hex(8),
        flags=_SAMPLED if caller is None else caller.flags & _SAMPLED,
    )
    token = _current.set(trace)
    try:
        yield trace
    finally:
        _current.reset(token)


def parse_traceparent(text: str | None) -> Trace | None:
    """The header's trace; None for an invalid one, which has to be treated as though absent."""
    found = _HEADER.fullmatch(text.strip()) if text else None
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    if version == "ff" or (version == "00" and more) or not int(trace_id, 16):
        return None
    if not int(span_id, 16):
        return None
    return Trace(trace_id=trace_id, span_id=span_id, flags=int(flags, 16))


def current_trace() -> Trace | None:
    """The trace of this thread or task: of `continue_trace`, or else OpenTelemetry's."""
    trace = _current.get()
    if trace is None and "opentelemetry.trace" in sys.modules:
        return _ask_opentelemetry()
    return trace


def _ask_opentelemetry() -> Trace | None:
    from opentelemetry.trace import get_current_span

    context = get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return Trace(
        trace_id=f"{context.trace_id:032x}",
        span_id=f"{context.span_id:016x}",
        flags=int(context.trace_flags),
    )
