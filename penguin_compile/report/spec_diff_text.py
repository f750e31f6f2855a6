"""What a change of the spec changes, for people in a terminal; looks like a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from textwrap import wrap
from typing import Final

from penguin_compile.model.spec_change import Kind, SpecChange, SpecDifference
from penguin_compile.report.printable import printable
from penguin_compile.report.spec_diff_view import (
    SIGNS,
    Sides,
    details,
    group,
    heading,
    sentence,
)

Style = Callable[[str, str], str]

_WIDTH: Final = 100  # columns where nobody says how many there are
_COLOURS: Final = {Kind.ADDED: "green", Kind.CHANGED: "yellow", Kind.REMOVED: "red"}


def _plain(text: str, _colour: str) -> str:
    return text


def render_spec_diff(
    differences: Sequence[SpecDifference],
    sides: Sides,
    style: Style = _plain,
    *,
    width: int = _WIDTH,
) -> str:
    """Every app that differs, its changes by environment, and a sentence that sums up."""
    lines: list[str] = []
    for difference in differences:
        if difference.differs:
            lines.extend(_difference_lines(difference, sides, style, width))
    lines.append(sentence(differences))
    return "\n".join(lines) + "\n"


def _difference_lines(
    difference: SpecDifference, sides: Sides, style: Style, width: int
) -> Iterator[str]:
    title = printable(f"{heading(difference)} · {sides.title}")
    yield from (style(one, "bright_white") for one in wrap(title, width, subsequent_indent="  "))
    yield ""
    longest = max((len(one.address) for one in difference.changes), default=0)
    column = min(longest + 2, 44, width // 2)
    for one in group(difference):
        yield from wrap(printable(one.title), width, subsequent_indent="  ")
        for change in one.changes:
            yield from _change_lines(change, column, style, width)
        yield ""
    for note in difference.notes:
        lines = wrap(printable(f"note: {note}"), width, subsequent_indent="  ")
        yield from (style(line, "cyan") for line in lines)
    if difference.notes:
        yield ""


def _change_lines(change: SpecChange, column: int, style: Style, width: int) -> Iterator[str]:
    sign, colour = SIGNS[change.kind], _COLOURS[change.kind]
    room = width - 5 - column
    texts = [line for text in details(change) for line in wrap(printable(text), room) or [""]]
    address = printable(change.address)
    if texts and len(address) > column:  # a long name has the line to itself
        texts.insert(0, "")
    first = texts[0] if texts else ""
    plain = f"  {sign} {address:<{column}} {first}".rstrip()
    line = f"  {style(sign, colour)} {address:<{column}} {first}".rstrip()
    if change.origin:
        room = width - len(plain) - len(change.origin)
        if room >= 2:
            line += " " * max(2, min(room, width - 22 - len(plain))) + style(
                change.origin, "bright_black"
            )
    yield line
    for text in texts[1:]:
        yield f"    {'':<{column}} {text}".rstrip()
