"""What is asked for early, so that a server answers while its last answer or the spec is looked at.

For whoever waits for servers. A daemon, so that an interrupted run waits for no answer.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Final, Generic, TypeVar

Result = TypeVar("Result")
_MOMENT: Final = 1.0  # seconds


class Ahead(Generic[Result]):
    """Work in a thread of its own, begun at once."""

    def __init__(self, work: Callable[[], Result]) -> None:
        self._work = work
        self._results: list[Result] = []
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, name="ahead", daemon=True)
        self._thread.start()

    def wait(self) -> Result:
        """What came of it; what it raised is raised here, and nowhere where nobody waits."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._results[0]

    def leave(self) -> None:
        """Nobody asks any more: give it a moment, so that no request is cut off in the middle."""
        self._thread.join(_MOMENT)

    def _run(self) -> None:
        try:
            self._results.append(self._work())
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
            self._error = error
