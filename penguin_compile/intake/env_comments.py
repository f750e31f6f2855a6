"""What the comments of an env file say, and of which entries (under `intake/env_file.py`)."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from penguin_compile.core.span import Source

_RULER = re.compile(r"#[ \t]*([-=*#~_])\1{2,}[-=*#~_ \t]*\Z")
_HEADING_WORDS = re.compile(
    r"\b(?:configuration|settings?|config|options|section|ports|flags|limits|urls)\b", re.IGNORECASE
)
_LONGEST_HEADING = 2  # lines


class Remark(NamedTuple):
    """What stands above an entry, and the heading of the group that it is in."""

    comment: str | None
    heading: str | None


def read_comments(
    source: Source, entries: Collection[int], inside: Collection[int]
) -> dict[int, Remark]:
    """By the lines of entries; `inside` are lines that belong to a value.

    A comment belongs to the entry below it; one that speaks of a configuration or of settings is
    the heading of all that follow, as is a title between two rulers.
    """
    reader = _Reader(entries)
    for line in range(1, source.position(len(source.text))[0] + 1):
        if line not in inside:
            reader.take(line, source.line_text(line).strip())
    return reader.remarks


class _Reader:
    """Line by line: the block of comments that is open, and the heading that holds."""

    def __init__(self, entries: Collection[int]) -> None:
        self._entries = entries
        self._heading: str | None = None
        self._block: list[str] = []
        self._ruled = False
        self.remarks: dict[int, Remark] = {}

    def take(self, line: int, text: str) -> None:
        if line in self._entries:
            self._entry(line)
        elif not text:
            if self._ruled:
                self._title()
            self._block, self._ruled = [], False
        elif _RULER.match(text):
            self._title()
            self._block, self._ruled = [], not self._ruled
        elif text.startswith("#"):
            self._block.append(text.lstrip("#").strip())

    def _title(self) -> None:
        self._heading = self._said() or self._heading

    def _said(self) -> str | None:
        return " ".join(one for one in self._block if one) or None

    def _entry(self, line: int) -> None:
        above = self._said()
        short = len(self._block) <= _LONGEST_HEADING
        if above is not None and short and _HEADING_WORDS.search(above):
            self._heading, above = above, None
        self.remarks[line] = Remark(above, self._heading)
        self._block, self._ruled = [], False
