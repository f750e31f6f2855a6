"""How often something is tried, and for how long."""

from __future__ import annotations

import time

import pytest

from penguin_compile.live.marchproxy.failures import Unanswered
from penguin_compile.live.marchproxy.patience import Patience

QUICK = Patience(tries=5, first_wait=0.001, longest_wait=0.002, total=5)


class Attempts:
    """Fails so many times, after so many seconds each."""

    def __init__(self, failures: int, seconds: float = 0.0) -> None:
        self.failures = failures
        self.seconds = seconds
        self.made = 0

    def __call__(self) -> int:
        self.made += 1
        time.sleep(self.seconds)
        if self.made <= self.failures:
            raise Unanswered(f"failure {self.made}", sent=True, again=True)
        return self.made


@pytest.mark.parametrize("failures", range(5))
def test_what_works_in_five_tries_works(failures: int) -> None:
    attempts = Attempts(failures)
    assert QUICK.insist(attempts, repeat=lambda failure: failure.again) == failures + 1
    assert attempts.made == failures + 1


def test_after_five_tries_the_last_failure_is_told() -> None:
    attempts = Attempts(9)
    with pytest.raises(Unanswered, match=r"failure 5 \(5 tries\)") as told:
        QUICK.insist(attempts, repeat=lambda failure: failure.again)
    assert (attempts.made, told.value.again) == (5, False)


def test_what_is_not_to_be_repeated_fails_as_it_is() -> None:
    attempts = Attempts(9)
    with pytest.raises(Unanswered, match=r"failure 1$") as told:
        QUICK.insist(attempts, repeat=lambda _: False)
    assert (attempts.made, told.value.again) == (1, True)


def test_the_first_try_counts_into_the_total() -> None:
    attempts = Attempts(9, seconds=0.1)
    patience = Patience(tries=5, first_wait=0.05, longest_wait=0.05, total=0.12)
    with pytest.raises(Unanswered):
        patience.insist(attempts, repeat=lambda failure: failure.again)
    assert attempts.made == 1
