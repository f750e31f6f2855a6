"""Texts that complaints quote, with stars for secrets: the last step before anything is shown.

A complaint about one line quotes all of it, and lines of env files and Compose files hold secrets
beside everything else. Stars take as much room as they hide, so that every place stays right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from penguin_compile.core.diagnostic import Diagnostic
from penguin_compile.core.span import Source, Span
from penguin_compile.intake.secret_guess import may_be_shown

# NAME=value, NAME: value, "NAME": "value" and getenv("NAME", "value"), up to the line's end
_ASSIGNED: Final = re.compile(
    r"""(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)["']?\s*(?:=|:(?![-?+])|,)\s*(?=(?P<value>[^\s#].*))"""
)
_FALLBACK: Final = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*):?[-?+](?P<value>[^{}]+)")
_IN_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/@:?#\"']*:(?P<value>[^\s/@]+)@")
_OPTION: Final = re.compile(
    r"(?i)--?(?P<name>[a-z-]*(?:pass|password|secret|token|api-key)[a-z-]*)[=\s]+(?P<value>[^\s\"']+)"
)
_REFERENCE: Final = re.compile(r"\A\$\{?[A-Za-z_][A-Za-z0-9_]*\}?\Z")
_QUOTES: Final = "\"' \t,]})"


def hide_secrets(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The same complaints, which quote texts without secrets."""
    hidden: dict[int, Source] = {}

    def hide(span: Span) -> Span:
        known = hidden.get(id(span.source))
        if known is None:
            known = hidden[id(span.source)] = _hide(span.source)
        return Span(known, span.start, span.end)

    return [
        replace(
            one,
            span=hide(one.span),
            related=tuple(replace(each, span=hide(each.span)) for each in one.related),
        )
        for one in findings
    ]


def _hide(source: Source) -> Source:
    text = list(source.text)
    for start, end in _secrets(source.text):
        text[start:end] = "".join(one if one in "\r\n" else "*" for one in text[start:end])
    return Source(source.path, "".join(text))


def _secrets(text: str) -> Iterator[tuple[int, int]]:
    for match in _IN_URL.finditer(text):
        if not _REFERENCE.match(match["value"]):
            yield match.span("value")
    for pattern in (_FALLBACK, _OPTION):
        for match in pattern.finditer(text):
            if _is_hidden(match["name"], match["value"]):
                yield match.span("value")
    for match in _ASSIGNED.finditer(text):
        yield from _assigned(match)


def _assigned(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """The value of an assignment; of one with references, what they fall back to is hidden."""
    value = match["value"].rstrip(_QUOTES)
    start = match.start("value")
    while value[:1] in {'"', "'", "("}:
        value, start = value[1:], start + 1
    bare = value.partition(" #")[0].rstrip(_QUOTES)
    if bare and "$" not in bare and _is_hidden(match["name"], bare):
        yield start, start + len(bare)


def _is_hidden(name: str, value: str) -> bool:
    return value != "" and not may_be_shown(name, value)
