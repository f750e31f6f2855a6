"""A plan as a comment on a pull request: what a person must do in the open, the rest folded.

A comment has a limit. Where it is too small, what is less important is left out and counted, row by
row: nothing is cut within.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from penguin_compile.report.markdown_comment import LONGEST, code
from penguin_compile.report.plan_view import (
    ChangeView,
    PlanView,
    count_sorts,
    importance,
    ways_out,
)
from penguin_compile.report.plan_words import (
    description_note,
    details,
    revision_words,
    shorten,
    sign,
    summary_parts,
)
from penguin_compile.targets.markdown_text import block

_VALUE: Final = 80  # characters of a value
_TEXT: Final = 300  # characters of an address, a notice, a message
_MOST_NOTES: Final = 5
_MOST_FIELDS: Final = 12
_OPEN: Final = 24_000  # characters for conflicts in the open; the others are rows
_RESERVE: Final = 1_500  # for what tells of rows that were left out
_TAIL: Final = "\n</details>\n"
_SORTS: Final = {
    "conflict": "in conflict",
    "delete": "to delete",
    "held": "held back",
    "replace": "to replace",
    "update": "to update",
    "create": "to create",
    "kept": "left alone",
}


def render_plan_markdown(plan: PlanView, *, longest: int = LONGEST, since: str = "") -> str:
    """At most `longest` characters; the summary first, then `since`, Markdown of the caller's."""
    text = "".join(_head(plan)) + since
    decided, conflicts = _conflicts(plan)
    text += conflicts
    tail = "".join(_tail(plan))
    rows = [one for one in sorted(plan.changes, key=importance) if id(one) not in decided]
    shown = _choose(rows, longest - _RESERVE - len(text) - len(tail))
    for kind, changes in plan.kinds():
        folded = [one for one in changes if id(one) not in decided]
        text += "".join(
            _section(kind, folded, [shown[id(one)] for one in folded if id(one) in shown])
        )
    return text + tail


def _head(plan: PlanView) -> Iterator[str]:
    name = "Plan" if plan.revision is None else f"Revision {plan.revision.number}"
    yield f"### {name}: {'; '.join(summary_parts(plan.summary))}\n\n"
    yield f"{_code(' · '.join(plan.title))}{' (protected)' if plan.protected else ''}\n"
    if plan.revision is not None:
        yield "\n"
        yield from (f"- {name}: {_code(text)}\n" for name, text in revision_words(plan.revision))
    if plan.decisions:
        yield f"\nDecided: {_code(' '.join(plan.decisions))}\n"
    note = description_note(plan.summary)
    if note:
        yield f"\n{note}\n"
    for refusal in plan.refusals[:_MOST_NOTES]:
        yield f"\n> [!CAUTION]\n> **apply would refuse this:** {_code(refusal)}\n"


def _conflicts(plan: PlanView) -> tuple[set[int], str]:
    """Those that have room in the open, each with its ways out, and their text."""
    conflicts = plan.conflicts
    if not conflicts:
        return set(), ""
    count = len(conflicts)
    text = f"\n#### {count} {'conflict' if count == 1 else 'conflicts'}: a person decides\n"
    told: set[int] = set()
    for change in conflicts:
        part = "".join(_conflict(plan, change))
        if len(text) + len(part) > _OPEN:
            break
        text += part
        told.add(id(change))
    if len(told) < count:
        text += (
            f"\n**… and {count - len(told)} more**, in the tables below as far as there is room; "
            "a glob decides many at once.\n"
        )
    return told, text


def _conflict(plan: PlanView, change: ChangeView) -> Iterator[str]:
    said = " ".join(_code(one, 4 * _TEXT) for one in details(change, _VALUE))
    origin = f" {_code(change.origin)}" if change.origin else ""
    yield f"\n**{_code(change.address)}** {said}{origin}\n"
    if plan.revision is not None:
        return
    lines = [line for way in ways_out(plan, change) for line in (f"# {way.does}", way.command)]
    yield "\n" + "\n".join(block("\n".join(lines), "sh")) + "\n"


def _row(change: ChangeView) -> Iterator[str]:
    """One line of a kind's table."""
    told = list(details(change, _VALUE))
    more = len(told) - _MOST_FIELDS
    cells = [_code(one) for one in told[:_MOST_FIELDS]]
    if more > 0:
        cells.append(f"and {more} more fields")
    if change.step is not None:
        cells.append(_code(": ".join(filter(None, (change.step.status, change.step.message)))))
    origin = _code(change.origin) if change.origin else ""
    yield f"| {code(sign(change))} | {_code(change.address)} | {'<br>'.join(cells)} | {origin} |\n"


def _choose(changes: Sequence[ChangeView], room: int) -> dict[int, str]:
    """The rows of as many changes as there is room for, in their order."""
    shown: dict[int, str] = {}
    for change in changes:
        row = "".join(_row(change))
        room -= len(row)
        if room < 0:
            break
        shown[id(change)] = row
    return shown


def _section(kind: str, changes: Sequence[ChangeView], rows: Sequence[str]) -> Iterator[str]:
    """A kind, folded; with a count of what has no room."""
    if not changes:
        return
    yield f"\n<details><summary>{kind}: {_counts(changes)}</summary>\n\n"
    if rows:
        yield "| | address | what | where |\n| --- | --- | --- | --- |\n"
        yield from rows
    left = changes[len(rows) :]
    if left:
        yield f"\n**… and {len(left)} more**, left out for length: {_counts(left)}.\n"
    yield _TAIL


def _counts(changes: Sequence[ChangeView]) -> str:
    return ", ".join(f"{count} {_SORTS[sort]}" for sort, count in count_sorts(changes).items())


def _tail(plan: PlanView) -> Iterator[str]:
    """What changes nothing: notices, and how many findings there are."""
    if plan.notices:
        yield "\n"
    for notice in plan.notices[:_MOST_NOTES]:
        yield f"- note: {_code(notice)}\n"
    if plan.notices[_MOST_NOTES:]:
        yield f"- and {len(plan.notices) - _MOST_NOTES} more notes\n"
    severities = Counter(one["severity"] for one in plan.findings)
    if severities:
        told = ", ".join(f"{count} {one}{'s' * (count > 1)}" for one, count in severities.items())
        yield f"\n{told} of the spec: {code('penguin-compile validate')}\n"


def _code(text: str, longest: int = _TEXT) -> str:
    return code(shorten(text, longest))
