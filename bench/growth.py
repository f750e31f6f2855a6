"""Whether cost grows in proportion: time and memory of whole commands over sizes far apart.

Time is that of processors, not of the wall, and the least of several runs, because a busy machine
only adds. What a process costs before it has anything to do is measured and taken away. `make test`
holds the same to the same limit (tests/bench).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.measurement import Measurement, Scale
from bench.processes import PROGRAM, Usage, forget, used
from bench.specs import make_spec, write_specs

LIMIT = 1.15  # of what one more costs among most, beside what it costs among few
ROUNDS = 3
Command = Callable[[int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Growth:
    """What one costs in the largest size and, all others together, in smaller ones."""

    largest: float
    smaller: float

    @property
    def times(self) -> float:
        """1 is in proportion."""
        return self.largest / self.smaller


def growth_of(costs: Mapping[int, float]) -> Growth:
    """By costs of sizes, of which the least is what a start costs."""
    start, *smaller, largest = sorted(costs)
    above = sum(costs[size] - costs[start] for size in smaller)
    return Growth(
        largest=(costs[largest] - costs[start]) / (largest - start),
        smaller=above / sum(size - start for size in smaller),
    )


def measure_growth(
    command: Command, sizes: Sequence[int], folder: Path, rounds: int = ROUNDS
) -> tuple[Growth, Growth]:
    """Growth of processor seconds and of memory's peak in bytes, of a command over sizes.

    Measured anew, up to `rounds` times, while it looks out of proportion: what stays so is so.
    """
    runs: dict[int, list[Usage]] = {size: [] for size in sorted({1, *sizes})}
    for _ in range(rounds):
        for size, done in runs.items():
            for _ in range(1 if size == max(runs) else 2):
                forget(folder)
                done.append(used(command(size), cwd=folder))
        time = growth_of({size: min(one.cpu for one in done) for size, done in runs.items()})
        peak = growth_of({size: min(one.peak for one in done) for size, done in runs.items()})
        if max(time.times, peak.times) <= LIMIT:
            break
    return time, peak


def one_spec(folder: Path) -> Command:
    """Validate and compile a spec of so many objects."""

    def command(size: int) -> Sequence[str]:
        spec = folder / f"objects-{size}.yaml"
        if not spec.exists():
            quarter = max(size // 4, 1)
            spec.write_text(make_spec(quarter, quarter, 2 * quarter), encoding="utf-8")
        return (PROGRAM, "compile", str(spec), "--no-cache", "--out", str(folder / f"out-{size}"))

    return command


def many_specs(folder: Path, *arguments: str) -> Command:
    """A command over a folder of so many specs."""

    def command(size: int) -> Sequence[str]:
        specs = folder / f"specs-{size}"
        if not specs.exists():
            write_specs(specs, size)
        return (PROGRAM, *arguments, str(specs))

    return command


def measure(scale: Scale, folder: Path) -> Iterator[Measurement]:
    out = ("--no-cache", "--out", str(folder / "out"))
    for what, thing, sizes, command in (
        ("validate + compile one spec", "object", scale.growing_objects, one_spec(folder)),
        (
            "validate specs",
            "spec",
            scale.growing_specs,
            many_specs(folder, "validate"),
        ),
        (
            "compile specs",
            "spec",
            scale.compiled_specs,
            many_specs(folder, "compile", *out),
        ),
    ):
        time, peak = measure_growth(command, sizes, folder)
        for cost, growth, unit in (("processor", time, "s"), ("memory", peak, "B")):
            yield Measurement(
                size=f"{sizes[-1]:,} {thing}s",
                stage=f"{what}: {cost} for one {thing}",
                value=growth.largest,
                unit=unit,
                beside=f"of {sizes[0]:,} to {sizes[-2]:,}",
                beside_value=growth.smaller,
                target=LIMIT,
            )
