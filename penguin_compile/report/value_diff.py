"""Two values of one field, with the parts marked in which they differ.

Under the HTML renderer of plans. Only for one value at a time: collections are compared long before
(sync/comparison.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import islice
from typing import Any, Final, Literal

from penguin_compile.core.records import dataclass
from penguin_compile.model.plan import ABSENT
from penguin_compile.report.line_diff import diff_lines
from penguin_compile.report.plan_view import Hidden
from penguin_compile.report.plan_words import shorten, show, value_text
from penguin_compile.report.printable import printable_line

_GLANCE: Final = 24  # characters that need no mark
_LINE: Final = 120  # characters of JSON that are best read on one line
_STRETCH: Final = 240  # characters on which both agree
_LONGEST: Final = 600  # characters of one value that are shown
_MOST_LINES: Final = 200
_MOST_WORDS: Final = 1_000  # difflib is quadratic
_WORDS: Final = re.compile(r"\w+|\s+|.", re.DOTALL)

Part = Literal["same", "old", "new"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text: in both values, in the old one, or in the new one."""

    part: Part
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueDiff:
    """`lines` where the pieces are whole lines of JSON, else they run on."""

    pieces: Sequence[Piece]
    lines: bool


def full_text(value: Any, longest: int = _LONGEST) -> str:
    """A value as far as a page has room for it."""
    if isinstance(value, Hidden):
        return show(value)
    return shorten(value_text(value), longest)


def diff_values(old: Any, new: Any) -> ValueDiff | None:
    """The parts in which two values differ; None where the values side by side say it better."""
    if any(one is ABSENT or isinstance(one, Hidden) for one in (old, new)):
        return None
    texts = [value_text(one) for one in (old, new)]
    if max(map(len, texts)) <= _GLANCE:
        return None
    if max(map(len, texts)) > _LINE and all(isinstance(one, dict | list) for one in (old, new)):
        return ValueDiff(pieces=tuple(_diff_json(old, new)), lines=True)
    words = [_WORDS.findall(one) for one in texts]
    if max(map(len, words)) > _MOST_WORDS:
        return None
    pieces = tuple(_diff_words(*words))
    same = sum(len(one.text) for one in pieces if one.part == "same")
    return ValueDiff(pieces=pieces, lines=False) if same * 3 > max(map(len, texts)) else None


def _diff_json(old: Any, new: Any) -> Iterator[Piece]:
    """Lines of both as JSON with sorted keys: their order is no part of the value."""
    texts = [json.dumps(one, indent=2, sort_keys=True, ensure_ascii=False) for one in (old, new)]
    parts: dict[str, Part] = {" ": "same", "-": "old", "+": "new", "@": "same"}
    lines = (one for one in diff_lines(*texts) if one[0] in parts)
    for line in islice(lines, _MOST_LINES):
        shown = "  ⋯" if line[0] == "@" else shorten(printable_line(line), _LONGEST)
        yield Piece(parts[line[0]], shown)
    left = sum(1 for _ in lines)
    if left:
        yield Piece("same", f"  … and {left} more lines")


def _diff_words(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, start, end, other_start, other_end in matcher.get_opcodes():
        if tag == "equal":
            yield Piece("same", shorten("".join(old[start:end]), _STRETCH))
            continue
        if end > start:
            yield Piece("old", "".join(old[start:end]))
        if other_end > other_start:
            yield Piece("new", "".join(new[other_start:other_end]))
