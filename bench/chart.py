"""Ours and peers as bars on a logarithmic scale: an SVG that is readable on light and on dark."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, groupby
from pathlib import Path
from statistics import median
from xml.sax.saxutils import escape

from bench.measurement import Measurement
from bench.results import PartResult
from bench.table import show_amount

WIDTH, LEFT, RIGHT = 820, 236, 96  # names of bars at the left, their values at the right
BAR, GAP, HEAD, TOP = 15, 5, 30, 66
TITLE = "penguin-compile and other tools, seconds on a logarithmic scale"
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f; }
.title { font-size: 14px; font-weight: 600; }
.note, .tick { fill: #57606a; font-size: 11px; }
.head { font-weight: 600; }
.ours { fill: #0969da; }
.peer { fill: #afb8c1; }
.grid { stroke: #d0d7de; stroke-width: 1; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .note, .tick { fill: #9198a1; }
  .ours { fill: #4493f8; }
  .peer { fill: #656c76; }
  .grid { stroke: #3d444d; }
}
"""
Bar = tuple[str, float, str]  # name, seconds, class


def write_chart(path: Path, facts: Mapping[str, object], results: Sequence[PartResult]) -> None:
    """Draw what was measured beside peers. Without any, nothing is written."""
    rows = [
        row for one in results for row in one.measurements if row.peer and row.value is not None
    ]
    if rows:
        path.write_text(draw(facts, list(_groups(rows))), encoding="utf-8")


def _groups(rows: Sequence[Measurement]) -> Iterator[tuple[str, list[Bar]]]:
    """The same work of all who do it; ours is the median of its runs beside each."""

    def work(row: Measurement) -> tuple[str, str]:
        return row.stage, row.size

    order = {key: number for number, key in enumerate(dict.fromkeys(map(work, rows)))}
    for (stage, size), group in groupby(sorted(rows, key=lambda row: order[work(row)]), work):
        members = list(group)
        ours = median(row.value for row in members if row.value is not None)
        bars: list[Bar] = [
            (row.beside, row.beside_value, "peer")
            for row in members
            if row.beside_value is not None
        ]
        bars.sort(key=lambda bar: bar[1])
        yield f"{stage}, {size}", [("penguin-compile", ours, "ours"), *bars]


def draw(facts: Mapping[str, object], groups: Sequence[tuple[str, list[Bar]]]) -> str:
    """The text of the picture."""
    axis = _Axis([bar[1] for _, bars in groups for bar in bars])
    y, body = TOP, [_text(x, TOP - 12, told, "tick", "middle") for x, told in axis.ticks()]
    for title, bars in groups:
        body.append(_text(8, y + 16, title, "head"))
        y += HEAD - GAP
        body += _draw_bars(axis, bars, y)
        y += len(bars) * (BAR + GAP) + GAP
    machine = f"{facts['cores']} cores, load {facts['load_before']} at the start"
    note = f"{machine}, {facts['python']}, {facts['date']}; whole processes"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 8}" role="img"'
        f' aria-label="{TITLE}">'
    )
    style = f"<style>{STYLE}</style>"
    told = [_text(8, 20, TITLE, "title"), _text(8, 36, note, "note")]
    return "\n".join([head, style, *told, *body, "</svg>\n"])


class _Axis:
    """Where seconds are from left to right, from a whole power of ten on."""

    def __init__(self, seconds: Sequence[float]) -> None:
        self.low = math.floor(math.log10(min(seconds)))
        self.high = math.log10(max(seconds))

    def place(self, seconds: float) -> float:
        share = (math.log10(seconds) - self.low) / (self.high - self.low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def ticks(self) -> Iterator[tuple[float, str]]:
        for power in range(self.low, math.floor(self.high) + 1):
            yield self.place(10.0**power), show_amount(10.0**power, "s")


def _draw_bars(axis: _Axis, bars: Sequence[Bar], top: int) -> Iterator[str]:
    bottom = top + len(bars) * (BAR + GAP) - 3
    for x, _ in axis.ticks():
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top - 2}" y2="{bottom}"/>'
    for y, (name, value, kind) in zip(count(top, BAR + GAP), bars, strict=False):
        end = axis.place(value)
        size = f'width="{end - LEFT:.1f}" height="{BAR}" rx="2"'
        yield _text(LEFT - 8, y + 12, name, "name", "end")
        yield f'<rect class="{kind}" x="{LEFT}" y="{y}" {size}/>'
        yield _text(end + 6, y + 12, show_amount(value, "s"), "value")


def _text(x: float, y: float, told: str, kind: str, anchor: str = "start") -> str:
    place = f'x="{x:.1f}" y="{y}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{escape(told)}</text>'
