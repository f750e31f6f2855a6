"""Threads that make requests while one other thread remembers what became of them.

Under `requests.py`. Daemons, so that an interrupted run ends at once and waits for no answer: what
was sent by then is settled by the next run, as after a kill.
"""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import Self

from penguin_compile.core.errors import GatewayFailure
from penguin_compile.model.plan import Change
from penguin_compile.sync.outcome import GatewayWriter


class Crew:
    """So many threads at one gateway; `with` sends them home."""

    def __init__(self, gateway: GatewayWriter, size: int) -> None:
        self._gateway = gateway
        self._size = size
        self._hired = 0
        self._todo: SimpleQueue[Change | None] = SimpleQueue()
        self._done: SimpleQueue[tuple[Change, BaseException | None]] = SimpleQueue()
        self.busy = 0

    def __enter__(self) -> Self:
        """Nobody is there yet: each comes with the first change that needs one more."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing more is begun."""
        for _number in range(self._hired):
            self._todo.put(None)

    @property
    def free(self) -> int:
        """How many changes can be begun now."""
        return self._size - self.busy

    @property
    def ready(self) -> bool:
        """Whether one is finished, so that nobody has to wait for it."""
        return not self._done.empty()

    def begin(self, change: Change) -> None:
        """Hand over one change; somebody has to be free."""
        self.busy += 1
        if self._hired < self.busy:
            self._hired += 1
            threading.Thread(target=self._work, name="gateway", daemon=True).start()
        self._todo.put(change)

    def finish(self) -> tuple[Change, GatewayFailure | None]:
        """Wait for a change to be done, or failed; anything else that happened is raised."""
        change, error = self._done.get()
        self.busy -= 1
        if error is None or isinstance(error, GatewayFailure):
            return change, error
        raise error

    def _work(self) -> None:
        while (change := self._todo.get()) is not None:
            error: BaseException | None = None
            try:
                self._gateway.write(change)
            except BaseException as caught:  # noqa: BLE001 - raised in the thread that waits
                error = caught
            self._done.put((change, error))
