"""What one row of the table says, and how large the work is that the rows tell of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much of everything; `runs` is how often a thing is measured that takes seconds."""

    services: int = 10_000
    routes: int = 10_000
    settings: int = 20_000
    keys: int = 100_000
    created: int = 1_000
    page_keys: int = 10_000
    mistakes: int = 10_000
    peer_items: int = 10_000
    large_services: int = 100_000
    growing_objects: tuple[int, ...] = (1_000, 3_000, 10_000, 100_000)
    growing_specs: tuple[int, ...] = (100, 500, 5_000)
    compiled_specs: tuple[int, ...] = (50, 200, 1_000)
    fleet_specs: int = 1_000
    cluster_specs: int = 5_000
    runs: int = 3
    short_runs: int = 7


QUICK = Scale(
    services=500,
    routes=500,
    settings=1_000,
    keys=2_000,
    created=100,
    page_keys=500,
    mistakes=500,
    peer_items=500,
    large_services=5_000,
    growing_objects=(1_000, 4_000, 10_000),
    growing_specs=(20, 50, 100),
    compiled_specs=(10, 20, 50),
    fleet_specs=50,
    cluster_specs=50,
    runs=2,
    short_runs=3,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What was measured of one stage, beside a floor of the same run or a peer.

    `target` is the most times `beside_value` that `value` may be, or, where nothing stands beside
    it, the most that it may be. `why` says why there is no value. `differs` says in which ways a
    peer's work is another than ours.
    """

    size: str
    stage: str
    value: float | None
    unit: str = "s"
    beside: str = ""
    beside_value: float | None = None
    target: float | None = None
    peer: bool = False
    differs: str = ""
    why: str = ""

    @property
    def times(self) -> float | None:
        """How many times what stands beside it."""
        if self.value is None or self.beside_value is None:
            return None
        return self.value / self.beside_value

    @property
    def holds(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        told = self.value if self.beside_value is None else self.times
        return None if self.target is None or told is None else told <= self.target


class NotHere(Exception):
    """Something to measure with can't be had on this machine; the text says why."""
