"""A log call beside what `logging` itself costs, and how fast what was logged is delivered."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import median

from penguin_compile.runtime.telemetry import Telemetry
from penguin_compile.runtime.telemetry_catalogue import Catalogue, DeclaredMetric, SenderSettings

_CALLS = 20_000


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


def bench_telemetry() -> None:
    """While a receiver takes what is logged, as it is in an app."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        for dialect in ("single", "batch"):
            _bench_calls(f"http://127.0.0.1:{server.server_address[1]}", dialect)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _open(url: str, dialect: str) -> Telemetry:
    metric = DeclaredMetric(type="counter", labels=frozenset({"endpoint"}))
    settings = SenderSettings(dialect=dialect, max_entries=10 * _CALLS)
    catalogue = Catalogue(app="bench", metrics={"requests": metric}, sender=settings)
    return Telemetry(catalogue, url=url, write_local=lambda _: None)


def _bench_calls(url: str, dialect: str) -> None:
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
    telemetry.flush(60)
    seconds = time.perf_counter() - start
    sent = waiting - telemetry.statistics.queued
    print(f"\ntelemetry, dialect {dialect}, a call's median")
    print(f"  {'floor: logging, a handler that does nothing':<48} {floor:6.2f} µs")
    print(f"  {'logging, our handler':<48} {handled:6.2f} µs, {handled - floor:.2f} above")
    print(f"  {'log() with a field':<48} {direct:6.2f} µs")
    print(f"  {'metric() with a label':<48} {measured:6.2f} µs")
    print(f"  {'entries delivered in a second':<48} {sent / seconds:6.0f}")
    telemetry.close()


if __name__ == "__main__":
    bench_telemetry()
