"""The account of an intake as Markdown: a page for a pull request that brings in a first spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from penguin_compile.core.diagnostic import Severity
from penguin_compile.report.intake_view import IntakeView
from penguin_compile.report.markdown_comment import LONGEST, code

_MOST_ROWS = 200


def render_intake_markdown(view: IntakeView) -> str:
    """A sentence, then a table for each part that holds something; fits in a comment."""
    text = f"### What init found\n\n{_sentence(view)}\n"
    for part in (
        _table("Findings", ("", "code", "place", "what"), _findings(view)),
        _table(
            "Where each variable went",
            ("variable", "section", "evidence", "why", "place"),
            _placed(view),
        ),
        _table("Left out", ("what",), ((code(one),) for one in view.left_out)),
        _table("To be set by the deployment", ("variable", "why", "place"), _brought(view)),
        _table("What compile writes otherwise", ("key", "was", "is", "why"), _differences(view)),
    ):
        if len(text) + len(part) > LONGEST:
            return f"{text}\nThe rest is too long for a comment: `penguin-compile init` shows it.\n"
        text += part
    return text


def _sentence(view: IntakeView) -> str:
    counts = [
        f"{count} {severity}{'s' if count > 1 and severity is not Severity.INFO else ''}"
        for severity in (Severity.ERROR, Severity.WARNING, Severity.INFO)
        if (count := view.count(severity))
    ]
    told = ", ".join(counts) or "no contradictions"
    placed = ", ".join(f"{count} in {code(name)}" for name, count in view.sections.items())
    return f"{told}." + (f" Variables: {placed}." if placed else "")


def _findings(view: IntakeView) -> Iterator[Sequence[str]]:
    for one in sorted(view.findings, key=lambda one: -one.severity):  # the worst first
        help_text = "; ".join(part for part in (one.label, one.help) if part)
        text = f"{one.message}{f' — {help_text}' if help_text else ''}"
        yield str(one.severity), one.code, code(f"{one.span.path}:{one.span.line}"), code(text)


def _placed(view: IntakeView) -> Iterator[Sequence[str]]:
    for one in view.placed:
        why = (code(one.evidence), code(one.reason), code(one.place or ""))
        yield code(one.name), code(one.section), *why


def _brought(view: IntakeView) -> Iterator[Sequence[str]]:
    for one in view.brought:
        yield code(one.name), code(one.reason), code(one.place or "")


def _differences(view: IntakeView) -> Iterator[Sequence[str]]:
    for one in view.differences:
        before, after = (code(text) if text is not None else "" for text in (one.before, one.after))
        yield code(one.path), before, after, code(one.reason or "nobody meant this")


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    every = list(rows)
    if not every:
        return ""
    lines = [f"\n#### {title}\n", f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    lines += [f"| {' | '.join(row)} |" for row in every[:_MOST_ROWS]]
    more = len(every) - _MOST_ROWS
    lines += [f"\n… and {more} more"] if more > 0 else []
    return "\n".join(lines) + "\n"
