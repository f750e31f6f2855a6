"""A wire between the tool and a server that can be cut, slowed down, or lose an answer."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Self

from sqlalchemy.engine import URL, make_url

_SECONDS = 30


class Fate(StrEnum):
    """What becomes of the answer to what was just sent."""

    CUT = "cut"  # half of it arrives
    LOST = "lost"  # the server has done it, and nothing arrives


Judge = Callable[[bytes], Fate | None]


class Proxy:
    """Listens beside one server. `judge` sees all that a client sent since its last COMMIT.

    Once it names a fate, that happens once, and afterwards nobody gets through where `stays_down`.
    """

    def __init__(
        self,
        url: str,
        judge: Judge = lambda _: None,
        *,
        delay: float = 0.0,
        stays_down: bool = False,
    ) -> None:
        self._server = make_url(url)
        self._judge = judge
        self._delay = delay
        self._stays_down = stays_down
        self.struck = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The server's URL through here; in clear, so that statements can be read."""
        url = self._server.set(host="127.0.0.1", port=self._listener.getsockname()[1])
        return _plain(url).render_as_string(hide_password=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                if self.struck and self._stays_down:
                    raise ConnectionRefusedError
                server = socket.create_connection(self._address(), _SECONDS)
            except OSError:
                _close(client)
                continue
            link = _Link(self, client, server)
            for work in (link.forward, link.answer):
                threading.Thread(target=work, daemon=True).start()

    def _address(self) -> tuple[str, int]:
        ports = {"postgresql": 5432, "mysql": 3306}
        port = self._server.port or ports[self._server.get_backend_name()]
        return str(self._server.host), port

    def judge(self, said: bytes) -> Fate | None:
        fate = None if self.struck else self._judge(said)
        self.struck = self.struck or fate is not None
        return fate


class _Link:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._said = b""
        self._fate: Fate | None = None

    def forward(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._client.recv(65536):
                self._said += data
                self._fate = self._fate or self._proxy.judge(self._said)
                if b"COMMIT" in data:
                    self._said = b""
                time.sleep(self._proxy._delay)
                self._server.sendall(data)
        _close(self._server)

    def answer(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._server.recv(65536):
                if self._fate is not None:
                    if self._fate is Fate.CUT:
                        self._client.sendall(data[: len(data) // 2])
                        time.sleep(0.05)
                    break
                time.sleep(self._proxy._delay)
                self._client.sendall(data)
        _close(self._client)
        _close(self._server)


def _plain(url: URL) -> URL:
    if url.get_backend_name() == "postgresql":
        return url.update_query_dict({"sslmode": "disable"})
    return url


def _close(end: socket.socket) -> None:
    """Also for the thread that waits there: `close` alone would let it wait on."""
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
