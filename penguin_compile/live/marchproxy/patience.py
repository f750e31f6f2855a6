"""How long the client waits and how often it asks again (sync.md: at most 5 tries, with jitter)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from penguin_compile.core.records import dataclass
from penguin_compile.live.marchproxy.failures import Unanswered

if TYPE_CHECKING:
    from tenacity import RetryCallState

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """All in seconds but `tries`. `total` bounds one operation, its tries and waits together."""

    connect: float = 5.0
    read: float = 30.0
    tries: int = 5
    first_wait: float = 0.2
    longest_wait: float = 8.0
    total: float = 120.0

    def insist(
        self, attempt: Callable[[], Result], *, repeat: Callable[[Unanswered], bool]
    ) -> Result:
        """Call `attempt` until it returns; the last Unanswered is raised once patience ends."""
        started = time.monotonic()
        try:
            return attempt()
        except Unanswered as failure:
            if not repeat(failure):
                raise
            first = failure
        return self._insist(attempt, repeat, first, time.monotonic() - started)

    def _insist(
        self,
        attempt: Callable[[], Result],
        repeat: Callable[[Unanswered], bool],
        first: Unanswered,
        spent: float,
    ) -> Result:
        """After a first try that failed: most requests are answered, and never come here."""
        from tenacity import (
            Retrying,
            retry_if_exception,
            stop_after_attempt,
            stop_before_delay,
            wait_exponential,
            wait_random,
        )

        doubling = wait_exponential(multiplier=self.first_wait, max=self.longest_wait)
        backoff = doubling + wait_random(0, self.first_wait)
        retrying = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, Unanswered) and repeat(error)),
            wait=lambda state: max(backoff(state), _asked_wait(state)),
            stop=stop_after_attempt(self.tries) | stop_before_delay(self.total - spent),
            retry_error_callback=_give_up,
        )
        failures = [first]

        def go_on() -> Result:
            if failures:
                raise failures.pop()
            return attempt()

        return retrying(go_on)


def _asked_wait(state: RetryCallState) -> float:
    error = None if state.outcome is None else state.outcome.exception()
    return (error.retry_after or 0.0) if isinstance(error, Unanswered) else 0.0


def _give_up(state: RetryCallState) -> None:
    error = None if state.outcome is None else state.outcome.exception()
    if isinstance(error, Unanswered):
        tries = state.attempt_number
        raise error.give_up("" if tries == 1 else f"{tries} tries") from None
