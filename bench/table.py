"""The one table: stage, what it costs, what stands beside it, and whether the target holds."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.measurement import Measurement
from bench.results import PartResult


def print_table(console: Console, results: Sequence[PartResult]) -> None:
    table = Table(title="penguin-compile, measured", title_justify="left", pad_edge=False)
    for name, side in (
        ("size", "left"),
        ("stage", "left"),
        ("measured", "right"),
        ("beside", "left"),
        ("measured", "right"),
        ("times", "right"),
        ("at most", "right"),
        ("holds", "left"),
    ):
        table.add_column(name, justify=side, overflow="fold")  # type: ignore[arg-type]
    for one in results:
        table.add_section()
        table.add_row("", f"[bold]{escape(one.part.title)}[/] [dim]{one.seconds:.0f} s[/]")
        for row in one.measurements:
            table.add_row(*_cells(row))
        if one.failure:
            table.add_row("", f"[bold red]failed[/]: {escape(one.failure)}")
    console.print(table)
    for note, names in _notes(results).items():
        console.print(f"[bold]{escape('; '.join(names))}[/]: {escape(note)}")


def _notes(results: Sequence[PartResult]) -> dict[str, list[str]]:
    """What differs, told once of all that it is true of."""
    notes: dict[str, list[str]] = {}
    for row in (row for one in results for row in one.measurements):
        for note in row.differs.splitlines():
            notes.setdefault(note, []).append(f"{row.beside}, {row.stage}")
    return notes


def show_amount(value: float | None, unit: str) -> str:
    """For people: `0.123 s`, `12 MB`, `1,234 /s`."""
    if value is None:
        return ""
    if unit == "s" and value < 1:
        return f"{value * 1e3:.3g} ms" if value >= 1e-4 else _tiny(value)
    number = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{number} {unit}".rstrip()


def _tiny(seconds: float) -> str:
    return f"{seconds * 1e6:.3g} µs" if seconds >= 1e-6 else f"{seconds * 1e9:.3g} ns"


def _cells(row: Measurement) -> tuple[str, ...]:
    if row.value is None:
        return (
            row.size,
            escape(row.stage),
            "",
            f"[yellow]not to be had here: {escape(row.why)}[/]",
        )
    holds = {None: "", True: "[green]yes[/]", False: "[bold red]no[/]"}[row.holds]
    absolute = row.beside_value is None
    target = "" if row.target is None else f"{row.target:.3g}"
    return (
        row.size,
        escape(row.stage),
        show_amount(row.value, row.unit),
        escape(row.beside),
        show_amount(row.beside_value, row.unit),
        "" if row.times is None else f"{row.times:.3g}",
        show_amount(row.target, row.unit) if absolute else target,
        holds,
    )
