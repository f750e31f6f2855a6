"""Canonical layout of a spec's text; its words, comments, quotes and anchors stay as they are.

Two columns for each level, lists among them; one space after `:`, `-` and `,`; no white space at
the end of a line; one empty line at most in a row. Only white space ever changes: tokens that span
several lines are moved as they are, and YAML that this knows too little of is left alone.
"""

from __future__ import annotations

import json
import re
import sys

from penguin_compile.core.errors import PenguinError
from penguin_compile.core.records import dataclass
from penguin_compile.core.span import Source
from penguin_compile.source.layout import Block, Gap, Layout, Literal, Unsure, read_layout
from penguin_compile.source.yaml_events import parse_yaml

_BLANK = " \t"
_MARKER = re.compile(r"(?:---|\.\.\.)(?=[ \t]|$)|%")
_DASH = re.compile(r"-(?=[ \t]|$)")
_OTHER_BREAKS = re.compile("[\x85\u2028\u2029]")  # lines to the parser, and to no editor


class FormattingFailure(PenguinError):
    """The formatted text would not say the same: nothing is written."""


@dataclass(slots=True)
class _Line:
    """A line that is to be placed: its old indentation, and the new one once it is known."""

    text: str
    old: int
    new: int | None = None
    comment: bool = False
    after_literal: bool = False
    block: Block | None = None  # the innermost one around it
    outer: Block | None = None  # for a comment: the block at whose column it stands


def format_text(source: Source) -> str:
    """The canonical text of a YAML file that reads without complaints.

    Raises FormattingFailure where that text would not hold the same data, and nothing else.
    """
    if _OTHER_BREAKS.search(source.text):
        return source.text
    plain = Source(source.path, re.sub(r"\r\n?", "\n", source.text))
    try:
        formatted = _Formatter(plain.text, read_layout(plain)).run()
    except Unsure:
        return source.text
    _verify(source, formatted)
    return formatted


def _verify(source: Source, formatted: str) -> None:
    """Only white space may differ, and the trees not at all."""
    same_words = _words(source.text) == _words(formatted)
    if not same_words or _tree(source) != _tree(Source(source.path, formatted)):
        raise FormattingFailure(
            f"{source.path} can't be formatted without changing what it says; it is left as it is",
            hint="this is a bug in penguin-compile: report it with the file",
        )


def _words(text: str) -> str:
    return "".join(text.split())


def _tree(source: Source) -> str | None:
    document, findings = parse_yaml(source)
    if findings:
        return None
    # JSON tells 1 from 1.0 and from true, and one order of keys from another.
    return json.dumps(None if document is None else document.root)


class _Formatter:
    def __init__(self, text: str, layout: Layout) -> None:
        self._lines = text.removesuffix("\n").split("\n")
        self._ends_open = bool(text) and not text.endswith("\n")
        self._layout = layout
        self._written: dict[int, str] = {}  # lines of block scalars, and of stretches
        self._moved: dict[int, int] = {}  # first line of a stretch -> its last one
        self._header_ends: set[int] = set()  # last lines of block scalars
        self._gaps: dict[int, list[Gap]] = {}
        self._open_literal = False

    def run(self) -> str:
        """The whole text."""
        for gap in self._layout.gaps:
            self._gaps.setdefault(gap.line, []).append(gap)
        for literal in self._layout.literals:
            self._place_literal(literal)
        self._moved = {one.first: one.last for one in self._layout.stretches}
        placed = self._place_lines()
        self._place_comments(placed)
        return self._join(placed)

    def _place_literal(self, literal: Literal) -> None:
        """Its content stands two columns inside the block, or as far as its header says."""
        digits = literal.indicators.strip("+-")
        keep, strip = "+" in literal.indicators, "-" in literal.indicators
        first = last = literal.line + 1
        old = literal.block.column + int(digits) if digits else self._find_indent(literal)
        while last < len(self._lines) and (
            not self._lines[last].strip(" ") or _indent(self._lines[last]) >= old
        ):
            last += 1
        while not keep and last > first and not self._lines[last - 1][old:]:
            last -= 1
        new = literal.block.new_column + (int(digits) if digits else 2)
        for number in range(first, last):
            content = self._lines[number][old:]
            self._written[number] = " " * new + content if content else ""
        self._header_ends.add(last - 1)
        # A line break at the end of the file would become part of the text.
        self._open_literal |= self._ends_open and last == len(self._lines) and not strip

    def _find_indent(self, literal: Literal) -> int:
        """That of the first line which isn't empty; past all lines where there is none inside."""
        further = self._lines[literal.line + 1 :]
        found = next((_indent(one) for one in further if one.strip(" ")), 0)
        return found if found > literal.block.column else sys.maxsize

    def _place_lines(self) -> dict[int, _Line]:
        """All lines that begin with something that can be moved; comments wait for their turn."""
        placed: dict[int, _Line] = {}
        blocks, stack, offset = iter(self._layout.blocks), list[Block](), 0
        upcoming, skip_to, after_literal = next(blocks, None), 0, False
        for number, text in enumerate(self._lines):
            start, content = offset + _indent(text), text.strip(_BLANK)
            offset += len(text) + 1
            while upcoming is not None and upcoming.start <= start:
                _leave(stack, upcoming.start)
                stack.append(upcoming)
                upcoming = next(blocks, None)
            _leave(stack, start)
            if number in self._written:
                after_literal = True
            elif number >= skip_to and content:
                line = _Line(text, _indent(text), after_literal=after_literal)
                line.block = stack[-1] if stack else None
                placed[number] = line
                if content.startswith("#"):
                    line.comment = True
                    at_column = (one for one in reversed(stack) if one.column == line.old)
                    line.outer = next(at_column, None)
                    continue
                line.new = _new_indent(line, content)
                after_literal = number in self._header_ends
                if number in self._moved:
                    skip_to = self._moved[number] + 1
                    self._move_stretch(number, line.new - line.old, line.new)
        return placed

    def _move_stretch(self, first: int, distance: int, least: int) -> None:
        """The further lines of a token keep their places beside its first one."""
        for number in range(first + 1, self._moved[first] + 1):
            text = self._lines[number]
            if distance and text.strip(_BLANK):
                indent = _indent(text)
                text = " " * max(indent + distance, least) + text[indent:]
            inside = number in self._layout.open_ends
            self._written[number] = text if inside else text.rstrip(_BLANK)

    def _place_comments(self, placed: dict[int, _Line]) -> None:
        """With the line that they are about: the next one, or that of their column."""
        following: _Line | None = None
        for line in reversed(placed.values()):
            if not line.comment:
                following = line
            else:
                line.new = _comment_indent(line, following)

    def _join(self, placed: dict[int, _Line]) -> str:
        """All lines, without what is empty beyond need."""
        lines: list[str] = []
        starts = _starts(self._lines)
        for number in range(len(self._lines)):
            if number in self._written:
                lines.append(self._written[number])
            elif number in placed:
                lines.append(self._write(number, placed[number], starts[number]))
            elif lines and lines[-1]:
                lines.append("")
        while lines and not lines[-1] and len(self._lines) - 1 not in self._written:
            lines.pop()
        if not lines:
            return ""
        return "\n".join(lines) + ("" if self._open_literal else "\n")

    def _write(self, number: int, line: _Line, start: int) -> str:
        parts, done = [" " * (line.new or 0)], start + line.old
        end = start + len(line.text)
        for gap in self._gaps.get(number, ()):
            parts += [line.text[done - start : gap.start - start], " "]
            done = gap.end
        parts.append(line.text[done - start : end - start])
        text = "".join(parts)
        return text if number in self._layout.open_ends else text.rstrip(_BLANK)


def _leave(stack: list[Block], offset: int) -> None:
    while stack and stack[-1].end <= offset:
        stack.pop()


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _starts(lines: list[str]) -> list[int]:
    starts, offset = [], 0
    for text in lines:
        starts.append(offset)
        offset += len(text) + 1
    return starts


def _new_indent(line: _Line, content: str) -> int:
    """Where a line goes that begins with a dash, with a key, or with a value of its own line."""
    block = line.block
    if block is None or (line.old == 0 and _MARKER.match(content)):
        return 0
    if line.old == block.column and block.sequence == bool(_DASH.match(content)):
        return block.new_column
    return block.new_column + 2


def _comment_indent(line: _Line, following: _Line | None) -> int:
    """What the next line is indented by, where that is what the comment was, too.

    After a block scalar it always is: any deeper, and the comment would be part of the text.
    """
    old, new = (following.old, following.new or 0) if following else (0, 0)
    if line.after_literal or line.old == old:
        return new
    if line.outer is not None:
        return line.outer.new_column
    block = line.block
    if block is not None and block.column < line.old:
        return block.new_column + line.old - block.column
    return max(line.old + new - old, 0)
