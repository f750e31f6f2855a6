"""Time and memory grow in proportion to what there is, and a check of that which can fail."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bench.growth import (
    LIMIT,
    ROUNDS,
    Command,
    growth_of,
    many_specs,
    measure_growth,
    one_spec,
)

OBJECTS = (1_000, 3_000, 10_000, 100_000)
SPECS = (100, 500, 5_000)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make_command", "sizes"),
    [
        pytest.param(one_spec, OBJECTS, id="compile a spec of so many objects"),
        pytest.param(lambda at: many_specs(at, "validate"), SPECS, id="validate so many specs"),
    ],
)
def test_cost_grows_in_proportion(
    make_command: Callable[[Path], Command], sizes: Sequence[int], tmp_path: Path
) -> None:
    time, peak = measure_growth(make_command(tmp_path), sizes, tmp_path)
    assert time.times <= LIMIT, f"seconds for each: {time}, in {ROUNDS} rounds"
    assert peak.times <= LIMIT, f"bytes for each: {peak}"


def script(work: str) -> Command:
    """A process that does some work for a size `n`."""
    return lambda size: (sys.executable, "-I", "-S", "-c", f"n = {size}\n{work}")


SIZES = (250, 500, 4_000)


@pytest.mark.slow
def test_it_sees_quadratic_time(tmp_path: Path) -> None:
    command = script("for one in range(n * n): pass")
    time, peak = measure_growth(command, SIZES, tmp_path, rounds=1)
    assert time.times > 2 * LIMIT
    assert peak.times < time.times


@pytest.mark.slow
def test_it_sees_quadratic_memory(tmp_path: Path) -> None:
    command = script("kept = b'x' * (8 * n * n)")
    _, peak = measure_growth(command, SIZES, tmp_path, rounds=1)
    assert peak.times > 2 * LIMIT


@pytest.mark.slow
def test_it_passes_what_is_in_proportion(tmp_path: Path) -> None:
    command = script("kept = b'x' * (60_000 * n)\nfor one in range(5_000 * n): pass")
    time, peak = measure_growth(command, SIZES, tmp_path)
    assert time.times <= LIMIT
    assert peak.times <= LIMIT


def costs(cost: Callable[[int], float]) -> dict[int, float]:
    return {size: cost(size) for size in (1, *OBJECTS)}


@pytest.mark.parametrize("start", [0.0, 0.3, 30.0])
def test_the_cost_of_a_start_is_no_growth(start: float) -> None:
    assert growth_of(costs(lambda size: start + 1e-4 * size)).times == pytest.approx(1)


@pytest.mark.parametrize("exponent", [1.1, 1.5, 2])
def test_a_power_above_one_is_over_the_limit(exponent: float) -> None:
    assert growth_of(costs(lambda size: 0.3 + size**exponent)).times > LIMIT
