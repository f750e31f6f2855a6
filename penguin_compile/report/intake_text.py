"""The account of an intake for a terminal: what went where, what changed, what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from penguin_compile.report.diagnostics_text import WIDTH, Style, render_diagnostics
from penguin_compile.report.intake_view import ChangedKey, IntakeView

_WIDEST_NAME = 34
_UNSEEN = "the same with this env file, not with every one"


def render_intake(
    view: IntakeView,
    style: Style,
    limit: int = 100,
    *,
    placements: bool = True,
    width: int = WIDTH,
) -> str:
    """Sections that hold nothing are left out; of the findings the first `limit` are shown.

    Without `placements`, where variables went is only counted.
    """
    blocks = [
        *_block("Where each variable went", _placed(view, width) if placements else (), style),
        *_block("Left out", (f"  {one}" for one in view.left_out), style),
        *_block("To be set by the deployment from now on", _brought(view, width), style),
        *_block("What compile writes otherwise", _differences(view.differences, width), style),
    ]
    if view.findings:
        shown = render_diagnostics(view.findings[:limit], style, width=width).rstrip("\n")
        blocks.append(f"{style('Findings', 'bright_white')}\n\n{shown}")
        more = len(view.findings) - limit
        if more > 0:
            blocks.append(f"… and {more} more; --max-findings N shows them")
    if not placements and view.placed:
        counts = ", ".join(f"{count} in {name}" for name, count in view.sections.items())
        text = f"A spec would have the variables as: {counts}; --format markdown says why."
        blocks.append("\n".join(wrap(text, width)))
    return "\n\n".join(blocks) + "\n" if blocks else ""


def _block(title: str, lines: Iterable[str], style: Style) -> Iterator[str]:
    every = list(lines)
    if every:
        yield "\n".join([style(title, "bright_white"), "", *every])


def _placed(view: IntakeView, width: int) -> Iterator[str]:
    rows = [
        (one.name, one.section, f"{one.evidence}: {one.reason} ({one.place or 'nowhere'})")
        for one in view.placed
    ]
    yield from _table(rows, width)


def _brought(view: IntakeView, width: int) -> Iterator[str]:
    for one in view.brought:
        yield from _row(one.name, f"{one.reason}{f' ({one.place})' if one.place else ''}", 0, width)


def _differences(differences: Sequence[ChangedKey], width: int) -> Iterator[str]:
    for one in differences:
        before, after = (
            text if text is not None else "(absent)" for text in (one.before, one.after)
        )
        why = one.reason or "nobody meant this: please report it"
        same = one.before is None and one.after is None
        yield from wrap(
            f"{one.path}: {_UNSEEN if same else f'{before} → {after}'}",
            width,
            initial_indent="  ",
            subsequent_indent="      ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        yield from wrap(why, width, initial_indent="      ", subsequent_indent="      ")


def _table(rows: Sequence[tuple[str, str, str]], width: int) -> Iterator[str]:
    column = max((len(section) for _, section, _ in rows), default=0)
    for name, section, text in rows:
        yield from _row(name, f"{section.ljust(column)}  {text}", column + 2, width)


def _row(name: str, text: str, hanging: int, width: int) -> Iterator[str]:
    lead = f"  {name.ljust(_WIDEST_NAME - 2)}  "
    yield from wrap(
        text,
        width,
        initial_indent=lead,
        subsequent_indent=" " * (_WIDEST_NAME + 2 + hanging),
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
