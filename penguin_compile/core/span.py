"""Places in source text. Offsets are kept, lines and columns computed when somebody asks."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

from penguin_compile.core.records import dataclass

_LINE_BREAK = re.compile(r"\r\n|\n|\r")


class Source:
    """A text that was read, and the name a user knows it by."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in _LINE_BREAK.finditer(self.text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1, columns in code points."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line_start(self, line: int) -> int:
        """The offset of a line's first character; lines count from 1."""
        return self._line_starts[line - 1]

    def line_text(self, line: int) -> str:
        """The text of a line (from 1) without its line break."""
        start = self.line_start(line)
        end = self._line_starts[line] if line < len(self._line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a source, by offsets in code points; the end is exclusive."""

    source: Source
    start: int
    end: int

    @property
    def path(self) -> str:
        """The name of the file, as the user knows it."""
        return self.source.path

    @property
    def line(self) -> int:
        """Line of the first character, from 1."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """Column of the first character, from 1, in code points."""
        return self.source.position(self.start)[1]

    @property
    def end_line(self) -> int:
        """Line of the end, from 1."""
        return self.source.position(self.end)[0]

    @property
    def end_column(self) -> int:
        """Column behind the last character, from 1."""
        return self.source.position(self.end)[1]

    def __str__(self) -> str:
        line, column = self.source.position(self.start)
        return f"{self.source.path}:{line}:{column}"


def clip_span(source: Source, start: int, end: int) -> Span:
    """A stretch as a parser reports it, brought inside the text: its end is one past all of it."""
    start = min(max(start, 0), len(source.text))
    return Span(source, start, min(max(start, end), len(source.text)))
