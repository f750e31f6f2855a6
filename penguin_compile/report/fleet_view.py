"""The outcome of one command for each spec of a fleet, for people and for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from penguin_compile.report.diagnostics_text import Style
from penguin_compile.report.markdown_comment import LONGEST, code
from penguin_compile.report.printable import printable

_FAILED: Final = "failed"
_COLOURS: Final = {_FAILED: "red", "errors": "red", "conflicts": "magenta"}
_QUIET: Final = frozenset(
    ("written", "unchanged", "up to date", "no changes", "no edits", "no findings")
)
_LINES: Final = 3  # of a text; longer ones are set apart by an empty line
_RESERVE: Final = 1_000  # characters for what tells of rows that were left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One spec, or one of its environments: what became of it, in a word or two, and the details.

    `code` is the exit code that it alone would have. `text` is what its own command would show;
    `data` what a program is told beside the rest.
    """

    spec: str
    app: str | None
    environment: str | None = None
    status: str
    detail: str = ""
    hint: str | None = None
    code: int = 0
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing about it needs a person."""
        return self.status in _QUIET


def failed_row(
    spec: str, app: str | None, failure: Mapping[str, Any], environment: str | None = None
) -> Row:
    """A row about what stood in the way."""
    return Row(
        spec=spec,
        app=app,
        environment=environment,
        status=_FAILED,
        detail=failure["message"],
        hint=failure["hint"],
        code=failure["code"],
    )


def sum_up(rows: Sequence[Row], noun: str = "spec") -> str:
    """`1,000 specs: 2 failed, 998 unchanged`; what is worst first."""
    counts = Counter(one.status for one in rows)
    order = {status: index for index, status in enumerate((_FAILED, "errors", "conflicts"))}
    listed = sorted(counts, key=lambda one: (order.get(one, 3), one in _QUIET, one))
    told = ", ".join(f"{counts[one]:,} {one}" for one in listed)
    return f"{len(rows):,} {noun}{'' if len(rows) == 1 else 's'}{f': {told}' if told else ''}"


def render_fleet(rows: Sequence[Row], style: Style, noun: str = "spec") -> str:
    """What each has to say by itself, then a table of those that need a person, then a count."""
    texts = [one.text.rstrip("\n") + "\n" for one in rows if one.text]
    parts = texts if any(text.count("\n") > _LINES for text in texts) else ["".join(texts)]
    parts = [one for one in parts if one]
    loud = [one for one in rows if not one.is_quiet]
    if loud:
        parts.append("".join(f"{line}\n" for line in _table(loud, style)))
    parts.append(f"{sum_up(rows, noun)}\n")
    return "\n".join(parts)


def _table(rows: Sequence[Row], style: Style) -> Iterator[str]:
    names = [(one.spec, one.app or "-", one.environment or "") for one in rows]
    widths = [min(max(len(name[column]) for name in names), 60) for column in range(3)]
    for row, name in zip(rows, names, strict=True):
        left = "  ".join(
            f"{printable(text):<{width}}" for text, width in zip(name, widths, strict=True) if width
        )
        status = style(row.status, _COLOURS.get(row.status, "yellow"))
        yield f"{left}  {status}{f': {printable(row.detail)}' if row.detail else ''}"
        if row.hint:
            yield f"  {printable(row.hint)}"


def render_fleet_json(rows: Sequence[Row], **more: Any) -> str:
    """`{"specs": […], "summary": {…}}`, and what the command adds."""
    document = {
        "specs": [
            {
                "spec": one.spec,
                "app": one.app,
                **({} if one.environment is None else {"environment": one.environment}),
                "status": one.status,
                "detail": one.detail or None,
                "hint": one.hint,
                **one.data,
            }
            for one in rows
        ],
        **more,
        "summary": {
            "total": len(rows),
            **dict(sorted(Counter(one.status for one in rows).items())),
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _counts(rows: Sequence[Row]) -> dict[str, int]:
    return dict(sorted(Counter(one.status for one in rows).items()))


def render_fleet_markdown(title: str, rows: Sequence[Row], noun: str = "spec") -> str:
    """A comment on a pull request: a table of what needs a person; the rest is counted."""
    text = f"### {title}: {sum_up(rows, noun)}\n"
    loud = [one for one in rows if not one.is_quiet]
    if not loud:
        return text
    text += "\n| spec | app | environment | outcome |\n| --- | --- | --- | --- |\n"
    left = 0
    for line in map(_row, loud):
        if left or len(text) + len(line) > LONGEST - _RESERVE:
            left += 1
        else:
            text += line
    return text + (f"\n**… and {left} more**, left out for length.\n" if left else "")


def _row(row: Row) -> str:
    outcome = code(f"{row.status}{f': {row.detail}' if row.detail else ''}")
    return (
        f"| {code(row.spec)} | {code(row.app or '-')} | {code(row.environment or '-')} "
        f"| {outcome} |\n"
    )
