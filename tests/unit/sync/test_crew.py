"""Hands that make requests: never more than there are, and none once the run is over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from penguin_compile.core.errors import GatewayDenied, GatewayFailure
from penguin_compile.model.address import Address
from penguin_compile.model.plan import Action, Change, ChangeClass
from penguin_compile.sync.crew import Crew, Withdrawn

CHANGES = [
    Change(address=Address("service", f"s{number}"), klass=ChangeClass.CREATE, action=Action.CREATE)
    for number in range(60)
]


class Gateway:
    """Counts who is there at once, and does to each change what it is told."""

    def __init__(self, do: Callable[[Change], None] = lambda _: None) -> None:
        self.do = do
        self.begun: list[Change] = []
        self.now = self.most = 0
        self.lock = threading.Lock()

    def write(self, change: Change) -> None:
        with self.lock:
            self.begun.append(change)
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            time.sleep(0.001)
            self.do(change)
        finally:
            with self.lock:
                self.now -= 1


def do_all(gateway: Gateway, size: int) -> dict[str, str]:
    """What became of each, and the most that was ever handed over is what was free."""
    waiting, ends = list(CHANGES), {}
    with Crew(gateway, size) as crew:
        while waiting or crew.busy:
            for _ in range(crew.free):
                if waiting:
                    crew.begin(waiting.pop(0))
            change, error = crew.finish()
            ends[change.address.name] = type(error).__name__
            if isinstance(error, GatewayFailure) and error.fatal:
                waiting.clear()
    return ends


@pytest.mark.parametrize("size", [1, 4])
def test_never_more_at_once_than_hands(size):
    gateway = Gateway()
    ends = do_all(gateway, size)
    assert (len(ends), set(ends.values())) == (60, {"NoneType"})
    assert 1 <= gateway.most <= size


def test_one_hand_takes_one_after_the_other():
    crew = Crew(Gateway(), 1)
    with crew:
        for change in CHANGES[:5]:
            assert crew.free == 1
            crew.begin(change)
            assert crew.free == 0
            assert crew.finish() == (change, None)


def test_after_a_fatal_failure_nothing_is_begun():
    def deny(change):
        if len(gateway.begun) > 10:
            raise GatewayDenied("401")

    gateway = Gateway(deny)
    ends = do_all(gateway, 4)
    assert "GatewayDenied" in ends.values()
    begun = {change.address.name for change in gateway.begun}
    assert {name for name, end in ends.items() if end == Withdrawn.__name__}.isdisjoint(begun)
    assert len(gateway.begun) <= 14


def test_a_failure_stops_nobody_else():
    def fail(change):
        if change is CHANGES[3]:
            raise GatewayFailure("400")

    ends = do_all(Gateway(fail), 4)
    assert len(ends) == 60
    assert [name for name, end in ends.items() if end != "NoneType"] == ["s3"]


def test_what_is_no_failure_of_the_gateway_is_raised():
    def break_down(_):
        raise ValueError("a mistake of ours")

    with pytest.raises(ValueError, match="mistake"):
        do_all(Gateway(break_down), 2)


def test_one_hand_is_supplied_by_one_change_and_quick_hands_by_more():
    with Crew(Gateway(), 1) as crew:
        crew.begin(CHANGES[0])
        assert not crew.supplied
        crew.finish()
    with Crew(Gateway(), 4) as crew:
        crew.begin(CHANGES[0])
        crew.finish()
        room = crew.free
        assert room > 4
        for change in (CHANGES * 4)[:room]:
            crew.begin(change)
        assert crew.supplied
        while crew.supplied:
            crew.finish()
        assert crew.busy >= 4
