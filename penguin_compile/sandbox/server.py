"""The sandbox as a whole: starting and stopping a server on a real socket.

In process it is a context manager; `serve` is what the command line runs.
"""

from __future__ import annotations

import os
import signal
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Self

from penguin_compile.core.errors import PenguinError, UsageError
from penguin_compile.sandbox import DIALECTS
from penguin_compile.sandbox.accounts import Accounts
from penguin_compile.sandbox.application import Application
from penguin_compile.sandbox.connection import Listener, Traffic
from penguin_compile.sandbox.faults import Fault, Faults
from penguin_compile.sandbox.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from penguin_compile.sandbox.routing import Dialect


class Sandbox:
    """A MarchProxy-compatible server on localhost; `with Sandbox() as sandbox: sandbox.url`."""

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        dialect: str | Dialect = "standard",
        database: str | os.PathLike[str] | None = None,
        cluster_key: str | None = None,
        users: Mapping[str, str] | None = None,
        clusters: Iterable[str] = (),
        token_seconds: float = 1800,
        stall_seconds: float = 30,
        faults: Iterable[Fault | str] = (),
        seed: int = 0,
        record: bool = True,
    ) -> None:
        """Prepare, but open nothing yet.

        Port 0 takes a free one; without a key any is accepted; `record` fills `requests` with a
        "METHOD /path" for each request; faults strike the same requests for the same seed.
        `users` are passwords by email, the first one is the administrator; `clusters` names
        more than the default one. UsageError for an unknown dialect, a rule that can't be read,
        or users that don't fit the dialect.
        """
        self.dialect = DIALECTS.load(dialect) if isinstance(dialect, str) else dialect
        if self.dialect.has_users != bool(users):
            raise _refuse_users(self.dialect)
        self.accounts = Accounts(users or {}, cluster_key, token_seconds)
        self.traffic = Traffic(self.dialect.pool)
        self.database = None if database is None else os.fspath(database)
        self.faults = Faults(faults, seed=seed)
        self.requests: list[str] = []
        self._record = record
        self._address = (host, port)
        self._clusters = tuple(clusters)
        self._stall_seconds = stall_seconds

    def __enter__(self) -> Self:
        """Open the database and the port, and serve from a thread of its own.

        FileFailure if the database can't be used, PenguinError if the port can't.
        """
        self._store = Store(self.database)
        for name in self._clusters:
            if self._store.find("clusters", name=name) is None:
                self._store.insert("clusters", {"name": name})
        application = Application(self.dialect, self._store, self.accounts)
        requests = self.requests if self._record else None
        try:
            self._listener = Listener(
                self._address,
                application,
                self.faults,
                requests,
                self.traffic,
                self._stall_seconds,
            )
        except OSError as error:
            self._store.close()
            host, port = self._address
            raise PenguinError(
                f"the sandbox can't listen on {host} port {port}: {error.strerror or error}",
                hint="stop what uses the port, or let a free one be taken: --port 0",
            ) from error
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening, let running requests finish, and close the database."""
        self._listener.shutdown()
        self._thread.join()
        self._listener.hang_up()
        self._listener.server_close()
        self._store.close()

    @property
    def host(self) -> str:
        """Return the address that it listens on."""
        return self._address[0]

    @property
    def port(self) -> int:
        """Return the port that it listens on, once started."""
        return int(self._listener.server_address[1])

    @property
    def url(self) -> str:
        """Return where clients find it, once started."""
        return f"http://{self.host}:{self.port}"


def _refuse_users(dialect: Dialect) -> UsageError:
    if dialect.has_users:
        return UsageError(
            f"nobody could log in: the {dialect.name} sandbox takes users",
            hint="name at least one: --seed admin@example.com:password",
        )
    return UsageError(
        f"the {dialect.name} sandbox has no users: it takes the cluster's key",
        hint="leave out --seed, or choose the dialect that has users: --dialect api-server",
    )


def serve(sandbox: Sandbox, announce: Callable[[Sandbox], None]) -> None:
    """Run the sandbox until SIGINT or SIGTERM; announce it once it takes requests.

    Only for the main thread, which alone hears signals.
    """
    # Unlike an Event's, this put may interrupt the waiting get of the same thread.
    signals: SimpleQueue[int] = SimpleQueue()
    numbers = (signal.SIGINT, signal.SIGTERM)
    former = [signal.signal(number, lambda caught, _: signals.put(caught)) for number in numbers]
    try:
        with sandbox:
            announce(sandbox)
            signals.get()
    finally:
        for number, handler in zip(numbers, former, strict=True):
            signal.signal(number, handler)
