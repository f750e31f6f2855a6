"""Text of others where a terminal or a browser shows it."""

from __future__ import annotations

import re
from typing import Final

# Moves the cursor, breaks the line, turns the direction of writing or hides; tabs are harmless.
_DECEIVING: Final = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]"
)


def printable(text: str) -> str:
    """Without line breaks and characters that move the cursor or hide others."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def printable_line(line: str) -> str:
    """A line of a file as it is, but for characters that would show another one."""
    return _DECEIVING.sub(lambda one: one[0].encode("unicode_escape").decode(), line)
