"""Seconds of work, taken in turns, so that whatever else the machine does meets all of it."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from statistics import median

Work = Callable[[], object]


def timed(work: Work) -> float:
    """Seconds on the wall, without the cyclic garbage collector, as in every command."""
    gc.collect()
    gc.disable()
    try:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start
    finally:
        gc.enable()


def in_turns(
    runs: int, works: Mapping[str, Work], seconds_of: Callable[[Work], float] = timed
) -> dict[str, float]:
    """Median seconds of each work by its name."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(runs):
        for name, work in works.items():
            seconds[name].append(seconds_of(work))
    return {name: median(times) for name, times in seconds.items()}
