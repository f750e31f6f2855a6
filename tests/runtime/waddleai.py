"""A server on a real socket with both of WaddleAI's APIs, for tests to ask what it was asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class WaddleAI:
    """What it was asked, and how it answers."""

    def __init__(self) -> None:
        self.url = ""
        self.bodies: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        self.stall = 0.0
        self.answer: object = None

    def respond(self, path: str, body: Any) -> object:
        if self.answer is not None:
            return self.answer
        if path == "/api/v1/analyze":
            return {"task": body["task"], "label": "positive"}
        if path == "/api/v1/generate":
            return {"response": body["prompt"].upper()}
        if path == "/v1/models":
            return {"data": [{"id": "small"}, {"id": "large"}]}
        if path == "/v1/chat/completions":
            text = body["messages"][-1]["content"]
            return {"choices": [{"message": {"role": "assistant", "content": text[::-1]}}]}
        return {}


@contextmanager
def run_waddleai() -> Iterator[WaddleAI]:
    server = WaddleAI()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(server.stall)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parsed = json.loads(body) if body else None
            server.bodies.append(parsed)
            server.headers.append(dict(self.headers))
            answer = json.dumps(server.respond(self.path, parsed)).encode()
            self.send_response(server.status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_GET  # noqa: N815  # its name

        def log_message(self, *_: object) -> None: ...

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None: ...

    running = Server(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{running.server_address[1]}"
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        running.shutdown()
        thread.join()
        running.server_close()
