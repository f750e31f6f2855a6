"""Record docs/demo.sh at a terminal: docs/demo.cast (asciicast 2) and docs/demo.svg, which moves.

What the commands print is real, and so is the time that they take; only the pauses behind them,
for reading, are ours. `make picture` renews both.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

import pyte

HERE = Path(__file__).resolve().parent
COLUMNS, ROWS = 100, 30
PAUSE = "6"  # seconds behind each of nine commands: about a minute in all
_LAST = 6.0  # seconds for which the end stands still
_TOGETHER = 0.15  # seconds: what comes faster is one picture
_WIDTH, _HEIGHT, _SIZE = 8.4, 18, 14  # of a character, in units of the picture
_EDGE = 14
_COLOURS = {
    "default": "#d9dee3",
    "black": "#5c6670",
    "red": "#ff8a80",
    "green": "#7ee08f",
    "brown": "#f2c55c",  # how terminals' standard calls yellow
    "blue": "#82b1ff",
    "magenta": "#f48fd8",
    "cyan": "#6fd6e0",
    "white": "#d9dee3",
    "brightblack": "#9aa5b1",
    "brightwhite": "#ffffff",
}
Event = tuple[float, str]


def record(command: Sequence[str]) -> list[Event]:
    """Run a command at a terminal; what it printed, each with its second."""
    process, terminal = pty.fork()
    if process == 0:
        os.environ.update(DEMO_PAUSE=PAUSE, TERM="xterm-256color", COLUMNS=str(COLUMNS))
        os.environ.pop("NO_COLOR", None)
        os.execvp(command[0], command)  # noqa: S606 - the child is the demo from here on
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    events, begun, rest = [], time.monotonic(), b""
    while True:
        try:
            rest += os.read(terminal, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        try:
            events.append((round(time.monotonic() - begun, 3), rest.decode()))
            rest = b""
        except UnicodeDecodeError:  # in the middle of a character
            continue
    _, status = os.waitpid(process, 0)
    if status:
        sys.exit("the demo failed; nothing was written")
    return events


def cast(events: Sequence[Event]) -> str:
    """The recording in version 2 of asciinema's format: a header, then an event on each line."""
    header = {"version": 2, "width": COLUMNS, "height": ROWS, "title": "penguin-compile: the demo"}
    lines = [header, *([at, "o", text] for at, text in events)]
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in lines)


def pictures(events: Sequence[Event]) -> list[tuple[float, list[str]]]:
    """Each state of the screen that stood for a while, as lines of SVG, with its second."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.Stream(screen)
    shown: list[tuple[float, list[str]]] = []
    for (at, text), after in zip(events, [*(one for one, _ in events[1:]), None], strict=True):
        stream.feed(text)
        if after is None or after - at > _TOGETHER:
            shown.append((at, list(_lines(screen))))
    return shown


def _lines(screen: pyte.Screen) -> Iterator[str]:
    for row in range(ROWS):
        cells = [screen.buffer[row][column] for column in range(COLUMNS)]
        column = 0
        for style, run in groupby(cells, key=lambda cell: (cell.fg, cell.bold)):
            text = "".join(cell.data for cell in run)
            if text.strip():
                yield _text(text, column, row, style)
            column += len(text)


def _text(text: str, column: int, row: int, style: Any) -> str:
    colour, bold = style
    column += len(text) - len(text.lstrip())
    text = text.strip()
    fill = "" if colour == "default" else f' fill="{_COLOURS.get(colour, f"#{colour}")}"'
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{_EDGE + column * _WIDTH:.1f}" y="{row * _HEIGHT + _SIZE}"'
        f' textLength="{len(text) * _WIDTH:.1f}"{fill}{weight}>{escape(text)}</text>'
    )


def animation(shown: Sequence[tuple[float, list[str]]]) -> str:
    """A film of them, moved past a window; its last one where the reader wants no motion."""
    total = shown[-1][0] + _LAST
    width, height = round(COLUMNS * _WIDTH + 2 * _EDGE), ROWS * _HEIGHT
    steps = "".join(
        f"{100 * at / total:.3f}%{{transform:translateY(-{index * height}px)}}"
        for index, at in enumerate([0.0, *(at for at, _ in shown[1:])])
    )
    end = (len(shown) - 1) * height
    frames = "\n".join(
        f'<g transform="translate(0 {index * height})">\n' + "\n".join(lines) + "\n</g>"
        for index, (_, lines) in enumerate(shown)
    )
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height + 2 * _EDGE}" role="img">
<title>penguin-compile: validate, compile, plan and apply, an admin's edit that is kept</title>
<style>
text {{ font: {_SIZE}px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
  white-space: pre; }}
.film {{ animation: film {total:.1f}s step-end infinite; }}
@keyframes film {{ {steps} }}
@media (prefers-reduced-motion: reduce) {{
  .film {{ animation: none; transform: translateY(-{end}px); }}
}}
</style>
<rect width="100%" height="100%" rx="8" fill="#22272e"/>
<svg y="{_EDGE}" width="{width}" height="{height}" viewBox="0 0 {width} {height}">
<g class="film" fill="{_COLOURS["default"]}">
{frames}
</g>
</svg>
</svg>
"""


if __name__ == "__main__":
    recorded = record([str(HERE / "demo.sh")])
    (HERE / "demo.cast").write_text(cast(recorded), encoding="utf-8")
    (HERE / "demo.svg").write_text(animation(pictures(recorded)), encoding="utf-8")
