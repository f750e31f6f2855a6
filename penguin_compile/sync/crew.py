"""Threads that make requests while one other thread remembers what became of them.

Under `requests.py`. Daemons, so that an interrupted run ends at once and waits for no answer: what
was sent by then is settled by the next run, as after a kill.
"""

from __future__ import annotations

import threading
import time
from queue import SimpleQueue
from typing import Final, Self

from penguin_compile.core.errors import GatewayFailure
from penguin_compile.model.plan import Change
from penguin_compile.sync.outcome import GatewayWriter

# What is recorded as intended waits no longer than this for its request, as far as can be told.
_AHEAD_SECONDS: Final = 0.1
_MOST_AHEAD: Final = 128


class Withdrawn(Exception):
    """A change that was handed over and not begun, because the run is over."""


class Crew:
    """So many threads at one gateway; `with` sends them home.

    Where answers come fast, a few more changes are taken than there are hands, so that nobody waits
    for the memory of those before. One thread alone takes them strictly one by one.
    """

    def __init__(self, gateway: GatewayWriter, size: int) -> None:
        self._gateway = gateway
        self._size = size
        self._hired = 0
        self._todo: SimpleQueue[Change | None] = SimpleQueue()
        self._done: SimpleQueue[tuple[Change, BaseException | None]] = SimpleQueue()
        self._seconds = 0.0  # of a change, on the average of the latest
        self._over = False
        self.busy = 0

    def __enter__(self) -> Self:
        """Nobody is there yet: each comes with the first change that needs one more."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing more is begun."""
        self._over = True
        for _number in range(self._hired):
            self._todo.put(None)

    @property
    def free(self) -> int:
        """How many changes can be taken now."""
        return max(0, self._size + self._ahead - self.busy)

    @property
    def supplied(self) -> bool:
        """Whether so many are waiting that it is too early to bring more."""
        return self.busy > self._size + self._ahead // 2

    @property
    def _ahead(self) -> int:
        if self._size == 1 or not self._seconds:
            return 0
        return min(_MOST_AHEAD, int(self._size * _AHEAD_SECONDS / self._seconds))

    @property
    def ready(self) -> bool:
        """Whether one is finished, so that nobody has to wait for it."""
        return not self._done.empty()

    def begin(self, change: Change) -> None:
        """Hand over one change."""
        self.busy += 1
        if self._hired < min(self.busy, self._size):
            self._hired += 1
            threading.Thread(target=self._work, name="gateway", daemon=True).start()
        self._todo.put(change)

    def finish(self) -> tuple[Change, GatewayFailure | Withdrawn | None]:
        """Wait for a change to be done, failed or withdrawn; anything else is raised."""
        change, error = self._done.get()
        self.busy -= 1
        if error is None or isinstance(error, GatewayFailure | Withdrawn):
            return change, error
        raise error

    def _work(self) -> None:
        while (change := self._todo.get()) is not None:
            self._done.put((change, self._try(change)))

    def _try(self, change: Change) -> BaseException | None:
        if self._over:
            return Withdrawn()
        started = time.monotonic()
        try:
            self._gateway.write(change)
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
            self._over = self._over or not isinstance(error, GatewayFailure) or error.fatal
            return error
        finally:
            seconds = time.monotonic() - started
            self._seconds = 0.8 * self._seconds + 0.2 * seconds if self._seconds else seconds
        return None
