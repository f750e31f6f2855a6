"""The revisions of an environment, for people in a terminal and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from textwrap import wrap

from penguin_compile.report.printable import printable
from penguin_compile.sync.remembered import Revision

Counts = Mapping[int, Mapping[str, int]]
_WIDTH = 100  # columns where nobody says how many there are
_LABEL = 9
_HEADINGS = ("REVISION", "STARTED", "STATUS", "ACTOR", "COMMIT", "SPEC", "CHANGES", "NOTE")


def render_history(
    revisions: Sequence[Revision], counts: Counts, *, width: int = _WIDTH
) -> Iterator[str]:
    """A table, newest first, without notes where there are none; a block each if it is too wide."""
    rows = [_HEADINGS, *(_row(one, counts.get(one.id, {})) for one in revisions)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    noted = any(one.note for one in revisions)
    lines = []
    for row in rows:
        cells = [f"{cell:<{column}}" for cell, column in zip(row, widths, strict=True)]
        lines.append("  ".join(cells if noted else cells[:-1]).rstrip())
    if max(map(len, lines)) <= width:
        yield from lines
    else:
        yield from _blocks(rows[1:], width)


def _blocks(rows: Sequence[tuple[str, ...]], width: int) -> Iterator[str]:
    for position, row in enumerate(rows):
        if position:
            yield ""
        (heading, number), *rest = zip(_HEADINGS, row, strict=True)
        yield f"{heading} {number}"
        for name, text in rest:
            if text:
                lead = f"  {name.lower():<{_LABEL}}"
                yield from wrap(
                    text,
                    width,
                    initial_indent=lead,
                    subsequent_indent=" " * len(lead),
                    break_on_hyphens=False,
                )


def history_json(app: str, environment: str, revisions: Sequence[Revision], counts: Counts) -> str:
    """The same as data."""
    data = {
        "app": app,
        "environment": environment,
        "revisions": [{**asdict(one), "changes": counts.get(one.id, {})} for one in revisions],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _row(revision: Revision, counts: Mapping[str, int]) -> tuple[str, ...]:
    commit = revision.git_commit or ""
    dirty = "-dirty" if commit.endswith("-dirty") else ""
    return (
        str(revision.id),
        revision.started_at[:19].replace("T", " "),
        revision.status,
        printable(revision.actor),
        commit[:8] + dirty,
        revision.spec_digest[:6],
        ", ".join(f"{number} {status}" for status, number in counts.items()) or "ledger only",
        printable(revision.note or ""),
    )
