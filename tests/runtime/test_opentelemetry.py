"""Spans of OpenTelemetry's own SDK, delivered to a receiver."""

from __future__ import annotations

import logging

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from penguin_compile.runtime.telemetry import Telemetry
from penguin_compile.runtime.telemetry_catalogue import Catalogue, SenderSettings
from penguin_compile.runtime.telemetry_opentelemetry import KillKrillSpanExporter
from tests.runtime.killkrill import run_killkrill


def test_spans_and_the_records_inside_them() -> None:
    settings = SenderSettings(flush_interval=60, dialect="batch")
    with run_killkrill() as killkrill:
        telemetry = Telemetry(Catalogue(app="shop", sender=settings), url=killkrill.url)
        provider = TracerProvider()
        provider.add_span_processor(BatchSpanProcessor(KillKrillSpanExporter(telemetry)))
        tracer = provider.get_tracer("shop")
        logger = logging.getLogger("shop.spans")
        logger.addHandler(telemetry.handler())

        def fail() -> None:
            logger.warning("inside")
            raise ValueError("no stock")

        with (
            tracer.start_as_current_span("order", attributes={"user.id": "u1"}) as outer,
            pytest.raises(ValueError, match="no stock"),
            tracer.start_as_current_span("pay"),
        ):
            fail()
        provider.shutdown()
        telemetry.close()
    inside, pay, order = killkrill.logs
    trace = f"{outer.get_span_context().trace_id:032x}"
    assert {inside["trace.id"], pay["trace.id"], order["trace.id"]} == {trace}
    assert inside["span.id"] == pay["span.id"]
    assert pay["parent.id"] == order["span.id"]
    assert (order["event.action"], order["event.outcome"], order["user.id"]) == (
        *("order", "success"),
        "u1",
    )
    assert (pay["event.outcome"], pay["log.level"]) == ("failure", "error")
    assert order["event.duration"] >= pay["event.duration"] > 0
    assert "no stock" in pay["error.message"]
