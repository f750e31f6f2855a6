"""Markdown as GitHub reads it: text that stays text, code that stays code, and tables of both.

Source: GitHub Flavored Markdown. An entity never has a meaning of its own there, a pipe included.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

# Dollars are mathematics on GitHub, and addresses become links.
_SPECIAL = re.compile(r"[\\`*_\[\]~#<>&|$]|:(?=//)|(?<=www)\.")
_NOT_IN_CODE = re.compile(r"[|`\x00-\x1f\x7f]|\A\s|\s\Z|\A\Z")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 ]", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_BACKSLASHED = frozenset("\\`*_[]~#")


def prose(text: str, line_break: str = "<br>") -> str:
    """Text that shows as it is, after something else on its line: in a heading, in a cell."""
    lines = (_CONTROL.sub("?", one.replace("\t", " ")) for one in text.strip().splitlines())
    return line_break.join(_SPECIAL.sub(_escape, line.strip()) for line in lines)


def paragraph(text: str) -> str:
    """Text on a line of its own, whose start would decide what it is: a list, a rule."""
    shown = prose(text)
    if shown[:1].isalpha() or shown[:1] in {"\\", "&", ""}:
        return shown
    return f"&#{ord(shown[0])};{shown[1:]}"


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return f"\\{character}" if character in _BACKSLASHED else f"&#{ord(character)};"


def code(text: str) -> str:
    """Text as code; in HTML where a code span could not hold it."""
    if _NOT_IN_CODE.search(text) is None:
        return f"`{text}`"
    plain = _CONTROL.sub("?", text)
    inside = _NOT_PLAIN.sub(lambda match: f"&#{ord(match[0])};", plain)
    return f"<code>{inside}</code>"


def cell_code(text: str) -> str:
    """Text as code in a table's cell, the one place where a backslash makes a pipe one of text."""
    plain = "\\|" not in text and _NOT_IN_CODE.search(text.replace("|", "")) is None
    return f"`{text.replace('|', chr(92) + '|')}`" if plain else code(text)


def block(text: str, language: str = "") -> Iterator[str]:
    """The lines of a fenced block, with a fence that is longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    yield f"{fence}{language}"
    yield from text.splitlines()
    yield fence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table of cells that are Markdown already; a row is a line of its own."""
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
