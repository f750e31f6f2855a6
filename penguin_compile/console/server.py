"""The console over a socket, until it is stopped."""

from __future__ import annotations

import gc
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from penguin_compile.core.errors import PenguinError

_BACKLOG: Final = 512
_GRACE_SECONDS: Final = 10


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; PenguinError where the port is taken or not ours to take."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol named, or asyncio leaves Nagle's algorithm on: 40 ms of each answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), port))
    except OSError as error:
        listener.close()
        raise PenguinError(
            f"can't listen on {host}:{port}: {error.strerror}",
            hint="another --port, or 0 for a free one",
        ) from None
    listener.listen(_BACKLOG)
    return listener


def serve(application: ASGIApp, listener: socket.socket, announce: Callable[[], None]) -> None:
    """Answer until Ctrl-C."""
    server = _server(application)
    gc.collect()
    gc.freeze()  # the spec stays: passes over all of it would be felt in single answers
    announce()
    server.run(sockets=[listener])


@contextmanager
def serving(application: ASGIApp, listener: socket.socket) -> Iterator[None]:
    """The same in a thread, for as long as the block runs."""
    server = _server(application)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def _server(application: ASGIApp) -> uvicorn.Server:
    config = uvicorn.Config(
        application,
        lifespan="off",
        access_log=False,  # paths hold keys, and searches what people typed
        server_header=False,
        date_header=True,
        proxy_headers=False,  # anybody could name any address in them
        log_level="warning",
        timeout_graceful_shutdown=_GRACE_SECONDS,
        backlog=_BACKLOG,
    )
    return uvicorn.Server(config)
