"""The revisions of an environment, for people in a terminal and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from penguin_compile.report.printable import printable
from penguin_compile.sync.remembered import Revision

Counts = Mapping[int, Mapping[str, int]]
_HEADINGS = ("REVISION", "STARTED", "STATUS", "ACTOR", "COMMIT", "SPEC", "CHANGES", "NOTE")


def render_history(revisions: Sequence[Revision], counts: Counts) -> Iterator[str]:
    """A table, newest first; without notes where there are none."""
    rows = [_HEADINGS, *(_row(one, counts.get(one.id, {})) for one in revisions)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    noted = any(one.note for one in revisions)
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)]
        yield "  ".join(cells if noted else cells[:-1]).rstrip()


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
