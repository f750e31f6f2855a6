"""A receiver on a real socket, with the manners of KillKrill's; what it keeps, tests can see.

`single` reads one JSON object per request and drops the keys that it doesn't know; `batch` reads
the standards' batches, and wants the client's credentials where there are some.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_LOG_KEYS = ("timestamp", "log_level", "message", "service_name")


class KillKrill:
    """What came, and what the server is to do with the next requests."""

    def __init__(self, credentials: tuple[str, str] | None) -> None:
        self.bodies: list[Any] = []
        self.logs: list[dict[str, Any]] = []
        self.metrics: list[dict[str, Any]] = []
        self.requests = 0
        self.connections = 0
        self.status = 200
        self.stall = 0.0
        self.url = ""
        self.authorization = None
        if credentials is not None:
            pair = ":".join(credentials).encode()
            self.authorization = f"Basic {base64.b64encode(pair).decode()}"

    def take(self, path: str, authorization: str | None, body: bytes) -> int:
        self.requests += 1
        if self.stall:
            time.sleep(self.stall)
        if self.authorization not in (None, authorization):
            return 401
        if self.status != 200:
            return self.status
        try:
            data = json.loads(body)
        except ValueError:
            return 400
        if len(body) > 16 * 2**20 or isinstance(data, list):
            return 500
        if not data:
            return 400
        self.bodies.append(data)
        if path == "/api/v1/metrics":
            self.metrics.append(data)
        elif "logs" in data:
            self.logs += data["logs"]
            self.metrics += data["metrics"]
        else:
            self.logs.append({key: data[key] for key in _LOG_KEYS})
        return 200


@contextmanager
def run_killkrill(port: int = 0, credentials: tuple[str, str] | None = None) -> Iterator[KillKrill]:
    killkrill = KillKrill(credentials)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def setup(self) -> None:
            killkrill.connections += 1
            super().setup()

        def do_GET(self) -> None:
            self._answer(200 if self.path == "/healthz" else 404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(killkrill.take(self.path, self.headers["Authorization"], body))

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")
            self.wfile.flush()
            self.close_connection = server_ends.is_set()

        def log_message(self, *_: object) -> None: ...

    server_ends = threading.Event()
    connections: list[Any] = []

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def process_request(self, request: Any, client_address: Any) -> None:
            connections.append(request)
            super().process_request(request, client_address)

        def handle_error(self, *_: object) -> None: ...

    server = Server(("127.0.0.1", port), Handler)
    killkrill.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield killkrill
    finally:
        server_ends.set()
        server.shutdown()
        thread.join()
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(2)
            connection.close()
        server.server_close()
