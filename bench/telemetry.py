"""A log call beside what `logging` itself costs, and how fast what was logged is delivered."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

from bench.measurement import Measurement, Scale
from penguin_compile.runtime.telemetry import Telemetry
from penguin_compile.runtime.telemetry_catalogue import Catalogue, DeclaredMetric, SenderSettings

_CALLS = 20_000
_DELIVERY = 5  # seconds in which what was logged is delivered, as far as it goes


class _Receiver(BaseHTTPRequestHandler):
    """Takes everything, in the time that reading it takes."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:  # its name
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
        self.wfile.flush()

    def log_message(self, *_: object) -> None: ...


class _Nothing(logging.Handler):
    """What `logging` costs with a handler that does nothing."""

    def emit(self, record: logging.LogRecord) -> None: ...


def median_call(call: Callable[[], object]) -> float:
    """Median microseconds of one call, as its caller waits for it."""
    clock = time.perf_counter_ns
    times = []
    for _ in range(_CALLS):
        start = clock()
        call()
        times.append(clock() - start)
    return median(times) / 1000


def measure(_scale: Scale, _folder: Path) -> Iterator[Measurement]:
    """While a receiver takes what is logged, as it is in an app."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        for dialect in ("single", "batch"):
            yield from _measure_calls(f"http://127.0.0.1:{server.server_address[1]}", dialect)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _open(url: str, dialect: str) -> Telemetry:
    metric = DeclaredMetric(type="counter", labels=frozenset({"endpoint"}))
    settings = SenderSettings(dialect=dialect, max_entries=10 * _CALLS)
    catalogue = Catalogue(app="bench", metrics={"requests": metric}, sender=settings)
    return Telemetry(catalogue, url=url, write_local=lambda _: None)


def _measure_calls(url: str, dialect: str) -> Iterator[Measurement]:
    telemetry = _open(url, dialect)
    logger = logging.getLogger("bench.telemetry")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    nothing, ours = _Nothing(), telemetry.handler()

    def log() -> None:
        logger.info("order %s", 7)

    logger.addHandler(nothing)
    floor = median_call(log)
    logger.removeHandler(nothing)
    logger.addHandler(ours)
    handled = median_call(log)
    logger.removeHandler(ours)
    direct = median_call(lambda: telemetry.log("info", "order 7", user_id="u1"))
    labels = {"endpoint": "/orders"}
    measured = median_call(lambda: telemetry.metric("requests", 1, labels=labels))
    start = time.perf_counter()
    waiting = telemetry.statistics.queued
    telemetry.flush(_DELIVERY)
    seconds = time.perf_counter() - start
    sent = waiting - telemetry.statistics.queued
    telemetry.close()
    size = f"dialect {dialect}"
    yield Measurement(
        size=size, stage="logging with a handler that does nothing", value=floor / 1e6
    )
    for stage, value in (
        ("logging with our handler, above that", handled - floor),
        ("log() with a field", direct),
        ("metric() with a label", measured),
    ):
        yield Measurement(size=size, stage=stage, value=value, unit="µs", target=5)
    yield Measurement(size=size, stage="entries delivered", value=sent / seconds, unit="/s")
