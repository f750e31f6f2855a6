"""Complaints for people: the text, the spot in it, and what to do."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from textwrap import wrap

from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.core.span import Source, Span

WIDTH = 100
Style = Callable[[str, str], str]
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def _plain(text: str, _colour: str) -> str:
    return text


def render_diagnostics(
    findings: Iterable[Diagnostic], style: Style = _plain, *, width: int = WIDTH
) -> str:
    """All of them in `width` columns, an empty line between two; empty where there are none."""
    every = list(findings)
    hidden = [one.span for one in every if one.shows_secret]
    return "\n".join(_render(one, hidden, style, width) for one in every)


def _render(finding: Diagnostic, hidden: Sequence[Span], style: Style, width: int) -> str:
    """One complaint in the form of language.md; ends with a line break.

    `hidden` are stretches that may be secrets: no excerpt shows them, whatever it is about.
    """
    head = style(f"{finding.severity}[{finding.code}]", _COLOURS[finding.severity])
    where = f" (in {', '.join(finding.environments)})" if finding.environments else ""
    margin = " " * len(str(finding.span.line))
    lines = [
        *_headline(f"{finding.severity}[{finding.code}]", head, finding.message + where, width),
        *_excerpt(finding.span, finding.label, hidden, style, width),
    ]
    notes = [f"{related.message}: {related.span}" for related in finding.related]
    notes.extend([f"help: {finding.help}"] if finding.help else [])
    if notes:
        lines.append(f"{margin} |")
    for note in notes:
        lines.extend(_wrap(f"{margin} = {note}", margin + "   ", width))
    return "\n".join(lines) + "\n"


def _excerpt(
    span: Span, label: str | None, hidden: Sequence[Span], style: Style, width: int
) -> list[str]:
    line, column = span.source.position(span.start)
    margin = " " * len(str(line))
    text = _mask(span.source, line, hidden)
    end = span.end_column - 1 if span.end_line == line else len(text.rstrip())
    start = min(column - 1, len(text))
    shown, start, end = _shorten(text, start, max(end, start + 1), width - 12)
    before = _width(shown[:start])
    marks = "^" * max(_width(shown[start:end]), 1)
    room = width - len(margin) - 3
    beside = f"{marks} {label}" if label else marks
    below: list[str] = []
    if label and before + _width(beside) > room:  # the label goes under the marks
        beside, indent = marks, min(before, room // 2)
        below = [" " * indent + text for text in wrap(label, room - indent)]
    return [
        f"{margin}--> {span.path}:{line}:{column}",
        f"{margin} |",
        f"{line} | {shown}".rstrip(),
        f"{margin} | {' ' * before}{style(beside, 'red')}",
        *(f"{margin} | {style(text, 'red')}" for text in below),
    ]


def _mask(source: Source, line: int, hidden: Sequence[Span]) -> str:
    """A line's text with stars for what may be secret, as many as there are characters."""
    text = source.line_text(line)
    begin = source.line_start(line)
    for span in hidden:
        if span.source is source:
            start, end = max(span.start - begin, 0), min(span.end - begin, len(text))
            if start < end:
                text = text[:start] + "*" * (end - start) + text[end:]
    return text


def _headline(code: str, styled: str, message: str, width: int) -> list[str]:
    first, *rest = _wrap(f"{code}: {message}", "  ", width)
    return [styled + first[len(code) :], *rest]


def _wrap(text: str, indent: str, width: int) -> list[str]:
    return wrap(
        text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _shorten(text: str, start: int, end: int, room: int) -> tuple[str, int, int]:
    """A long line cut to the neighbourhood of the spot; control characters made visible."""
    text = "".join(" " if unicodedata.category(one) == "Cc" else one for one in text)
    end = min(end, start + room // 2, max(len(text), start + 1))
    if len(text) <= room:
        return text, start, end
    left = max(0, start - room // 3)  # the label needs the rest
    cut = text[left : left + room]
    prefix = "…" if left else ""
    suffix = "…" if left + room < len(text) else ""
    shift = len(prefix) - left
    return prefix + cut + suffix, start + shift, min(end + shift, len(prefix + cut))


def _width(text: str) -> int:
    """Columns that a terminal needs: wide characters take two, combining marks none."""
    return sum(
        0
        if unicodedata.combining(one)
        else 2
        if unicodedata.east_asian_width(one) in {"W", "F"}
        else 1
        for one in text
    )
