"""The sandbox's connections: HTTP/1.1 with keep-alive, faults, and the manners of a real server."""

from __future__ import annotations

import socket
import struct
import sys
import threading
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import TYPE_CHECKING, Any

from penguin_compile.sandbox.application import BODY_LIMIT, Application, get_path
from penguin_compile.sandbox.routing import FAILURE, Response

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penguin_compile.sandbox.faults import Faults

_FAREWELL_SECONDS = 2.0
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_GARBLED = '{"services": [{"name": "'
_LOGIN_PAGE = Response(
    status=302,
    body="<html><body>Please log in</body></html>",
    text_type="text/html",
    headers={"Location": "/login"},
)
_Connected = socket.socket | tuple[bytes, socket.socket]


class Traffic:
    """Counts what clients do at once, for tests to ask afterwards."""

    def __init__(self, pool: int | None) -> None:
        """Tell requests beyond the pool, if there is one, that they stall."""
        self.most_connections = 0
        self.most_requests = 0
        self._pool = pool
        self._requests = 0
        self._lock = threading.Lock()

    def note_connections(self, now: int) -> None:
        """Keep the largest number of connections seen."""
        self.most_connections = max(self.most_connections, now)

    @contextmanager
    def count_request(self) -> Iterator[bool]:
        """Count a request until its answer is ready, and say whether it stalls."""
        with self._lock:
            self._requests += 1
            self.most_requests = max(self.most_requests, self._requests)
            stalled = self._pool is not None and self._requests > self._pool
        try:
            yield stalled
        finally:
            with self._lock:
                self._requests -= 1


class Listener(ThreadingTCPServer):
    """Knows its open connections, so that closing never waits for an idle client."""

    # Not HTTPServer: that one asks the name service who we are, which can take seconds.
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        application: Application,
        faults: Faults,
        requests: list[str] | None,
        traffic: Traffic,
        stall_seconds: float,
    ) -> None:
        """Bind the address; every request's method and path is added to `requests`, if given."""
        self.traffic = traffic
        self.stall_seconds = stall_seconds
        self.application = application
        self.faults = faults
        self.requests = requests
        self.stopping = threading.Event()
        self._open: set[_Connected] = set()
        self._changed = threading.Condition()
        super().__init__(address, Connection)

    def hang_up(self) -> None:
        """End all connections: idle ones at once, the others after their answer."""
        self.stopping.set()
        with self._changed:
            self._shut(socket.SHUT_RD)
            self._changed.wait_for(lambda: not self._open, timeout=_FAREWELL_SECONDS)
            self._shut(socket.SHUT_RDWR)

    def process_request(self, request: _Connected, client_address: Any) -> None:
        """Answer a new connection from a thread of its own."""
        with self._changed:
            self._open.add(request)
            self.traffic.note_connections(len(self._open))
        super().process_request(request, client_address)

    def shutdown_request(self, request: _Connected) -> None:
        """Forget a connection that has ended."""
        # First: a client that is hung up on may be back with the next connection at once.
        with self._changed:
            self._open.discard(request)
        super().shutdown_request(request)
        with self._changed:
            self._changed.notify_all()

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
        """Say nothing where a client merely went away, and never show a traceback."""
        error = sys.exception()
        if not isinstance(error, OSError):
            sys.stderr.write(f"sandbox: a connection failed: {type(error).__name__}: {error}\n")

    def _shut(self, how: int) -> None:
        for connection in self._open:
            with suppress(OSError):  # the client was faster
                if isinstance(connection, socket.socket):
                    connection.shutdown(how)


class Connection(BaseHTTPRequestHandler):
    """One client's connection: requests one after the other until either side hangs up."""

    protocol_version = "HTTP/1.1"
    server_version = "penguin-compile-sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60
    server: Listener

    def answer(self) -> None:
        """Read one request whole, and answer it unless a fault says otherwise."""
        path = get_path(self.path)
        if self.server.requests is not None:
            self.server.requests.append(f"{self.command} {path}")
        body = self._read_body()
        if body is None:
            return
        with self.server.traffic.count_request() as stalled:
            if stalled:
                self.server.stopping.wait(self.server.stall_seconds)
            what, response = self._respond(path, body)
        if what == "reset":
            self._reset()
        elif what == "lost":
            self.close_connection = True
        else:
            self._send(response, half=what == "half")

    def _respond(self, path: str, body: bytes) -> tuple[str, Response]:
        """Do what the faults leave to be done, and return the last of them with the answer."""
        what = "answer"
        for fault in self.server.faults.draw(self.command, path):
            what = fault.what
            if what == "delay":
                self.server.stopping.wait(fault.seconds)
            elif what == "status":
                return what, _fail(fault.status)
        if what in ("reset", "login"):
            return what, _LOGIN_PAGE
        application = self.server.application
        with application.pretence() if what == "lie" else nullcontext():
            response = application.answer(self.command, self.path, self.headers, body)
        if what == "done-500":
            response = FAILURE
        elif what == "garbled":
            response = replace(response, body=_GARBLED, text_type="application/json")
        return what, response

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer  # noqa: N815

    def _read_body(self) -> bytes | None:
        """Return the body, or None where the request was refused or its client has gone."""
        if "Transfer-Encoding" in self.headers:
            self._refuse(411, "The sandbox needs a Content-Length")
            return None
        declared = self.headers.get("Content-Length", "0")
        if not (declared.isascii() and declared.isdigit()):
            self._refuse(400, "Invalid Content-Length")
            return None
        length = int(declared[:18])
        if length > BODY_LIMIT:
            self._refuse(413, f"Request body is larger than {BODY_LIMIT} bytes")
            return None
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return None
        return body

    def _refuse(self, status: int, detail: str) -> None:
        """Answer a request whose body stays unread, and hang up."""
        self._send(
            Response(status=status, body={"detail": detail}, headers={"Connection": "close"})
        )
        self.close_connection = True
        # To close on bytes that still come would reset the connection, and lose the answer.
        self.connection.shutdown(socket.SHUT_WR)
        left = 4 * BODY_LIMIT
        while left > 0 and (chunk := self.rfile.read1(65536)):
            left -= len(chunk)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.connection.close()
        self.close_connection = True

    def _send(self, response: Response, *, half: bool = False) -> None:
        kind, body = response.encode()
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if kind:
            self.send_header("Content-Type", kind)
        if response.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if half else body)
        self.wfile.flush()
        # A real server hangs up after each 500 without saying so.
        failed = response.status == HTTPStatus.INTERNAL_SERVER_ERROR
        if failed or half or self.server.stopping.is_set():
            self.close_connection = True

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 (its name)
        """Say nothing: what was asked is in `requests`."""


def _fail(status: int) -> Response:
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return FAILURE
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Error"
    if status == HTTPStatus.BAD_GATEWAY:
        page = f"<html><body><h1>{status} {phrase}</h1></body></html>"
        return Response(status=status, body=page, text_type="text/html")
    wait = {"Retry-After": "1"} if status == HTTPStatus.TOO_MANY_REQUESTS else {}
    return Response(status=status, body={"detail": phrase}, headers=wait)
