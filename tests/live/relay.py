"""A wire to a gateway that can be taken away and put back, and that may speak TLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from typing import Self
from urllib.parse import urlsplit


class Relay:
    """Passes bytes on to one server, from a port that stays its own."""

    def __init__(self, url: str, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._target = (str(urlsplit(url).hostname), int(urlsplit(url).port or 80))
        self._port = 0
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._change = threading.Lock()
        self.connect()

    @property
    def url(self) -> str:
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self._port}"

    def connect(self) -> None:
        listener = self._listener = socket.create_server(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        with self._change:
            ends = {*self._open, *filter(None, [self._listener])}
            self._listener = None
            self._open.clear()
        for one in ends:
            _close(one)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._link, args=(listener, client), daemon=True).start()

    def _link(self, listener: socket.socket, client: socket.socket) -> None:
        try:
            if self._tls is not None:
                client = self._tls.wrap_socket(client, server_side=True)
            server = socket.create_connection(self._target)
        except OSError:
            _close(client)
            return
        with self._change:
            # Who was let in a moment before the cut must not outlive it.
            passed = listener is self._listener
            if passed:
                self._open |= {client, server}
        if not passed:
            _close(client)
            _close(server)
            return
        for ends in ((client, server), (server, client)):
            threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for one in (source, target):
            _close(one)
            with self._change:
                self._open.discard(one)


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
