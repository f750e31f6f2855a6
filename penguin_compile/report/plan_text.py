"""A plan for people in a terminal: one line per change, and a sentence that sums up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from textwrap import fill, wrap
from typing import Final

from penguin_compile.model.plan import Action
from penguin_compile.report.plan_view import ChangeView, PlanView, ways_out
from penguin_compile.report.plan_words import (
    description_note,
    details,
    revision_words,
    sign,
    summary_parts,
)
from penguin_compile.report.printable import printable

Style = Callable[[str, str], str]

WIDTH: Final = 100  # columns where nobody says how many there are
_WIDEST_ADDRESS: Final = 44
_MOST_CONFLICTS: Final = 20
_COLOURS: Final = {"+": "green", "~": "yellow", "-": "red", "±": "red", "!": "magenta", "=": "cyan"}
_DONE: Final = "done"
_STEPS: Final = {_DONE: "green", "failed": "red", "skipped": "yellow", "unknown": "yellow"}


def _plain(text: str, _colour: str) -> str:
    return text


def render_plan(plan: PlanView, style: Style = _plain, *, width: int = WIDTH) -> str:
    """The plan as cli.md shows it; `width` columns, which only a word may exceed."""
    lines = list(_head(plan, style, width))
    column = min(
        max((len(printable(one.address)) for one in plan.changes), default=0) + 2,
        _WIDEST_ADDRESS,
        width // 2,
    )
    for change in plan.changes:
        lines.extend(_change_lines(change, column, style, width))
    if plan.changes:
        lines.append("")
    for address, step in plan.left_over.items():
        lines.append(f"  {printable(address)}: {_step(step.status, step.message, style)}")
    for notice in plan.notices:
        text = f"note: {printable(notice)}"
        lines.extend(style(line, "cyan") for line in wrap(text, width, subsequent_indent="  "))
    lines.append(_sentence(plan, width))
    if plan.revision is None:
        lines.extend(_ways_out(plan))
    return "\n".join(lines) + "\n"


def _head(plan: PlanView, style: Style, width: int) -> Iterator[str]:
    title = printable(" · ".join(plan.title))
    for line in wrap(title, width, subsequent_indent="  ", break_on_hyphens=False):
        yield style(line, "bright_white")
    if plan.revision is not None:
        yield ""
        for name, text in revision_words(plan.revision):
            yield f"  {name:<10}{text}"
    if plan.decisions:
        decided = printable(f"decided: {' '.join(plan.decisions)}")
        yield from wrap(decided, width, subsequent_indent="  ", break_on_hyphens=False)
    yield ""


def _change_lines(change: ChangeView, column: int, style: Style, width: int) -> Iterator[str]:
    mark = sign(change)
    room = width - 5 - column
    told = list(details(change))
    done = change.step is not None and change.step.status == _DONE
    if done:
        told[-1:] = [f"{told[-1] if told else ''} · {_DONE}"]
    texts = [line for text in told for line in wrap(text, room, break_on_hyphens=False) or [""]]
    first = texts[0] if texts else ""
    address = f"{printable(change.address):<{column}}"
    if len(address) > column and first:  # too long for its column: what happens goes below it
        texts.insert(0, "")
        first = ""
    plain = f"  {mark} {address} {first}".rstrip()
    line = f"  {style(mark, _COLOURS[mark])} {address} {first}".rstrip()
    origin = printable(change.origin or "")
    if origin and change.action is not Action.NONE:
        left = width - len(plain) - len(origin)
        if left >= 2:
            column_of_origin = max(2, min(left, width - 22 - len(plain)))
            line += " " * column_of_origin + style(origin, "bright_black")
    yield line
    for text in texts[1:]:
        yield f"    {'':<{column}} {text}".rstrip()
    if change.step is not None and not done:
        step = _step(change.step.status, change.step.message, style)
        yield f"    {'':<{column}} {step}"


def _step(status: str, message: str | None, style: Style) -> str:
    said = f": {printable(message)}" if message else ""
    return style(printable(status), _STEPS.get(status, "white")) + said


def _sentence(plan: PlanView, width: int) -> str:
    """`Plan: 1 to create, …; 1 live edit kept; 212 unchanged.`, and what the app doesn't see."""
    name = "Plan" if plan.revision is None else "It was planned"
    lines = [
        fill(f"{name}: {'; '.join(summary_parts(plan.summary))}.", width, subsequent_indent="  ")
    ]
    note = description_note(plan.summary)
    if note:
        lines.append(fill(f"      {note}", width, subsequent_indent="  "))
    return "\n".join(lines)


def _ways_out(plan: PlanView) -> Iterator[str]:
    """How each conflict can be decided, ready to paste."""
    conflicts = plan.conflicts
    for change in conflicts[:_MOST_CONFLICTS]:
        yield ""
        yield f"{printable(change.address)}: decide with one of"
        for way in ways_out(plan, change):
            yield f"  {way.flag or way.command}"
    if conflicts[_MOST_CONFLICTS:]:
        yield ""
        yield f"and {len(conflicts) - _MOST_CONFLICTS} more conflicts; globs decide many at once"
